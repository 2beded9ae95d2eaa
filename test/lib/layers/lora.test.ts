// LoRA: what layers learn beside weights that stay as they are.
import { describe, expect, it } from '@jest/globals';
import { Input, layers, Model, ops, Sequential, type Tensor, type Variable } from 'keratin';

describe('Dense.enableLora', () => {
  it('adds the product of two matrices', () => {
    const layer = new layers.Dense(3, { kernelInitializer: 'ones' });
    const x = ops.reshape(ops.arange(8, { dtype: 'float32' }), [2, 4]);
    const before = (layer(x)).tolist();
    layer.enableLora(2, { loraAlpha: 4 });
    expect(layer(x).tolist()).toEqual(before);
    expect(layer.weights.map(({ name, shape, trainable }) => [name, [...shape], trainable])).toEqual([
      ['kernel', [4, 3], false], ['bias', [3], true], ['lora_kernel_a', [4, 2], true], ['lora_kernel_b', [2, 3], true],
    ]);
    layer.loraKernelA.assign(ops.ones([4, 2]));
    layer.loraKernelB.assign(ops.full([2, 3], 0.5));
    expect(layer(x).tolist()).toEqual(ops.matmul(x, ops.full([4, 3], 3)).tolist());
    const { lora_rank: rank, lora_alpha: alpha } = layer.getConfig();
    expect([rank, alpha]).toEqual([2, 4]);
    const again = layers.deserialize(layers.serialize(layer)) as layers.Dense;
    again.build([null, 4]);
    expect([again.loraRank, again.loraAlpha, again.loraEnabled]).toEqual([2, 2, true]);
    expect('lora_rank' in new layers.Dense(2).getConfig()).toBe(false);
  });

  it('learns beside a kernel that stays', async () => {
    const model = new Sequential([Input([2]), new layers.Dense(1, { loraRank: 1 })]);
    const layer = model.layers[0] as layers.Dense;
    const [kernel, , , factor] = layer.weights as [Variable, Variable, Variable, Variable];
    const before = kernel.value.tolist();
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    await model.fit(ops.ones([8, 2]), ops.full([8, 1], 5), { epochs: 3, verbose: 0 });
    expect(kernel.value.tolist()).toEqual(before);
    expect(factor.value.tolist()).not.toEqual([[0]]);
  });

  it('refuses mistakes', () => {
    const layer = new layers.Dense(3);
    expect(() => layer.enableLora(2)).toThrow(/needs a built layer/);
    layer.build([null, 2]);
    expect(() => layer.enableLora(0)).toThrow(/rank/);
    layer.enableLora(1);
    expect(() => layer.enableLora(1)).toThrow(/enabled already/);
    const bound = new layers.Dense(3, { kernelConstraint: 'non_neg' });
    bound.build([null, 2]);
    expect(() => bound.enableLora(1)).toThrow(/constraint/);
  });
});

describe('Embedding.enableLora', () => {
  it('adds the product of two matrices', () => {
    const layer = layers.deserialize({
      module: 'keras.layers',
      class_name: 'Embedding',
      config: { input_dim: 4, output_dim: 3, embeddings_initializer: 'ones' },
      registered_name: null,
    }) as layers.Embedding;
    layer.build();
    layer.enableLora(2);
    layer.loraEmbeddingsA.assign(ops.ones([4, 2]));
    layer.loraEmbeddingsB.assign(ops.ones([2, 3]));
    expect((layer(ops.convertToTensor([1, 3]))).tolist()).toEqual([[3, 3, 3], [3, 3, 3]]);
    expect(layer.weights.map(({ name }) => name)).toEqual(['embeddings', 'lora_embeddings_a', 'lora_embeddings_b']);
    expect(layer.getConfig()).toMatchObject({ lora_rank: 2, lora_alpha: 2 });
  });
});

