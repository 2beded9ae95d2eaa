// Functions of `keras.ops` that order: sorting, the largest elements, medians and other quantiles.
import type { TensorLike } from '../core/convert.js';
import { filled, toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { isFloat, isInteger, resultType, type DType } from '../base/dtype.js';
import { didYouMean, show } from '../base/errors.js';
import { integer } from '../base/integers.js';
import { normalizeAxes, normalizeAxis, sameShape, showShape, sizeOf } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { keptShape, movedAxes, partOf, reduceAxes, type Axis } from './axes.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { positionalOrNamed, publicOp, toFloat } from './public.js';

/** Options of `sort`, `argsort` and `argpartition`. */
export interface SortOptions {
  /** The axis along which to sort. Default -1; null: the flattened tensor. */
  axis?: number | null;
}

/** Applies a function of the last axis along any axis; null flattens first. */
function alongLast(x: Tensor, axis: number | null, where: string, fn: (x: Tensor) => Tensor): Tensor {
  if (axis === null) return fn(p.reshape(x, [x.size]));
  const along = normalizeAxis(axis, x.ndim, where);
  if (along === x.ndim - 1) return fn(x);
  return p.transpose(fn(p.transpose(x, movedAxes(x.ndim, along, -1, where))), movedAxes(x.ndim, -1, along, where));
}

/** The elements in ascending order along an axis. NaN is last; zeros of either sign are equal, and equal elements keep their order. */
export const sort = publicOp(
  'sort',
  (x: TensorLike, { axis = -1 }: SortOptions = {}): Tensor => alongLast(toTensor(x, null, 'sort'), axis, 'sort', p.sort),
  ['axis'],
);

/**
 * The indices that sort `x` along an axis, int32. Equal elements keep their order; NaN is last. Of a scalar: `[0]`.
 */
export const argsort = publicOp('argsort', (x: TensorLike, { axis = -1 }: SortOptions = {}): Tensor => {
  const tensor = toTensor(x, null, 'argsort');
  return alongLast(tensor, tensor.ndim === 0 ? null : axis, 'argsort', p.argsort);
}, ['axis']);

/**
 * Indices along an axis of which the one at place `kth` is where a sort puts it: before it those of the elements that are not larger, in
 * ascending order, after it the others, as they stand in `x`. A negative `kth` counts from the end. int32.
 */
export const argpartition = publicOp('argpartition', (x: TensorLike, kth: number, { axis = -1 }: SortOptions = {}): Tensor =>
  alongLast(toTensor(x, null, 'argpartition'), axis, 'argpartition', (rows) => {
    const n = rows.shape.at(-1)!;
    integer('argpartition', 'kth', kth, { min: -n, max: n - 1 });
    const order = p.argsort(rows);
    const last = rows.ndim - 1;
    const smallest = (kth < 0 ? kth + n : kth) + 1;
    return p.concatenate([partOf(order, last, 0, smallest), p.sort(partOf(order, last, smallest, n - smallest))], last);
  }), ['axis']);

/** Options of `topK`. */
export interface TopKOptions {
  /** Whether the result must be in descending order; it always is. Default true. */
  sorted?: boolean;
  /** Whether equal elements must keep their order; they always do. Default true. */
  isStable?: boolean;
}
/**
 * The `k` largest elements along the last axis in descending order, and their indices (int32): `[values, indices]`. Of equal elements the
 * first comes first; NaN counts as largest.
 */
export const topK = publicOp('topK', (x: TensorLike, k: number, _: TopKOptions = {}): [Tensor, Tensor] => {
  const tensor = toTensor(x, null, 'topK');
  const size = tensor.shape.at(-1);
  if (size === undefined) throw new RangeError('topK: expected at least one axis, received a scalar');
  integer('topK', 'k', k, { min: 0, max: size });
  const shape = [...tensor.shape.slice(0, -1), k];
  if (k === 0) return [filled(shape, 0, tensor.dtype), filled(shape, 0, 'int32')];
  return p.topK(tensor, k) as [Tensor, Tensor];
}, ['sorted', 'isStable']);

/**
 * Whether the class `targets` is among the `k` with the largest `predictions`, whose last axis is the classes: a bool tensor of the shape
 * of `targets`. Classes as good as the target are all in; a NaN at the target is not, and neither is a target outside of the classes.
 */
export const inTopK = publicOp('inTopK', (targets: TensorLike, predictions: TensorLike, k: number | { k: number }): Tensor => {
  const most = integer('inTopK', 'k', positionalOrNamed<number>('inTopK', k, 'k'));
  const scores = toTensor(predictions, null, 'inTopK');
  const given = toTensor(targets, null, 'inTopK');
  if (isFloat(given.dtype)) throw new TypeError(`inTopK: targets must be integers, received ${given.dtype}`);
  const labels = castTo(given, 'int32');
  if (!sameShape(labels.shape, scores.shape.slice(0, -1)) || scores.ndim === 0) {
    throw new RangeError(
      `inTopK: targets of shape ${showShape(labels.shape)} do not fit predictions of shape ${showShape(scores.shape)}, whose last ` +
        `axis is the classes`,
    );
  }
  const classes = scores.shape.at(-1)!;
  const column = p.reshape(labels, [...labels.shape, 1]);
  const known = p.logicalAnd(p.greaterEqual(column, constant(0, column)), p.less(column, constant(classes, column)));
  const own = p.gatherAlong(scores, p.select(known, column, constant(0, column)), scores.ndim - 1);
  const counts = isFloat(own.dtype) ? p.logicalAnd(known, p.equal(own, own)) : known;
  const better = p.sum(castTo(p.logicalOr(p.greater(scores, own), p.logicalNot(counts)), 'int32'), scores.ndim - 1);
  return p.less(better, constant(most, better));
});

const METHODS = ['linear', 'lower', 'higher', 'midpoint', 'nearest', 'inverted_cdf'] as const;
/**
 * What a quantile between two elements is: their interpolation, one of them, their mean, the nearer one, or the first whose share reaches
 * `q`.
 */
export type QuantileMethod = (typeof METHODS)[number];
/** Options of `median` and `nanmedian`. */
export interface MedianOptions {
  /** Default null: all axes. */
  axis?: Axis;
  /** Whether the reduced axes stay, with size 1. Default false. */
  keepdims?: boolean;
}
/** Options of the quantiles and percentiles. */
export interface QuantileOptions extends MedianOptions {
  /** Default `'linear'`. */
  method?: QuantileMethod;
}
const QUANTILE_OPTIONS = ['axis', 'method', 'keepdims'] as const;

/** The dtype of places in an axis of size n: float32, as in Keras, while it is exact enough. */
const placeType = (x: Tensor, n: number): DType => (x.dtype === 'float64' || n > 0x10000 ? 'float64' : 'float32');

/** Sorted rows, and how many numbers each has: the axes to reduce are the last. */
interface Ranked {
  readonly rows: Tensor;
  readonly lead: readonly number[];
  /** Numbers in each row, [...lead, 1], or of all rows. */
  readonly counts: Tensor;
}
function ranked(x: Tensor, axes: readonly number[], where: string, ignoreNaN: boolean): Ranked {
  const others = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
  const n = sizeOf(axes.map((axis) => x.shape[axis]!));
  if (n === 0)
    throw new RangeError(`${where}: no elements to choose from: a tensor of shape ${showShape(x.shape)} along axes [${axes.join(', ')}]`);
  const lead = others.map((axis) => x.shape[axis]!);
  const rows = p.sort(p.reshape(p.transpose(x, [...others, ...axes]), [...lead, n]));
  const dtype = placeType(x, n);
  if (!ignoreNaN) return { rows, lead, counts: filled([], n, dtype) };
  const numbers = castTo(p.equal(rows, rows), dtype);
  return { rows, lead, counts: p.reshape(p.sum(numbers, lead.length), [...lead, 1]) };
}

/** The element of each row at places [...lead or (), Q], which are in range. */
function pick({ rows, lead }: Ranked, places: Tensor): Tensor {
  const index = castTo(places, 'int32');
  return index.ndim === 1 ? p.gather(rows, index, lead.length) : p.gatherAlong(rows, index, lead.length);
}

/**
 * Quantiles of sorted rows: [...lead, Q]. `q` is [Q]. Where a quantile is an element, its derivative in `q` is that of the interval below
 * with `fromBelow`, else 0.
 */
function quantilesOf(given: Ranked, q: Tensor, method: QuantileMethod, fromBelow: boolean): Tensor {
  const { rows, counts } = given;
  const [zero, one] = [constant(0, q), constant(1, q)];
  const last = p.subtract(counts, one);
  const within = (place: Tensor) => p.maximum(p.stopGradient(p.minimum(place, last)), zero);
  if (method === 'inverted_cdf') return pick(given, within(p.subtract(p.ceil(p.multiply(q, counts)), one)));
  const place = p.multiply(q, last);
  const above = p.ceil(place);
  const below = fromBelow && method === 'linear' ? p.maximum(p.subtract(above, one), p.minimum(above, zero)) : p.floor(place);
  if (method === 'lower') return pick(given, within(below));
  if (method === 'higher') return pick(given, within(above));
  const share = p.subtract(place, below);
  const [low, high] = [pick(given, within(below)), pick(given, within(above))];
  if (method === 'midpoint') return p.multiply(p.add(low, high), constant(0.5, low));
  if (method === 'nearest') return p.select(p.lessEqual(p.broadcastTo(share, low.shape), constant(0.5, share)), low, high);
  const wide = (value: Tensor) => castTo(value, q.dtype);
  return castTo(p.add(p.multiply(wide(low), p.subtract(one, share)), p.multiply(wide(high), share)), rows.dtype);
}

interface Request {
  readonly axis?: Axis;
  readonly method?: QuantileMethod;
  readonly keepdims?: boolean;
  readonly ignoreNaN: boolean;
  readonly fromBelow?: boolean;
}
/** Quantiles `q` (a scalar or [Q], a float) of `x` along axes; the axis of `q` comes first. */
function quantiles(
  where: string,
  x: TensorLike,
  q: Tensor,
  { axis = null, method = 'linear', keepdims = false, ignoreNaN, fromBelow = false }: Request,
): Tensor {
  if (!METHODS.includes(method))
    throw new TypeError(`${where}: unknown method ${show(method)}${didYouMean(method, METHODS)} (valid: ${METHODS.join(', ')})`);
  if (q.ndim > 1) throw new RangeError(`${where}: q must be a number or have one axis, received shape ${showShape(q.shape)}`);
  const tensor = toFloat(where, x);
  const axes = normalizeAxes(axis, tensor.ndim, where);
  const given = ranked(tensor, axes, where, ignoreNaN);
  const found = quantilesOf(given, p.reshape(castTo(q, given.counts.dtype), [q.size]), method, fromBelow);
  const rank = given.lead.length;
  const shape = keepdims ? keptShape(tensor.shape, axes) : given.lead;
  const result = p.reshape(p.transpose(found, movedAxes(rank + 1, -1, 0, where)), [...q.shape, ...shape]);
  // A row with a NaN has no quantile, unless NaN is to be ignored.
  const nan = reduceAxes(ignoreNaN ? p.min : p.max, p.isnan(tensor), axes);
  return p.select(p.reshape(nan, shape), constant(NaN, result), result);
}
/** `q` as a float tensor; percents become shares. */
function shares(where: string, q: TensorLike, percent: boolean): Tensor {
  const tensor = toTensor(q, typeof q === 'number' ? 'float32' : null, where);
  const float = isInteger(tensor.dtype) || tensor.dtype === 'bool' ? castTo(tensor, resultType(tensor.dtype, 'float')) : tensor;
  return percent ? p.divide(float, constant(100, float)) : float;
}

const quantileOp = (name: string, percent: boolean, ignoreNaN: boolean) =>
  publicOp(name, (x: TensorLike, q: TensorLike, options: QuantileOptions = {}): Tensor =>
    // The derivative of percentiles is as Keras has it on JAX.
    quantiles(name, x, shares(name, q, percent), { ...options, ignoreNaN, fromBelow: percent && !ignoreNaN }), QUANTILE_OPTIONS);
const medianOp = (name: string, ignoreNaN: boolean) =>
  publicOp(name, (x: TensorLike, { axis = null, keepdims = false }: MedianOptions = {}): Tensor =>
    quantiles(name, x, filled([], 0.5, 'float32'), { axis, keepdims, method: 'midpoint', ignoreNaN }), ['axis', 'keepdims']);

/**
 * The values below which a share `q` (from 0 to 1; a number, or several along one axis, which comes first in the result) of the elements
 * along axes lies. NaN where an element is NaN. Integers become `floatx`. Throws when there are no elements.
 */
export const quantile = quantileOp('quantile', false, false);
/** `quantile` of the elements that are not NaN; NaN where there is none. */
export const nanquantile = quantileOp('nanquantile', false, true);
/** `quantile` with `q` in percent, from 0 to 100. */
export const percentile = quantileOp('percentile', true, false);
/** `percentile` of the elements that are not NaN; NaN where there is none. */
export const nanpercentile = quantileOp('nanpercentile', true, true);
/**
 * The middle of the sorted elements along axes, or the mean of the two middle ones. NaN where an element is NaN. Integers become `floatx`.
 */
export const median = medianOp('median', false);
/** `median` of the elements that are not NaN; NaN where there is none. */
export const nanmedian = medianOp('nanmedian', true);
