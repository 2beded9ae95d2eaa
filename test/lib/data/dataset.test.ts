// data.Dataset: every method as in tf.data (its results are written down here), places that are gone back to, and training on it.
import { describe, expect, it } from '@jest/globals';
import * as keras from 'keratin';
import { Tensor } from 'keratin';

const { data: { Dataset }, layers, ops } = keras;
type AnyDataset = keras.data.Dataset<never> | keras.data.Dataset;

const plain = (value: unknown): unknown => (value instanceof Tensor ? value.tolist() : Array.isArray(value) ? value.map(plain) : value);
async function all(dataset: AnyDataset): Promise<unknown[]> {
  const elements: unknown[] = [];
  for await (const value of dataset) elements.push(plain(value));
  return elements;
}
const { range } = Dataset;
const later = async <T>(value: T, ms = 1): Promise<T> => new Promise((resolve) => void setTimeout(() => { resolve(value); }, ms));

describe('elements', () => {
  it('of rows, ranges, generators and iterables', async () => {
    expect(await all(Dataset.fromTensorSlices([[1, 2], [3, 4]]))).toEqual([[1, 2], [3, 4]]);
    expect(await all(Dataset.fromTensorSlices([ops.ones([2, 1]), ops.arange(2)]))).toEqual([[[1], 0], [[1], 1]]);
    expect(await all(Dataset.fromTensorSlices({ a: ops.arange(2), b: ['x', 'y'] }).map(({ a, b }) => [a.item(), b]))).toEqual([[0, 'x'], [1, 'y']]);
    expect(await all(range(2, 10, 3))).toEqual([2, 5, 8]);
    expect(await all(range(5, 0, -2))).toEqual([5, 3, 1]);
    expect(await all(range(5, 5))).toEqual([]);
    const twice = Dataset.fromGenerator(function* () { yield 1; yield 2; });
    expect([await all(twice), await all(twice)]).toEqual([[1, 2], [1, 2]]);
    expect(await all(Dataset.fromGenerator(async function* () { yield await later('a'); yield 'b'; }))).toEqual(['a', 'b']);
    expect(await all(Dataset.from(new Set([3, 4])))).toEqual([3, 4]);
  });
  it('mapped and filtered, a tuple as several arguments', async () => {
    expect(await all(range(4).map((x) => x * x))).toEqual([0, 1, 4, 9]);
    expect(await all(Dataset.zip(range(3), range(3, 6)).map((a, b) => a * b))).toEqual([0, 4, 10]);
    expect(await all(range(6).filter((x) => x % 2 === 1))).toEqual([1, 3, 5]);
    expect(await all(range(6).filter(async (x) => later(x > 3)))).toEqual([4, 5]);
    expect(await all(Dataset.from([['good', 1], ['bad', 0]] as [string, number][]).map((text, label) => `${text}${label}`))).toEqual(['good1', 'bad0']);
  });
  it('mapped in parallel, in order', async () => {
    let [running, most] = [0, 0];
    const slow = async (x: number): Promise<number> => {
      most = Math.max(most, ++running);
      await later(null, x === 0 ? 20 : 1);
      running--;
      return x;
    };
    expect(await all(range(8).map(slow, { numParallelCalls: 3 }))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(most).toBe(3);
  });
  it('in batches', async () => {
    expect(await all(range(7).batch(3))).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    expect(await all(range(7).batch(3, { dropRemainder: true }))).toEqual([[0, 1, 2], [3, 4, 5]]);
    const pairs = Dataset.fromTensorSlices([ops.arange(5), ops.arange(10, 15)]);
    expect(await all(pairs.batch(2))).toEqual([[[0, 1], [10, 11]], [[2, 3], [12, 13]], [[4], [14]]]);
    expect(await all(Dataset.fromTensorSlices({ a: [1, 2, 3] }).batch(2).map(({ a }) => a))).toEqual([[1, 2], [3]]);
    expect(await all(Dataset.from([['good', 1], ['bad', 0]] as [string, number][]).batch(2))).toEqual([[['good', 'bad'], [1, 0]]]);
    expect(await all(range(5).batch(2).unbatch())).toEqual([0, 1, 2, 3, 4]);
    for await (const batch of range(2).batch(2)) expect(batch.dtype).toBe('float32');
    for await (const batch of Dataset.from([Int32Array.of(1), Int32Array.of(2)]).batch(2)) expect(batch.dtype).toBe('int32');
  });
  it('in batches that are filled up', async () => {
    const ragged = range(1, 5).map((x) => ops.full([x], x));
    expect(await all(ragged.paddedBatch(2))).toEqual([[[1, 0], [2, 2]], [[3, 3, 3, 0], [4, 4, 4, 4]]]);
    expect(await all(ragged.paddedBatch(2, { paddedShapes: [5], paddingValues: -1 }))).toEqual([
      [[1, -1, -1, -1, -1], [2, 2, -1, -1, -1]], [[3, 3, 3, -1, -1], [4, 4, 4, 4, -1]],
    ]);
    const tuples = Dataset.zip(ragged, Dataset.from([['a'], ['b', 'c'], [], ['d']]));
    expect(await all(tuples.paddedBatch(3, { paddedShapes: [[null], [3]], paddingValues: [7, '-'], dropRemainder: true }))).toEqual([
      [[[1, 7, 7], [2, 2, 7], [3, 3, 3]], [['a', '-', '-'], ['b', 'c', '-'], ['-', '-', '-']]],
    ]);
  });
  it('repeated, taken, skipped, one after the other, side by side, in parts', async () => {
    expect(await all(range(2).repeat(3))).toEqual([0, 1, 0, 1, 0, 1]);
    expect(await all(range(2).repeat().take(5))).toEqual([0, 1, 0, 1, 0]);
    expect(await all(range(0).repeat())).toEqual([]);
    expect(await all(range(5).filter(() => false).repeat())).toEqual([]);
    expect(await all(range(10).skip(2).take(3))).toEqual([2, 3, 4]);
    expect(await all(range(5).skip(-1))).toEqual([]);
    expect(await all(range(5).take(-1))).toEqual([0, 1, 2, 3, 4]);
    expect(await all(Dataset.fromTensorSlices(ops.arange(9)).skip(2).shard(3, 1).batch(2))).toEqual([[3, 6]]);
    expect(await all(range(2).concatenate(range(5, 7)))).toEqual([0, 1, 5, 6]);
    expect(await all(Dataset.zip({ a: range(2), b: range(5, 9) }))).toEqual([{ a: 0, b: 5 }, { a: 1, b: 6 }]);
    expect(await all(range(10).shard(3, 1))).toEqual([1, 4, 7]);
  });
  it('of several data sets in turns', async () => {
    const repeated = range(1, 6).interleave((x) => range(x, x + 1).repeat(6), { cycleLength: 2, blockLength: 4 });
    expect(await all(repeated)).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5]);
    expect(await all(range(5).interleave((x) => range(x), { cycleLength: 3 }))).toEqual([0, 0, 0, 1, 1, 0, 2, 1, 2, 3]);
    expect(await all(range(6).interleave(async (x) => later(range(x * 10, x * 10 + x)), { cycleLength: 3, blockLength: 2 }))).toEqual(
      [10, 20, 21, 30, 31, 40, 41, 32, 42, 43, 50, 51, 52, 53, 54],
    );
  });
  it('in windows', async () => {
    const windows = async (dataset: AnyDataset): Promise<unknown[]> => all(dataset.map(async (window) => all(window as AnyDataset)));
    expect(await windows(range(7).window(3))).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    expect(await windows(range(7).window(3, { shift: 1, stride: 2 }))).toEqual([[0, 2, 4], [1, 3, 5], [2, 4, 6], [3, 5], [4, 6], [5], [6]]);
    expect(await windows(range(7).window(3, { shift: 1, stride: 2, dropRemainder: true }))).toEqual([[0, 2, 4], [1, 3, 5], [2, 4, 6]]);
    expect(await windows(range(7).window(2, { shift: 3 }))).toEqual([[0, 1], [3, 4], [6]]);
    const tuples = Dataset.zip(range(3), range(3, 6)).window(2);
    const [first] = await all(tuples.map(async (...parts) => Promise.all(parts.map(async (part) => all(part as AnyDataset)))));
    expect(first).toEqual([[0, 1], [3, 4]]);
  });
  it('that are kept or read ahead', async () => {
    let calls = 0;
    const counted = range(4).map((x) => (calls++, x));
    const cached = counted.cache();
    expect([await all(cached.take(2)), await all(cached), await all(cached)]).toEqual([[0, 1], [0, 1, 2, 3], [0, 1, 2, 3]]);
    expect(calls).toBe(6);
    calls = 0;
    const iterator = counted.prefetch(2)[Symbol.asyncIterator]();
    await iterator.next();
    await later(null, 5);
    expect(calls).toBe(3);
    expect(await all(counted.prefetch(2))).toEqual([0, 1, 2, 3]);
  });
  it('in random order', async () => {
    for (const dataset of [Dataset.fromTensorSlices(ops.arange(20)), range(20)] as AnyDataset[]) {
      const shuffled = dataset.shuffle(20, { seed: 3 });
      const [a, b] = [await all(shuffled), await all(shuffled)] as number[][];
      expect(a).not.toEqual(b);
      for (const order of [a, b]) expect([...order].sort((x, y) => x - y)).toEqual(Array.from({ length: 20 }, (_, i) => i));
      expect(await all(dataset.shuffle(20, { seed: 3 }))).toEqual(a);
      const fixed = dataset.shuffle(20, { reshuffleEachIteration: false });
      expect(await all(fixed)).toEqual(await all(fixed));
    }
    const near = (await all(range(100).shuffle(5))) as number[];
    near.forEach((value, i) => expect(value).toBeLessThan(i + 5));
  });
  it('counted', () => {
    expect([range(7).batch(3), range(7).repeat(), range(7).repeat(3).take(100), range(7).filter(Boolean), range(7).concatenate(range(2)),
      Dataset.zip(range(3), range(5)), range(5).repeat().skip(3), range(10).shard(3, 1), range(7).skip(2).batch(2), Dataset.from([1, 2]),
    ].map((dataset) => dataset.cardinality())).toEqual([3, Infinity, 21, null, 9, 3, Infinity, 3, 3, 2]);
  });
});

