// NumPy's arrays in pickles: the few names that a pickle may use, and what they make here.
import { tensorFromBytes } from '../core/convert.js';
import { dtypeBytes, type DType } from '../base/dtype.js';
import { show } from '../base/errors.js';
import { sizeOf } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { NUMPY_CODES } from '../saving/npy.js';

/** An array of objects, such as sequences of different lengths; `items` are in row-major order. */
export interface PickledArray {
  readonly shape: readonly number[];
  readonly items: readonly unknown[];
}

/** Bytes as text, a character each. */
export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
const textOf = (value: unknown): string => (value instanceof Uint8Array ? latin1(value) : String(value));
const isShape = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isInteger(size) && (size as number) >= 0);

/** The bytes of an array as a tensor; `isFortran` tells that the first axis is the innermost. */
export function tensorOfBytes(dtype: DType, shape: readonly number[], isFortran: boolean, bytes: Uint8Array, name: string): Tensor {
  const length = sizeOf(shape) * dtypeBytes(dtype);
  if (bytes.length < length) throw new Error(`${name}: is truncated: expected ${length} bytes of data, found ${bytes.length}`);
  const tensor = tensorFromBytes(dtype, isFortran ? shape.toReversed() : shape, bytes.subarray(0, length));
  return isFortran ? ops.transpose(tensor) : tensor;
}

/** `numpy.dtype(code)`, and its byte order from the state that follows. */
export class NumpyDType {
  private order = '<';

  constructor(private readonly code: string) {}

  setState(name: string, state: unknown): void {
    if (!Array.isArray(state) || state.length < 2) throw new Error(`${name}: the pickle has a malformed NumPy dtype`);
    this.order = textOf(state[1]);
  }

  get isObject(): boolean {
    return this.code.startsWith('O');
  }

  /** The element type. */
  read(name: string): DType {
    const dtype = NUMPY_CODES[this.code];
    if (dtype === undefined || (this.order === '>' && dtypeBytes(dtype) > 1))
      throw new Error(`${name}: cannot read a pickled NumPy array of the type ${show(this.order + this.code)}`);
    return dtype;
  }
}

/** An array between its making and its use: a pickle gives its state later. */
export class PendingArray {
  private state: { shape: readonly number[]; dtype: NumpyDType; isFortran: boolean; content: unknown } | null = null;
  private name = '';

  setState(name: string, state: unknown): void {
    const [, shape, dtype, isFortran, content] = Array.isArray(state) ? (state as unknown[]) : [];
    if (!isShape(shape) || !(dtype instanceof NumpyDType)) throw new Error(`${name}: the pickle has a malformed NumPy array`);
    this.state = { shape, dtype, isFortran: isFortran === true || isFortran === 1, content };
    this.name = name;
  }

  /** The array. `resolve` replaces what is in an array of objects. */
  finish(resolve: (item: unknown) => unknown): Tensor | PickledArray {
    if (this.state === null) throw new Error('the pickle has a NumPy array without content');
    const { shape, dtype, isFortran, content } = this.state;
    if (!dtype.isObject) {
      if (!(content instanceof Uint8Array)) throw new Error(`${this.name}: the pickle has a NumPy array whose content is no bytes`);
      return tensorOfBytes(dtype.read(this.name), shape, isFortran, content, this.name);
    }
    if (!Array.isArray(content) || content.length !== sizeOf(shape))
      throw new Error(`${this.name}: the pickle has a NumPy array of ${show(shape)} objects with other content`);
    if (isFortran && shape.length > 1) throw new Error(`${this.name}: cannot read a pickled array of objects in Fortran's order`);
    return { shape, items: content.map(resolve) };
  }
}

function pending(name: string, shape: unknown, dtype: unknown, isFortran: boolean, content: unknown): PendingArray {
  const array = new PendingArray();
  array.setState(name, [1, shape, dtype, isFortran, content]);
  return array;
}

/** What a pickle can call; the first argument is the pickle's name. */
type Callable = (name: string, ...args: unknown[]) => unknown;

const reconstruct: Callable = () => new PendingArray();
const makeDType: Callable = (_, code) => new NumpyDType(textOf(code).replace(/^[<>|=]/, ''));
const frombuffer: Callable = (name, buffer, dtype, shape, order) => pending(name, shape, dtype, order === 'F', buffer);
const scalar: Callable = (name, dtype, bytes) => {
  if (!(dtype instanceof NumpyDType) || !(bytes instanceof Uint8Array)) throw new Error(`${name}: the pickle has a malformed NumPy number`);
  return tensorOfBytes(dtype.read(name), [], false, bytes, name).item();
};
/** How Python 3 writes bytes for protocols below 3: a string, one character a byte. */
const encode: Callable = (name, text, encoding) => {
  if (typeof text !== 'string' || textOf(encoding) !== 'latin1')
    throw new Error(`${name}: the pickle encodes ${show(text)} as ${show(encoding)}`);
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
};
const ndarray: Callable = (name) => {
  throw new Error(`${name}: the pickle makes a NumPy array in an unknown way`);
};

const MULTIARRAY: Readonly<Record<string, Callable>> = { _reconstruct: reconstruct, scalar };
const NUMERIC: Readonly<Record<string, Callable>> = { _frombuffer: frombuffer };
const GLOBALS: ReadonlyMap<string, Readonly<Record<string, Callable>>> = new Map([
  ['numpy', { ndarray, dtype: makeDType }],
  ['numpy.core.multiarray', MULTIARRAY],
  ['numpy._core.multiarray', MULTIARRAY],
  ['numpy.core.numeric', NUMERIC],
  ['numpy._core.numeric', NUMERIC],
  ['_codecs', { encode }],
]);

/** The function that stands for a Python name in a pickle; null for all names but NumPy's few. */
export function numpyGlobal(module: string, name: string): Callable | null {
  const names = GLOBALS.get(module);
  return names !== undefined && Object.hasOwn(names, name) ? names[name]! : null;
}
