// Conversion and inspection of tensors in `keras.ops`.
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import { bind1 } from '../core/bind.js';
import { castTo } from '../core/cast.js';
import { copyOpOf } from '../core/copy.js';
import type { DType, DTypeLike, TypedArray } from '../base/dtype.js';
import { isFloat, isInteger, standardizeDType } from '../base/dtype.js';
import { KerasTensor } from '../symbolic/keras-tensor.js';
import type { Shape, SymbolicShape } from '../base/shape.js';
import { Tensor } from '../core/tensor.js';
import { Variable } from '../core/variable.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { optionalDType, publicOp, type DTypeOptions } from './public.js';

/** Options of `convertToTensor`. */
export interface ConvertOptions {
  /** Element type of the result. Default null: that of the value; whole numbers become int32, fractions `floatx`, booleans bool. */
  dtype?: DTypeLike | null;
  /** Only null or false: tensors are dense. */
  sparse?: boolean | null;
  /** Only null or false: tensors are dense. */
  ragged?: boolean | null;
}
/** A tensor from a tensor, a typed array, nested arrays of numbers or a number. A tensor of the wanted dtype comes back as it is. */
export const convertToTensor = publicOp(
  'convertToTensor',
  (x: TensorLike, { dtype = null, sparse = null, ragged = null }: ConvertOptions = {}): Tensor => {
    if (sparse === true || ragged === true) throw new Error('convertToTensor: sparse and ragged tensors are not supported');
    return toTensor(x, optionalDType(dtype));
  },
  ['dtype', 'sparse', 'ragged'],
);

/** A tensor with the values of `x`. */
export const array = publicOp(
  'array',
  (x: TensorLike, { dtype = null }: DTypeOptions = {}): Tensor => toTensor(x, optionalDType(dtype), 'array'),
  ['dtype'],
);

/** A copy of the elements in row-major order, as `Tensor.data` lays them out. */
export function convertToNumpy(x: TensorLike): TypedArray {
  return toTensor(x, null, 'convertToNumpy').elements.slice();
}
/** True for a tensor (a variable or a symbol is none). */
export const isTensor = (x: unknown): x is Tensor => x instanceof Tensor;
/** The sizes of the axes; null where a symbol's are not known. */
export function shape(x: KerasTensor): SymbolicShape;
export function shape(x: TensorLike): Shape;
export function shape(x: TensorLike | KerasTensor): SymbolicShape;
export function shape(x: TensorLike | KerasTensor): SymbolicShape {
  return (x instanceof KerasTensor ? x : toTensor(x, null, 'shape')).shape;
}
/** The number of axes. */
export const ndim = (x: TensorLike | KerasTensor): number => shape(x).length;
/** The number of elements; null for a symbol with unknown sizes. */
export function size(x: TensorLike | KerasTensor): number | null {
  return shape(x).reduce((a, b) => (a === null || b === null ? null : a * b), 1);
}
/** The element type. */
export function dtype(x: TensorLike | KerasTensor): DType {
  return x instanceof KerasTensor || x instanceof Variable ? x.dtype : toTensor(x, null, 'dtype').dtype;
}

/** `x` in another dtype: floats to integers are cut off towards 0, anything to bool asks whether it is not 0. */
export const cast = publicOp('cast', (x: TensorLike, dtype: DTypeLike): Tensor =>
  castTo(toTensor(x, null, 'cast'), standardizeDType(dtype)),
);

const LARGEST = { float16: 65504, bfloat16: 3.3895313892515355e38, float32: 3.4028234663852886e38, float64: Number.MAX_VALUE } as const;
/** The smallest and the largest number of a dtype. */
function rangeOf(dtype: DType): readonly [number, number] {
  if (dtype === 'bool') return [0, 1];
  if (isFloat(dtype)) return [-LARGEST[dtype], LARGEST[dtype]];
  const bits = Number(/\d+/.exec(dtype)![0]);
  return dtype.startsWith('u') ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}
/** `x` in another dtype, with values beyond its range at the ends of the range. */
export const saturateCast = publicOp('saturateCast', (x: TensorLike, dtype: DTypeLike): Tensor => {
  const tensor = toTensor(x, null, 'saturateCast');
  const target = standardizeDType(dtype);
  const [low, high] = rangeOf(target);
  const [ownLow, ownHigh] = rangeOf(tensor.dtype);
  if (tensor.dtype === 'bool' || (isInteger(tensor.dtype) && isFloat(target))) return castTo(tensor, target);
  const bound = (value: number) => constant(value, tensor);
  return castTo(p.clip(tensor, bound(Math.max(low, ownLow)), bound(Math.min(high, ownHigh))), target);
});

/**
 * The bits of `x` read as another dtype, by default its own. Where the sizes of the dtypes differ the last axis grows or shrinks by their
 * ratio. As bool every byte tells whether it is not 0.
 * @throws a RangeError when the last axis does not divide, or for a scalar and a dtype of another size.
 */
export const view = publicOp('view', (x: TensorLike, { dtype = null }: DTypeOptions = {}): Tensor => {
  const tensor = toTensor(x, null, 'view');
  const target = optionalDType(dtype) ?? tensor.dtype;
  if (target !== 'bool' || tensor.dtype === 'bool') return p.view(tensor, target);
  const bytes = p.view(tensor, 'uint8');
  return p.notEqual(bytes, constant(0, bytes));
}, ['dtype']);

/** The same values in memory of their own. */
export const copy = publicOp('copy', (x: TensorLike): Tensor => {
  const tensor = toTensor(x, null, 'copy');
  return bind1(copyOpOf(tensor.dtype), [tensor]);
});
/** `x`, through which no gradient flows. */
export const stopGradient = publicOp('stopGradient', (variable: TensorLike): Tensor =>
  p.stopGradient(toTensor(variable, null, 'stopGradient')),
);

/** Options of `nanToNum`. */
export interface NanToNumOptions {
  /** What NaN becomes. Default 0. */
  nan?: number;
  /** What infinity becomes. Default null: the largest number of the dtype. */
  posinf?: number | null;
  /** What minus infinity becomes. Default null: the smallest number of the dtype. */
  neginf?: number | null;
}
/** `x` with numbers in the place of NaN and infinities. Integers stay as they are. */
export const nanToNum = publicOp('nanToNum', (x: TensorLike, { nan = 0, posinf = null, neginf = null }: NanToNumOptions = {}): Tensor => {
  const tensor = toTensor(x, null, 'nanToNum');
  if (!isFloat(tensor.dtype)) return tensor;
  const [low, high] = rangeOf(tensor.dtype);
  const finite = p.select(p.isnan(tensor), constant(nan, tensor), tensor);
  const below = p.select(p.equal(tensor, constant(-Infinity, tensor)), constant(neginf ?? low, tensor), finite);
  return p.select(p.equal(tensor, constant(Infinity, tensor)), constant(posinf ?? high, tensor), below);
}, ['nan', 'posinf', 'neginf']);
