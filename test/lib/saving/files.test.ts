// Files that real Keras wrote (test/keras/make.py), read, trained further and written again.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { unzipSync } from 'fflate';
import * as keras from 'keratin';
import { Input, layers, ops, optimizers, saving, Sequential, type Tensor, type Variable } from 'keratin';

import { Hdf5File, type Hdf5Group } from '#lib/saving/hdf5.js';

interface Recorded {
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32';
  readonly data: number[];
}
interface Case {
  readonly x: Recorded[];
  readonly y: Recorded;
  readonly prediction: number[][];
  readonly weights: string[];
  readonly steps?: Record<string, number>[];
}

const fixtures = path.resolve('test/fixtures/files');
const names = readdirSync(fixtures).filter((name) => existsSync(path.join(fixtures, name, 'case.json')));
const file = (name: string, part: string) => path.join(fixtures, name, part);
const caseOf = (name: string) => JSON.parse(readFileSync(file(name, 'case.json'), 'utf8')) as Case;
const tensorOf = ({ shape, dtype, data }: Recorded): Tensor => ops.reshape(ops.convertToTensor(data, { dtype }), shape);
const inputsOf = ({ x }: Case): Tensor | Tensor[] => (x.length > 1 ? x.map(tensorOf) : tensorOf(x[0]));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keratin-'));
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});
const at = (name: string) => path.join(folder, name);

async function expectPrediction(model: keras.Model, name: string): Promise<void> {
  const { prediction, ...recorded } = caseOf(name);
  const actual = (await model.predict(inputsOf({ prediction, ...recorded }), { verbose: 0 })).tolist() as number[][];
  const tolerance = name === 'float16_weights' ? 2e-2 : 2e-5;
  expect(actual.flat().map((value, i) => Math.abs(value - prediction.flat()[i]) <= tolerance * (1 + Math.abs(value)))).not.toContain(false);
}

/** Paths of all arrays in a file, with their shapes. */
async function arraysIn(hdf5: Hdf5File, place = ''): Promise<Record<string, number[]>> {
  const group: Hdf5Group = (await hdf5.group(place))!;
  const found: Record<string, number[]> = {};
  for (const [key, { shape }] of Object.entries(group.datasets)) found[`${place}/${key}`] = shape;
  for (const name of group.groups) Object.assign(found, await arraysIn(hdf5, place === '' ? name : `${place}/${name}`));
  return found;
}
async function arraysOf(place: string): Promise<Record<string, number[]>> {
  const hdf5 = new Hdf5File(place, { path: place });
  try {
    return await arraysIn(hdf5);
  } finally {
    await hdf5.close();
  }
}

describe.each(names)('%s', (name) => {
  it('predicts as in Keras from each format', async () => {
    const model = await saving.loadModel(file(name, 'model.keras'));
    await expectPrediction(model, name);
    expect(model.weights.map((variable) => variable.path.split('/').at(-1))).toEqual(caseOf(name).weights.map((p) => p.split('/').at(-1)));
    for (const part of ['model.weights.h5', 'model.weights.json', 'model.keras']) {
      model.setWeights(model.getWeights().map((weight) => ops.zerosLike(weight)));
      await model.loadWeights(file(name, part));
      await expectPrediction(model, name);
    }
    if (existsSync(file(name, 'model.h5'))) await expectPrediction(await saving.loadModel(file(name, 'model.h5')), name);
  });

  it('is saved with the arrays that Keras saves, and read again', async () => {
    const model = await saving.loadModel(file(name, 'model.keras'));
    await model.saveWeights(at('w.weights.h5'));
    expect(await arraysOf(at('w.weights.h5'))).toEqual(await arraysOf(file(name, 'model.weights.h5')));
    await model.save(at('m.keras'));
    const again = await saving.loadModel(at('m.keras'));
    expect(again.getConfig()).toEqual(model.getConfig());
    expect(again.getCompileConfig()).toEqual(model.getCompileConfig());
    expect(again.getWeights().map((weight) => weight.tolist())).toEqual(model.getWeights().map((weight) => weight.tolist()));
    if (model.compiled) expect(again.optimizer.variables.map((v) => v.tolist())).toEqual(model.optimizer.variables.map((v) => v.tolist()));
    await model.saveWeights(at('s.weights.json'), { maxShardSize: 1e-6 });
    expect((await readdir(folder)).filter((entry) => /^s_\d{5}\.weights\.h5$/.test(entry)).length).toBeGreaterThan(0);
    again.setWeights(again.getWeights().map((weight) => ops.zerosLike(weight)));
    await again.loadWeights(at('s.weights.json'));
    expect(again.getWeights().map((weight) => weight.tolist())).toEqual(model.getWeights().map((weight) => weight.tolist()));
  });

  it('goes on training with the losses of Keras', async () => {
    const recorded = caseOf(name);
    if (recorded.steps === undefined) return expect(name).toBe('float16_weights');
    const model = await saving.loadModel(file(name, 'model.keras'));
    const x: Tensor[] = [inputsOf(recorded)].flat();
    const y = tensorOf(recorded.y);
    const rows = (tensor: Tensor, i: number) =>
      ops.slice(tensor, [4 * i, ...tensor.shape.slice(1).map(() => 0)], [4, ...tensor.shape.slice(1)]);
    for (const [i, expected] of recorded.steps.entries()) {
      const batch = x.map((tensor) => rows(tensor, i + 1));
      const logs = await model.trainOnBatch(batch.length > 1 ? batch : batch[0], rows(y, i + 1), { returnDict: true });
      for (const [key, value] of Object.entries(expected))
        expect(Math.abs((logs as Record<string, number>)[key] - value)).toBeLessThan(5e-5 * (1 + Math.abs(value)));
    }
    return undefined;
  });
});

