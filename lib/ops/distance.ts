// Distances between points in `keras.ops`.
import type { TensorLike } from '../core/convert.js';
import { floatType } from '../base/dtype.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as p from './primitives/index.js';
import { promote, publicOp, widened } from './public.js';

/**
 * The Euclidean distances of the points in the last axis: of each of `x`, `(..., M, D)`, to each of `y`, `(..., N, D)`, as `(..., M, N)`;
 * axes before them broadcast. The gradient is not a number where two points coincide, as in Keras.
 */
export const cdist = publicOp('cdist', (x: TensorLike, y: TensorLike): Tensor => {
  const [a, b] = promote('cdist', [x, y], floatType) as [Tensor, Tensor];
  if (a.ndim < 2 || b.ndim < 2)
    throw new RangeError(`cdist: expected inputs of rank >= 2, received shapes ${showShape(a.shape)} and ${showShape(b.shape)}`);
  if (a.shape.at(-1) !== b.shape.at(-1))
    throw new RangeError(`cdist: the last axes must have one size, received shapes ${showShape(a.shape)} and ${showShape(b.shape)}`);
  const spread = (t: Tensor, axis: number): Tensor => p.reshape(t, [...t.shape.slice(0, axis), 1, ...t.shape.slice(axis)]);
  const difference = p.subtract(spread(a, a.ndim - 1), spread(b, b.ndim - 2));
  return widened(difference, (wide) => p.sqrt(p.sum(p.multiply(wide, wide), wide.ndim - 1)));
});
