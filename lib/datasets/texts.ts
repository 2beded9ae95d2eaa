// What the data sets of texts share: sequences of word numbers, from arrays of lists.
import { readFile } from 'node:fs/promises';
import { checkOptions, show } from '../base/errors.js';
import { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { getFile } from '../utils/get-file.js';
import { rowNumbers } from '../random/numpy-random.js';
import type { PickledArray } from './pickled-array.js';

/** Texts as word numbers, and the number of each text's class (int64), for training, and for testing. */
export type Texts = [[xTrain: number[][], yTrain: Tensor], [xTest: number[][], yTest: Tensor]];

/** How words become numbers. */
export interface WordOptions {
  /** Only the words below this number are kept, counted with `indexFrom`. Default null: all. */
  numWords?: number | null;
  /** Words below this number are left out too. Default 0. */
  skipTop?: number;
  /** Texts of this length and longer, with the start, are left out. Default null: none. */
  maxlen?: number | null;
  /** Seed of the texts' order, that of NumPy's `RandomState`; null draws one. Default 113. */
  seed?: number | null;
  /** The number that begins each text; null for none. Default 1. */
  startChar?: number | null;
  /** What stands for words that are left out; null drops them. Default 2. */
  oovChar?: number | null;
  /** What is added to the numbers of words, 0 for nothing. Default 3. */
  indexFrom?: number;
}
/** The names of the `WordOptions`. */
export const WORD_OPTIONS = ['numWords', 'skipTop', 'maxlen', 'seed', 'startChar', 'oovChar', 'indexFrom'] as const;

/** Texts with their labels. */
export interface Labelled {
  readonly texts: number[][];
  readonly labels: Tensor;
}

/** @throws for options that are no integers. */
export function checkWords(where: string, options: WordOptions): void {
  for (const name of WORD_OPTIONS) {
    const value = options[name];
    const isNullable = name !== 'skipTop' && name !== 'indexFrom';
    if (value === undefined || (value === null && isNullable)) continue;
    if (!Number.isInteger(value))
      throw new TypeError(`${where}: ${name} must be an integer${isNullable ? ' or null' : ''}, received ${show(value)}`);
  }
}

/** Reads texts and labels out of a file's arrays, in this order. */
export function inOrder(
  file: string,
  texts: Tensor | PickledArray | undefined,
  labels: Tensor | PickledArray | undefined,
  order: (n: number) => number[],
): Labelled {
  const lists =
    texts instanceof Tensor && texts.ndim === 2
      ? (texts.tolist() as number[][])
      : texts !== undefined && !(texts instanceof Tensor)
        ? texts.items
        : null;
  if (lists === null || !(labels instanceof Tensor) || lists.length !== labels.shape[0] || !lists.every(Array.isArray))
    throw new Error(`${file}: expected arrays of lists, and as many labels`);
  const rows = order(lists.length);
  return { texts: rows.map((row) => lists[row] as number[]), labels: ops.take(labels, rowNumbers(rows), { axis: 0 }) };
}

/** Adds the start and `indexFrom`, then drops long texts. */
export function startTexts({ texts, labels }: Labelled, { startChar = 1, indexFrom = 3, maxlen = null }: WordOptions): Labelled {
  const start = startChar === null ? [] : [startChar];
  const started = texts.map((text) => [...start, ...text.map((word) => word + indexFrom)]);
  if (!maxlen) return { texts: started, labels };
  const kept = started.flatMap((text, row) => (text.length < maxlen ? [row] : []));
  return { texts: kept.map((row) => started[row]!), labels: ops.take(labels, rowNumbers(kept), { axis: 0 }) };
}

/** Replaces or drops the words that are too rare or too frequent. */
export function limitWords(texts: readonly number[][], { numWords = null, skipTop = 0, oovChar = 2 }: WordOptions): number[][] {
  const limit = numWords || texts.reduce((most, text) => text.reduce((a, b) => Math.max(a, b), most), -Infinity);
  const isKept = (word: number) => skipTop <= word && word < limit;
  return texts.map((text) => (oovChar === null ? text.filter(isKept) : text.map((word) => (isKept(word) ? word : oovChar))));
}

/** The options of `getWordIndex`. */
export interface WordIndexOptions {
  /** Name of the file in `~/.keras/datasets`. */
  path?: string;
}

/** Reads a table of words from a JSON file, through the cache. */
export async function readWordIndex(
  where: string,
  options: WordIndexOptions,
  fname: string,
  origin: string,
  fileHash: string,
): Promise<Record<string, number>> {
  checkOptions(where, options, ['path']);
  const file = await getFile({ fname: options.path ?? fname, origin, fileHash });
  return JSON.parse(await readFile(file, 'utf8')) as Record<string, number>;
}
