// Models written as ONNX: what the files say. That onnxruntime computes the same is checked by npm run test:keras.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeModel, type GraphProto, type ModelProto, type NodeProto, type ValueInfoProto } from '#lib/saving/onnx/schema.js';
import { writtenPrimitives } from '#lib/saving/onnx/writer.js';
import * as primitives from '#lib/ops/primitives/index.js';
import { grad, Input, InputSpec, Layer, layers, Model, ops, random, saving, Sequential, type Tensor } from '#lib/entry.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keratin-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Written = ModelProto & { readonly graph: GraphProto };
async function written(model: Model, options = {}): Promise<Written> {
  const file = path.join(folder, 'model.onnx');
  await model.export(file, options);
  return decodeModel(await readFile(file)) as Written;
}
const operators = ({ graph }: Written) => graph.node.map(({ opType }) => opType);
const dims = (list: readonly ValueInfoProto[]) =>
  list.map(({ name, type }) => [name, ...type!.tensorType!.shape!.dim.map(({ dimValue, dimParam }) => dimValue ?? dimParam)]);
const nodeOf = ({ graph }: Written, wanted: string): NodeProto => graph.node.find(({ opType }) => opType === wanted)!;
const attributeOf = (node: NodeProto, wanted: string) => node.attribute.find(({ name }) => name === wanted)!;
/** A layer of a function. */
class Calls extends Layer {
  constructor(readonly fn: (x: Tensor) => Tensor) {
    super({ name: 'calls' });
  }
  override call(x: Tensor) {
    return this.fn(x);
  }
}
const modelOf = (fn: (x: Tensor) => Tensor, shape: readonly (number | null)[] = [4]) => {
  const x = Input([...shape], { name: 'x' });
  return new Model(x, new Calls(fn)(x));
};

