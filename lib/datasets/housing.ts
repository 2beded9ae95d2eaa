// What the data sets of house prices share: rows of numbers that are shuffled and split.
import { show } from '../base/errors.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { readNpz } from './npy.js';
import { rowNumbers, shuffledOrder } from '../random/numpy-random.js';

/** Attributes `(n, attributes)` and prices `(n,)` for training, and for testing, all float64. */
export type Prices = [[xTrain: Tensor, yTrain: Tensor], [xTest: Tensor, yTest: Tensor]];

/** How rows are chosen. */
export interface SplitOptions {
  /** Part of the rows that is for testing, from 0 to below 1. Default 0.2. */
  testSplit?: number;
  /** Seed of the rows' order, that of NumPy's `RandomState`; null draws one. Default 113. */
  seed?: number | null;
}

/** @throws for parts outside of 0 … 1. */
export function checkTestSplit(where: string, testSplit: number): void {
  if (typeof testSplit !== 'number' || !(testSplit >= 0 && testSplit < 1))
    throw new RangeError(`${where}: testSplit must be >= 0 and < 1, received ${show(testSplit)}`);
}

/** Reads the arrays `x` and `y` of a file, of which the first `limit` rows count, and splits them. */
export async function loadPrices(
  where: string,
  file: string,
  { testSplit = 0.2, seed = 113 }: SplitOptions,
  limit = Infinity,
): Promise<Prices> {
  const { x, y } = await readNpz(file);
  if (!x || !y) throw new Error(`${file}: expected the arrays x and y`);
  const order = shuffledOrder(where, Math.min(limit, x.shape[0]!), seed);
  const at = Math.trunc(order.length * (1 - testSplit));
  const rows = (part: readonly number[]): [Tensor, Tensor] => [
    ops.take(x, rowNumbers(part), { axis: 0 }),
    ops.take(y, rowNumbers(part), { axis: 0 }),
  ];
  return [rows(order.slice(0, at)), rows(order.slice(at))];
}
