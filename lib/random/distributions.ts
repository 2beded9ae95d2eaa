// Draws of `keras.random` whose distributions have a parameter for each element.
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { isFloat, isHalf, standardizeDType, type DType, type DTypeLike } from '../base/dtype.js';
import { integer } from '../base/integers.js';
import { broadcastShapes, sameShape, showShape, type Shape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { toShape, type ShapeLike } from '../ops/axes.js';
import * as p from '../ops/primitives/index.js';
import { publicOp, toFloat } from '../ops/public.js';
import { floatDType, type FloatDrawOptions, type SeedOptions } from './functions.js';
import { drawSeed } from './seed-generator.js';

/** The dtype in which a float dtype is drawn. */
const drawn = (dtype: DType): DType => (isHalf(dtype) ? 'float32' : dtype);

/** A parameter in each place of the shape. */
function spread(where: string, name: string, value: TensorLike, shape: Shape, dtype: DType): Tensor {
  const tensor = toTensor(value, drawn(dtype), where);
  if (!sameShape(broadcastShapes(tensor.shape, shape, where), shape)) {
    throw new RangeError(`${where}: ${name} of shape ${showShape(tensor.shape)} does not broadcast to ${showShape(shape)}`);
  }
  return p.broadcastTo(tensor, shape);
}

/**
 * Draws from the gamma distribution of shape `alpha`, a number or a tensor that broadcasts to the shape, and scale 1. NaN where `alpha` is
 * negative. Gradients flow to `alpha`.
 */
export const gamma = publicOp(
  'gamma',
  (shape: ShapeLike, alpha: TensorLike, { dtype = null, seed = null }: FloatDrawOptions = {}): Tensor => {
    const type = floatDType('gamma', dtype);
    return castTo(p.randomGamma(drawSeed('gamma', seed), spread('gamma', 'alpha', alpha, toShape(shape, 'gamma'), type)), type);
  },
  ['dtype', 'seed'],
);

/**
 * Draws from the beta distribution, whose parameters are numbers or tensors that broadcast to the shape. NaN where one of them is negative.
 * Gradients flow to both.
 */
export const beta = publicOp(
  'beta',
  (shape: ShapeLike, alpha: TensorLike, beta: TensorLike, { dtype = null, seed = null }: FloatDrawOptions = {}): Tensor => {
    const type = floatDType('beta', dtype);
    const sizes = toShape(shape, 'beta');
    const key = drawSeed('beta', seed);
    // x / (x + y) of two gamma variates, by their logarithms: those of small shapes may be too small for a float.
    const x = p.randomGamma(key, spread('beta', 'alpha', alpha, sizes, type), { logarithm: true });
    const y = p.randomGamma(key, spread('beta', 'beta', beta, sizes, type), { logarithm: true, stream: 1 });
    return castTo(p.sigmoid(p.subtract(x, y)), type);
  },
  ['dtype', 'seed'],
);

/**
 * How often something of the given probability happens in `counts` attempts. Both are numbers or tensors that broadcast to the shape. NaN
 * where the counts are negative or the probability is outside of 0 to 1.
 */
export const binomial = publicOp(
  'binomial',
  (shape: ShapeLike, counts: TensorLike, probabilities: TensorLike, { dtype = null, seed = null }: FloatDrawOptions = {}): Tensor => {
    const type = floatDType('binomial', dtype);
    const sizes = toShape(shape, 'binomial');
    const [n, share] = [spread('binomial', 'counts', counts, sizes, type), spread('binomial', 'probabilities', probabilities, sizes, type)];
    return castTo(p.randomBinomial(drawSeed('binomial', seed), n, share), type);
  },
  ['dtype', 'seed'],
);

/** Options of `categorical`. */
export interface CategoricalOptions extends SeedOptions {
  /** Element type of the classes' numbers. Default `'int32'`. */
  dtype?: DTypeLike;
}
/** `numSamples` classes for each row of `logits` `(rows, classes)`, the logarithms of probabilities but for a constant a row. */
export const categorical = publicOp(
  'categorical',
  (logits: TensorLike, numSamples: number, { dtype = 'int32', seed = null }: CategoricalOptions = {}): Tensor => {
    const given = toTensor(logits, null, 'categorical');
    if (given.ndim !== 2 || given.shape[1] === 0)
      throw new RangeError(`categorical: logits must have the shape (rows, classes), received ${showShape(given.shape)}`);
    integer('categorical', 'numSamples', numSamples, { min: 0 });
    const scores = isFloat(given.dtype) ? given : toFloat('categorical', given);
    return castTo(
      p.randomCategorical(drawSeed('categorical', seed), castTo(scores, drawn(scores.dtype)), numSamples),
      standardizeDType(dtype),
    );
  },
  ['dtype', 'seed'],
);