describe('the file', () => {
  it('has a node a layer of a network of dense layers, with names, weights, versions and the batch unknown', async () => {
    const model = new Sequential([
      Input([8], { name: 'pixels' }), new layers.Dense(16, { activation: 'relu', name: 'hidden' }), new layers.Dropout(0.5),
      new layers.Dense(4, { activation: 'softmax', name: 'classes' }),
    ], { name: 'net' });
    const file = await written(model);
    expect(operators(file)).toEqual(['Gemm', 'Relu', 'Gemm', 'Softmax', 'Identity']);
    expect(dims(file.graph.input)).toEqual([['pixels', 'batch', 8]]);
    expect(dims(file.graph.output)).toEqual([['classes', 'batch', 4]]);
    expect(file.graph.initializer.map(({ name, dims: shape }) => [name, shape])).toEqual([
      ['net/hidden/kernel', [8, 16]], ['net/hidden/bias', [16]], ['net/classes/kernel', [16, 4]], ['net/classes/bias', [4]],
    ]);
    expect(file.producerName).toBe('keratin');
    expect(file.opsetImport).toEqual([{ domain: '', version: 18 }]);
    const kernel = file.graph.initializer[0].rawData!;
    expect([...new Float32Array(Uint8Array.from(kernel).buffer)]).toEqual([...model.getWeights()[0].data]);
  });

  it('moves channels once on the way in and once on the way out', async () => {
    const model = new Sequential([
      Input([16, 16, 3]), new layers.Conv2D(4, 3, { padding: 'same', activation: 'relu' }), new layers.BatchNormalization(),
      new layers.MaxPooling2D(2), new layers.DepthwiseConv2D(3), new layers.ZeroPadding2D(1), new layers.Conv2D(4, 1), new layers.Flatten(),
    ]);
    const found = operators(await written(model));
    expect(found.filter((name) => name === 'Transpose')).toHaveLength(2);
    expect(found).toEqual(['Transpose', 'Conv', 'Relu', 'Mul', 'Add', 'MaxPool', 'Conv', 'Pad', 'Conv', 'Transpose', 'Reshape', 'Identity']);
  });

  it('pads by rule where the sizes of images are not known', async () => {
    const x = Input([null, null, 3], { name: 'x' });
    const file = await written(new Model(x, new layers.Conv2D(2, 3, { strides: 2, padding: 'same', name: 'y' })(x)));
    expect(new TextDecoder().decode(attributeOf(nodeOf(file, 'Conv'), 'auto_pad').s)).toBe('SAME_UPPER');
    expect(dims(file.graph.input)).toEqual([['x', 'batch', 'x_1', 'x_2', 3]]);
    expect(dims(file.graph.output)).toEqual([['y', 'batch', '', '', 2]]);
  });

  it('computes what depends on sizes when it runs', async () => {
    const file = await written(modelOf((x) => ops.add(ops.divide(x, x.shape[0]), ops.arange(x.shape[1], { dtype: 'float32' })), [null]));
    expect(operators(file)).toEqual(expect.arrayContaining(['Shape', 'Range', 'Div']));
    const mean = await written(modelOf((x) => ops.reshape(x, [-1, 2, 2])));
    expect(operators(mean)).toEqual(['Reshape', 'Identity']);
  });

  it('has loops and branches', async () => {
    const file = await written(modelOf((x) => ops.whileLoop((y) => ops.less(ops.sum(y), 9), (y) => [ops.add(y, 1)], [x])[0]));
    const body = attributeOf(nodeOf(file, 'Loop'), 'body').g!;
    expect(body.node.map(({ opType }) => opType)).toEqual(expect.arrayContaining(['Add', 'ReduceSum', 'Less']));
    const choice = await written(modelOf((x) => ops.cond(ops.greater(ops.sum(x), 0), () => ops.exp(x), () => ops.sin(x))));
    expect(operators(choice)).toContain('If');
  });

  it('has branches in branches where there are more than two', async () => {
    const pick = (x: Tensor) => ops.switch(ops.cast(ops.sum(x), 'int32'), [() => ops.exp(x), () => ops.sin(x), () => ops.cos(x)]);
    const graphs = (node: NodeProto) => ['then_branch', 'else_branch'].map((name) => attributeOf(node, name).g!);
    const [first, others] = graphs(nodeOf(await written(modelOf(pick)), 'If'));
    const [second, third] = graphs(others.node.find(({ opType }) => opType === 'If')!);
    const own = [first, second, third].map(({ node }) => node.map(({ opType }) => opType).filter((name) => ['Exp', 'Sin', 'Cos'].includes(name)));
    expect(own).toEqual([['Exp'], ['Sin'], ['Cos']]);
  });

  it('has each small constant once', async () => {
    const { graph } = await written(modelOf((x) => ops.add(ops.multiply(ops.sin(x), 2.5), ops.multiply(ops.cos(x), 2.5))));
    expect(graph.initializer).toHaveLength(1);
  });

  it('takes what a subclassed model was built for, in its structure', async () => {
    class Two extends Model {
      override call({ a, b }: { a: Tensor; b: Tensor }) {
        return ops.add(a, ops.multiply(b, 2));
      }
    }
    const model = new Two();
    model({ a: ops.ones([2, 3]), b: ops.ones([2, 3]) } as never);
    expect(dims((await written(model)).graph.input)).toEqual([['a', 'batch', 3], ['b', 'batch', 3]]);
  });

  it.each<[string, (x: Tensor) => Tensor, readonly number[]]>([
    ['resized images', (x) => ops.image.resize(x, [7, 3]), [5, 4, 2]],
    ['the gradient of resized images', (x) => grad((y: Tensor) => ops.sum(ops.square(ops.image.resize(y, [7, 3]))))(x) as Tensor, [5, 4, 2]],
    ['convolutions of other sizes along each axis', (x) =>
      ops.conv(x, ops.reshape(ops.sin(ops.arange(36, { dtype: 'float32' })), [3, 2, 2, 3]), { strides: [1, 2], padding: 'same' }), [6, 5, 2]],
    ['convolutions with gaps', (x) =>
      ops.conv(x, ops.reshape(ops.sin(ops.arange(36, { dtype: 'float32' })), [3, 2, 2, 3]), { dilationRate: [2, 1], padding: 'same' }), [6, 5, 2]],
  ])('computes %s when it is read again', async (_, fn, shape) => {
    const model = modelOf(fn, shape);
    const x = ops.cos(ops.reshape(ops.arange(3 * shape.reduce((a, b) => a * b), { dtype: 'float32' }), [3, ...shape]));
    const expected = (model(x)).tolist();
    await model.export(path.join(folder, 'again.onnx'));
    const read = (await saving.loadModel(path.join(folder, 'again.onnx')))(x);
    const far = ops.max(ops.abs(ops.subtract(read, ops.convertToTensor(expected)))).item();
    expect(far).toBeLessThan(1e-5);
  });

  it('takes the signature of a subclassed model', async () => {
    class Net extends Model {
      readonly dense = new layers.Dense(2);
      override call(x: Tensor) {
        return { doubled: ops.multiply(this.dense(x), 2) };
      }
    }
    const model = new Net();
    await expect(model.export(path.join(folder, 'no.onnx'))).rejects.toThrow(/not built/);
    model(ops.ones([2, 3]));
    expect(dims((await written(model)).graph.output)).toEqual([['doubled', 'batch', 2]]);
    const inputSignature = [new InputSpec({ shape: [5, 3], dtype: 'float32', name: 'rows' })];
    const file = await written(model, { inputSignature, opsetVersion: 20 });
    expect(dims(file.graph.input)).toEqual([['rows', 5, 3]]);
    expect(file.opsetImport[0].version).toBe(20);
  });
});

