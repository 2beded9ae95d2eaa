// Draws with parameters for each element: moments, probabilities, ends of the parameters' ranges, gradients.
import { describe, expect, it } from '@jest/globals';
import { grad, Input, jit, ops, random, type Tensor } from 'keratin';

const N = 40_000;
const list = (x: Tensor) => ([x.tolist()] as unknown[]).flat(Infinity) as number[];
/**
 * Expects the mean and the variance of N draws within five standard errors; `kurtosis` is the fourth central moment over the squared
 * variance.
 */
function expectMoments(x: Tensor, mean: number, variance: number, kurtosis: number): void {
  const wide = ops.cast(x, 'float64');
  expect(Math.abs(ops.mean(wide).item() - mean)).toBeLessThan(5 * Math.sqrt(variance / N));
  expect(Math.abs(ops.var(wide).item() - variance)).toBeLessThan(5 * variance * Math.sqrt((kurtosis - 1) / N));
}

describe('gamma', () => {
  it.each([0.1, 0.7, 1, 3.5, 40, 1e4])('of shape %p', (alpha) => {
    expectMoments(random.gamma([N], alpha, { seed: 3 }), alpha, alpha, 3 + 6 / alpha);
    expectMoments(random.gamma([N], alpha, { seed: 4, dtype: 'float64' }), alpha, alpha, 3 + 6 / alpha);
  });
  it('has a shape for each element', () => {
    const x = random.gamma([N, 2], [2, 5], { seed: 1 });
    expectMoments(ops.getItem(x, ['...', 0]), 2, 2, 6);
    expectMoments(ops.getItem(x, ['...', 1]), 5, 5, 4.2);
    expect(list(random.gamma([3], [0, -1, NaN], { seed: 1 }))).toEqual([0, NaN, NaN]);
    expect(random.gamma([2, 0], 1).shape).toEqual([2, 0]);
    expect(random.gamma([4], 1, { dtype: 'bfloat16' }).dtype).toBe('bfloat16');
  });
  it('has the gradient of its distribution: the mean of the draws grows as alpha does', () => {
    for (const alpha of [0.5, 2, 30]) {
      const slope = grad(((a: Tensor) => ops.mean(random.gamma([N], a, { seed: 5 }))) as never)(
        ops.convertToTensor(alpha, { dtype: 'float32' }),
      ) as Tensor;
      expect(slope.item()).toBeCloseTo(1, 1);
    }
  });
});

describe('beta', () => {
  it.each([[0.5, 0.5], [2, 3], [30, 4], [1, 1]])('of %p and %p', (a, b) => {
    const s = a + b;
    const kurtosis = 3 + (6 * ((a - b) ** 2 * (s + 1) - a * b * (s + 2))) / (a * b * (s + 2) * (s + 3));
    expectMoments(random.beta([N], a, b, { seed: 2 }), a / s, (a * b) / (s * s * (s + 1)), kurtosis);
  });
  it('is 0 or 1, never NaN, for small parameters', () => {
    const x = random.beta([N], 1e-3, 1e-3, { seed: 2 });
    expect(ops.any(ops.isnan(x)).item()).toBe(false);
    expect(ops.mean(x).item()).toBeCloseTo(0.5, 1);
  });
});

describe('binomial', () => {
  it.each([[1, 0.3], [20, 0.1], [20, 0.9], [50, 0.5], [1000, 0.02], [100_000, 0.7]])('of %p attempts of probability %p', (n, p) => {
    const variance = n * p * (1 - p);
    const x = random.binomial([N], n, p, { seed: 6 });
    expectMoments(x, n * p, variance, 3 + (1 - 6 * p * (1 - p)) / variance);
    expect(ops.all(ops.logicalAnd(ops.greaterEqual(x, 0), ops.lessEqual(x, n))).item()).toBe(true);
    expect(ops.all(ops.equal(x, ops.round(x))).item()).toBe(true);
  });
  it('gives the probabilities of few attempts', () => {
    const x = random.binomial([N], 3, 0.4, { seed: 8 });
    const expected = [0.216, 0.432, 0.288, 0.064];
    expected.forEach((share, k) => expect(ops.countNonzero(ops.equal(x, k)).item() / N).toBeCloseTo(share, 1));
  });
  it('at the ends of the ranges', () => {
    expect(list(random.binomial([6], [5, 5, 0, -1, 5, 5], [0, 1, 0.5, 0.5, 1.5, NaN], { seed: 1 }))).toEqual([0, 5, 0, NaN, NaN, NaN]);
  });
});

describe('categorical', () => {
  const probabilities = [[0.1, 0.2, 0.3, 0.4], [0.97, 0, 0.01, 0.02]];
  it('draws classes by their probabilities', () => {
    for (const dtype of ['float32', 'float64', 'float16'] as const) {
      const x = random.categorical(ops.log(ops.convertToTensor(probabilities, { dtype })), N, { seed: 1 });
      expect([x.shape, x.dtype]).toEqual([[2, N], 'int32']);
      probabilities.forEach((row, r) => row.forEach((share, k) => {
        const found = ops.countNonzero(ops.equal(ops.getItem(x, r), k)).item() / N;
        expect(Math.abs(found - share)).toBeLessThan(share === 0 ? 1e-9 : 5 * Math.sqrt(share / N) + 1e-3 * Number(dtype === 'float16'));
      }));
    }
    expect(random.categorical([[1, 2]], 3, { dtype: 'int64' }).dtype).toBe('int64');
    expect(random.categorical([[0.5]], 0).shape).toEqual([1, 0]);
  });
  it('works on symbols', () => {
    expect(random.categorical(Input({ shape: [4] }), 3).shape).toEqual([null, 3]);
  });
});

it('draws are repeatable, and the same in compiled functions', () => {
  const draws = (seed: random.SeedGenerator | number): Tensor[] => [
    random.gamma([70], 0.6, { seed }),
    random.beta([70], 2, 3, { seed }),
    random.binomial([70], 30, 0.4, { seed }),
    random.categorical([[1, 2, 3]], 70, { seed }),
  ];
  expect(draws(3).map(list)).toEqual(draws(3).map(list));
  const [a, b] = [new random.SeedGenerator(1), new random.SeedGenerator(1)];
  const compiled = jit(() => draws(b));
  for (let i = 0; i < 2; i++) expect(compiled().map(list)).toEqual(draws(a).map(list));
});

it('errors say what is expected', () => {
  expect(() => random.gamma([2], 1, { dtype: 'int32' })).toThrow(/dtype must be a float/);
  expect(() => random.gamma([2], [1, 2, 3])).toThrow(/gamma: shapes \(3,\) and \(2,\)/);
  expect(() => random.beta([], [1, 2], 1)).toThrow(/alpha of shape \(2,\) does not broadcast to \(\)/);
  expect(() => random.categorical([1, 2], 3)).toThrow(/\(rows, classes\), received \(2,\)/);
  expect(() => random.categorical([[1, 2]], -1)).toThrow(/numSamples must be an integer >= 0/);
  expect(() => random.binomial([2], 1, 0.5, { sead: 1 } as never)).toThrow(/did you mean 'seed'/);
});
