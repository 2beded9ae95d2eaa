// Looking into files of weights and changing them.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Input, layers, metrics, Model, ops, saving, Sequential, Tensor } from 'keratin';

let folder: string;
let lines: string[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keratin-'));
  lines = [];
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(...String(text).replace(/\n$/, '').split('\n'));
    return true;
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});
const at = (name: string) => path.join(folder, name);
const mlp = (...units: number[]) =>
  new Sequential([Input({ shape: [3] }), ...units.map((n, i) => new layers.Dense(n, { name: `d${i}` }))]);
const values = (model: Sequential) => model.getWeights().map((w) => w.tolist());

describe('KerasFileEditor', () => {
  it('shows what a file has', async () => {
    await mlp(4, 2).saveWeights(at('w.weights.h5'));
    const editor = new saving.KerasFileEditor(at('w.weights.h5'));
    await editor.summary();
    expect(lines).toEqual([
      `Keras model file '${at('w.weights.h5')}'`,
      'Weights structure',
      '  > layers',
      "      ├─ dense ('d0')",
      '      │   ├─ 0: shape=(3, 4), dtype=float32',
      '      │   └─ 1: shape=(4,), dtype=float32',
      "      └─ dense_1 ('d1')",
      '          ├─ 0: shape=(4, 2), dtype=float32',
      '          └─ 1: shape=(2,), dtype=float32',
    ]);
    expect((editor.weightsDict.layers as { dense: Record<string, Tensor> }).dense[0].shape).toEqual([3, 4]);
  });
  it('finds the layers of a subclassed model where Keras has them', async () => {
    const dense = (units: number) => new layers.Dense(units);
    class Net extends Model {
      readonly dense = dense(2);
      readonly out = dense(3);
      readonly _hidden = dense(4);
      readonly lossTracker = new metrics.Mean();
      readonly Big = dense(5);
      readonly blocks = [dense(6)];
      readonly zed = [dense(7)];
      override call(x: Tensor): Tensor {
        const steps = [this.Big, ...this.blocks, this.dense, this._hidden, ...this.zed, this.out];
        return steps.reduce((y, layer) => layer(y), x);
      }
    }
    const model = new Net();
    model(ops.ones([1, 2]));
    await model.saveWeights(at('w.weights.h5'));
    const editor = new saving.KerasFileEditor(at('w.weights.h5'));
    await editor.ready;
    const kernels = (saved: object, place: string[] = []): string[] =>
      Object.entries(saved).flatMap(([key, value]: [string, object]) => {
        if (!(value instanceof Tensor)) return kernels(value, [...place, key]);
        return value.ndim === 2 ? [`${place.join('/')} ${value.shape[1]}`] : [];
      });
    expect(kernels(editor.weightsDict).sort()).toEqual([
      'Big 5', 'blocks/dense 6', 'dense 2', 'layers/dense_1 3', 'layers/dense_2 4', 'layers/dense_5 7',
    ]);
  });
  it('reads .keras files, with layers in layers and the state of the optimizer', async () => {
    const model = new Sequential([Input({ shape: [3, 4] }), new layers.TimeDistributed(new layers.Dense(2)), mlpOn(2)]);
    model.compile({ optimizer: 'adam', loss: 'mse' });
    await model.save(at('m.keras'));
    const editor = new saving.KerasFileEditor(at('m.keras'));
    await editor.ready;
    expect(editor.metadata).toHaveProperty('keras_version');
    expect(editor.config).toHaveProperty('class_name', 'Sequential');
    expect(lines[1]).toMatch(/^Saved with Keras 3\.\d+\.\d+ - date: 20/);
    expect(await editor.compare(model)).toMatchObject({ status: 'success', error_count: 0 });
    await editor.save(at('w.weights.h5'));
    const before = values(model);
    model.setWeights(model.getWeights().map((w) => w.multiply(0)));
    await model.loadWeights(at('w.weights.h5'));
    expect(values(model)).toEqual(before);
  });
  const mlpOn = (units: number) => new layers.Dense(units);

  it('compares with a model', async () => {
    await mlp(4, 2).saveWeights(at('w.weights.h5'));
    const editor = new saving.KerasFileEditor(at('w.weights.h5'));
    expect(await editor.compare(mlp(4, 2))).toEqual({ status: 'success', error_count: 0, match_count: 4 });
    expect(lines.at(-1)).toBe('    Found 4 matching weights');
    expect(await editor.compare(mlp(4, 3))).toEqual({ status: 'error', error_count: 2, match_count: 2 });
    expect(lines).toContain('...Weight shape mismatch for /layers/dense_1/0');
    expect(await editor.compare(mlp(4, 2, 5))).toEqual({ status: 'error', error_count: 1, match_count: 4 });
    expect(lines).toContain('...Object /layers/dense_2 present in reference model, missing from saved file');
    expect(await editor.compare(mlp(4))).toEqual({ status: 'error', error_count: 1, match_count: 2 });
    expect(lines).toContain('...Object /layers/dense_1 present in saved file, missing from reference model');
  });
  it('changes weights for a changed model, in the order of the calls', async () => {
    const [old, model] = [mlp(4, 2), mlp(4, 4, 2)];
    await old.saveWeights(at('w.weights.h5'));
    const editor = new saving.KerasFileEditor(at('w.weights.h5'));
    const zeros = (...shape: number[]) => ops.zeros(shape);
    void editor.renameObject('dense_1', 'dense_2');
    void editor.addObject('layers/dense_1', { 0: zeros(4, 4) });
    void editor.addWeights('layers/dense_1', { 1: [1, 2, 3, 4], 2: [7] });
    void editor.deleteWeight('layers/dense_1', 2);
    await editor.resaveWeights(at('edited.weights.h5'));
    await model.loadWeights(at('edited.weights.h5'));
    const [k0, b0, k1, b1] = values(old);
    expect(values(model)).toEqual([k0, b0, zeros(4, 4).tolist(), [1, 2, 3, 4], k1, b1]);
    await editor.deleteObject('layers/dense_2');
    await editor.deleteObject('layers/dense_1/0');
    expect(Object.keys((editor.weightsDict.layers as { dense_1: object }).dense_1)).toEqual(['1']);
  });
  it('says what it does not find', async () => {
    await mlp(4, 2).saveWeights(at('w.weights.h5'));
    const editor = new saving.KerasFileEditor(at('w.weights.h5'));
    const missing = "deleteObject: the file has no 'layers/dens'; did you mean 'layers/dense'";
    await expect(editor.deleteObject('layers/dens')).rejects.toThrow(missing);
    await expect(editor.renameObject('dens', 'x')).rejects.toThrow("did you mean 'dense'");
    await expect(editor.renameObject('layers/dense', 'layers/x')).rejects.toThrow('no slashes');
    await expect(editor.renameObject('dense', 'dense_1')).rejects.toThrow("there is a 'dense_1' already");
    await expect(editor.deleteObject('0')).rejects.toThrow("several '0'");
    await expect(editor.deleteWeight('dense', '7')).rejects.toThrow("has no weight '7'; it has 0, 1");
    await expect(editor.addWeights('layers/dense/0', { 1: [1] })).rejects.toThrow('is a weight, no object');
    await expect(editor.addWeights('dense', [1] as never)).rejects.toThrow('must be an object');
    await expect(editor.addObject('layers/x/y', {})).rejects.toThrow("no object 'layers/x'");
    await expect(editor.save(at('x.h5'))).rejects.toThrow('.weights.h5');
    expect(() => new saving.KerasFileEditor(at('x.h5'))).toThrow('.keras or .weights.h5');
    await writeFile(at('bad.weights.h5'), 'none');
    const bad = new saving.KerasFileEditor(at('bad.weights.h5'));
    await expect(bad.summary()).rejects.toThrow('is no HDF5 file');
    await expect(bad.save(at('x.weights.h5'))).rejects.toThrow('is no HDF5 file');
    expect((await readdir(folder)).sort()).toEqual(['bad.weights.h5', 'w.weights.h5']);
  });
});
