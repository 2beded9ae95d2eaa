// Arrays as NumPy writes them: a magic, a version (2 bytes), the length of the header (2 bytes, from version 2 on 4), the header as a
// Python dict, the elements (NumPy Enhancement Proposal 1).
import { dtypeBytes, isComplex, type DType } from '../base/dtype.js';
import { show } from '../base/errors.js';
import { MOST_AXES } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import type { ByteFile } from './byte-file.js';

/** NumPy's codes of types of numbers. It has none for bfloat16, whose arrays it saves as opaque pairs of bytes. */
export const NUMPY_CODES: Readonly<Record<string, DType>> = {
  b1: 'bool', i1: 'int8', i2: 'int16', i4: 'int32', i8: 'int64', u1: 'uint8', u2: 'uint16', u4: 'uint32', u8: 'uint64', f2: 'float16',
  f4: 'float32', f8: 'float64', c8: 'complex64', c16: 'complex128', V2: 'bfloat16',
};
const CODES = new Map(Object.entries(NUMPY_CODES).map(([code, dtype]) => [dtype, code]));

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
/** No header of numbers is longer. */
const HEADER_LIMIT = 65_536;

/** True for the first bytes of an array. */
export const isNpy = (bytes: Uint8Array): boolean => MAGIC.equals(bytes.subarray(0, MAGIC.length));

/** What a header tells. */
export interface NpyHeader {
  /** The type as NumPy writes it, such as `<f4`. */
  readonly descr: string;
  /** Keras's type, or null when it has none. */
  readonly dtype: DType | null;
  readonly isBigEndian: boolean;
  /** Whether the first axis is the innermost. */
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly start: number;
}

/** Reads a header. @throws (rejects) for another format. */
export async function readNpyHeader(file: ByteFile): Promise<NpyHeader> {
  const { name, size } = file;
  const prefix = await file.read(0, Math.min(12, size));
  if (prefix.length < 12 || !isNpy(prefix)) throw new Error(`${name}: is no .npy file`);
  const version = prefix[6]!;
  if (version < 1 || version > 3) throw new Error(`${name}: is a .npy file of version ${version}.${prefix[7]}; 1, 2 and 3 can be read`);
  const view = new DataView(prefix.buffer);
  const [at, length] = version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (length > HEADER_LIMIT || at + length > size)
    throw new Error(`${name}: is a damaged .npy file: a header of ${length} bytes in a file of ${size}`);
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(await file.read(at, length));
  return { ...parseHeader(text, name), start: at + length };
}

function parseHeader(text: string, name: string): Omit<NpyHeader, 'start'> {
  const fortran = /'fortran_order'\s*:\s*(True|False)\b/.exec(text);
  const sizes = /'shape'\s*:\s*\(([\d,L\s]*)\)/.exec(text); // Python 2 wrote 3L
  const descr = /'descr'\s*:\s*(?:'([^']*)'|(\[))/.exec(text);
  const shape = sizes?.[1]!.split(',').map((size) => size.trim().replace(/L$/, '')).filter((size) => size !== '').map(Number);
  if (!fortran || !descr || !shape?.every(Number.isSafeInteger) || shape.length > MOST_AXES)
    throw new Error(`${name}: has a malformed .npy header: ${show(text.trim())}`);
  const [, order = '', code = ''] = /^([<>|=]?)(.*)$/s.exec(descr[1] ?? '')!;
  return {
    descr: descr[1] ?? text.slice(descr.index, descr.index + 200),
    dtype: descr[1] !== undefined && Object.hasOwn(NUMPY_CODES, code) ? NUMPY_CODES[code]! : null,
    isBigEndian: order === '>',
    isFortran: fortran[1] === 'True',
    shape,
  };
}

/** What cannot be read of an array whose type Keras has none for, in the terms of NumPy. */
function refusal(descr: string): string {
  if (descr.startsWith("'descr'")) return 'is a structured array; save its fields as arrays of their own';
  const kinds: Readonly<Record<string, string>> = {
    O: 'is an array of Python objects, which NumPy pickles; pickles are not read, since they may run code',
    U: 'is an array of texts', S: 'is an array of bytes', M: 'is an array of dates', m: 'is an array of durations', V: 'is a structured array',
  };
  return kinds[descr.replace(/^[<>|=]/, '')[0] ?? ''] ?? 'has numbers of a type that Keras has none for';
}

/** The order of bytes of this machine's numbers, in place. */
function swapBytes(bytes: Uint8Array, dtype: DType): void {
  const width = dtypeBytes(dtype) / (isComplex(dtype) ? 2 : 1);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (width === 2) buffer.swap16();
  else if (width === 4) buffer.swap32();
  else if (width === 8) buffer.swap64();
}

/** An array as a tensor. @throws (rejects) for types that Keras has none for, and for truncated files. */
export async function readNpyTensor(file: ByteFile, header?: NpyHeader): Promise<Tensor> {
  const { descr, dtype, shape, isFortran, isBigEndian, start } = header ?? (await readNpyHeader(file));
  if (dtype === null) throw new TypeError(`${file.name}: ${refusal(descr)} (${descr})`);
  const tensor = await file.tensorAt(start, dtype, isFortran ? shape.toReversed() : shape);
  if (isBigEndian) swapBytes(tensor.memory!, dtype);
  return isFortran ? ops.transpose(tensor) : tensor;
}

/** What stands before the elements of a tensor: version 1, row-major, this machine's order of bytes. */
export function npyHeader({ dtype, shape }: Tensor): Buffer {
  const code = CODES.get(dtype)!;
  const descr = `${dtypeBytes(dtype) === 1 ? '|' : '<'}${code}`;
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, ' ');
  MAGIC.copy(header);
  header[6] = 1;
  header[7] = 0;
  header.writeUInt16LE(length, 8);
  header.write(text, 10, 'latin1');
  header[9 + length] = 0x0a;
  return header;
}
