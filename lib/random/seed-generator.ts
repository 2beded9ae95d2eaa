// Seeds: the state that random draws are made from, the global generator, and seeds for objects that were given none.
import { randomInt as entropy } from 'node:crypto';
import { makeTensor, type TensorLike, toTensor } from '../core/convert.js';
import { checkOptions, show } from '../base/errors.js';
import { autoName } from '../base/names.js';
import { withScope } from '../core/scope.js';
import { Tensor } from '../core/tensor.js';
import { Variable } from '../core/variable.js';
import * as p from '../ops/primitives/index.js';
import { constant } from '../ops/primitives/primitive.js';

/** Two uint32 numbers: the key of a stream of random bits. */
const key = (seed: number, counter: number): Tensor =>
  makeTensor('uint32', [2], (data) => {
    data[0] = seed;
    data[1] = counter;
  });

function checkSeed(where: string, seed: unknown): asserts seed is number {
  if (typeof seed !== 'number' || !Number.isInteger(seed))
    throw new TypeError(`${where}: the seed must be an integer, received ${show(seed)}`);
}

/** Options of `SeedGenerator`, and its config. */
export interface SeedGeneratorOptions {
  /** An integer; default null: a random one. */
  seed?: number | null;
  /** Default `seed_generator`, `seed_generator_1`, … */
  name?: string | null;
}

/**
 * The state of a sequence of random draws: each draw with it uses the next seed. Draws with the same initial seed give the same values.
 *
 * ```ts
 * const seed = new keras.random.SeedGenerator(42);
 * const x = keras.random.normal([2, 3], { seed });
 * const y = keras.random.normal([2, 3], { seed }); // other values
 * ```
 */
export class SeedGenerator {
  readonly name: string;
  /** The seed and how many draws have been made with it, uint32; draws in a compiled function advance it too. */
  readonly state: Variable;
  private readonly initialSeed: number | null;

  /** @throws a TypeError when the seed is no integer. */
  constructor(seed: number | null | SeedGeneratorOptions = null, options: SeedGeneratorOptions = {}) {
    const given = typeof seed === 'object' && seed !== null ? seed : { seed, ...options };
    checkOptions('SeedGenerator', given, ['seed', 'name']);
    this.name = given.name ?? autoName('SeedGenerator');
    this.initialSeed = given.seed ?? null;
    const first = this.initialSeed ?? makeDefaultSeed();
    checkSeed('SeedGenerator', first);
    this.state = withScope(
      this.name,
      () => new Variable(key(first, 0), { trainable: false, aggregation: 'none', name: 'seed_generator_state' }),
    );
  }

  /**
   * The seed of the next draw, uint32 of shape (2,); the state moves on. With `ordered: false` the seeds jump about in a sequence of nearly
   * unique numbers below a million.
   */
  next({ ordered = true }: { ordered?: boolean } = {}): Tensor {
    const { value } = this.state;
    const stepped = p.add(value, ordered ? key(0, 1) : constant(1, value));
    this.state.assign(ordered ? stepped : p.mod(p.multiply(stepped, constant(5387, value)), constant(933199, value)));
    return value;
  }

  /** Puts the state into `store`. */
  saveOwnVariables(store: Record<string, Variable | Tensor>): void {
    store[0] = this.state;
  }
  /** Sets the state to what `saveOwnVariables` put into `store`. Files of Keras have no states of seeds: without one it stays as it is. */
  loadOwnVariables(store: Record<string, TensorLike>): void {
    if (store[0] !== undefined) this.state.assign(store[0]);
  }

  /** What `fromConfig` takes. */
  getConfig(): { seed: number | null; name: string } {
    return { seed: this.initialSeed, name: this.name };
  }
  /** A generator from its config. */
  static fromConfig(config: SeedGeneratorOptions): SeedGenerator {
    return new SeedGenerator(config);
  }
}

/** What a random function takes as its seed: an integer or a key (the same values each time), a generator, or null for the global one. */
export type Seed = number | Tensor | SeedGenerator | null;

// SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014).
const MASK = (1n << 64n) - 1n;
let splitMix = BigInt(entropy(2 ** 47));
function nextBits(): bigint {
  splitMix = (splitMix + 0x9e3779b97f4a7c15n) & MASK;
  let z = splitMix;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}

/** A seed for an object that was given none: between 1 and 10⁹, unpredictable until `setGlobalSeed` is called. */
export const makeDefaultSeed = (): number => Number(nextBits() % 1_000_000_000n) + 1;

let globalGenerator: SeedGenerator | undefined;
/** The generator that draws with `seed: null` use. */
export const globalSeedGenerator = (): SeedGenerator => (globalGenerator ??= new SeedGenerator({ name: 'global_seed_generator' }));

let globalSeed: number | null = null;
/** What `setGlobalSeed` was called with; null before. */
export const givenGlobalSeed = (): number | null => globalSeed;
/** Makes everything random that has no seed of its own repeatable: draws with the global generator, initializers, shuffling. */
export function setGlobalSeed(seed: number): void {
  checkSeed('setGlobalSeed', seed);
  globalSeed = seed;
  const generator = globalSeedGenerator();
  splitMix = BigInt(seed) & MASK;
  generator.state.assign(key(seed, 0));
}

/** What seeds and draws without a seed are made from. */
export interface SeedState {
  readonly next: string;
  /** The state of the global generator; null while there is none. */
  readonly generator: readonly number[] | null;
}
/** What the next seeds and draws without a seed are made from, as plain values. */
export const seedState = (): SeedState => ({
  next: String(splitMix),
  generator: globalGenerator === undefined ? null : [...(globalGenerator.state.value.elements as Uint32Array)],
});
/** Goes back to what `seedState` gave. */
export function setSeedState({ next, generator }: SeedState): void {
  if (generator !== null) globalSeedGenerator().state.assign(key(generator[0]!, generator[1]!));
  splitMix = BigInt(next) & MASK;
}

/** The key for one draw. */
export function drawSeed(where: string, seed: Seed | undefined): Tensor {
  if (seed === null || seed === undefined) return globalSeedGenerator().next();
  if (seed instanceof SeedGenerator) return seed.next();
  if (seed instanceof Tensor) return toTensor(seed, 'uint32', where);
  checkSeed(where, seed);
  return key(seed, 0);
}
