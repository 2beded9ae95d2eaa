// The same seed gives the same bits.
import { describe, expect, it } from '@jest/globals';
import * as keras from 'keratin';
import { runScript } from '../../helpers/child.js';

const { layers, ops, Sequential } = keras;

function net(): keras.Sequential {
  keras.utils.setRandomSeed(7);
  const model = new Sequential([
    keras.Input({ shape: [20] }),
    new layers.Dense(64, { activation: 'relu' }),
    new layers.Dropout(0.3),
    new layers.Dense(3, { activation: 'softmax' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  return model;
}
const data = () => [keras.random.normal([300, 20], { seed: 1 }), keras.random.randint([300], 0, 3, { seed: 2 })] as const;
const bits = (model: keras.Sequential) =>
  model.getWeights().map((w) => Buffer.from((w.data as Float32Array).slice().buffer).toString('base64'));

describe('the same seed', () => {
  it('gives the same weights again', async () => {
    const results = [];
    for (let i = 0; i < 2; i++) {
      const model = net();
      const [x, y] = data();
      await model.fit(x, y, { epochs: 3, verbose: 0 });
      results.push(bits(model));
    }
    expect(results[1]).toEqual(results[0]);
  });

  it('gives the same weights in one call and epoch by epoch', async () => {
    const [x, y] = data();
    const once = net();
    await once.fit(x, y, { epochs: 4, verbose: 0 });
    const stepwise = net();
    for (let epoch = 0; epoch < 4; epoch++) await stepwise.fit(x, y, { epochs: epoch + 1, initialEpoch: epoch, verbose: 0 });
    expect(bits(stepwise)).toEqual(bits(once));
  });

  it('gives the same weights with batch callbacks, which take the steps one by one', async () => {
    const [x, y] = data();
    const native = net();
    await native.fit(x, y, { epochs: 2, verbose: 0 });
    const single = net();
    await single.fit(x, y, {
      epochs: 2,
      verbose: 0,
      callbacks: [new keras.callbacks.LambdaCallback({ onTrainBatchEnd: () => undefined })],
    });
    expect(bits(single)).toEqual(bits(native));
  });

  it('gives the same weights on any number of threads', () => {
    const script = `
      import * as keras from 'keratin';
      import { createHash } from 'node:crypto';
      keras.utils.setRandomSeed(3);
      const { layers, ops } = keras;
      const model = new keras.Sequential([keras.Input({ shape: [200] }), new layers.Dense(300, { activation: 'relu' }), new layers.Dropout(0.2), new layers.Dense(10, { activation: 'softmax' })]);
      model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy' });
      await model.fit(keras.random.normal([1000, 200]), keras.random.randint([1000], 0, 10), { epochs: 2, batchSize: 256, verbose: 0 });
      const hash = createHash('sha256');
      for (const w of model.getWeights()) hash.update(w.data);
      console.log(hash.digest('hex'));`;
    const hashes = ['1', '2', '5'].map((threads) => runScript(script, { env: { KERATIN_NUM_THREADS: threads } }));
    expect(new Set(hashes).size).toBe(1);
  });
});

describe('different draws', () => {
  it('come from different seeds, and from one seed used twice', () => {
    const seed = new keras.random.SeedGenerator(1);
    const a = keras.random.uniform([4], { seed }).tolist();
    const b = keras.random.uniform([4], { seed }).tolist();
    expect(a).not.toEqual(b);
    expect(keras.random.uniform([4], { seed: 5 }).tolist()).toEqual(keras.random.uniform([4], { seed: 5 }).tolist());
    expect(ops.size(keras.random.uniform([4], { seed: 5 }))).toBe(4);
  });
});