describe('HDF5', () => {
  const read = async (place: string, key: string) => {
    const hdf5 = new Hdf5File('odd.h5', { path: place });
    try {
      return await hdf5.read(key);
    } finally {
      await hdf5.close();
    }
  };
  it.each([
    ['f16', 'float16', [0x3c00, 0x4000, 0xc200], Uint16Array], ['bf', 'opaque16', [0x3f80, 0x4000, 0xc040], Uint16Array],
    ['b', 'bool', [1, 0], Uint8Array], ['be', 'float32', [1, 2], Float32Array], ['s', 'float64', [3.5], Float64Array],
  ] as const)('reads %s', async (key, dtype, values, View) => {
    const array = await read(path.join(fixtures, 'odd.h5'), key);
    expect(array.dtype).toBe(dtype);
    expect([...new View(array.bytes.slice().buffer)]).toEqual(values);
  });
  it('reads compressed chunks, and refuses links to other files', async () => {
    const { bytes } = await read(path.join(fixtures, 'odd.h5'), 'gz');
    expect(new Float32Array(bytes.slice().buffer)[999]).toBe(999);
    await expect(read(path.join(fixtures, 'odd.h5'), 'ext')).rejects.toThrow('not followed');
    await expect(read(path.join(fixtures, 'odd.h5'), 'none')).rejects.toThrow('is no dataset');
  });
  it('says what a damaged file is', async () => {
    await writeFile(at('bad.h5'), 'no HDF5');
    await expect(saving.loadModel(at('bad.h5'))).rejects.toThrow('is no HDF5 file');
    const whole = await readFile(file('mlp', 'model.h5'));
    await writeFile(at('cut.h5'), whole.subarray(0, whole.length / 2));
    await expect(saving.loadModel(at('cut.h5'))).rejects.toThrow(/cut\.h5/);
  });
});

it('objects that a model has several times are one again', async () => {
  const model = await saving.loadModel(file('shared_objects', 'model.keras'));
  const check = ({ layers: all, weights }: keras.Model): void => {
    const [, dense, distributed] = all as unknown as { layer: unknown }[];
    expect(weights).toHaveLength(4);
    expect(distributed.layer).toBe(dense);
  };
  check(model);
  await model.save(at('m.keras'));
  check(await saving.loadModel(at('m.keras')));
  const [x, cell] = [Input([5, 3]), new layers.GRUCell(3)];
  await new keras.Model(x, new layers.RNN(cell)(new layers.RNN(cell, { returnSequences: true })(x))).save(at('cell.keras'));
  expect((await saving.loadModel(at('cell.keras'))).weights).toHaveLength(3);
  const once = new Sequential([Input([2]), new layers.Dense(2), new layers.Dense(2)]);
  await once.save(at('once.keras'));
  const config = new TextDecoder().decode(unzipSync(await readFile(at('once.keras')))['config.json']);
  const ids = [...config.matchAll(/"shared_object_id":(\d+)/g)].map(([, id]) => id);
  for (const id of ids) expect(ids.filter((other) => other === id).length).toBeGreaterThan(1);
  expect(config).not.toMatch(/"class_name":"Dense"[^}]*shared/);
});

