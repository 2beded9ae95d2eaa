// What saving and loading refuse, and that nothing is half-written or half-loaded.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { unzipSync, zipSync, type Zippable } from 'fflate';
import { Input, layers, Model, saving, Sequential, type Tensor } from 'keratin';

let folder: string;
let warnings: string[];
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keratin-'));
  warnings = [];
  jest.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});
const at = (name: string) => path.join(folder, name);
const mlp = (units = 4, inputs = 3) =>
  new Sequential([Input({ shape: [inputs] }), new layers.Dense(units, { name: 'hidden' }), new layers.Dense(2, { name: 'out' })]);

/** A saved model whose archive is changed. */
async function changed(change: (files: Record<string, Uint8Array>) => Zippable, name = 'changed.keras'): Promise<string> {
  const model = mlp();
  await model.save(at('whole.keras'));
  await writeFile(at(name), zipSync(change(unzipSync(await readFile(at('whole.keras')))), { level: 0 }));
  return at(name);
}
const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const config = (files: Record<string, Uint8Array>) =>
  JSON.parse(new TextDecoder().decode(files['config.json'])) as {
    config: { layers: { class_name: string; registered_name: string; config: Record<string, unknown> }[] };
  };

describe('paths and options', () => {
  it.each(['model.txt', 'model', 'model.weights.h5'])('saves no model to %s', async (name) => {
    await expect(mlp().save(at(name))).rejects.toThrow(/\.keras|saveWeights/);
  });
  it('keeps a file that must not be replaced', async () => {
    await writeFile(at('m.keras'), 'old');
    await expect(mlp().save(at('m.keras'), { overwrite: false })).rejects.toThrow('overwrite: true');
    expect(await readFile(at('m.keras'), 'utf8')).toBe('old');
  });
  it('names unknown options, formats and files', async () => {
    await expect(mlp().save(at('m.keras'), { overwite: true } as never)).rejects.toThrow("did you mean 'overwrite'");
    await expect(saving.loadModel(new Uint8Array(3))).rejects.toThrow('option format');
    await expect(saving.loadModel(new Uint8Array(3), { format: 'keres' })).rejects.toThrow("did you mean 'keras'");
    await expect(saving.loadModel(at('none.keras'))).rejects.toThrow('ENOENT');
    await expect(saving.loadModel(3 as never)).rejects.toThrow('expected the path of a file, received 3');
    await expect(mlp().saveWeights(at('w.weights.h5'), { maxShardSize: 1 })).rejects.toThrow('.weights.json');
    await expect(new Sequential([new layers.Dense(2)]).saveWeights(at('w.weights.h5'))).rejects.toThrow('no weights yet');
  });
  it('reads bytes, and writes folders', async () => {
    const model = mlp();
    await model.save(at('m.keras'));
    const fromBytes = await saving.loadModel(new Uint8Array(await readFile(at('m.keras'))), { format: 'keras' });
    expect(fromBytes.getWeights().map((w) => w.tolist())).toEqual(model.getWeights().map((w) => w.tolist()));
    await model.save(at('folder'), { zipped: false });
    expect((await readdir(at('folder'))).sort()).toEqual(['assets', 'config.json', 'metadata.json', 'model.weights.h5']);
    await model.save(at('folder'), { zipped: false });
    expect((await saving.loadModel(at('folder'))).getWeights().map((w) => w.tolist())).toEqual(model.getWeights().map((w) => w.tolist()));
    expect((await readdir(folder)).sort()).toEqual(['folder', 'm.keras']);
  });
});

