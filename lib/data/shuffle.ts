// The order of shuffled data sets: that of TensorFlow's, whose generator is Philox 4×32-10 (J. Salmon et al., "Parallel Random Numbers: As
// Easy as 1, 2, 3", 2011).

import { givenGlobalSeed } from '../random/seed-generator.js';
import { element, END, type Source } from './cursor.js';

const LOW = 0xffffffffn;
const ROUNDS = 10;

/** Four words from a counter of four and a key of two. */
function philox(counter: Uint32Array, key: Uint32Array): Uint32Array {
  const x = Uint32Array.from(counter);
  let [k0, k1] = key as unknown as [number, number];
  for (let round = 0; round < ROUNDS; round++) {
    const a = BigInt(x[0]!) * 0xd2511f53n;
    const b = BigInt(x[2]!) * 0xcd9e8d57n;
    x.set([Number(b >> 32n) ^ x[1]! ^ k0, Number(b & LOW), Number(a >> 32n) ^ x[3]! ^ k1, Number(a & LOW)]);
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return x;
}

/** Random words, one after the other, from two seeds. */
class Words {
  private readonly counter: Uint32Array;
  private readonly key: Uint32Array;
  private words: Uint32Array = new Uint32Array(0);
  private at = 0;

  constructor(low: bigint, high: bigint) {
    const parts = (seed: bigint) => [Number(seed & LOW), Number((seed >> 32n) & LOW)];
    this.key = Uint32Array.from(parts(low));
    this.counter = Uint32Array.from([0, 0, ...parts(high)]);
  }

  next(): number {
    if (this.at === this.words.length) {
      this.words = philox(this.counter, this.key);
      for (let i = 0; i < 4 && ++this.counter[i]! > LOW; i++);
      this.at = 0;
    }
    return this.words[this.at++]!;
  }
}

/** The seed beside that of the data set where `utils.setRandomSeed` was not called. */
const GRAPH_SEED = 87654321;
/** Seeds are taken modulo this. */
const LARGEST_SEED = 2 ** 31 - 1;

/** The place of a pass: how many numbers have come, of which pass. */
interface Place {
  readonly at: number;
  readonly pass: number;
}

/**
 * The numbers below `count`, each drawn from the next `buffer` ones that have not come yet, in an own order for each pass: that of
 * TensorFlow's `range(count).shuffle(buffer, seed)`.
 */
export function shuffledNumbers(count: number, buffer: number, seed: number): Source<number> {
  let passes = 0;
  const seeds = [BigInt((givenGlobalSeed() ?? GRAPH_SEED) % LARGEST_SEED), BigInt(seed % LARGEST_SEED)] as const;
  return {
    cardinality: count,
    open(state) {
      const place = (state ?? { at: 0, pass: passes }) as Place;
      const { pass } = place;
      let { at } = place;
      passes = pass + 1;
      const order = orderOf(count, buffer, wordsOf(seeds, pass));
      return {
        next: () => (at < count ? element(order[at++]!) : END),
        state: () => ({ at, pass }),
        close: () => undefined,
      };
    },
  };
}

/** The random words of a pass: those before it have taken two seeds each. */
function wordsOf(seeds: readonly [bigint, bigint], pass: number): Words {
  const words = new Words(...seeds);
  for (let i = 0; i < 2 * pass; i++) words.next();
  return new Words(BigInt(words.next()), BigInt(words.next()));
}

function orderOf(count: number, buffer: number, words: Words): number[] {
  // A ring: the number that stood first takes the place of the one that was drawn.
  const size = Math.min(buffer, count);
  const ring = Array.from({ length: size }, (_, i) => i);
  return Array.from({ length: count }, (_, start) => {
    const waiting = Math.min(size, count - start);
    const at = (start + (words.next() % waiting)) % size;
    const drawn = ring[at]!;
    ring[at] = ring[start % size]!;
    ring[start % size] = start + size;
    return drawn;
  });
}
