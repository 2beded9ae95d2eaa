// What the functions of `keras.ops.linalg` check and prepare: matrices in the last two axes, in a float dtype that has kernels.
import type { TensorLike } from '../../core/convert.js';
import { toTensor } from '../../core/convert.js';
import type { DType, FloatDType } from '../../base/dtype.js';
import { isHalf } from '../../base/dtype.js';
import { castTo } from '../../core/cast.js';
import { broadcastShapes, showShape, type Shape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as p from '../primitives/index.js';
import { batchOf, matrixOf } from '../primitives/matrices.js';
import { toFloat } from '../public.js';

/** A tensor of at least two axes, as it is. Throws on fewer. */
export function matrices(where: string, x: TensorLike): Tensor {
  const tensor = toTensor(x, null, where);
  if (tensor.ndim < 2) throw new RangeError(`${where}: expected an input of rank >= 2, received shape ${showShape(tensor.shape)}`);
  return tensor;
}
/** Matrices with as many rows as columns, as they are. Throws on others. */
export function squares(where: string, x: TensorLike): Tensor {
  const tensor = matrices(where, x);
  const [m, n] = matrixOf(tensor.shape);
  if (m !== n) throw new RangeError(`${where}: expected a square matrix, received shape ${showShape(tensor.shape)}`);
  return tensor;
}

/** Calls `fn` on a float tensor that has kernels and brings its float results back to the dtype that the input stands for. */
export function computed<R extends Tensor | readonly Tensor[]>(where: string, x: Tensor, fn: (x: Tensor) => R): R {
  const float = toFloat(where, x);
  const back = (t: Tensor): Tensor => (t.dtype === 'float32' && isHalf(float.dtype) ? castTo(t, float.dtype) : t);
  const result = fn(isHalf(float.dtype) ? castTo(float, 'float32') : float);
  return (Array.isArray(result) ? (result as readonly Tensor[]).map(back) : back(result as Tensor)) as R;
}

const EPSILON: Record<FloatDType, number> = { float16: 2 ** -10, bfloat16: 2 ** -7, float32: 2 ** -23, float64: 2 ** -52 };
/** The distance of 1 to the next larger number of a float dtype. */
export const epsilonOf = (dtype: DType): number => EPSILON[dtype as FloatDType];

/** Both tensors with their batch axes, those before the last two, broadcast together. */
export function commonBatch(where: string, a: Tensor, b: Tensor): [Tensor, Tensor] {
  const batch: Shape = broadcastShapes(batchOf(a.shape), batchOf(b.shape), where);
  return [p.broadcastTo(a, [...batch, ...matrixOf(a.shape)]), p.broadcastTo(b, [...batch, ...matrixOf(b.shape)])];
}
