// Callbacks that change learning rates, write files and swap weights against recordings of Keras.
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as keras from '#lib/index.js';
import type { Logs } from '#lib/callbacks/index.js';
import { readFixture } from '../../helpers/fixtures.js';
import { camelKeys } from '../../helpers/recorded.js';

const { callbacks, layers, optimizers } = keras;
afterEach(() => void jest.restoreAllMocks());

function captured(): () => string {
  let text = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((part) => ((text += String(part)), true));
  return () => text;
}
function compiled(options: object = {}): keras.Sequential {
  const model = new keras.Sequential([keras.Input([1]), new layers.Dense(1)]);
  model.compile({ optimizer: new optimizers.SGD(0.01, options), loss: 'mse', metrics: ['accuracy'] });
  return model;
}

type Options = Record<string, unknown>;
interface Plateau {
  kind: 'plateau';
  name: string;
  options: Options;
  key: string;
  values: number[];
  rates: number[];
  logged: number[];
  wait: number[];
  cooldown: number[];
  best: number | null;
  printed: string;
}
interface Schedule { kind: 'schedule'; name: string; rates: number[]; logged: number[]; printed: string }
interface Csv { kind: 'csv'; name: string; options: Options; before: string | null; logs: Logs[]; runs: number; text: string }
interface Swap {
  kind: 'swap';
  name: string;
  options: Options;
  fit: Options;
  x: number[][];
  y: number[][];
  weights: number[][];
  history: Record<string, number[]>;
  after: number[][];
  averages: number[][];
  evaluated: Logs;
}
type Case = Plateau | Schedule | Csv | Swap;
const cases = readFixture<Case>('callbacks');
const of = <K extends Case['kind']>(kind: K) => cases.filter((item): item is Extract<Case, { kind: K }> => item.kind === kind);

describe('ReduceLROnPlateau', () => {
  it.each(of('plateau'))('$name reduces as Keras', async ({ options, key, values, printed, best, rates, logged, wait, cooldown }) => {
    const warnings = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const text = captured();
    const model = compiled();
    await model.trainOnBatch([[0]], [[0]]);
    const callback = new callbacks.ReduceLROnPlateau(camelKeys(options));
    callback.setModel(model);
    callback.onTrainBegin();
    const states = values.map((value, epoch) => {
      const logs: Logs = { [key]: value };
      callback.onEpochEnd(epoch, logs);
      return [(model.optimizer.learningRate as keras.Variable).item(), logs.learning_rate, callback.wait, callback.cooldownCounter];
    });
    const output = text();
    expect(warnings.mock.calls.length > 0).toBe(!(callback.monitor in { [key]: 0 }));
    jest.restoreAllMocks();
    expect(states).toEqual(rates.map((rate, i) => [rate, logged[i], wait[i], cooldown[i]]));
    expect([callback.best, output]).toEqual([best, printed]);
  });
});

describe('LearningRateScheduler', () => {
  it.each(of('schedule'))('$name sets, logs and prints as Keras', ({ rates, logged, printed }) => {
    const text = captured();
    const model = compiled();
    const callback = new callbacks.LearningRateScheduler((epoch) => rates[epoch], { verbose: 1 });
    callback.setModel(model);
    const found = rates.map((_, epoch) => {
      callback.onEpochBegin(epoch);
      const logs: Logs = { loss: 1 };
      callback.onEpochEnd(epoch, logs);
      return logs.learning_rate;
    });
    const output = text();
    jest.restoreAllMocks();
    expect(found).toEqual(logged);
    expect(output).toBe(printed);
  });
});

describe('CSVLogger', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keratin-csv-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  it.each(of('csv'))('$name writes as Keras', async ({ name, options, before, logs, runs, text }) => {
    const path = join(folder, `${name}.csv`);
    if (before !== null) writeFileSync(path, before);
    const logger = new callbacks.CSVLogger(path, camelKeys(options));
    for (let run = 0; run < runs; run++) {
      await logger.onTrainBegin();
      for (const [epoch, values] of logs.entries()) await logger.onEpochEnd(epoch, values);
      await logger.onTrainEnd();
    }
    expect(readFileSync(path, 'utf8')).toBe(text);
  });
});

describe('SwapEMAWeights', () => {
  it.each(of('swap'))('$name evaluates and ends as Keras', async ({ options, fit, x, y, weights, history, after, averages, evaluated }) => {
    const model = compiled({ useEma: true, emaMomentum: 0.5 });
    model.setWeights(weights);
    const callback = new callbacks.SwapEMAWeights(camelKeys(options));
    const result = await model.fit(x, y, {
      batchSize: 2,
      shuffle: false,
      validationData: [x, y],
      verbose: 0,
      callbacks: [callback],
      ...camelKeys(fit),
    });
    for (const [name, values] of Object.entries(history))
      values.forEach((value, i) => expect(result.history[name][i]).toBeCloseTo(value, 4));
    const flat = (lists: readonly (keras.Tensor | keras.Variable)[]) => lists.map((item) => [...(item.reshape([-1]).tolist() as number[])]);
    const close = (found: number[][], wanted: number[][]) =>
      found.forEach((list, i) => list.forEach((value, j) => expect(value).toBeCloseTo(wanted[i][j], 5)));
    close(flat(model.getWeights()), after);
    close(flat(model.optimizer.movingAverages!.map(([, average]) => average)), averages);
    const again = await model.evaluate(x, y, { verbose: 0, returnDict: true, callbacks: [new callbacks.SwapEMAWeights()] });
    expect(again.loss).toBeCloseTo(evaluated.loss, 4);
    close(flat(model.getWeights()), after);
  });
});
