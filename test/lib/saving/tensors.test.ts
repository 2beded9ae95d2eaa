// Tensors in files of NumPy and safetensors: what the real packages wrote (test/keras/tensors.py), what is written, what is refused.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { unzipSync } from 'fflate';
import { Input, layers, Model, ops, saving, Sequential, type Tensor } from 'keratin';
import { duplicateKey } from '#lib/saving/json.js';
import { matchNames } from '#lib/saving/weight-names.js';

const fixture = (name: string) => path.resolve('test/fixtures/files/tensors', name);
const show = ({ dtype, shape, data }: Tensor) => `${dtype} [${shape.join()}] ${[...(data as Iterable<unknown>)].join()}`;
const shown = (tensors: Record<string, Tensor>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, show(tensor)]));

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

/** What tensors.py saved. */
const FLOATS16 = [0, 0xbe00, 0x0400, 0x7c00, 0xfc00, 0x4248];
const FLOATS = [0, -1.5, 2 ** -14, Infinity, -Infinity, 3.140625];
const EXPECTED: Record<string, string> = {
  uint8: 'uint8 [2,3] 0,0,1,7,100,255',
  uint16: 'uint16 [2,3] 0,0,1,7,100,65535',
  uint32: 'uint32 [2,3] 0,0,1,7,100,4294967295',
  uint64: 'uint64 [2,3] 0,0,1,7,100,18446744073709551615',
  int8: 'int8 [2,3] -128,0,1,7,100,127',
  int16: 'int16 [2,3] -32768,0,1,7,100,32767',
  int32: 'int32 [2,3] -2147483648,0,1,7,100,2147483647',
  int64: 'int64 [2,3] -9223372036854775808,0,1,7,100,9223372036854775807',
  float16: `float16 [2,3] ${FLOATS16.join()}`,
  bfloat16: `bfloat16 [2,3] ${FLOATS.map((x) => new Uint16Array(new Float32Array([x]).buffer)[1]).join()}`,
  float32: `float32 [2,3] ${FLOATS.join()}`,
  float64: `float64 [2,3] ${FLOATS.join()}`,
  bool: 'bool [3] 1,0,1',
  scalar: 'float32 [] -2.5',
  empty: 'float32 [2,0,3] ',
};
const COMPLEX = { complex64: 'complex64 [2] 1,2,0,-0.5', complex128: 'complex128 [2] 1,2,0,-0.5' };
const plainZero = (texts: Record<string, string>) => JSON.parse(JSON.stringify(texts).replaceAll('-0,', '0,')) as typeof texts;

