// Loss functions for masks of images: how much targets and predictions overlap.
import type { TensorLike } from '../core/convert.js';
import { checkOptions } from '../base/errors.js';
import { settings } from '../base/settings.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { operand, pair } from './tensors.js';

/** Options of `dice`. */
export interface DiceOptions {
  /** The axes of one image; null: all. Default null. */
  axis?: number | readonly number[] | null;
}

/** `1 - 2 * sum(yTrue * yPred) / (sum(yTrue) + sum(yPred) + epsilon)`. */
export function dice(yTrue: TensorLike, yPred: TensorLike, options: DiceOptions = {}): Tensor {
  checkOptions('dice', options, ['axis']);
  const axis = options.axis ?? null;
  const [t, p] = pair('dice', yTrue, yPred).map(operand) as [Tensor, Tensor];
  const both = ops.sum(ops.multiply(t, p), { axis });
  const all = ops.add(ops.add(ops.sum(t, { axis }), ops.sum(p, { axis })), settings.epsilon);
  return ops.subtract(1, ops.divide(ops.multiply(both, 2), all));
}

/** Options of `tversky`. */
export interface TverskyOptions extends DiceOptions {
  /** Weight of the false positives. Default 0.5. */
  alpha?: number;
  /** Weight of the false negatives. Default 0.5. */
  beta?: number;
}

/**
 * `1 - tp / (tp + alpha * fp + beta * fn + epsilon)`, with the sums of true positives, false positives and false negatives (Salehi et al.,
 * 2017).
 */
export function tversky(yTrue: TensorLike, yPred: TensorLike, options: TverskyOptions = {}): Tensor {
  checkOptions('tversky', options, ['alpha', 'beta', 'axis']);
  const { alpha = 0.5, beta = 0.5, axis = null } = options;
  const [t, p] = pair('tversky', yTrue, yPred).map(operand) as [Tensor, Tensor];
  const both = ops.sum(ops.multiply(p, t), { axis });
  const falsePositives = ops.sum(ops.multiply(ops.subtract(1, t), p), { axis });
  const falseNegatives = ops.sum(ops.multiply(t, ops.subtract(1, p)), { axis });
  const all = ops.add(ops.add(both, ops.multiply(falsePositives, alpha)), ops.multiply(falseNegatives, beta));
  return ops.subtract(1, ops.divide(both, ops.add(all, settings.epsilon)));
}
