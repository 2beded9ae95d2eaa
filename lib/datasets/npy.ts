// Arrays in NumPy's file formats: .npy, one array, and .npz, a zip file of them.
import { readFile } from 'node:fs/promises';
import { unzip } from 'fflate';
import { makeTensor } from '../core/convert.js';
import { dtypeBytes, type DType } from '../core/dtype.js';
import { sizeOf } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';

/** NumPy's codes of little-endian types. */
const CODES: Readonly<Record<string, DType>> = {
  b1: 'bool', i1: 'int8', i2: 'int16', i4: 'int32', i8: 'int64', u1: 'uint8', u2: 'uint16', u4: 'uint32', u8: 'uint64', f2: 'float16', f4: 'float32', f8: 'float64',
};
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY

/**
 * Reads a .npy file: magic, version (2 bytes), length of the header (2 bytes, from version 2 on 4), the header as a Python dict, the data
 * (NumPy Enhancement Proposal 1). `name` opens error messages.
 * @throws for another format, for types that are no numbers, and for truncated files.
 */
export function readNpy(bytes: Uint8Array, name: string): Tensor {
  if (bytes.length < 12 || MAGIC.some((byte, i) => bytes[i] !== byte)) throw new Error(`${name}: is no .npy file`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6]! >= 2;
  const start = wide ? 12 : 10;
  const end = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, end));
  const parsed = /'descr':\s*'([<>|=])(\w+)'.*'fortran_order':\s*(True|False).*'shape':\s*\(([\d, ]*)\)/s.exec(header);
  const dtype = parsed === null ? undefined : CODES[parsed[2]!];
  if (parsed === null || dtype === undefined || (parsed[1] === '>' && dtypeBytes(dtype) > 1)) throw new Error(`${name}: cannot read a .npy file with the header ${header.trim()}`);
  const shape = parsed[4]!.split(',').filter((size) => size.trim() !== '').map(Number);
  const length = sizeOf(shape) * dtypeBytes(dtype);
  if (bytes.length - end < length) throw new Error(`${name}: is truncated: expected ${length} bytes of data, found ${Math.max(0, bytes.length - end)}`);
  const isFortran = parsed[3] === 'True';
  const tensor = makeTensor(dtype, isFortran ? shape.toReversed() : shape, (data) =>
    new Uint8Array(data.buffer, data.byteOffset, length).set(bytes.subarray(end, end + length)));
  return isFortran ? ops.transpose(tensor) : tensor;
}

/**
 * Reads the arrays of a .npz file, by name. Unpacks on another thread.
 * @throws (rejects) when it is no zip file, or one of its arrays cannot be read.
 */
export async function readNpz(file: string): Promise<Record<string, Tensor>> {
  const packed = await readFile(file);
  const files = await new Promise<Record<string, Uint8Array>>((resolve, reject) => {
    unzip(packed, (error, unpacked) => (error === null ? resolve(unpacked) : reject(new Error(`${file}: cannot be unpacked: ${error.message}`, { cause: error }))));
  });
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name.replace(/\.npy$/, ''), readNpy(bytes, `${file}: ${name}`)]));
}
