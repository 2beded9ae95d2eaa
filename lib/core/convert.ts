// From JavaScript values to tensors: numbers, nested arrays, typed arrays, tensors and variables.
import { castTo } from './cast.js';
import type { Complex, DType, ReadonlyTypedArray, TypedArray } from '../base/dtype.js';
import { complexType, isComplex, isDType, isInteger } from '../base/dtype.js';
import { checkDepth } from '../base/arrays.js';
import { show } from '../base/errors.js';
import { allocate, allocateZeros, elementsOf, type Memory } from './memory.js';
import { settings } from '../base/settings.js';
import type { Shape } from '../base/shape.js';
import { showShape, sizeOf, specOf } from '../base/shape.js';
import { Tensor, TensorHolder, type NestedArray } from './tensor.js';
import { isLeftOut, placeholder } from './trace.js';
import type { Variable } from './variable.js';

/** Whatever is accepted where a tensor is read. `{ re, im }` is a complex number, also in nested arrays. */
export type TensorLike =
  | Tensor
  | Variable
  | TypedArray
  | ReadonlyTypedArray
  | Uint8ClampedArray
  | NestedArray
  | readonly TensorLike[]
  | number
  | bigint
  | boolean
  | Complex;

/** A new tensor whose elements `fill` writes. */
export function makeTensor(dtype: DType, shape: Shape, fill: (data: TypedArray) => void): Tensor {
  const spec = specOf(dtype, shape);
  if (isLeftOut([spec])) return placeholder(spec);
  const memory = allocate(spec.bytes);
  fill(elementsOf(memory, spec));
  return new Tensor(spec, memory);
}

/** A new tensor with these bytes, in this machine's order. @throws for bytes of another length. */
export function tensorFromBytes(dtype: DType, shape: Shape, bytes: Uint8Array): Tensor {
  const { bytes: expected } = specOf(dtype, shape);
  if (bytes.length !== expected) throw new RangeError(`${dtype}${showShape(shape)} has ${expected} bytes, received ${bytes.length}`);
  return makeTensor(dtype, shape, (data) => new Uint8Array(data.buffer, data.byteOffset, expected).set(bytes));
}

const SCALAR_LIMIT = 4096;
const scalars = new Map<DType, Map<number | string, Memory>>();
/** The memory of a scalar constant, never written: a few thousand are kept, since the same few occur again and again. */
export function scalarMemory(value: number, dtype: DType): Memory {
  let known = scalars.get(dtype);
  if (known === undefined) scalars.set(dtype, (known = new Map()));
  const key = Object.is(value, -0) ? '-0' : value;
  let memory = known.get(key);
  if (memory === undefined) {
    memory = fromNumbers([value], [], dtype, 'float32').lend();
    if (known.size >= SCALAR_LIMIT) known.clear();
    known.set(key, memory);
  }
  return memory;
}
/** A scalar constant. Each is a tensor of its own, so that tapes tell them apart. */
export const scalarTensor = (value: number, dtype: DType): Tensor => new Tensor(specOf(dtype, []), scalarMemory(value, dtype), null, true);

/** Types that JavaScript writes directly; the others are made from float64 or int64 by a cast. */
const DIRECT = new Set<DType>(['float32', 'float64', 'int32', 'int8', 'int16', 'uint8', 'uint16', 'uint32', 'bool']);

type Scalar = number | bigint | boolean;
const isComplexNumber = (value: unknown): value is Complex =>
  typeof value === 'object' && value !== null && typeof (value as Complex).re === 'number' && typeof (value as Complex).im === 'number';
const partsOf = (value: Scalar | Complex): [number, number] => (isComplexNumber(value) ? [value.re, value.im] : [Number(value), 0]);

/** A complex tensor; to real dtypes it is cast, which drops the imaginary parts. */
function fromComplex(flat: ArrayLike<Scalar | Complex>, shape: Shape, dtype: DType): Tensor {
  const tensor = makeTensor(isComplex(dtype) ? dtype : 'complex128', shape, (data) => {
    for (let i = 0; i < flat.length; i++) [data[2 * i], data[2 * i + 1]] = partsOf(flat[i]!);
  });
  return castTo(tensor, dtype);
}

