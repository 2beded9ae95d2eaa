// Reductions of `keras.ops`: sums, extremes, moments and counts along axes.
import type { TensorLike } from '../core/convert.js';
import { filled, toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import type { DType } from '../base/dtype.js';
import { floatType, isFloat, isHalf, isInexact } from '../base/dtype.js';
import { normalizeAxes, normalizeAxis, sameShape, showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { countOf, keptShape, meanOf, reduceAxes, varianceOf, type Axis, type Kernel } from './axes.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { promote, publicOp, toFloat, widened } from './public.js';

/** Options of the reductions. */
export interface ReduceOptions {
  /** Default null: all axes. */
  axis?: Axis;
  /** Whether the reduced axes stay, with size 1. Default false. */
  keepdims?: boolean;
}
const REDUCE_OPTIONS = ['axis', 'keepdims'] as const;

/** An op that reduces along axes. `reduce` gets the axes from the front, in ascending order. */
function reduction(
  name: string,
  reduce: (x: Tensor, axes: readonly number[]) => Tensor,
  prepare: (x: TensorLike) => Tensor = (x) => toTensor(x, null, name),
) {
  return publicOp(
    name,
    (x: TensorLike, { axis = null, keepdims = false }: ReduceOptions = {}): Tensor => {
      const tensor = prepare(x);
      const axes = normalizeAxes(axis, tensor.ndim, name);
      const result = reduce(tensor, axes);
      return keepdims ? p.reshape(result, keptShape(tensor.shape, axes)) : result;
    },
    REDUCE_OPTIONS,
  );
}

/** The dtype in which integers are added up: 32 bits at least, as in NumPy and Keras. */
function totalType(dtype: DType): DType {
  if (dtype === 'bool' || dtype === 'int8' || dtype === 'int16') return 'int32';
  return dtype === 'uint8' || dtype === 'uint16' ? 'uint32' : dtype;
}
const total = (kernel: Kernel) => (x: Tensor, axes: readonly number[]): Tensor =>
  widened(castTo(x, totalType(x.dtype)), (wide) => reduceAxes(kernel, wide, axes));
const sumOf = total(p.sum);
const prodOf = total(p.prod);

/** The sum along axes. Bools and small integers are added up as int32 or uint32. */
export const sum = reduction('sum', sumOf);

/** Options of `prod`. */
export interface ProdOptions extends ReduceOptions {
  /** Dtype to multiply in. Default: that of the tensor, 32 bits at least for integers. */
  dtype?: DType | null;
}
/** The product along axes. Bools and small integers are multiplied as int32 or uint32. */
export const prod = publicOp('prod', (x: TensorLike, { axis = null, keepdims = false, dtype = null }: ProdOptions = {}): Tensor => {
  const tensor = toTensor(x, dtype, 'prod');
  const axes = normalizeAxes(axis, tensor.ndim, 'prod');
  const result = prodOf(tensor, axes);
  return castTo(keepdims ? p.reshape(result, keptShape(tensor.shape, axes)) : result, dtype ?? result.dtype);
}, [...REDUCE_OPTIONS, 'dtype']);

const floats = (name: string) => (x: TensorLike) => toFloat(name, x);
/** Integers are averaged in float32, floats in their own dtype. */
const averaged = (name: string) => (x: TensorLike) => {
  const tensor = toTensor(x, null, name);
  return castTo(tensor, isInexact(tensor.dtype) ? tensor.dtype : 'float32');
};
/** The mean along axes; integers give float32. 16-bit floats are averaged in float32. */
export const mean = reduction('mean', meanOf, averaged('mean'));
const variance = reduction('var', varianceOf, floats('var'));
/** The variance along axes (divided by the number of elements); integers give `floatx`. */
export { variance as var };
/** The standard deviation along axes (of the whole population); integers give `floatx`. */
export const std = reduction('std', (x, axes) => widened(x, (wide) => p.sqrt(varianceOf(wide, axes))), floats('std'));

function extreme(name: string, kernel: Kernel, x: Tensor, axes: readonly number[]): Tensor {
  if (countOf(x, axes) === 0)
    throw new RangeError(`${name}: no elements to choose from: a tensor of shape ${showShape(x.shape)} along axes [${axes.join(', ')}]`);
  return widened(x, (wide) => reduceAxes(kernel, wide, axes));
}
const maxOf = (name: string) => (x: Tensor, axes: readonly number[]): Tensor => extreme(name, p.max, x, axes);
const minOf = (name: string) => (x: Tensor, axes: readonly number[]): Tensor => extreme(name, p.min, x, axes);

/** Options of `max` and `min`. */
export interface ExtremeOptions extends ReduceOptions {
  /** A value that takes part in the comparison, and the result where there are no elements. Default null: none. */
  initial?: number | null;
}
function withInitial(name: string, kernel: Kernel, combine: (a: Tensor, b: Tensor) => Tensor) {
  return publicOp(name, (x: TensorLike, { axis = null, keepdims = false, initial = null }: ExtremeOptions = {}): Tensor => {
    const tensor = toTensor(x, null, name);
    const axes = normalizeAxes(axis, tensor.ndim, name);
    const kept = keptShape(tensor.shape, axes);
    const shape = keepdims ? kept : tensor.shape.filter((_, i) => !axes.includes(i));
    if (initial === null) return p.reshape(extreme(name, kernel, tensor, axes), shape);
    const first = filled(shape, initial, tensor.dtype);
    return countOf(tensor, axes) === 0 ? first : combine(p.reshape(extreme(name, kernel, tensor, axes), shape), first);
  }, [...REDUCE_OPTIONS, 'initial']);
}
/** The largest element along axes; NaN if there is one. Throws when there are no elements and no `initial`. */
export const max = withInitial('max', p.max, p.maximum);
/** The smallest element along axes; NaN if there is one. Throws when there are no elements and no `initial`. */
export const min = withInitial('min', p.min, p.minimum);
/** The largest element along axes; NaN if there is one. */
export const amax = reduction('amax', maxOf('amax'));
/** The smallest element along axes; NaN if there is one. */
export const amin = reduction('amin', minOf('amin'));
/** The distance from the smallest to the largest element along axes. */
export const ptp = reduction('ptp', (x, axes) => p.subtract(maxOf('ptp')(x, axes), minOf('ptp')(x, axes)));

const quantifier = (name: string, kernel: Kernel, ofNone: 0 | 1) =>
  reduction(name, (x, axes) => {
    if (countOf(x, axes) > 0) return reduceAxes(kernel, x, axes);
    return filled(x.shape.filter((_, i) => !axes.includes(i)), ofNone, 'bool');
  }, (x) => toTensor(x, 'bool', name));
/** Whether any element along axes is true (or not 0). */
export const any = quantifier('any', p.max, 0);
/** Whether all elements along axes are true (or not 0). */
export const all = quantifier('all', p.min, 1);

/** Options of `countNonzero`. */
export interface CountNonzeroOptions {
  /** Default null: all axes. */
  axis?: Axis;
}
/** The number of elements along axes that are not 0, int32. */
export const countNonzero = publicOp('countNonzero', (x: TensorLike, { axis = null }: CountNonzeroOptions = {}): Tensor => {
  const truth = toTensor(x, 'bool', 'countNonzero');
  return sumOf(truth, normalizeAxes(axis, truth.ndim, 'countNonzero'));
}, ['axis']);

/** Options of `argmax` and `argmin`. */
export interface ArgOptions {
  /** Default null: the index into the flattened tensor. */
  axis?: number | null;
  /** Whether the reduced axis stays, with size 1 (all of them when `axis` is null). Default false. */
  keepdims?: boolean;
}
// The smallest normal numbers.
const TINY = { float32: 2 ** -126, float64: 2 ** -1022 } as const;
/** Floats in which -0 is less than 0, as Keras orders them, and 16-bit ones widened. */
function withOrderedZeros(x: Tensor): Tensor {
  if (!isFloat(x.dtype)) return x;
  const wide = isHalf(x.dtype) ? castTo(x, 'float32') : x;
  const zero = constant(0, wide);
  const negativeZero = p.logicalAnd(p.equal(wide, zero), p.less(p.reciprocal(wide), zero));
  return p.select(negativeZero, constant(-TINY[wide.dtype as keyof typeof TINY], wide), wide);
}
function argReduce(name: string, kernel: Kernel, x: Tensor, axis: number | null, keepdims: boolean): Tensor {
  const first = axis === null ? 0 : normalizeAxis(axis, x.ndim, name);
  const count = axis === null ? x.ndim : 1;
  const axes = Array.from({ length: count }, (_, i) => first + i);
  if (countOf(x, axes) === 0) throw new RangeError(`${name}: no elements to choose from: a tensor of shape ${showShape(x.shape)}`);
  const result = x.ndim === 0 ? filled([], 0, 'int32') : kernel(withOrderedZeros(x), first, count);
  return keepdims ? p.reshape(result, keptShape(x.shape, axes)) : result;
}
const argument = (name: string, kernel: Kernel) =>
  publicOp(name, (x: TensorLike, { axis = null, keepdims = false }: ArgOptions = {}): Tensor =>
    argReduce(name, kernel, toTensor(x, null, name), axis, keepdims), REDUCE_OPTIONS);
/** The index of the largest element along an axis, int32; the first of equal ones; NaN counts as largest. */
export const argmax = argument('argmax', p.argmax);
/** The index of the smallest element along an axis, int32; the first of equal ones; NaN counts as smallest. */
export const argmin = argument('argmin', p.argmin);

/** `log(sum(exp(x)))` along axes, without overflow. Integers become `floatx`. */
export const logsumexp = reduction(
  'logsumexp',
  (x, axes) => widened(x, (wide) => reduceAxes(p.logsumexp, wide, axes)),
  floats('logsumexp'),
);

/** Options of `average`. */
export interface AverageOptions {
  /** Default null: all axes. */
  axis?: Axis;
  /** Weights of the tensor's shape, or of the sizes of the axes. Default null: all equal. */
  weights?: TensorLike | null;
}
/** Weights with as many axes as the tensor: those that are named stay, the others have size 1. */
function alongAxes(weights: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  if (sameShape(weights.shape, x.shape)) return weights;
  const sizes = axes.map((axis) => x.shape[axis]!);
  if (!sameShape(weights.shape, sizes)) {
    throw new RangeError(
      `average: weights of shape ${showShape(weights.shape)} fit neither the tensor, ${showShape(x.shape)}, nor its axes, ` +
        `${showShape(sizes)}`,
    );
  }
  return p.reshape(weights, x.shape.map((d, i) => (axes.includes(i) ? d : 1)));
}
/** The mean along axes, weighted by `weights`. Integers become `floatx`. */
export const average = publicOp('average', (x: TensorLike, { axis = null, weights = null }: AverageOptions = {}): Tensor => {
  if (weights === null) {
    const tensor = toFloat('average', x);
    return meanOf(tensor, normalizeAxes(axis, tensor.ndim, 'average'));
  }
  const [tensor, given] = promote('average', [x, weights], floatType);
  const axes = normalizeAxes(axis, tensor!.ndim, 'average');
  const factors = alongAxes(given!, tensor!, axes);
  const all = p.broadcastTo(factors, tensor!.shape);
  return p.divide(sumOf(p.multiply(tensor!, factors), axes), sumOf(all, axes));
}, ['axis', 'weights']);

/** Replaces NaN by `value`; integers have none. */
const withoutNaN = (x: Tensor, value: number): Tensor => (isFloat(x.dtype) ? p.select(p.isnan(x), constant(value, x), x) : x);
/** How many elements along axes are not NaN, in the tensor's dtype. */
const countNumbers = (x: Tensor, axes: readonly number[]): Tensor => sumOf(castTo(p.logicalNot(p.isnan(x)), x.dtype), axes);

/** The sum along axes of the elements that are not NaN. */
export const nansum = reduction('nansum', (x, axes) => sumOf(withoutNaN(x, 0), axes));
/** The product along axes of the elements that are not NaN. */
export const nanprod = reduction('nanprod', (x, axes) => prodOf(withoutNaN(x, 1), axes));
/** An extreme of the elements that are not NaN; NaN where there is none. */
const nanExtreme = (name: string, kernel: Kernel, neutral: number) =>
  reduction(name, (x, axes) => {
    const result = extreme(name, kernel, withoutNaN(x, neutral), axes);
    if (!isFloat(x.dtype)) return result;
    const none = reduceAxes(p.min, p.isnan(x), axes);
    return p.select(none, constant(NaN, result), result);
  });
/** The largest element along axes that is not NaN; NaN where all are. */
export const nanmax = nanExtreme('nanmax', p.max, -Infinity);
/** The smallest element along axes that is not NaN; NaN where all are. */
export const nanmin = nanExtreme('nanmin', p.min, Infinity);
const nanMeanOf = (x: Tensor, axes: readonly number[]): Tensor =>
  widened(x, (wide) => p.divide(sumOf(withoutNaN(wide, 0), axes), countNumbers(wide, axes)));
const nanVarianceOf = (x: Tensor, axes: readonly number[]): Tensor =>
  widened(x, (wide) => {
    const mean = p.reshape(nanMeanOf(wide, axes), keptShape(x.shape, axes));
    // NaN is replaced before the subtraction and its distance after, so that none reaches the gradient.
    const distance = p.select(p.isnan(wide), constant(0, wide), p.subtract(withoutNaN(wide, 0), mean));
    return p.divide(sumOf(p.square(distance), axes), countNumbers(wide, axes));
  });
/** The mean along axes of the elements that are not NaN. Integers become `floatx`. */
export const nanmean = reduction('nanmean', nanMeanOf, floats('nanmean'));
/** The variance along axes of the elements that are not NaN. Integers become `floatx`. */
export const nanvar = reduction('nanvar', nanVarianceOf, floats('nanvar'));
/** The standard deviation along axes of the elements that are not NaN. Integers become `floatx`. */
export const nanstd = reduction('nanstd', (x, axes) => widened(x, (wide) => p.sqrt(nanVarianceOf(wide, axes))), floats('nanstd'));

const nanArgument = (name: string, kernel: Kernel, neutral: number) =>
  publicOp(name, (x: TensorLike, { axis = null, keepdims = false }: ArgOptions = {}): Tensor => {
    const tensor = toTensor(x, null, name);
    const found = argReduce(name, kernel, withoutNaN(tensor, neutral), axis, keepdims);
    if (!isFloat(tensor.dtype)) return found;
    const none = argNone(p.isnan(tensor), axis);
    return p.select(p.reshape(none, found.shape), constant(-1, found), found);
  }, REDUCE_OPTIONS);
/** Where all elements along the axis are NaN. */
const argNone = (nan: Tensor, axis: number | null): Tensor => reduceAxes(p.min, nan, normalizeAxes(axis, nan.ndim, 'nanargmax'));
/** The index of the largest element along an axis that is not NaN, int32; -1 where all are. */
export const nanargmax = nanArgument('nanargmax', p.argmax, -Infinity);
/** The index of the smallest element along an axis that is not NaN, int32; -1 where all are. */
export const nanargmin = nanArgument('nanargmin', p.argmin, Infinity);

/** Options of `moments`. */
export interface MomentsOptions {
  /** Whether the reduced axes stay, with size 1. Default false. */
  keepdims?: boolean;
  /** Whether replicas share the statistics; with one device there is nothing to share, so true is an error. Default false. */
  synchronized?: boolean;
}
/** The largest float16: statistics of 16-bit floats stay below it, as in Keras. */
const HALF_LIMIT = 65504;
/** The mean and the variance along axes, `[mean, variance]`. 16-bit floats are computed in float32. */
export const moments = publicOp(
  'moments',
  (x: TensorLike, axes: Axis, { keepdims = false, synchronized = false }: MomentsOptions = {}): [Tensor, Tensor] => {
    if (synchronized) throw new Error('moments: synchronized: true needs several devices');
    const tensor = toFloat('moments', x);
    const list = normalizeAxes(axes, tensor.ndim, 'moments');
    const kept = keptShape(tensor.shape, list);
    const wide = isHalf(tensor.dtype) ? castTo(tensor, 'float32') : tensor;
    return [meanOf(wide, list), varianceOf(wide, list)].map((result) => {
      const narrow = isHalf(tensor.dtype)
        ? castTo(p.clip(result, constant(-HALF_LIMIT, result), constant(HALF_LIMIT, result)), tensor.dtype)
        : result;
      return keepdims ? p.reshape(narrow, kept) : narrow;
    }) as [Tensor, Tensor];
  },
  ['keepdims', 'synchronized'],
);
