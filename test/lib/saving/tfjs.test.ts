// Models of TensorFlow.js: files that @tensorflow/tfjs-layers 4.22.0 saved with what it predicted, the form that its converter gives to
// models of Keras, quantized weights, and hostile files.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { layers, type Model, ops, saving, type Tensor } from 'keratin';
import { Hdf5File } from '#lib/saving/hdf5.js';

interface Recorded {
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32';
  readonly data: number[];
}
const fixtures = path.resolve('test/fixtures/files');
const tensorOf = ({ shape, dtype, data }: Recorded): Tensor => ops.reshape(ops.convertToTensor(data, { dtype }), shape);
const one = <T>(list: T[]): T | T[] => (list.length === 1 ? list[0] : list);

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

function expectClose(actual: Tensor, expected: Tensor | readonly number[], tolerance = 2e-5): void {
  const wanted = [...((expected as Tensor).data ?? expected)] as number[];
  expect(actual.size).toBe(wanted.length);
  const worst = Math.max(...[...actual.data].map((value, i) => Math.abs(Number(value) - wanted[i]) / (1 + Math.abs(wanted[i]))));
  expect(worst).toBeLessThan(tolerance);
}
const casesOf = (name: string) =>
  JSON.parse(readFileSync(path.join(fixtures, 'tfjs', name, 'case.json'), 'utf8')) as { x: Recorded[]; y: Recorded[] };
async function expectCase(model: Model, name: string, tolerance?: number): Promise<void> {
  const { x, y } = casesOf(name);
  const outputs: Tensor[] = [await model.predict(one<Tensor>(x.map(tensorOf)), { verbose: 0 })].flat();
  outputs.forEach((output, i) => {
    expect(output.shape).toEqual(y[i].shape);
    expectClose(output, y[i].data, tolerance);
  });
}

/** Those whose layers there are. */
const names = readdirSync(path.join(fixtures, 'tfjs')).filter((name) => name !== 'sequences' || 'LSTM' in layers);

describe.each(names)('tfjs-layers: %s', (name) => {
  const file = path.join(fixtures, 'tfjs', name, 'model.json');
  it('computes what it computed there, also when saved as .keras', async () => {
    const model = await saving.loadModel(file);
    await expectCase(model, name);
    await model.save(at('m.keras'));
    await expectCase(await saving.loadModel(at('m.keras')), name);
    model.setWeights(model.getWeights().map((weight) => ops.zerosLike(weight)));
    await model.loadWeights(file);
    await expectCase(model, name);
  });
});

it('takes over how the model was compiled', async () => {
  const model = await saving.loadModel(path.join(fixtures, 'tfjs/mlp/model.json'));
  expect(model.compiled).toBe(true);
  expect(model.optimizer.getConfig()).toMatchObject({ beta_1: 0.9, beta_2: 0.999 });
  expect(model.optimizer.learningRate.item()).toBeCloseTo(0.01);
  expect((await saving.loadModel(path.join(fixtures, 'tfjs/mlp/model.json'), { compile: false })).compiled).toBe(false);
});

it('leaves out what does not fit with skipMismatch, and says so', async () => {
  const file = path.join(fixtures, 'tfjs/mlp/model.json');
  const model = await saving.loadModel(file);
  const config = model.getConfig() as { layers: { config: { units?: number } }[] };
  config.layers.findLast((layer) => layer.config.units !== undefined)!.config.units = 7;
  const other = (model.constructor as unknown as { fromConfig(config: object): Model }).fromConfig(config);
  await expect(other.loadWeights(file)).rejects.toThrow(/does not fit the model .*:\n {2}\S+ has shape \(.*\), in the model it has \(.*7\)/);
  await other.loadWeights(file, { skipMismatch: true });
  expect(jest.mocked(process.emitWarning).mock.calls.flat().join()).toContain('These are left as they are.');
  expect(other.getWeights()[0].tolist()).toEqual(model.getWeights()[0].tolist());
});

