// Calls on one model, and on models that share state, at the same time.
import { describe, expect, it } from '@jest/globals';
import { callbacks, Input, layers, metrics, Model, ops, optimizers, Sequential } from 'keratin';

const quiet = { verbose: 0, shuffle: false } as const;
const x = ops.ones([64, 1]);
const [ones, zeros] = [ops.ones([64, 1]), ops.zeros([64, 1])];

/** A model that gives 1 at first. */
function model(rate = 0.1): Sequential {
  const made = new Sequential([Input([1]), new layers.Dense(1, { kernelInitializer: 'ones' })]);
  made.compile({ optimizer: new optimizers.SGD(rate), loss: 'mse' });
  return made;
}
const lossOf = async (made: Sequential, y = zeros): Promise<number> => (await made.evaluate(x, y, { verbose: 0 })) as number;

describe('calls on one model', () => {
  it('evaluate one after the other', async () => {
    const made = model();
    const onBatch = async (y: typeof x) => made.testOnBatch(x, y) as Promise<number>;
    const results = await Promise.all([lossOf(made, ones), lossOf(made, zeros), onBatch(ones), lossOf(made, ones), onBatch(zeros)]);
    expect(results).toEqual([0, 1, 0, 0, 1]);
  });

  it('evaluate after the training that began before', async () => {
    const [alone, beside] = [model(), model()];
    const options = { ...quiet, epochs: 5, batchSize: 8 };
    const { history } = await alone.fit(x, zeros, options);
    const [trained, loss, onBatch] = await Promise.all([beside.fit(x, zeros, options), lossOf(beside), beside.testOnBatch(x, zeros)]);
    expect(trained.history).toEqual(history);
    const after = await lossOf(alone);
    expect([loss, onBatch]).toEqual([after, after]);
  });

  it('do not train at the same time, nor compile meanwhile', async () => {
    const made = model();
    const first = made.fit(x, zeros, { ...quiet, epochs: 3 });
    const trained = 'was called while the model is being trained; await the earlier call first';
    await expect(made.fit(x, zeros, quiet)).rejects.toThrow(`fit() ${trained}`);
    await expect(made.trainOnBatch(x, zeros)).rejects.toThrow(/trainOnBatch\(\) was called while the model is being trained/);
    expect(() => made.compile({ loss: 'mae' })).toThrow(`compile() ${trained}`);
    expect((await first).epoch).toEqual([0, 1, 2]);
    const evaluation = lossOf(made);
    expect(() => made.compile({ loss: 'mae' })).toThrow(/compile\(\) was called while the model is being evaluated/);
    await evaluation;
    made.compile({ loss: 'mae' });
  });

  it('go on after one that failed', async () => {
    const made = model();
    const failed = made.evaluate(x, ops.ones([3, 1]), { verbose: 0 });
    const next = lossOf(made);
    await expect(failed).rejects.toThrow('same number of rows');
    expect(await next).toBe(1);
    expect((await made.fit(x, zeros, quiet)).epoch).toEqual([0]);
  });
});

