// What the functions of targets and predictions begin with: both as tensors.
import { toTensor, type TensorLike } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { isFloat } from '../base/dtype.js';
import type { Tensor } from '../core/tensor.js';
import { squeezeOrExpandToSameRank } from './reduction.js';

/** Targets and predictions as tensors of the predictions' dtype. `where` names the function in messages. */
export function pair(where: string, yTrue: TensorLike, yPred: TensorLike): [Tensor, Tensor] {
  const predictions = toTensor(yPred, null, where);
  return [toTensor(yTrue, predictions.dtype, where), predictions];
}

/** `pair` with ranks brought together. */
export const fittedPair = (where: string, yTrue: TensorLike, yPred: TensorLike): [Tensor, Tensor] =>
  squeezeOrExpandToSameRank(...pair(where, yTrue, yPred));

/** Integers as float64, which is what Python's operators make of them where Keras uses these and not its ops. */
export const operand = (x: Tensor): Tensor => (isFloat(x.dtype) ? x : castTo(x, 'float64'));
