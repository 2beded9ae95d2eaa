// EarlyStopping against recordings of Keras, LambdaCallback, and what ProgbarLogger prints.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import * as callbacks from '#lib/callbacks/index.js';
import type { Model } from '#lib/models/model.js';
import { readFixture } from '../../helpers/fixtures.js';
import { camelKeys } from '../../helpers/recorded.js';

afterEach(() => void jest.restoreAllMocks());

function captured(): () => string {
  let text = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((part) => ((text += String(part)), true));
  return () => text;
}

/** What callbacks use of a model; its weights are the number of the epoch. */
const fakeModel = () => ({
  stopTraining: false,
  weights: -1,
  metrics: [{ name: 'loss' }, { name: 'accuracy', direction: 'up' }],
  getWeights() { return this.weights; },
  setWeights(weights: number) { this.weights = weights; },
});
const asModel = (model: unknown) => model as Model;

interface Case {
  name: string;
  options: Record<string, unknown>;
  logs: Record<string, number>[];
  after: { stop: boolean; wait: number; best: number | null; best_epoch: number }[];
  stopped_epoch: number;
  restored: number;
  printed: string;
}

describe('EarlyStopping', () => {
  it.each(readFixture<Case>('early_stopping'))('$name decides as Keras', ({ options, logs, after, stopped_epoch, restored, printed }) => {
    const warnings = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const text = captured();
    const model = fakeModel();
    const callback = new callbacks.EarlyStopping(camelKeys(options));
    callback.setModel(asModel(model));
    callback.onTrainBegin();
    const states = logs.map((log, epoch) => {
      model.weights = epoch;
      callback.onEpochEnd(epoch, log);
      return { stop: model.stopTraining, wait: callback.wait, best: callback.best, best_epoch: callback.bestEpoch };
    });
    callback.onTrainEnd();
    const missing = warnings.mock.calls.length;
    const output = text();
    jest.restoreAllMocks();
    expect(states).toEqual(after);
    expect([callback.stoppedEpoch, model.weights, output]).toEqual([stopped_epoch, restored, printed]);
    expect(missing > 0).toBe(!(callback.monitor in logs[0]));
  });

  it('starts anew in each fit', () => {
    const callback = new callbacks.EarlyStopping({ monitor: 'loss' });
    for (const stopped of [1, 1]) {
      const model = fakeModel();
      callback.setModel(asModel(model));
      callback.onTrainBegin();
      [1, 2].forEach((loss, epoch) => callback.onEpochEnd(epoch, { loss }));
      expect([model.stopTraining, callback.stoppedEpoch]).toEqual([true, stopped]);
    }
  });

  it('refuses what it cannot use', () => {
    const callback = new callbacks.EarlyStopping({ monitor: 'val_mystery' });
    callback.setModel(asModel(fakeModel()));
    expect(() => callback.onEpochEnd(0, { val_mystery: 1 })).toThrow(
      "'val_mystery' gets better by rising or by falling; give mode 'max' or 'min'",
    );
    expect(() => new callbacks.EarlyStopping({ mode: 'up' as never })).toThrow("mode must be 'auto', 'min' or 'max'");
    expect(() => new callbacks.EarlyStopping({ patience: '3' as never })).toThrow('patience must be a number');
    expect(() => new callbacks.EarlyStopping({ patince: 3 } as never)).toThrow("unknown option 'patince'; did you mean 'patience'?");
  });
});

