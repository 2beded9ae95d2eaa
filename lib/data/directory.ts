// Files of a folder with labels, as the readers of folders of texts, images and sounds find them.
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { checkChoice, checkOptions, show } from '../base/errors.js';
import { integer } from '../base/integers.js';
import { printMessage } from '../config/logging.js';
import { makeTensor, scalarTensor } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';
import { isFolder } from '../utils/files.js';
import { shuffledOrder } from '../random/numpy-random.js';
import { Dataset } from './dataset.js';
import { shuffledNumbers } from './shuffle.js';

/** Options of all readers of folders. */
export interface DirectoryOptions {
  /**
   * `'inferred'` (the default): each folder in the folder is a class. Null: no labels. Or an integer for each file, in the order of the
   * paths.
   */
  labels?: 'inferred' | readonly number[] | null;
  /** Labels are int32 (`'int'`, the default), one-hot (`'categorical'`), 0 or 1 of shape (1) (`'binary'`), or left out (null). */
  labelMode?: 'int' | 'categorical' | 'binary' | null;
  /** Names of folders that are classes, in the order of their numbers. Default null: all, sorted. */
  classNames?: readonly string[] | null;
  /** Rows of a batch; null: single rows. Default 32. */
  batchSize?: number | null;
  /** Whether files come in random order, in another one each epoch. Default true. */
  shuffle?: boolean;
  /** Seed of the order, which is then Keras's. Needed for a shuffled `validationSplit`. Default null: a random one. */
  seed?: number | null;
  /** The share of the files, from the end, that is for validation. Default null: none. */
  validationSplit?: number | null;
  /** Which part is read of data with a `validationSplit`; `'both'` gives an array of two data sets. */
  subset?: 'training' | 'validation' | 'both' | null;
  /** Whether links to folders are followed. Default false. */
  followLinks?: boolean;
  /** `'tf'` or `'grain'`, for programs that give it: both give the same here. Default `'tf'`. */
  format?: 'tf' | 'grain';
  /** Whether the number of files is printed. Default true. */
  verbose?: boolean;
}
/** Names of the options of all readers. */
export const DIRECTORY_OPTIONS = [
  'labels', 'labelMode', 'classNames', 'batchSize', 'shuffle', 'seed', 'validationSplit', 'subset', 'followLinks', 'format', 'verbose',
] as const;

/** A data set of the files of a folder. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- texts, images or sounds, with labels or without
export class DirectoryDataset<T = any> extends Dataset<T> {
  /** @internal */
  constructor(
    rows: Dataset<T>,
    /** Names of the classes by their numbers; null without labels. */
    readonly classNames: readonly string[] | null,
    /** The files, in the order in which they are drawn from. */
    readonly filePaths: readonly string[],
  ) {
    super(rows.source);
  }
}
/** What a reader makes of files. */
export interface Reader {
  readonly where: string;
  /** What the files are, in messages: `'images'`. */
  readonly kind: string;
  /** Endings of their names, in lower case. */
  readonly endings: readonly string[];
  /** The content of a file. */
  readonly read: (file: string) => Promise<unknown>;
  /** Rows as batches. */
  readonly batch: (rows: Dataset, size: number) => Dataset;
}

interface Found {
  readonly files: readonly string[];
  readonly labels: readonly number[] | null;
  readonly classNames: readonly string[] | null;
}
const byCodePoints = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
/** Paths below a folder, those of a folder before those of the folders in it, as Python's sorted `os.walk` has them. */
async function filesBelow(folder: string, endings: readonly string[], followLinks: boolean): Promise<string[]> {
  const folders: [name: string, files: string[]][] = [];
  const visit = async (at: string): Promise<void> => {
    const entries = await readdir(at, { withFileTypes: true });
    const files: string[] = [];
    for (const entry of entries) {
      const full = path.join(at, entry.name);
      const target = entry.isSymbolicLink() ? await stat(full).catch(() => null) : entry;
      if (target?.isDirectory() === true) {
        if (followLinks || !entry.isSymbolicLink()) await visit(full);
      } else if (endings.some((ending) => entry.name.toLowerCase().endsWith(ending))) files.push(full);
    }
    folders.push([at, files.sort(byCodePoints)]);
  };
  await visit(folder);
  return folders.sort(([a], [b]) => byCodePoints(a, b)).flatMap(([, files]) => files);
}
/** Folders in a folder, sorted. */
async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.map(({ name }) => name).filter((name) => !name.startsWith('.'));
  const kept = await Promise.all(names.map((name) => isFolder(path.join(folder, name))));
  return names.filter((_, i) => kept[i]).sort(byCodePoints);
}

async function find({ where, endings }: Reader, directory: string, options: DirectoryOptions): Promise<Found> {
  const { labels = 'inferred', classNames = null, followLinks = false } = options;
  if (!(await isFolder(directory))) throw new Error(`${where}: there is no folder ${show(directory)}`);
  if (labels !== 'inferred') {
    const files = await filesBelow(directory, endings, followLinks);
    if (labels === null) return { files, labels: null, classNames: null };
    if (labels.length !== files.length)
      throw new RangeError(`${where}: expected a label for each of ${files.length} files, received ${labels.length} labels`);
    return { files, labels: [...labels], classNames: [...new Set(labels)].sort((a, b) => a - b).map(String) };
  }
  const folders = await foldersIn(directory);
  const missing = classNames?.find((name) => !folders.includes(name));
  if (missing !== undefined)
    throw new RangeError(
      `${where}: classNames: there is no folder ${show(missing)} in ${show(directory)}; there are ${folders.map((name) => show(name)).join(', ')}`,
    );
  const names = classNames ?? folders;
  const each = await Promise.all(names.map((name) => filesBelow(path.join(directory, name), endings, followLinks)));
  return { files: each.flat(), labels: each.flatMap((files, i) => files.map(() => i)), classNames: names };
}

