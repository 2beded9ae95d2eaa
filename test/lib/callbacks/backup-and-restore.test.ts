// BackupAndRestore: a training that was interrupted ends with the same bits as one that was not.
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as keras from '#lib/index.js';

const { callbacks, layers, ops } = keras;
const folder = mkdtempSync(join(tmpdir(), 'keratin-backup-'));
afterAll(() => rmSync(folder, { recursive: true }));

const x = ops.reshape(ops.sin(ops.arange(66, { dtype: 'float32' })), [22, 3]);
const y = ops.cast(ops.greater(ops.sum(x, { axis: 1, keepdims: true }), 0), 'float32');

class Numbered extends keras.utils.PyDataset {
  override get length() {
    return 6;
  }
  override getItem(i: number) {
    return [ops.slice(x, [i * 3, 0], [3, 3]), ops.slice(y, [i * 3, 0], [3, 1])] as never;
  }
}
class Batches {
  * [Symbol.iterator]() {
    for (let i = 0; i < 6; i++) yield new Numbered().getItem(i);
  }
}

type Options = keras.models.CompileOptions & { place: string; freq: 'epoch' | number; data?: unknown; fit?: object; stopAt?: number | null };
/** Runs a training that fails after `stopAt` batches, if any. Returns all that it leaves. */
async function train({ place, freq, data = x, fit = {}, stopAt = null, ...compiled }: Options) {
  keras.utils.setRandomSeed(7);
  const model = new keras.Sequential([
    keras.Input([3]),
    new layers.Dense(8, { activation: 'relu' }),
    new layers.BatchNormalization(),
    new layers.Dropout(0.4),
    new layers.Dense(1, { activation: 'sigmoid' }),
  ]);
  model.compile({ optimizer: new keras.optimizers.Adam(0.02), loss: 'binary_crossentropy', metrics: ['accuracy', 'AUC'], ...compiled });
  let ran = 0;
  const interrupt = new callbacks.LambdaCallback({
    onTrainBatchEnd: () => {
      if (++ran === stopAt) throw new Error('interrupted');
    },
  });
  const list = [
    new callbacks.BackupAndRestore(join(place, 'backup'), { saveFreq: freq }),
    new callbacks.LearningRateScheduler((epoch, rate) => rate * 0.9),
    new callbacks.EarlyStopping({ monitor: 'loss', patience: 2, restoreBestWeights: true }),
    new callbacks.ModelCheckpoint(join(place, 'best.weights.h5'), { monitor: 'loss', saveBestOnly: true, saveWeightsOnly: true }),
    new callbacks.CSVLogger(join(place, 'log.csv')),
    ...(stopAt === null && freq === 'epoch' ? [] : [interrupt]),
  ];
  const given = data === x ? [x, y] : [data];
  const { history, epoch } = await (model.fit as (...args: unknown[]) => Promise<keras.callbacks.History>)(
    ...given, { epochs: 4, verbose: 0, ...(data === x ? { batchSize: 4 } : {}), callbacks: list, ...fit },
  );
  const state = [...model.getWeights(), ...model.optimizer.variables.map(({ value }) => value)].map((value) => value.tolist());
  const draws = [keras.random.normal([2]).tolist(), new keras.random.SeedGenerator().state.value.tolist()];
  return { history, epoch, state, draws, log: readFileSync(join(place, 'log.csv'), 'utf8') };
}

