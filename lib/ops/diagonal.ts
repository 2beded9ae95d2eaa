// Diagonals and triangles of matrices in `keras.ops`.
import type { TensorLike } from '../core/convert.js';
import { filled, toTensor } from '../core/convert.js';
import { integer } from '../base/integers.js';
import { normalizeAxis, showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { castTo } from '../core/cast.js';
import { movedAxes } from './axes.js';
import { matrices } from './linalg/matrices.js';
import * as p from './primitives/index.js';
import { diagonalPart, lowerPart, upperPart } from './primitives/matrices.js';
import { publicOp, widened } from './public.js';

/** Options that name a diagonal of the last two axes: 0 is the main one, positive ones are above it. */
export interface DiagonalNumber {
  /** Default 0. */
  k?: number;
}
/** The matrices of the last two axes with zeros above a diagonal. */
export const tril = publicOp('tril', (x: TensorLike, { k = 0 }: DiagonalNumber = {}): Tensor =>
  lowerPart(matrices('tril', x), integer('tril', 'k', k)), ['k']);
/** The matrices of the last two axes with zeros below a diagonal. */
export const triu = publicOp('triu', (x: TensorLike, { k = 0 }: DiagonalNumber = {}): Tensor =>
  upperPart(matrices('triu', x), integer('triu', 'k', k)), ['k']);

/** A square matrix with the elements of a vector on one of its diagonals. */
function matrixOf(vector: Tensor, k: number): Tensor {
  const n = vector.size + Math.abs(k);
  if (vector.size === 0) return filled([n, n], 0, vector.dtype);
  const start = Math.max(-k, 0) * n + Math.max(k, 0);
  return widened(vector, (wide) => p.reshape(p.embed(wide, [n * n], [start], [n + 1], 0), [n, n]));
}
/** The diagonal of a matrix, or the matrix with a vector as its diagonal. */
export const diag = publicOp('diag', (x: TensorLike, { k = 0 }: DiagonalNumber = {}): Tensor => {
  const tensor = toTensor(x, null, 'diag');
  integer('diag', 'k', k);
  if (tensor.ndim === 1) return matrixOf(tensor, k);
  if (tensor.ndim === 2) return diagonalPart(tensor, k);
  throw new RangeError(`diag: expected a vector or a matrix, received shape ${showShape(tensor.shape)}`);
}, ['k']);
/** The matrix with all elements, in row-major order, as its diagonal. */
export const diagflat = publicOp('diagflat', (x: TensorLike, { k = 0 }: DiagonalNumber = {}): Tensor => {
  const tensor = toTensor(x, null, 'diagflat');
  integer('diagflat', 'k', k);
  return matrixOf(p.reshape(tensor, [tensor.size]), k);
}, ['k']);

/** Options of `diagonal` and `trace`. */
export interface DiagonalOptions {
  /** The diagonal: 0 is the main one, positive ones are above it. Default 0. */
  offset?: number;
  /** The axis of the rows. Default 0. */
  axis1?: number;
  /** The axis of the columns. Default 1. */
  axis2?: number;
}
const DIAGONAL_OPTIONS = ['offset', 'axis1', 'axis2'] as const;
function diagonalAlong(where: string, x: TensorLike, { offset = 0, axis1 = 0, axis2 = 1 }: DiagonalOptions): Tensor {
  const tensor = matrices(where, x);
  const axes = [axis1, axis2].map((axis) => normalizeAxis(axis, tensor.ndim, where));
  return diagonalPart(p.transpose(tensor, movedAxes(tensor.ndim, axes, [-2, -1], where)), integer(where, 'offset', offset));
}
/** The diagonals of the matrices in two axes, as the last axis of the result. */
export const diagonal = publicOp(
  'diagonal',
  (x: TensorLike, options: DiagonalOptions = {}): Tensor => diagonalAlong('diagonal', x, options),
  DIAGONAL_OPTIONS,
);
/** The sums of the diagonals of the matrices in two axes. Bools and small integers are added up as int32 or uint32. */
export const trace = publicOp('trace', (x: TensorLike, options: DiagonalOptions = {}): Tensor => {
  const elements = diagonalAlong('trace', x, options);
  const small = elements.dtype === 'bool' || elements.dtype === 'int8' || elements.dtype === 'int16';
  const wide = small
    ? castTo(elements, 'int32')
    : elements.dtype === 'uint8' || elements.dtype === 'uint16'
      ? castTo(elements, 'uint32')
      : elements;
  return widened(wide, (t) => p.sum(t, t.ndim - 1));
}, DIAGONAL_OPTIONS);
