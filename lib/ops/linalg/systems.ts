// Linear systems, inverses and least squares in `keras.ops.linalg`.
import type { TensorLike } from '../../core/convert.js';
import { toTensor } from '../../core/convert.js';
import { floatType, type DType } from '../../base/dtype.js';
import { castTo } from '../../core/cast.js';
import { integer } from '../../base/integers.js';
import { sameShape, showShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as p from '../primitives/index.js';
import { batchOf, columnOf, identityLike, matrixOf } from '../primitives/matrices.js';
import { constant } from '../primitives/primitive.js';
import { matmul } from '../products.js';
import { promote, publicOp } from '../public.js';
import { commonBatch, computed, epsilonOf, matrices, squares } from './matrices.js';

/** Solves for right-hand sides that are vectors, with one axis less than the matrices, or matrices. */
function solveWith(where: string, a: TensorLike, b: TensorLike, method: (a: Tensor, b: Tensor) => Tensor): Tensor {
  const [left, right] = promote(where, [a, b], floatType) as [Tensor, Tensor];
  squares(where, left);
  const n = left.shape.at(-1)!;
  if (right.ndim < 1) throw new RangeError(`${where}: expected b of rank >= 1, received a scalar`);
  const vectors = right.ndim === 1 || (right.ndim === left.ndim - 1 && sameShape(right.shape, left.shape.slice(0, -1)));
  const rows = vectors ? right.shape.at(-1)! : right.shape.at(-2)!;
  if (rows !== n)
    throw new RangeError(
      `${where}: incompatible shapes of a and b: ${n} equations do not fit ${rows} rows, received a.shape=${showShape(left.shape)}, ` +
        `b.shape=${showShape(right.shape)}`,
    );
  return computed(where, left, (wide) => {
    const [matrix, columns] = commonBatch(where, wide, castTo(vectors ? columnOf(right) : right, wide.dtype));
    const x = method(matrix, columns);
    return vectors ? p.reshape(x, x.shape.slice(0, -1)) : x;
  });
}
/**
 * The solution x of `a x = b` by LU with partial pivoting. `a`: `(..., M, M)`; `b`: `(..., M)` or `(..., M, N)`; batch axes broadcast. Of a
 * singular matrix the solution is not finite.
 */
export const solve = publicOp('solve', (a: TensorLike, b: TensorLike): Tensor => solveWith('solve', a, b, p.solve));
/** Options of `solveTriangular`. */
export interface SolveTriangularOptions {
  /** Whether `a` is lower triangular. Default false. The other triangle is not read. */
  lower?: boolean;
}
/** The solution x of `a x = b` for triangular `a` of shape `(..., M, M)`; `b` and x are `(..., M)` or `(..., M, N)`. */
export const solveTriangular = publicOp(
  'solveTriangular',
  (a: TensorLike, b: TensorLike, { lower = false }: SolveTriangularOptions = {}): Tensor =>
    solveWith('solveTriangular', a, b, (matrix, columns) => p.triangularSolve(matrix, columns, { lower })),
  ['lower'],
);
/** The inverses of square matrices, `(..., M, M)`. Of a singular matrix it is not finite. */
export const inv = publicOp('inv', (x: TensorLike): Tensor => computed('inv', squares('inv', x), (a) => p.solve(a, identityLike(a))));

/** Options of `pinv` and `lstsq`. */
export interface RcondOptions<R> {
  /** Singular values count as 0 unless they exceed this share of the largest one. Default null: some rounding errors of the dtype. */
  rcond?: R | null;
}
const largerSide = (x: Tensor): number => Math.max(...matrixOf(x.shape));
/** The pseudoinverse of a float tensor for a ratio, or ratios of the batch. */
function pseudoinverse(where: string, x: Tensor, rcond: TensorLike, inclusive: boolean): Tensor {
  return computed(where, x, (a) => p.pinv(a, p.broadcastTo(toTensor(rcond, a.dtype, where), batchOf(a.shape)), inclusive));
}
/**
 * The Moore–Penrose pseudoinverse of matrices of shape `(..., M, N)`, by their singular values: `(..., N, M)`. `rcond` may be a tensor with
 * a ratio for each matrix; by default it is 10 max(M, N) times the distance of 1 to the next number of the dtype.
 */
export const pinv = publicOp('pinv', (x: TensorLike, { rcond = null }: RcondOptions<TensorLike> = {}): Tensor => {
  const tensor = matrices('pinv', x);
  return pseudoinverse('pinv', tensor, rcond ?? 10 * largerSide(tensor) * epsilonOf(floatType(tensor.dtype)), false);
}, ['rcond']);
/**
 * The x of least length among those for which `a x - b` is shortest, for one matrix `a`, `(M, N)`, and `b` of `(M,)` or `(M, K)`: x is
 * `(N,)` or `(N, K)`. `rcond` defaults to max(M, N) times the distance of 1 to the next number of the dtype, a negative one stands for that
 * distance.
 */
export const lstsq = publicOp('lstsq', (a: TensorLike, b: TensorLike, { rcond = null }: RcondOptions<number> = {}): Tensor => {
  const [left, right] = promote('lstsq', [a, b], floatType) as [Tensor, Tensor];
  if (left.ndim !== 2) throw new RangeError(`lstsq: expected a of rank 2, received a.shape=${showShape(left.shape)}`);
  if (right.ndim !== 1 && right.ndim !== 2)
    throw new RangeError(`lstsq: expected b of rank 1 or 2, received b.shape=${showShape(right.shape)}`);
  if (left.shape[0] !== right.shape[0])
    throw new RangeError(
      `lstsq: expected b.shape[0] to equal a.shape[0], received a.shape=${showShape(left.shape)}, b.shape=${showShape(right.shape)}`,
    );
  const epsilon = epsilonOf(left.dtype);
  const ratio = rcond === null ? epsilon * largerSide(left) : rcond < 0 ? epsilon : rcond;
  return matmul(pseudoinverse('lstsq', left, ratio, true), right);
}, ['rcond']);

/** Options of `matrixRank`. */
export interface MatrixRankOptions {
  /**
   * Singular values count when they are larger; a tensor has one for each matrix. Default null: the largest times max(M, N) times the
   * dtype's rounding.
   */
  tol?: TensorLike | null;
}
/** The ranks of matrices of shape `(..., M, N)`: how many singular values exceed `tol`, int32. */
export const matrixRank = publicOp('matrixRank', (x: TensorLike, { tol = null }: MatrixRankOptions = {}): Tensor => {
  const tensor = matrices('matrixRank', x);
  const dtype: DType = floatType(tensor.dtype);
  const values = castTo(computed('matrixRank', tensor, p.singularValues), dtype === 'float64' ? 'float64' : 'float32');
  const last = values.ndim - 1;
  const share = constant(largerSide(tensor) * epsilonOf(dtype), values);
  const bound = tol !== null ? toTensor(tol, values.dtype, 'matrixRank')
    : values.shape[last] === 0 ? p.sum(values, last) : p.multiply(p.max(values, last), share);
  return p.sum(castTo(p.greater(values, columnOf(bound)), 'int32'), last);
}, ['tol']);

/**
 * Square matrices, `(..., M, M)`, multiplied by themselves `n` times by repeated squaring; for n = 0 the identity, for negative n the power
 * of the inverse.
 */
export const matrixPower = publicOp('matrixPower', (x: TensorLike, n: number): Tensor => {
  integer('matrixPower', 'n', n);
  const tensor = squares('matrixPower', x);
  if (n === 0) return identityLike(tensor);
  const base = n < 0 ? inv(tensor) : tensor;
  const product = (a: Tensor, b: Tensor): Tensor => castTo(matmul(a, b), base.dtype);
  let result: Tensor | null = null;
  let square = base;
  for (let rest = Math.abs(n); ; square = product(square, square)) {
    if (rest % 2 === 1) result = result === null ? square : product(result, square);
    rest = Math.floor(rest / 2);
    if (rest === 0) return result!;
  }
});