describe('NumPy', () => {
  it.each(['arrays.npz', 'packed.npz', 'big_endian.npz', 'fortran.npz'])('reads %s', async (name) => {
    const expected = { ...EXPECTED, ...COMPLEX } as Record<string, string>;
    if (!/arrays|packed/.test(name)) delete expected.bfloat16;
    expect(plainZero(shown((await saving.loadNumpy(fixture(name))) as Record<string, Tensor>))).toEqual(plainZero(expected));
  });
  it.each([1, 2, 3])('reads version %i, from paths, URLs and bytes', async (version) => {
    const file = fixture(`version${version}.npy`);
    expect(show(await saving.loadNumpy(`${file.slice(0, -4)}.npy`))).toBe(EXPECTED.float32);
    expect(show(await saving.loadNumpy(pathToFileURL(file), { format: 'npy' }))).toBe(EXPECTED.float32);
    expect(show((await saving.loadNumpy(new Uint8Array(await readFile(file)))) as Tensor)).toBe(EXPECTED.float32);
    const named = await saving.loadNumpy(new Uint8Array(await readFile(fixture('packed.npz'))), { format: 'npz' });
    expect(show(named.float32)).toBe(EXPECTED.float32);
  });
  it.each([
    ['objects', /objects\.npy: is an array of Python objects.*\(\|O\)/],
    ['structured', /is a structured array/],
    ['texts', /is an array of texts \(<U1\)/],
    ['dates', /is an array of dates/],
  ])('refuses %s', async (name, message) => {
    await expect(saving.loadNumpy(fixture(`${name}.npy`))).rejects.toThrow(message);
  });
  it('reads old and odd headers, and refuses damaged ones', async () => {
    const header = (text: string, data = new Float32Array([1, 2, 3]), version = 1) => {
      const bytes = Buffer.alloc(10);
      bytes.write('\x93NUMPY', 'latin1');
      bytes[6] = version;
      bytes.writeUInt16LE(text.length, 8);
      return new Uint8Array(Buffer.concat([bytes, Buffer.from(text, 'latin1'), Buffer.from(data.buffer)]));
    };
    const load = (...args: Parameters<typeof header>) => saving.loadNumpy(header(...args), { format: 'npy' });
    expect((await load("{'shape': (3L,), 'descr': '<f4', 'fortran_order': False}")).tolist()).toEqual([1, 2, 3]);
    await expect(load("{'descr': '<f4', 'fortran_order': False, 'shape': (4,)}")).rejects.toThrow('is truncated: expected 16 bytes of data, found 12');
    await expect(load("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}")).rejects.toThrow('malformed');
    await expect(load("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}")).rejects.toThrow('malformed');
    await expect(load("{'descr': '<f4', 'shape': (3,)}")).rejects.toThrow('malformed');
    await expect(load("{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}")).rejects.toThrow('Keras has none for (<f16)');
    await expect(load("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", undefined, 9)).rejects.toThrow('version 9');
    await expect(saving.loadNumpy(new Uint8Array(20), { format: 'npy' })).rejects.toThrow('is no .npy file');
    await expect(saving.loadNumpy(new Uint8Array(20))).rejects.toThrow('zip');
    await expect(saving.loadNumpy(folder, { format: 'npy' })).rejects.toThrow('is no file, but a folder');
    const booleans = await load("{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}", new Float32Array(new Uint8Array([0, 1, 7, 0]).buffer));
    expect([...(booleans.data as Uint8Array)]).toEqual([0, 1, 1]);
  });
  it('writes the bytes that NumPy writes', async () => {
    const arrays = await saving.loadNumpy(`${fixture('arrays')}.npz`);
    await saving.saveNumpy(at('again.npz'), arrays);
    const [mine, theirs] = [unzipSync(await readFile(at('again.npz'))), unzipSync(await readFile(fixture('arrays.npz')))];
    expect(Object.keys(mine)).toEqual(Object.keys(theirs));
    for (const name of Object.keys(mine)) {
      // The header's padding is NumPy's business: it leaves room for growing.
      expect(mine[name].slice(-24)).toEqual(theirs[name].slice(-24));
    }
    expect(shown(await saving.loadNumpy(`${at('again')}.npz`))).toEqual(shown(arrays));
    await saving.saveNumpy(at('one.npy'), arrays.float64);
    expect(show(await saving.loadNumpy(`${at('one')}.npy`))).toBe(EXPECTED.float64);
    await saving.saveNumpy(at('list.npz'), [[1, 2], 3.5]);
    expect(shown(await saving.loadNumpy(`${at('list')}.npz`))).toEqual({ arr_0: 'int32 [2] 1,2', arr_1: 'float32 [] 3.5' });
    const large = ops.arange(700_000, { dtype: 'float32' });
    await saving.saveNumpy(at('large.npz'), { large });
    const { data } = (await saving.loadNumpy(`${at('large')}.npz`)).large;
    expect(data.every((value, i) => value === i)).toBe(true);
  });
  it('keeps files, and refuses what it cannot write', async () => {
    await saving.saveNumpy(at('x.npy'), [1]);
    await expect(saving.saveNumpy(at('x.npy'), [2], { overwrite: false })).rejects.toThrow('overwrite: true');
    await expect(saving.saveNumpy(at('x.txt'), [2])).rejects.toThrow('.npy or .npz');
    await expect(saving.saveNumpy(at('x.npz'), 3)).rejects.toThrow('arrays by name');
    await expect(saving.saveNumpy(at('y.npz'), { '../y': [1] })).rejects.toThrow('../y');
    await expect(saving.loadNumpy(at('x.npy'), { format: 'npx' as never })).rejects.toThrow("'npy' or 'npz'");
    expect((await readdir(folder)).sort()).toEqual(['x.npy']);
  });
});

