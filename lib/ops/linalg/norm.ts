// Norms of vectors and matrices in `keras.ops.linalg`.
import type { TensorLike } from '../../core/convert.js';
import { filled } from '../../core/convert.js';
import { castTo } from '../../core/cast.js';
import { show } from '../../base/errors.js';
import { normalizeAxis } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { countOf, keptShape, movedAxes, reduceAxes } from '../axes.js';
import * as p from '../primitives/index.js';
import { constant } from '../primitives/primitive.js';
import { publicOp, toFloat, widened } from '../public.js';

/** The order of a norm: a number, infinities among them, `'fro'` or `'nuc'`. */
export type NormOrder = number | 'fro' | 'nuc';
/** Options of `norm`. */
export interface NormOptions {
  /** Default null: the Euclidean length of a vector, the Frobenius norm of a matrix. */
  ord?: NormOrder | null;
  /**
   * The axis of vectors, or the axes of the rows and of the columns of matrices. Default null: all; with `ord: null` there may be any
   * number.
   */
  axis?: number | readonly number[] | null;
  /** Whether the reduced axes stay, with size 1. Default false. */
  keepdims?: boolean;
}

const sumOver = (x: Tensor, axes: readonly number[]): Tensor => reduceAxes(p.sum, x, axes);
const lengthOver = (x: Tensor, axes: readonly number[]): Tensor => p.sqrt(sumOver(p.multiply(x, x), axes.toSorted((a, b) => a - b)));
/** The largest element, 0 where there are none: all are at least 0. */
const largest = (x: Tensor, axis: number): Tensor =>
  countOf(x, [axis]) === 0 ? filled(x.shape.filter((_, i) => i !== axis), 0, x.dtype) : p.max(x, axis);

function smallest(x: Tensor, axis: number): Tensor {
  if (countOf(x, [axis]) === 0) throw new RangeError('norm: the smallest of no elements is not defined');
  return p.min(x, axis);
}
function vectorNorm(x: Tensor, ord: NormOrder | null, axis: number): Tensor {
  if (ord === null || ord === 2) return lengthOver(x, [axis]);
  if (typeof ord === 'string') throw new TypeError(`norm: ord ${show(ord)} is for matrices, not for vectors (axis names one axis)`);
  const size = p.absolute(x);
  if (ord === Infinity) return largest(size, axis);
  if (ord === -Infinity) return smallest(size, axis);
  if (ord === 0) return p.sum(castTo(p.notEqual(x, constant(0, x)), x.dtype), axis);
  if (ord === 1) return p.sum(size, axis);
  return p.power(p.sum(p.power(size, constant(ord, x)), axis), constant(1 / ord, x));
}
/** The norm of matrices in the last two axes. */
function matrixNorm(x: Tensor, ord: NormOrder | null): Tensor {
  const rows = x.ndim - 2;
  if (ord === null || ord === 'fro') return lengthOver(x, [rows, rows + 1]);
  if (ord === 1) return largest(p.sum(p.absolute(x), rows), rows);
  if (ord === -1) return smallest(p.sum(p.absolute(x), rows), rows);
  if (ord === Infinity) return largest(p.sum(p.absolute(x), rows + 1), rows);
  if (ord === -Infinity) return smallest(p.sum(p.absolute(x), rows + 1), rows);
  if (ord !== 'nuc' && ord !== 2 && ord !== -2) {
    throw new TypeError(
      `norm: ord of a matrix norm must be null, 'fro', 'nuc', 1, -1, 2, -2, Infinity or -Infinity, received ${show(ord)}`,
    );
  }
  const values = p.singularValues(x);
  return ord === 'nuc' ? p.sum(values, rows) : ord === 2 ? largest(values, rows) : smallest(values, rows);
}

/**
 * The norm of vectors along one axis, or of matrices in two. Of vectors: `ord` null or 2 is the length, Infinity and -Infinity the largest
 * and the smallest size, 0 the number of elements that are not 0, another number p `sum(|x|^p)^(1/p)`. Of matrices: null or `'fro'` is the
 * root of the sum of squares, `'nuc'` the sum of the singular values, 2 and -2 the largest and the smallest of them, 1 and -1 the largest
 * and the smallest sum of sizes in a column, Infinity and -Infinity those in a row. Integers give `floatx`.
 */
export const norm = publicOp('norm', (x: TensorLike, { ord = null, axis = null, keepdims = false }: NormOptions = {}): Tensor => {
  if (typeof ord === 'string' && (ord as string) !== 'fro' && (ord as string) !== 'nuc')
    throw new TypeError(`norm: ord must be a number, 'fro' or 'nuc', received ${show(ord)}`);
  const tensor = toFloat('norm', x);
  const axes = (axis === null ? [...tensor.shape.keys()] : typeof axis === 'number' ? [axis] : axis).map((a) =>
    normalizeAxis(a, tensor.ndim, 'norm'),
  );
  if (new Set(axes).size !== axes.length) throw new RangeError(`norm: axis ${show(axis)} names an axis twice`);
  const all = axis === null && ord === null;
  if (!all && axes.length !== 1 && axes.length !== 2) {
    throw new RangeError(
      `norm: one axis is needed for a vector norm or two for a matrix norm, received ${axis === null ? `a tensor of rank ${tensor.ndim} and axis null` : `axis ${show(axis)}`}`,
    );
  }
  const result = widened(tensor, (wide) => {
    if (all) return lengthOver(wide, axes);
    if (axes.length === 1) return vectorNorm(wide, ord, axes[0]!);
    return matrixNorm(p.transpose(wide, movedAxes(wide.ndim, axes, [-2, -1], 'norm')), ord);
  });
  return keepdims ? p.reshape(result, keptShape(tensor.shape, axes)) : result;
}, ['ord', 'axis', 'keepdims']);
