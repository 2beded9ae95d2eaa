// splitDataset against recordings of Keras, and what it takes; sources of symbols; Config.
import { describe, expect, it } from '@jest/globals';
import * as keras from '#lib/index.js';
import type { Samples } from '#lib/utils/index.js';
import { readFixture } from '../../helpers/fixtures.js';
import { camelKeys } from '../../helpers/recorded.js';

const { layers, ops, utils } = keras;
const lists = (value: unknown): unknown =>
  value instanceof keras.Tensor
    ? value.tolist()
    : Array.isArray(value)
      ? value.map(lists)
      : Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, lists(item)]));
const elements = (part: Iterable<unknown>) => [...part].map(lists);

interface Case {
  name: string; arrays: number[][]; kind: 'array' | 'list' | 'batches'; batch: number | null;
  options: Record<string, unknown>; left: unknown[]; right: unknown[];
}
function build(shapes: readonly number[][]): keras.Tensor[] {
  let start = 0;
  return shapes.map((shape) => {
    const size = shape.reduce((a, b) => a * b, 1);
    start += size;
    return ops.reshape(ops.arange(start - size, start, { dtype: 'float32' }), shape);
  });
}
/** Batches of arrays. */
function* batches(arrays: readonly keras.Tensor[], size: number): Generator<unknown> {
  const rows = arrays[0].shape[0];
  for (let at = 0; at < rows; at += size) {
    const parts = arrays.map((array) => ops.getItem(array, { start: at, stop: Math.min(at + size, rows) }));
    yield parts.length === 1 ? parts[0] : parts;
  }
}