describe('safetensors', () => {
  it('reads what the package wrote: names and types at once, tensors one by one', async () => {
    const file = await saving.loadSafetensors(fixture('arrays.safetensors'));
    expect([...file.names].sort()).toEqual(Object.keys(EXPECTED).sort());
    expect(file.metadata).toEqual({ format: 'np', note: 'größer ✓' });
    expect(file.describe('uint8')).toEqual({ shape: [2, 3], dtype: 'uint8' });
    expect(show(await file.get('bfloat16'))).toBe(EXPECTED.bfloat16);
    expect(shown(await file.load())).toEqual(EXPECTED);
    const names: string[] = [];
    for await (const [name] of file) names.push(name);
    expect(names).toEqual(file.names);
    await expect(file.get('flat32')).rejects.toThrow("has no tensor 'flat32'; did you mean 'float32'");
  });
  it('writes what it reads', async () => {
    const tensors = { ...(await (await saving.loadSafetensors(fixture('arrays.safetensors'))).load()), c: ops.convertToTensor([{ re: 1, im: 2 }]) };
    await saving.saveSafetensors(at('x.safetensors'), tensors, { metadata: { note: 'größer ✓' } });
    const bytes = new Uint8Array(await readFile(at('x.safetensors')));
    expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
    const file = await saving.loadSafetensors(bytes);
    expect(file.metadata).toEqual({ note: 'größer ✓' });
    expect(shown(await file.load())).toEqual({ ...EXPECTED, c: 'complex64 [1] 1,2' });
    await saving.saveSafetensors(at('none.safetensors'), {});
    expect((await saving.loadSafetensors(at('none.safetensors'))).names).toEqual([]);
    await expect(saving.saveSafetensors(at('z.safetensors'), { z: ops.cast([1], 'complex128') })).rejects.toThrow('complex128');
    await expect(saving.saveSafetensors(at('z.safetensors'), { z: [1] }, { metadata: { a: 1 as never } })).rejects.toThrow('texts by name');
    await expect(saving.saveSafetensors(at('x.safetensors'), {}, { overwrite: false })).rejects.toThrow('overwrite: true');
  });
  it('notices a file that changed', async () => {
    await saving.saveSafetensors(at('x.safetensors'), { a: [1, 2] });
    const file = await saving.loadSafetensors(at('x.safetensors'));
    await saving.saveSafetensors(at('x.safetensors'), { a: [1, 2], b: [3] });
    await expect(file.get('a')).rejects.toThrow('was changed');
  });

  const bytesOf = (header: string, data: number, length = Buffer.byteLength(header)) => {
    const bytes = Buffer.alloc(8 + Buffer.byteLength(header) + data);
    bytes.writeBigUInt64LE(BigInt(length));
    bytes.write(header, 8);
    return new Uint8Array(bytes);
  };
  const entry = (begin: unknown, end: unknown, dtype = 'F32', shape: unknown = [1]) => ({ dtype, shape, data_offsets: [begin, end] });
  it.each([
    ['overlap', { a: entry(0, 4), b: entry(2, 6) }, 6, /b begins at 2, within the tensor before/],
    ['leave holes', { a: entry(0, 4), b: entry(8, 12) }, 12, /b begins at 8, apart from/],
    ['leave a hole at the beginning', { a: entry(4, 8) }, 8, /apart from/],
    ['leave bytes at the end', { a: entry(0, 4) }, 8, /has 8 bytes of tensors, its header tells of 4/],
    ['lie behind the end', { a: entry(0, 4) }, 2, /has 2 bytes/],
    ['go backwards', { a: entry(4, 0) }, 4, /malformed data_offsets/],
    ['are negative', { a: entry(-4, 0) }, 4, /malformed data_offsets/],
    ['are fractions', { a: entry(0.5, 4.5) }, 4, /malformed data_offsets/],
    ['do not fit the shape', { a: entry(0, 8) }, 8, /takes 8 bytes, which are 4/],
    ['are none', { a: { dtype: 'F32', shape: [1] } }, 4, /malformed data_offsets undefined/],
    ['come with a huge shape', { a: entry(0, 4, 'F32', [2 ** 40, 2 ** 40]) }, 4, /which are/],
    ['come with a negative size', { a: entry(0, 4, 'F32', [-1]) }, 4, /malformed shape/],
    ['come with an unknown type', { a: entry(0, 4, 'toString') }, 4, /unknown type 'toString'/],
    ['come with no object', { a: 3 }, 0, /expected an object/],
    ['come with metadata that are no texts', { __metadata__: { a: 1 } }, 0, /texts by name/],
  ])('refuses offsets that %s', async (_, header, data, message) => {
    await expect(saving.loadSafetensors(bytesOf(JSON.stringify(header), data))).rejects.toThrow(message);
  });
  it('refuses headers that are none', async () => {
    await expect(saving.loadSafetensors(new Uint8Array(4))).rejects.toThrow('is no safetensors file: it has 4 bytes');
    await expect(saving.loadSafetensors(bytesOf('{}', 0, 1000))).rejects.toThrow('a header of 1000 bytes in a file of 10');
    await expect(saving.loadSafetensors(bytesOf('{}', 0, 2 ** 52))).rejects.toThrow('a header of');
    await expect(saving.loadSafetensors(bytesOf('{ x', 0))).rejects.toThrow('its header is damaged');
    await expect(saving.loadSafetensors(bytesOf('[]', 0))).rejects.toThrow('is no object');
    await expect(saving.loadSafetensors(bytesOf(' {}', 0))).rejects.toThrow('is no object');
    const twice = `{"a":${JSON.stringify(entry(0, 4))} , "\\u0061"  :${JSON.stringify(entry(4, 8))}}`;
    await expect(saving.loadSafetensors(bytesOf(twice, 8))).rejects.toThrow("'a' stands in it twice");
  });
  it('lists types that Keras lacks, and does not read them', async () => {
    const file = await saving.loadSafetensors(bytesOf(JSON.stringify({ a: entry(0, 1, 'F8_E4M3') }), 1));
    expect(file.describe('a')).toEqual({ shape: [1], dtype: 'F8_E4M3' });
    await expect(file.get('a')).rejects.toThrow('elements of type F8_E4M3');
  });
  it('knows keys that stand twice', () => {
    expect(duplicateKey('{"a":{"b":1,"b":2},"c":["a","a"],"d":"a"}')).toBe(null);
    expect(duplicateKey('{"a\\"":1, "b":"\\\\", "a\\u0022" : 2}')).toBe('a"');
  });
});

