// News of the agency Reuters.
import { checkOptions } from '../base/errors.js';
import * as ops from '../ops/index.js';
import { getFile } from '../utils/get-file.js';
import { checkTestSplit, type SplitOptions } from './housing.js';
import { readObjectNpz } from './npy.js';
import { rowNumbers, shuffler } from '../random/numpy-random.js';
import {
  checkWords,
  inOrder,
  limitWords,
  readWordIndex,
  startTexts,
  type Texts,
  WORD_OPTIONS,
  type WordIndexOptions,
  type WordOptions,
} from './texts.js';

const FOLDER = 'https://storage.googleapis.com/tensorflow/tf-keras-datasets/';
const SHA256 = 'd6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916';

/** How news are chosen. */
export type NewsOptions = WordOptions & Pick<SplitOptions, 'testSplit'>;
/** Options of `loadData`. */
export interface LoadDataOptions extends NewsOptions {
  /** Name of the file in `~/.keras/datasets`. Default `'reuters.npz'`. */
  path?: string;
}

/** Reads the news of a file. */
export async function readNews(where: string, file: string, options: NewsOptions): Promise<Texts> {
  const { x, y } = await readObjectNpz(file);
  const all = startTexts(inOrder(file, x, y, shuffler(where, options.seed === undefined ? 113 : options.seed)), options);
  const texts = limitWords(all.texts, options);
  const at = Math.trunc(texts.length * (1 - (options.testSplit ?? 0.2)));
  const labels = (start: number, stop: number) =>
    ops.take(all.labels, rowNumbers(Array.from({ length: stop - start }, (_, i) => start + i)), { axis: 0 });
  return [[texts.slice(0, at), labels(0, at)], [texts.slice(at), labels(at, texts.length)]];
}

/**
 * 11,228 news with their topic, of 46 (from the collection Reuters-21578). A text is a list of word numbers: the words are numbered by how
 * frequent they are, so `numWords` keeps the most frequent ones. 0 is left for padding.
 *
 * ```ts
 * const [[xTrain, yTrain], [xTest, yTest]] = await keras.datasets.reuters.loadData({ numWords: 10_000 });
 * ```
 * @throws (rejects) when the file is not in the cache and cannot be fetched, and for a `testSplit` outside of 0 … 1.
 */
export async function loadData(options: LoadDataOptions = {}): Promise<Texts> {
  const where = 'datasets.reuters.loadData';
  checkOptions(where, options, ['path', 'testSplit', ...WORD_OPTIONS]);
  checkWords(where, options);
  checkTestSplit(where, options.testSplit ?? 0.2);
  return readNews(
    where,
    await getFile({ fname: options.path ?? 'reuters.npz', origin: `${FOLDER}reuters.npz`, fileHash: SHA256 }),
    options,
  );
}

/**
 * The number of each word, before `indexFrom` is added.
 * @throws (rejects) when the file is not in the cache and cannot be fetched.
 */
export const getWordIndex = (options: WordIndexOptions = {}): Promise<Record<string, number>> =>
  readWordIndex(
    'datasets.reuters.getWordIndex',
    options,
    'reuters_word_index.json',
    `${FOLDER}reuters_word_index.json`,
    '4d44cc38712099c9e383dc6e5f11a921',
  );

/** The names of the topics, in the order of the labels. */
export const getLabelNames = (): string[] => [
  'cocoa',
  'grain',
  'veg-oil',
  'earn',
  'acq',
  'wheat',
  'copper',
  'housing',
  'money-supply',
  'coffee',
  'sugar',
  'trade',
  'reserves',
  'ship',
  'cotton',
  'carcass',
  'crude',
  'nat-gas',
  'cpi',
  'money-fx',
  'interest',
  'gnp',
  'meal-feed',
  'alum',
  'oilseed',
  'gold',
  'tin',
  'strategic-metal',
  'livestock',
  'retail',
  'ipi',
  'iron-steel',
  'rubber',
  'heat',
  'jobs',
  'lei',
  'bop',
  'zinc',
  'orange',
  'pet-chem',
  'dlr',
  'gas',
  'silver',
  'wpi',
  'hog',
  'lead',
];
export type { SplitOptions } from './housing.js';
export type { Texts, WordIndexOptions, WordOptions } from './texts.js';