/** What the converter makes of an `.h5` file of Keras. */
async function converted(h5: string): Promise<{ json: Record<string, unknown>; bytes: Buffer }> {
  const file = new Hdf5File(h5, { path: h5 });
  try {
    const { attributes } = (await file.group(''))!;
    const weights: object[] = [];
    const parts: Uint8Array[] = [];
    for (const layer of (await file.group('model_weights'))!.attributes.layer_names as string[]) {
      const group = (await file.group(`model_weights/${layer}`))!;
      for (const name of [group.attributes.weight_names ?? []].flat() as string[]) {
        const { bytes, shape, dtype } = await file.read(`model_weights/${layer}/${name}`);
        weights.push({ name: name.replace(/:0$/, ''), shape, dtype });
        parts.push(bytes);
      }
    }
    const modelTopology = {
      keras_version: '2.15.0', backend: 'tensorflow', model_config: JSON.parse(attributes.model_config as string) as unknown,
      training_config: JSON.parse((attributes.training_config as string | undefined) ?? 'null') as unknown,
    };
    const weightsManifest = [{ paths: ['group1-shard1of1.bin'], weights }];
    return {
      json: { format: 'layers-model', generatedBy: 'keras v2.15.0', convertedBy: 'TensorFlow.js Converter v4.22.0', modelTopology, weightsManifest },
      bytes: Buffer.concat(parts),
    };
  } finally {
    await file.close();
  }
}
// The converter writes no half floats, and two weights of one name for a layer that a model has twice.
const keras = readdirSync(fixtures).filter(
  (name) => existsSync(path.join(fixtures, name, 'model.h5')) && !['float16_weights', 'shared_objects'].includes(name),
);
it.each(keras)('reads %s of Keras as the converter writes it', async (name) => {
  const h5 = path.join(fixtures, name, 'model.h5');
  const { json, bytes } = await converted(h5);
  await writeFile(at('model.json'), JSON.stringify(json));
  await writeFile(at('group1-shard1of1.bin'), bytes);
  const [model, expected] = [await saving.loadModel(at('model.json')), await saving.loadModel(h5)];
  expect(model.getWeights().map((w) => w.tolist())).toEqual(expected.getWeights().map((w) => w.tolist()));
  expect(model.compiled).toBe(expected.compiled);
});

type Weight = { name: string; shape: number[]; dtype: string; quantization?: object };
type Json = { weightsManifest: { paths: string[]; weights: Weight[] }[]; [key: string]: unknown };
const fixture = async (): Promise<{ json: Json; bytes: Buffer }> => {
  const from = path.join(fixtures, 'tfjs/cnn');
  const shards = await Promise.all([1, 2].map((i) => readFile(path.join(from, `group1-shard${i}of2.bin`))));
  return { json: JSON.parse(await readFile(path.join(from, 'model.json'), 'utf8')) as Json, bytes: Buffer.concat(shards) };
};
async function write(json: unknown, bytes: Uint8Array): Promise<string> {
  await writeFile(at('w.bin'), bytes);
  await writeFile(at('model.json'), JSON.stringify(json));
  return at('model.json');
}

describe('quantized weights', () => {
  it.each([['uint8', 0.02], ['uint16', 1e-4], ['float16', 2e-3]] as const)('are read: %s', async (dtype, tolerance) => {
    const { json, bytes } = await fixture();
    let position = 0;
    const parts: Uint8Array[] = [];
    for (const weight of json.weightsManifest[0].weights) {
      const size = weight.shape.reduce((a, b) => a * b, 1);
      const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset + position, bytes.byteOffset + position + 4 * size));
      position += 4 * size;
      const [min, max] = [Math.min(...values), Math.max(...values)];
      const scale = (max - min) / (dtype === 'uint8' ? 255 : 65535) || 1;
      if (dtype === 'float16') {
        parts.push(new Uint8Array((ops.cast(values, 'float16').data as Uint16Array).slice().buffer));
        weight.quantization = { dtype };
      } else {
        const View = dtype === 'uint8' ? Uint8Array : Uint16Array;
        parts.push(new Uint8Array(new View([...values].map((value) => Math.round((value - min) / scale))).buffer));
        weight.quantization = { dtype, min, scale, original_dtype: 'float32' };
      }
    }
    json.weightsManifest[0].paths = ['w.bin'];
    const file = await write(json, Buffer.concat(parts));
    await expectCase(await saving.loadModel(file), 'cnn', tolerance);
  });
});

