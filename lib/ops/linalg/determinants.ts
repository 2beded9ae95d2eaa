// Determinants in `keras.ops` and `keras.ops.linalg`.
import type { TensorLike } from '../../core/convert.js';
import type { Tensor } from '../../core/tensor.js';
import * as p from '../primitives/index.js';
import { batchOf, block } from '../primitives/matrices.js';
import { publicOp } from '../public.js';
import { computed, squares } from './matrices.js';

/** Small determinants as polynomials of the elements: exact for whole numbers, and differentiable where the matrix is singular. */
function polynomial(x: Tensor): Tensor {
  const n = x.shape.at(-1)!;
  const at = (i: number, j: number): Tensor => p.reshape(block(x, i, j, 1, 1), batchOf(x.shape));
  if (n === 1) return at(0, 0);
  const minor = (i: number, j: number): Tensor =>
    p.subtract(p.multiply(at(n - 2, i), at(n - 1, j)), p.multiply(at(n - 2, j), at(n - 1, i)));
  if (n === 2) return minor(0, 1);
  return p.add(p.subtract(p.multiply(at(0, 0), minor(1, 2)), p.multiply(at(0, 1), minor(0, 2))), p.multiply(at(0, 2), minor(0, 1)));
}
/** The determinants of square matrices of shape `(..., M, M)`. */
export const det = publicOp('det', (x: TensorLike): Tensor =>
  computed('det', squares('det', x), (a) => (a.shape.at(-1)! >= 1 && a.shape.at(-1)! <= 3 ? polynomial(a) : p.determinant(a))));
/** The signs (1, 0 or -1) of the determinants of square matrices of shape `(..., M, M)`, and the logarithms of their sizes (-∞ for 0). */
export const slogdet = publicOp('slogdet', (x: TensorLike): [Tensor, Tensor] =>
  computed('slogdet', squares('slogdet', x), (a) => p.slogdet(a) as [Tensor, Tensor]),
);
/** The logarithms of the sizes of the determinants of square matrices of shape `(..., M, M)`. */
export const logdet = publicOp('logdet', (x: TensorLike): Tensor => computed('logdet', squares('logdet', x), (a) => p.slogdet(a)[1]!));
