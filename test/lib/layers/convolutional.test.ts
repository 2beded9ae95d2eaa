// Convolutional layers beyond test/every and the recordings: configs of Keras, channels first, LoRA, half precision, errors.
import { describe, expect, it } from '@jest/globals';
import { Input, layers, ops, random, Sequential, type Tensor } from 'keratin';

const apart = (a: Tensor, b: Tensor): number => ops.max(ops.abs(ops.subtract(a, b))).item();
const noise = (...shape: number[]): Tensor => random.uniform(shape, { minval: -1, maxval: 1, seed: shape.length });

describe('configs are those of Keras', () => {
  it('of a convolution', () => {
    const layer = new layers.Conv2D(4, 3, { padding: 'SAME' as never, activation: 'relu', name: 'c' });
    const { kernel_initializer: kernel, bias_initializer: bias, dtype: _, ...config } = layer.getConfig();
    expect([kernel, bias].map((item) => (item as { class_name: string }).class_name)).toEqual(['GlorotUniform', 'Zeros']);
    expect(config).toEqual({
      name: 'c',
      trainable: true,
      filters: 4,
      kernel_size: [3, 3],
      strides: [1, 1],
      padding: 'same',
      data_format: 'channels_last',
      dilation_rate: [1, 1],
      groups: 1,
      activation: 'relu',
      use_bias: true,
      kernel_regularizer: null,
      bias_regularizer: null,
      activity_regularizer: null,
      kernel_constraint: null,
      bias_constraint: null,
    });
  });
  it.each([
    [() => new layers.Conv1DTranspose(2, 3, { strides: 2, outputPadding: 1 }), { output_padding: [1], kernel_size: [3], strides: [2] }],
    [() => new layers.Conv2DTranspose(2, 3), { output_padding: null, filters: 2 }],
    [() => new layers.DepthwiseConv2D([3, 2]), { depth_multiplier: 1, kernel_size: [3, 2] }],
    [() => new layers.SeparableConv1D(2, 3, { depthMultiplier: 2 }), { depth_multiplier: 2, filters: 2 }],
    [() => new layers.Conv3D(2, 3, { kernelInitializer: null }), { kernel_initializer: null }],
  ] as const)('%#', (make, expected) => {
    const layer = make() as layers.Layer;
    expect(layer.getConfig()).toMatchObject(expected);
    expect(layers.deserialize(layers.serialize(layer)).getConfig()).toEqual(layer.getConfig());
  });
});

const lastToFirst = (x: Tensor): Tensor => ops.transpose(x, [0, x.ndim - 1, ...Array.from({ length: x.ndim - 2 }, (_, i) => i + 1)]);
describe('channels first are computed as channels last', () => {
  it.each([
    ['Conv1D', (dataFormat) => new layers.Conv1D(4, 3, { dataFormat, padding: 'causal', strides: 2 }), noise(2, 7, 4)],
    ['Conv2D', (dataFormat) => new layers.Conv2D(4, 3, { dataFormat, groups: 2, activation: 'tanh' }), noise(2, 7, 6, 4)],
    ['Conv3D', (dataFormat) => new layers.Conv3D(2, 2, { dataFormat, padding: 'same' }), noise(2, 3, 4, 3, 2)],
    ['Conv2DTranspose', (dataFormat) => new layers.Conv2DTranspose(3, 3, { dataFormat, strides: 2, padding: 'same' }), noise(2, 3, 4, 2)],
    ['DepthwiseConv2D', (dataFormat) => new layers.DepthwiseConv2D(3, { dataFormat, depthMultiplier: 2 }), noise(2, 5, 4, 3)],
    ['SeparableConv2D', (dataFormat) => new layers.SeparableConv2D(3, 2, { dataFormat }), noise(2, 5, 4, 3)],
  ] as readonly [string, (format: layers.DataFormat) => layers.Layer, Tensor][])('%s', (_, make, x) => {
    const [last, first] = [make('channels_last'), make('channels_first')];
    const y = last(x);
    first.build(lastToFirst(x).shape);
    first.setWeights(last.weights.map((weight, i) => random.uniform([...weight.shape], { seed: i })));
    last.setWeights(first.getWeights());
    const transposed = first(lastToFirst(x));
    expect(transposed.shape).toEqual(lastToFirst(y).shape);
    expect(apart(transposed, lastToFirst(last(x)))).toBeLessThan(1e-6);
  });
});