describe('LambdaCallback', () => {
  it('calls its functions and awaits them', async () => {
    const calls: unknown[] = [];
    const callback = new callbacks.LambdaCallback({
      onEpochEnd: async (epoch, logs) => {
        await Promise.resolve();
        calls.push([epoch, logs]);
      },
      onTrainEnd: null,
    });
    const list = new callbacks.CallbackList({ callbacks: [callback], model: asModel(fakeModel()), steps: 1, verbose: 0 });
    await list.call('onEpochEnd', 3, { loss: 1 });
    await list.call('onTrainEnd', {});
    expect(calls).toEqual([[3, { loss: 1 }]]);
    expect(list.wantsBatches('train')).toBe(false);
  });
  it('wants batches when it has a hook for them', () => {
    const list = new callbacks.CallbackList({
      callbacks: [new callbacks.LambdaCallback({ onTrainBatchEnd: () => undefined })],
      model: asModel(fakeModel()),
      steps: 1,
      verbose: 0,
    });
    expect([list.wantsBatches('train'), list.wantsBatches('test')]).toEqual([true, false]);
  });
  it('refuses unknown hooks and what is no function', () => {
    expect(() => new callbacks.LambdaCallback({ onEpochEdn: () => undefined } as never)).toThrow(
      "unknown option 'onEpochEdn'; did you mean 'onEpochEnd'?",
    );
    expect(() => new callbacks.LambdaCallback({ onEpochEnd: 3 } as never)).toThrow('onEpochEnd must be a function');
  });
});

describe('ProgbarLogger', () => {
  /** Runs the hooks of a fit of `epochs`, with progress after `slices` and validation. */
  async function run(verbose: number, epochs: number, slices: readonly number[], steps: number | null): Promise<string> {
    let now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    const text = captured();
    const list = new callbacks.CallbackList({
      callbacks: [new callbacks.ProgbarLogger()],
      model: asModel(fakeModel()),
      epochs,
      steps,
      verbose,
    });
    await list.call('onTrainBegin', {});
    for (let epoch = 0; epoch < epochs; epoch++) {
      await list.call('onEpochBegin', epoch, {});
      for (const batch of slices) {
        now += 1000;
        await list.call('onProgress', batch, { loss: 1 / (batch + 1) });
      }
      await list.call('onTestBegin', {});
      await list.call('onProgress', 0, { loss: 9 });
      await list.call('onTestEnd', { loss: 9 });
      await list.call('onEpochEnd', epoch, { accuracy: 0.9254, loss: 0.25604, val_loss: 9 });
    }
    await list.call('onTrainEnd', {});
    const output = text();
    jest.restoreAllMocks();
    return output;
  }
  it('prints a line an epoch', async () => {
    expect(await run(2, 2, [468], 469)).toBe(
      'Epoch 1/2\n469/469 - 1s - 2ms/step - accuracy: 0.9254 - loss: 0.2560 - val_loss: 9.0000\n' +
        'Epoch 2/2\n469/469 - 1s - 2ms/step - accuracy: 0.9254 - loss: 0.2560 - val_loss: 9.0000\n');
  });
  it('learns the number of steps from the first epoch', async () => {
    expect(await run(2, 1, [0, 1], null)).toBe('2/2 - 2s - 1s/step - accuracy: 0.9254 - loss: 0.2560 - val_loss: 9.0000\n');
  });
  it('moves a bar', async () => {
    const text = await run(1, 1, [0, 1], 2);
    expect(text.match(/[12]\/2/g)).toHaveLength(3);
    expect(text.endsWith('val_loss: 9.0000\n')).toBe(true);
  });
  it('is silent with verbose 0', async () => expect(await run(0, 2, [0], 1)).toBe(''));
  it('prints evaluate, and predict without values', async () => {
    jest.spyOn(performance, 'now').mockReturnValue(0);
    const text = captured();
    const list = new callbacks.CallbackList({
      callbacks: [new callbacks.ProgbarLogger()],
      model: asModel(fakeModel()),
      steps: 3,
      verbose: 2,
    });
    await list.call('onTestBegin', {});
    await list.call('onTestEnd', { loss: 0.5 });
    await list.call('onPredictBegin', {});
    await list.call('onProgress', 2, {});
    await list.call('onPredictEnd', {});
    const output = text();
    jest.restoreAllMocks();
    expect(output).toBe('3/3 - 0s - 0s/step - loss: 0.5000\n3/3 - 0s - 0s/step\n');
  });
});
