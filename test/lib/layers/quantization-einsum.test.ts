// Quantized EinsumDense and ReversibleEmbedding beyond the recordings: equations with `...`, policies, gradients, LoRA in training.
import { describe, expect, it } from '@jest/globals';
import { dtypePolicies, Input, layers, Model, ops, quantizers, random, type Tensor, type Variable, vjp } from 'keratin';

const noise = (...shape: number[]): Tensor => random.uniform(shape, { minval: -1, maxval: 1, seed: shape.length });
const apart = (a: Tensor, b: Tensor): number => ops.max(ops.abs(ops.subtract(a, b))).item();
const perChannel = new quantizers.Int4QuantizationConfig({ blockSize: -1 });
const names = (layer: layers.Layer): string[] => layer.weights.map(({ name, dtype, shape }) => `${name} ${dtype} ${shape.join('x')}`);
const gradientOf = (layer: layers.Layer, x: Tensor, options = {}): Tensor => {
  const [y, pullback] = vjp((value: Tensor) => layer(value, options), x);
  return [pullback(ops.ones(y.shape))].flat()[0];
};

describe('EinsumDense', () => {
  it.each([
    ['...x,xy->...y', 'abx,xy->aby', [5], 'y'],
    ['ab...,bc->ac...', 'abd,bc->acd', [5], 'c'],
  ] as const)('%s is quantized as %s', (elided, written, outputShape, biasAxes) => {
    const x = noise(2, 3, 4);
    for (const [mode, config] of [['int8', null], ['int4', perChannel], ['int4', null], ['float8', null]] as const) {
      const [short, long] = [
        new layers.EinsumDense(elided, [...outputShape], { biasAxes }),
        new layers.EinsumDense(written, written === 'abx,xy->aby' ? [3, 5] : [5, 4], { biasAxes }),
      ];
      short.build(x.shape);
      long.build(x.shape);
      long.setWeights([short.getWeights()[0], ops.reshape(short.getWeights()[1], long.weights[1].shape)]);
      for (const layer of [short, long]) layer.quantize(mode, { config });
      expect(apart(short(x), long(x))).toBe(0);
      expect(apart(gradientOf(short, x), gradientOf(long, x))).toBe(0);
    }
  });

  it('has gradients of inputs where it sums over an axis of theirs alone', () => {
    const layer = new layers.EinsumDense('abc,cd->ad', 3);
    const x = noise(2, 4, 5);
    const exact = gradientOf(layer, x);
    layer.quantize('int8');
    expect(apart(gradientOf(layer, x), exact)).toBeLessThan(0.02);
  });

  it('is built quantized by its policy', () => {
    const made = (dtype: string) => {
      const layer = new layers.EinsumDense('abc,cde->abde', [null, 2, 3], { biasAxes: 'de', dtype: dtype as 'float32' });
      layer.build([null, 3, 4]);
      return names(layer);
    };
    expect(made('int8_from_float32')).toEqual(['bias float32 2x3', 'kernel int8 4x2x3', 'kernel_scale float32 1x1x2x3']);
    expect(made('int4/-1_from_float32')).toEqual(['bias float32 2x3', 'kernel int8 4x3', 'kernel_scale float32 6']);
    expect(made('int4/3_from_float32')).toEqual([
      'bias float32 2x3',
      'kernel int8 4x3',
      'kernel_scale float32 2x6',
      'kernel_zero int8 2x6',
      'g_idx float32 4',
    ]);
    expect(made('float8_from_float32').map((name) => name.split(' ')[0])).toEqual([
      'inputs_scale',
      'inputs_amax_history',
      'kernel_scale',
      'kernel_amax_history',
      'outputs_grad_scale',
      'outputs_grad_amax_history',
      'kernel',
      'bias',
    ]);
  });

  it('gives its kernel in integers of its own shape, with LoRA in floats', () => {
    const layer = new layers.EinsumDense('abc,cde->abde', [null, 2, 3]);
    layer.build([null, 3, 4]);
    layer.quantize('int4');
    expect([layer.kernel.dtype, layer.kernel.shape]).toEqual(['int8', [4, 2, 3]]);
    layer.enableLora(2);
    expect([layer.loraKernelA.shape, layer.loraKernelB.shape]).toEqual([[4, 2, 2], [2, 3]]);
    expect([layer.kernel.dtype, layer.kernel.shape]).toEqual(['float32', [4, 2, 3]]);
  });

  it('is not quantized where a class extends it, unless asked to', () => {
    class Mine extends layers.EinsumDense {}
    const layer = new Mine('ab,bc->ac', 3);
    layer.build([null, 4]);
    expect(() => layer.quantize('int8')).toThrow(/typeCheck: false/);
    layer.quantize('int8', { typeCheck: false });
    expect(layer.quantizationMode).toBe('int8');
  });
});

describe('attention', () => {
  it('learns beside quantized projections', async () => {
    const inputs = Input([3, 4]);
    const attention = new layers.MultiHeadAttention(2, 3);
    const model = new Model(inputs, new layers.Flatten()(attention(inputs, inputs)));
    const x = noise(8, 3, 4);
    const before = model(x);
    for (const dense of [attention.queryDense, attention.keyDense, attention.valueDense, attention.outputDense]) dense.quantize('int8');
    expect(apart(model(x), before)).toBeLessThan(0.05);
    attention.valueDense.enableLora(2);
    const kernel = attention.valueDense.weights.find(({ name }) => name === 'kernel')!;
    expect([kernel.dtype, kernel.path.split('/').slice(1).join('/')]).toEqual(['int8', 'value/kernel']);
    const integers = kernel.value.tolist();
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const { history } = await model.fit(x, ops.ones([8, 12]), { epochs: 5, verbose: 0 });
    const loss = history.loss;
    expect(loss.at(-1)).toBeLessThan(loss[0]);
    expect(kernel.value.tolist()).toEqual(integers);
    expect(ops.any(ops.notEqual(attention.valueDense.loraKernelB, 0)).item()).toBe(true);
  });
});