describe('damaged and hostile archives', () => {
  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 40), /no whole zip archive/],
    ['no archive', () => Buffer.from('nothing'), /no whole zip archive/],
    ['a changed bit of the weights', (bytes: Buffer) => {
      const copy = Buffer.from(bytes);
      copy[copy.indexOf('HDF\r\n') + 900] ^= 1;
      return copy;
    }, /checksum/],
  ])('%s', async (_, damage, message) => {
    await mlp().save(at('m.keras'));
    await writeFile(at('m.keras'), damage(await readFile(at('m.keras'))));
    await expect(saving.loadModel(at('m.keras'))).rejects.toThrow(message);
  });
  it('refuses what leads out of its folder, and what lacks its parts', async () => {
    await expect(saving.loadModel(await changed((files) => ({ ...files, '../evil': text(1) })))).rejects.toThrow('../evil');
    await expect(saving.loadModel(await changed(({ 'config.json': _, ...files }) => files))).rejects.toThrow('no config.json');
    await expect(saving.loadModel(await changed(({ 'model.weights.h5': _, ...files }) => files))).rejects.toThrow('no model.weights.h5');
    await expect(saving.loadModel(await changed((files) => ({ ...files, 'config.json': new TextEncoder().encode('{') })))).rejects.toThrow(
      'config.json is no JSON',
    );
    await expect(saving.loadModel(await changed((files) => ({ ...files, 'config.json': text([1]) })))).rejects.toThrow(
      'describes no model',
    );
  });
  it('reads compressed archives', async () => {
    const model = mlp();
    await model.save(at('m.keras'));
    await writeFile(at('z.keras'), zipSync(unzipSync(await readFile(at('m.keras'))), { level: 9 }));
    expect((await saving.loadModel(at('z.keras'))).getWeights().map((w) => w.tolist())).toEqual(model.getWeights().map((w) => w.tolist()));
  });
  it('refuses unknown classes and the source of functions', async () => {
    const unknown = await changed((files) => {
      const all = config(files);
      Object.assign(all.config.layers[1], { class_name: 'Densee', registered_name: 'Densee' });
      return { ...files, 'config.json': text(all) };
    });
    await expect(saving.loadModel(unknown)).rejects.toThrow("unknown layer 'Densee'; did you mean 'Dense'");
    const lambda = new Sequential([Input({ shape: [3] }), new layers.Lambda((x: Tensor) => x.multiply(2))]);
    await lambda.save(at('lambda.keras'));
    await expect(saving.loadModel(at('lambda.keras'))).rejects.toThrow('safeMode');
    expect((await (await saving.loadModel(at('lambda.keras'), { safeMode: false })).predict([[1, 2, 3]], { verbose: 0 })).tolist()).toEqual(
      [[2, 4, 6]],
    );
  });
});

describe('weights in several files', () => {
  it('are replaced as a whole, and leave other files alone', async () => {
    const [first, second] = [mlp(), mlp()];
    await writeFile(at('w_00007.weights.h5'), 'a checkpoint of another name');
    await first.saveWeights(at('w.weights.json'), { maxShardSize: 5e-8 });
    const before = (await readdir(folder)).sort();
    expect(before.slice(0, 3)).toEqual(['w.weights.json', 'w_00000.weights.h5', 'w_00001.weights.h5']);
    await second.saveWeights(at('w.weights.json'), { maxShardSize: 5e-8 });
    const after = (await readdir(folder)).sort();
    expect(after.filter((name) => before.includes(name))).toEqual(['w.weights.json', 'w_00007.weights.h5']);
    await first.loadWeights(at('w.weights.json'));
    expect(first.getWeights().map((w) => w.tolist())).toEqual(second.getWeights().map((w) => w.tolist()));
  });
});

describe('hostile configs', () => {
  const withConfig = (config: unknown) => changed((files) => ({ ...files, 'config.json': text(config) }));
  it('ask for no more memory than their file can fill, nor for a deeper stack', async () => {
    const model = mlp();
    await model.save(at('m.keras'));
    const files = unzipSync(await readFile(at('m.keras')));
    const all = config(files);
    Object.assign(all.config.layers[1].config, { units: 10_000_000 });
    await expect(saving.loadModel(await withConfig(all))).rejects.toThrow(/much too small for a weight of 120000000 bytes; if you trust it/);
    const nested = '['.repeat(5000) + ']'.repeat(5000);
    const deep = await changed((old) => ({ ...old, 'config.json': new TextEncoder().encode(`{"class_name":"Sequential","config":${nested}}`) }));
    await expect(saving.loadModel(deep)).rejects.toThrow('nested deeper than 500 levels');
  });
  it('are told in words of users', async () => {
    const broken = { module: 'keras.src.models.functional', class_name: 'Functional', config: { name: 'm', layers: 3, input_layers: [], output_layers: [] } };
    await expect(saving.loadModel(await withConfig(broken))).rejects.toThrow(/changed\.keras: is malformed, or a class of yours/);
  });
});

describe('weights that do not fit', () => {
  it('name the variable, both shapes and what the file has, and change nothing', async () => {
    await mlp(5).saveWeights(at('w.weights.h5'));
    const model = mlp(4);
    const before = model.getWeights().map((w) => w.tolist());
    await expect(model.loadWeights(at('w.weights.h5'))).rejects.toThrow(
      /Dense "hidden" \(layers\/dense\): kernel has shape \(3, 4\), in the file it has \(3, 5\)/,
    );
    expect(model.getWeights().map((w) => w.tolist())).toEqual(before);
  });
  it('are left out with skipMismatch', async () => {
    const saved = mlp(5, 3);
    await saved.saveWeights(at('w.weights.h5'));
    const model = new Sequential([Input({ shape: [3] }), new layers.Dense(5), new layers.Dense(3)]);
    const out = model.layers[1].getWeights().map((w) => w.tolist());
    await model.loadWeights(at('w.weights.h5'), { skipMismatch: true });
    expect(model.layers[0].getWeights().map((w) => w.tolist())).toEqual(saved.layers[0].getWeights().map((w) => w.tolist()));
    expect(model.layers[1].getWeights().map((w) => w.tolist())).toEqual(out);
    expect(warnings.join()).toContain('left as they are');
  });
  it('are found by name in legacy files', async () => {
    const saved = mlp();
    await saved.save(at('m.h5'));
    const model = new Sequential([Input({ shape: [3] }), new layers.Dense(4, { name: 'hidden' }), new layers.Dense(7, { name: 'other' })]);
    await expect(model.loadWeights(at('m.h5'))).rejects.toThrow('(4, 7)');
    await model.loadWeights(at('m.h5'), { byName: true });
    expect(model.layers[0].getWeights().map((w) => w.tolist())).toEqual(saved.layers[0].getWeights().map((w) => w.tolist()));
    await expect(model.loadWeights(at('x.weights.h5'), { byName: true })).rejects.toThrow('byName is for legacy');
  });
});