describe('LoRA', () => {
  it('trains a correction of the kernel, which begins at nothing', () => {
    const layer = new layers.Conv2D(3, 2);
    const x = noise(2, 4, 4, 2);
    const before = layer(x);
    layer.enableLora(2);
    expect([layer.loraEnabled, layer.loraRank, layer.loraAlpha]).toEqual([true, 2, 2]);
    expect(layer.weights.map(({ path }) => path.split('/').at(-1))).toEqual(['kernel', 'bias', 'lora_kernel_a', 'lora_kernel_b']);
    expect(layer.weights.map(({ shape }) => shape)).toEqual([[2, 2, 2, 3], [3], [2, 2, 2, 2], [2, 3]]);
    expect(layer.trainableWeights.map(({ name }) => name)).toEqual(['bias', 'lora_kernel_a', 'lora_kernel_b']);
    expect(layer(x).tolist()).toEqual(before.tolist());
    layer.loraKernelB.assign(ops.ones([2, 3]));
    const merged = new layers.Conv2D(3, 2);
    merged.build(x.shape);
    merged.setWeights([ops.convertToTensor(layer.kernel), layer.bias!.value]);
    expect(apart(layer(x), merged(x))).toBeLessThan(1e-6);
    expect(layer.getConfig()).toMatchObject({ lora_rank: 2, lora_alpha: 2 });
    expect(new layers.Conv2D(3, 2).getConfig()).not.toHaveProperty('lora_rank');
  });

  it('trains in a model', async () => {
    const model = new Sequential([Input([6, 2]), new layers.Conv1D(3, 2, { loraRank: 1, loraAlpha: 4 })]);
    const [kernel] = model.weights;
    const before = kernel.value.tolist();
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    await model.fit(noise(8, 6, 2), ops.ones([8, 5, 3]), { epochs: 2, verbose: 0 });
    expect(kernel.value.tolist()).toEqual(before);
    expect(ops.max(ops.abs(model.weights.at(-1)!.value)).item()).toBeGreaterThan(0);
  });

  it('says when it cannot be', () => {
    const layer = new layers.Conv2D(3, 2);
    expect(() => layer.kernel).toThrow(/it has a kernel after it was built/);
    expect(() => layer.enableLora(2)).toThrow(/enableLora needs a built layer/);
    layer.build([null, 4, 4, 1]);
    expect(() => layer.enableLora(0)).toThrow(/rank must be an integer >= 1, received 0/);
    expect(() => layer.enableLora(1, { alpha: 2 } as never)).toThrow(/unknown option 'alpha'/);
    layer.enableLora(1);
    expect(() => layer.enableLora(1)).toThrow(/LoRA is enabled already/);
    const bound = new layers.Conv2D(3, 2, { kernelConstraint: 'non_neg' });
    bound.build([null, 4, 4, 1]);
    expect(() => bound.enableLora(1)).toThrow(/leave out kernelConstraint/);
  });
});

