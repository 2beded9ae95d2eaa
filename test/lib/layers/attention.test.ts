// Attention, EinsumDense and layers around layers: what the recordings do not say: errors, symbols, configs, masks, training.
import { describe, expect, it } from '@jest/globals';
import { GradientTape, Input, layers, Model, models, ops, optimizers, Sequential, type Tensor } from 'keratin';
import { getMask, setMask } from '#lib/symbolic/mask.js';

const ones = (...shape: number[]): Tensor => ops.ones(shape);
const ramp = (...shape: number[]): Tensor =>
  ops.reshape(
    ops.divide(
      ops.arange(
        shape.reduce((a, b) => a * b, 1),
        { dtype: 'float32' },
      ),
      10,
    ),
    shape,
  );

describe('EinsumDense', () => {
  it.each([
    ['abc', 3, undefined, /must have the form/],
    ['ab,bc->ac', [3, 4], undefined, /outputShape \(3, 4\) does not fit/],
    ['ab,bc->ac', 3, 'z', /biasAxes names 'z'/],
    ['ab,bc->ad', 3, undefined, /'d' is in neither/],
    ['ab,bd->a', [], undefined, /kernel's axis 'd'/],
    ['ab,ab->ab', 5, undefined, /axis 'b' has size 4 in the inputs and 5/],
  ])('%s with output %j refuses what contradicts', (equation, shape, biasAxes, message) => {
    expect(() => new layers.EinsumDense(equation, shape, { biasAxes: biasAxes ?? null })(ones(2, 4))).toThrow(message);
  });
  it('draws kernels with the fans of its equation', () => {
    const layer = new layers.EinsumDense('abc,cde->abde', [null, 50, 4], { kernelInitializer: 'glorot_uniform' });
    layer.build([null, 3, 10]);
    const limit = Math.sqrt(6 / (10 + 200));
    const largest = ops.max(ops.abs(layer.kernel)).item();
    expect(largest).toBeLessThanOrEqual(limit);
    expect(largest).toBeGreaterThan(0.95 * limit);
  });
});

describe.each([
  ['MultiHeadAttention', () => new layers.MultiHeadAttention(2, 3, { seed: 1 })],
  ['GroupQueryAttention', () => new layers.GroupQueryAttention(3, 4, 2, { seed: 1 })],
])('%s', (name, make) => {
  it('is called on a query and a value', () => {
    expect(() => make()(ones(1, 2, 4))).toThrow(/is called on a query and a value, as layer\(query, value, options\), received 1 input/);
    expect(() => make()(ones(1, 2, 4), ones(1, 2, 4), { useCasualMask: true })).toThrow(/did you mean 'useCausalMask'/);
    expect(() => make()(ones(1, 2, 4), ones(1, 2, 4), { key: ones(1, 3, 4) })).toThrow(/value and key must agree/);
    expect(() => new layers.MultiHeadAttention(2, 3, { flashAttention: true as never })).toThrow(/flash attention needs an accelerator/);
  });
  it('takes its inputs by their names, and the key in the options', () => {
    const layer = make();
    const [query, value, key] = [ramp(2, 3, 4), ramp(2, 5, 4), ops.negative(ramp(2, 5, 4))];
    const expected = layer(query, value, { key }).tolist();
    expect(layer({ query, value, key }).tolist()).toEqual(expected);
    expect(layer(query, value, key).tolist()).toEqual(expected);
    expect(layer(query, value).tolist()).not.toEqual(expected);
  });
  it('gives its config, also in a model with a key', () => {
    const [query, value, key] = [[3, 4], [5, 4], [5, 4]].map((shape) => Input(shape));
    const layer = make();
    const model = new Model([query, value, key], layer(query, value, { key, useCausalMask: true }));
    const again = models.modelFromJson(model.toJson());
    again.setWeights(model.getWeights());
    const data = [ramp(2, 3, 4), ramp(2, 5, 4), ops.negative(ramp(2, 5, 4))];
    expect(again(data).tolist()).toEqual(model(data).tolist());
    expect(layer.getBuildConfig()).toEqual({
      shapes_dict: { query_shape: [null, 3, 4], value_shape: [null, 5, 4], key_shape: [null, 5, 4] },
    });
    const node = (
      JSON.parse(model.toJson()) as { config: { layers: { class_name: string; inbound_nodes: { args: unknown[]; kwargs: object }[] }[] } }
    ).config.layers.find((l) => l.class_name === name)!;
    expect(node.inbound_nodes[0].args).toHaveLength(2);
    expect(Object.keys(node.inbound_nodes[0].kwargs).sort()).toEqual(['key', 'use_causal_mask']);
    expect(layers.serialize(layers.deserialize(layers.serialize(layer)))).toEqual(layers.serialize(layer));
  });
  it('tells shapes of outputs and scores on symbols of unknown lengths', () => {
    const [outputs, scores] = make()(Input([null, 4]), Input([7, 4]), { returnAttentionScores: true });
    expect(outputs.shape).toEqual([null, null, 4]);
    expect(scores.shape).toEqual([null, name === 'MultiHeadAttention' ? 2 : 4, null, 7]);
    expect(make().computeOutputShape([null, 3, 4], [null, 5, 4])).toEqual([null, 3, 4]);
  });
  it('heeds masks that inputs carry, and hands on that of the query', () => {
    const layer = make();
    const query = setMask(ramp(1, 2, 4), ops.convertToTensor([[true, false]]));
    const value = setMask(ramp(1, 3, 4), ops.convertToTensor([[true, true, false]]));
    const output = layer(query, value);
    expect(getMask(output)!.tolist()).toEqual([[true, false]]);
    const [, scores] = layer(query, value, { returnAttentionScores: true });
    expect(ops.max(ops.abs(scores.slice([0, 0, 0, 2], [1, scores.shape[1], 2, 1]))).item()).toBe(0);
  });
  it('looks at a mask of the query in the options where Keras does', () => {
    const [query, value, queryMask] = [ramp(1, 2, 4), ramp(1, 3, 4), ops.convertToTensor([[true, false]])];
    const layer = make();
    const scores = layer(query, value, { queryMask, returnAttentionScores: true })[1];
    const carried = layer(setMask(ops.copy(query), queryMask), value, {
      queryMask: ops.onesLike(queryMask),
      returnAttentionScores: true,
    })[1];
    const plain = layer(query, value, { returnAttentionScores: true })[1];
    const same = (a: Tensor, b: Tensor): boolean => JSON.stringify(a.tolist()) === JSON.stringify(b.tolist());
    expect([same(scores, plain), same(carried, plain)]).toEqual(name === 'MultiHeadAttention' ? [true, false] : [false, true]);
  });
  it('has float16 outputs and float32 weights in mixed precision', () => {
    const layer =
      name === 'MultiHeadAttention'
        ? new layers.MultiHeadAttention(2, 3, { dtype: 'mixed_float16' })
        : new layers.GroupQueryAttention(3, 4, 2, { dtype: 'mixed_float16' });
    expect(layer(ramp(1, 2, 4), ramp(1, 3, 4)).dtype).toBe('float16');
    expect(layer.weights.every(({ dtype }) => dtype === 'float32')).toBe(true);
  });
});

describe('names', () => {
  it('are those of Keras', () => {
    const layer = new layers.GroupQueryAttention(3, 4, 2);
    expect(layer.name).toMatch(/^grouped_query_attention/);
    expect(layers.serialize(layer).class_name).toBe('GroupQueryAttention');
    expect(() => new layers.GroupQueryAttention(3, 4, 3)).toThrow(/numQueryHeads must be a multiple of numKeyValueHeads, received 4 and 3/);
  });
});

describe('dropout of attention', () => {
  const makers = [
    () => new layers.MultiHeadAttention(2, 3, { dropout: 0.5, seed: 3 }),
    () => new layers.GroupQueryAttention(3, 4, 2, { dropout: 0.5, seed: 3 }),
  ];
  it.each(makers)('drops weights in training only, by its seed', (make) => {
    const [a, b] = [make(), make()];
    const x = ramp(2, 6, 4);
    a(x, x);
    b(x, x);
    b.setWeights(a.getWeights());
    expect(a(x, x, { training: true }).tolist()).toEqual(b(x, x, { training: true }).tolist());
    expect(a(x, x, { training: true }).tolist()).not.toEqual(a(x, x).tolist());
  });
  it('of Attention too', () => {
    const layer = new layers.Attention({ dropout: 0.5, seed: 3 });
    const x = ramp(2, 6, 4);
    expect((layer([x, x], { training: true })).tolist()).not.toEqual((layer([x, x])).tolist());
  });
});

describe('Attention', () => {
  it('is called on two or three inputs', () => {
    expect(() => new layers.Attention()(ones(2, 3, 4))).toThrow(/array \[query, value\] or \[query, value, key\]/);
    expect(() => new layers.Attention()([ones(2, 3, 4)])).toThrow(/received .*an array of 1/);
    expect(() => new layers.AdditiveAttention()([ones(2, 3, 4), ones(2, 3, 4)], { mask: ones(2, 3) as never })).toThrow(
      /mask must be an array \[queryMask, valueMask\]/,
    );
  });
  it('sets outputs of masked queries to 0 and gives masked values no weight', () => {
    const mask = [ops.convertToTensor([[true, false]]), ops.convertToTensor([[true, false, true]])];
    const [outputs, weights] = new layers.Attention()([ramp(1, 2, 4), ramp(1, 3, 4)], { mask, returnAttentionScores: true }) as unknown as [
      Tensor,
      Tensor,
    ];
    expect(outputs.at(0).at(1).tolist()).toEqual([0, 0, 0, 0]);
    expect(weights.at(0).at(0).at(1).item()).toBe(0);
    expect(getMask(outputs)!.tolist()).toEqual([[true, false]]);
  });
  it('is a base of AdditiveAttention, whose config has no score mode', () => {
    const layer = new layers.AdditiveAttention();
    expect(layer).toBeInstanceOf(layers.Attention);
    expect(Object.keys(layer.getConfig())).toEqual(['name', 'trainable', 'dtype', 'use_scale', 'dropout', 'seed']);
  });
  it('hides later values behind a causal mask', () => {
    const [, weights] = new layers.Attention()([ramp(1, 3, 2), ramp(1, 3, 2)], {
      useCausalMask: true,
      returnAttentionScores: true,
    }) as unknown as [Tensor, Tensor];
    expect(ops.max(ops.triu(weights.at(0), { k: 1 })).item()).toBe(0);
  });
});

describe('ReversibleEmbedding', () => {
  it('goes back to scores, in another dtype and within bounds', () => {
    const layer = new layers.ReversibleEmbedding(5, 3, { reverseDtype: 'float64', logitSoftCap: 0.5 });
    layer.build();
    layer.setWeights([ops.multiply(ramp(5, 3), 10)]);
    const scores = layer(ramp(2, 4, 3), { reverse: true });
    expect({ shape: scores.shape, dtype: scores.dtype }).toEqual({ shape: [2, 4, 5], dtype: 'float64' });
    const plain = ops.matmul(ops.cast(ramp(2, 4, 3), 'float64'), ops.transpose(ops.cast(layer.embeddings, 'float64')));
    expect(scores.tolist()).toEqual(ops.multiply(ops.tanh(ops.divide(plain, 0.5)), 0.5).tolist());
    const symbol = layer(Input([4, 3]), { reverse: true });
    expect({ shape: symbol.shape, dtype: symbol.dtype }).toEqual({ shape: [null, 4, 5], dtype: 'float64' });
    expect(layer.computeOutputShape([2, 4, 3], { reverse: true })).toEqual([2, 4, 5]);
  });
  it('masks zeros forwards only', () => {
    const layer = new layers.ReversibleEmbedding(5, 3, { maskZero: true });
    const vectors = layer(ops.convertToTensor([[1, 0]]));
    expect(getMask(vectors)!.tolist()).toEqual([[true, false]]);
    expect(getMask(layer(vectors, { reverse: true }))).toBeNull();
  });
  it('names the nearest option', () => {
    expect(() => new layers.ReversibleEmbedding(5, 3, { tieWeight: true } as never)).toThrow(/did you mean 'tieWeights'/);
  });
});

describe('TimeDistributed', () => {
  it('refuses inputs without time, and masks that do not fit', () => {
    const make = () => new layers.TimeDistributed(new layers.Dense(2));
    expect(() => make()(ones(2, 3))).toThrow(/at least 3 axes/);
    expect(() => make()(ones(2, 3, 4), { mask: ops.ones([2, 4], { dtype: 'bool' }) })).toThrow(/the mask must have the batch and time/);
  });
  it('takes sequences of unknown and of no length', () => {
    const layer = new layers.TimeDistributed(new layers.Dense(2));
    expect(layer(Input([null, 4])).shape).toEqual([null, null, 2]);
    expect(layer(ones(2, 0, 4)).shape).toEqual([2, 0, 2]);
  });
});

describe('SpectralNormalization', () => {
  it('wraps layers with weights to normalize, and needs steps', () => {
    expect(() => new layers.SpectralNormalization(new layers.Flatten())(ones(2, 3))).toThrow(/neither a kernel nor embeddings/);
    expect(() => new layers.SpectralNormalization(new layers.Dense(2), { powerIterations: 0 })).toThrow(
      /powerIterations must be an integer >= 1/,
    );
  });
  it('has a kernel of norm 1 after steps of training', async () => {
    const layer = new layers.SpectralNormalization(new layers.Dense(3, { useBias: false }), { powerIterations: 30 });
    const model = new Sequential([Input([4]), layer]);
    model.compile({ optimizer: new optimizers.SGD(0), loss: 'mse' });
    await model.fit(ramp(8, 4), ones(8, 3), { epochs: 20, verbose: 0 });
    expect(ops.norm(layer.kernel, { ord: 2 }).item()).toBeCloseTo(1, 4);
  });
  it('has the gradient of the normalized kernel', () => {
    const layer = new layers.SpectralNormalization(new layers.Dense(3, { useBias: false }));
    const x = ramp(2, 4);
    layer(x);
    const tape = new GradientTape();
    const sum = tape.record(() => ops.sum(layer(x, { training: true })));
    const [gradient] = tape.gradient(sum, [layer.kernel]) as Tensor[];
    expect(gradient.tolist()).toEqual(ops.transpose(ops.broadcastTo(ops.sum(x, { axis: 0 }), [3, 4])).tolist());
  });
});

describe('a layer that is not trainable', () => {
  const trainables = (layer: layers.Layer) => layer.weights.map(({ trainable }) => trainable);
  it('has weights that are not, from the option and from the property', () => {
    const made = new layers.Dense(2, { trainable: false });
    made.build([null, 3]);
    expect(trainables(made)).toEqual([false, false]);
    made.trainable = true;
    expect(trainables(made)).toEqual([true, true]);
    const set = new layers.BatchNormalization();
    set.trainable = false;
    set.build([null, 3]);
    expect(trainables(set)).toEqual([false, false, false, false]);
    set.trainable = true;
    expect(trainables(set)).toEqual([true, true, false, false]);
  });
  it('leaves the layers inside as they are when it is made so', () => {
    const layer = new layers.MultiHeadAttention(2, 3, { trainable: false });
    layer.build([null, 4, 3], [null, 4, 3]);
    expect(layer.trainableWeights).toEqual([]);
    expect(new Set(trainables(layer))).toEqual(new Set([true]));
    layer.trainable = false;
    expect(new Set(trainables(layer))).toEqual(new Set([false]));
  });
});
