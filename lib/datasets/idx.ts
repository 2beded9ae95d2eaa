// Arrays in the IDX format, that of the original MNIST files.
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip as gunzipWithCallback } from 'node:zlib';
import { makeTensor } from '../core/convert.js';
import { sizeOf } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';

const UNSIGNED_BYTE = 8;
const GZIP = [0x1f, 0x8b];
const gunzip = promisify(gunzipWithCallback);

/**
 * Reads an IDX file of bytes, which may be compressed by gzip: two zero bytes, the type, the number of axes, their sizes (big-endian, 4
 * bytes each), the data.
 * @throws (rejects) for another format or type, and for a file of another length than its header tells.
 */
export async function readIdx(file: string): Promise<Tensor> {
  const packed = await readFile(file);
  const bytes = packed[0] === GZIP[0] && packed[1] === GZIP[1] ? await gunzip(packed) : packed;
  const rank = bytes[3] ?? 0;
  const start = 4 + 4 * rank;
  if (bytes.length < start || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== UNSIGNED_BYTE)
    throw new Error(`${file}: is no IDX file of bytes`);
  const shape = Array.from({ length: rank }, (_, axis) => bytes.readUInt32BE(4 + 4 * axis));
  if (bytes.length !== start + sizeOf(shape)) throw new Error(`${file}: expected ${start + sizeOf(shape)} bytes, found ${bytes.length}`);
  return makeTensor('uint8', shape, (data) => (data as Uint8Array).set(bytes.subarray(start)));
}
