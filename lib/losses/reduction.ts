// From a loss for each entry to the loss of a batch: weights, masks and reductions, as in Keras's `losses/loss.py`.
import { toTensor, type TensorLike } from '../core/convert.js';
import type { DType } from '../base/dtype.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';

/**
 * How the losses of a batch become one: their sum over their number (which `'mean'` means too), their sum, their sum over that of the
 * weights, or not at all.
 */
export const REDUCTIONS = ['sum_over_batch_size', 'sum', 'mean', 'mean_with_sample_weight', 'none'] as const;
/** A name of a reduction, or null, which means `'none'`. */
export type Reduction = (typeof REDUCTIONS)[number] | null;

/**
 * Brings ranks that differ by one last axis of size 1 together: the axis is dropped, or put behind a tensor of rank 1. Other tensors stay.
 */
export function squeezeOrExpandToSameRank(x1: Tensor, x2: Tensor): [Tensor, Tensor] {
  const fit = (long: Tensor, short: Tensor): [Tensor, Tensor] => {
    if (long.ndim !== short.ndim + 1 || long.shape.at(-1) !== 1) return [long, short];
    return short.ndim === 1 ? [long, ops.expandDims(short, -1)] : [ops.squeeze(long, { axis: -1 }), short];
  };
  if (x1.ndim > x2.ndim) return fit(x1, x2);
  const [long, short] = fit(x2, x1);
  return [short, long];
}

/**
 * The weights with the mask merged in. Where the losses will be divided by the number of all entries, those that count weigh
 * more, so that the result is their mean.
 */
export function applyMask(sampleWeight: Tensor | null, mask: Tensor | null, dtype: DType, reduction: Reduction): Tensor | null {
  if (mask === null) return sampleWeight;
  let weight = ops.cast(mask, dtype);
  if (reduction === 'mean' || reduction === 'sum_over_batch_size') {
    weight = ops.multiply(weight, ops.divideNoNan(toTensor(mask.size, dtype), ops.sum(weight)));
  }
  if (sampleWeight === null) return weight;
  const [a, b] = squeezeOrExpandToSameRank(weight, ops.cast(sampleWeight, dtype));
  return ops.multiply(b, a);
}

function reduce(values: Tensor, sampleWeight: Tensor | null, reduction: Reduction): Tensor {
  if (reduction === null || reduction === 'none' || values.ndim === 0 || (values.ndim === 1 && values.size === 0)) return values;
  const total = ops.sum(values);
  if (reduction === 'sum') return total;
  const divisor =
    reduction === 'mean_with_sample_weight' && sampleWeight !== null
      ? ops.cast(ops.sum(sampleWeight), total.dtype)
      : toTensor(values.size, total.dtype);
  return ops.divideNoNan(total, divisor);
}

/** Weights the values, leaves out what is masked, and reduces them. */
export function reduceWeighted(
  values: Tensor,
  sampleWeight: TensorLike | null,
  mask: Tensor | null,
  reduction: Reduction,
  dtype: DType,
): Tensor {
  const given = ops.cast(values, dtype);
  const weight = applyMask(sampleWeight === null ? null : toTensor(sampleWeight, dtype, 'sampleWeight'), mask, dtype, reduction);
  if (weight === null) return reduce(given, null, reduction);
  const [losses, weights] = squeezeOrExpandToSameRank(given, weight);
  return reduce(ops.multiply(losses, weights), weights, reduction);
}
