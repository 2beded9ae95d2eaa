// Random draws: repeatable by seed, distributed as they say, the same in compiled functions.
import { describe, expect, it } from '@jest/globals';
import { jit, ops, random, type Tensor } from 'keratin';
import { randomPermutation } from '#lib/random/functions.js';
import { makeDefaultSeed, setGlobalSeed } from '#lib/random/seed-generator.js';

const N = 100_000;
const list = (x: Tensor) => ([x.tolist()] as unknown[]).flat(Infinity) as number[];
const mean = (x: Tensor) => ops.mean(x).item();
const std = (x: Tensor) => ops.std(x).item();

describe('seeds', () => {
  it('that are integers give the same values each time', () => {
    for (const draw of [random.uniform, random.normal, random.truncatedNormal]) {
      expect(list(draw([5], { seed: 3 }))).toEqual(list(draw([5], { seed: 3 })));
      expect(list(draw([5], { seed: 3 }))).not.toEqual(list(draw([5], { seed: 4 })));
    }
    expect(list(random.normal([3], { seed: 1 }))).toEqual(list(random.normal([5], { seed: 1 })).slice(0, 3));
  });

  it('of a generator move on, in compiled functions too', () => {
    const [a, b] = [new random.SeedGenerator(42), new random.SeedGenerator({ seed: 42 })];
    const draw = jit(() => random.normal([4], { seed: b }));
    const eager = [1, 2, 3].map(() => list(random.normal([4], { seed: a })));
    expect([1, 2, 3].map(() => list(draw()))).toEqual(eager);
    expect(new Set(eager.map(String)).size).toBe(3);
    expect(b.state.tolist()).toEqual([42, 3]);
    expect(a.state.path).toBe(`${a.name}/seed_generator_state`);
    expect(a.next({ ordered: false }).tolist()).toEqual([42, 3]);
    expect(a.state.tolist()).toEqual([(43 * 5387) % 933199, (4 * 5387) % 933199]);
  });

  it('have configs', () => {
    const config = new random.SeedGenerator(7, { name: 'mine' }).getConfig();
    expect(config).toEqual({ seed: 7, name: 'mine' });
    expect(random.SeedGenerator.fromConfig(config).state.tolist()).toEqual([7, 0]);
    expect(() => new random.SeedGenerator(1.5)).toThrow(/must be an integer/);
  });

  it('of the global generator are set at once', () => {
    const draws = () => {
      setGlobalSeed(11);
      return [list(random.normal([2])), list(random.uniform([2])), makeDefaultSeed()];
    };
    expect(draws()).toEqual(draws());
    expect(list(random.normal([2]))).not.toEqual(list(random.normal([2])));
  });
});

describe('distributions', () => {
  it('uniform', () => {
    const x = random.uniform([N], { minval: -1, maxval: 3, seed: 1 });
    expect(mean(x)).toBeCloseTo(1, 1);
    expect(std(x)).toBeCloseTo(4 / Math.sqrt(12), 1);
    expect(ops.min(x).item()).toBeGreaterThanOrEqual(-1);
    expect(ops.max(x).item()).toBeLessThan(3);
    expect(ops.max(random.uniform([N], { dtype: 'bfloat16', seed: 1 })).cast('float32').item()).toBeLessThan(1);
  });
  it('normal and truncated normal', () => {
    const x = random.normal([N], { mean: 5, stddev: 2, seed: 1, dtype: 'float64' });
    expect([mean(x), std(x)]).toEqual([expect.closeTo(5, 1), expect.closeTo(2, 1)]);
    const t = random.truncatedNormal([N], { mean: 5, stddev: 2, seed: 1 });
    expect(std(t)).toBeCloseTo(2 * 0.8796, 1);
    expect(ops.max(ops.abs(ops.subtract(t, 5))).item()).toBeLessThanOrEqual(4);
  });
  it('randint', () => {
    const x = random.randint([N], -2, 4, { seed: 1, dtype: 'int8' });
    expect(x.dtype).toBe('int8');
    const counts = [-2, -1, 0, 1, 2, 3].map((value) => ops.countNonzero(ops.equal(x, value)).item() / N);
    for (const share of counts) expect(share).toBeCloseTo(1 / 6, 1);
    expect(counts.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
  });
  it('dropout keeps the mean, by the noise shape', () => {
    const x = ops.ones([1000, 50]);
    const dropped = random.dropout(x, 0.25, { seed: 1 });
    expect(mean(dropped)).toBeCloseTo(1, 1);
    expect(new Set(list(dropped))).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    const shared = random.dropout(x, 0.5, { seed: 1, noiseShape: [null, 1] });
    expect(ops.max(ops.std(shared, { axis: 1 })).item()).toBe(0);
    expect(random.dropout(x, 0)).toBe(x);
    expect(ops.max(random.dropout(x, 1)).item()).toBe(0);
  });
  it('shuffle and permutation', () => {
    const x = ops.reshape(ops.arange(40), [20, 2]);
    const shuffled = random.shuffle(x, { seed: 1 });
    expect(shuffled.tolist()).not.toEqual(x.tolist());
    expect(list(ops.sum(shuffled, { axis: 0 }))).toEqual(list(ops.sum(x, { axis: 0 })));
    expect(list(randomPermutation(50, 3)).sort((a, b) => a - b)).toEqual(list(ops.arange(50)));
  });
});

describe('errors', () => {
  it('say what is expected', () => {
    expect(() => random.uniform([2], { dtype: 'int32' })).toThrow(/must be a float/);
    expect(() => random.randint([2], 3, 3)).toThrow(/minval < maxval/);
    expect(() => random.randint([2], 0, 3, { dtype: 'float32' })).toThrow(/must be an integer/);
    expect(() => random.dropout([1.5], 1.5)).toThrow(/from 0 to 1/);
    expect(() => random.normal([2], { sed: 1 } as never)).toThrow(/did you mean 'seed'/);
    expect(() => random.normal([2], { seed: 'a' as never })).toThrow(/seed must be an integer/);
  });
});