describe('errors', () => {
  const seed = new random.SeedGenerator(3);
  it.each([
    ['random numbers', (x: Tensor) => ops.add(x, random.uniform([4], { seed })), /layer ".*calls" computes random_uniform, random numbers/],
    ['linear algebra', (x: Tensor) => ops.qr(ops.reshape(x, [-1, 2, 2]))[0], /layer ".*calls" computes qr, for which ONNX has no operator/],
  ])('name the layer of %s', async (_, fn, message) => {
    await expect(modelOf(fn).export(path.join(folder, 'x.onnx'))).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual([]);
  });

  it('tell of strings, unknown formats, options and versions', async () => {
    const model = new Sequential([Input([4]), new layers.Dense(1)]);
    const file = path.join(folder, 'x.onnx');
    const words = Input({ shape: [1], dtype: 'string', name: 'words' });
    const strings = new Model(words, new layers.StringLookup({ vocabulary: ['a', 'b'], name: 'lookup' })(words));
    await expect(strings.export(file)).rejects.toThrow(/input 'words' is of strings.*"lookup"/);
    await expect(model.export(file, { format: 'onx' as 'onnx' })).rejects.toThrow(/unknown format "?'?onx.*onnx/);
    await expect(model.export(file, { opset: 1 } as object)).rejects.toThrow(/opset/);
    await expect(model.export(file, { opsetVersion: 11 })).rejects.toThrow(/opsetVersion must be from 18 to 23, received 11/);
    await expect(model.export(file, { inputSignature: ['float32'] })).rejects.toThrow(/inputSignature must hold shapes/);
    await expect(model.export(file, { inputSignature: [[null, 4], [null, 4]] })).rejects.toThrow(/has 1 inputs, but inputSignature has 2/);
    await model.export(file);
    await expect(model.export(file, { overwrite: false })).rejects.toThrow(/exists already/);
    expect(await readdir(folder)).toEqual(['x.onnx']);
  });
});

describe('what one kernel computes', () => {
  it('is written with the operators of its parts', async () => {
    const inputs = Input([4, 6]);
    const attended = new layers.MultiHeadAttention(2, 3)(inputs, inputs) as never;
    const x = new layers.GRU(2)(new layers.LSTM(3, { returnSequences: true })(attended) as never) as never;
    const { graph } = await written(new Model(inputs, x));
    const types = graph.node.map(({ opType }) => opType);
    expect(types.filter((type) => type === 'Scan')).toHaveLength(2);
    expect(types).toContain('Softmax');
  });
});

describe('primitives', () => {
  /** What is of training alone, what ONNX has no operators for, and what is composed of others when it is written. */
  const WITHOUT = RegExp(
    'grad|crossentropy|ctc|gamma|cholesky|conv_kernel|eig|erfinv|gcd|^i[01]$|lu|nextafter|pinv|qr|random|permutation|solve|svd|singular|' +
      'slogdet|triangular|view|inverse|^lstm$|^gru$|^attention$',
  );
  it('have a form, but for those that are known to have none', () => {
    const known = new Set(writtenPrimitives());
    const names = Object.values(primitives).flatMap((one) => ('op' in one ? [(one as { op: { name: string } }).op.name] : []));
    expect(names.filter((name) => !known.has(name) && !WITHOUT.test(name))).toEqual([]);
  });
});
