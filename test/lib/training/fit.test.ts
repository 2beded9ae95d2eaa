// What fit, evaluate and predict do with their arguments. Values of Keras.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { callbacks, Input, layers, losses, metrics, Model, ops, optimizers, Sequential, type Tensor } from 'keratin';

afterEach(() => void jest.restoreAllMocks());
const quiet = { verbose: 0, shuffle: false } as const;

describe('classWeight', () => {
  const x = ops.reshape(ops.linspace(-1, 1, { num: 24 }), [12, 2]);
  const y = ops.convertToTensor(Array.from({ length: 12 }, (_, i) => i % 3), { dtype: 'int32' });
  const train = async (targets: Tensor, options: object) => {
    const model = new Sequential([Input([2]), new layers.Dense(3, { activation: 'softmax', kernelInitializer: 'zeros' })]);
    model.compile({ optimizer: new optimizers.SGD(0), loss: 'sparse_categorical_crossentropy', weightedMetrics: ['accuracy'] });
    const { history } = await model.fit(x, targets, { ...quiet, batchSize: 4, ...options });
    return Object.fromEntries(Object.entries(history).map(([name, [value]]) => [name, Math.round(value * 1e4) / 1e4]));
  };
  const classWeight = { 0: 1, 1: 2, 2: 5 };
  const weighted = { accuracy: 0.125, loss: 2.9296 };

  it('does not weigh the part that validationSplit holds out', async () => {
    expect(await train(y, { classWeight, validationSplit: 0.25 })).toEqual({ ...weighted, val_accuracy: 0.3333, val_loss: 1.0986 });
  });
  it('leaves weights of samples to both parts', async () => {
    const sampleWeight = Float32Array.from({ length: 12 }, (_, i) => classWeight[(i % 3) as 0 | 1 | 2]);
    expect(await train(y, { sampleWeight, validationSplit: 0.25 })).toEqual({ ...weighted, val_accuracy: 0.125, val_loss: 2.9296 });
  });
  it('takes targets of one column, and rounds', async () => {
    expect(await train(ops.reshape(y, [12, 1]), { classWeight })).toEqual(weighted);
    const model = new Sequential([Input([1]), new layers.Dense(1, { kernelInitializer: 'zeros' })]);
    model.compile({ optimizer: new optimizers.SGD(0), loss: 'mse' });
    const { history } = await model.fit([[1], [1]], [[0.8], [0.2]], { ...quiet, classWeight: { 1: 3 } });
    expect(history['loss'][0]).toBeCloseTo((3 * 0.64 + 0.04) / 2, 5);
  });
});

describe('steps', () => {
  it('without a batch size divide the rows', async () => {
    const model = new Sequential([Input([1]), new layers.Dense(1, { kernelInitializer: 'zeros' })]);
    model.compile({ optimizer: new optimizers.SGD(0.1), loss: 'mse' });
    const x = ops.ones([100, 1]);
    const { history } = await model.fit(x, x, { ...quiet, epochs: 2, stepsPerEpoch: 5 });
    expect(history['loss'].map((loss) => Math.round(loss * 1e4) / 1e4)).toEqual([0.3106, 0.0019]);
    expect((await model.predict(x, { verbose: 0, steps: 3 })).shape).toEqual([100, 1]);
  });
});

