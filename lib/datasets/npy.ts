// Arrays in NumPy's files of data sets: also those with pickled arrays of objects.
import { Tensor } from '../core/tensor.js';
import { ByteFile } from '../saving/byte-file.js';
import { readNpyHeader, readNpyTensor } from '../saving/npy.js';
import { loadNumpy } from '../saving/numpy.js';
import { ZipReader } from '../utils/zip.js';
import { unpickle } from './pickle.js';
import type { PickledArray } from './pickled-array.js';

/**
 * Reads the arrays of a .npz file, by name.
 * @throws (rejects) when it is no zip file, or one of its arrays cannot be read.
 */
export const readNpz = (file: string): Promise<Record<string, Tensor>> => loadNumpy(file, { format: 'npz' });

/** As `readNpz`, for files with arrays of objects, which are unpickled: that reads data only. */
export async function readObjectNpz(file: string): Promise<Record<string, Tensor | PickledArray>> {
  const zip = await ZipReader.open(file);
  try {
    const arrays: Record<string, Tensor | PickledArray> = {};
    for (const { name } of zip.entries) arrays[name.replace(/\.npy$/, '')] = await readArray(`${file}: ${name}`, await zip.read(name));
    return arrays;
  } finally {
    zip.close();
  }
}

async function readArray(name: string, bytes: Uint8Array): Promise<Tensor | PickledArray> {
  const file = await ByteFile.open({ name, bytes });
  const header = await readNpyHeader(file);
  if (!/^[<>|=]?O/.test(header.descr)) return readNpyTensor(file, header);
  const array = unpickle(bytes.subarray(header.start), name);
  if (array instanceof Tensor || (typeof array === 'object' && array !== null && 'items' in array)) return array;
  throw new Error(`${name}: expected a pickled NumPy array`);
}
