// Loss functions for numbers and for distributions. Targets are converted to the dtype of the predictions.
import { scalarTensor, toTensor, type TensorLike } from '../core/convert.js';
import { checkOptions } from '../base/errors.js';
import { settings } from '../base/settings.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { fittedPair, operand, pair } from './tensors.js';

const LAST = { axis: -1 } as const;

/** `mean(square(yTrue - yPred))` over the last axis. */
export function meanSquaredError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = fittedPair('meanSquaredError', yTrue, yPred);
  return ops.mean(ops.square(ops.subtract(t, p)), LAST);
}

/** `mean(abs(yTrue - yPred))` over the last axis. */
export function meanAbsoluteError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = fittedPair('meanAbsoluteError', yTrue, yPred);
  return ops.mean(ops.absolute(ops.subtract(t, p)), LAST);
}

/** `100 * mean(abs((yTrue - yPred) / max(abs(yTrue), epsilon)))` over the last axis. */
export function meanAbsolutePercentageError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = fittedPair('meanAbsolutePercentageError', yTrue, yPred);
  const size = ops.maximum(ops.absolute(t), toTensor(settings.epsilon, p.dtype));
  return ops.multiply(ops.mean(ops.absolute(ops.divide(operand(ops.subtract(t, p)), size)), LAST), 100);
}

/** `mean(square(log(yTrue + 1) - log(yPred + 1)))` over the last axis; values below epsilon count as epsilon. */
export function meanSquaredLogarithmicError(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = fittedPair('meanSquaredLogarithmicError', yTrue, yPred);
  const epsilon = scalarTensor(settings.epsilon, settings.floatx);
  const log = (x: Tensor) => ops.log(ops.add(ops.maximum(x, epsilon), 1));
  return ops.mean(ops.square(ops.subtract(log(p), log(t))), LAST);
}

/** Options of `huber`. */
export interface HuberOptions {
  /** Where the square turns into a line. Default 1. */
  delta?: number;
}

/** The mean over the last axis of `error² / 2` up to `delta`, and of `delta * |error| - delta² / 2` beyond (Huber, 1964). */
export function huber(yTrue: TensorLike, yPred: TensorLike, options: HuberOptions = {}): Tensor {
  checkOptions('huber', options, ['delta']);
  const [t, p] = fittedPair('huber', yTrue, yPred);
  const delta = toTensor(options.delta ?? 1, p.dtype);
  const half = toTensor(0.5, p.dtype);
  const error = ops.subtract(p, t);
  const size = ops.absolute(error);
  const far = ops.subtract(ops.multiply(delta, size), ops.multiply(half, ops.square(delta)));
  return ops.mean(ops.where(ops.lessEqual(size, delta), ops.multiply(half, ops.square(error)), far), LAST);
}

/** The mean over the last axis of `log(cosh(yPred - yTrue))`: about a square for small errors, and a line for large ones. */
export function logCosh(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = fittedPair('logCosh', yTrue, yPred);
  const error = operand(ops.subtract(p, t));
  const softplus = ops.softplus(ops.multiply(error, -2));
  return ops.mean(ops.subtract(ops.add(error, softplus), toTensor(Math.LN2, p.dtype)), LAST);
}

/** `sum(yTrue * log(yTrue / yPred))` over the last axis, of distributions clipped to epsilon … 1. */
export function klDivergence(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pair('klDivergence', yTrue, yPred).map((x) => ops.clip(x, settings.epsilon, 1)) as [Tensor, Tensor];
  return ops.sum(ops.multiply(t, ops.log(ops.divide(t, p))), LAST);
}

/** `mean(yPred - yTrue * log(yPred + epsilon))` over the last axis. */
export function poisson(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [t, p] = pair('poisson', yTrue, yPred);
  const log = ops.log(ops.add(p, toTensor(settings.epsilon, p.dtype)));
  return ops.mean(ops.subtract(p, ops.multiply(t, log)), LAST);
}
