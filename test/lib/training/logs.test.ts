// Logs: what steps and metrics give, as callbacks and histories have it.
import { describe, expect, it, jest } from '@jest/globals';
import * as keras from '#lib/index.js';

const { layers, ops } = keras;
const x = ops.reshape(ops.arange(32, { dtype: 'float32' }), [8, 4]).divide(32);
const y = keras.utils.toCategorical([0, 1, 2, 0, 1, 2, 0, 1], 3);

describe('a metric with several results', () => {
  const made = () => {
    const model = new keras.Sequential([keras.Input([4]), new layers.Dense(3, { activation: 'softmax', kernelInitializer: 'ones' })]);
    model.compile({ optimizer: 'sgd', loss: 'categorical_crossentropy', metrics: [new keras.metrics.F1Score()] });
    return model;
  };
  const expected = () => {
    const metric = new keras.metrics.F1Score();
    metric.updateState(y, ops.full([8, 3], 1 / 3));
    return metric.result().tolist();
  };
  it('has an array in the history, in what evaluate gives, and for callbacks', async () => {
    const model = made();
    const seen: unknown[] = [];
    const watch = new keras.callbacks.LambdaCallback({ onTrainBatchEnd: (_, logs) => { seen.push(logs?.['f1_score']); } });
    const { history } = await model.fit(x, y, { verbose: 0, callbacks: [watch] });
    expect(history['f1_score']).toEqual([expected()]);
    expect(seen).toEqual([expected()]);
    expect((await made().evaluate(x, y, { verbose: 0, returnDict: true }))['f1_score']).toEqual(expected());
  });
  it('cannot be watched', async () => {
    const stop = new keras.callbacks.EarlyStopping({ monitor: 'f1_score', mode: 'max' });
    await expect(made().fit(x, y, { verbose: 0, callbacks: [stop] })).rejects.toThrow(
      "EarlyStopping: 'f1_score' has 3 values, expected one number to watch",
    );
  });
  it('is shown as its mean', async () => {
    const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      await made().evaluate(x, y, { verbose: 2 });
      const mean = (expected() as number[]).reduce((a, b) => a + b) / 3;
      expect(write.mock.calls.join('')).toContain(`f1_score: ${mean.toFixed(4)}`);
    } finally {
      write.mockRestore();
    }
  });
});
