// Calls that differ only in attributes that JSON cannot write, or in strings with commas, do not share a plan: run at once, compiled, in a
// loop's body.
import { describe, expect, it } from '@jest/globals';
import { jit, ops, random, type Tensor } from 'keratin';

const SPECIAL = [Infinity, -Infinity, NaN, -0, 0];
const first = (x: unknown): number => (x as Tensor).data[0] as number;

describe.each(['float32', 'float64'] as const)('%s attributes', (dtype) => {
  const x = ops.ones([1], { dtype });
  const padded = (value: number) => ops.pad(x, [[1, 0]], { constantValues: value });

  it('tell the special numbers apart when they run at once', () => {
    for (const value of [...SPECIAL, ...SPECIAL.toReversed()]) expect(first(padded(value))).toBe(value);
  });

  it('tell them apart inside one program, and in calls of one compiled function', () => {
    const all = jit((y: Tensor) => SPECIAL.map((value) => ops.pad(y, [[1, 0]], { constantValues: value })));
    expect(all(x).map(first)).toEqual(SPECIAL);
    const one = (value: number) => jit((y: Tensor) => ops.pad(y, [[1, 0]], { constantValues: value }));
    expect(SPECIAL.map((value) => first(one(value)(x)))).toEqual(SPECIAL);
  });

  it('tell them apart in the bodies of loops, whose plans are found by what they compute', () => {
    const scanned = (value: number) =>
      ops.map((row: Tensor) => ops.pad(row, [[1, 0]], { constantValues: value }), ops.reshape(x, [1, 1])) as Tensor;
    for (const value of [...SPECIAL, ...SPECIAL.toReversed()]) expect(first(scanned(value))).toBe(value);
  });
});

describe('random numbers', () => {
  it('have the means and bounds that are asked for', () => {
    const normal = (mean: number) => first(random.normal([2], { mean, seed: 1 }));
    for (const mean of [Infinity, -Infinity, NaN, Infinity]) expect(normal(mean)).toBe(mean);
    const uniform = (low: number) => first(random.uniform([2], { minval: low, maxval: low, seed: 1 }));
    for (const low of [3, NaN, 3]) expect(uniform(low)).toBe(low);
  });
});

describe('jit', () => {
  it('tells strings apart whatever is in them', () => {
    const f = jit((a: string, b: string, x: Tensor) => ops.add(x, 100 * a.length + b.length));
    const zero = ops.zeros([]);
    for (const [a, b] of [
      ['a,string:b', 'c'],
      ['a', 'b,string:c'],
      ['a","b', 'c'],
      ['a', 'b","c'],
    ] as const)
      expect(f(a, b, zero).item()).toBe(100 * a.length + b.length);
  });

  it('tells fixed values of other types apart, and what is fixed from what is passed', () => {
    const f = jit((a: unknown, x: Tensor) => ops.add(x, a === null ? 1 : a === undefined ? 2 : a === true ? 3 : a === 'true' ? 4 : 5));
    expect([null, undefined, true, 'true', 'null', null].map((a) => f(a, ops.zeros([])).item())).toEqual([1, 2, 3, 4, 5, 1]);
  });

  it('keeps calls of custom gradients apart that look alike', () => {
    const scaled = (factor: number) =>
      ops.customGradient((x: Tensor) => [ops.multiply(x, factor), (dy: Tensor) => ops.multiply(dy, factor)] as never) as (
        x: Tensor,
      ) => Tensor;
    const both = jit((x: Tensor) => [scaled(2)(x), scaled(3)(x)]);
    expect(both(ops.ones([])).map((y) => y.item())).toEqual([2, 3]);
  });
});