describe('model.quantize', () => {
  it('reaches the projections of attention', async () => {
    const inputs = Input([3, 4]);
    const attention = new layers.MultiHeadAttention(2, 3, { useGate: true });
    const model = new Model(inputs, new layers.GroupQueryAttention(3, 4, 2)(attention(inputs, inputs), attention(inputs, inputs)));
    const x = noise(2, 3, 4);
    const before = model(x);
    model.quantize('int8', { verbose: false });
    expect(model.weights.filter(({ name }) => name === 'kernel').map(({ dtype }) => dtype)).toEqual(
      Array.from({ length: 9 }, () => 'int8'),
    );
    expect(attention.quantizationMode).toBeNull();
    expect(apart(model(x), before)).toBeLessThan(0.1);
    expect(apart(await model.predict(x, { verbose: 0 }), model(x))).toBeLessThan(1e-5);
  });

  it('leaves attention to policies of its projections', () => {
    const policies = new dtypePolicies.DTypePolicyMap();
    for (const name of ['query', 'key', 'value']) policies.set(`mha/${name}`, new dtypePolicies.QuantizedDTypePolicy('int8', 'float32'));
    const make = () => new layers.MultiHeadAttention(3, 8, { useBias: false, dtype: policies, name: 'mha' });
    const attention = make();
    attention.build([1, 2, 2], [1, 2, 2]);
    expect(attention.weights.filter(({ name }) => name === 'kernel').map(({ dtype }) => dtype)).toEqual([
      'int8',
      'int8',
      'int8',
      'float32',
    ]);
    const again = layers.deserialize(layers.serialize(attention));
    again.buildFromConfig(attention.getBuildConfig()!);
    expect(again.weights.map(({ path, dtype }) => [path, dtype])).toEqual(attention.weights.map(({ path, dtype }) => [path, dtype]));
  });
});

describe('ReversibleEmbedding', () => {
  it('is built quantized by its policy', () => {
    const made = (dtype: string, tieWeights: boolean) => {
      const layer = new layers.ReversibleEmbedding(6, 5, { dtype: dtype as 'float32', tieWeights });
      layer.build();
      return names(layer);
    };
    const forth = ['embeddings int8 6x3', 'embeddings_scale float32 6x3', 'embeddings_zero int8 6x3', 'g_idx float32 5'];
    expect(made('int4/2_from_float32', true)).toEqual(forth);
    expect(made('int4/2_from_float32', false)).toEqual([
      ...forth,
      'reverse_embeddings int8 3x6',
      'reverse_embeddings_scale float32 3x6',
      'reverse_embeddings_zero float32 3x6',
    ]);
    expect(made('int8_from_float32', false)).toEqual([
      'embeddings int8 6x5',
      'embeddings_scale float32 6',
      'reverse_embeddings int8 5x6',
      'reverse_embeddings_scale float32 6',
    ]);
  });

  it.each([
    [true, 'int8', null],
    [false, 'int8', null],
    [true, 'int4', perChannel],
    [false, 'int4', null],
  ] as const)('has gradients on the way back, %#', (tieWeights, mode, config) => {
    const layer = new layers.ReversibleEmbedding(6, 5, { tieWeights, embeddingsInitializer: 'glorot_uniform' });
    const x = noise(2, 5);
    const exact = gradientOf(layer, x, { reverse: true });
    layer.quantize(mode, { config });
    expect(apart(gradientOf(layer, x, { reverse: true }), exact)).toBeLessThan(mode === 'int8' ? 0.02 : 0.3);
  });

  it('keeps its masks and its shapes', () => {
    const layer = new layers.ReversibleEmbedding(6, 5, { maskZero: true });
    const symbol = Input([null], { dtype: 'int32' });
    layer(symbol);
    layer.quantize('int8');
    const vectors = layer(symbol);
    expect([vectors.shape, layer(vectors, { reverse: true }).shape]).toEqual([[null, null, 5], [null, null, 6]]);
  });

  it('saves both matrices, with what was learned beside the first', () => {
    const make = () => new layers.ReversibleEmbedding(6, 5, { tieWeights: false, dtype: 'int8_from_float32' as 'float32', loraRank: 2 });
    const layer = new layers.ReversibleEmbedding(6, 5, { tieWeights: false });
    const indices = ops.convertToTensor([[0, 5]]);
    layer(indices);
    layer.quantize('int8');
    layer.enableLora(2);
    layer.loraEmbeddingsB.assign(noise(2, 5));
    const store: layers.VariableStore = {};
    layer.saveOwnVariables(store);
    expect(Object.values(store).map((value: Variable | Tensor) => `${value.dtype} ${value.shape.join('x')}`)).toEqual([
      'int8 6x5',
      'float32 6',
      'int8 5x6',
      'float32 6',
    ]);
    const again = make();
    again.build();
    again.loadOwnVariables(store);
    expect(apart(again(indices), layer(indices))).toBeLessThan(0.02);
    const x = noise(2, 5);
    expect(apart(again(x, { reverse: true }), layer(x, { reverse: true }))).toBe(0);
  });
});