describe('a model without trainable weights', () => {
  it('is run, with a warning', async () => {
    const warned = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const model = new Sequential([Input([1]), new layers.Dropout(0.5)]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const [x, y] = [ops.ones([4, 1]), ops.zeros([4, 1])];
    const { history } = await model.fit(x, y, { ...quiet, epochs: 2, validationData: [x, y] });
    expect([history['loss'].length, history['val_loss']]).toEqual([2, [1, 1]]);
    expect(typeof await model.trainOnBatch(x, y)).toBe('number');
    expect(model.optimizer.iterations.item()).toBe(0);
    expect(warned.mock.calls[0][0]).toContain('the model has no trainable weights');
  });
});

describe('names', () => {
  it('of functions without one are as in Keras', async () => {
    const model = new Sequential([Input([1]), new layers.Dense(1)]);
    model.compile({ loss: 'mse', metrics: [(t: Tensor, p: Tensor) => ops.mean(ops.subtract(t, p)), (t: Tensor) => ops.mean(t)] });
    const { history } = await model.fit([[1]], [[2]], quiet);
    expect(Object.keys(history)).toEqual(['lambda', 'lambda_1', 'loss']);
  });
});

describe('onPredictBatchEnd', () => {
  it('gets the outputs of its batches', async () => {
    const model = new Sequential([Input([1]), new layers.Dense(1, { kernelInitializer: 'ones' })]);
    const seen: unknown[] = [];
    const note = new callbacks.LambdaCallback({
      onPredictBatchEnd: (batch, logs) => void seen.push([batch, (logs!.outputs as Tensor).tolist()]),
    });
    await model.predict([[1], [2], [3]], { verbose: 0, batchSize: 2, callbacks: [note] });
    expect(seen).toEqual([[0, [[1], [2]]], [1, [[3]]]]);
    seen.length = 0;
    model.compile({ stepsPerExecution: 2 });
    await model.predict([[1], [2], [3]], { verbose: 0, batchSize: 1, callbacks: [note] });
    expect(seen).toEqual([[1, [[1], [2]]], [2, [[3]]]]);
  });
});

describe('the axis', () => {
  const [t, p] = [[[0, 1], [2, 3]], [[0.5, 1], [1, 3]]];
  const t3 = ops.divide(ops.reshape(ops.arange(12), [2, 3, 2]), 12);
  const p3 = ops.sin(ops.cast(ops.reshape(ops.arange(12), [2, 3, 2]), 'float32'));
  type Name = 'PearsonCorrelation' | 'ConcordanceCorrelation' | 'CosineSimilarity';
  type Case = [name: Name, axis: number | number[] | null, flat: number | null, deep: number];
  it.each<Case>([
    ['PearsonCorrelation', null, 0.8733338, -0.3039491], ['PearsonCorrelation', [0, 1], 0.8733338, -0.2971437],
    ['PearsonCorrelation', [-1], 1, -0.3333333], ['PearsonCorrelation', [0, 2], null, 0.0278573],
    ['ConcordanceCorrelation', null, 0.8571428, -0.1622053], ['ConcordanceCorrelation', [0, 1], 0.8571428, -0.1514120],
    ['ConcordanceCorrelation', 0, 0.7222222, 0.0195998], ['ConcordanceCorrelation', [0, 2], null, 0.0009009],
    ['CosineSimilarity', null, 0.9561828, -0.1203520], ['CosineSimilarity', [0, 1], 0.9561828, -0.1103924],
    ['CosineSimilarity', [0, 2], null, 0.0836829],
  ])('of %s may be %j', (name, axis, flat, deep) => {
    const over = (yTrue: unknown, yPred: unknown): number => {
      const metric = new metrics[name]({ axis });
      metric.updateState(yTrue as Tensor, yPred as Tensor);
      return metric.result().item();
    };
    if (flat !== null) expect(over(t, p)).toBeCloseTo(flat, 5);
    expect(over(t3, p3)).toBeCloseTo(deep, 5);
  });
  it('of losses may be null or several, and nothing else', () => {
    expect(losses.cosineSimilarity(t, p, { axis: null }).item()).toBeCloseTo(-0.9561828, 5);
    expect(new losses.CosineSimilarity({ axis: [0, 1], reduction: 'none' })(t, p).item()).toBeCloseTo(-0.9561828, 5);
    expect(losses.binaryCrossentropy(t, p, { axis: [0, 1] }).item()).toBeCloseTo(-11.783502, 4);
    expect(() => new metrics.PearsonCorrelation({ axis: 0.5 })).toThrow('axis must be an axis or an array of axes, received 0.5');
    expect(new metrics.PearsonCorrelation({ axis: [0, 1] }).getConfig()).toMatchObject({ axis: [0, 1] });
  });
});

describe('summary', () => {
  it('shows the parameters of layers without weights before the model is built', () => {
    const text: string[] = [];
    const [flatten, normalization] = [new layers.Flatten(), new layers.BatchNormalization()];
    const model = new Sequential([new layers.Dense(3), new layers.Dropout(0.5), flatten, new layers.ReLU(), normalization]);
    model.summary({ printFn: (part) => void text.push(part) });
    const counts = text.join('\n').split('\n').filter((line) => line.startsWith('│')).map((line) => line.split('│')[3].trim());
    expect(counts).toEqual(['0 (unbuilt)', '0', '0 (unbuilt)', '0', '0 (unbuilt)', '']);
  });
});

describe('training: false', () => {
  it('that a layer was called with stays in fit', async () => {
    const inputs = Input([1]);
    const outputs = new layers.BatchNormalization()(inputs, { training: false });
    const model = new Model(inputs, outputs);
    model.compile({ optimizer: new optimizers.SGD(0), loss: 'mse' });
    await model.fit([[1], [5]], [[1], [5]], quiet);
    expect(model.getWeights().map((weight) => weight.tolist())).toEqual([[1], [0], [0], [1]]);
  });
});
