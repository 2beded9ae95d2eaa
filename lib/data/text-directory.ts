// Texts of a folder.
import { readFile } from 'node:fs/promises';
import { integer } from '../base/integers.js';
import { checkReaderOptions, type DirectoryDataset, type DirectoryOptions, readDirectory } from './directory.js';

/** Options of `textDatasetFromDirectory`. */
export interface TextDirectoryOptions extends DirectoryOptions {
  /** Bytes of a text after which it is cut off, as in Keras. Default null: none. */
  maxLength?: number | null;
}
const WHERE = 'textDatasetFromDirectory';

/** The first bytes of a text, without a character that is cut in two. */
const cut = (text: Buffer, length: number | null): string =>
  length === null || text.length <= length ? text.toString('utf8') : text.subarray(0, length).toString('utf8').replace(/\uFFFD+$/, '');

/**
 * The `.txt` files of a folder as a data set of strings with labels, as `fit` and `adapt` take them; two with `subset: 'both'`.
 *
 * ```ts
 * const train = await keras.utils.textDatasetFromDirectory('reviews', { validationSplit: 0.2, subset: 'training', seed: 1 });
 * ```
 * @throws when there is no such folder or no file in it, and for options that do not fit.
 */
export function textDatasetFromDirectory(
  directory: string,
  options: TextDirectoryOptions & { subset: 'both' },
): Promise<[DirectoryDataset, DirectoryDataset]>;
export function textDatasetFromDirectory(directory: string, options?: TextDirectoryOptions): Promise<DirectoryDataset>;
export async function textDatasetFromDirectory(
  directory: string,
  options: TextDirectoryOptions = {},
): Promise<DirectoryDataset | [DirectoryDataset, DirectoryDataset]> {
  checkReaderOptions(WHERE, directory, options, ['maxLength']);
  const { maxLength = null } = options;
  if (maxLength !== null) integer(WHERE, 'maxLength', maxLength, { min: 0 });
  return readDirectory({
    where: WHERE,
    kind: 'text files',
    endings: ['.txt'],
    read: async (file) => cut(await readFile(file), maxLength),
    batch: (rows, size) => rows.batch(size),
  }, directory, options);
}
