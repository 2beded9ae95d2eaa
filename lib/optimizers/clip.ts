// Clipping of gradients by norms.
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';

/** `gradient` scaled to a norm of `limit` at most. */
export function clipByNorm(gradient: Tensor, limit: number): Tensor {
  const square = ops.sum(ops.square(gradient));
  const positive = ops.greater(square, 0);
  const norm = ops.where(positive, ops.sqrt(ops.where(positive, square, ops.onesLike(square))), square);
  return ops.divide(ops.multiply(gradient, limit), ops.maximum(norm, limit));
}

/** Gradients scaled together, so that their global norm is `limit` at most; NaN when it is not finite, as in Keras. */
export function clipByGlobalNorm(gradients: readonly Tensor[], limit: number): Tensor[] {
  const squares = gradients.map((gradient) => ops.sum(ops.square(gradient)));
  const norm = ops.sqrt(squares.reduce((a, b) => ops.add(a, b)));
  const finite = ops.multiply(limit, ops.minimum(ops.divide(1, norm), 1 / limit));
  const scale = ops.add(finite, ops.subtract(norm, norm));
  return gradients.map((gradient) => ops.multiply(gradient, ops.cast(scale, gradient.dtype)));
}
