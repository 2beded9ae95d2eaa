// Functions of `keras.ops` that read and write by index.
import type { TensorLike } from '../core/convert.js';
import { filled, toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import type { DTypeLike } from '../base/dtype.js';
import { isInteger, resultType, standardizeDType } from '../base/dtype.js';
import { checkOptions, didYouMean, show } from '../base/errors.js';
import { integer, integers } from '../base/integers.js';
import { broadcastShapes, checkShape, normalizeAxis, showShape, sizeOf, stridesOf, type Shape } from '../base/shape.js';
import { Tensor } from '../core/tensor.js';
import { Variable } from '../core/variable.js';
import { isPlainObject } from '../base/tree.js';
import { indicesOf } from './indices.js';
import { numbersOf, partOf, toShape, type ShapeLike } from './axes.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { publicOp, widened } from './public.js';

/** Options of `take` and `takeAlongAxis`. */
export interface TakeOptions {
  /** Default null: the tensor is flattened. */
  axis?: number | null;
}
/**
 * The slices of `x` at `indices` along an axis; the axes of the indices take its place. -1 is the last entry; an index outside is an
 * error.
 */
export const take = publicOp('take', (x: TensorLike, indices: TensorLike, { axis = null }: TakeOptions = {}): Tensor => {
  const given = toTensor(x, null, 'take');
  const tensor = axis === null ? p.reshape(given, [given.size]) : given;
  return p.gather(tensor, indicesOf('take', indices), axis === null ? 0 : normalizeAxis(axis, tensor.ndim, 'take'));
}, ['axis']);
/** Element by element: the entry of `x` along an axis that the index names at that place. Other axes broadcast. */
export const takeAlongAxis = publicOp('takeAlongAxis', (x: TensorLike, indices: TensorLike, { axis = null }: TakeOptions = {}): Tensor => {
  const tensor = toTensor(x, null, 'takeAlongAxis');
  const places = indicesOf('takeAlongAxis', indices);
  if (axis === null) return p.gather(p.reshape(tensor, [tensor.size]), p.reshape(places, [places.size]), 0);
  const along = normalizeAxis(axis, tensor.ndim, 'takeAlongAxis');
  if (places.ndim !== tensor.ndim)
    throw new RangeError(`takeAlongAxis: indices of shape ${showShape(places.shape)} must have as many axes as ${showShape(tensor.shape)}`);
  const others = (shape: Shape) => shape.map((d, i) => (i === along ? 1 : d));
  const common = broadcastShapes(others(tensor.shape), others(places.shape), 'takeAlongAxis');
  const spread = (t: Tensor) => p.broadcastTo(t, common.map((d, i) => (i === along ? t.shape[along]! : d)));
  return p.gatherAlong(spread(tensor), spread(places), along);
}, ['axis']);

/** A Python slice: from `start` to before `stop` in steps; negative places count from the end; null means as far as it goes. */
export interface IndexRange {
  start?: number | null;
  stop?: number | null;
  step?: number | null;
}
/** One part of an index: a place, a range, null for a new axis, `'...'` for the axes in between, or integers or bools as a tensor. */
export type IndexPart = number | null | '...' | IndexRange | Tensor;

/** The elements that a range takes of an axis, as Python's `slice.indices`. */
function rangeOf(part: IndexRange, size: number): { start: number; count: number; step: number } {
  const step = part.step ?? 1;
  if (integer('getItem', 'the step of a range', step) === 0)
    throw new RangeError('getItem: the step of a range must be an integer other than 0, received 0');
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const place = (name: string, value: number | null | undefined, otherwise: number) =>
    value === null || value === undefined ? otherwise : Math.min(Math.max(bound(name, value) < 0 ? value + size : value, low), high);
  const start = place('start', part.start, step > 0 ? low : high);
  const stop = place('stop', part.stop, step > 0 ? high : low);
  return { start, step, count: Math.max(0, Math.ceil((stop - start) / step)) };
}
/** A bound of a range; infinities go as far as it goes. */
const bound = (name: string, value: number): number =>
  value === Infinity || value === -Infinity ? value : integer('getItem', `the ${name} of a range`, value);
const isTensorPart = (part: IndexPart): part is Tensor => typeof part === 'object' && part !== null && 'spec' in part;

const RANGE_KEYS = ['start', 'stop', 'step'] as const;
/** One part of an index as it was meant. Arrays of numbers and typed arrays name places, as tensors do. Throws on what is none. */
function partOfIndex(part: unknown): IndexPart {
  if (part === null || part === '...' || typeof part === 'number' || part instanceof Tensor) return part;
  if (part instanceof Variable) return part.value;
  if (Array.isArray(part) || (ArrayBuffer.isView(part) && !(part instanceof DataView))) return placesOf(part as TensorLike);
  if (!isPlainObject(part))
    throw new TypeError(
      `getItem: an index is an integer, null, '...', { start, stop, step }, or integers or bools as an array or tensor, received ` +
        `${show(part)}`,
    );
  checkOptions('getItem', part, RANGE_KEYS);
  return part;
}
/** Places of an array; an empty one names none. */
function placesOf(part: TensorLike): Tensor {
  const tensor = toTensor(part, null, 'getItem');
  return tensor.size === 0 ? castTo(tensor, 'int32') : tensor;
}

/** The parts with `'...'` written out and ranges for the axes at the end. Bool masks become the indices where they hold. */
function completedIndex(parts: readonly IndexPart[], rank: number): Exclude<IndexPart, '...'>[] {
  const plain = parts.flatMap((part): IndexPart[] => (isTensorPart(part) && part.dtype === 'bool' ? maskIndices(part) : [part]));
  const used = plain.filter((part) => part !== null && part !== '...').length;
  const dots = plain.filter((part) => part === '...').length;
  if (used > rank || dots > 1) throw new RangeError(`getItem: ${used} indices and ${dots} '...' do not fit ${rank} axes`);
  const rest = new Array<IndexRange>(rank - used).fill({});
  const at = plain.indexOf('...');
  return (at < 0 ? [...plain, ...rest] : [...plain.slice(0, at), ...rest, ...plain.slice(at + 1)]) as Exclude<IndexPart, '...'>[];
}
function maskIndices(mask: Tensor): Tensor[] {
  const hits = [...mask.elements.entries()].filter(([, value]) => Number(value) !== 0).map(([i]) => i);
  return stridesOf(mask.shape).map((stride, axis) => toTensor(Int32Array.from(hits, (i) => Math.floor(i / stride) % mask.shape[axis]!)));
}

/**
 * Part of a tensor, by an index as NumPy's: a number, null (a new axis), `'...'`, `{ start, stop, step }`, an integer or bool tensor, or an
 * array of them, one for each axis. A range outside is cut off; a place outside is an error. A bool mask needs values, so it cannot be
 * compiled.
 */
export const getItem = publicOp('getItem', (x: TensorLike, key: IndexPart | readonly IndexPart[]): Tensor => {
  const tensor = toTensor(x, null, 'getItem');
  const parts = completedIndex((Array.isArray(key) ? (key as readonly unknown[]) : [key]).map(partOfIndex), tensor.ndim);
  const ranges: { start: number; count: number; step: number }[] = [];
  const shape: number[] = [];
  const tensors: { axis: number; indices: Tensor }[] = [];
  const withTensors = parts.some(isTensorPart);
  for (const part of parts) {
    const size = tensor.shape[ranges.length]!;
    if (part === null) shape.push(1);
    else if (isTensorPart(part) || (typeof part === 'number' && withTensors)) {
      // A number beside tensors is one of them, as in NumPy.
      tensors.push({ axis: shape.length, indices: indicesOf('getItem', part) });
      ranges.push({ start: 0, count: size, step: 1 });
      shape.push(size);
    } else if (typeof part === 'number') ranges.push({ start: normalizePlace(part, size), count: 1, step: 1 });
    else {
      ranges.push(rangeOf(part, size));
      shape.push(ranges.at(-1)!.count);
    }
  }
  const sizes = ranges.map((range) => range.count);
  const sliced = p.slice(tensor, ranges.map((range) => range.start), sizes, ranges.map((range) => range.step));
  const part = p.reshape(sizeOf(sizes) === 0 ? filled(sizes, 0, tensor.dtype) : sliced, shape);
  return tensors.length === 0 ? part : gatherMany(part, tensors);
}, null);
function normalizePlace(place: number, size: number): number {
  integer('getItem', 'an index', place);
  if (place < -size || place >= size) throw new RangeError(`getItem: index ${show(place)} is out of range for an axis of size ${size}`);
  return place < 0 ? place + size : place;
}

/** Indices into several axes as one index into them joined. A place outside stays outside. */
function joinedIndex(indices: readonly Tensor[], sizes: readonly number[]): Tensor {
  const strides = stridesOf(sizes);
  const outside = constant(0x7fffffff, indices[0]!);
  return indices.reduce<Tensor | null>((sum, index, k) => {
    const size = constant(sizes[k]!, index);
    const zero = constant(0, index);
    const place = p.select(p.less(index, zero), p.add(index, size), index);
    const valid = p.logicalAnd(p.greaterEqual(place, zero), p.less(place, size));
    const scaled = p.multiply(place, constant(strides[k]!, index));
    if (sum === null) return p.select(valid, scaled, outside);
    return p.select(p.logicalAnd(valid, p.notEqual(sum, outside)), p.add(sum, scaled), outside);
  }, null)!;
}
/** Gathers by several index tensors at once: their common axes stand where the first was if they are neighbours, else first. */
function gatherMany(x: Tensor, tensors: readonly { axis: number; indices: Tensor }[]): Tensor {
  if (tensors.length === 1) return p.gather(x, tensors[0]!.indices, tensors[0]!.axis);
  const axes = tensors.map(({ axis }) => axis);
  const neighbours = axes.every((axis, i) => axis === axes[0]! + i);
  const common = tensors.map(({ indices }) => indices.shape).reduce((a, b) => broadcastShapes(a, b, 'getItem'));
  const sizes = axes.map((axis) => x.shape[axis]!);
  const others = [...x.shape.keys()].filter((axis) => !axes.includes(axis));
  const at = neighbours ? axes[0]! : 0;
  const moved = p.transpose(x, [...others.slice(0, at), ...axes, ...others.slice(at)]);
  const joined = p.reshape(moved, [...moved.shape.slice(0, at), sizeOf(sizes), ...moved.shape.slice(at + axes.length)]);
  return p.gather(joined, p.broadcastTo(joinedIndex(tensors.map(({ indices }) => indices), sizes), common), at);
}

/** Start places as numbers where they are known, else as tensors; the same for each axis. */
function startsOf(where: string, starts: TensorLike, rank: number): (number | Tensor)[] {
  if (Array.isArray(starts) && starts.every((start) => typeof start === 'number')) {
    if (starts.length !== rank) throw new RangeError(`${where}: ${starts.length} start indices do not fit ${rank} axes`);
    return integers(where, 'startIndices', starts);
  }
  const tensor = indicesOf(where, starts);
  if (tensor.size !== rank) throw new RangeError(`${where}: ${tensor.size} start indices do not fit ${rank} axes`);
  if (tensor.memory !== null) return Array.from(tensor.elements, Number);
  return Array.from({ length: rank }, (_, i) => p.reshape(partOf(p.reshape(tensor, [rank]), 0, i, 1), []));
}
/** The places `start`, `start + 1`, … of one axis, where the start is moved so that all are inside. */
function placesFrom(start: number | Tensor, count: number, size: number): Tensor {
  if (typeof start === 'number') return p.iota(count, 'int32', Math.min(Math.max(start, 0), size - count));
  return p.add(p.clip(start, constant(0, start), constant(size - count, start)), p.iota(count, 'int32'));
}
function checkFits(where: string, x: Tensor, sizes: readonly number[]): void {
  if (sizes.length !== x.ndim || sizes.some((size, i) => size > x.shape[i]!))
    throw new RangeError(`${where}: a part of shape ${showShape(sizes)} does not fit ${showShape(x.shape)}`);
}
/**
 * The part of a tensor of the given shape that begins at `startIndices` (numbers, or an integer tensor of one number for each axis). A
 * start from which the part would reach outside is moved back.
 */
export const slice = publicOp('slice', (inputs: TensorLike, startIndices: TensorLike, shape: ShapeLike): Tensor => {
  const tensor = toTensor(inputs, null, 'slice');
  const starts = startsOf('slice', startIndices, tensor.ndim);
  const sizes = numbersOf('slice', 'shape', shape).map((size, i) =>
    size === -1 && i < tensor.ndim ? tensor.shape[i]! - Number(starts[i]) : size,
  );
  checkShape(sizes, 'slice');
  checkFits('slice', tensor, sizes);
  if (starts.every((start) => typeof start === 'number')) {
    return p.slice(tensor, starts.map((start, i) => Math.min(Math.max(start, 0), tensor.shape[i]! - sizes[i]!)), sizes);
  }
  return starts.reduce<Tensor>((part, start, axis) => {
    const [size, count] = [tensor.shape[axis]!, sizes[axis]!];
    return size === count ? part : p.gather(part, placesFrom(start, count, size), axis);
  }, tensor);
});
/**
 * The tensor with `updates` in the place that begins at `startIndices` (numbers, or an integer tensor of one number for each axis). A start
 * from which the updates would reach outside is moved back.
 */
export const sliceUpdate = publicOp('sliceUpdate', (inputs: TensorLike, startIndices: TensorLike, updates: TensorLike): Tensor => {
  const tensor = toTensor(inputs, null, 'sliceUpdate');
  const part = toTensor(updates, tensor.dtype, 'sliceUpdate');
  checkFits('sliceUpdate', tensor, part.shape);
  const starts = startsOf('sliceUpdate', startIndices, tensor.ndim);
  if (part.size === 0) return tensor;
  // Axes at the end that are covered whole make rows, which are set together.
  let lead = tensor.ndim;
  while (lead > 0 && part.shape[lead - 1] === tensor.shape[lead - 1]) lead--;
  if (lead === 0) return part;
  const sizes = tensor.shape.slice(0, lead);
  const strides = stridesOf(sizes);
  const places = starts.slice(0, lead).map((start, axis) => {
    const along = placesFrom(start, part.shape[axis]!, sizes[axis]!);
    return p.reshape(p.multiply(along, constant(strides[axis]!, along)), part.shape.slice(0, lead).map((d, i) => (i === axis ? d : 1)));
  }).reduce((a, b) => p.add(a, b));
  const inner = sizeOf(tensor.shape.slice(lead));
  const rows = p.scatterSet(
    p.reshape(tensor, [sizeOf(sizes), inner]),
    p.reshape(places, [places.size]),
    p.reshape(part, [places.size, inner]),
    0,
  );
  return p.reshape(rows, tensor.shape);
});

/** How `scatterUpdate` combines: null replaces. */
export type ScatterReduction = 'add' | 'max' | 'min' | 'mul' | null;
type Scatter = (base: Tensor, indices: Tensor, updates: Tensor, axis: number) => Tensor;
const SCATTERS: Record<Exclude<ScatterReduction, null>, Scatter> = {
  add: p.scatterAdd,
  max: p.scatterMax,
  min: p.scatterMin,
  mul: p.scatterMultiply,
};

/** Rows and indices for a scatter: `indices[..., k]` names a place in the first axes of `shape`. */
function scatterPlaces(where: string, indices: TensorLike, shape: Shape): { places: Tensor; count: number; inner: number; rows: number } {
  const tensor = indicesOf(where, indices);
  const depth = tensor.shape.at(-1);
  if (depth === undefined || depth < 1 || depth > shape.length)
    throw new RangeError(`${where}: indices of shape ${showShape(tensor.shape)} do not name places of shape ${showShape(shape)}`);
  const count = tensor.size / depth;
  const list = p.reshape(tensor, [count, depth]);
  const parts = Array.from({ length: depth }, (_, k) => p.reshape(partOf(list, 1, k, 1), [count]));
  const sizes = shape.slice(0, depth);
  return { places: joinedIndex(parts, sizes), count, inner: sizeOf(shape.slice(depth)), rows: sizeOf(sizes) };
}
function scattered(where: string, scatter: Scatter, base: Tensor, indices: TensorLike, updates: Tensor): Tensor {
  const { places, count, inner, rows } = scatterPlaces(where, indices, base.shape);
  if (updates.size !== count * inner)
    throw new RangeError(`${where}: updates of shape ${showShape(updates.shape)} do not fit ${count} places of ${inner} elements`);
  if (count === 0) return base;
  return p.reshape(scatter(p.reshape(base, [rows, inner]), places, p.reshape(updates, [count, inner]), 0), base.shape);
}
/**
 * Zeros of the given shape with `values` added at `indices`, whose last axis holds the place in the first axes of the shape. Values for the
 * same place add up; a place outside is an error.
 */
export const scatter = publicOp('scatter', (indices: TensorLike, values: TensorLike, shape: ShapeLike): Tensor => {
  const sizes = toShape(shape, 'scatter');
  return widened(toTensor(values, null, 'scatter'), (updates) =>
    scattered('scatter', p.scatterAdd, filled(sizes, 0, updates.dtype), indices, updates),
  );
});
/**
 * The tensor with `updates` at `indices`, whose last axis holds the place in the first axes of the tensor. `reduction` tells how an update
 * and what is there are combined: null (the default) replaces, the last of equal places wins; `'add'`, `'max'`, `'min'`, `'mul'`.
 */
export const scatterUpdate = publicOp(
  'scatterUpdate',
  (inputs: TensorLike, indices: TensorLike, updates: TensorLike, { reduction = null }: { reduction?: ScatterReduction } = {}): Tensor => {
    const tensor = toTensor(inputs, null, 'scatterUpdate');
    const values = toTensor(updates, tensor.dtype, 'scatterUpdate');
    if (reduction === null) return scattered('scatterUpdate', p.scatterSet, tensor, indices, values);
    const kernel = Object.hasOwn(SCATTERS, reduction) ? SCATTERS[reduction] : undefined;
    if (kernel === undefined)
      throw new TypeError(`scatterUpdate: unknown reduction ${show(reduction)}${didYouMean(reduction, Object.keys(SCATTERS))}`);
    return widened(tensor, (base) => scattered('scatterUpdate', kernel, base, indices, castTo(values, base.dtype)));
  },
  ['reduction'],
);

/** Options of `oneHot`. */
export interface OneHotOptions {
  /** The place of the new axis. Default -1: last. */
  axis?: number;
  /** Default null: `floatx`. */
  dtype?: DTypeLike | null;
  /** Only false: tensors are dense. */
  sparse?: boolean;
}
const ONE_HOT_OPTIONS = ['axis', 'dtype', 'sparse'] as const;
function hot(where: string, x: Tensor, numClasses: number, { axis = -1, dtype = null, sparse = false }: OneHotOptions): Tensor {
  if (sparse) throw new Error(`${where}: sparse tensors are not supported`);
  integer(where, 'numClasses', numClasses, { min: 0 });
  const along = normalizeAxis(axis, x.ndim + 1, where);
  const classes = p.reshape(p.iota(numClasses, 'int32'), [numClasses, ...new Array<number>(x.ndim - along).fill(1)]);
  const places = p.reshape(castTo(x, 'int32'), [...x.shape.slice(0, along), 1, ...x.shape.slice(along)]);
  return castTo(p.equal(places, classes), standardizeDType(dtype));
}
/** Vectors along a new axis with 1 at the class that `x` names and 0 elsewhere; all 0 for a class outside. */
export const oneHot = publicOp(
  'oneHot',
  (x: TensorLike, numClasses: number, options: OneHotOptions = {}): Tensor =>
    hot('oneHot', toTensor(x, null, 'oneHot'), numClasses, options),
  ONE_HOT_OPTIONS,
);
/** Options of `multiHot`. */
export interface MultiHotOptions extends OneHotOptions {
  /** Number of classes; required. */
  numClasses?: number;
}
/** Vectors with 1 at each of the classes that a row of `x` names and 0 elsewhere. */
export const multiHot = publicOp('multiHot', (inputs: TensorLike, { numClasses, ...options }: MultiHotOptions = {}): Tensor => {
  if (numClasses === undefined) throw new TypeError("multiHot: the option 'numClasses' is required");
  const tensor = toTensor(inputs, null, 'multiHot');
  const dtype = standardizeDType(options.dtype);
  const bits = hot('multiHot', tensor, numClasses, { ...options, dtype: 'bool' });
  return castTo(p.max(bits, tensor.ndim > 1 ? 1 : 0), dtype);
}, [...ONE_HOT_OPTIONS, 'numClasses']);

/** The place in each axis of a shape of elements counted in row-major order. */
export const unravelIndex = publicOp('unravelIndex', (indices: TensorLike, shape: ShapeLike): Tensor[] => {
  const sizes = toShape(shape, 'unravelIndex');
  const tensor = toTensor(indices, null, 'unravelIndex');
  if (!isInteger(tensor.dtype)) throw new TypeError(`unravelIndex: indices must be integers, received ${tensor.dtype}`);
  const total = constant(sizeOf(sizes), tensor);
  const places = p.select(p.less(tensor, constant(0, tensor)), p.add(tensor, total), tensor);
  return stridesOf(sizes).map((stride, axis) => p.mod(p.floorDivide(places, constant(stride, tensor)), constant(sizes[axis]!, tensor)));
});

/** Options of `select`. */
export interface SelectOptions {
  /** Where no condition holds. Default 0. */
  default?: TensorLike;
}
/** Of several choices the one whose condition is the first that holds, element by element. */
export const select = publicOp(
  'select',
  (condlist: readonly TensorLike[], choicelist: readonly TensorLike[], { default: otherwise = 0 }: SelectOptions = {}): Tensor => {
    if (condlist.length !== choicelist.length || condlist.length === 0)
      throw new RangeError(`select: ${condlist.length} conditions do not fit ${choicelist.length} choices`);
    const choices = choicelist.map((choice) => toTensor(choice, null, 'select'));
    const last = typeof otherwise === 'number' ? null : toTensor(otherwise, null, 'select');
    const dtype = resultType(...choices.map((choice) => choice.dtype), last?.dtype ?? (Number.isInteger(otherwise) ? 'int' : 'float'));
    const base = toTensor(otherwise, dtype, 'select');
    return condlist.reduceRight<Tensor>(
      (rest, condition, i) => p.select(toTensor(condition, 'bool', 'select'), castTo(choices[i]!, dtype), rest),
      base,
    );
  },
  ['default'],
);