function fromNumbers(flat: ArrayLike<Scalar>, shape: Shape, dtype: DType, natural: DType): Tensor {
  if (isComplex(dtype)) return fromComplex(flat, shape, dtype);
  const wide = natural === 'int64' ? 'int64' : 'float64';
  const whole = isInteger(dtype) || dtype === 'bool';
  // JavaScript's typed arrays wrap where Keras truncates or asks for non-zero: fractions go through the native cast.
  const direct =
    DIRECT.has(dtype) &&
    natural !== 'int64' &&
    (!whole || natural === 'int32' || natural === 'bool') &&
    (dtype !== 'bool' || natural === 'bool');
  const stored = direct ? dtype : wide;
  const tensor = makeTensor(stored, shape, (data) => {
    if (stored === 'int64') for (let i = 0; i < flat.length; i++) (data as BigInt64Array)[i] = BigInt(flat[i]!);
    else for (let i = 0; i < flat.length; i++) (data as Float64Array)[i] = Number(flat[i]);
  });
  return castTo(tensor, dtype);
}

function typedArrayDType(array: ArrayBufferView): DType | null {
  const name = array.constructor.name;
  if (name === 'Uint8ClampedArray' || name === 'Buffer') return 'uint8';
  if (name === 'BigInt64Array') return 'int64';
  if (name === 'BigUint64Array') return 'uint64';
  const dtype = name.replace(/Array$/, '').toLowerCase();
  return isDType(dtype) ? dtype : null;
}

/** Throws for a typed array whose memory was transferred to another thread: it has no elements any more. */
function checkAttached(array: TypedArray, where: string): void {
  try {
    new Uint8Array(array.buffer);
  } catch {
    throw new TypeError(`${where}: received a typed array whose memory was transferred away`);
  }
}

function fromTypedArray(array: TypedArray, dtype: DType | null, where: string): Tensor {
  if (array.length === 0) checkAttached(array, where);
  const own = typedArrayDType(array);
  if (own === null) throw new TypeError(`${where}: a ${array.constructor.name} has no dtype`);
  const tensor = makeTensor(own, [array.length], (data) => data.set(array as never));
  return castTo(tensor, dtype ?? own);
}

/** The shape of a nested array. Throws on ragged ones. */
function nestedShape(value: readonly unknown[], where: string): number[] {
  const shape: number[] = [];
  for (let level: unknown = value; ; ) {
    if (Array.isArray(level)) {
      shape.push(level.length);
      level = level[0];
    } else if (ArrayBuffer.isView(level)) {
      shape.push((level as TypedArray).length);
      break;
    } else if (level instanceof Tensor || level instanceof TensorHolder) {
      shape.push(...level.shape);
      break;
    } else break;
  }
  const check = (level: unknown, axis: number, at: string): void => {
    const length = Array.isArray(level) || ArrayBuffer.isView(level) ? (level as { length: number }).length : null;
    if (length !== (shape[axis] ?? null)) {
      const found = length === null ? 'a single value' : `${length} values`;
      const expected = shape[axis] === undefined ? 'a single value' : `${shape[axis]} values`;
      throw new TypeError(`${where}: the nested array is ragged: element ${at} has ${found}, expected ${expected} as in the first`);
    }
    if (Array.isArray(level)) level.forEach((item, i) => check(item, axis + 1, `${at}[${i}]`));
    else if (length !== null && length > 0) check((level as TypedArray)[0], axis + 1, `${at}[0]`);
  };
  check(value, 0, '');
  return shape;
}

