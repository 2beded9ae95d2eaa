// NumPy's older generator of random numbers, which the order of Keras's data sets comes from.
import { show } from '../base/errors.js';
import type { Tensor } from '../core/tensor.js';
import { toTensor } from '../core/convert.js';
import { MersenneTwister } from './mersenne-twister.js';

/**
 * The order in which `numpy.random.RandomState(seed).shuffle` puts `n` items; null draws a seed.
 * @throws when the seed is no integer from 0 to 2³² - 1.
 */
export function shuffledOrder(where: string, n: number, seed: number | null): number[] {
  return shuffler(where, seed)(n);
}

/** As `shuffledOrder`, for several orders of one generator. */
export function shuffler(where: string, seed: number | null): (n: number) => number[] {
  if (seed !== null && !(Number.isInteger(seed) && seed >= 0 && seed <= 0xffffffff))
    throw new RangeError(`${where}: seed must be an integer from 0 to 4294967295 or null, received ${show(seed)}`);
  const generator = new MersenneTwister(seed ?? Math.floor(Math.random() * 2 ** 32));
  return (n) => {
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = generator.upTo(i);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  };
}

/** Row numbers as a tensor. */
export const rowNumbers = (rows: readonly number[]): Tensor => toTensor(Int32Array.from(rows), 'int32');
