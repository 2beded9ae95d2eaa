// House prices in Boston.
import { checkOptions } from '../base/errors.js';
import { getFile } from '../utils/get-file.js';
import { checkTestSplit, loadPrices, type Prices, type SplitOptions } from './housing.js';

const ORIGIN = 'https://storage.googleapis.com/tensorflow/tf-keras-datasets/boston_housing.npz';
const SHA256 = 'f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5';

/** Options of `loadData`. */
export interface LoadDataOptions extends SplitOptions {
  /** Name of the file in `~/.keras/datasets`. Default `'boston_housing.npz'`. */
  path?: string;
}

/**
 * 506 towns around Boston with 13 attributes, and the median price of their houses in thousands of dollars, in the 1970s (StatLib, Carnegie
 * Mellon University). One attribute rests on the assumption that people of one race raise or lower prices, so use the data to study what
 * such data do, and `californiaHousing` otherwise.
 *
 * ```ts
 * const [[xTrain, yTrain], [xTest, yTest]] = await keras.datasets.bostonHousing.loadData();
 * ```
 * @throws (rejects) when the file is not in the cache and cannot be fetched, and for a `testSplit` outside of 0 … 1.
 */
export async function loadData(options: LoadDataOptions = {}): Promise<Prices> {
  const where = 'datasets.bostonHousing.loadData';
  checkOptions(where, options, ['path', 'testSplit', 'seed']);
  checkTestSplit(where, options.testSplit ?? 0.2);
  return loadPrices(where, await getFile({ fname: options.path ?? 'boston_housing.npz', origin: ORIGIN, fileHash: SHA256 }), options);
}
export type { Prices, SplitOptions } from './housing.js';