describe('calls within a call', () => {
  it('evaluate in callbacks and leave the metrics of the training as they were', async () => {
    const [alone, beside] = [model(), model()];
    const options = { ...quiet, epochs: 3, batchSize: 16 };
    const { history } = await alone.fit(x, zeros, options);
    const seen: number[] = [];
    const atBatch = new callbacks.LambdaCallback({ onTrainBatchEnd: async () => void (await lossOf(beside, ones)) });
    const atEpoch = new callbacks.LambdaCallback({
      onEpochEnd: async () => {
        await new Promise((resolve) => setTimeout(resolve, 2));
        seen.push(...(await Promise.all([lossOf(beside), beside.testOnBatch(x, zeros)])));
      },
    });
    const trained = await beside.fit(x, zeros, { ...options, callbacks: [atBatch, atEpoch] });
    expect(trained.history).toEqual(history);
    const after = await lossOf(alone);
    expect(seen.slice(-2)).toEqual([after, after]);
    expect(seen[0]).toBeGreaterThan(after);
  });

  it('evaluate without being waited for', async () => {
    const made = model();
    const seen: number[] = [];
    const note = new callbacks.LambdaCallback({ onEpochEnd: () => void lossOf(made).then((loss) => seen.push(loss)) });
    const { history } = await made.fit(x, zeros, { ...quiet, batchSize: 64, epochs: 3, callbacks: [note] });
    expect(seen).toEqual([...history['loss'].slice(1), await lossOf(made)]);
  });

  it('evaluate while batches are made', async () => {
    const made = model();
    const seen: number[] = [];
    async function* batches(): AsyncGenerator<[typeof x, typeof x]> {
      for (let i = 0; i < 4; i++) {
        seen.push(await lossOf(made));
        yield [x, zeros];
      }
    }
    const { history } = await made.fit(batches(), { verbose: 0 });
    expect(seen).toHaveLength(4);
    expect(seen[0]).toBe(1);
    const alone = model();
    const rows = (function* (): Generator<[typeof x, typeof x]> { for (let i = 0; i < 4; i++) yield [x, zeros]; })();
    expect(history).toEqual((await alone.fit(rows, { verbose: 0 })).history);
  });

  it('do not compile or train the model', async () => {
    const made = model();
    const compile = new callbacks.LambdaCallback({ onEpochEnd: () => made.compile({ loss: 'mae' }) });
    await expect(made.fit(x, zeros, { ...quiet, callbacks: [compile] })).rejects.toThrow(/compile\(\) was called while the model is/);
    const train = new callbacks.LambdaCallback({ onEpochEnd: async () => void (await made.trainOnBatch(x, zeros)) });
    await expect(made.fit(x, zeros, { ...quiet, callbacks: [train] })).rejects.toThrow(/trainOnBatch\(\) was called while/);
  });
});

describe('models that share', () => {
  it('a layer train one after the other', async () => {
    const pair = (): [Model, Model] => {
      const inputs = Input([1]);
      const hidden = new layers.Dense(1, { kernelInitializer: 'ones' })(inputs);
      const further = new layers.Dense(1, { kernelInitializer: 'ones' })(hidden);
      const made: [Model, Model] = [new Model(inputs, hidden), new Model(inputs, further)];
      made.forEach((each) => each.compile({ optimizer: new optimizers.SGD(0.05), loss: 'mse' }));
      return made;
    };
    const options = { ...quiet, epochs: 4, batchSize: 8 };
    const [a, b] = pair();
    const [first, second] = [await a.fit(x, zeros, options), await b.fit(x, ones, options)];
    const [c, d] = pair();
    const both = await Promise.all([c.fit(x, zeros, options), d.fit(x, ones, options)]);
    expect(both.map(({ history }) => history)).toEqual([first.history, second.history]);
  });

  it('a metric or an optimizer take turns, and others do not wait', async () => {
    const metric = new metrics.MeanSquaredError({ name: 'error' });
    const [a, b, c] = [model(), model(), model()];
    for (const each of [a, b]) each.compile({ optimizer: 'sgd', loss: 'mse', metrics: [metric] });
    const evaluate = async (made: Sequential, y: typeof x) => ((await made.evaluate(x, y, { verbose: 0 })) as number[])[1];
    expect(await Promise.all([evaluate(a, ones), evaluate(b, zeros), evaluate(a, ones)])).toEqual([0, 1, 0]);
    const ended: string[] = [];
    const long = a.fit(x, zeros, { ...quiet, epochs: 50, batchSize: 4 }).then(() => ended.push('a'));
    const short = c.fit(x, zeros, quiet).then(() => ended.push('c'));
    await Promise.all([long, short]);
    expect(ended).toEqual(['c', 'a']);
  });
});
