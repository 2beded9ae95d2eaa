// Normalisation functions of `keras.ops`.
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { floatType, resultType } from '../base/dtype.js';
import { settings } from '../base/settings.js';
import { integer } from '../base/integers.js';
import { normalizeAxes, normalizeAxis, showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { keptShape, meanOf, reduceAxes, varianceOf, type Axis } from './axes.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { promote, publicOp, toFloat, widened } from './public.js';

/** Options of `normalize`. */
export interface NormalizeOptions {
  /** Default -1. */
  axis?: Axis;
  /** The exponent of the norm, an integer of at least 1. Default 2. */
  order?: number;
  /** The least norm to divide by. Default null: `config.epsilon()`. */
  epsilon?: number | null;
}
/** The norm of vectors along one axis, or of matrices in two (order 1: the largest sum of a column), with the axes kept. */
function normOf(x: Tensor, order: number, axes: readonly number[]): Tensor {
  const kept = keptShape(x.shape, axes);
  const sizes = p.absolute(x);
  if (axes.length === 1) {
    const powers = order === 1 ? sizes : p.power(sizes, constant(order, x));
    const sum = p.reshape(reduceAxes(p.sum, powers, axes), kept);
    return order === 1 ? sum : p.power(sum, constant(1 / order, x));
  }
  if (axes.length === 2 && order === 1) return p.reshape(p.max(p.sum(sizes, axes[0]!), axes[1]! - 1), kept);
  throw new RangeError(`normalize: order ${order} is not defined over ${axes.length} axes`);
}
/** `x / max(norm(x), epsilon)` along an axis. */
export const normalize = publicOp('normalize', (x: TensorLike, { axis = -1, order = 2, epsilon = null }: NormalizeOptions = {}): Tensor => {
  integer('normalize', 'order', order, { min: 1 });
  const given = toFloat('normalize', x);
  const tensor = given.ndim === 0 ? p.reshape(given, [1]) : given;
  const axes = normalizeAxes(axis, tensor.ndim, 'normalize');
  const least = epsilon ?? settings.epsilon;
  return widened(tensor, (wide) => {
    if (order !== 2) return p.divide(wide, p.maximum(normOf(wide, order, axes), constant(least, wide)));
    // The squared norm is bounded before the root, so that zeros have a gradient.
    const squares = p.reshape(reduceAxes(p.sum, p.square(wide), axes), keptShape(wide.shape, axes));
    return p.multiply(wide, p.rsqrt(p.maximum(squares, constant(least * least, wide))));
  });
}, ['axis', 'order', 'epsilon']);

/** Options of `batchNormalization`. */
export interface BatchNormalizationOptions {
  /** Added to the result, one number for each entry of the axis. Default null: none. */
  offset?: TensorLike | null;
  /** Multiplied with the normalised values, one number for each entry of the axis. Default null: none. */
  scale?: TensorLike | null;
  /** Added to the variance. Default 0.001. */
  epsilon?: number;
}
/** `(x - mean) / sqrt(variance + epsilon) * scale + offset`, with statistics for each entry of one axis. */
export const batchNormalization = publicOp(
  'batchNormalization',
  (
    x: TensorLike,
    mean: TensorLike,
    variance: TensorLike,
    axis: number,
    { offset = null, scale = null, epsilon = 1e-3 }: BatchNormalizationOptions = {},
  ): Tensor => {
    const tensor = toFloat('batchNormalization', x);
    const along = normalizeAxis(axis, tensor.ndim, 'batchNormalization');
    const place = (value: TensorLike): Tensor => {
      const vector = toFloat('batchNormalization', value);
      if (vector.size !== tensor.shape[along])
        throw new RangeError(
          `batchNormalization: ${showShape(vector.shape)} does not fit axis ${axis} of shape ${showShape(tensor.shape)}`,
        );
      return p.reshape(
        vector,
        tensor.shape.map((d, i) => (i === along ? d : 1)),
      );
    };
    const combine =
      (fn: (a: Tensor, b: Tensor) => Tensor) =>
      (a: Tensor, b: Tensor): Tensor => {
        const [left, right] = promote('batchNormalization', [a, b]);
        return fn(left!, right!);
      };
    const [add, multiply] = [combine(p.add), combine(p.multiply)];
    const spread = place(variance);
    const root = p.rsqrt(p.add(spread, constant(epsilon, spread)));
    const factor = scale === null ? root : multiply(root, place(scale));
    const shifted = p.negative(multiply(place(mean), factor));
    return add(multiply(tensor, factor), offset === null ? shifted : add(shifted, place(offset)));
  },
  ['offset', 'scale', 'epsilon'],
);

/** 16-bit floats are normalised in float32. */
const computeType = (x: Tensor) => resultType(floatType(x.dtype), 'float32');
/** Weights of the normalised axes with as many axes as the tensor; they broadcast as they are when only the last is normalised. */
function alongAxes(weights: TensorLike, x: Tensor, axes: readonly number[]): Tensor {
  const tensor = toTensor(weights, x.dtype, 'layerNormalization');
  if (tensor.ndim === x.ndim || (axes.length === 1 && axes[0] === x.ndim - 1)) return tensor;
  return p.reshape(tensor, x.shape.map((d, i) => (axes.includes(i) ? d : 1)));
}
/** Options of `layerNormalization`. */
export interface LayerNormalizationOptions {
  /** Multiplied with the normalised values. Default null: none. */
  gamma?: TensorLike | null;
  /** Added to the result. Default null: none. */
  beta?: TensorLike | null;
  /** Default -1. */
  axis?: number | readonly number[];
  /** Added to the variance. Default null: `config.epsilon()`. */
  epsilon?: number | null;
  /**
   * Divides by the standard deviation without subtracting the mean or adding `beta`; deprecated in Keras for `rmsNormalization`. Default
   * false.
   */
  rmsScaling?: boolean;
}
/** `(x - mean) / sqrt(variance + epsilon) * gamma + beta`, with the statistics of each example along axes (Ba et al., 2016). */
export const layerNormalization = publicOp(
  'layerNormalization',
  (x: TensorLike, { gamma = null, beta = null, axis = -1, epsilon = null, rmsScaling = false }: LayerNormalizationOptions = {}): Tensor => {
    const given = toTensor(x, null, 'layerNormalization');
    const tensor = castTo(given, computeType(given));
    const axes = normalizeAxes(axis, tensor.ndim, 'layerNormalization');
    const kept = keptShape(tensor.shape, axes);
    const mean = p.reshape(meanOf(tensor, axes), kept);
    const variance = p.reshape(varianceOf(tensor, axes), kept);
    const root = p.rsqrt(p.add(variance, constant(epsilon ?? settings.epsilon, tensor)));
    const factor = gamma === null ? root : p.multiply(root, alongAxes(gamma, tensor, axes));
    if (rmsScaling) return castTo(p.multiply(tensor, factor), given.dtype);
    const shifted = p.negative(p.multiply(mean, factor));
    const offset = beta === null ? shifted : p.add(shifted, alongAxes(beta, tensor, axes));
    return castTo(p.add(p.multiply(tensor, factor), offset), given.dtype);
  },
  ['gamma', 'beta', 'axis', 'epsilon', 'rmsScaling'],
);

/** Options of `rmsNormalization`. */
export interface RmsNormalizationOptions {
  /** Multiplied with the normalised values. Default null: none. */
  scale?: TensorLike | null;
  /** Default -1. */
  axis?: number | readonly number[];
  /** Added to the mean square. Default null: `config.epsilon()`. */
  epsilon?: number | null;
}
/** `x / sqrt(mean(x²) + epsilon) * scale` along axes (Zhang and Sennrich, 2019). */
export const rmsNormalization = publicOp(
  'rmsNormalization',
  (x: TensorLike, { scale = null, axis = -1, epsilon = null }: RmsNormalizationOptions = {}): Tensor => {
    const given = toTensor(x, null, 'rmsNormalization');
    const wide = castTo(given, computeType(given));
    const tensor = wide.ndim === 0 ? p.reshape(wide, [1]) : wide;
    const axes = normalizeAxes(axis, tensor.ndim, 'rmsNormalization');
    const power = p.reshape(meanOf(p.square(tensor), axes), keptShape(tensor.shape, axes));
    const result = p.multiply(tensor, p.rsqrt(p.add(power, constant(epsilon ?? settings.epsilon, tensor))));
    return castTo(scale === null ? result : p.multiply(result, toTensor(scale, tensor.dtype, 'rmsNormalization')), given.dtype);
  },
  ['scale', 'axis', 'epsilon'],
);

/** The peak signal-to-noise ratio of two signals in decibels, a scalar; `maxVal` is the largest value that a signal can have. */
export const psnr = publicOp('psnr', (x1: TensorLike, x2: TensorLike, maxVal: number): Tensor => {
  const [a, b] = promote('psnr', [x1, x2], floatType) as [Tensor, Tensor];
  const squares = p.square(p.subtract(a, b));
  const error = meanOf(squares, [...squares.shape.keys()]);
  return p.subtract(constant(20 * Math.log10(maxVal), error), p.multiply(constant(10, error), p.log10(error)));
});