describe('a place', () => {
  const shuffled = () => Dataset.fromTensorSlices(ops.arange(12)).shuffle(12, { seed: 5 });
  it.each<[string, () => AnyDataset]>([
    ['rows', () => Dataset.fromTensorSlices(ops.arange(9))],
    ['map', () => range(9).map((x) => x + 1)],
    ['parallel map', () => range(9).map(async (x) => later(x), { numParallelCalls: 4 })],
    ['prefetch', () => range(9).prefetch(3)],
    ['filter', () => range(20).filter((x) => x % 2 === 0)],
    ['batches of rows in random order', () => shuffled().batch(2)],
    ['shuffle with a small buffer', () => range(12).shuffle(4, { seed: 1 })],
    ['repeated shuffle', () => shuffled().batch(5).repeat(3)],
    ['unbatch', () => range(9).batch(4).unbatch()],
    ['zip', () => Dataset.zip(range(9), shuffled())],
    ['concatenate', () => range(4).concatenate(range(9, 15))],
    ['skip and take', () => range(20).skip(3).take(9)],
    ['shard', () => range(30).shard(3, 1)],
    ['generator', () => Dataset.fromGenerator(function* () { for (let i = 0; i < 9; i++) yield i; })],
    ['interleave', () => range(5).interleave((x) => range(x, x + 3), { cycleLength: 2 })],
    ['window', () => range(12).window(2).map(async (window) => all(window as AnyDataset))],
    ['cache', () => range(9).cache()],
  ])('in %s is gone back to', async (_, make) => {
    const whole = await all(make());
    for (const count of [1, 2, 4]) {
      const iterator = make().resume(undefined);
      for (let i = 0; i < count; i++) await iterator.next();
      const state: unknown = JSON.parse(JSON.stringify(iterator.state()));
      const rest: unknown[] = [];
      const resumed = make().resume(state);
      for (let step = await resumed.next(); step.done !== true; step = await resumed.next()) rest.push(plain(step.value));
      expect(rest).toEqual(whole.slice(count));
    }
  });
});

