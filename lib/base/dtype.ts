// Element types: names, sizes, typed arrays and Keras's promotion rules.
import { didYouMean, show } from './errors.js';
import { settings } from './settings.js';

/** The element types that kernels know. The order is the native core's numbering (native/base/dtype.h). */
export const NATIVE_DTYPES = [
  'bool', 'uint8', 'uint16', 'uint32', 'uint64', 'int8', 'int16', 'int32', 'int64', 'float16', 'bfloat16', 'float32', 'float64',
] as const;
/** All element types. Complex ones are pairs of floats in memory, and kernels see them as such. */
export const DTYPES = [...NATIVE_DTYPES, 'complex64', 'complex128'] as const;
/** The element type of a tensor, by Keras's name. */
export type DType = (typeof DTYPES)[number];
/** A floating-point element type. */
export type FloatDType = 'float16' | 'bfloat16' | 'float32' | 'float64';
/** A complex element type. */
export type ComplexDType = 'complex64' | 'complex128';
/** A complex number. */
export interface Complex {
  readonly re: number;
  readonly im: number;
}
/** What a dtype option accepts: a dtype, or Keras's shorthands `'float'` (the default float type) and `'int'` (int32). */
export type DTypeLike = DType | 'float' | 'int';

/** The typed array over a tensor's memory. 16-bit floats are seen as their bits, complex numbers as pairs. */
export type TypedArray =
  | Uint8Array | Uint16Array | Uint32Array | BigUint64Array | Int8Array | Int16Array | Int32Array | BigInt64Array
  | Float32Array | Float64Array;
type TypedArrayConstructor = new (buffer: ArrayBufferLike, byteOffset?: number, length?: number) => TypedArray;

const TABLE: Record<DType, { index: number; bytes: number; array: TypedArrayConstructor }> = {
  bool: { index: 0, bytes: 1, array: Uint8Array },
  uint8: { index: 1, bytes: 1, array: Uint8Array },
  uint16: { index: 2, bytes: 2, array: Uint16Array },
  uint32: { index: 3, bytes: 4, array: Uint32Array },
  uint64: { index: 4, bytes: 8, array: BigUint64Array },
  int8: { index: 5, bytes: 1, array: Int8Array },
  int16: { index: 6, bytes: 2, array: Int16Array },
  int32: { index: 7, bytes: 4, array: Int32Array },
  int64: { index: 8, bytes: 8, array: BigInt64Array },
  float16: { index: 9, bytes: 2, array: Uint16Array },
  bfloat16: { index: 10, bytes: 2, array: Uint16Array },
  float32: { index: 11, bytes: 4, array: Float32Array },
  float64: { index: 12, bytes: 8, array: Float64Array },
  complex64: { index: 13, bytes: 8, array: Float32Array },
  complex128: { index: 14, bytes: 16, array: Float64Array },
};

type Writers = 'set' | 'fill' | 'sort' | 'reverse' | 'copyWithin' | 'subarray';
type ReadonlyElements<A extends TypedArray> = Readonly<Omit<A, Writers>> & {
  /** Some of the elements, not copied. */
  subarray(begin?: number, end?: number): ReadonlyElements<A>;
};
type EachReadonly<A> = A extends TypedArray ? ReadonlyElements<A> : never;
/** A typed array that is only read: what `Tensor.data` is. Where a writable one is needed, `slice()` makes a copy. */
export type ReadonlyTypedArray = EachReadonly<TypedArray>;

