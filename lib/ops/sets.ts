// Functions of `keras.ops` that look values up and count them: unique values, membership, bins, histograms.
import type { TensorLike } from '../core/convert.js';
import { filled, toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { isFloat } from '../base/dtype.js';
import { show } from '../base/errors.js';
import { integer, optionalInteger } from '../base/integers.js';
import { normalizeAxis, sameShape, showShape, sizeOf } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { movedAxes, partOf } from './axes.js';
import { valuesNeeded } from './concrete.js';
import { linspace } from './creation.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { promote, publicOp, toFloat } from './public.js';

/** Options of `searchsorted`. */
export interface SearchOptions {
  /** Whether a value goes before the elements equal to it (`'left'`) or after them. Default `'left'`. */
  side?: 'left' | 'right';
}
/** Where each of `values` belongs in an ascending sequence (one axis), so that the order stays: int32. NaN is the largest. */
export const searchsorted = publicOp(
  'searchsorted',
  (sortedSequence: TensorLike, values: TensorLike, { side = 'left' }: SearchOptions = {}): Tensor => {
    if (side !== 'left' && side !== 'right') throw new TypeError(`searchsorted: side must be 'left' or 'right', received ${show(side)}`);
    const [sequence, given] = promote('searchsorted', [sortedSequence, values]) as [Tensor, Tensor];
    if (sequence.ndim !== 1)
      throw new RangeError(
        `searchsorted: the sorted sequence must have one axis, received shape ${showShape(sequence.shape)}; use vectorizedMap for ` +
          `several sequences`,
      );
    return p.searchsorted(sequence, given, side === 'right');
  },
  ['side'],
);

/**
 * The bin of each element, int32: `i` where `bins[i - 1] <= x < bins[i]`, 0 below all and the number of bins from the last on. `bins` has
 * one axis and ascends; where it descends, `bins[i - 1] > x >= bins[i]`.
 */
export const digitize = publicOp('digitize', (x: TensorLike, bins: TensorLike): Tensor => {
  const [values, edges] = promote('digitize', [x, bins]) as [Tensor, Tensor];
  if (edges.ndim !== 1) throw new RangeError(`digitize: bins must have one axis, received shape ${showShape(edges.shape)}`);
  const n = edges.size;
  if (n === 0) return filled(values.shape, 0, 'int32');
  const ascending = p.searchsorted(edges, values, true);
  if (n === 1) return ascending;
  const descending = p.searchsorted(p.slice(edges, [n - 1], [n], [-1]), values, true);
  const rises = p.greaterEqual(partOf(edges, 0, n - 1, 1), partOf(edges, 0, 0, 1));
  return p.select(p.reshape(rises, []), ascending, p.subtract(constant(n, descending), descending));
});

/** Options of `isin`. */
export interface IsinOptions {
  /** Whether both have no value twice; the result is the same. Default false. */
  assumeUnique?: boolean;
  /** Whether to tell which are not in. Default false. */
  invert?: boolean;
}
/** Whether each element of `x1` is among those of `x2`: a bool tensor of the shape of `x1`. NaN is in nothing. */
export const isin = publicOp('isin', (x1: TensorLike, x2: TensorLike, { invert = false }: IsinOptions = {}): Tensor => {
  const [elements, set] = promote('isin', [x1, x2]) as [Tensor, Tensor];
  if (set.size === 0 || elements.size === 0) return filled(elements.shape, invert ? 1 : 0, 'bool');
  const sorted = p.sort(p.reshape(set, [set.size]));
  const place = p.searchsorted(sorted, elements, false);
  const found = p.gather(sorted, p.minimum(place, constant(set.size - 1, place)), 0);
  return invert ? p.notEqual(found, elements) : p.equal(found, elements);
}, ['assumeUnique', 'invert']);

/** Options of `bincount`. */
export interface BincountOptions {
  /** What each element adds to its count, of the shape of `x`. Default null: 1. */
  weights?: TensorLike | null;
  /** The least number of counts. Default 0. */
  minlength?: number;
  /** Only false: tensors are dense. */
  sparse?: boolean;
}
/**
 * How often each whole number from 0 to the largest of `x` occurs, or the sum of its weights; of a matrix, row by row. Negative numbers
 * count as 0. int32, or the dtype of the weights. The number of counts depends on the data, so it cannot be compiled.
 */
export const bincount = publicOp(
  'bincount',
  (x: TensorLike, { weights = null, minlength = 0, sparse = false }: BincountOptions = {}): Tensor => {
    if (sparse) throw new Error('bincount: sparse tensors are not supported');
    integer('bincount', 'minlength', minlength, { min: 0 });
    const given = toTensor(x, null, 'bincount');
    if (isFloat(given.dtype) && given.size > 0) throw new TypeError(`bincount: expected integers, received ${given.dtype}`);
    if (given.ndim !== 1 && given.ndim !== 2)
      throw new RangeError(`bincount: expected one or two axes, received shape ${showShape(given.shape)}`);
    valuesNeeded('bincount', given, null);
    const added = weights === null ? filled(given.shape, 1, 'int32') : toTensor(weights, null, 'bincount');
    if (!sameShape(added.shape, given.shape))
      throw new RangeError(`bincount: weights of shape ${showShape(added.shape)} do not fit a tensor of shape ${showShape(given.shape)}`);
    const numbers = p.maximum(castTo(given, 'int32'), constant(0, castTo(given, 'int32')));
    const rows = given.ndim === 2 ? given.shape[0]! : 1;
    const length = Math.max(minlength, given.size === 0 ? 0 : Number(p.max(numbers, 0, numbers.ndim).item()) + 1);
    const offsets = p.reshape(p.iota(rows, 'int32', 0, length), given.ndim === 2 ? [rows, 1] : [1]);
    const wide = added.dtype === 'bool' ? 'int32' : added.dtype === 'float16' || added.dtype === 'bfloat16' ? 'float32' : added.dtype;
    const flat = (t: Tensor) => p.reshape(t, [t.size]);
    const base = filled([rows * length], 0, wide);
    const counts = given.size === 0 ? base : p.scatterAdd(base, flat(p.add(numbers, offsets)), flat(castTo(added, wide)), 0);
    return castTo(p.reshape(counts, given.ndim === 2 ? [rows, length] : [length]), added.dtype === 'bool' ? 'int32' : added.dtype);
  },
  ['weights', 'minlength', 'sparse'],
);

/** Options of `histogram`. */
export interface HistogramOptions {
  /** How many bins of equal width. Default 10. */
  bins?: number;
  /** The lower and the upper end; elements outside are left out. Default null: the smallest and the largest element. */
  range?: readonly [number, number] | null;
}
function checkHistogram(bins: number, range: readonly number[] | null): void {
  integer('histogram', 'bins', bins, { min: 0 });
  if (range === null) return;
  if (!Array.isArray(range) || range.length !== 2) throw new RangeError(`histogram: range must have two numbers, received ${show(range)}`);
  if (!(range[0]! <= range[1]!))
    throw new RangeError(`histogram: the second number of range must not be less than the first, received ${show(range)}`);
}
/** Ends of a histogram; of equal ones, half a unit to either side. */
function endsOf(x: Tensor, range: readonly number[] | null): [Tensor, Tensor] {
  if (range === null && x.size === 0) throw new RangeError('histogram: no elements to take the range from; give range');
  const [low, high] = range === null ? [p.min(x, 0), p.max(x, 0)] : [constant(range[0]!, x), constant(range[1]!, x)];
  const same = castTo(p.equal(low, high), x.dtype);
  const half = p.multiply(same, constant(0.5, x));
  return [p.subtract(low, half), p.add(high, half)];
}
/**
 * Counts of the elements (one axis) in bins of equal width, and the bins' edges, one more than bins: `[counts, edges]`, both floats. A bin
 * has its lower edge, the last one both.
 */
export const histogram = publicOp('histogram', (x: TensorLike, { bins = 10, range = null }: HistogramOptions = {}): [Tensor, Tensor] => {
  checkHistogram(bins, range);
  const given = toFloat('histogram', x);
  if (given.ndim > 1) throw new RangeError(`histogram: expected one axis, received shape ${showShape(given.shape)}`);
  const values = p.reshape(given, [given.size]);
  const [low, high] = endsOf(values.dtype === 'float16' || values.dtype === 'bfloat16' ? castTo(values, 'float32') : values, range);
  const edges = castTo(linspace(low, high, { num: bins + 1 }), values.dtype);
  if (bins === 0 || values.size === 0) return [filled([bins], 0, values.dtype), edges];
  const last = partOf(edges, 0, bins, 1);
  const place = p.searchsorted(edges, values, true);
  const bin = p.select(p.equal(values, last), constant(bins, place), place);
  // The first and the last count are of the elements below and above.
  const counts = p.scatterAdd(filled([bins + 2], 0, 'int32'), bin, filled([values.size], 1, 'int32'), 0);
  return [castTo(partOf(counts, 0, 1, bins), values.dtype), edges];
}, ['bins', 'range']);

/** Options of `unique`. */
export interface UniqueOptions {
  /** Whether the result must be in ascending order; it always is. Default true. */
  sorted?: boolean;
  /** Whether to give where each unique value occurs first. Default false. */
  returnIndex?: boolean;
  /** Whether to give which unique value each element is. Default false. */
  returnInverse?: boolean;
  /** Whether to give how often each unique value occurs. Default false. */
  returnCounts?: boolean;
  /** The axis whose entries are compared as a whole. Default null: the elements. */
  axis?: number | null;
  /** How many values to give: the first ones, or filled up. Default null: as many as there are, which cannot be compiled. */
  size?: number | null;
  /** What a result of fixed `size` is filled up with. Default null: the smallest value. */
  fillValue?: number | null;
}

/** The order that sorts the rows of a matrix, compared column by column. */
function orderOfRows(rows: Tensor): Tensor {
  const [m, d] = rows.shape as [number, number];
  let order = p.iota(m, 'int32');
  for (let column = d - 1; column >= 0; column--) {
    const values = p.gather(p.reshape(partOf(rows, 1, column, 1), [m]), order, 0);
    order = p.gather(order, p.argsort(values), 0);
  }
  return order;
}
/** Rows [m, d] in order, the order, and the number of the group of equal rows that each belongs to. NaN is equal to nothing. */
function groupsOf(rows: Tensor): { sorted: Tensor; order: Tensor; group: Tensor } {
  const [m, d] = rows.shape as [number, number];
  const order = orderOfRows(rows);
  const sorted = p.gather(rows, order, 0);
  if (m === 1 || d === 0) return { sorted, order, group: filled([m], 0, 'int32') };
  const changes = p.max(p.notEqual(partOf(sorted, 0, 1, m - 1), partOf(sorted, 0, 0, m - 1)), 1);
  return { sorted, order, group: p.cumsum(p.concatenate([filled([1], 0, 'int32'), castTo(changes, 'int32')], 0), 0) };
}

/** Unique rows of [m, d]: `values` [size, d], `index` and `counts` [size], `inverse` [m]. */
function uniqueRows(rows: Tensor, size: number | null, fillValue: number | null) {
  const [m, d] = rows.shape as [number, number];
  if (m === 0) {
    if (size !== null && size > 0 && fillValue === null)
      throw new RangeError('unique: a tensor without elements has nothing to fill up to size with; give fillValue');
    const none = filled([size ?? 0], 0, 'int32');
    return { values: filled([size ?? 0, d], fillValue ?? 0, rows.dtype), index: none, counts: none, inverse: filled([0], 0, 'int32') };
  }
  const { sorted, order, group } = groupsOf(rows);
  if (size === null) valuesNeeded('unique', group, 'give size');
  const length = size ?? Number(partOf(group, 0, m - 1, 1).item()) + 1;
  // Groups beyond the size share a place behind it; places without a group stay empty.
  const place = p.minimum(group, constant(length, group));
  const firsts = partOf(p.scatterMin(filled([length + 1], m, 'int32'), place, p.iota(m, 'int32'), 0), 0, 0, length);
  const counts = partOf(p.scatterAdd(filled([length + 1], 0, 'int32'), place, filled([m], 1, 'int32'), 0), 0, 0, length);
  const empty = p.equal(firsts, constant(m, firsts));
  const from = p.select(empty, constant(0, firsts), firsts);
  const values = p.gather(sorted, from, 0);
  return {
    values: fillValue === null ? values : p.select(p.reshape(empty, [length, 1]), constant(fillValue, values), values),
    index: p.gather(order, from, 0),
    counts,
    inverse: p.scatterSet(filled([m], 0, 'int32'), order, group, 0),
  };
}

/** The signature of `unique`: one tensor, or an array with what else is asked for. */
export interface Unique {
  (x: TensorLike, options: UniqueOptions & ({ returnIndex: true } | { returnInverse: true } | { returnCounts: true })): Tensor[];
  (x: TensorLike, options?: UniqueOptions): Tensor;
}
/**
 * The unique elements in ascending order, or the unique entries of an axis; NaN is unique each time. With `returnIndex`, `returnInverse` or
 * `returnCounts` an array of tensors: the values, then where each occurs first, which of them each element is (in the shape of `x`), and
 * how often each occurs, all int32.
 */
export const unique = publicOp('unique', ((x: TensorLike, options: UniqueOptions = {}): Tensor | Tensor[] => {
  const { returnIndex = false, returnInverse = false, returnCounts = false, axis = null, size = null, fillValue = null } = options;
  optionalInteger('unique', 'size', size, { min: 0 });
  const given = toTensor(x, null, 'unique');
  // Where the number of values depends on the data nothing is differentiable, as in Keras.
  const tensor = size === null ? p.stopGradient(given) : given;
  const along = axis === null ? 0 : normalizeAxis(axis, tensor.ndim, 'unique');
  const first = axis === null ? p.reshape(tensor, [tensor.size]) : p.transpose(tensor, movedAxes(tensor.ndim, along, 0, 'unique'));
  const rest = first.shape.slice(1);
  const found = uniqueRows(p.reshape(first, [first.shape[0]!, sizeOf(rest)]), size, fillValue);
  const values = p.reshape(found.values, [found.values.shape[0]!, ...rest]);
  const results = [axis === null ? values : p.transpose(values, movedAxes(values.ndim, 0, along, 'unique'))];
  if (returnIndex) results.push(found.index);
  if (returnInverse) results.push(axis === null ? p.reshape(found.inverse, tensor.shape) : found.inverse);
  if (returnCounts) results.push(found.counts);
  return results.length === 1 ? results[0]! : results;
}) as Unique, ['sorted', 'returnIndex', 'returnInverse', 'returnCounts', 'axis', 'size', 'fillValue']);