describe('training', () => {
  const x = ops.reshape(ops.arange(30, { dtype: 'float32' }), [10, 3]);
  const y = ops.sum(x, { axis: 1, keepdims: true });
  const compiled = () => {
    const model = new keras.Sequential([keras.Input([3]), new layers.Dense(1, { kernelInitializer: 'zeros' })]);
    model.compile({ optimizer: new keras.optimizers.SGD(1e-4), loss: 'mse' });
    return model;
  };
  it('is that on arrays', async () => {
    const [a, b] = [compiled(), compiled()];
    const dataset = Dataset.fromTensorSlices([x, y]).batch(4);
    const one = await a.fit(dataset, { epochs: 3, verbose: 0, validationData: dataset });
    const other = await b.fit(x, y, { epochs: 3, batchSize: 4, verbose: 0, shuffle: false });
    expect(one.history.loss).toEqual(other.history.loss);
    expect(a.getWeights()[0].tolist()).toEqual(b.getWeights()[0].tolist());
    const streamed = await a.predict(Dataset.fromTensorSlices(x).batch(4), { verbose: 0 });
    expect(streamed.tolist()).toEqual((await a.predict(x, { verbose: 0 })).tolist());
  });
  it('knows the number of steps', async () => {
    let steps: unknown;
    const see = new keras.callbacks.LambdaCallback({ onTrainBegin: () => { steps = see.params?.steps; } });
    await compiled().fit(Dataset.fromTensorSlices([x, y]).batch(4), { verbose: 0, callbacks: [see] });
    expect(steps).toBe(3);
    await compiled().fit(Dataset.fromTensorSlices([x, y]).batch(4).repeat(), { verbose: 0, stepsPerEpoch: 2, callbacks: [see] });
    expect(steps).toBe(2);
    await expect(compiled().fit(Dataset.fromTensorSlices([x, y]).batch(4).repeat(), { verbose: 0 })).rejects.toThrow('stepsPerEpoch');
  });
});

