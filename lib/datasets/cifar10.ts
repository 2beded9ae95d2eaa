// The CIFAR-10 images.
import path from 'node:path';
import { getFile } from '../utils/get-file.js';
import { joinCifarBatches, type LabelledImages, readCifarBatch } from './cifar.js';

const ORIGIN = 'https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz';
const SHA256 = '6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce';

/** Reads the images from `origin`, through the cache. */
export async function loadCifar10(origin: string, fileHash: string): Promise<LabelledImages> {
  const folder = path.join(await getFile({ fname: 'cifar-10-batches-py-target', origin, extract: true, fileHash }), 'cifar-10-batches-py');
  const read = (name: string) => readCifarBatch(path.join(folder, name), 'labels');
  const train = await Promise.all([1, 2, 3, 4, 5].map((i) => read(`data_batch_${i}`)));
  return [joinCifarBatches(train), joinCifarBatches([await read('test_batch')])];
}

/**
 * 50,000 colour photographs for training and 10,000 for testing (A. Krizhevsky, "Learning multiple layers of features from tiny images",
 * 2009): images `(n, 32, 32, 3)`, or `(n, 3, 32, 32)` where `config.imageDataFormat()` is `'channels_first'`, and labels `(n, 1)`, all
 * uint8. The labels 0 … 9 are airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck.
 *
 * ```ts
 * const [[xTrain, yTrain], [xTest, yTest]] = await keras.datasets.cifar10.loadData();
 * ```
 * They are read from `~/.keras/datasets`, to where the archive (163 MB) is downloaded at first.
 * @throws (rejects) when it is not there and cannot be fetched.
 */
export const loadData = (): Promise<LabelledImages> => loadCifar10(ORIGIN, SHA256);
export type { LabelledImages } from './cifar.js';
