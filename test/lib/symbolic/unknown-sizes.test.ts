// Sizes that only data tells: what builds with them, and which sizes of the outputs are known.
import { describe, expect, it } from '@jest/globals';
import { Input, KerasTensor, layers, Model, ops, type Tensor } from 'keratin';
import { trialsOf, type Sizes } from '#lib/symbolic/unknown-sizes.js';

const symbol = (...shape: (number | null)[]) => new KerasTensor(shape);
const shape = (result: unknown) => (result as KerasTensor).shape;
const shapes = (result: unknown) => (result as KerasTensor[]).map((item) => item.shape);
/** A layer of a function. */
const layerOf = (fn: (x: Tensor) => Tensor) => {
  class Given extends layers.Layer {
    override call(x: Tensor) {
      return fn(x);
    }
  }
  return new Given();
};

describe('sizes that have to fit', () => {
  it('divides into parts', () => {
    expect(shape(new layers.Reshape([-1, 160])(symbol(null, null, null)))).toEqual([null, null, 160]);
    expect(shape(new layers.Reshape([-1, 16, 16, 3])(symbol(null, null)))).toEqual([null, null, 16, 16, 3]);
    expect(shapes(ops.split(Input({ shape: [null, 3] }), 11, { axis: 1 }))).toEqual(Array(11).fill([null, null, 3]));
    expect(shape(ops.reshape(symbol(null, null, 12), [-1, 4, 5]))).toEqual([null, 4, 5]);
  });

  it('matches known sizes', () => {
    expect(shape(ops.add(Input({ shape: [null, 3] }), ops.ones([5, 3])))).toEqual([null, 5, 3]);
    expect(shape(ops.add(symbol(null, null, 3), ops.ones([7, 5, 3])))).toEqual([7, 5, 3]);
    expect(shape(ops.matmul(symbol(null, null, null), ops.ones([5, 3])))).toEqual([null, null, 3]);
    expect(shape(ops.matmul(symbol(2, null, 5, 3), symbol(4, null, 6)))).toEqual([2, 4, 5, 6]);
    expect(shape(ops.where(Input({ shape: [null, 3], dtype: 'bool' }), ops.ones([5, 3]), 0))).toEqual([null, 5, 3]);
    expect(shape(ops.concatenate([symbol(null, null, 3), ops.ones([2, 5, 3])], { axis: 0 }))).toEqual([null, null, 3]);
    expect(shape(ops.stack([ops.ones([5, 3]), symbol(null, 3)]))).toEqual([2, 5, 3]);
  });

  it('is larger than windows', () => {
    expect(shape(new layers.Conv1D(1, 8000, { strides: 4000 })(symbol(null, null, 1)))).toEqual([null, null, 1]);
    expect(shapes(ops.topK(Input({ shape: [null] }), 400_000))).toEqual([[null, 400_000], [null, 400_000]]);
    expect(shapes(ops.stft(Input({ shape: [null] }), 8192, 4096, 8192))).toEqual([[null, null, 4097], [null, null, 4097]]);
    expect(shape(ops.extractSequences(Input({ shape: [null] }), 16000, 8000))).toEqual([null, null, 16000]);
  });

  it('can be halved as often as a layer wants', () => {
    const halvings = layerOf((x) => {
      const skips: Tensor[] = [];
      let y = x;
      for (let i = 0; i < 4; i++) {
        skips.push(y);
        y = ops.maxPool(y, 2, { strides: 2 });
      }
      while (skips.length > 0) y = ops.concatenate([ops.repeat(ops.repeat(y, 2, { axis: 1 }), 2, { axis: 2 }), skips.pop()!], { axis: -1 });
      return y;
    });
    expect(shape(halvings(symbol(null, null, null, 3)))).toEqual([null, null, null, 15]);
  });
});

describe('sizes that depend on unknown ones', () => {
  it('sees what only small sizes change', () => {
    expect(shape(ops.diagonal(Input({ shape: [3, 4] }), { offset: -1, axis1: 0, axis2: 1 }))).toEqual([4, null]);
    expect(shape(ops.getItem(symbol(null, null, 3), [{}, { stop: 100 }]))).toEqual([null, null, 3]);
    expect(shape(layerOf((x) => ops.getItem(ops.averagePool(x, 7), [{}, { stop: 2 }]))(symbol(null, null, 3)))).toEqual([null, null, 3]);
  });

  it('sees what only large sizes change, and remainders', () => {
    expect(shape(layerOf((x) => ops.pad(x, [[0, 0], [0, Math.max(0, 50_000 - x.shape[1])]]))(symbol(null, null)))).toEqual([null, null]);
    expect(shape(layerOf((x) => ops.pad(x, [[0, 0], [0, (8 - (x.shape[1] % 8)) % 8]]))(symbol(null, null)))).toEqual([null, null]);
  });

  it('keeps apart sizes of several inputs', () => {
    expect(shape(ops.matmul(symbol(null, 3), symbol(null, 4)))).toEqual([null, 4]);
    expect(shape(ops.concatenate([symbol(null, 3), symbol(4, 3)], { axis: 0 }))).toEqual([null, 3]);
  });
});

describe('what cannot be built', () => {
  it('says so in terms of the symbols', () => {
    expect(() => ops.add(symbol(null, 4), ops.ones([5, 3]))).toThrow('add: shapes (None, 4) and (5, 3) do not broadcast together');
    expect(() => ops.unstack(symbol(null, 3))).toThrow('unstack: the size of axis 0 is not known; the option num tells it');
    expect(() => new layers.Dense(4)(symbol(null, null))).toThrow('every size must be known');
  });

  it('has weights of unknown sizes, also within a layer', () => {
    const dense = new layers.Dense(4);
    const inner = layerOf((x) => dense(ops.transpose(x, [0, 2, 1])));
    expect(() => inner(symbol(null, null, 3))).toThrow(/kernel has shape \(None, 4\)[^]*called on inputs of shape \(None, None, 3\)/);
  });
});

it('runs a model of any size that was not known', () => {
  const x = Input({ shape: [null, 3] });
  const model = new Model(x, ops.add(new layers.Dense(2)(x), 1));
  expect((model(ops.ones([2, 7, 3]))).shape).toEqual([2, 7, 2]);
});

describe('trialsOf', () => {
  const axes = [{ symbol: 0, axis: 0, fromEnd: 1 }, { symbol: 1, axis: 0, fromEnd: 1 }];
  const trials = (run: (sizes: Sizes) => unknown, known: number[] = []) => trialsOf(axes, known, run, () => true);

  it('tries a large size and a single element where all sizes fit', () => {
    expect(trials((sizes) => sizes)).toEqual([{ sizes: [107520, 107520], result: [107520, 107520] }, { sizes: [1, 1], result: [1, 1] }]);
  });

  it('finds sizes from the numbers of messages and varies each', () => {
    const found = trials(([a, b]) => {
      if (b !== 35) throw new RangeError(`received ${b}, expected 35`);
      if (a % 13 !== 0) throw new RangeError(`${a} does not divide into 13 parts`);
    });
    if ('error' in found) throw found.error;
    expect(found.every(({ sizes: [a, b] }) => b === 35 && a % 13 === 0)).toBe(true);
    expect(new Set(found.map(({ sizes: [a] }) => a)).size).toBeGreaterThan(1);
  });

  it('gives the first error where no sizes fit', () => {
    expect(trials(([a]) => {
      throw new Error(`not ${a}`);
    })).toEqual({ error: new Error('not 107520'), sizes: [107520, 107520] });
  });
});