describe('what cannot be', () => {
  it('is refused at once', () => {
    expect(() => Dataset.fromTensorSlices([ops.ones([2]), ops.ones([3])])).toThrow('all parts must have the same number of rows, received 2 and 3');
    expect(() => Dataset.fromTensorSlices(3 as never)).toThrow('first axis');
    expect(() => range(3).batch(0)).toThrow('Dataset.batch: batchSize must be an integer >= 1, received 0');
    expect(() => range(3).batch(2, { dropReminder: true } as never)).toThrow("did you mean 'dropRemainder'?");
    expect(() => range(3).map('x' as never)).toThrow('Dataset.map: expected a function');
    expect(() => range(3).shard(3, 3)).toThrow('index must be an integer from 0 to 2');
    expect(() => Dataset.zip(range(3), [1] as never)).toThrow('expected data sets, received [1]');
    expect(() => Dataset.from(3 as never)).toThrow('expected an iterable');
    expect(() => range(1, 2, 0)).toThrow('must not be 0');
  });
  it('ends the pass with an error', async () => {
    await expect(all(range(3).map((x) => ops.ones([x + 1])).batch(2))).rejects.toThrow('must have the same shape and dtype, found float32 (1,) and float32 (2,)');
    await expect(all(Dataset.from([[1, 'a'], { b: 1 }] as never[]).batch(2))).rejects.toThrow('same structure');
    await expect(all(range(3).interleave(() => 3 as never))).rejects.toThrow('must give a data set, received 3');
    const failing = range(5).map(async (x) => (x === 2 ? Promise.reject(new Error('two')) : later(x)), { numParallelCalls: 3 });
    const seen: unknown[] = [];
    await expect((async () => { for await (const value of failing) seen.push(value); })()).rejects.toThrow('two');
    expect(seen).toEqual([0, 1]);
  });
  it('closes what it read', async () => {
    let closed = 0;
    const dataset = Dataset.fromGenerator(function* () { try { for (let i = 0; ; i++) yield i; } finally { closed++; } });
    await all(dataset.batch(2).take(2));
    for await (const value of dataset.map((i) => i)) if (value === 3) break;
    await expect(all(dataset.map((i) => { if (i === 2) throw new Error('no'); return i; }))).rejects.toThrow('no');
    expect(closed).toBe(3);
  });
});
