// `keras.activations`: most are functions of `keras.ops`; those that differ or have no op of their own are written here.
import { toTensor, type TensorLike } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';
import type { SoftmaxOptions } from '../ops/activation.js';
import * as ops from '../ops/index.js';
import { publicOp } from '../ops/public.js';

export {
  celu, elu, glu, hardShrink, hardSigmoid, hardSilu, hardTanh, leakyRelu, logSigmoid, logSoftmax, relu6, selu, silu, softShrink, sparsemax,
  softplus, softsign, sparsePlus, sparseSigmoid, squareplus, tanh, tanhShrink, threshold,
} from '../ops/index.js';

/** Options of `relu`. */
export interface ReluOptions {
  /** Slope below the threshold. Default 0. */
  negativeSlope?: number;
  /** The largest value that comes out; null: no bound. Default null. */
  maxValue?: number | null;
  /** Values up to here are damped. Default 0. */
  threshold?: number;
}

/**
 * Rectified linear unit: `x` above `threshold`, at most `maxValue`, and `negativeSlope * (x - threshold)` below. By default
 * `max(x, 0)`.
 */
export const relu = publicOp('relu', (x: TensorLike, { negativeSlope = 0, maxValue = null, threshold = 0 }: ReluOptions = {}): Tensor => {
  if (negativeSlope !== 0 && maxValue === null && threshold === 0) return ops.leakyRelu(x, { negativeSlope });
  const input = toTensor(x, null, 'relu');
  let y = threshold === 0 ? ops.relu(input) : ops.where(ops.greater(input, toTensor(threshold, input.dtype)), input, 0);
  if (maxValue !== null) y = ops.clip(y, toTensor(0, y.dtype), toTensor(maxValue, y.dtype));
  if (negativeSlope === 0) return y;
  const below = ops.relu(ops.subtract(threshold, input));
  return ops.subtract(y, ops.multiply(below, negativeSlope));
}, ['negativeSlope', 'maxValue', 'threshold']);

/** `exp(x) / sum(exp(x))` along axes. The result remembers `x`, from which crossentropies compute more exactly. */
export const softmax = publicOp('softmax', (x: TensorLike, options: SoftmaxOptions = {}): Tensor => {
  const logits = toTensor(x, null, 'softmax');
  return withLogits(ops.softmax(logits, options), logits);
}, ['axis']);

/** `1 / (1 + exp(-x))`. The result remembers `x`, from which crossentropies compute more exactly. */
export const sigmoid = publicOp('sigmoid', (x: TensorLike): Tensor => {
  const logits = toTensor(x, null, 'sigmoid');
  return withLogits(ops.sigmoid(logits), logits);
});

function withLogits(probabilities: Tensor, logits: Tensor): Tensor {
  probabilities.kerasLogits = logits;
  return probabilities;
}

/** Options of `gelu`. */
export interface GeluOptions {
  /** Whether a formula with `tanh` stands for the exact one. Default false, unlike that of `ops.gelu`. */
  approximate?: boolean;
}

/** `x` times the probability that a standard normal is at most `x` (Hendrycks & Gimpel, 2016). */
export const gelu = ((x: TensorLike, options: GeluOptions = {}) => ops.gelu(x, { approximate: false, ...options })) as typeof ops.gelu;

/** `e` to the power of `x`. */
export const exponential = publicOp('exponential', (x: TensorLike): Tensor => ops.exp(x));

/** `x * tanh(softplus(x))` (Misra, 2019). */
export const mish = publicOp('mish', (x: TensorLike): Tensor => {
  const input = toTensor(x, null, 'mish');
  return ops.multiply(input, ops.tanh(ops.softplus(input)));
});

/** `x` itself. */
export const linear = <T>(x: T): T => x;