describe('convolutional layers', () => {
  it('have the names of older Keras', () => {
    expect([layers.Convolution1D, layers.Convolution2D, layers.Convolution3D]).toEqual([layers.Conv1D, layers.Conv2D, layers.Conv3D]);
    expect([layers.Convolution2DTranspose, layers.SeparableConvolution2D]).toEqual([layers.Conv2DTranspose, layers.SeparableConv2D]);
    expect(new layers.Convolution2D(2, 3, { name: 'x' }).constructor.name).toBe('Conv2D');
  });

  it('take sizes that are not known, but not the channels', () => {
    expect(new layers.Conv2D(2, 3, { strides: 2 })(Input([null, null, 3])).shape).toEqual([null, null, null, 2]);
    expect(new layers.Conv2D(2, 3).computeOutputShape([null, 8, null, 3])).toEqual([null, 6, null, 2]);
    expect(new layers.Conv1DTranspose(2, 3, { strides: 2 })(Input([null, 3])).shape).toEqual([null, null, 2]);
    expect(() => new layers.Conv2D(2, 3, { name: 'c' })(Input([8, 8, null]))).toThrow(/Conv2D "c": the number of channels \(axis -1/);
  });

  it('compute in half precision with float32 weights', () => {
    const layer = new layers.Conv2D(3, 3, { dtype: 'mixed_float16', activation: 'relu', loraRank: 1 });
    const x = noise(1, 5, 5, 2);
    expect(layer(x).dtype).toBe('float16');
    expect(layer.weights.map(({ dtype }) => dtype)).toEqual(['float32', 'float32', 'float32', 'float32']);
  });

  it('add the losses of regularizers', () => {
    const layer = new layers.Conv2D(1, 1, {
      kernelInitializer: 'ones',
      kernelRegularizer: 'l2',
      biasInitializer: 'ones',
      biasRegularizer: 'l1',
      activityRegularizer: 'l1',
    });
    layer(ops.ones([1, 2, 2, 1]));
    expect(layer.losses.map((loss) => Math.fround(loss.item()))).toEqual([0.08, 0.01, 0.01].map(Math.fround));
  });

  it.each([
    [() => new layers.Conv2D(5, 3, { groups: 2 }), /Conv2D: filters must be a multiple of groups, received filters 5 and groups 2/],
    [() => new layers.Conv2D(0, 3), /Conv2D: filters must be an integer >= 1, received 0/],
    [() => new layers.Conv2D(4, [3, 0]), /Conv2D: kernelSize must be an integer >= 1 or an array of 2 of them/],
    [() => new layers.Conv2D(4, [3]), /Conv2D: kernelSize must be/],
    [() => new layers.Conv2D(4, 3, { padding: 'causal' as never }), /Conv2D: padding must be 'valid' or 'same', received 'causal'/],
    [() => new layers.Conv1D(4, 3, { strides: 2, dilationRate: 2 }), /Conv1D: strides > 1 and dilationRate > 1 do not go together/],
    [() => new layers.Conv2DTranspose(4, 3, { strides: 2, outputPadding: 2 }), /outputPadding must be less than strides along each axis/],
    [() => new layers.DepthwiseConv2D(3, { depthMultiplier: 0 }), /depthMultiplier must be an integer >= 1/],
    [
      () => new layers.Conv2D(4, 3, { groups: 2 })(noise(1, 4, 4, 3)),
      /the number of channels must be a multiple of groups, received 3 channels and groups 2/,
    ],
    [() => new layers.Conv2D(4, 5)(noise(1, 4, 4, 3)), /too small for a kernel|output would be empty/],
    [() => new layers.Conv2D(4, 2)(noise(1, 4, 4)), /expected min_ndim=4, found ndim=3/],
    [() => new layers.Conv1D(4, 2)(noise(1, 4, 4, 2)), /Conv1D "conv1d.*": expected inputs with 3 axes/],
  ] as readonly [() => unknown, RegExp][])('say what is wrong, %#', (make, message) => expect(make).toThrow(message));

  it('are bound to the number of channels', () => {
    const layer = new layers.Conv2D(2, 2);
    layer(noise(1, 4, 4, 3));
    expect(() => layer(noise(1, 4, 4, 2))).toThrow(/expected axis -1 of input shape to have value 3/);
  });
});