describe('weights as safetensors', () => {
  const mlp = (units = 4) =>
    new Sequential([Input({ shape: [3] }), new layers.Dense(units, { name: 'hidden' }), new layers.BatchNormalization({ name: 'norm' }), new layers.Dense(2, { name: 'out' })]);
  const values = (model: Model) => model.getWeights().map((w) => w.tolist());
  it('go by the paths of variables', async () => {
    const model = mlp();
    await model.saveWeights(at('w.safetensors'));
    const file = await saving.loadSafetensors(at('w.safetensors'));
    expect([...file.names].sort()).toEqual(model.weights.map((w) => w.path).sort());
    expect((await file.get(model.layers[2].weights[0].path)).tolist()).toEqual(model.layers[2].weights[0].tolist());
    const other = mlp();
    await other.loadWeights(at('w.safetensors'));
    expect(values(other)).toEqual(values(model));
    await other.loadWeights(new Uint8Array(await readFile(at('w.safetensors'))), { format: 'safetensors' });
  });
  it('change nothing when they do not fit, and load what fits with skipMismatch', async () => {
    const model = mlp();
    await model.saveWeights(at('w.safetensors'));
    const other = mlp(5);
    const before = values(other);
    await expect(other.loadWeights(at('w.safetensors'))).rejects.toThrow('/hidden/kernel has shape (3, 5), in the file it has (3, 4)');
    expect(values(other)).toEqual(before);
    await other.loadWeights(at('w.safetensors'), { skipMismatch: true });
    expect(values(other).at(-1)).toEqual(values(model).at(-1));
    expect(warnings.join()).toContain('left as they are');
    await saving.saveSafetensors(at('v.safetensors'), { 'hidden/kernal': [1], x: [2] });
    await expect(other.loadWeights(at('v.safetensors'))).rejects.toThrow(/has no \S+hidden\/kernel[^]*the model has no hidden\/kernal/);
  });
  it('go by layers where the numbers of automatic names differ', async () => {
    const make = () => {
      const input = Input({ shape: [3] });
      const x = new layers.Dense(3)(new layers.Dense(3)(input));
      return new Model(input, [x, new layers.Dense(3)(x)]);
    };
    const model = make();
    await model.saveWeights(at('w.safetensors'));
    const other = make();
    expect(other.weights[0].path).not.toBe(model.weights[0].path);
    await other.loadWeights(at('w.safetensors'));
    expect(values(other)).toEqual(values(model));
    expect(matchNames(['a_9/k', 'a_10/k'], ['a_1/k', 'a/k'])).toEqual(new Map([['a_9/k', 'a/k'], ['a_10/k', 'a_1/k']]));
    expect(matchNames(['m/a/k', 'm/b'], ['n_2/a/k', 'n_2/b'])).toEqual(new Map([['m/a/k', 'n_2/a/k'], ['m/b', 'n_2/b']]));
    expect(matchNames(['m/a/k', 'm/b/k'], ['n/a/k', 'n/c_1/k'])).toEqual(new Map([['m/a/k', 'n/a/k']]));
    expect(matchNames(['a/k', 'b/k'], [])).toEqual(new Map());
  });
  it('are left out by objectsToSkip, and are no whole model', async () => {
    const model = mlp();
    await model.saveWeights(at('w.safetensors'));
    const other = mlp();
    const [kernel] = other.layers[0].getWeights().map((w) => w.tolist());
    await other.loadWeights(at('w.safetensors'), { objectsToSkip: [other.layers[0]] });
    expect(other.layers[0].getWeights()[0].tolist()).toEqual(kernel);
    expect(values(other).at(-2)).toEqual(values(model).at(-2));
    await expect(saving.loadModel(at('w.safetensors'))).rejects.toThrow('holds no whole model');
  });
});