/** The native core's number of a dtype. */
export const dtypeIndex = (dtype: DType): number => TABLE[dtype].index;
/** Bytes of one element. */
export const dtypeBytes = (dtype: DType): number => TABLE[dtype].bytes;
/** A typed array of `length` elements over existing memory; a complex element takes two of its entries. */
export function viewOf(dtype: DType, buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray {
  return new TABLE[dtype].array(buffer, byteOffset, length * partsOf(dtype));
}
/** True for float16, bfloat16, float32 and float64. */
export const isFloat = (dtype: DType): dtype is FloatDType => TABLE[dtype].index >= 9 && TABLE[dtype].index <= 12;
/** True for complex64 and complex128. */
export const isComplex = (dtype: DType): dtype is ComplexDType => dtype === 'complex64' || dtype === 'complex128';
/** True for floats and complex numbers: what has gradients. */
export const isInexact = (dtype: DType): boolean => TABLE[dtype].index >= 9;
/** How many numbers an element is: two for complex dtypes. */
export const partsOf = (dtype: DType): 1 | 2 => (isComplex(dtype) ? 2 : 1);
/** The dtype of the parts of a complex one; any other dtype is its own. */
export const partDType = <D extends DType>(dtype: D): Exclude<D, ComplexDType> | 'float32' | 'float64' =>
  (dtype === 'complex64' ? 'float32' : dtype === 'complex128' ? 'float64' : dtype) as Exclude<D, ComplexDType>;
/** The complex dtype whose parts hold a dtype: complex128 for 64-bit floats, complex64 for all others; complex ones are their own. */
export const complexType = (dtype: DType): ComplexDType => (isComplex(dtype) ? dtype : dtype === 'float64' ? 'complex128' : 'complex64');
/** True for the signed and unsigned integers (bool is not one). */
export const isInteger = (dtype: DType): boolean => TABLE[dtype].index >= 1 && TABLE[dtype].index <= 8;
/** True for the 16-bit floats, which are stored narrow and computed in float32. */
export const isHalf = (dtype: DType): boolean => dtype === 'float16' || dtype === 'bfloat16';
/** True for a string that names a dtype exactly. */
export const isDType = (name: unknown): name is DType => typeof name === 'string' && Object.hasOwn(TABLE, name);

/** Resolves a dtype option: `undefined`, `null` and `'float'` mean `floatx`. Throws on an unknown name. */
export function standardizeDType(dtype: DTypeLike | null | undefined): DType {
  if (dtype === undefined || dtype === null || dtype === 'float') return settings.floatx;
  if (dtype === 'int') return 'int32';
  if (isDType(dtype)) return dtype;
  throw new TypeError(`unknown dtype ${show(dtype)}${didYouMean(dtype, DTYPES)} (valid: ${DTYPES.join(', ')})`);
}

/** A dtype, or the type of a bare JavaScript number: `'int'` and `'float'` bend to the tensor beside them. */
export type WeakDType = DType | 'int' | 'float';

// Keras's (JAX's) promotion lattice: each type and the types directly above it. 'int' and 'float' are the weak ones.
const ABOVE: Record<WeakDType, readonly WeakDType[]> = {
  bool: ['int'], int: ['uint8', 'int8'], float: ['bfloat16', 'float16'],
  uint8: ['int16', 'uint16'], uint16: ['int32', 'uint32'], uint32: ['int64', 'uint64'], uint64: ['float'],
  int8: ['int16'], int16: ['int32'], int32: ['int64'], int64: ['float'],
  bfloat16: ['float32'], float16: ['float32'], float32: ['float64', 'complex64'], float64: ['complex128'],
  complex64: ['complex128'], complex128: [],
};
const UPPER = new Map<WeakDType, Set<WeakDType>>();
function upperBounds(dtype: WeakDType): Set<WeakDType> {
  let bounds = UPPER.get(dtype);
  if (bounds === undefined) {
    bounds = new Set([dtype, ...ABOVE[dtype].flatMap((above) => [...upperBounds(above)])]);
    UPPER.set(dtype, bounds);
  }
  return bounds;
}

function leastUpperBound(dtypes: readonly WeakDType[]): WeakDType {
  const common = dtypes.map(upperBounds).reduce((a, b) => new Set([...a].filter((d) => b.has(d))));
  const direct = dtypes.find((d) => common.has(d));
  if (direct !== undefined) return direct;
  return [...common].find((d) => [...common].every((other) => upperBounds(d).has(other)))!;
}

const resultTypes = new Map<string, DType>();

/**
 * The dtype that values of the given dtypes are brought to before they are combined, by Keras's rules
 * (`keras.backend.result_type`, as on its TensorFlow backend: 64-bit types are kept).
 * `'int'` and `'float'` stand for bare numbers. With no argument: `floatx`.
 */
export function resultType(...dtypes: WeakDType[]): DType {
  if (dtypes.length === 0) return settings.floatx;
  const key = `${dtypes.join()}|${settings.floatx}`;
  let result = resultTypes.get(key);
  if (result === undefined) {
    for (const dtype of dtypes)
      if (!Object.hasOwn(ABOVE, dtype))
        throw new TypeError(`unknown dtype ${show(dtype)}${didYouMean(dtype, DTYPES)} (valid: ${DTYPES.join(', ')})`);
    const bound = leastUpperBound(dtypes);
    if (bound === 'int') result = 'int32';
    else if (bound === 'float') result = settings.floatx;
    else result = bound === 'uint64' ? 'uint32' : bound;
    resultTypes.set(key, result);
  }
  return result;
}

/** The float dtype for the result of a function that leaves the integers (`sqrt`, `mean`, …): floats and complex dtypes keep theirs. */
export const floatType = (dtype: DType): FloatDType =>
  isInexact(dtype)
    ? (dtype as FloatDType)
    : dtype === 'int64' || dtype === 'uint64'
      ? settings.floatx
      : (resultType(dtype, 'float') as FloatDType);

/** Float32 value of a float16 bit pattern. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new DataView(new ArrayBuffer(4));
/** Float32 value of a bfloat16 bit pattern. */
export function bfloat16ToNumber(bits: number): number {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
}
