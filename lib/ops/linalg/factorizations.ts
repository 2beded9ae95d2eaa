// Factorisations of matrices in `keras.ops.linalg`.
import type { TensorLike } from '../../core/convert.js';
import { toTensor } from '../../core/convert.js';
import { castTo } from '../../core/cast.js';
import { complexType, partDType } from '../../base/dtype.js';
import { show } from '../../base/errors.js';
import type { Tensor } from '../../core/tensor.js';
import { eig as eigOf } from '../primitives/eig.js';
import * as p from '../primitives/index.js';
import { identityLike, transposed } from '../primitives/matrices.js';
import { publicOp } from '../public.js';
import { computed, matrices, squares } from './matrices.js';

/** Options of the functions that work with one triangle of a matrix. */
export interface UpperOptions {
  /** Whether the factor is the upper triangular one. Default false: the lower one. */
  upper?: boolean;
}
/** Throws when a factor that is known already is not a number: the kernel writes NaN into all of it. */
function checkFactor(factor: Tensor): void {
  if (factor.memory === null || factor.size === 0) return;
  const data = factor.elements as Float32Array;
  const step = factor.shape.at(-1)! ** 2;
  for (let i = 0; i < data.length; i += step) {
    if (Number.isNaN(data[i]!)) throw new RangeError('cholesky: the decomposition failed: the input is not a positive definite matrix');
  }
}
/**
 * The Cholesky factor of symmetric positive definite matrices of shape `(..., M, M)`: lower triangular L with `L L' = x`, or with `upper` U
 * = L'. Of an input that is not symmetric the mean with its transpose counts. Throws where the matrix is not positive definite; in compiled
 * functions the factor is NaN there.
 */
export const cholesky = publicOp('cholesky', (x: TensorLike, { upper = false }: UpperOptions = {}): Tensor =>
  computed('cholesky', squares('cholesky', x), (a) => {
    const factor = p.cholesky(a);
    checkFactor(factor);
    return upper ? transposed(factor) : factor;
  }), ['upper']);
/**
 * The inverse of the positive definite matrices whose Cholesky factors are `x`, of shape `(..., M, M)`: lower triangular, or with `upper`
 * upper.
 */
export const choleskyInverse = publicOp('choleskyInverse', (x: TensorLike, { upper = false }: UpperOptions = {}): Tensor =>
  computed('choleskyInverse', squares('choleskyInverse', x), (a) => {
    const inverse = p.triangularSolve(a, identityLike(a), { lower: !upper });
    return p.matmul(inverse, inverse, !upper, upper);
  }), ['upper']);

/**
 * LU with partial pivoting of matrices of shape `(..., M, N)`: a matrix that holds U and, below the diagonal, L without its diagonal of
 * ones, and the pivots, int32 of shape `(..., min(M, N))`: step i exchanges rows i and `pivots[i]`.
 */
export const luFactor = publicOp('luFactor', (x: TensorLike): [Tensor, Tensor] =>
  computed('luFactor', matrices('luFactor', x), (a) => {
    const [lu, pivots] = p.lu(a) as [Tensor, Tensor];
    return [lu, pivots] as [Tensor, Tensor];
  }));

/** Options of `qr`. */
export interface QrOptions {
  /** `'reduced'` (the default): as many columns in Q as the smaller side. `'complete'`: Q is square. */
  mode?: 'reduced' | 'complete';
}
/**
 * The QR decomposition of matrices of shape `(..., M, N)`: Q with orthonormal columns, `(..., M, K)`, and the upper triangular R, `(..., K,
 * N)`, where K is min(M, N), or M in mode `'complete'`.
 */
export const qr = publicOp('qr', (x: TensorLike, { mode = 'reduced' }: QrOptions = {}): [Tensor, Tensor] => {
  if (mode !== 'reduced' && mode !== 'complete') throw new TypeError(`qr: mode must be 'reduced' or 'complete', received ${show(mode)}`);
  return computed('qr', matrices('qr', x), (a) => p.qr(a, mode === 'complete') as [Tensor, Tensor]);
}, ['mode']);

/**
 * Eigenvalues, ascending, of shape `(..., M)`, and orthonormal eigenvectors, as columns of `(..., M, M)`, of symmetric matrices. Of an
 * input that is not symmetric the mean with its transpose counts. The gradient of the vectors exists where no eigenvalue repeats.
 */
export const eigh = publicOp('eigh', (x: TensorLike): [Tensor, Tensor] =>
  computed('eigh', squares('eigh', x), (a) => p.eigh(a) as [Tensor, Tensor]),
);

/**
 * Eigenvalues of general real matrices of shape `(..., M, M)`, complex of shape `(..., M)`, and eigenvectors, as columns of `(..., M, M)`,
 * each of length 1 and, where complex, with its largest component real. 64-bit floats give complex128, all other dtypes complex64. The
 * eigenvalues have a gradient where none repeats; the vectors have none.
 */
export const eig = publicOp('eig', (x: TensorLike): [Tensor, Tensor] => {
  const tensor = squares('eig', x);
  return eigOf(castTo(tensor, partDType(complexType(tensor.dtype)))) as [Tensor, Tensor];
});

/** Options of `svd`. */
export interface SvdOptions {
  /** Whether U and V' are square; otherwise they have min(M, N) vectors. Default true. */
  fullMatrices?: boolean;
  /** Whether to compute the singular vectors. Default true; with false only the values are returned. */
  computeUv?: boolean;
}
type Svd = {
  (x: TensorLike, options: SvdOptions & { computeUv: false }): Tensor;
  (x: TensorLike, options?: SvdOptions & { computeUv?: true }): [Tensor, Tensor, Tensor];
  (x: TensorLike, options?: SvdOptions): Tensor | [Tensor, Tensor, Tensor];
};
const svdOf = (x: TensorLike, { fullMatrices = true, computeUv = true }: SvdOptions = {}): Tensor | [Tensor, Tensor, Tensor] => {
  const tensor = matrices('svd', toTensor(x, null, 'svd'));
  if (!computeUv) return computed('svd', tensor, p.singularValues);
  return computed('svd', tensor, (a) => p.svd(a, fullMatrices) as [Tensor, Tensor, Tensor]);
};
/**
 * The singular value decomposition `x = U diag(s) V'` of matrices of shape `(..., M, N)`: U, the singular values in descending order, and
 * V'. The gradient of the vectors exists where no singular value repeats and, unless M = N, with `fullMatrices: false`.
 */
export const svd = publicOp('svd', svdOf as Svd, ['fullMatrices', 'computeUv']);