describe('hostile and damaged files', () => {
  const refused = async (change: (made: { json: Json; bytes: Buffer }) => unknown, message: RegExp | string) => {
    const made = await fixture();
    made.json.weightsManifest[0].paths = ['w.bin'];
    const json = change(made) ?? made.json;
    await expect(saving.loadModel(await write(json, made.bytes))).rejects.toThrow(message);
  };
  it.each(['../w.bin', '/etc/passwd', 'a/../../w.bin', 'http://x/w.bin', 'c:\\w.bin', '..\\w.bin', '', 'w\0.bin', 3])('path %j', async (name) => {
    await refused(({ json }) => void (json.weightsManifest[0].paths = [name as string]), /which is no file in its folder/);
  });
  it('links that lead out of the folder', async () => {
    const { json, bytes } = await fixture();
    await mkdir(at('inside'));
    await writeFile(at('outside.bin'), bytes);
    await symlink(at('outside.bin'), at('inside/w.bin'));
    json.weightsManifest[0].paths = ['w.bin'];
    await writeFile(at('inside/model.json'), JSON.stringify(json));
    await expect(saving.loadModel(at('inside/model.json'))).rejects.toThrow("leads out of the model's folder");
  });
  it('sizes and types', async () => {
    await refused((made) => void (made.bytes = made.bytes.subarray(4)), /its weights take \d+ bytes, w.bin has \d+/);
    await refused(({ json }) => void (json.weightsManifest[0].weights[0].shape = [2 ** 40]), /its weights take/);
    await refused(({ json }) => void (json.weightsManifest[0].weights[0].shape = [-1]), /malformed shape/);
    await refused(({ json }) => void (json.weightsManifest[0].weights[0].dtype = 'string'), /no weight's/);
    await refused(({ json }) => void (json.weightsManifest[0].weights[0].quantization = { dtype: 'uint4' }), /unknown way/);
    await refused(({ json }) => void (json.weightsManifest[0].weights[0].quantization = { dtype: 'uint8', min: 'x' }), /malformed quantization/);
    await refused(({ json }) => void (json.weightsManifest[0].weights[1].name = 'other/bias'), /no layer with weights for other\/bias/);
    await refused(({ json }) => void json.weightsManifest[0].weights.reverse(), /has shape|its weights take/);
  });
  it('what is no layers model', async () => {
    await refused(() => [], /no model.json of TensorFlow.js/);
    await refused(({ json }) => ({ ...json, format: 'graph-model' }), /is a graph model, which has no layers/);
    await refused(({ json }) => ({ ...json, format: 'other' }), /unknown format 'other'/);
    await refused(({ json }) => ({ ...json, weightsManifest: {} }), /is no list/);
    await refused(({ json }) => ({ ...json, weightsManifest: [3] }), /expected paths and weights/);
    await refused(({ json }) => ({ ...json, modelTopology: 3 }), /has no topology/);
    await writeFile(at('x.json'), '{');
    await expect(saving.loadModel(at('x.json'))).rejects.toThrow('is no JSON');
    const bytes = new Uint8Array(await readFile(path.join(fixtures, 'tfjs/cnn/model.json')));
    await expect(saving.loadModel(bytes, { format: 'tfjs' })).rejects.toThrow('names files beside it');
    await cp(path.join(fixtures, 'tfjs/cnn'), at('copy'), { recursive: true });
    const model = await saving.loadModel(at('copy/model.json'));
    await expect(model.save(at('copy/model.json'))).rejects.toThrow('is read, and not written');
  });
});
