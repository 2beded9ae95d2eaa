// Reductions of rows that have the same segment id.
import type { TensorLike } from '../core/convert.js';
import { scalarTensor, toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import type { DType } from '../base/dtype.js';
import { isFloat, isInteger } from '../base/dtype.js';
import { integer } from '../base/integers.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { partOf } from './axes.js';
import { valuesNeeded } from './concrete.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { publicOp, widened } from './public.js';

/** Options of the segment reductions. */
export interface SegmentOptions {
  /** How many segments there are. Default null: one more than the largest id, which needs ids that are known when the op is called. */
  numSegments?: number | null;
  /** Whether the ids are in ascending order; the result is the same. Default false. */
  sorted?: boolean;
}
/** A scatter that combines `updates` with `base` at (1-D) ids along the first axis. */
type Scatter = (base: Tensor, ids: Tensor, updates: Tensor, axis: number) => Tensor;

/** The ids as int32. Throws unless there is one for each entry of the first axis. */
function checkedIds(where: string, data: Tensor, ids: TensorLike): Tensor {
  const given = toTensor(ids, null, where);
  if (given.ndim !== 1) throw new RangeError(`${where}: segmentIds must have one axis, received shape ${showShape(given.shape)}`);
  if (isFloat(given.dtype) && given.size > 0) throw new TypeError(`${where}: segmentIds must be integers, received ${given.dtype}`);
  if (data.shape[0] !== given.size)
    throw new RangeError(
      `${where}: segmentIds of shape ${showShape(given.shape)} do not fit data of shape ${showShape(data.shape)}: there must be one ` +
        `for each entry of the first axis`,
    );
  return castTo(given, 'int32');
}
function countOf(where: string, ids: Tensor, numSegments: number | null): number {
  if (numSegments !== null) return integer(where, 'numSegments', numSegments, { min: 0 });
  valuesNeeded(where, ids, 'give numSegments');
  return ids.size === 0 ? 0 : Math.max(0, Number(p.max(ids, 0).item()) + 1);
}

/** Combines the entries of each segment, beginning with `identity`. Entries with an id outside of the segments are left out. */
function combine(scatter: Scatter, data: Tensor, ids: Tensor, count: number, identity: Tensor): Tensor {
  const rest = data.shape.slice(1);
  if (data.size === 0 || count === 0) return p.broadcastTo(identity, [count, ...rest]);
  const known = p.logicalAnd(p.greaterEqual(ids, constant(0, ids)), p.less(ids, constant(count, ids)));
  const rows = scatter(p.broadcastTo(identity, [count + 1, ...rest]), p.select(known, ids, constant(count, ids)), data, 0);
  return partOf(rows, 0, 0, count);
}

/** The lowest (sign -1) or highest number of a dtype, as a scalar. */
function bound(dtype: DType, sign: 1 | -1): Tensor {
  if (isFloat(dtype)) return scalarTensor(sign * Infinity, dtype);
  const bits = Number(/\d+/.exec(dtype)![0]);
  const low = dtype.startsWith('u') ? 0n : -(1n << BigInt(bits - 1));
  const value = sign < 0 ? low : low + (1n << BigInt(bits)) - 1n;
  if (bits < 64) return scalarTensor(Number(value), dtype);
  return p.reshape(toTensor(dtype === 'uint64' ? BigUint64Array.of(value) : BigInt64Array.of(value)), []);
}

/** A segment reduction: `onNumbers` and its `identity`, and what it comes to on bools. */
function segmentOp(name: string, onNumbers: (data: Tensor, ids: Tensor, count: number) => Tensor, onBools: 'any' | 'all') {
  return publicOp(name, (data: TensorLike, segmentIds: TensorLike, { numSegments = null }: SegmentOptions = {}): Tensor => {
    const tensor = toTensor(data, null, name);
    if (tensor.ndim === 0) throw new RangeError(`${name}: expected data with at least one axis, received a scalar`);
    const ids = checkedIds(name, tensor, segmentIds);
    const count = countOf(name, ids, numSegments);
    if (tensor.dtype === 'bool') {
      const [scatter, identity] = onBools === 'any' ? [p.scatterMax, 0] as const : [p.scatterMin, 1] as const;
      return castTo(combine(scatter, castTo(tensor, 'uint8'), ids, count, scalarTensor(identity, 'uint8')), 'bool');
    }
    return widened(tensor, (wide) => onNumbers(wide, ids, count));
  }, ['numSegments', 'sorted']);
}
const extreme =
  (scatter: Scatter, sign: 1 | -1) =>
  (data: Tensor, ids: Tensor, count: number): Tensor =>
    combine(scatter, data, ids, count, bound(data.dtype, sign));

/**
 * The sums of the entries of `data` (along its first axis) with the same id. An id outside of the segments, negative ones too, is left out;
 * an empty segment gives 0. Of bools: whether any is true.
 */
export const segmentSum = segmentOp('segmentSum', (data, ids, count) => combine(p.scatterAdd, data, ids, count, constant(0, data)), 'any');
/** The largest entries of each segment; an empty one gives -∞, or the lowest integer. Ids are as in `segmentSum`. */
export const segmentMax = segmentOp('segmentMax', extreme(p.scatterMax, -1), 'any');
/** The smallest entries of each segment; an empty one gives ∞, or the highest integer. Ids are as in `segmentSum`. */
export const segmentMin = segmentOp('segmentMin', extreme(p.scatterMin, 1), 'all');
/** The products of the entries of each segment; an empty one gives 1. Ids are as in `segmentSum`. */
export const segmentProd = segmentOp('segmentProd', (data, ids, count) => {
  const product = (t: Tensor) => combine(p.scatterMultiply, t, ids, count, constant(1, data));
  if (isInteger(data.dtype)) return product(data);
  // Zeros are taken out, since the gradient of a product divides by its factors. A segment with one zero is the product of
  // the others times it: 0, but with a derivative.
  const [zero, one] = [constant(0, data), constant(1, data)];
  const isZero = p.equal(data, zero);
  const others = product(p.select(isZero, one, data));
  const total = (t: Tensor) => combine(p.scatterAdd, t, ids, count, constant(0, data));
  const zeros = total(castTo(isZero, data.dtype));
  const single = p.multiply(others, total(p.select(isZero, data, zero)));
  return p.select(p.equal(zeros, zero), others, p.select(p.equal(zeros, one), single, zero));
}, 'all');
