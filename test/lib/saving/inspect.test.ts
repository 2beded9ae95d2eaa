// What a look into a file finds: where unknown classes are, however deep, and layers in layers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { inspectFile } from '#lib/saving/inspect.js';
import { loadTraining, saveTraining } from '#lib/saving/training-file.js';
import type { TrainingState } from '#lib/callbacks/training-state.js';
import { Input, Layer, layers, ops, saving, Sequential, type Tensor } from '#lib/entry.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keratin-'));
});
afterAll(() => rm(folder, { recursive: true }));

class Odd extends Layer {
  override call(x: Tensor) {
    return x;
  }
}

it('names the place of what is not known, in models in models', async () => {
  const inner = new Sequential([Input([2]), new Odd({ name: 'odd' }), new layers.Dense(3, { name: 'inner_dense' })], { name: 'inner' });
  const file = path.join(folder, 'odd.keras');
  await new Sequential([Input([2]), inner, new layers.Dense(1, { name: 'last' })], { name: 'outer' }).save(file);
  const report = await inspectFile(file);
  expect(report.problems).toHaveLength(1);
  expect(report.problems[0]).toMatch(/^outer\/inner\/odd: unknown layer 'Odd'/);
  expect(report.built).toBe(null);
  expect(report.layers.filter(({ className }) => className !== 'InputLayer').map(({ name, depth }) => [name, depth]))
    .toEqual([['inner', 0], ['odd', 1], ['inner_dense', 1], ['last', 0]]);
  saving.registerKerasSerializable({ package: 'Inspected' })(Odd);
});

it('keeps numbers that JSON has not in trainings', async () => {
  const model = new Sequential([Input([2]), new layers.Dense(1)]);
  model.compile({ loss: 'mse' });
  const state: TrainingState = {
    epoch: 2, batch: 0, stopped: false, logs: { loss: NaN, one: -0, two: 0, three: -1, most: -Infinity }, source: null, seeds: null,
    metrics: [ops.convertToTensor([0.5, -0])], callbacks: [{ name: 'Own', state: { best: Infinity, list: [-0, 1] } }],
  };
  const file = path.join(folder, 'training.h5');
  await saveTraining(model, file, state);
  const loaded = (await loadTraining(model, file))!;
  expect(loaded.logs).toEqual(state.logs); // tells 0 from -0
  expect(loaded.callbacks).toEqual(state.callbacks);
  expect(loaded.metrics[0].tolist()).toEqual([0.5, -0]);
});