describe('hooks of users', () => {
  const seen: unknown[] = [];
  class Scaled extends keras.Layer {
    scale!: Variable;
    override build(): void {
      this.scale = this.addWeight({ shape: [2], name: 'scale' });
    }
    override call(x: Tensor): Tensor {
      return x.multiply(this.scale);
    }
    override getBuildConfig() {
      return { mine: 1 };
    }
    override buildFromConfig(config: object): void {
      seen.push(config);
      this.build();
      this.built = true;
    }
  }
  class Mine extends keras.Model {
    readonly dense = new layers.Dense(1);
    override build(shape: (number | null)[]): void {
      this.dense.build(shape);
    }
    override call(x: Tensor): Tensor {
      return this.dense.call(x);
    }
    override getCompileConfig() {
      return { rate: 0.25 };
    }
    override compileFromConfig({ rate }: { rate: number }): void {
      seen.push(rate);
      this.compile({ optimizer: new optimizers.SGD(rate), loss: 'mae' });
    }
  }
  it.each(['.keras', '.h5'])('of layers and models are asked when they are read from %s', async (ending) => {
    seen.length = 0;
    const customObjects = { Scaled, Mine } as never;
    const model = new Sequential([Input([2]), new Scaled()]);
    await model.save(at(`l${ending}`));
    const again = await saving.loadModel(at(`l${ending}`), { customObjects });
    expect(again.getWeights()[0].tolist()).toEqual(model.getWeights()[0].tolist());
    if (ending === '.h5') return;
    const mine = new Mine();
    mine.build([null, 2]);
    mine.compile({ optimizer: 'sgd', loss: 'mse' });
    await mine.save(at(`m${ending}`));
    expect((await saving.loadModel(at(`m${ending}`), { customObjects })).loss).toBe('mae');
    expect(seen).toEqual([{ mine: 1 }, 0.25]);
  });
});

describe('large weights', () => {
  const build = (width: number) => {
    const made = new Sequential([Input([width]), new layers.Dense(width, { name: 'wide' }), new layers.Dense(1, { dtype: 'float16' })]);
    made.compile({ optimizer: 'adam', loss: 'mse' });
    made.optimizer.build(made.trainableVariables);
    return made;
  };
  const values = (model: keras.Model) => [...model.weights, ...model.optimizer.variables].map(({ value }) => value.tolist());

  it.each(['.keras', '.h5'])('go to %s and back, from a path and from bytes', async (ending) => {
    const made = build(300);
    await made.save(at(`m${ending}`));
    const expected = values(made);
    expect(values((await saving.loadModel(at(`m${ending}`))) as typeof made)).toEqual(expected);
    const bytes = await readFile(at(`m${ending}`));
    expect(values((await saving.loadModel(bytes, { format: ending.slice(1) })) as typeof made)).toEqual(expected);
  });
  it('are missing in a file that was cut off', async () => {
    const made = build(300);
    await made.saveWeights(at('m.weights.h5'));
    const whole = await readFile(at('m.weights.h5'));
    await writeFile(at('m.weights.h5'), whole.subarray(0, whole.length / 2));
    await expect(made.loadWeights(at('m.weights.h5'))).rejects.toThrow(/m\.weights\.h5/);
  });
});

it('an optimizer that was saved before it had state begins with the weights of the file', async () => {
  const target = path.join(folder, 'schedule_free.keras');
  const made = new Sequential([Input([3]), new layers.Dense(2)]);
  made.compile({ optimizer: new optimizers.ScheduleFreeAdamW(0.1), loss: 'mse' });
  (made.optimizer as unknown as { built: boolean; tracked: unknown[] }).tracked.length = 2; // as Keras saves one that was not built
  await made.save(target);
  const loaded = await saving.loadModel(target);
  expect(process.emitWarning).toHaveBeenCalledTimes(1);
  const momentum = loaded.optimizer.variables.find(({ path }) => path.endsWith('kernel_momentum'))!;
  expect(momentum.value.tolist()).toEqual(made.getWeights()[0].tolist());
});