describe('splitDataset', () => {
  it.each(readFixture<Case>('splits'))('$name splits as Keras', async ({ arrays: shapes, kind, batch, options, left, right }) => {
    const arrays = build(shapes);
    const own = camelKeys(options) as { leftSize: number };
    const parts = (
      kind === 'array'
        ? utils.splitDataset(arrays[0], own)
        : kind === 'list'
          ? utils.splitDataset(arrays, own)
          : utils.splitDataset(batches(arrays, batch!), own)
    ) as Samples[];
    expect(parts.map(elements)).toEqual([left, right]);
    expect(parts.map(({ length }) => length)).toEqual([left.length, right.length]);
    if (kind !== 'batches') return;
    async function* later() {
      for (const item of batches(arrays, batch!)) yield await Promise.resolve(item);
    }
    expect((await utils.splitDataset(later(), own)).map(elements)).toEqual([left, right]);
  });

  it('keeps the structure of the data, can be iterated anew, and makes batches for fit', async () => {
    const data = { a: [[1], [2], [3], [4]], b: new Float32Array([5, 6, 7, 8]) };
    const [left, right] = utils.splitDataset(data, { leftSize: 3 });
    expect(elements(left)).toEqual([{ a: [1], b: 5 }, { a: [2], b: 6 }, { a: [3], b: 7 }]);
    expect(elements(left.batch(2))).toEqual([{ a: [[1], [2]], b: [5, 6] }, { a: [[3]], b: [7] }]);
    expect([elements(left).length, left.batch(2).length, right.length]).toEqual([3, 2, 1]);
    const [first] = utils.splitDataset(left.batch(2), { rightSize: 1 });
    expect(elements(first)).toEqual([{ a: [[1], [2]], b: [5, 6] }]);
    const [train, test] = utils.splitDataset([ops.ones([10, 2]), ops.ones([10, 1])], { leftSize: 0.8 });
    const model = new keras.Sequential([new layers.Dense(1)]);
    model.compile({ loss: 'mse' });
    const { history } = await model.fit(train.batch(4), { epochs: 2, validationData: test.batch(4), verbose: 0 });
    expect([history.loss.length, history.val_loss.length]).toEqual([2, 2]);
  });
  it('reads a PyDataset', async () => {
    class Rows extends utils.PyDataset {
      override get length(): number {
        return 3;
      }
      override getItem(i: number): [keras.Tensor, keras.Tensor] {
        return [ops.full([2, 1], i), ops.full([2], 0 - i)];
      }
    }
    const [left, right] = await utils.splitDataset(new Rows(), { leftSize: 4 });
    expect([elements(left), elements(right)]).toEqual([[[[[0], [0]], [0, 0]], [[[1], [1]], [-1, -1]]], [[[[2], [2]], [-2, -2]]]]);
    class Endless extends Rows {
      override get numBatches(): null {
        return null;
      }
    }
    await expect(utils.splitDataset(new Endless(), { leftSize: 1 })).rejects.toThrow('has no end');
  });
  it('shuffles otherwise without a seed', () => {
    const orders = [0, 1, 2].map(() => JSON.stringify(elements(utils.splitDataset(ops.arange(50), { leftSize: 40, shuffle: true })[0])));
    expect(new Set(orders).size).toBeGreaterThan(1);
  });

  it.each<[string, unknown, object, string]>([
    ['no size', [1, 2], {}, 'give leftSize or rightSize'],
    ['a size of 0', [1, 2], { leftSize: 0 }, 'leftSize must be an integer from 1 to 1 or a fraction between 0 and 1, received 0'],
    ['a size of all', [1, 2], { rightSize: 2 }, 'rightSize must be an integer from 1 to 1'],
    ['a size that is no number', [1, 2], { leftSize: '1' }, "received '1'"],
    ['a fraction above 1', [1, 2], { leftSize: 1.5 }, 'received 1.5'],
    ['fractions above 1 together', [1, 2, 3], { leftSize: 0.7, rightSize: 0.5 }, 'must not be more than 1 together, received 0.7 and 0.5'],
    ['more than there are', [1, 2, 3], { leftSize: 2, rightSize: 2 }, 'must not be more than the 3 samples together'],
    ['an empty part', [1, 2, 3], { leftSize: 0.1 }, 'of 3 samples the first part would have none'],
    [
      'other numbers of rows',
      [ops.ones([2]), ops.ones([3])],
      { leftSize: 1 },
      'must have the same number of rows, received shapes (2,) and (3,)',
    ],
    ['no rows', ops.ones([0, 2]), { leftSize: 1 }, 'the data set is empty'],
    ['a number', 3, { leftSize: 1 }, 'expected arrays or a data set, received 3'],
    ['texts', ['a', 'b'], { leftSize: 1 }, "received 'a'"],
    ['no batches', new Set(), { leftSize: 1 }, 'the data set is empty: it gave no batch'],
    [
      'batches of other shapes',
      new Set([ops.ones([2, 1]), ops.ones([2, 2])]),
      { leftSize: 1 },
      'must have the same shape, received batches of shapes (2, 1) and (2, 2)',
    ],
    [
      'batches of other structures',
      new Set([[ops.ones([2]), ops.ones([2])], [ops.ones([2])]]),
      { leftSize: 1 },
      'must have the same structure',
    ],
    ['a seed with a fraction', [1, 2], { leftSize: 1, shuffle: true, seed: 0.5 }, 'seed must be an integer, received 0.5'],
    ['another option', [1, 2], { leftSiz: 1 }, "did you mean 'leftSize'?"],
    ['another backend', [1, 2], { leftSize: 1, preferredBackend: 'torhc' }, "did you mean 'torch'?"],
  ])('refuses %s', (_, dataset, options, message) =>
    expect(() => utils.splitDataset(dataset as Iterable<unknown>, options as never)).toThrow(message),
  );
  it('refuses batches of no size', () =>
    expect(() => utils.splitDataset([1, 2], { leftSize: 1 })[0].batch(0)).toThrow('must be an integer >= 1, received 0'));
});

