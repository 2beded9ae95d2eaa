// Functions that measure how targets and predictions vary together.
import type { TensorLike } from '../core/convert.js';
import { checkOptions } from '../base/errors.js';
import { settings } from '../base/settings.js';
import type { Tensor } from '../core/tensor.js';
import { fittedPair } from '../losses/tensors.js';
import * as ops from '../ops/index.js';

/** Options of functions along an axis. */
export interface AlongOptions {
  /** The axis, or the axes, of one vector; null: all. Default -1. */
  axis?: number | readonly number[] | null;
}

/** The cosine of the angle between targets and predictions: 1 for equal directions, -1 for opposite ones. */
export function cosineSimilarity(yTrue: TensorLike, yPred: TensorLike, options: AlongOptions = {}): Tensor {
  checkOptions('cosineSimilarity', options, ['axis']);
  const { axis = -1 } = options;
  const [t, p] = fittedPair('cosineSimilarity', yTrue, yPred);
  return ops.sum(ops.multiply(ops.normalize(t, { axis }), ops.normalize(p, { axis })), { axis });
}

/** Pearson's correlation: the mean product of targets and predictions, each less its mean and divided by its standard deviation. */
export function pearsonCorrelation(yTrue: TensorLike, yPred: TensorLike, options: AlongOptions = {}): Tensor {
  checkOptions('pearsonCorrelation', options, ['axis']);
  const { axis = -1 } = options;
  const along = { axis, keepdims: true };
  const [t, p] = fittedPair('pearsonCorrelation', yTrue, yPred).map((x) => {
    const centred = ops.subtract(x, ops.mean(x, along));
    return ops.divide(centred, ops.std(centred, along));
  }) as [Tensor, Tensor];
  return ops.mean(ops.multiply(t, p), { axis });
}

/** Lin's concordance correlation: the covariance, relative to both variances and the distance of the means. */
export function concordanceCorrelation(yTrue: TensorLike, yPred: TensorLike, options: AlongOptions = {}): Tensor {
  checkOptions('concordanceCorrelation', options, ['axis']);
  const { axis = -1 } = options;
  const along = { axis, keepdims: true };
  const [t, p] = fittedPair('concordanceCorrelation', yTrue, yPred);
  const [tMean, pMean] = [ops.mean(t, along), ops.mean(p, along)];
  const spread = ops.add(ops.var(ops.subtract(t, tMean), along), ops.var(ops.subtract(p, pMean), along));
  const norm = ops.add(spread, ops.square(ops.subtract(tMean, pMean)));
  const covariance = ops.multiply(ops.subtract(t, pMean), ops.subtract(p, pMean));
  return ops.mean(ops.divide(ops.multiply(covariance, 2), ops.add(norm, settings.epsilon)), { axis });
}
