// Arrays in NumPy's file formats: .npy, one array, and .npz, a zip file of them.
import { dtypeBytes } from '../base/dtype.js';
import { Tensor } from '../core/tensor.js';
import { ZipReader } from '../utils/zip.js';
import { unpickle } from './pickle.js';
import { NUMPY_CODES, type PickledArray, tensorOfBytes } from './pickled-array.js';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY

/**
 * Reads a .npy file: magic, version (2 bytes), length of the header (2 bytes, from version 2 on 4), the header as a Python dict, the data
 * (NumPy Enhancement Proposal 1). `name` opens error messages.
 * @throws for another format, for types that are no numbers, and for truncated files.
 */
export function readNpy(bytes: Uint8Array, name: string): Tensor {
  const array = readArray(bytes, name, false);
  if (!(array instanceof Tensor)) throw new Error(`${name}: expected an array of numbers, found one of objects`);
  return array;
}

/** As `readNpy`; with `allowObjects`, arrays of objects are unpickled, which reads data only. */
function readArray(bytes: Uint8Array, name: string, allowObjects: boolean): Tensor | PickledArray {
  if (bytes.length < 12 || MAGIC.some((byte, i) => bytes[i] !== byte)) throw new Error(`${name}: is no .npy file`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6]! >= 2;
  const start = wide ? 12 : 10;
  const end = start + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder('latin1').decode(bytes.subarray(start, end));
  const parsed = /'descr':\s*'([<>|=])(\w+)'.*'fortran_order':\s*(True|False).*'shape':\s*\(([\d, ]*)\)/s.exec(header);
  const refuse = (): never => {
    throw new Error(`${name}: cannot read a .npy file with the header ${header.trim()}`);
  };
  if (parsed === null) return refuse();
  if (parsed[2] === 'O' && allowObjects) return readObjects(bytes.subarray(end), name);
  const dtype = NUMPY_CODES[parsed[2]!];
  if (dtype === undefined || (parsed[1] === '>' && dtypeBytes(dtype) > 1)) return refuse();
  const shape = parsed[4]!.split(',').filter((size) => size.trim() !== '').map(Number);
  return tensorOfBytes(dtype, shape, parsed[3] === 'True', bytes.subarray(end), name);
}

function readObjects(bytes: Uint8Array, name: string): Tensor | PickledArray {
  const array = unpickle(bytes, name);
  if (array instanceof Tensor || (typeof array === 'object' && array !== null && 'items' in array)) return array;
  throw new Error(`${name}: expected a pickled NumPy array`);
}

/**
 * Reads the arrays of a .npz file, by name.
 * @throws (rejects) when it is no zip file, or one of its arrays cannot be read.
 */
export async function readNpz(file: string): Promise<Record<string, Tensor>> {
  const arrays = Object.entries(await unzipFile(file));
  return Object.fromEntries(arrays.map(([name, bytes]) => [name, readNpy(bytes, `${file}: ${name}.npy`)]));
}

/** As `readNpz`, for files with arrays of objects. */
export async function readObjectNpz(file: string): Promise<Record<string, Tensor | PickledArray>> {
  const arrays = Object.entries(await unzipFile(file));
  return Object.fromEntries(arrays.map(([name, bytes]) => [name, readArray(bytes, `${file}: ${name}.npy`, true)]));
}

/** The arrays' files, by the arrays' names. */
async function unzipFile(file: string): Promise<Record<string, Uint8Array>> {
  const zip = await ZipReader.open(file);
  try {
    const files: Record<string, Uint8Array> = {};
    for (const { name } of zip.entries) files[name.replace(/\.npy$/, '')] = await zip.read(name);
    return files;
  } finally {
    zip.close();
  }
}