describe('enableLora', () => {
  it('gives what is learned the path of the layer', () => {
    const x = ops.ones([1, 3, 4]);
    const layer = new layers.MultiHeadAttention(2, 3, { name: 'attention' });
    layer(x, x);
    layer.queryDense.enableLora(2);
    layer.valueDense.enableLora(2, { loraAlpha: 1 });
    expect(layer.weights.map(({ path }) => path)).toEqual([
      'attention/query/kernel',
      'attention/query/bias',
      'attention/query/lora_kernel_a',
      'attention/query/lora_kernel_b',
      'attention/key/kernel',
      'attention/key/bias',
      'attention/value/kernel',
      'attention/value/bias',
      'attention/value/lora_kernel_a',
      'attention/value/lora_kernel_b',
      'attention/attention_output/kernel',
      'attention/attention_output/bias',
    ]);
    expect(layer.trainableWeights).toHaveLength(10);
  });

  it('reaches EinsumDense and ReversibleEmbedding from configs of Keras', () => {
    const made = (className: string, config: Record<string, unknown>) =>
      layers.deserialize({ module: 'keras.layers', class_name: className, config, registered_name: null });
    const dense = made('EinsumDense', { equation: 'ab,bc->ac', output_shape: [5], lora_rank: 2, lora_alpha: 6 }) as layers.EinsumDense;
    expect(dense.getConfig()).toMatchObject({ lora_rank: 2, lora_alpha: 6 });
    dense.build([null, 3]);
    expect([dense.loraRank, dense.loraAlpha, dense.loraEnabled]).toEqual([2, 6, true]);
    const embedding = made('ReversibleEmbedding', { input_dim: 5, output_dim: 3, lora_rank: 2 }) as layers.ReversibleEmbedding;
    expect(embedding.loraEnabled).toBe(false);
    embedding.build();
    expect(embedding.weights.map(({ name }) => name)).toEqual(['embeddings', 'lora_embeddings_a', 'lora_embeddings_b']);
    expect(embedding.getConfig()).toMatchObject({ lora_rank: 2, lora_alpha: 2, tie_weights: true });
  });

  it('refuses mistakes in EinsumDense', () => {
    const layer = new layers.EinsumDense('ab,bc->ac', 5, { kernelConstraint: 'non_neg', name: 'e' });
    expect(() => layer.kernel).toThrow(/EinsumDense "e": it has a kernel after it was built/);
    layer.build([null, 3]);
    expect(() => layer.enableLora(2)).toThrow(/EinsumDense "e": enableLora: the kernel .* leave out kernelConstraint/);
  });

  it('learns in attention, whose other weights of the projection stay', async () => {
    const inputs = Input([3, 4]);
    const attention = new layers.MultiHeadAttention(2, 3);
    const model = new Model(inputs, new layers.Dense(1)(new layers.Flatten()(attention(inputs, inputs))));
    attention.queryDense.enableLora(1);
    const [kernel, , , factor] = attention.queryDense.weights as [Variable, Variable, Variable, Variable];
    const before = kernel.value.tolist();
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    await model.fit(ops.reshape(ops.arange(96, { dtype: 'float32' }), [8, 3, 4]).multiply(0.01), ops.ones([8, 1]), {
      epochs: 2,
      verbose: 0,
    });
    expect(kernel.value.tolist()).toEqual(before);
    expect(ops.any(ops.notEqual(factor, 0)).item()).toBe(true);
  });
});

describe('saving weights with LoRA', () => {
  const made: [name: string, () => layers.Layer & layers.Adaptable, x: () => Tensor][] = [
    ['Dense', () => new layers.Dense(3, { loraRank: 2 }), () => ops.ones([2, 4])],
    ['Dense without bias', () => new layers.Dense(3, { loraRank: 2, useBias: false }), () => ops.ones([2, 4])],
    [
      'EinsumDense',
      () => new layers.EinsumDense('abc,cde->abde', [null, 2, 3], { biasAxes: 'e', loraRank: 2, loraAlpha: 3 }),
      () => ops.ones([2, 2, 4]),
    ],
    ['Conv2D', () => new layers.Conv2D(3, 2, { loraRank: 2, loraAlpha: 3 }), () => ops.ones([1, 3, 3, 2])],
    ['Embedding', () => new layers.Embedding(4, 3, { loraRank: 2 }), () => ops.convertToTensor([[0, 3]])],
    [
      'ReversibleEmbedding',
      () => new layers.ReversibleEmbedding(4, 3, { loraRank: 2, tieWeights: false }),
      () => ops.convertToTensor([[0, 3]]),
    ],
  ];
  it.each(made)('%s: adds what was learned to the weights, and begins anew', (_, make, x) => {
    const [layer, again] = [make(), make()];
    layer(x());
    again(x());
    layer.lora!.b.assign(ops.ones(layer.lora!.b.shape));
    again.lora!.b.assign(ops.ones(layer.lora!.b.shape));
    const store: layers.VariableStore = {};
    layer.saveOwnVariables(store);
    const kept = layer.weights.filter(({ name }) => !name.startsWith('lora'));
    expect(Object.values(store).map(({ shape }) => shape)).toEqual(kept.map(({ shape }) => shape));
    again.loadOwnVariables(store);
    expect(ops.max(ops.abs(ops.subtract(again(x()), layer(x())))).item()).toBeLessThan(1e-6);
    expect([again.lora!.a, again.lora!.b].map((factor) => ops.max(ops.abs(factor)).item())).toEqual([0, 0]);
    expect(() => again.loadOwnVariables({})).toThrow(/expects? \d/);
  });

  it('loads weights of a layer without', () => {
    const [layer, adapted] = [new layers.EinsumDense('ab,bc->ac', 5), new layers.EinsumDense('ab,bc->ac', 5, { loraRank: 1 })];
    const x = ops.ones([2, 3]);
    layer(x);
    adapted(x);
    const store: layers.VariableStore = {};
    layer.saveOwnVariables(store);
    expect(Object.keys(store)).toEqual(['0']);
    adapted.loadOwnVariables(store);
    expect(adapted(x).tolist()).toEqual(layer(x).tolist());
  });
});
