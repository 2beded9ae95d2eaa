// Zalando's pictures of articles of clothing.
import { getFile } from '../utils/get-file.js';
import { readIdx } from './idx.js';
import type { Digits } from './mnist-sources.js';

const ORIGIN = 'https://storage.googleapis.com/tensorflow/tf-keras-datasets/';
const FILES = ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz', 't10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'];

/** Reads the files at `origin`, through the cache. */
export async function loadFashionMnist(origin: string): Promise<Digits> {
  const files = await Promise.all(FILES.map((fname) => getFile({ fname, origin: origin + fname, cacheSubdir: 'datasets/fashion-mnist' })));
  const [xTrain, yTrain, xTest, yTest] = await Promise.all(files.map(readIdx));
  return [[xTrain!, yTrain!], [xTest!, yTest!]];
}

/**
 * 60,000 pictures for training and 10,000 for testing (Zalando SE, MIT licence), in the form of MNIST: images of 28 × 28 grey values 0 …
 * 255 and labels 0 … 9, all uint8. The labels are T-shirt/top, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot.
 *
 * ```ts
 * const [[xTrain, yTrain], [xTest, yTest]] = await keras.datasets.fashionMnist.loadData();
 * ```
 * They are read from `~/.keras/datasets/fashion-mnist`, to where they are downloaded at first.
 * @throws (rejects) when they are not there and cannot be fetched.
 */
export const loadData = (): Promise<Digits> => loadFashionMnist(ORIGIN);
export type { Digits } from './mnist-sources.js';
