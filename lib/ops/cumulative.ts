// Functions of `keras.ops` that run along an axis: running sums and products, differences, integrals.
import type { TensorLike } from '../core/convert.js';
import { filled, toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { floatType, isFloat, type DTypeLike } from '../base/dtype.js';
import { integer } from '../base/integers.js';
import { normalizeAxis } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { movedAxes, partOf } from './axes.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { optionalDType, promote, publicOp, toFloat, widened } from './public.js';

/** Options of the running sums and products. */
export interface CumulativeOptions {
  /** Default null: the flattened tensor. */
  axis?: number | null;
  /** Dtype to accumulate in, and of the result. Default null: that of the tensor; bools become int32. */
  dtype?: DTypeLike | null;
}

/** A running reduction; NaN is replaced by `insteadOfNaN` first, unless that is null. */
function cumulative(name: string, scan: (x: Tensor, axis: number) => Tensor, insteadOfNaN: number | null) {
  return publicOp(name, (x: TensorLike, { axis = null, dtype = null }: CumulativeOptions = {}): Tensor => {
    const given = toTensor(x, null, name);
    const clean = insteadOfNaN !== null && isFloat(given.dtype) ? p.select(p.isnan(given), constant(insteadOfNaN, given), given) : given;
    const target = optionalDType(dtype) ?? (given.dtype === 'bool' ? 'int32' : given.dtype);
    // A bool result asks whether the sum or product of truths is not 0.
    const typed = target === 'bool' ? castTo(castTo(clean, 'bool'), 'int32') : castTo(clean, target);
    const flat = axis === null || typed.ndim === 0 ? p.reshape(typed, [typed.size]) : typed;
    const along = normalizeAxis(axis ?? 0, flat.ndim, name);
    return castTo(widened(flat, (wide) => scan(wide, along)), target);
  }, ['axis', 'dtype']);
}
/** Running sums along an axis. float32 is accumulated in float64; integers wrap. */
export const cumsum = cumulative('cumsum', (x, axis) => p.cumsum(x, axis), null);
/** Running products along an axis. float32 is accumulated in float64; integers wrap. */
export const cumprod = cumulative('cumprod', (x, axis) => p.cumprod(x, axis), null);
/** Running sums along an axis in which NaN counts as 0. */
export const nancumsum = cumulative('nancumsum', (x, axis) => p.cumsum(x, axis), 0);
/** Running products along an axis in which NaN counts as 1. */
export const nancumprod = cumulative('nancumprod', (x, axis) => p.cumprod(x, axis), 1);

/** Options of `diff`. */
export interface DiffOptions {
  /** How often differences are taken. Default 1. */
  n?: number;
  /** Default -1. */
  axis?: number;
}
/** Differences of neighbours along an axis, which gets shorter by one. */
function differences(x: Tensor, axis: number): Tensor {
  const size = x.shape[axis]!;
  const length = Math.max(0, size - 1);
  if (length === 0) return filled(x.shape.map((d, i) => (i === axis ? 0 : d)), 0, x.dtype);
  const [first, second] = [partOf(x, axis, 0, length), partOf(x, axis, 1, length)];
  return x.dtype === 'bool' ? p.notEqual(second, first) : p.subtract(second, first);
}
/** The `n`-th differences of neighbours along an axis; of bools, whether they differ. */
export const diff = publicOp('diff', (a: TensorLike, { n = 1, axis = -1 }: DiffOptions = {}): Tensor => {
  integer('diff', 'n', n, { min: 0 });
  let result = toTensor(a, null, 'diff');
  if (n === 0) return result;
  if (result.ndim === 0) throw new RangeError('diff: expected at least one axis, received a scalar');
  const along = normalizeAxis(axis, result.ndim, 'diff');
  for (let i = 0; i < n && result.size > 0; i++) result = differences(result, along);
  return result;
}, ['n', 'axis']);

/** Options of `trapezoid`. */
export interface TrapezoidOptions {
  /** Where the values were taken: one axis, or the shape of `y`. Default null: at equal distances. */
  x?: TensorLike | null;
  /** The distance of neighbours when `x` is not given. Default 1. */
  dx?: TensorLike;
  /** Default -1. */
  axis?: number;
}
/** The integral of sampled values along an axis by the trapezoidal rule. Integers become `floatx`. */
export const trapezoid = publicOp('trapezoid', (y: TensorLike, { x = null, dx = 1, axis = -1 }: TrapezoidOptions = {}): Tensor => {
  const [values, places] = x === null ? [toFloat('trapezoid', y), null] : (promote('trapezoid', [y, x], floatType) as [Tensor, Tensor]);
  const along = normalizeAxis(axis, values.ndim, 'trapezoid');
  const last = (t: Tensor, at: number) => p.transpose(t, movedAxes(t.ndim, at, -1, 'trapezoid'));
  const rows = last(values, along);
  const [end, size] = [rows.ndim - 1, rows.shape.at(-1)!];
  if (size < 2) return filled(rows.shape.slice(0, -1), 0, values.dtype);
  const heights = p.add(partOf(rows, end, 0, size - 1), partOf(rows, end, 1, size - 1));
  const widths = places === null ? castTo(toTensor(dx, null, 'trapezoid'), values.dtype) : places.ndim === 1 ? differences(places, 0)
    : last(differences(places, normalizeAxis(axis, places.ndim, 'trapezoid')), normalizeAxis(axis, places.ndim, 'trapezoid'));
  return widened(p.multiply(heights, widths), (areas) => p.multiply(p.sum(areas, areas.ndim - 1), constant(0.5, areas)));
}, ['x', 'dx', 'axis']);
