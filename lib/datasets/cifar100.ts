// The CIFAR-100 images.
import path from 'node:path';
import { checkOptions, show } from '../base/errors.js';
import { getFile } from '../utils/get-file.js';
import { joinCifarBatches, type LabelledImages, readCifarBatch } from './cifar.js';

const ORIGIN = 'https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz';
const SHA256 = '85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7';

/** Which labels: of 100 classes, or of the 20 groups that they form. */
export type LabelMode = 'fine' | 'coarse';
/** Options of `loadData`. */
export interface LoadDataOptions {
  /** Default `'fine'`. */
  labelMode?: LabelMode;
}

/** Reads the images from `origin`, through the cache. */
export async function loadCifar100(origin: string, fileHash: string, labelMode: LabelMode): Promise<LabelledImages> {
  const folder = path.join(await getFile({ fname: 'cifar-100-python-target', origin, extract: true, fileHash }), 'cifar-100-python');
  const [train, test] = await Promise.all(['train', 'test'].map((name) => readCifarBatch(path.join(folder, name), `${labelMode}_labels`)));
  return [joinCifarBatches([train!]), joinCifarBatches([test!])];
}

/**
 * 50,000 colour photographs for training and 10,000 for testing, as `cifar10` has them, of 100 classes in 20 groups (A. Krizhevsky,
 * "Learning multiple layers of features from tiny images", 2009).
 *
 * ```ts
 * const [[xTrain, yTrain], [xTest, yTest]] = await keras.datasets.cifar100.loadData({ labelMode: 'coarse' });
 * ```
 * They are read from `~/.keras/datasets`, to where the archive (161 MB) is downloaded at first.
 * @throws (rejects) when it is not there and cannot be fetched, and for other values of `labelMode`.
 */
export async function loadData(options: LoadDataOptions = {}): Promise<LabelledImages> {
  checkOptions('datasets.cifar100.loadData', options, ['labelMode']);
  const { labelMode = 'fine' } = options;
  if (labelMode !== 'fine' && labelMode !== 'coarse')
    throw new TypeError(`datasets.cifar100.loadData: labelMode must be 'fine' or 'coarse', received ${show(labelMode)}`);
  return loadCifar100(ORIGIN, SHA256, labelMode);
}
export type { LabelledImages } from './cifar.js';
