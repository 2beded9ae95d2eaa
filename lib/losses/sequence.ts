// Losses of sequences.
import { filled, toTensor, type TensorLike } from '../core/convert.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';

/** The class that stands for no label. */
const MASK = 0;

/**
 * Connectionist temporal classification: minus the logarithm of the probability of each row of labels in `yTrue` `(samples, labels)` given
 * the logits in `yPred` `(samples, steps, classes)`. Class 0 stands for no label, and zeros fill `yTrue` up.
 */
export function ctc(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [labels, logits] = [toTensor(yTrue, null, 'ctc'), toTensor(yPred, null, 'ctc')];
  if (labels.ndim !== 2) throw new RangeError(`ctc: yTrue must have the shape (samples, labels), received ${showShape(labels.shape)}`);
  if (logits.ndim !== 3)
    throw new RangeError(`ctc: yPred must have the shape (samples, steps, classes), received ${showShape(logits.shape)}`);
  const lengths = ops.countNonzero(ops.notEqual(labels, MASK), { axis: -1 });
  return ops.ctcLoss(labels, logits, lengths, filled([logits.shape[0]!], logits.shape[1]!, 'int32'), { maskIndex: MASK });
}
