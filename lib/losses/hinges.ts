// Hinge loss functions: targets are -1 or 1; targets of only 0 and 1 are taken as -1 and 1.
import { toTensor, type TensorLike } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { pair } from './tensors.js';

/** `max(1 - yTrue * yPred, 0)`. */
function margins(where: string, yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [targets, predictions] = pair(where, yTrue, yPred);
  const isBinary = ops.all(ops.logicalOr(ops.equal(targets, 0), ops.equal(targets, 1)));
  const signs = ops.where(isBinary, ops.subtract(ops.multiply(targets, 2), 1), targets);
  return ops.maximum(ops.subtract(1, ops.multiply(signs, predictions)), 0);
}

/** `mean(max(1 - yTrue * yPred, 0))` over the last axis. */
export const hinge = (yTrue: TensorLike, yPred: TensorLike): Tensor => ops.mean(margins('hinge', yTrue, yPred), { axis: -1 });

/** `mean(square(max(1 - yTrue * yPred, 0)))` over the last axis. */
export const squaredHinge = (yTrue: TensorLike, yPred: TensorLike): Tensor =>
  ops.mean(ops.square(margins('squaredHinge', yTrue, yPred)), { axis: -1 });

/** `max(neg - pos + 1, 0)`, where `pos` is `sum(yTrue * yPred)` and `neg` is `max((1 - yTrue) * yPred)` over the last axis. */
export function categoricalHinge(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pair('categoricalHinge', yTrue, yPred);
  const pos = ops.sum(ops.multiply(t, p), { axis: -1 });
  const neg = ops.max(ops.multiply(ops.subtract(1, t), p), { axis: -1 });
  return ops.maximum(ops.add(ops.subtract(neg, pos), 1), toTensor(0, p.dtype));
}
