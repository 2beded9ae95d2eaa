// ONNX files read as functional models: against what onnxruntime predicts (test/keras/onnx_make.py), and files that are damaged or hostile.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeModel, type ModelProto, type Written } from '#lib/saving/onnx/schema.js';
import { Input, layers, Model, ops, saving, Sequential, type Tensor } from '#lib/entry.js';
import type { DType } from '#lib/base/dtype.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keratin-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const at = (name: string) => path.join(folder, name);

const recorded = path.resolve('test/fixtures/onnx');
interface SavedArray {
  readonly dtype: DType;
  readonly shape: number[];
  readonly data: readonly number[];
}
const tensorOf = ({ dtype, shape, data }: SavedArray) =>
  ops.reshape(ops.cast(ops.convertToTensor(Float64Array.from(data, Number)), dtype), shape);
const run = (model: Model, inputs: readonly Tensor[]): Tensor[] =>
  [model((inputs.length === 1 ? inputs[0] : inputs) as never)].flat() as unknown as Tensor[];
const numbers = (tensors: readonly Tensor[]) => tensors.map((tensor) => ([tensor.tolist()] as unknown[]).flat(Infinity).map(Number));

const names = (await readdir(recorded)).filter((file) => file.endsWith('.onnx')).map((file) => file.slice(0, -'.onnx'.length));
describe.each(names)('%s', (name) => {
  const load = () => saving.loadModel(path.join(recorded, `${name}.onnx`));
  const data = async () => {
    const { inputs, outputs } = JSON.parse(await readFile(path.join(recorded, `${name}.json`), 'utf8')) as Record<string, SavedArray[]>;
    return { x: inputs.map(tensorOf), outputs };
  };
  it('computes what onnxruntime does', async () => {
    const { x, outputs } = await data();
    const results = run(await load(), x);
    expect(results.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(outputs.map(({ shape, dtype }) => ({ shape, dtype })));
    numbers(results).forEach((list, i) => list.forEach((value, k) => expect(value).toBeCloseTo(Number(outputs[i].data[k]), 4)));
  });
  it('is saved as .keras, and exported again', async () => {
    const model = await load();
    const { x } = await data();
    await model.save(at('again.keras'));
    const again = await saving.loadModel(at('again.keras'));
    expect(numbers(run(again, x))).toEqual(numbers(run(model, x)));
    expect(again.weights.map((weight) => weight.path)).toEqual(model.weights.map((weight) => weight.path));
    await model.export(at('again.onnx'));
  });
});

describe('the model', () => {
  it('has the names of inputs, outputs and weights, and statistics that are not trained', async () => {
    const model = await saving.loadModel(path.join(recorded, 'cnn.onnx'));
    expect(model.inputNames).toEqual(['x']);
    expect(model.outputNames).toEqual(['logits']);
    expect(model.inputShape).toEqual([null, 3, 12, 13]);
    expect(model.outputShape).toEqual([null, 5]);
    expect(model.nonTrainableWeights.map(({ name }) => name)).toEqual(['bn1.running_mean', 'bn1.running_var']);
    expect(model.trainableWeights.map(({ name }) => name)).toEqual([
      'conv1.weight', 'conv1.bias', 'bn1.weight', 'bn1.bias', 'conv2.weight', 'fc.weight', 'fc.bias',
    ]);
  });
  it('is trained further', async () => {
    const model = await saving.loadModel(path.join(recorded, 'flatten_by_shape.onnx'));
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const x = ops.reshape(ops.arange(8 * 24, { dtype: 'float32' }).divide(100), [8, 2, 3, 4]);
    const { history } = await model.fit(x, ops.ones([8, 3]), { epochs: 4, verbose: 0 });
    expect(history.loss.at(-1)!).toBeLessThan(history.loss[0]);
  });
  it('keeps weights that are read in two forms one variable', async () => {
    const model = await saving.loadModel(path.join(recorded, 'transformer.onnx'));
    expect(model.trainableWeights.filter(({ name }) => name === 'embed.weight')).toHaveLength(1);
  });
  it('comes from bytes', async () => {
    const bytes = await readFile(path.join(recorded, 'several.onnx'));
    expect((await saving.loadModel(bytes, { format: 'onnx' })).inputNames).toEqual(['a', 'b', 'flag']);
  });
  it('reads what export writes', async () => {
    const model = new Sequential([
      Input([12, 12, 2]), new layers.Conv2D(3, 3, { activation: 'relu' }), new layers.MaxPooling2D(2), new layers.Flatten(), new layers.Dense(2),
    ]);
    await model.export(at('own.onnx'));
    const x = ops.reshape(ops.arange(2 * 288, { dtype: 'float32' }).divide(300), [2, 12, 12, 2]);
    const [[own], [read]] = [numbers(run(model, [x])), numbers(run(await saving.loadModel(at('own.onnx')), [x]))];
    read.forEach((value, i) => expect(value).toBeCloseTo(own[i], 5));
  });
});

type File = Written<ModelProto>;
const info = (name: string, dims: readonly number[], elemType = 1) => ({
  name, type: { tensorType: { elemType, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
});
const node = (opType: string, input: string[], output: string[]) => ({ opType, input, output, name: opType });
const file = (graph: File['graph'], rest: Partial<File> = {}): File => ({
  irVersion: 8, opsetImport: [{ domain: '', version: 18 }], graph: { name: 'g', input: [info('x', [2, 3])], output: [info('y', [2, 3])], ...graph }, ...rest,
});
const load = async (model: File) => {
  await writeFile(at('m.onnx'), encodeModel(model));
  return saving.loadModel(at('m.onnx'));
};

describe('operators', () => {
  const ints = (name: string, dims: number[], values: number[]) => ({ name, dims, dataType: 7, int64Data: values.map(BigInt) });
  const attribute = (name: string, values: number[]) => ({ name, type: 7, ints: values.map(BigInt) });
  const lists = (attributes: object[], opType: string, input: string[]) => ({ ...node(opType, input, ['y']), attribute: attributes }) as never;
  // The examples of the ONNX specification, and what onnxruntime 1.23 gives.
  it.each<[string, File, Tensor, unknown]>([
    ['GatherND', file({
      node: [node('GatherND', ['x', 'at'], ['y'])], input: [info('x', [2, 2])], output: [info('y', [2])], initializer: [ints('at', [2, 2], [0, 0, 1, -1])],
    }), ops.convertToTensor([[5, 1], [2, 3]], { dtype: 'float32' }), [5, 3]],
    ['MaxPool with gaps', file({
      node: [lists([attribute('kernel_shape', [2]), attribute('dilations', [2])], 'MaxPool', ['x'])], input: [info('x', [1, 1, 6])],
      output: [info('y', [1, 1, 4])],
    }), ops.convertToTensor([[[1, 5, 2, 8, 3, 9]]], { dtype: 'float32' }), [[[2, 8, 3, 9]]]],
    ['Pad around', file({
      node: [{ ...node('Pad', ['x', 'pads'], ['y']), attribute: [{ name: 'mode', type: 3, s: new TextEncoder().encode('wrap') }] }],
      input: [info('x', [3])], output: [info('y', [8])], initializer: [ints('pads', [2], [2, 3])],
    }, { opsetImport: [{ domain: '', version: 19 }] }), ops.convertToTensor([1, 2, 3], { dtype: 'float32' }), [2, 3, 1, 2, 3, 1, 2, 3]],
    ['Resize', file({
      node: [node('Resize', ['x', '', '', 'sizes'], ['y'])], input: [info('x', [1, 1, 2, 2])], output: [info('y', [1, 1, 2, 4])],
      initializer: [ints('sizes', [4], [1, 1, 2, 4])],
    }), ops.convertToTensor([[[[1, 2], [3, 4]]]], { dtype: 'float32' }), [[[[1, 1, 2, 2], [3, 3, 4, 4]]]]],
  ])('%s', async (_, model, x, expected) => {
    expect(run(await load(model), [x])[0].tolist()).toEqual(expected);
  });
});

describe('errors', () => {
  it.each<[string, File, RegExp]>([
    ['an operator that there is not', file({ node: [node('Relux', ['x'], ['y'])] }), /m\.onnx: the operator Relux \(node "Relux"\) is not supported; did you mean 'Relu'/],
    ['operators of others', file({ node: [{ ...node('Attention', ['x'], ['y']), domain: 'com.microsoft' }] }), /com\.microsoft\.Attention \(node "Attention"\) is not/],
    ['circles', file({ node: [node('Add', ['x', 'b'], ['a']), node('Relu', ['a'], ['b']), node('Relu', ['a'], ['y'])] }), /in a circle/],
    ['values that nothing gives', file({ node: [node('Add', ['x', 'z'], ['y'])] }), /"Add" \(Add\) reads "z", which nothing gives/],
    ['values made twice', file({ node: [node('Relu', ['x'], ['y']), node('Abs', ['x'], ['y'])] }), /"y" is made twice/],
    ['outputs that are not there', file({ node: [node('Relu', ['x'], ['z'])] }), /output "y" is not there/],
    ['old operators', file({ node: [node('Relu', ['x'], ['y'])] }, { opsetImport: [{ domain: '', version: 5 }] }), /version 5; those from 7/],
    ['no graph', { irVersion: 8 }, /no ONNX file, or a damaged one/],
    ['data that do not fit', file({
      node: [node('Add', ['x', 'w'], ['y'])], initializer: [{ name: 'w', dims: [3], dataType: 1, rawData: new Uint8Array(8) }],
    }), /"w" has 8 bytes, its shape \(3\) takes 12/],
    ['impossible shapes', file({
      node: [node('Add', ['x', 'w'], ['y'])], initializer: [{ name: 'w', dims: [2 ** 40, 2 ** 40], dataType: 1, rawData: new Uint8Array(8) }],
    }), /too large/],
    ['constants of impossible sizes', file({
      node: [node('ConstantOfShape', ['s'], ['big']), node('Add', ['x', 'big'], ['y'])],
      initializer: [{ name: 's', dims: [3], dataType: 7, int64Data: [100000n, 100000n, 100000n] }],
    }), /ConstantOfShape: a tensor of the shape \(100000, 100000, 100000\) is too large/],
    ['constants much larger than the file', file({
      node: [node('ConstantOfShape', ['s'], ['big']), node('Add', ['x', 'big'], ['y'])],
      initializer: [{ name: 's', dims: [2], dataType: 7, int64Data: [5000n, 5000n] }],
    }), /100000000 bytes: the file that is being loaded is much too small/],
    ['many of them', file({
      node: [...[0, 1, 2, 3].map((i) => ({ ...node('ConstantOfShape', ['s'], [`big${i}`]), name: `c${i}` })), node('Add', ['x', 'big0'], ['y'])],
      initializer: [{ name: 's', dims: [2], dataType: 7, int64Data: [2500n, 2500n] }],
    }), /the file that is being loaded is much too small|more than a file of its size may/],
    ['shapes that do not fit', file({
      node: [node('MatMul', ['x', 'w'], ['y'])], initializer: [{ name: 'w', dims: [2, 1], dataType: 1, floatData: [1, 2] }],
    }), /"MatMul" \(MatMul\)/],
    ['attributes that are missing', file({
      node: [{ ...node('Constant', [], ['c']), attribute: [{ name: 'value', type: 4 }] }, node('Add', ['x', 'c'], ['y'])],
    }), /is malformed, or a class of yours/],
    ['types that do not exist', file({ node: [node('Relu', ['x'], ['y'])], input: [info('x', [2], 8)] }), /input "x" is no tensor of numbers/],
  ])('tell of %s', async (_, model, message) => {
    await expect(load(model)).rejects.toThrow(message);
  });

  it('tell of data that lie elsewhere', async () => {
    await mkdir(at('models'));
    await writeFile(at('secret'), new Uint8Array(12));
    await writeFile(at('models/data'), new Uint8Array(12));
    const external = (location: string, offset = '0') => file({
      node: [node('Add', ['x', 'w'], ['y'])],
      initializer: [{ name: 'w', dims: [3], dataType: 1, dataLocation: 1, externalData: [{ key: 'location', value: location }, { key: 'offset', value: offset }] }],
    });
    const loaded = async (model: File) => {
      await writeFile(at('models/m.onnx'), encodeModel(model));
      return saving.loadModel(at('models/m.onnx'));
    };
    expect((await loaded(external('data'))).weights.map(({ shape }) => shape)).toEqual([[3]]);
    for (const location of ['../secret', at('secret'), '', 'models/../../secret']) await expect(loaded(external(location))).rejects.toThrow(/no file beside|ENOENT/);
    await expect(loaded(external('data', '4'))).rejects.toThrow(/takes 12 bytes from 4 on of data, which has 12/);
    await expect(saving.loadModel(encodeModel(external('data')), { format: 'onnx' })).rejects.toThrow(/give its path/);
  });

  it('come of files that end early', async () => {
    const bytes = await readFile(path.join(recorded, 'cnn.onnx'));
    for (let length = 0; length < bytes.length; length += 61)
      await expect(saving.loadModel(bytes.subarray(0, length), { format: 'onnx' })).rejects.toThrow(Error);
  });

  it('come of bytes that changed, or a model does', async () => {
    const bytes = await readFile(path.join(recorded, 'several.onnx'));
    let failed = 0;
    for (let i = 0; i < bytes.length; i += 5) {
      const changed = Uint8Array.from(bytes);
      changed[i] ^= 1 << (i % 8);
      const result = await saving.loadModel(changed, { format: 'onnx' }).catch((error: unknown) => error);
      expect(result).toBeInstanceOf(result instanceof Error ? Error : Model);
      if (result instanceof Error) failed++;
    }
    expect(failed).toBeGreaterThan(20);
  });
  it('say that export writes such files', async () => {
    await expect(new Sequential([Input([2]), new layers.Dense(1)]).save(at('x.onnx'))).rejects.toThrow(/model\.export writes one/);
  });
});
