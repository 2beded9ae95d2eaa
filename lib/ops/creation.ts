// Functions of `keras.ops` that make tensors: constants, ranges, identity and diagonal matrices, windows, grids.
import type { TensorLike } from '../core/convert.js';
import { filled, makeTensor, toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import type { DType, DTypeLike } from '../base/dtype.js';
import { dtypeBytes, floatType, isInteger, resultType, standardizeDType } from '../base/dtype.js';
import { checkOptions, show } from '../base/errors.js';
import { integer, optionalInteger } from '../base/integers.js';
import { broadcastShapes, normalizeAxis } from '../base/shape.js';
import { checkBytes } from '../core/memory.js';
import { type Tensor } from '../core/tensor.js';
import { isPlainObject } from '../base/tree.js';
import { toShape, type ShapeLike } from './axes.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { optionalDType, promote, publicOp, type DTypeOptions } from './public.js';
import { scalarOf } from './scalars.js';

/** A maker of tensors of one value, by shape. */
const filler = (name: string, value: number) => (shape: ShapeLike, options: DTypeOptions = {}): Tensor => {
  checkOptions(name, options, ['dtype']);
  return filled(toShape(shape, name), value, standardizeDType(options.dtype));
};
/** Zeros; `dtype` defaults to `floatx`. */
export const zeros = filler('zeros', 0);
/** Ones; `dtype` defaults to `floatx`. */
export const ones = filler('ones', 1);
/** A tensor whose values do not matter (they are 0); `dtype` defaults to `floatx`. */
export const empty = filler('empty', 0);

/** A maker of tensors of one value, by the shape and dtype of another. */
const likeFiller = (name: string, value: number) =>
  publicOp(name, (x: TensorLike, { dtype = null }: DTypeOptions = {}): Tensor => {
    const like = toTensor(x, null, name);
    return filled(like.shape, value, optionalDType(dtype) ?? like.dtype);
  }, ['dtype']);
/** Zeros of the shape of `x`; `dtype` defaults to that of `x`. */
export const zerosLike = likeFiller('zerosLike', 0);
/** Ones of the shape of `x`; `dtype` defaults to that of `x`. */
export const onesLike = likeFiller('onesLike', 1);
/** A tensor of the shape of `x` whose values do not matter (they are 0); `dtype` defaults to that of `x`. */
export const emptyLike = likeFiller('emptyLike', 0);
/** `fillValue`, a number or a tensor that broadcasts to the shape, everywhere; `dtype` defaults to `floatx`. */
export const full = publicOp('full', (shape: ShapeLike, fillValue: TensorLike, { dtype = null }: DTypeOptions = {}): Tensor => {
  const sizes = toShape(shape, 'full');
  const type = standardizeDType(dtype);
  return typeof fillValue === 'number' && !Number.isNaN(fillValue) && Number.isFinite(fillValue)
    ? filled(sizes, fillValue, type)
    : p.broadcastTo(toTensor(fillValue, type, 'full'), sizes);
}, ['dtype']);
/** `fillValue` in the shape of `x`; `dtype` defaults to that of `x`. */
export const fullLike = publicOp('fullLike', (x: TensorLike, fillValue: TensorLike, { dtype = null }: DTypeOptions = {}): Tensor => {
  const like = toTensor(x, null, 'fullLike');
  return p.broadcastTo(toTensor(fillValue, optionalDType(dtype) ?? like.dtype, 'fullLike'), like.shape);
}, ['dtype']);

/** Options of `arange`. */
export interface ArangeOptions extends DTypeOptions {
  /** End of the range, which is not part of it. Default null: the first argument is the end, and 0 the start. */
  stop?: number | null;
  /** Distance of two values. Default 1. */
  step?: number | null;
}
/**
 * `start`, `start + step`, … below `stop` (above it, when `step` is negative). With one number: from 0 to it. Whole numbers give int32,
 * fractions `floatx`, unless `dtype` says otherwise. `stop` and `step` may stand in the options.
 */
export function arange(
  start: number | Tensor,
  stop?: number | Tensor | null | ArangeOptions,
  step?: number | Tensor | null | ArangeOptions,
  options: DTypeOptions = {},
): Tensor {
  const named: ArangeOptions = isPlainObject(stop) ? stop : isPlainObject(step) ? step : options;
  checkOptions('arange', named, ['stop', 'step', 'dtype']);
  const end = isPlainObject(stop) ? (stop.stop ?? null) : (stop ?? named.stop ?? null);
  const by = isPlainObject(stop) || isPlainObject(step) ? (named.step ?? null) : (step ?? named.step ?? null);
  const valueOf = (value: number | Tensor): number => scalarOf('arange', 'a bound or step', value).value;
  const given = [start, end, by]
    .filter((value) => value !== null)
    .map((value) => scalarOf('arange', 'a bound or step', value as number | Tensor));
  const dtype = optionalDType(named.dtype) ?? resultType(...given.map((scalar) => scalar.dtype));
  const [from, to] = end === null ? [0, valueOf(start)] : [valueOf(start), valueOf(end as number)];
  const distance = by === null ? 1 : valueOf(by as number);
  if (distance === 0) throw new RangeError('arange: the step must not be 0');
  const size = integer('arange', 'the number of values', Math.max(0, Math.ceil((to - from) / distance)));
  return size === 0 ? filled([0], 0, dtype) : p.iota(size, dtype, from, distance);
}

/** Options of `linspace`. */
export interface LinspaceOptions {
  /** How many values. Default 50. */
  num?: number | Tensor;
  /** Whether `stop` is the last of them. Default true. */
  endpoint?: boolean;
  /** Default null: `floatx`, or the float dtype of the bounds. */
  dtype?: DTypeLike | null;
  /** The place of the new axis among those of the bounds. Default 0. */
  axis?: number;
}
/** `num` values from one bound to the other along a new axis, and their distance. */
function spaced(
  where: string,
  start: TensorLike,
  stop: TensorLike,
  { num: count = 50, endpoint = true, axis = 0 }: LinspaceOptions,
): { values: Tensor; step: Tensor } {
  const num = integer(where, 'num', scalarOf(where, 'num', count).value, { min: 0 });
  const [low, high] = promote(where, [start, stop], floatType).map((bound) =>
    bound.dtype === 'float16' || bound.dtype === 'bfloat16' ? castTo(bound, 'float32') : bound,
  );
  const shape = broadcastShapes(low!.shape, high!.shape, where);
  const along = normalizeAxis(axis, shape.length + 1, where);
  const parts = endpoint ? num - 1 : num;
  const place = (t: Tensor) => p.reshape(p.broadcastTo(t, shape), [...shape.slice(0, along), 1, ...shape.slice(along)]);
  const steps = p.reshape(p.iota(num, low!.dtype), shape.length === 0 ? [num] : [num, ...new Array<number>(shape.length - along).fill(1)]);
  const share = parts > 0 ? p.divide(steps, constant(parts, steps)) : steps;
  const rest = p.subtract(constant(1, share), share);
  const values = p.add(p.multiply(place(low!), rest), p.multiply(place(high!), share));
  const step = p.divide(p.subtract(high!, low!), constant(parts > 0 ? parts : NaN, low!));
  return { values, step };
}
/** The dtype that a spaced range has by default: that of the bounds as floats. */
const spacedType = (where: string, start: TensorLike, stop: TensorLike, dtype: DTypeLike | null): DType =>
  optionalDType(dtype) ?? promote(where, [start, stop], floatType)[0]!.dtype;
const toType = (x: Tensor, dtype: DType): Tensor => castTo(isInteger(dtype) ? p.floor(x) : x, dtype);
/**
 * `num` evenly spaced values from `start` to `stop`, along a new axis when the bounds are tensors. With `retstep` the result is
 * `[values, step]`.
 */
export const linspace = publicOp(
  'linspace',
  ((start: TensorLike, stop: TensorLike, options: LinspaceOptions & { retstep?: boolean } = {}): Tensor | [Tensor, Tensor] => {
    const { values, step } = spaced('linspace', start, stop, options);
    const dtype = spacedType('linspace', start, stop, options.dtype ?? null);
    return options.retstep === true ? [toType(values, dtype), castTo(step, isInteger(dtype) ? step.dtype : dtype)] : toType(values, dtype);
  }) as {
    (start: TensorLike, stop: TensorLike, options: LinspaceOptions & { retstep: true }): [Tensor, Tensor];
    (start: TensorLike, stop: TensorLike, options?: LinspaceOptions & { retstep?: false }): Tensor;
  },
  ['num', 'endpoint', 'retstep', 'dtype', 'axis'],
);
/** Options of `logspace`. */
export interface LogspaceOptions extends LinspaceOptions {
  /** Default 10. */
  base?: number;
}
/** `base` to the power of evenly spaced values from `start` to `stop`. */
export const logspace = publicOp('logspace', (start: TensorLike, stop: TensorLike, options: LogspaceOptions = {}): Tensor => {
  const { values } = spaced('logspace', start, stop, options);
  return toType(p.power(constant(options.base ?? 10, values), values), spacedType('logspace', start, stop, options.dtype ?? null));
}, ['num', 'endpoint', 'base', 'dtype', 'axis']);

/** Options of `geomspace`. */
export type GeomspaceOptions = LinspaceOptions;
/**
 * `num` values from `start` to `stop`, each the one before times a constant, along a new axis when the bounds are tensors. Both bounds have
 * the same sign and are not 0.
 */
export const geomspace = publicOp('geomspace', (start: TensorLike, stop: TensorLike, options: GeomspaceOptions = {}): Tensor => {
  const [low, high] = promote('geomspace', [start, stop], floatType) as [Tensor, Tensor];
  const wide = (t: Tensor) => (t.dtype === 'float16' || t.dtype === 'bfloat16' ? castTo(t, 'float32') : t);
  const sign = p.sign(wide(low));
  const exponent = (t: Tensor) => p.log10(p.divide(wide(t), sign));
  const { values } = spaced('geomspace', exponent(low), exponent(high), options);
  const along = normalizeAxis(options.axis ?? 0, values.ndim, 'geomspace');
  const signs = p.broadcastTo(sign, broadcastShapes(low.shape, high.shape, 'geomspace'));
  const placed = p.reshape(signs, [...signs.shape.slice(0, along), 1, ...signs.shape.slice(along)]);
  return toType(p.multiply(placed, p.power(constant(10, values), values)), spacedType('geomspace', start, stop, options.dtype ?? null));
}, ['num', 'endpoint', 'dtype', 'axis']);

/** Options of `eye` and `tri`. */
export interface EyeOptions extends DTypeOptions {
  /** Columns. Default null: as many as rows. */
  M?: number | null;
  /** The diagonal: 0 is the main one, positive ones are above it. Default 0. */
  k?: number;
}
/** A matrix of `N` rows whose elements are 1 where `one` holds for the distance of column and row from diagonal `k`. */
function matrix(where: string, N: number, options: EyeOptions, one: (columns: Tensor, rows: Tensor) => Tensor): Tensor {
  checkOptions(where, options, ['M', 'k', 'dtype']);
  const rows = integer(where, 'N', N, { min: 0 });
  const columns = optionalInteger(where, 'M', options.M, { min: 0 }) ?? rows;
  const k = integer(where, 'k', options.k ?? 0);
  const dtype = standardizeDType(options.dtype);
  checkBytes(rows * columns * dtypeBytes(dtype));
  // float64 holds all whole numbers that sizes may be.
  return castTo(one(p.iota(columns, 'float64'), p.reshape(p.iota(rows, 'float64', k), [rows, 1])), dtype);
}
/** A matrix of `N` rows with ones on a diagonal and zeros elsewhere; `dtype` defaults to `floatx`. */
export const eye = (N: number, options: EyeOptions = {}): Tensor => matrix('eye', N, options, p.equal);
/** The identity matrix of `n` rows; `dtype` defaults to `floatx`. */
export function identity(n: number, options: DTypeOptions = {}): Tensor {
  checkOptions('identity', options, ['dtype']);
  return eye(n, options);
}
/** A matrix of `N` rows with ones on and below a diagonal and zeros above; `dtype` defaults to `floatx`. */
export const tri = (N: number, options: EyeOptions = {}): Tensor => matrix('tri', N, options, p.lessEqual);

/** A symmetric window of `n` points, computed from the angle of each point: 0 at the first, 2π at the last. */
const window = (name: string, value: (angle: number) => number) => (x: number | boolean | Tensor): Tensor => {
  const n = integer(name, 'x', scalarOf(name, 'x', x).value, { min: 0 });
  return makeTensor('float32', [n], (data) => {
    for (let i = 0; i < n; i++) data[i] = n === 1 ? 1 : value((2 * Math.PI * i) / (n - 1));
  });
};
/** The triangular window of `x` points that is 0 at both ends. */
export const bartlett = window('bartlett', (angle) => 1 - Math.abs(angle / Math.PI - 1));
/** The Blackman window of `x` points. */
export const blackman = window('blackman', (angle) => 0.42 - 0.5 * Math.cos(angle) + 0.08 * Math.cos(2 * angle));
/** The Hamming window of `x` points. */
export const hamming = window('hamming', (angle) => 0.54 - 0.46 * Math.cos(angle));
/** The Hann window of `x` points. */
export const hanning = window('hanning', (angle) => 0.5 - 0.5 * Math.cos(angle));

/**
 * Coordinates of a grid from its axes: for each axis a tensor of the grid's shape. With `indexing: 'xy'` (the default) the first two axes
 * of the grid are exchanged, as for images; `'ij'` keeps their order. The options come last.
 */
export const meshgrid = publicOp('meshgrid', (...x: (TensorLike | { indexing?: 'xy' | 'ij' })[]): Tensor[] => {
  const last = x.at(-1);
  const options = isPlainObject(last) ? last : {};
  checkOptions('meshgrid', options, ['indexing']);
  const { indexing = 'xy' } = options as { indexing?: string };
  if (indexing !== 'xy' && indexing !== 'ij') throw new TypeError(`meshgrid: indexing must be 'xy' or 'ij', received ${show(indexing)}`);
  const axes = (isPlainObject(last) ? x.slice(0, -1) : x).map((axis) => toTensor(axis as TensorLike, null, 'meshgrid'));
  const place = (i: number) => (indexing === 'xy' && axes.length > 1 && i < 2 ? 1 - i : i);
  const shape = axes.map((_, i) => axes[place(i)]!.size);
  return axes.map((axis, i) => p.broadcastTo(p.reshape(axis, shape.map((_, j) => (j === place(i) ? axis.size : 1))), shape));
}, null);
