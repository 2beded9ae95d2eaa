// Sequences of different lengths as one tensor.
import { makeTensor, toTensor, type TensorLike } from '../core/convert.js';
import { standardizeDType, type DTypeLike } from '../base/dtype.js';
import { checkOptions, show } from '../base/errors.js';
import { sameShape, showShape, sizeOf } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';

/** Which end of a sequence. */
export type SequenceEnd = 'pre' | 'post';
/** Options of `padSequences`. */
export interface PadSequencesOptions {
  /** Length of the result. Default null: that of the longest sequence. */
  maxlen?: number | null;
  /** Element type; `'string'` (or NumPy's `'object'`, `'str'`, `'<U8'`) for sequences of strings. Default `'int32'`. */
  dtype?: DTypeLike | (string & {});
  /** Where short sequences are filled up. Default `'pre'`: before them. */
  padding?: SequenceEnd;
  /** Where long sequences are cut. Default `'pre'`: their beginning is dropped. */
  truncating?: SequenceEnd;
  /** What short sequences are filled up with. Default 0. */
  value?: number | string;
}
const OPTIONS = ['maxlen', 'dtype', 'padding', 'truncating', 'value'] as const;

/** The longest string that a NumPy dtype of strings holds; null when it is no such dtype. */
function stringLimit(dtype: string): number | null {
  if (['string', 'str', 'object'].includes(dtype)) return Infinity;
  const match = /^[<>=|]?[US](\d*)$/.exec(dtype);
  return match === null ? null : Number(match[1]) || Infinity;
}
function checkEnd(option: string, value: unknown): SequenceEnd {
  if (value !== 'pre' && value !== 'post') throw new TypeError(`padSequences: ${option} must be 'pre' or 'post', received ${show(value)}`);
  return value;
}
/** Which items of a sequence stay, and where they begin in the result. */
function placed(
  length: number,
  maxlen: number,
  padding: SequenceEnd,
  truncating: SequenceEnd,
): { from: number; count: number; at: number } {
  const count = Math.min(length, maxlen);
  return { from: truncating === 'pre' ? length - count : 0, count, at: padding === 'pre' ? maxlen - count : 0 };
}
const lengthOf = (sequence: unknown, i: number): number => {
  const length = (sequence as { shape?: readonly number[] } | null)?.shape?.[0] ?? (sequence as ArrayLike<unknown> | null)?.length;
  if (typeof sequence !== 'object' || typeof length !== 'number')
    throw new TypeError(`padSequences: expected an array of sequences, received ${show(sequence)} at ${i}`);
  return length;
};

function paddedStrings(
  sequences: readonly unknown[],
  lengths: readonly number[],
  maxlen: number,
  limit: number,
  options: Required<Pick<PadSequencesOptions, 'padding' | 'truncating' | 'value'>>,
): string[][] {
  const cut = (item: unknown) => String(item).slice(0, limit);
  return sequences.map((sequence, i) => {
    const { from, count, at } = placed(lengths[i]!, maxlen, options.padding, options.truncating);
    const row = new Array<string>(maxlen).fill(cut(options.value));
    for (let k = 0; k < count; k++) row[at + k] = cut((sequence as readonly unknown[])[from + k]);
    return row;
  });
}

/**
 * Sequences (arrays, typed arrays or tensors, whose items may have axes of their own) brought to one length: `(sequences, maxlen, ...)`.
 * Sequences of strings come back as arrays of strings.
 *
 * ```ts
 * keras.utils.padSequences([[1], [2, 3], [4, 5, 6]]); // [[0, 0, 1], [0, 2, 3], [4, 5, 6]]
 * ```
 * @throws when items differ in shape, or `value` does not fit the dtype.
 */
export function padSequences(
  sequences: readonly (readonly string[])[],
  options: PadSequencesOptions & { dtype: 'string' | 'object' | 'str' },
): string[][];
export function padSequences(sequences: readonly TensorLike[], options?: PadSequencesOptions): Tensor;
export function padSequences(sequences: readonly unknown[], options: PadSequencesOptions = {}): Tensor | string[][] {
  checkOptions('padSequences', options, OPTIONS);
  const { dtype = 'int32', value = 0 } = options;
  if (!Array.isArray(sequences)) throw new TypeError(`padSequences: expected an array of sequences, received ${show(sequences)}`);
  const padding = checkEnd('padding', options.padding ?? 'pre');
  const truncating = checkEnd('truncating', options.truncating ?? 'pre');
  const lengths = sequences.map(lengthOf);
  if (options.maxlen == null && lengths.length === 0) throw new RangeError('padSequences: without sequences the option maxlen is needed');
  const maxlen = options.maxlen ?? Math.max(...lengths);
  if (!Number.isInteger(maxlen) || maxlen < 0)
    throw new RangeError(`padSequences: maxlen must be an integer of at least 0 or null, received ${show(options.maxlen)}`);
  const limit = stringLimit(dtype);
  if (limit !== null) return paddedStrings(sequences, lengths, maxlen, limit, { padding, truncating, value });
  const type = standardizeDType(dtype as DTypeLike);
  if (typeof value === 'string')
    throw new TypeError(`padSequences: the value ${show(value)} does not fit dtype '${type}'; give dtype: 'string' for strings`);
  const tensors = sequences.map((sequence, i) => (lengths[i] === 0 ? null : toTensor(sequence as TensorLike, type, 'padSequences')));
  const item = tensors.find((tensor) => tensor !== null)?.shape.slice(1) ?? [];
  tensors.forEach((tensor, i) => {
    if (tensor !== null && !sameShape(tensor.shape.slice(1), item))
      throw new RangeError(
        `padSequences: items of sequence ${i} have shape ${showShape(tensor.shape.slice(1))}, expected ${showShape(item)} as in the first`,
      );
  });
  const inner = sizeOf(item);
  return makeTensor(type, [sequences.length, maxlen, ...item], (data) => {
    data.fill(toTensor(value, type).elements[0] as never);
    tensors.forEach((tensor, i) => {
      if (tensor === null) return;
      const { from, count, at } = placed(lengths[i]!, maxlen, padding, truncating);
      data.set((tensor.elements.subarray(from * inner, (from + count) * inner)) as never, (i * maxlen + at) * inner);
    });
  });
}
