// House prices in California.
import { checkOptions, show } from '../base/errors.js';
import { getFile } from '../utils/get-file.js';
import { checkTestSplit, loadPrices, type Prices, type SplitOptions } from './housing.js';

const ORIGIN = 'https://storage.googleapis.com/tensorflow/tf-keras-datasets/california_housing.npz';
const SHA256 = '1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f';
const SMALL = 600;

/** Options of `loadData`. */
export interface LoadDataOptions extends SplitOptions {
  /** `'large'`, the default, has 20,640 rows, `'small'` the first 600. */
  version?: 'large' | 'small';
  /** Name of the file in `~/.keras/datasets`. Default `'california_housing.npz'`. */
  path?: string;
}

/**
 * 20,640 blocks of California with 8 attributes (longitude, latitude, median age of the houses, rooms, bedrooms, people, households, median
 * income), and the median price of their houses in dollars, in 1990 (R. K. Pace, R. Barry, "Sparse spatial autoregressions", 1997).
 *
 * ```ts
 * const [[xTrain, yTrain], [xTest, yTest]] = await keras.datasets.californiaHousing.loadData({ version: 'small' });
 * ```
 * @throws (rejects) when the file is not in the cache and cannot be fetched, for other values of `version`, and for a `testSplit` outside
 * of 0 … 1.
 */
export async function loadData(options: LoadDataOptions = {}): Promise<Prices> {
  const where = 'datasets.californiaHousing.loadData';
  checkOptions(where, options, ['version', 'path', 'testSplit', 'seed']);
  checkTestSplit(where, options.testSplit ?? 0.2);
  const { version = 'large' } = options;
  if (version !== 'large' && version !== 'small')
    throw new TypeError(`${where}: version must be 'large' or 'small', received ${show(version)}`);
  const file = await getFile({ fname: options.path ?? 'california_housing.npz', origin: ORIGIN, fileHash: SHA256 });
  return loadPrices(where, file, options, version === 'small' ? SMALL : Infinity);
}
export type { Prices, SplitOptions } from './housing.js';