function fromNested(value: readonly unknown[], dtype: DType | null, where: string): Tensor {
  const shape = nestedShape(value, where);
  const flat: (Scalar | Complex)[] = [];
  let complex = false;
  let kind = 'bool' as 'bool' | 'int32' | 'int64' | 'float';
  const visit = (item: unknown): void => {
    if (Array.isArray(item) || ArrayBuffer.isView(item)) {
      for (const inner of item as ArrayLike<unknown> & Iterable<unknown>) visit(inner);
      return;
    }
    if (typeof item === 'number') {
      if (!Number.isSafeInteger(item)) kind = 'float';
      else if (kind === 'bool' || kind === 'int32') kind = Math.abs(item) > 0x7fffffff && item !== -0x80000000 ? 'int64' : 'int32';
    } else if (typeof item === 'bigint') kind = kind === 'float' ? 'float' : 'int64';
    else if (isComplexNumber(item)) complex = true;
    else if (typeof item !== 'boolean') throw new TypeError(`${where}: expected numbers, received ${show(item)}`);
    flat.push(item);
  };
  visit(value);
  if (flat.length !== sizeOf(shape)) throw new TypeError(`${where}: the nested array changed while it was read`);
  const natural = kind === 'float' || flat.length === 0 ? settings.floatx : kind;
  if (complex) return fromComplex(flat, shape, dtype ?? complexType(settings.floatx));
  return fromNumbers(flat as Scalar[], shape, dtype ?? natural, natural);
}

function containsTensors(value: readonly unknown[], where: string, depth = 0): boolean {
  checkDepth(where, depth);
  return value.some(
    (item) => item instanceof Tensor || item instanceof TensorHolder || (Array.isArray(item) && containsTensors(item, where, depth + 1)),
  );
}

let stackTensors: (parts: readonly Tensor[]) => Tensor;
/** @internal Lets lib/ops lend its `stack` to arrays of tensors. */
export function setStack(stack: typeof stackTensors): void {
  stackTensors = stack;
}

/**
 * A tensor with the values of `value`. A tensor of the wanted dtype comes back as it is; memory of typed arrays is copied.
 * Without a dtype, whole numbers become int32, fractions `floatx`, booleans bool, and typed arrays keep their type.
 * `where` opens the error message when the value is no tensor.
 */
export function toTensor(value: TensorLike, dtype: DType | null = null, where = 'convertToTensor'): Tensor {
  if (value instanceof Tensor) return dtype === null ? value : castTo(value, dtype);
  if (value instanceof TensorHolder) return toTensor(value.value, dtype, where);
  if (typeof value === 'number') {
    const whole = Number.isInteger(value) && !Object.is(value, -0) && Math.abs(value) <= 0x7fffffff;
    return dtype === null || whole || !isInteger(dtype)
      ? scalarTensor(value, dtype ?? (whole ? 'int32' : settings.floatx))
      : castTo(scalarTensor(value, 'float64'), dtype);
  }
  if (typeof value === 'boolean') return scalarTensor(Number(value), dtype ?? 'bool');
  if (typeof value === 'bigint') return fromNumbers([value], [], dtype ?? 'int64', 'int64');
  if (isComplexNumber(value)) return fromComplex([value], [], dtype ?? complexType(settings.floatx));
  if (Array.isArray(value)) {
    if (containsTensors(value, where)) {
      const parts = value.map((part) => toTensor(part as TensorLike, dtype, where));
      return stackTensors(parts);
    }
    return fromNested(value, dtype, where);
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return fromTypedArray(value as TypedArray, dtype, where);
  throw new TypeError(`${where}: expected a tensor, a typed array, nested arrays of numbers or a number, received ${show(value)}`);
}

/** A tensor filled with one value. */
export function filled(shape: Shape, value: number, dtype: DType): Tensor {
  if (Object.is(value, 0)) {
    const spec = specOf(dtype, shape);
    return isLeftOut([spec]) ? placeholder(spec) : new Tensor(spec, allocateZeros(spec.bytes));
  }
  if (isComplex(dtype)) {
    return makeTensor(dtype, shape, (data) => {
      for (let i = 0; i < data.length; i += 2) [data[i], data[i + 1]] = [value, 0];
    });
  }
  const direct = DIRECT.has(dtype) && (!isInteger(dtype) || Number.isInteger(value));
  if (direct) return makeTensor(dtype, shape, (data) => (data as Float32Array).fill(dtype === 'bool' ? Number(value !== 0) : value));
  const one = scalarTensor(value, dtype).elements[0]!;
  return makeTensor(dtype, shape, (data) => (data as Float32Array).fill(one as never));
}
