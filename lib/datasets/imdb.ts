// Reviews of films in the Internet Movie Database.
import { checkOptions } from '../base/errors.js';
import { getFile } from '../utils/get-file.js';
import { readObjectNpz } from './npy.js';
import { shuffler } from '../random/numpy-random.js';
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
const SHA256 = '69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f';

/** Options of `loadData`. */
export interface LoadDataOptions extends WordOptions {
  /** Name of the file in `~/.keras/datasets`. Default `'imdb.npz'`. */
  path?: string;
}

/** Reads the reviews of a file. */
export async function readReviews(where: string, file: string, options: WordOptions): Promise<Texts> {
  const { x_train, y_train, x_test, y_test } = await readObjectNpz(file);
  const order = shuffler(where, options.seed === undefined ? 113 : options.seed);
  const train = startTexts(inOrder(file, x_train, y_train, order), options);
  const test = startTexts(inOrder(file, x_test, y_test, order), options);
  if (options.maxlen && (train.texts.length === 0 || test.texts.length === 0))
    throw new RangeError(`${where}: no review is shorter than maxlen ${options.maxlen}`);
  const texts = limitWords([...train.texts, ...test.texts], options);
  const at = train.texts.length;
  return [[texts.slice(0, at), train.labels], [texts.slice(at), test.labels]];
}

/**
 * 25,000 reviews for training and 25,000 for testing, labelled as negative (0) or positive (1) (A. L. Maas et al., "Learning word vectors
 * for sentiment analysis", 2011). A review is a list of word numbers: the words are numbered by how frequent they are, so `numWords` keeps
 * the most frequent ones. 0 is left for padding.
 *
 * ```ts
 * const [[xTrain, yTrain], [xTest, yTest]] = await keras.datasets.imdb.loadData({ numWords: 10_000 });
 * const padded = keras.utils.padSequences(xTrain, { maxlen: 200 });
 * ```
 * @throws (rejects) when the file is not in the cache and cannot be fetched, and when no review is shorter than `maxlen`.
 */
export async function loadData(options: LoadDataOptions = {}): Promise<Texts> {
  const where = 'datasets.imdb.loadData';
  checkOptions(where, options, ['path', ...WORD_OPTIONS]);
  checkWords(where, options);
  return readReviews(where, await getFile({ fname: options.path ?? 'imdb.npz', origin: `${FOLDER}imdb.npz`, fileHash: SHA256 }), options);
}

/**
 * The number of each word, before `indexFrom` is added.
 * @throws (rejects) when the file is not in the cache and cannot be fetched.
 */
export const getWordIndex = (options: WordIndexOptions = {}): Promise<Record<string, number>> =>
  readWordIndex(
    'datasets.imdb.getWordIndex',
    options,
    'imdb_word_index.json',
    `${FOLDER}imdb_word_index.json`,
    'bfafd718b763782e994055a2d397834f',
  );
export type { Texts, WordIndexOptions, WordOptions } from './texts.js';
