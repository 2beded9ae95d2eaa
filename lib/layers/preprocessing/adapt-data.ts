// What `adapt` reads: data in memory as one batch, or a stream of batches.
import { show } from '../../base/errors.js';
import { isNumberArray } from '../../base/tree.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import { isStrings } from '../../core/host-array.js';
import { Tensor } from '../../core/tensor.js';
import { Variable } from '../../core/variable.js';

/** What `adapt` takes: numbers in memory, or an iterable of batches of them; of batches `[x, y]` it reads x. */
export type AdaptData = TensorLike | Iterable<unknown> | AsyncIterable<unknown>;

/** How many batches of a stream `adapt` reads. */
export interface AdaptOptions {
  /** Default null: all. */
  steps?: number | null;
}

const isArray = (value: unknown): boolean =>
  value instanceof Tensor || value instanceof Variable || typeof value === 'number' || ArrayBuffer.isView(value);

/** Whether data are one array, and no stream of batches. */
export const isInMemory = (data: unknown): boolean => isArray(data) || isNumberArray(data) || isStrings(data);

/** The sizes of nested arrays, and whether they hold strings; null where these are not the same everywhere. */
function formOf(value: unknown): string | null {
  if (!Array.isArray(value)) return typeof value === 'string' ? 'strings' : 'numbers';
  const [form = '', ...others] = new Set(value.map(formOf));
  return others.length > 0 || form === null ? null : `${value.length} ${form}`;
}

/** The inputs of a batch: of `[x, y]` and `[x, y, sampleWeight]` the first, where they cannot be one array. */
export function inputsOfBatch(batch: unknown): unknown {
  if (!Array.isArray(batch) || batch.length === 0) return batch;
  const isTuple = batch.some((part) => isArray(part) && typeof part !== 'number') || formOf(batch) === null;
  return isTuple ? (batch[0] as unknown) : batch;
}

/**
 * The batches of data: those of an iterable, of which `steps` are read, or the data in memory as the only one.
 * @throws for what is neither.
 */
export async function* batchesOf(data: unknown, where: string, { steps = null }: AdaptOptions = {}): AsyncGenerator<unknown> {
  if (steps !== null && !(Number.isInteger(steps) && steps > 0))
    throw new RangeError(`${where}: steps must be an integer >= 1 or null, received ${show(steps)}`);
  if (isInMemory(data)) {
    yield data;
    return;
  }
  if (data === null || typeof data !== 'object' || !(Symbol.iterator in data || Symbol.asyncIterator in data))
    throw new TypeError(`${where}: expected an array, a tensor or an iterable of batches, received ${show(data)}`);
  let read = 0;
  for await (const batch of data as AsyncIterable<unknown>) {
    yield inputsOfBatch(batch);
    if (++read === steps) return;
  }
}

/** The batches of numbers of data. @throws for what is no array of numbers, and when there is nothing. */
export async function* numericBatches(data: unknown, where: string, options: AdaptOptions = {}): AsyncGenerator<Tensor> {
  let empty = true;
  for await (const batch of batchesOf(data, where, options)) {
    const tensor = toTensor(batch as TensorLike, null, where);
    if (tensor.size === 0) continue;
    empty = false;
    yield tensor;
  }
  if (empty) throw new RangeError(`${where}: the data is empty: there is nothing to adapt to`);
}
