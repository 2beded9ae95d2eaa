// Data in two parts, for training and testing.
import { toTensor, type TensorLike } from '../core/convert.js';
import { checkChoice, checkOptions, show } from '../base/errors.js';
import { roundHalfEven } from '../base/format.js';
import { showShape } from '../base/shape.js';
import { Tensor } from '../core/tensor.js';
import { flatten, type Flat, isNumberArray, isPlainObject, type Nested } from '../base/tree.js';
import { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { MersenneTwister } from '../random/mersenne-twister.js';
import { PyDataset } from './py-dataset.js';

/** Options of `splitDataset`. One of the sizes is needed; the other part is then the rest. */
export interface SplitOptions {
  /** Samples of the first part: a number of them, or a fraction between 0 and 1. */
  leftSize?: number | null;
  /** Samples of the second part, taken from the end: a number of them, or a fraction between 0 and 1. */
  rightSize?: number | null;
  /** Whether the samples are put in random order before. Default false. */
  shuffle?: boolean;
  /** Seed of that order, which is Keras's for the seed: an integer. Default null: another order each time. */
  seed?: number | null;
  /** For programs that give it: all of them get the same here. Default null. */
  preferredBackend?: 'tensorflow' | 'jax' | 'torch' | 'numpy' | 'openvino' | null;
}
const OPTIONS = ['leftSize', 'rightSize', 'shuffle', 'seed', 'preferredBackend'] as const;
const WHERE = 'splitDataset';

/** Arrays in memory with a row for each sample. */
type Columns = Flat<Tensor>;

/**
 * Samples in memory that can be iterated any number of times: one by one, each with the structure of the data, or in batches. Of single
 * samples `batch` makes the batches that `fit` takes.
 */
export class Samples<T = unknown> implements Iterable<T> {
  readonly #columns: Columns;
  readonly #rows: readonly number[];
  /** Samples in a batch; null for samples one by one. */
  readonly batchSize: number | null;

  /** @internal */
  constructor(columns: Columns, rows: readonly number[], batchSize: number | null) {
    this.#columns = columns;
    this.#rows = rows;
    this.batchSize = batchSize;
  }

  /** @internal What is split again. */
  get parts(): { columns: Columns; rows: readonly number[] } {
    return { columns: this.#columns, rows: this.#rows };
  }

  /** Number of samples, or of batches. */
  get length(): number {
    return this.batchSize === null ? this.#rows.length : Math.ceil(this.#rows.length / this.batchSize);
  }

  /** The samples in batches of this size, fewer in the last. @throws unless it is an integer of at least 1. */
  batch(batchSize: number): Samples<T> {
    if (!Number.isInteger(batchSize) || batchSize < 1)
      throw new RangeError(`batch: the size must be an integer >= 1, received ${show(batchSize)}`);
    return new Samples(this.#columns, this.#rows, batchSize);
  }

  /** The samples one by one, or in batches after `batch`, in the structure of the arrays: `for (const sample of samples)`. */
  *[Symbol.iterator](): Iterator<T> {
    const { batchSize } = this;
    const { leaves, pack } = this.#columns;
    for (let at = 0; at < this.#rows.length; at += batchSize ?? 1) {
      const rows =
        batchSize === null ? toTensor(this.#rows[at]!, 'int32') : toTensor(Int32Array.from(this.#rows.slice(at, at + batchSize)), 'int32');
      yield pack(leaves.map((leaf) => ops.take(leaf, rows, { axis: 0 }))) as T;
    }
  }
}

/** Reads arrays with a row for each sample. @throws for arrays without rows, and of different numbers of them. */
function readArrays(data: unknown, what: string): Columns {
  const flat = flatten<TensorLike>(data, isNumberArray);
  const leaves = flat.leaves.map((leaf) => {
    if (typeof leaf === 'string' || leaf === null || leaf === undefined)
      throw new TypeError(`${WHERE}: ${what} must be an array, or an array or object of arrays, received ${show(leaf)}`);
    return toTensor(leaf, null, WHERE);
  });
  const rows = leaves[0]?.shape[0];
  if (rows === undefined || rows === 0) throw new RangeError(`${WHERE}: ${what} is empty, expected arrays with a row for each sample`);
  const odd = leaves.find((leaf) => leaf.shape[0] !== rows);
  if (odd !== undefined)
    throw new RangeError(
      `${WHERE}: the arrays of ${what} must have the same number of rows, received shapes ${showShape(leaves[0]!.shape)} and ` +
        `${showShape(odd.shape)}`,
    );
  return { leaves, pack: flat.pack, key: flat.key };
}

/** Batches as one: their rows one after the other. */
function join(batches: readonly unknown[]): Samples {
  if (batches.length === 0) throw new RangeError(`${WHERE}: the data set is empty: it gave no batch`);
  const read = batches.map((batch, i) => readArrays(batch, `batch ${i}`));
  const [first] = read as [Columns, ...Columns[]];
  read.forEach(({ key, leaves }, i) => {
    if (key !== first.key)
      throw new TypeError(`${WHERE}: all batches must have the same structure, received ${first.key} in batch 0 and ${key} in batch ${i}`);
    leaves.forEach((leaf, k) => {
      const { shape } = first.leaves[k]!;
      if (leaf.ndim !== shape.length || leaf.shape.slice(1).some((d, axis) => d !== shape[axis + 1]))
        throw new RangeError(
          `${WHERE}: all samples must have the same shape, received batches of shapes ${showShape(shape)} and ${showShape(leaf.shape)}`,
        );
    });
  });
  const leaves = first.leaves.map((leaf, k) =>
    read.length === 1
      ? leaf
      : ops.concatenate(
          read.map((each) => each.leaves[k]!),
          { axis: 0 },
        ),
  );
  const rows = Array.from({ length: leaves[0]!.shape[0]! }, (_, i) => i);
  return new Samples({ ...first, leaves }, rows, first.leaves[0]!.shape[0]!);
}

const isArrays = (value: unknown): boolean =>
  value instanceof Tensor || value instanceof Variable || ArrayBuffer.isView(value) || Array.isArray(value) || isPlainObject(value);

/** The samples of arrays; null for a data set of batches. */
function samplesOf(dataset: unknown): Samples | null {
  if (dataset instanceof Samples) return dataset as Samples;
  if (!isArrays(dataset) || (isPlainObject(dataset) && (Symbol.iterator in dataset || Symbol.asyncIterator in dataset))) return null;
  const columns = readArrays(dataset, 'the data set');
  return new Samples(columns, Array.from({ length: columns.leaves[0]!.shape[0]! }, (_, i) => i), null);
}

/** Whether a size is a fraction; whole numbers count samples. */
const isFraction = (size: number): boolean => !Number.isInteger(size);

/** Numbers of samples for the sizes. @throws for sizes that do not fit. */
function sizesFor(total: number, { leftSize: left = null, rightSize: right = null }: SplitOptions): [number, number] {
  if (left === null && right === null) throw new TypeError(`${WHERE}: give leftSize or rightSize`);
  for (const [name, size] of Object.entries({ leftSize: left, rightSize: right })) {
    if (size === null) continue;
    const fits = typeof size === 'number' && size > 0 && (isFraction(size) ? size < 1 : size < total);
    if (!fits)
      throw new RangeError(
        `${WHERE}: ${name} must be an integer from 1 to ${total - 1} or a fraction between 0 and 1, received ${show(size)}`,
      );
  }
  if (left !== null && right !== null && isFraction(left) && isFraction(right) && left + right > 1)
    throw new RangeError(`${WHERE}: leftSize and rightSize must not be more than 1 together, received ${left} and ${right}`);
  const count = (size: number | null): number | null => (size !== null && isFraction(size) ? roundHalfEven(size * total) : size);
  const [l, r] = [count(left), count(right)];
  const counts: [number, number] = [l ?? total - r!, r ?? total - l!];
  if (counts[0] + counts[1] > total)
    throw new RangeError(
      `${WHERE}: leftSize and rightSize must not be more than the ${total} samples together, received ${counts[0]} and ${counts[1]}`,
    );
  counts.forEach((n, i) => {
    if (n === 0) throw new RangeError(`${WHERE}: of ${total} samples ${i === 0 ? 'the first' : 'the second'} part would have none`);
  });
  return counts;
}

/** The order in which Python's `random.shuffle` puts `n` items after `random.seed(seed)`. */
function shuffledOrder(n: number, seed: number | null): number[] {
  const value = Math.abs(seed ?? Math.floor(Math.random() * 2 ** 32));
  const words = [value % 2 ** 32, ...(value >= 2 ** 32 ? [Math.floor(value / 2 ** 32)] : [])];
  const generator = new MersenneTwister(words);
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = generator.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

function split(samples: Samples, options: SplitOptions): [Samples, Samples] {
  const { columns, rows } = samples.parts;
  const { shuffle = false, seed = null } = options;
  const order = shuffle ? shuffledOrder(rows.length, seed).map((i) => rows[i]!) : rows;
  const [left, right] = sizesFor(rows.length, options);
  return [new Samples(columns, order.slice(0, left), samples.batchSize), new Samples(columns, order.slice(-right), samples.batchSize)];
}

async function collect(dataset: AsyncIterable<unknown>): Promise<unknown[]> {
  if (dataset instanceof PyDataset && dataset.numBatches === null)
    throw new RangeError(`${WHERE}: the data set has no end (its numBatches is null)`);
  const batches: unknown[] = [];
  for await (const batch of dataset) batches.push(batch);
  return batches;
}

type Numbers = readonly (number | boolean | bigint | Numbers)[];
/** A sample of arrays: a row of each of them. */
export type SampleOf<D> = D extends Tensor | Variable | ArrayBufferView | Numbers ? Tensor
  : D extends readonly unknown[] | Readonly<Record<string, unknown>> ? { -readonly [K in keyof D]: SampleOf<D[K]> } : unknown;

/**
 * Data in two parts: the samples from the start and those from the end.
 *
 * Of an array, or an array or object of arrays with the same number of rows, both parts give samples: rows in the structure of the data.
 * Their `batch` makes batches for `fit`. Data sets (iterables of batches, as `fit` takes them) are read into memory; both parts then give
 * batches of the size that the first one had. What is asynchronous gives a promise.
 *
 * ```ts
 * const [train, test] = keras.utils.splitDataset([x, y], { leftSize: 0.8, shuffle: true, seed: 1 });
 * await model.fit(train.batch(32), { epochs: 5, validationData: test.batch(32) });
 * ```
 * @throws without a size, for sizes that do not fit, and for data that are empty or do not have the same number of rows.
 */
export function splitDataset(dataset: AsyncIterable<unknown>, options: SplitOptions): Promise<[Samples, Samples]>;
export function splitDataset<T>(dataset: Samples<T>, options: SplitOptions): [Samples<T>, Samples<T>];
export function splitDataset<const D extends Nested<TensorLike>>(
  dataset: D,
  options: SplitOptions,
): [Samples<SampleOf<D>>, Samples<SampleOf<D>>];
export function splitDataset(dataset: Iterable<unknown>, options: SplitOptions): [Samples, Samples];
export function splitDataset(dataset: unknown, options: SplitOptions = {}): [Samples, Samples] | Promise<[Samples, Samples]> {
  checkOptions(WHERE, options, OPTIONS);
  const { seed = null, preferredBackend = null } = options;
  if (seed !== null && !Number.isSafeInteger(seed)) throw new TypeError(`${WHERE}: seed must be an integer, received ${show(seed)}`);
  if (preferredBackend !== null)
    checkChoice(WHERE, 'preferredBackend', preferredBackend, ['tensorflow', 'jax', 'torch', 'numpy', 'openvino']);
  if (options.leftSize == null && options.rightSize == null) sizesFor(0, options); // throws before anything is read
  const samples = samplesOf(dataset);
  if (samples !== null) return split(samples, options);
  if (typeof dataset === 'object' && dataset !== null) {
    if (Symbol.asyncIterator in dataset) return collect(dataset as AsyncIterable<unknown>).then((batches) => split(join(batches), options));
    if (Symbol.iterator in dataset) return split(join([...(dataset as Iterable<unknown>)]), options);
  }
  throw new TypeError(`${WHERE}: expected arrays or a data set, received ${show(dataset)}`);
}
