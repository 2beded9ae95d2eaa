// Activation functions of `keras.ops`, element by element or along an axis. Integers become `floatx`.
import type { TensorLike } from '../core/convert.js';
import { isFloat } from '../base/dtype.js';
import { show } from '../base/errors.js';
import { normalizeAxes, normalizeAxis, showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import type { Axis } from './axes.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { floatUnary, publicOp, toFloat, unary, widened } from './public.js';
import { moveaxis } from './shape.js';

const clipped = (x: Tensor, low: number, high: number): Tensor => p.clip(x, constant(low, x), constant(high, x));
const plus = (x: Tensor, value: number): Tensor => p.add(x, constant(value, x));
const times = (x: Tensor, value: number): Tensor => p.multiply(x, constant(value, x));
const positive = (x: Tensor): Tensor => p.greater(x, constant(0, x));

/** `max(x, 0)`. Integers stay integers. */
export const relu = unary('relu', (x) => (isFloat(x.dtype) ? p.relu(x) : p.maximum(x, constant(0, x))));
/** At 6 the derivative is 0, as that of `relu` is at 0. */
const relu6Of = (x: Tensor): Tensor => p.select(p.greaterEqual(x, constant(6, x)), constant(6, x), p.relu(x));
/** `min(max(x, 0), 6)`. */
export const relu6 = floatUnary('relu6', relu6Of);
/** `1 / (1 + exp(-x))`. */
export const sigmoid = floatUnary('sigmoid', p.sigmoid);
/** 0 up to -1, 1 from 1 on, `(x + 1) / 2` between. */
export const sparseSigmoid = floatUnary('sparseSigmoid', (x) => plus(times(clipped(x, -1, 1), 0.5), 0.5));

/** `log(1 + exp(x))` without overflow. */
const softplusOf = (x: Tensor): Tensor => p.add(p.maximum(x, constant(0, x)), p.log1p(p.exp(p.negative(p.absolute(x)))));
/** `log(1 + exp(x))` without overflow. */
export const softplus = floatUnary('softplus', softplusOf);
/** `x / (|x| + 1)`. */
export const softsign = floatUnary('softsign', (x) => p.divide(x, plus(p.absolute(x), 1)));
/** `x * sigmoid(x)`, also called swish. */
export const silu = floatUnary('silu', (x) => p.multiply(x, p.sigmoid(x)));
/** `log(sigmoid(x))` without overflow. */
export const logSigmoid = floatUnary('logSigmoid', (x) => p.negative(softplusOf(p.negative(x))));
/** `x - tanh(x)`. */
export const tanhShrink = floatUnary('tanhShrink', (x) => p.subtract(x, p.tanh(x)));
/** `x` brought into -1 … 1. */
export const hardTanh = floatUnary('hardTanh', (x) => clipped(x, -1, 1));
const hardSigmoidOf = (x: Tensor): Tensor => times(relu6Of(plus(x, 3)), 1 / 6);
/** `relu6(x + 3) / 6`. */
export const hardSigmoid = floatUnary('hardSigmoid', hardSigmoidOf);
/** `x * hardSigmoid(x)`, also called hard swish. */
export const hardSilu = floatUnary('hardSilu', (x) => p.multiply(x, hardSigmoidOf(x)));
/** 0 up to -1, `x` from 1 on, `(x + 1)² / 4` between. */
export const sparsePlus = floatUnary('sparsePlus', (x) => {
  const between = times(p.square(plus(x, 1)), 0.25);
  return p.select(p.lessEqual(x, constant(-1, x)), constant(0, x), p.select(p.greaterEqual(x, constant(1, x)), x, between));
});

/** `scale * x` where positive, `scale * alpha * (exp(x / width) - 1)` elsewhere. */
function exponentialUnit(x: Tensor, alpha: number, width = 1, scale = 1): Tensor {
  // The exponential sees no positive numbers, so that its gradient cannot overflow where it is not used.
  const below = p.select(positive(x), constant(0, x), x);
  const tail = times(p.expm1(width === 1 ? below : times(below, 1 / width)), scale * alpha);
  return p.select(positive(x), scale === 1 ? x : times(x, scale), tail);
}
/** Options of `elu` and `celu`. */
export interface AlphaOptions {
  /** The negative of the limit for very negative inputs. Default 1. */
  alpha?: number;
}
/** `x` where positive, `alpha * (exp(x) - 1)` elsewhere. */
export const elu = publicOp('elu', (x: TensorLike, { alpha = 1 }: AlphaOptions = {}): Tensor => exponentialUnit(toFloat('elu', x), alpha), [
  'alpha',
]);
/** `x` where positive, `alpha * (exp(x / alpha) - 1)` elsewhere. */
export const celu = publicOp(
  'celu',
  (x: TensorLike, { alpha = 1 }: AlphaOptions = {}): Tensor => exponentialUnit(toFloat('celu', x), alpha, alpha),
  ['alpha'],
);
// Klambauer et al., Self-Normalizing Neural Networks (2017): constants for which mean 0 and variance 1 are a fixed point.
const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;
/** The scaled exponential linear unit of self-normalising networks. */
export const selu = floatUnary('selu', (x) => exponentialUnit(x, SELU_ALPHA, 1, SELU_SCALE));

/** `x` where it is at least 0, `negativeSlope * x` elsewhere; the slope defaults to 0.2. */
export const leakyRelu = publicOp('leakyRelu', (x: TensorLike, { negativeSlope = 0.2 }: { negativeSlope?: number } = {}): Tensor => {
  const tensor = toFloat('leakyRelu', x);
  return p.select(p.greaterEqual(tensor, constant(0, tensor)), tensor, times(tensor, negativeSlope));
}, ['negativeSlope']);

/** `x` times the share of a normal distribution below it; with `approximate` (the default), by a formula with tanh. */
export const gelu = publicOp('gelu', (x: TensorLike, { approximate = true }: { approximate?: boolean } = {}): Tensor => {
  const tensor = toFloat('gelu', x);
  if (!approximate) return p.multiply(times(tensor, 0.5), p.erfc(times(tensor, -Math.SQRT1_2)));
  // Hendrycks and Gimpel (2016): tanh(√(2/π)·(x + 0.044715·x³)).
  const cubic = p.multiply(tensor, plus(times(p.square(tensor), 0.044715), 1));
  return p.multiply(times(tensor, 0.5), plus(p.tanh(times(cubic, Math.sqrt(2 / Math.PI))), 1));
}, ['approximate']);

/** Options of `hardShrink` and `softShrink`. */
export interface ShrinkOptions {
  /** Half the width of the interval around 0 that becomes 0. Default 0.5. */
  threshold?: number;
}
/** `x` where `|x|` is above the threshold, 0 elsewhere. */
export const hardShrink = publicOp('hardShrink', (x: TensorLike, { threshold = 0.5 }: ShrinkOptions = {}): Tensor => {
  const tensor = toFloat('hardShrink', x);
  return p.select(p.greater(p.absolute(tensor), constant(threshold, tensor)), tensor, constant(0, tensor));
}, ['threshold']);
/** `x` moved towards 0 by the threshold, and 0 where it would pass it. */
export const softShrink = publicOp('softShrink', (x: TensorLike, { threshold = 0.5 }: ShrinkOptions = {}): Tensor => {
  const tensor = toFloat('softShrink', x);
  const below = p.select(p.less(tensor, constant(-threshold, tensor)), plus(tensor, threshold), constant(0, tensor));
  return p.select(p.greater(tensor, constant(threshold, tensor)), plus(tensor, -threshold), below);
}, ['threshold']);
/** `x` where it is above `threshold`, `defaultValue` elsewhere. */
export const threshold = publicOp('threshold', (x: TensorLike, threshold: number, defaultValue: number): Tensor => {
  const tensor = toFloat('threshold', x);
  return p.select(p.greater(tensor, constant(threshold, tensor)), tensor, constant(defaultValue, tensor));
});
/** `(x + sqrt(x² + b)) / 2`, a smooth `relu`; `b` defaults to 4. */
export const squareplus = publicOp('squareplus', (x: TensorLike, { b = 4 }: { b?: number } = {}): Tensor => {
  const tensor = toFloat('squareplus', x);
  return times(p.add(tensor, p.sqrt(plus(p.square(tensor), b))), 0.5);
}, ['b']);

/** Options of the functions along an axis. */
export interface AxisOptions {
  /** Default -1: the last axis. */
  axis?: number;
}
/** The first half along an axis times the sigmoid of the second half. Throws when the size of the axis is odd. */
export const glu = publicOp('glu', (x: TensorLike, { axis = -1 }: AxisOptions = {}): Tensor => {
  const tensor = toFloat('glu', x);
  const along = normalizeAxis(axis, tensor.ndim, 'glu');
  const size = tensor.shape[along]!;
  if (size % 2 !== 0) throw new RangeError(`glu: the size of axis ${show(axis)} must be even, received shape ${showShape(tensor.shape)}`);
  const sizes = tensor.shape.map((d, i) => (i === along ? size / 2 : d));
  const [first, second] = [0, size / 2].map((at) => p.slice(tensor, sizes.map((_, i) => (i === along ? at : 0)), sizes));
  return p.multiply(first!, p.sigmoid(second!));
}, ['axis']);

type Normalizer = (x: Tensor, axis: number, count: number) => Tensor;
/** Normalises along axes: neighbours as they are, others after moving them to the end. */
function normalized(name: string, kernel: Normalizer, value: TensorLike, axis: Axis): Tensor {
  const x = toFloat(name, value);
  if (x.size === 0) return x;
  const axes = normalizeAxes(axis, x.ndim, name);
  if (axes.length === 0) throw new RangeError(`${name}: a scalar has no axis to normalise along`);
  const [first] = axes;
  if (axes.every((a, i) => a === first! + i)) return widened(x, (wide) => kernel(wide, first!, axes.length));
  const perm = [...x.shape.keys()].filter((i) => !axes.includes(i)).concat(axes);
  const moved = widened(p.transpose(x, perm), (wide) => kernel(wide, x.ndim - axes.length, axes.length));
  return p.transpose(moved, perm.map((_, i) => perm.indexOf(i)));
}
/** Options of `softmax` and `logSoftmax`. */
export interface SoftmaxOptions {
  /** One axis or several, over which the exponentials add up to 1; null for all. Default -1. */
  axis?: Axis;
}
/** `exp(x) / sum(exp(x))` along axes, without overflow. */
export const softmax = publicOp(
  'softmax',
  (x: TensorLike, { axis = -1 }: SoftmaxOptions = {}): Tensor => normalized('softmax', p.softmax, x, axis),
  ['axis'],
);
/** `x - log(sum(exp(x)))` along axes, without overflow. */
export const logSoftmax = publicOp(
  'logSoftmax',
  (x: TensorLike, { axis = -1 }: SoftmaxOptions = {}): Tensor => normalized('logSoftmax', p.logSoftmax, x, axis),
  ['axis'],
);

/** Sums over the last axis, which stays with size 1. */
const lastSum = (x: Tensor): Tensor => p.reshape(p.sum(x, x.ndim - 1), [...x.shape.slice(0, -1), 1]);

/**
 * Sparsemax (Martins and Astudillo, 2016) along an axis: `max(x - t, 0)`, which makes small entries exactly 0. As Keras computes it: `t`
 * comes from the sum of the cumulative sums over the support, not from the last of them, so more than one large entry gives less than the
 * paper's values. Every entry is compared with every other, so memory grows with the square of the axis.
 */
export const sparsemax = publicOp('sparsemax', (x: TensorLike, { axis = -1 }: { axis?: number } = {}): Tensor => {
  const tensor = toFloat('sparsemax', x);
  const at = normalizeAxis(axis, tensor.ndim, 'sparsemax');
  return widened(tensor, (wide) => {
    const z = moveaxis(wide, at, -1);
    const n = z.shape.at(-1)!;
    const one = constant(1, z);
    const zero = constant(0, z);
    const others = p.broadcastTo(p.reshape(z, [...z.shape.slice(0, -1), 1, n]), [...z.shape, n]);
    const own = p.reshape(z, [...z.shape, 1]);
    // Entry j comes before entry i, or is it, in descending order; equal ones keep their order.
    const index = p.iota(n, 'int32');
    const earlier = p.lessEqual(p.reshape(index, [1, n]), p.reshape(index, [n, 1]));
    const before = p.logicalOr(p.greater(others, own), p.logicalAnd(p.equal(others, own), earlier));
    const rank = p.reshape(lastSum(p.cast(before, z.dtype)), z.shape);
    const cumulative = p.reshape(lastSum(p.select(before, others, zero)), z.shape);
    const support = p.greater(p.subtract(z, p.divide(p.subtract(cumulative, one), rank)), zero);
    const total = lastSum(p.select(support, cumulative, zero));
    const threshold = p.divide(p.subtract(total, one), lastSum(p.cast(support, z.dtype)));
    return moveaxis(p.relu(p.subtract(z, threshold)), -1, at);
  });
}, ['axis']);

export { hardSilu as hardSwish, silu as swish };
