// What the primitives on matrices share. Matrices are the last two axes: their parts, their sizes, their instructions.
import { filled } from '../../core/convert.js';
import type { LowerCall } from '../../core/op.js';
import type { Instruction } from '../../core/program.js';
import { input, output } from '../../core/program.js';
import type { Shape, Spec } from '../../base/shape.js';
import { sizeOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { add, equal, greaterEqual, lessEqual, multiply, select } from './elementwise.js';
import { constant } from './primitive.js';
import { iota, reshape, slice, transpose } from './shape.js';

function masked(x: Tensor, keep: (rows: Tensor, columns: Tensor) => Tensor): Tensor {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  return select(keep(reshape(iota(rows, 'int32'), [rows, 1]), iota(columns, 'int32')), x, constant(0, x));
}
/** The matrices with zeros above diagonal `k`. */
export const lowerPart = (x: Tensor, k = 0): Tensor => masked(x, (rows, columns) => lessEqual(columns, add(rows, constant(k, rows))));
/** The matrices with zeros below diagonal `k`. */
export const upperPart = (x: Tensor, k = 0): Tensor => masked(x, (rows, columns) => greaterEqual(columns, add(rows, constant(k, rows))));

/** The diagonals of the matrices in the last two axes; positive offsets are above the main one. */
export function diagonalPart(x: Tensor, offset = 0): Tensor {
  const lead = x.shape.slice(0, -2);
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const [down, across] = [Math.max(-offset, 0), Math.max(offset, 0)];
  const count = Math.max(0, Math.min(rows - down, columns - across));
  if (count === 0) return filled([...lead, 0], 0, x.dtype);
  const flat = reshape(x, [...lead, rows * columns]);
  return slice(flat, [...lead.map(() => 0), down * columns + across], [...lead, count], [...lead.map(() => 1), columns + 1]);
}
/** Square matrices with the vectors in the last axis as their diagonals. */
export function diagonalMatrix(vectors: Tensor): Tensor {
  const n = vectors.shape.at(-1)!;
  const same = equal(reshape(iota(n, 'int32'), [n, 1]), iota(n, 'int32'));
  return select(same, reshape(vectors, [...vectors.shape, 1]), constant(0, vectors));
}
/** Identity matrices of the batch shape, size and dtype of the square matrices `like`. */
export const identityLike = (like: Tensor): Tensor => diagonalMatrix(filled(like.shape.slice(0, -1), 1, like.dtype));

/** The matrices transposed. */
export const transposed = (x: Tensor): Tensor =>
  transpose(x, x.shape.map((_, i) => (i === x.ndim - 1 ? i - 1 : i === x.ndim - 2 ? i + 1 : i)));

/** The axes before the matrices. */
export const batchOf = (shape: Shape): Shape => shape.slice(0, -2);
/** Rows and columns. */
export const matrixOf = (shape: Shape): readonly [number, number] => shape.slice(-2) as [number, number];
/** Matrices in the batch, rows and columns. */
export const sizes = (x: Spec): [number, number, number] => [sizeOf(batchOf(x.shape)), ...matrixOf(x.shape)];
/** An instruction of a kernel that reads all inputs and writes all outputs in order. */
export const instruction = <A>(kernel: string, { inputs, outputs }: LowerCall<A>, ints: readonly number[]): Instruction[] => [{
  kernel, dtype: inputs[0]!.dtype, operands: [...inputs.keys()].map(input).concat([...outputs.keys()].map(output)), ints,
}];

/** The mean of the matrices and their transposes. */
export const symmetric = (x: Tensor): Tensor => multiply(constant(0.5, x), add(x, transposed(x)));
/** The tensor with an axis of size 1 at the end. */
export const columnOf = (x: Tensor): Tensor => reshape(x, [...x.shape, 1]);
/** `rows` rows and `columns` columns from (`top`, `left`) on. */
export function block(x: Tensor, top: number, left: number, rows: number, columns: number): Tensor {
  const lead = batchOf(x.shape);
  return slice(x, [...lead.map(() => 0), top, left], [...lead, rows, columns]);
}