it.each<[string, 'epoch' | number, number[], Partial<Options>?]>([
  ['arrays, by epochs', 'epoch', [5, 9]],
  ['arrays, by batches', 2, [3, 4, 8]],
  ['arrays, at each batch', 1, [6, 6]],
  ['arrays in their order, validated', 2, [3, 5], { fit: { shuffle: false, validationSplit: 0.3 } }],
  ['batches in random order', 2, [3, 9], { fit: { shuffle: 'batch' } }],
  ['fewer steps than a pass, by epochs', 'epoch', [5, 4], { fit: { stepsPerEpoch: 4 } }],
  ['fewer steps than a pass, by batches', 1, [4, 2], { fit: { stepsPerEpoch: 4 } }],
  ['a PyDataset', 2, [3, 4, 8], { data: new Numbered() }],
  ['a PyDataset, by epochs', 'epoch', [8], { data: new Numbered() }],
  ['an iterable', 1, [3, 3, 8], { data: new Batches() }],
  ['an iterable, by epochs', 'epoch', [8], { data: new Batches() }],
  ['eager steps', 2, [3, 4, 8], { runEagerly: true }],
  ['several steps a call', 2, [3, 4, 2], { stepsPerExecution: 2 }],
  ['averages of weights', 2, [4, 7], { optimizer: { class_name: 'SGD', config: { use_ema: true, momentum: 0.9, ema_overwrite_frequency: 3 } } as never }],
])('%s: the bits are those of a training without interruptions', async (_, freq, stops, options = {}) => {
  const made = (): Options => ({ ...options, freq, place: mkdtempSync(join(folder, 'run-')) });
  const whole = await train(made());
  const interrupted = made();
  for (const stopAt of stops) await expect(train({ ...interrupted, stopAt })).rejects.toThrow('interrupted');
  expect(readdirSync(join(interrupted.place, 'backup')).sort()).toEqual(['latest.weights.h5', 'training_metadata.json']);
  expect(await train(interrupted)).toEqual(whole);
  expect(existsSync(join(interrupted.place, 'backup'))).toBe(false);
});

describe('the backup', () => {
  const place = join(folder, 'backup');
  it('that is damaged is an error, or the one before it is taken', async () => {
    const broken = mkdtempSync(join(folder, 'broken-'));
    const model = new keras.Sequential([keras.Input([3]), new layers.Dense(1)]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const fit = (double: boolean, stop: boolean) => model.fit(x, y, {
      epochs: 3, verbose: 0, batchSize: 4,
      callbacks: [
        new callbacks.BackupAndRestore(broken, { doubleCheckpoint: double }),
        new callbacks.LambdaCallback({ onEpochBegin: (epoch) => { if (stop && epoch === 2) throw new Error('interrupted'); } }),
      ],
    });
    await expect(fit(true, true)).rejects.toThrow('interrupted');
    expect(JSON.parse(readFileSync(join(broken, 'training_metadata.json'), 'utf8'))).toEqual({ epoch: 2, batch: 0 });
    writeFileSync(join(broken, 'latest.weights.h5'), 'nothing');
    const warning = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const { epoch } = await fit(true, false);
    expect([epoch, warning.mock.calls.length]).toEqual([[0, 1, 2], 1]);
    warning.mockRestore();
    await expect(fit(false, true)).rejects.toThrow('interrupted');
    writeFileSync(join(broken, 'latest.weights.h5'), 'nothing');
    const before = model.getWeights().map((value) => value.tolist());
    await expect(fit(false, false)).rejects.toThrow('latest.weights.h5');
    expect(model.getWeights().map((value) => value.tolist())).toEqual(before);
  });
  it('leaves what is not its own', async () => {
    const shared = mkdtempSync(join(folder, 'shared-'));
    writeFileSync(join(shared, 'mine.txt'), 'kept');
    const model = new keras.Sequential([keras.Input([3]), new layers.Dense(1)]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const fit = (deleteCheckpoint: boolean) =>
      model.fit(x, y, { verbose: 0, callbacks: [new callbacks.BackupAndRestore(shared, { deleteCheckpoint })] });
    await fit(false);
    expect(readdirSync(shared).sort()).toEqual(['latest.weights.h5', 'mine.txt', 'training_metadata.json']);
    const { epoch } = await fit(true); // it was at its end
    expect([epoch, readdirSync(shared)]).toEqual([[0], ['mine.txt']]);
  });
  it('refuses what cannot be', async () => {
    expect(() => new callbacks.BackupAndRestore('')).toThrow('backupDir must be the path of a folder');
    expect(() => new callbacks.BackupAndRestore('a', { saveFreq: 'batch' as never })).toThrow("saveFreq must be 'epoch'");
    expect(() => new callbacks.BackupAndRestore('a', { deleteCheckpont: true } as never)).toThrow("did you mean 'deleteCheckpoint'?");
    const unbuilt = new keras.Sequential([new layers.Dense(1)]);
    unbuilt.compile({ loss: 'mse' });
    await expect(unbuilt.fit(x, y, { verbose: 0, callbacks: [new callbacks.BackupAndRestore(place)] })).rejects.toThrow('must be built before fit');
  });
});
