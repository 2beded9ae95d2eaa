// `keras.random`: draws from distributions, dropout and shuffling. The same seed gives the same values on one instruction set.
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import type { DType, DTypeLike } from '../base/dtype.js';
import { isFloat, isHalf, isInteger, standardizeDType } from '../base/dtype.js';
import { checkOptions, show } from '../base/errors.js';
import { integer } from '../base/integers.js';
import { broadcastShapes, checkShape, normalizeAxis, sameShape, showShape, type Shape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { toShape, type ShapeLike } from '../ops/axes.js';
import * as p from '../ops/primitives/index.js';
import { constant } from '../ops/primitives/primitive.js';
import { publicOp, toFloat } from '../ops/public.js';
import { drawSeed, type Seed } from './seed-generator.js';

/** Options of all random functions. */
export interface SeedOptions {
  /** Default null: the global generator. */
  seed?: Seed;
}
/** Options of draws of floats. */
export interface FloatDrawOptions extends SeedOptions {
  /** A float dtype. Default null: `floatx`. */
  dtype?: DTypeLike | null;
}

/** A dtype option that must be a float; null and undefined mean `floatx`. */
export function floatDType(where: string, dtype: DTypeLike | null | undefined): DType {
  const type = standardizeDType(dtype);
  if (!isFloat(type)) throw new TypeError(`${where}: the dtype must be a float, received ${type}`);
  return type;
}
type FloatDraw = (seed: Tensor, shape: Shape, dtype: DType, attrs: { floats: readonly number[] }) => Tensor;
/** A draw of floats; 16-bit ones are drawn as float32 and rounded. */
function drawFloats(
  where: string,
  draw: FloatDraw,
  shape: ShapeLike,
  floats: readonly number[],
  { dtype, seed }: FloatDrawOptions,
): Tensor {
  const type = floatDType(where, dtype);
  return castTo(draw(drawSeed(where, seed), toShape(shape, where), isHalf(type) ? 'float32' : type, { floats }), type);
}

/** Options of `uniform`. */
export interface UniformOptions extends FloatDrawOptions {
  /** The least value. Default 0. */
  minval?: number;
  /** The bound above, which is not drawn. Default 1. */
  maxval?: number;
}
/** Evenly distributed floats in `minval <= x < maxval`. */
export function uniform(shape: ShapeLike, options: UniformOptions = {}): Tensor {
  checkOptions('uniform', options, ['minval', 'maxval', 'dtype', 'seed']);
  const { minval = 0, maxval = 1 } = options;
  const drawn = drawFloats('uniform', p.randomUniform, shape, [minval, maxval], options);
  // Rounding to 16 bits may reach the upper bound.
  return isHalf(drawn.dtype) ? p.select(p.less(drawn, constant(maxval, drawn)), drawn, constant(minval, drawn)) : drawn;
}

/** Options of `normal` and `truncatedNormal`. */
export interface NormalOptions extends FloatDrawOptions {
  /** Default 0. */
  mean?: number;
  /** Standard deviation. Default 1. */
  stddev?: number;
}
const NORMAL_OPTIONS = ['mean', 'stddev', 'dtype', 'seed'] as const;
/** Normally distributed floats. */
export function normal(shape: ShapeLike, options: NormalOptions = {}): Tensor {
  checkOptions('normal', options, NORMAL_OPTIONS);
  return drawFloats('normal', p.randomNormal, shape, [options.mean ?? 0, options.stddev ?? 1], options);
}
/** Normally distributed floats within two standard deviations of the mean; `stddev` is that of the distribution before it is cut off. */
export function truncatedNormal(shape: ShapeLike, options: NormalOptions = {}): Tensor {
  checkOptions('truncatedNormal', options, NORMAL_OPTIONS);
  return drawFloats('truncatedNormal', p.randomTruncatedNormal, shape, [options.mean ?? 0, options.stddev ?? 1], options);
}

/** Options of `randint`. */
export interface RandintOptions extends SeedOptions {
  /** An integer dtype. Default `'int32'`. */
  dtype?: DTypeLike;
}
/** Evenly distributed whole numbers in `minval <= x < maxval`. */
export function randint(shape: ShapeLike, minval: number, maxval: number, options: RandintOptions = {}): Tensor {
  checkOptions('randint', options, ['dtype', 'seed']);
  const dtype = standardizeDType(options.dtype ?? 'int32');
  if (!isInteger(dtype)) throw new TypeError(`randint: the dtype must be an integer, received ${dtype}`);
  if (integer('randint', 'minval', minval) >= integer('randint', 'maxval', maxval)) {
    throw new RangeError(`randint: expected integers minval < maxval, received ${show(minval)} and ${show(maxval)}`);
  }
  return p.randomInt(drawSeed('randint', options.seed), toShape(shape, 'randint'), dtype, { ints: [minval, maxval] });
}

/** Options of `dropout`. */
export interface DropoutOptions extends SeedOptions {
  /** Shape of the mask, which broadcasts to that of the inputs; null entries take theirs. Default null: that of the inputs. */
  noiseShape?: readonly (number | null)[] | null;
}
/**
 * The inputs with a share `rate` of the elements set to 0 and the others divided by `1 - rate`, so that the sum stays the same on average.
 */
export const dropout = publicOp(
  'dropout',
  (inputs: TensorLike, rate: number, { noiseShape = null, seed = null }: DropoutOptions = {}): Tensor => {
    if (!(rate >= 0 && rate <= 1)) throw new RangeError(`dropout: the rate must be from 0 to 1, received ${show(rate)}`);
    const tensor = toFloat('dropout', inputs);
    const shape = noiseShape === null ? tensor.shape : noiseShape.map((d, i) => d ?? tensor.shape[i]!);
    checkShape(shape, 'dropout');
    if (!sameShape(broadcastShapes(shape, tensor.shape, 'dropout'), tensor.shape))
      throw new RangeError(`dropout: a mask of shape ${showShape(shape)} does not fit ${showShape(tensor.shape)}`);
    if (rate === 0) return tensor;
    const zero = constant(0, tensor);
    if (rate === 1) return p.multiply(tensor, zero);
    const noise = p.randomUniform(drawSeed('dropout', seed), shape, 'float32', { floats: [0, 1] });
    return p.select(p.less(noise, constant(1 - rate, noise)), p.divide(tensor, constant(1 - rate, tensor)), zero);
  },
  ['noiseShape', 'seed'],
);

/** Options of `shuffle`. */
export interface ShuffleOptions extends SeedOptions {
  /** Default 0. */
  axis?: number;
}
/** The slices along an axis in random order. */
export const shuffle = publicOp('shuffle', (x: TensorLike, { axis = 0, seed = null }: ShuffleOptions = {}): Tensor => {
  const tensor = toTensor(x, null, 'shuffle');
  const along = normalizeAxis(axis, tensor.ndim, 'shuffle');
  return p.gather(tensor, p.permutation(drawSeed('shuffle', seed), [tensor.shape[along]!], 'int32'), along);
}, ['axis', 'seed']);

/** The numbers 0 … n-1 in random order, int32: that of `seed`. */
export const randomPermutation = (n: number, seed: number): Tensor => p.permutation(drawSeed('randomPermutation', seed), [n], 'int32');
