// Functions of `keras.ops` of vectors: cross products, correlation, Vandermonde matrices.
import type { TensorLike } from '../core/convert.js';
import { filled, makeTensor, toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { show } from '../base/errors.js';
import { optionalInteger } from '../base/integers.js';
import { broadcastShapes, normalizeAxis, showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { meanOf, movedAxes, partOf } from './axes.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { promote, publicOp, toFloat, wideFloat, widened } from './public.js';

/** Options of `cross`. */
export interface CrossOptions {
  /** The axis of `x1` that has the vectors. Default -1. */
  axisa?: number;
  /** The axis of `x2` that has the vectors. Default -1. */
  axisb?: number;
  /** The axis of the result that has the vectors. Default -1. */
  axisc?: number;
  /** The axis of all three. Default null: those above. */
  axis?: number | null;
}
/** Components of vectors along an axis: three, the third null where there are two. */
function components(x: Tensor, axis: number): [Tensor, Tensor, Tensor | null] {
  const along = normalizeAxis(axis, x.ndim, 'cross');
  const size = x.shape[along]!;
  if (size !== 2 && size !== 3)
    throw new RangeError(`cross: vectors must have 2 or 3 components, received ${size} along axis ${axis} of shape ${showShape(x.shape)}`);
  const rest = x.shape.filter((_, i) => i !== along);
  const at = (i: number) => p.reshape(partOf(x, along, i, 1), rest);
  return [at(0), at(1), size === 3 ? at(2) : null];
}
/**
 * The cross product of vectors of 2 or 3 components; other axes broadcast. A missing third component is 0; of two vectors of 2 components
 * the result is the third component alone.
 */
export const cross = publicOp(
  'cross',
  (x1: TensorLike, x2: TensorLike, { axisa = -1, axisb = -1, axisc = -1, axis = null }: CrossOptions = {}): Tensor => {
    const [a, b] = promote('cross', [x1, x2], (dtype) => (dtype === 'bool' ? 'int32' : dtype)) as [Tensor, Tensor];
    const [a0, a1, a2] = components(a, axis ?? axisa);
    const [b0, b1, b2] = components(b, axis ?? axisb);
    const product = (u: Tensor | null, v: Tensor | null) => (u === null || v === null ? null : p.multiply(u, v));
    const minus = (u: Tensor | null, v: Tensor | null) => (v === null ? u! : u === null ? p.negative(v) : p.subtract(u, v));
    const third = minus(product(a0, b1), product(a1, b0));
    if (a2 === null && b2 === null) return third;
    const parts = [minus(product(a1, b2), product(a2, b1)), minus(product(a2, b0), product(a0, b2)), third];
    const shape = parts.map((part) => part.shape).reduce((u, v) => broadcastShapes(u, v, 'cross'));
    const rank = shape.length + 1;
    const stacked = p.concatenate(
      parts.map((part) => p.reshape(p.broadcastTo(part, shape), [...shape, 1])),
      rank - 1,
    );
    return p.transpose(stacked, movedAxes(rank, -1, axis ?? axisc, 'cross'));
  },
  ['axisa', 'axisb', 'axisc', 'axis'],
);

/**
 * The matrix of correlation coefficients of the rows of `x`, each a variable; of one variable its correlation with itself. Integers become
 * `floatx`.
 */
export const corrcoef = publicOp('corrcoef', (x: TensorLike): Tensor => {
  const given = toFloat('corrcoef', x);
  if (given.ndim > 2) throw new RangeError(`corrcoef: expected at most two axes, received shape ${showShape(given.shape)}`);
  return widened(given, (wide) => {
    const rows = wide.ndim === 2 ? wide : p.reshape(wide, [1, wide.size]);
    const [m, n] = rows.shape as [number, number];
    if (m === 0) return filled([0, 0], 0, rows.dtype);
    if (n === 0) return filled(m === 1 ? [] : [m, m], NaN, rows.dtype);
    const centred = p.subtract(rows, p.reshape(meanOf(rows, [1]), [m, 1]));
    const covariance = p.divide(p.matmul(centred, p.transpose(centred, [1, 0])), constant(n - 1, rows));
    if (m === 1) return p.reshape(p.divide(covariance, covariance), []);
    const diagonal = p.gather(p.reshape(covariance, [m * m]), p.iota(m, 'int32', 0, m + 1), 0);
    const deviation = p.sqrt(diagonal);
    const scaled = p.divide(p.divide(covariance, p.reshape(deviation, [m, 1])), p.reshape(deviation, [1, m]));
    return p.clip(scaled, constant(-1, rows), constant(1, rows));
  });
});

/** Longest part of the shorter vector that is made a matrix at once; a matrix of 2 * 512 * 512 numbers. */
const CORRELATION_PART = 512;
/**
 * sum over j of x[k + j] * y[j] for k = 0 … count - 1, as a product of matrices: rows of `x` of twice the length of `y`, each begun where
 * the one before is half over, times a matrix whose columns are `y`, each moved down by one.
 */
function slidingProducts(x: Tensor, y: Tensor, count: number): Tensor {
  const m = y.size;
  const blocks = Math.ceil(count / m);
  const padded = p.embed(partOf(x, 0, 0, Math.min(x.size, (blocks + 1) * m)), [(blocks + 1) * m], [0], [1], 0);
  const halves = p.reshape(padded, [blocks + 1, m]);
  const rows = p.concatenate([partOf(halves, 0, 0, blocks), partOf(halves, 0, 1, blocks)], 1);
  const places = makeTensor('int32', [2 * m, m], (data) => {
    for (let i = 0; i < 2 * m; i++) for (let j = 0; j < m; j++) data[i * m + j] = i >= j && i - j < m ? i - j : m;
  });
  const columns = p.gather(p.embed(y, [m + 1], [0], [1], 0), places, 0);
  return partOf(p.reshape(p.matmul(rows, columns), [blocks * m]), 0, 0, count);
}
/** Correlation of a vector with one that is not longer, over all places where they overlap wholly after `before` and `after` zeros. */
function correlateParts(x: Tensor, y: Tensor, before: number, after: number): Tensor {
  const padded = before + after === 0 ? x : p.embed(x, [x.size + before + after], [before], [1], 0);
  const count = padded.size - y.size + 1;
  let total: Tensor | null = null;
  for (let start = 0; start < y.size; start += CORRELATION_PART) {
    const size = Math.min(CORRELATION_PART, y.size - start);
    const part = slidingProducts(partOf(padded, 0, start, count + size - 1), partOf(y, 0, start, size), count);
    total = total === null ? part : p.add(total, part);
  }
  return total!;
}

/** Options of `correlate`. */
export interface CorrelateOptions {
  /** Where the vectors overlap wholly (`'valid'`), at all (`'full'`), or as many places as the longer has elements. Default `'valid'`. */
  mode?: 'valid' | 'same' | 'full';
}
/** The cross-correlation of two vectors: the sums over j of `x1[k + j] * x2[j]`. Integers become `floatx`, 64-bit ones float64. */
export const correlate = publicOp('correlate', (x1: TensorLike, x2: TensorLike, { mode = 'valid' }: CorrelateOptions = {}): Tensor => {
  const [a, b] = promote('correlate', [x1, x2], wideFloat) as [Tensor, Tensor];
  if (a.ndim !== 1 || b.ndim !== 1 || a.size === 0 || b.size === 0) {
    throw new RangeError(`correlate: expected two vectors with elements, received shapes ${showShape(a.shape)} and ${showShape(b.shape)}`);
  }
  if (mode !== 'valid' && mode !== 'same' && mode !== 'full')
    throw new TypeError(`correlate: mode must be 'valid', 'same' or 'full', received ${show(mode)}`);
  const swapped = a.size < b.size;
  const [long, short] = swapped ? [b, a] : [a, b];
  const m = short.size;
  const [before, after] = mode === 'valid' ? [0, 0] : mode === 'full' ? [m - 1, m - 1] : [Math.floor(m / 2), m - Math.floor(m / 2) - 1];
  const result = widened(long, (wide) => correlateParts(wide, castTo(short, wide.dtype), before, after));
  return swapped ? p.slice(result, [result.size - 1], result.shape, [-1]) : result;
}, ['mode']);

/** Options of `vander`. */
export interface VanderOptions {
  /** How many columns. Default null: as many as `x` has elements. */
  N?: number | null;
  /** Whether the powers grow from left to right. Default false. */
  increasing?: boolean;
}
/** The Vandermonde matrix of a vector: its powers `N - 1` … 0 (or 0 … `N - 1`) as columns. */
export const vander = publicOp('vander', (x: TensorLike, { N = null, increasing = false }: VanderOptions = {}): Tensor => {
  const tensor = toTensor(x, null, 'vander');
  if (tensor.ndim !== 1) throw new RangeError(`vander: expected one axis, received shape ${showShape(tensor.shape)}`);
  const count = optionalInteger('vander', 'N', N, { min: 0 }) ?? tensor.size;
  if (typeof increasing !== 'boolean') throw new TypeError(`vander: increasing must be true or false, received ${show(increasing)}`);
  const base = tensor.dtype === 'bool' ? castTo(tensor, 'int32') : tensor;
  if (count === 0 || base.size === 0) return filled([base.size, count], 0, base.dtype);
  const powers = increasing ? p.iota(count, 'int32') : p.iota(count, 'int32', count - 1, -1);
  return p.power(p.reshape(base, [base.size, 1]), p.reshape(castTo(powers, base.dtype), [1, count]));
}, ['N', 'increasing']);
