// Normalization, Discretization and CategoryEncoding: what they refuse, streams, models.
import { describe, expect, it } from '@jest/globals';
import { Input, layers, Model, ops, saving, Sequential, utils, type Tensor } from 'keratin';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const { CategoryEncoding, Discretization, Normalization } = layers;
const rows = [[1, 10], [3, 30], [5, 20]];
const values = (layer: layers.Layer, x: number[] | number[][]) => layer(x).tolist();

describe('Normalization', () => {
  it('learns anew each time, from arrays, iterables of batches and of tuples, and PyDatasets', async () => {
    const layer = new Normalization();
    await layer.adapt([[100, 0]]);
    await layer.adapt(rows);
    const expected = layer.getWeights().map((w) => w.tolist());
    class Rows extends utils.PyDataset {
      override get length() {
        return 3;
      }
      override getItem(i: number) {
        return [[rows[i]], [i]] as never;
      }
    }
    async function* tuples() {
      yield [ops.convertToTensor(rows.slice(0, 1)), [0]];
      yield [rows.slice(1), [1, 2]];
    }
    for (const data of [[rows.slice(0, 2), rows.slice(2)].map((batch) => ops.convertToTensor(batch)), tuples(), new Rows()]) {
      const other = new Normalization();
      await other.adapt(data as never);
      other.getWeights().slice(0, 2).forEach((w, i) => (w.tolist() as number[]).forEach((n, j) =>
        expect(n).toBeCloseTo((expected[i] as number[])[j], 4)));
    }
    const first = new Normalization();
    await first.adapt(rows.map((row) => [row]).map((batch) => ops.convertToTensor(batch)), { steps: 1 });
    expect(first.adaptMean.value.tolist()).toEqual([1, 10]);
  });
  it('stays as it was when adapt fails', async () => {
    const layer = new Normalization();
    await expect(layer.adapt([])).rejects.toThrow('the data is empty');
    async function* none() { /* no batches */ }
    await expect(layer.adapt(none())).rejects.toThrow('the data is empty');
    await expect(layer.adapt(5 as never)).rejects.toThrow('axis -1 is out of bounds');
    await expect(layer.adapt({} as never)).rejects.toThrow('expected an array, a tensor or an iterable of batches');
    expect(layer.built).toBe(false);
    await layer.adapt(rows);
    const before = layer.getWeights().map((w) => w.tolist());
    async function* broken() {
      yield ops.ones([2, 2]);
      yield ops.ones([2, 3]);
    }
    await expect(layer.adapt(broken())).rejects.toThrow('received data of shape (2, 3), which does not fit the shape (3, 2) along axis [-1]');
    await expect(layer.adapt([[1, 2, 3]])).rejects.toThrow('does not fit');
    expect(layer.getWeights().map((w) => w.tolist())).toEqual(before);
  });
  it('tells its statistics', async () => {
    const layer = new Normalization();
    expect(layer.mean).toBeNull();
    await layer.adapt(rows);
    expect(layer.mean!.tolist()).toEqual([[3, 20]]);
    expect(layer.variance!.shape).toEqual([1, 2]);
    const given = new Normalization({ mean: [1, 2], variance: [4, 9] });
    given.build([null, 2]);
    expect(given.mean!.tolist()).toEqual([[1, 2]]);
    expect(given.inputMean).toEqual([1, 2]);
    expect(given.weights).toEqual([]);
  });
  it.each([
    [{ mean: 1 }, 'mean and variance belong together; variance is missing'],
    [{ mean: [1, 2], variance: 1 }, 'mean and variance must have one shape, received (2,) and ()'],
    [{ mean: [[1]], variance: [[1]] }, 'mean has shape (1, 1), with more axes than the 1 of axis'],
    [{ axis: 'last' }, "axis must be an axis, an array of axes or null, received 'last'"],
  ] as [object, string][])('refuses %j', (options, text) => expect(() => new Normalization(options)).toThrow(text));
  it('refuses shapes that do not fit, and adapt with given statistics', async () => {
    expect(() => new Normalization({ mean: [1, 2], variance: [1, 1] }).build([null, 3])).toThrow('does not broadcast to the sizes (3,)');
    expect(() => new Normalization({ axis: 2 }).build([null, 3])).toThrow('axis 2 is out of bounds');
    expect(() => new Normalization({ axis: 0 })(Input({ shape: [3] }))).toThrow('must have known sizes');
    await expect(new Normalization({ mean: 1, variance: 1 }).adapt(rows)).rejects.toThrow('was made with mean and variance');
  });
  it('is part of models that train and are saved', async () => {
    const normalize = new Normalization();
    await normalize.adapt(rows);
    const model = new Sequential([Input({ shape: [2] }), normalize, new layers.Dense(1)]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const x = ops.convertToTensor(rows, { dtype: 'float32' });
    await model.fit(x, [[0], [1], [2]], { epochs: 2, verbose: 0 });
    const folder = mkdtempSync(path.join(tmpdir(), 'keratin-'));
    try {
      await model.save(path.join(folder, 'm.keras'));
      const loaded = await saving.loadModel(path.join(folder, 'm.keras'));
      expect((await loaded.predict(x, { verbose: 0 })).tolist()).toEqual((await model.predict(x, { verbose: 0 })).tolist());
    } finally {
      rmSync(folder, { recursive: true });
    }
    // What is learned after the model was compiled counts.
    const before = (await model.predict(x, { verbose: 0 })).tolist();
    await normalize.adapt([[0, 0], [1, 1]]);
    expect((await model.predict(x, { verbose: 0 })).tolist()).not.toEqual(before);
  });
});

describe('Discretization', () => {
  it('learns anew each time, and goes on with updateState', async () => {
    const layer = new Discretization({ numBins: 3 });
    await layer.adapt([100, 200, 300]);
    await layer.adapt([1, 2, 3, 4, 5, 6]);
    expect(layer.binBoundaries).toEqual([2, 4]);
    layer.resetState();
    layer.updateState([1, 2, 3]);
    layer.updateState([4, 5, 6]);
    layer.finalizeState();
    expect(layer.binBoundaries).toEqual([2, 4]);
    expect(values(layer, [0, 2, 3, 9])).toEqual([0, 1, 1, 2]);
  });
  it('stays as it was when adapt fails', async () => {
    const layer = new Discretization({ numBins: 2 });
    expect(() => layer([1])).toThrow('has no boundaries yet');
    await expect(layer.adapt([])).rejects.toThrow('the data is empty');
    await layer.adapt([1, 2, 3, 4]);
    async function* broken() {
      yield [5, 6];
      yield 'x';
    }
    await expect(layer.adapt(broken())).rejects.toThrow("received 'x'");
    expect(layer.binBoundaries).toEqual([2]);
    await expect(layer.adapt([1], { steps: 0 })).rejects.toThrow('steps must be an integer >= 1');
  });
  it.each([
    [{}, 'one of binBoundaries and numBins is needed'],
    [{ binBoundaries: [0], numBins: 3 }, 'give binBoundaries or numBins, not both'],
    [{ binBoundaries: [1, 0] }, 'an array of numbers in ascending order'],
    [{ numBins: -1 }, 'numBins must be an integer >= 0'],
    [{ numBins: 2, sparse: true }, 'sparse tensors are not supported'],
  ] as [object, string][])('refuses %j', (options, text) => expect(() => new Discretization(options)).toThrow(text));
  it('refuses to learn other boundaries than those given', () =>
    expect(new Discretization({ binBoundaries: [0] }).adapt([1])).rejects.toThrow('was made with binBoundaries'));
  it('may stand in a model before it has learned', async () => {
    const layer = new Discretization({ numBins: 4, outputMode: 'one_hot' });
    const x = Input({ shape: [1] });
    const model = new Model(x, layer(x));
    expect(model.outputShape).toEqual([null, 4]);
    await layer.adapt([1, 2, 3, 4, 5, 6, 7, 8]);
    expect((await model.predict([[1], [4.5], [9]], { verbose: 0 })).tolist()).toEqual([[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]);
    await layer.adapt([10, 20, 30, 40]);
    expect((await model.predict([[1], [25], [90]], { verbose: 0 })).tolist()).toEqual([[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]);
  });
});

describe('CategoryEncoding', () => {
  it('takes weights beside the numbers, in models too', async () => {
    const [numbers, weights] = [Input({ shape: [3], dtype: 'int32' }), Input({ shape: [3] })];
    const encode = new CategoryEncoding(4, { outputMode: 'count' });
    const model = new Model([numbers, weights], encode(numbers, { countWeights: weights } as never) as never);
    const result = await model.predict([ops.convertToTensor([[0, 1, 1]]), ops.convertToTensor([[0.5, 1, 2]])], { verbose: 0 }) as Tensor;
    expect(result.tolist()).toEqual([[0.5, 3, 0, 0]]);
    expect(() => encode([[0, 1]], { countWeights: [[1]] } as never)).toThrow('countWeights must have the shape of the inputs, (1, 2), received (1, 1)');
    expect(() => new CategoryEncoding(4)([[0, 1]], { countWeights: [[1, 1]] } as never)).toThrow("countWeights are for outputMode 'count'");
  });
  it.each([
    [{}, 'numTokens is required'], [{ numTokens: 0 }, 'numTokens must be an integer >= 1'],
    [{ numTokens: 2, outputMode: 'int' }, "outputMode must be one of 'multi_hot'"], [{ numTokens: 2, sparse: true }, 'sparse tensors are not supported'],
  ] as [object, string][])('refuses %j', (options, text) => expect(() => new CategoryEncoding(options as never)).toThrow(text));
});