function check({ where }: Reader, options: DirectoryOptions): void {
  const { labels = 'inferred', labelMode = 'int', classNames = null, batchSize = 32, shuffle = true, seed = null } = options;
  const { validationSplit = null, subset = null, format = 'tf' } = options;
  if (labels !== 'inferred' && labels !== null && !(Array.isArray(labels) && labels.every((label) => Number.isInteger(label))))
    throw new TypeError(`${where}: labels must be 'inferred', null or an array of integers, received ${show(labels)}`);
  if (labels !== 'inferred' && classNames !== null) throw new TypeError(`${where}: classNames are for labels: 'inferred' only`);
  if (labelMode !== null) checkChoice(where, 'labelMode', labelMode, ['int', 'categorical', 'binary']);
  if (batchSize !== null) integer(where, 'batchSize', batchSize, { min: 1 });
  if (seed !== null) integer(where, 'seed', seed, { min: 0 });
  checkChoice(where, 'format', format, ['tf', 'grain']);
  if (subset !== null) checkChoice(where, 'subset', subset, ['training', 'validation', 'both']);
  const split = validationSplit !== null && validationSplit !== 0;
  if (split && !(validationSplit > 0 && validationSplit < 1))
    throw new RangeError(`${where}: validationSplit must be between 0 and 1, received ${show(validationSplit)}`);
  if (split !== (subset !== null)) throw new TypeError(`${where}: validationSplit and subset are needed together`);
  if (split && shuffle && seed === null)
    throw new TypeError(`${where}: a shuffled validationSplit needs a seed, or training and validation data would overlap`);
}

/** A label as the mode has it. */
function labelOf(label: number, mode: 'int' | 'categorical' | 'binary', classes: number): Tensor {
  if (mode === 'int') return scalarTensor(label, 'int32');
  return makeTensor('float32', [mode === 'binary' ? 1 : classes], (data) => {
    data.fill(0 as never);
    if (mode === 'binary') data[0] = label;
    else if (label >= 0 && label < classes) data[label] = 1;
  });
}

/** The data set, or the two of `subset: 'both'`, that a reader makes of a folder. */
export async function readDirectory(
  reader: Reader,
  directory: string,
  options: DirectoryOptions,
): Promise<DirectoryDataset | [DirectoryDataset, DirectoryDataset]> {
  const { where, kind } = reader;
  check(reader, options);
  const { batchSize = 32, shuffle = true, validationSplit = null, subset = null, verbose = true, labelMode = 'int' } = options;
  const mode = options.labels === null ? null : labelMode;
  const seed = options.seed ?? Math.floor(Math.random() * 1e6);
  const found = await find(reader, directory, mode === null ? { ...options, labels: null, classNames: null } : options);
  const { classNames } = found;
  if (verbose) {
    const classes = classNames === null ? '' : ` belonging to ${classNames.length} classes`;
    printMessage(`Found ${found.files.length} files${classes}.\n`);
  }
  if (mode === 'binary' && classNames?.length !== 2)
    throw new RangeError(`${where}: labelMode 'binary' needs two classes, received ${show(classNames)}`);
  const order = shuffle ? shuffledOrder(where, found.files.length, seed) : found.files.map((_, i) => i);

  const make = (part: readonly number[], mixed: boolean): DirectoryDataset => {
    if (part.length === 0)
      throw new RangeError(`${where}: no ${kind} found in ${show(directory)}; they end in ${reader.endings.join(', ')}`);
    const files = part.map((i) => found.files[i]!);
    const buffer = batchSize === null ? 1024 : batchSize * 8;
    const drawn = mixed ? new Dataset(shuffledNumbers(part.length, buffer, seed)) : Dataset.range(part.length);
    const rows: Dataset = drawn.map(async (i): Promise<unknown> => {
      const content = await reader.read(files[i]!);
      return mode === null ? content : [content, labelOf(found.labels![part[i]!]!, mode, classNames!.length)];
    }, { numParallelCalls: 4 });
    const batches = batchSize === null ? rows : reader.batch(rows, batchSize);
    return new DirectoryDataset(batches.prefetch(2), classNames, files);
  };
  if (subset === null) return make(order, shuffle);
  const held = Math.trunc(validationSplit! * order.length);
  // As in Python, a part of no files from the end is all of them.
  const training = () => (held === 0 ? [] : order.slice(0, -held));
  const validation = () => order.slice(-held);
  const tell = (count: number, use: string) => {
    if (verbose) printMessage(`Using ${count} files for ${use}.\n`);
  };
  if (subset !== 'validation') tell(order.length - held, 'training');
  if (subset !== 'training') tell(held, 'validation');
  if (subset === 'training') return make(training(), shuffle);
  if (subset === 'validation') return make(validation(), shuffle);
  return [make(training(), shuffle), make(validation(), false)];
}

/** Checks the options of a reader with options of its own. */
export function checkReaderOptions(where: string, directory: unknown, options: object, own: readonly string[]): void {
  if (typeof directory !== 'string') throw new TypeError(`${where}: the folder must be a path, received ${show(directory)}`);
  checkOptions(where, options, [...DIRECTORY_OPTIONS, ...own] as never);
}