class Scale extends layers.Layer {
  factors: number[] = [2];
  inner = [new layers.Dense(2), { deep: new layers.Dense(3) }];
  override build(): void {
    this.inner.forEach((part) => ('deep' in part ? part.deep : part).build([null, 3]));
  }
  override call(x: Tensor): Tensor {
    return x.multiply(this.factors[0]);
  }
  async saveAssets(to: string): Promise<void> {
    await writeFile(path.join(to, 'factors.txt'), this.factors.join());
  }
  async loadAssets(from: string): Promise<void> {
    this.factors = (await readFile(path.join(from, 'factors.txt'), 'utf8')).split(',').map(Number);
  }
}

it('keeps a vocabulary that was learnt', async () => {
  const lookup = new layers.StringLookup({ numOovIndices: 2 });
  await lookup.adapt(['b', 'a', 'b', 'c']);
  const input = Input({ shape: [1], dtype: 'string' });
  const model = new Model(input, new layers.Embedding(8, 2)(lookup(input)));
  await model.save(at('words.keras'));
  const loaded = await saving.loadModel(at('words.keras'));
  const again = loaded.layers.find((layer) => layer instanceof layers.StringLookup)!;
  expect(again.getVocabulary()).toEqual(['[UNK]', '[UNK]', 'b', 'c', 'a']);
  const words = [['b'], ['zz'], ['a']];
  const [before, after] = [await model.predict(words, { verbose: 0 }), await loaded.predict(words, { verbose: 0 })];
  expect(after.tolist()).toEqual(before.tolist());
});

describe('classes of users', () => {
  it('save weights in containers, and assets', async () => {
    const scale = new Scale();
    const input = Input({ shape: [3] });
    const model = new Model(input, scale(input));
    scale.factors = [5];
    await model.save(at('m.keras'));
    const loaded = await saving.loadModel(at('m.keras'), { customObjects: { Scale } });
    expect((await loaded.predict([[1, 2, 3]], { verbose: 0 })).tolist()).toEqual([[5, 10, 15]]);
    expect(loaded.getWeights().map((w) => w.tolist())).toEqual(model.getWeights().map((w) => w.tolist()));
    await expect(saving.loadModel(at('m.keras'))).rejects.toThrow("unknown layer 'Scale'");
  });
  it('leave the old file when saving fails', async () => {
    await mlp().save(at('m.keras'));
    const before = await readFile(at('m.keras'));
    const scale = new Scale();
    scale.saveAssets = () => Promise.reject(new Error('disk full'));
    const input = Input({ shape: [3] });
    await expect(new Model(input, scale(input)).save(at('m.keras'))).rejects.toThrow('disk full');
    expect((await readFile(at('m.keras'))).equals(before)).toBe(true);
    expect(await readdir(folder)).toEqual(['m.keras']);
  });
});

it('recurrent layers of Keras 2 say how they compute, and whether time comes first', async () => {
  const recurrent = (name: string, more: object) => ({
    class_name: 'Sequential',
    config: {
      name: 'old',
      layers: [
        { class_name: 'InputLayer', config: { batch_input_shape: [null, 4, 3], dtype: 'float32', name: 'in' } },
        { class_name: name, config: { name: 'rnn', units: 2, ...more } },
      ],
    },
  });
  const { modernModelConfig } = await import('#lib/saving/legacy-config.js');
  for (const name of ['SimpleRNN', 'LSTM', 'GRU']) {
    const read = saving.deserializeKerasObject(modernModelConfig(recurrent(name, { time_major: false, implementation: 1 }))) as Model;
    expect(read.outputShape).toEqual([null, 2]);
    expect(() => saving.deserializeKerasObject(modernModelConfig(recurrent(name, { time_major: true })))).toThrow(/time_?major/i);
  }
});
