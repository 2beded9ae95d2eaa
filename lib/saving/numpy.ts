// `saving.loadNumpy` and `saving.saveNumpy`: .npy, one array, and .npz, a zip archive of them.
import { open } from 'node:fs/promises';
import { checkOptions, show } from '../base/errors.js';
import { isPlainObject } from '../base/tree.js';
import { toTensor, type TensorLike } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';
import { ZipReader } from '../utils/zip.js';
import { writeZip, type ZipContent } from '../utils/zip-writer.js';
import { writeAtomically } from './atomic.js';
import { ByteFile, withByteFile } from './byte-file.js';
import { checkOverwrite, pathOf, sourceOf, type FileLike, type FileSource } from './formats.js';
import { isNpy, npyHeader, readNpyTensor } from './npy.js';

/** NumPy's formats: an array, or a zip archive of arrays by name. */
export type NumpyFormat = 'npy' | 'npz';
/** Options of `loadNumpy`. */
export interface LoadNumpyOptions<F extends NumpyFormat = NumpyFormat> {
  /** The format; by default that of the ending, else that of the first bytes. */
  format?: F | null;
}

async function formatOf(source: FileSource, format: NumpyFormat | null): Promise<NumpyFormat> {
  if (format !== null) return format;
  const ending = /\.(npy|npz)$/.exec(source.path ?? '')?.[1];
  if (ending !== undefined) return ending as NumpyFormat;
  return withByteFile(source, async (file) => (isNpy(await file.read(0, Math.min(file.size, 6))) ? 'npy' : 'npz'));
}

async function readArchive({ name: file, path, bytes }: FileSource): Promise<Record<string, Tensor>> {
  const zip = await ZipReader.open(bytes === undefined ? path! : { name: file, bytes });
  try {
    const tensors: [string, Tensor][] = [];
    for (const { name } of zip.entries) {
      const array = await ByteFile.open({ name: `${file}: ${name}`, bytes: await zip.read(name) });
      tensors.push([name.replace(/\.npy$/, ''), await readNpyTensor(array)]);
    }
    return Object.fromEntries(tensors);
  } finally {
    zip.close();
  }
}

/**
 * Reads a NumPy file: the array of a `.npy`, the arrays of a `.npz` by name. All types of numbers, both orders of axes and of bytes, and
 * versions 1 to 3 are read. Opaque pairs of bytes (`V2`) are bfloat16, as `ml_dtypes` has NumPy write it.
 * @throws (rejects) for damaged files, structured arrays, texts and dates, and pickled objects, which may run code.
 */
export function loadNumpy(file: `${string}.npy`, options?: LoadNumpyOptions<'npy'>): Promise<Tensor>;
export function loadNumpy(file: `${string}.npz`, options?: LoadNumpyOptions<'npz'>): Promise<Record<string, Tensor>>;
export function loadNumpy(file: FileLike, options: LoadNumpyOptions<'npy'> & { format: 'npy' }): Promise<Tensor>;
export function loadNumpy(file: FileLike, options: LoadNumpyOptions<'npz'> & { format: 'npz' }): Promise<Record<string, Tensor>>;
export function loadNumpy(file: FileLike, options?: LoadNumpyOptions): Promise<Tensor | Record<string, Tensor>>;
export async function loadNumpy(file: FileLike, options: LoadNumpyOptions = {}): Promise<Tensor | Record<string, Tensor>> {
  const where = 'loadNumpy';
  checkOptions(where, options, ['format']);
  const { format = null } = options;
  if (format !== null && format !== 'npy' && format !== 'npz')
    throw new TypeError(`${where}: format must be 'npy' or 'npz', received ${show(format)}`);
  const source = sourceOf(where, file);
  return (await formatOf(source, format)) === 'npy' ? withByteFile(source, readNpyTensor) : readArchive(source);
}

/** Options of `saveNumpy`. */
export interface SaveNumpyOptions {
  /** Whether a file that is there is replaced. Default true. */
  overwrite?: boolean;
}

async function writeNpy(target: string, tensor: Tensor): Promise<void> {
  const handle = await open(target, 'wx');
  try {
    await handle.writeFile(npyHeader(tensor));
    await handle.writeFile(tensor.lend());
  } finally {
    await handle.close();
  }
}

/** Arrays by name; those of a list are called `arr_0`, `arr_1`, …, as `numpy.savez` does. */
function namedTensors(where: string, value: unknown): [string, Tensor][] {
  if (!isPlainObject(value) && !Array.isArray(value))
    throw new TypeError(`${where}: a .npz file has arrays by name: expected an object or a list of tensors, received ${show(value)}`);
  const entries: [string, unknown][] = Array.isArray(value) ? value.map((item, i) => [`arr_${i}`, item]) : Object.entries(value);
  return entries.map(([name, item]) => [name, toTensor(item as TensorLike, null, `${where}: ${name}`)]);
}

/**
 * Saves a tensor as `.npy`, or tensors by name (or a list of them: `arr_0`, `arr_1`, …) as `.npz`, not compressed, for NumPy to read.
 * bfloat16 is written as opaque pairs of bytes (`V2`), as `ml_dtypes` has NumPy write it. The file is there whole or not at all.
 * @throws (rejects) for other endings, and when the file exists and `overwrite` is false.
 */
export async function saveNumpy(
  path: string | URL,
  value: TensorLike | Readonly<Record<string, TensorLike>>,
  options: SaveNumpyOptions = {},
): Promise<void> {
  const where = 'saveNumpy';
  checkOptions(where, options, ['overwrite']);
  const target = pathOf(where, path);
  const isArchive = target.endsWith('.npz');
  if (!isArchive && !target.endsWith('.npy')) throw new TypeError(`${where}: the path must end in .npy or .npz, received ${show(target)}`);
  const tensors = isArchive ? namedTensors(where, value) : [['', toTensor(value as TensorLike, null, where)] as const];
  await checkOverwrite(where, target, options.overwrite ?? true);
  await writeAtomically(target, async (fresh) => {
    if (!isArchive) return writeNpy(fresh, tensors[0]![1]);
    const files = tensors.map(([name, tensor]): [string, ZipContent] => [`${name}.npy`, { parts: [npyHeader(tensor), tensor.lend()] }]);
    return writeZip(fresh, files);
  });
}
