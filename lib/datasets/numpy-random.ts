// NumPy's older generator of random numbers, which the order of Keras's data sets comes from.
import { show } from '../core/errors.js';
import type { Tensor } from '../core/tensor.js';
import { toTensor } from '../core/convert.js';

const SIZE = 624;
const SHIFT = 397;

/** The Mersenne Twister MT19937 (M. Matsumoto, T. Nishimura: "Mersenne Twister", ACM TOMACS 8, 1998), seeded by one number. */
class MersenneTwister {
  private readonly state = new Uint32Array(SIZE);
  private at = SIZE;

  constructor(seed: number) {
    const { state } = this;
    state[0] = seed;
    for (let i = 1; i < SIZE; i++) {
      const previous = state[i - 1]! ^ (state[i - 1]! >>> 30);
      state[i] = Math.imul(1_812_433_253, previous) + i;
    }
  }

  private twist(): void {
    const { state } = this;
    for (let i = 0; i < SIZE; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % SIZE]! & 0x7fffffff);
      state[i] = state[(i + SHIFT) % SIZE]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.at = 0;
  }

  /** The next 32 bits. */
  next(): number {
    if (this.at === SIZE) this.twist();
    let y = this.state[this.at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** An integer from 0 to `max`: the first draw, cut to the bits of `max`, that is no larger. */
  upTo(max: number): number {
    const mask = 0xffffffff >>> Math.clz32(max);
    for (;;) {
      const value = (this.next() & mask) >>> 0;
      if (value <= max) return value;
    }
  }
}

/**
 * The order in which `numpy.random.RandomState(seed).shuffle` puts `n` items; null draws a seed.
 * @throws when the seed is no integer from 0 to 2³² - 1.
 */
export function shuffledOrder(where: string, n: number, seed: number | null): number[] {
  return shuffler(where, seed)(n);
}

/** As `shuffledOrder`, for several orders of one generator. */
export function shuffler(where: string, seed: number | null): (n: number) => number[] {
  if (seed !== null && !(Number.isInteger(seed) && seed >= 0 && seed <= 0xffffffff)) throw new RangeError(`${where}: seed must be an integer from 0 to 4294967295 or null, received ${show(seed)}`);
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
