// ModelCheckpoint: what it saves and says, against recordings of Keras, and real files in fit.
import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as keras from '#lib/index.js';
import { formatFields } from '#lib/base/python-format.js';
import type { Logs } from '#lib/callbacks/index.js';
import { readFixture } from '../../helpers/fixtures.js';
import { camelKeys } from '../../helpers/recorded.js';

const { callbacks, layers } = keras;
const folder = mkdtempSync(join(tmpdir(), 'keratin-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void jest.restoreAllMocks());

interface Case {
  name: string;
  path: string;
  options: Record<string, unknown>;
  epochs: { batches: Logs[]; logs: Logs }[];
  saved: [number, number | null, string][];
  best: number | null;
  printed: string;
}

describe('ModelCheckpoint as in Keras', () => {
  it.each(readFixture<Case>('model_checkpoint'))('$name', async ({ path, options, epochs, saved, best, printed }) => {
    jest.spyOn(process, 'emitWarning').mockReturnValue();
    let text = '';
    jest.spyOn(process.stdout, 'write').mockImplementation((part) => ((text += String(part)), true));
    const place = `${mkdtempSync(join(folder, 'case-'))}/`;
    const files: unknown[] = [];
    const at: [number, number | null] = [0, null];
    const save = (file: string) => void files.push([...at, file.slice(place.length)]);
    const callback = new callbacks.ModelCheckpoint(place + path, camelKeys(options));
    callback.setModel({ metrics: [{ name: 'accuracy', direction: 'up' }], save, saveWeights: save } as never);
    for (const [epoch, { batches, logs }] of epochs.entries()) {
      callback.onEpochBegin(epoch);
      for (const [batch, log] of batches.entries()) {
        [at[0], at[1]] = [epoch, batch];
        await callback.onTrainBatchEnd(batch, log);
      }
      [at[0], at[1]] = [epoch, null];
      await callback.onEpochEnd(epoch, logs);
    }
    jest.restoreAllMocks();
    expect(files).toEqual(saved);
    expect(callback.best).toBe(best);
    expect(text.replaceAll(place, '')).toBe(printed);
  });
});

describe('ModelCheckpoint in fit', () => {
  const x = keras.ops.reshape(keras.ops.arange(12, { dtype: 'float32' }), [6, 2]);
  const y = keras.ops.sum(x, { axis: 1, keepdims: true });
  const compiled = () => {
    const model = new keras.Sequential([keras.Input([2]), new layers.Dense(1, { kernelInitializer: 'zeros' })]);
    model.compile({ optimizer: new keras.optimizers.SGD(0.001), loss: 'mse' });
    return model;
  };

  it('leaves files that load with the weights of their time', async () => {
    const place = join(folder, 'fit');
    const model = compiled();
    const kernels: number[][] = [];
    const keep = new callbacks.LambdaCallback({ onEpochEnd: () => void kernels.push(model.getWeights()[0].tolist() as number[]) });
    const whole = new callbacks.ModelCheckpoint(pathToFileURL(join(place, 'm.keras')), { saveBestOnly: true, monitor: 'loss' });
    const weights = new callbacks.ModelCheckpoint({ filepath: join(place, '{epoch}-{batch}.weights.h5'), saveFreq: 2, saveWeightsOnly: true });
    await model.fit(x, y, { epochs: 2, batchSize: 2, verbose: 0, callbacks: [keep, whole, weights] });
    expect(readdirSync(place).sort()).toEqual(['1-2.weights.h5', '2-1.weights.h5', '2-3.weights.h5', 'm.keras']);
    const again = await keras.models.loadModel(join(place, 'm.keras'));
    expect(again.getWeights()[0].tolist()).toEqual(kernels[1]);
    const other = compiled();
    await other.loadWeights(join(place, '2-3.weights.h5'));
    expect(other.getWeights()[0].tolist()).toEqual(kernels[1]);
  });

  it('costs nothing by batches when it saves by epochs', () => {
    expect(new callbacks.ModelCheckpoint('a.keras').onTrainBatchEnd).toBe(callbacks.Callback.prototype.onTrainBatchEnd);
  });

  it('refuses what cannot be', async () => {
    const make = (path: unknown, options = {}) => () => new callbacks.ModelCheckpoint(path as string, options);
    expect(make('a.weights.h5')).toThrow("the path must end in .keras, .h5, .hdf5 (or give saveWeightsOnly: true), received 'a.weights.h5'");
    expect(make('a.keras', { saveWeightsOnly: true })).toThrow('.weights.h5, .weights.json, .safetensors for weights alone');
    expect(make('a.keras', { saveFreq: 'batch' })).toThrow("saveFreq must be 'epoch' or a number of batches, received 'batch'");
    expect(make('a.keras', { saveFreq: 0 })).toThrow('saveFreq must be');
    expect(make('a.keras', { saveBestOnyl: true })).toThrow("unknown option 'saveBestOnyl'; did you mean 'saveBestOnly'?");
    expect(make('')).toThrow('filepath must be a path');
    const model = compiled();
    const fit = (path: string) =>
      model.fit(x, y, { verbose: 0, callbacks: [new callbacks.ModelCheckpoint(join(folder, path))] });
    await expect(fit('{epoch}-{los:.2f}.keras')).rejects.toThrow("'los' has no value; did you mean 'loss'?");
    await expect(fit('{epoch:.2f.keras')).rejects.toThrow('a single {');
    await expect(fit('{epoch:2q}.keras')).rejects.toThrow("'2q' is no format for 1");
    mkdirSync(join(folder, 'taken.keras'));
    await expect(fit('taken.keras')).rejects.toThrow('is a folder');
  });
});

it.each([
  ['{a:5d}|{a:<5d}|{a:^6d}|{a:+d}|{a:05}|{a:x}|{a:_}', { a: { int: 1234 } }, ' 1234|1234 | 1234 |+1234|01234|4d2|1_234'],
  ['{a}|{a:.3}|{a:g}|{a:e}|{a:.0%}|{a:08.3f}|{a:,.1f}', { a: { float: -1234.5 } }, '-1234.5|-1.23e+03|-1234.5|-1.234500e+03|-123450%|-1234.500|-1,234.5'],
  ['{a:>4}|{a:.2}|{a:*^7}', { a: 'abc' }, ' abc|ab|**abc**'],
  ['{a:.1e}|{a:.0e}|{b:.1f}', { a: { float: 0.125 }, b: { float: 1e22 } }, '1.2e-01|1e-01|10000000000000000000000.0'],
] as const)('%s is filled in as by Python', (template, values, expected) => {
  expect(formatFields(template, values)).toBe(expected);
});
