// LoRA: what layers learn beside weights that stay as they are.
import { describe, expect, it } from '@jest/globals';
import { Input, layers, ops, Sequential } from 'keratin';

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
    layer.lora!.a.assign(ops.ones([4, 2]));
    layer.lora!.b.assign(ops.full([2, 3], 0.5));
    expect(layer(x).tolist()).toEqual(ops.matmul(x, ops.full([4, 3], 3)).tolist());
    const { lora_rank: rank, lora_alpha: alpha } = layer.getConfig();
    expect([rank, alpha]).toEqual([2, 4]);
    const again = layers.deserialize(layers.serialize(layer)) as layers.Dense;
    again.build([null, 4]);
    expect([again.lora!.rank, again.lora!.alpha, again.loraEnabled]).toEqual([2, 4, true]);
    expect('lora_rank' in new layers.Dense(2).getConfig()).toBe(false);
  });

  it('learns beside a kernel that stays', async () => {
    const model = new Sequential([Input([2]), new layers.Dense(1, { loraRank: 1 })]);
    const layer = model.layers[0] as layers.Dense;
    const kernel = layer.kernel.value.tolist();
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    await model.fit(ops.ones([8, 2]), ops.full([8, 1], 5), { epochs: 3, verbose: 0 });
    expect(layer.kernel.value.tolist()).toEqual(kernel);
    expect(layer.lora!.b.value.tolist()).not.toEqual([[0]]);
  });

  it('refuses mistakes', () => {
    const layer = new layers.Dense(3);
    expect(() => layer.enableLora(2)).toThrow(/not built/);
    layer.build([null, 2]);
    expect(() => layer.enableLora(0)).toThrow(/rank/);
    layer.enableLora(1);
    expect(() => layer.enableLora(1)).toThrow(/before/);
    const bound = new layers.Dense(3, { kernelConstraint: 'non_neg' });
    bound.build([null, 2]);
    expect(() => bound.enableLora(1)).toThrow(/constraint/);
  });
});

describe('Embedding.enableLora', () => {
  it('adds the product of two matrices', () => {
    const layer = layers.deserialize({ module: 'keras.layers', class_name: 'Embedding', config: { input_dim: 4, output_dim: 3, embeddings_initializer: 'ones' }, registered_name: null }) as layers.Embedding;
    layer.build();
    layer.enableLora(2);
    layer.lora!.a.assign(ops.ones([4, 2]));
    layer.lora!.b.assign(ops.ones([2, 3]));
    expect((layer(ops.convertToTensor([1, 3]))).tolist()).toEqual([[3, 3, 3], [3, 3, 3]]);
    expect(layer.weights.map(({ name }) => name)).toEqual(['embeddings', 'lora_embeddings_a', 'lora_embeddings_b']);
    expect(layer.getConfig()).toMatchObject({ lora_rank: 2, lora_alpha: 2 });
  });
});