describe('getSourceInputs', () => {
  it('finds the inputs in the order in which they are met, each once', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => keras.Input([3], { name })) as [
      keras.KerasTensor,
      keras.KerasTensor,
      keras.KerasTensor,
    ];
    const shared = new layers.Dense(3)(b);
    const sum = new layers.Add()([shared, a]);
    expect(utils.getSourceInputs(ops.concatenate([sum, shared, ops.square(c)]))).toEqual([b, a, c]);
    expect(utils.getSourceInputs(a)).toEqual([a]);
    const bare = new keras.KerasTensor([2]);
    expect(utils.getSourceInputs(bare)).toEqual([bare]);
    expect(() => utils.getSourceInputs(3 as never)).toThrow('expected a KerasTensor, received 3');
  });
  it('goes through deep graphs', () => {
    const x = keras.Input([1]);
    let y = x;
    for (let i = 0; i < 3000; i++) y = ops.add(y, y);
    expect(utils.getSourceInputs(y)).toEqual([x]);
  });
});

describe('Config', () => {
  const make = () => new utils.Config({ learningRate: 0.1, momentum: 0.9 });
  it('is read and set as an object', () => {
    const config = make();
    config.seed = 123;
    expect([config.learningRate, config['momentum'], config.seed, 'seed' in config, 'keys' in config]).toEqual([
      0.1,
      0.9,
      123,
      true,
      false,
    ]);
    expect([config.keys(), config.values(), config.items()]).toEqual([
      ['learningRate', 'momentum', 'seed'],
      [0.1, 0.9, 123],
      [
        ['learningRate', 0.1],
        ['momentum', 0.9],
        ['seed', 123],
      ],
    ]);
    delete config.learningRate;
    expect([{ ...config }, config.asDict(), config.toJson(), JSON.stringify(config), Object.keys(config)]).toEqual([
      { momentum: 0.9, seed: 123 },
      { momentum: 0.9, seed: 123 },
      '{"momentum":0.9,"seed":123}',
      '{"momentum":0.9,"seed":123}',
      ['momentum', 'seed'],
    ]);
    config.a = 1;
    expect([[...config], String(config)]).toEqual([['a', 'momentum', 'seed'], '<Config {"momentum":0.9,"seed":123,"a":1}>']);
    expect(config.constructor).toBe(utils.Config);
  });
  it('names what is not there', async () => {
    const config = make();
    expect(() => config.momentun as unknown).toThrow("Config: has no 'momentun'; did you mean 'momentum'?");
    expect(() => delete config.momentun).toThrow("did you mean 'momentum'?");
    expect([config.get('momentum'), config.get('nothing'), config.get('nothing', 3), config.get('nothing', { value: 4 })]).toEqual([
      0.9,
      null,
      3,
      4,
    ]);
    expect([config.pop('momentum'), config.pop('momentum', 7)]).toEqual([0.9, 7]);
    expect(() => config.pop('momentum')).toThrow("has no 'momentum' to pop");
    expect((await Promise.resolve(config)).learningRate).toBe(0.1);
  });
  it('takes names of methods with update', () => {
    const config = make();
    config.update({ keys: 1 }, [['frozen', 2]], new utils.Config({ other: 3 }));
    expect([config.get('keys'), config.frozen, config.asDict()]).toEqual([
      1,
      false,
      { learningRate: 0.1, momentum: 0.9, keys: 1, frozen: 2, other: 3 },
    ]);
    expect(() => (config.keys = 3 as never)).toThrow('keys is a method of configs; set a value of that name with update');
    expect(() => config.update(3 as never)).toThrow('expected objects of values, received 3');
  });
  it('refuses changes while it is frozen', () => {
    const config = make();
    config.freeze();
    expect(config.frozen).toBe(true);
    for (const change of [
      () => (config.a = 1),
      () => delete config.momentum,
      () => config.update({ a: 1 }),
      () => config.pop('momentum'),
      () => Object.defineProperty(config, 'a', { value: 1 }),
    ]) {
      expect(change).toThrow('because the config is frozen');
    }
    config.unfreeze();
    config.a = 1;
    expect(config.a).toBe(1);
  });
});
