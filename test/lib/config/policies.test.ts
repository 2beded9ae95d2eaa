// Dtype policies: names, config forms, maps by path, and what layers and models make of them.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { resetNames } from '#lib/base/names.js';
import {
  config,
  dtypePolicies,
  DTypePolicy,
  FloatDTypePolicy,
  GradientTape,
  Input,
  layers,
  mixedPrecision,
  ops,
  optimizers,
  Sequential,
  utils,
  type Tensor,
} from 'keratin';
import { readFixture } from '../../helpers/fixtures.js';

type Form = Parameters<typeof dtypePolicies.deserialize>[0];
interface PolicyCase {
  name: string;
  kind: 'policy';
  form: Form;
  repr: string | null;
  policy_name: string;
  compute_dtype: string;
  variable_dtype: string;
  quantization_mode: string | null;
}
interface LayerCase {
  name: string;
  kind: 'layer';
  policy: 'mixed_float16';
  output: string;
  layer: { config: Record<string, unknown> };
  weights: [string, string][];
}

const recorded = readFixture<PolicyCase | LayerCase>('policies');
beforeEach(resetNames);
afterEach(() => config.setDtypePolicy('float32'));

describe.each(recorded.filter((c): c is PolicyCase => c.kind === 'policy'))(
  'policy $name',
  ({ form, repr, policy_name, compute_dtype, variable_dtype, quantization_mode }) => {
    it('is read and written as Keras does', () => {
      const policy = dtypePolicies.deserialize(form);
      expect(dtypePolicies.serialize(policy)).toEqual(form);
      expect([policy.name, policy.computeDtype, policy.variableDtype, policy.quantizationMode]).toEqual([
        policy_name,
        compute_dtype,
        variable_dtype,
        quantization_mode,
      ]);
      if (repr !== null) expect(String(policy)).toBe(repr);
      expect(policy.equals(dtypePolicies.deserialize(form))).toBe(true);
      if (!policy_name.startsWith('map_')) expect(dtypePolicies.get(policy_name as 'float32').computeDtype).toBe(compute_dtype);
      expect(utils.serializeKerasObject(utils.deserializeKerasObject(form))).toEqual(form);
    });
  },
);

describe.each(recorded.filter((c): c is LayerCase => c.kind === 'layer'))('$name', ({ policy, output, layer: form, weights }) => {
  it('has the dtypes and config of Keras', () => {
    config.setDtypePolicy(policy);
    const layer = new layers.Dense(2, { activation: 'relu' });
    expect(layer(ops.ones([3, 4])).dtype).toBe(output);
    expect(layer.weights.map((w) => [w.path, w.dtype])).toEqual(weights);
    expect(layer.getConfig().dtype).toEqual(form.config.dtype);
  });
});

describe('policies', () => {
  it('refuses what is no policy', () => {
    expect(() => new DTypePolicy('float33' as never)).toThrow(/unknown policy 'float33'; did you mean 'float32'/);
    expect(() => dtypePolicies.get('int8_float32' as never)).toThrow(/int8_float32/);
    expect(() => new dtypePolicies.QuantizedDTypePolicy('int9')).toThrow(/int8/);
    expect(() => new dtypePolicies.QuantizedDTypePolicy('int8', 'mixed_float16')).toThrow(/float16/);
    expect(() => new dtypePolicies.Int4DTypePolicy('int4/0')).toThrow(RangeError);
    expect(() => new dtypePolicies.GPTQDTypePolicy('gptq/5/8')).toThrow(/2, 3, 4, 8/);
    expect(() => config.setDtypePolicy(3 as never)).toThrow(/mixed_float16/);
    expect(() => dtypePolicies.get({ class_name: 'DTypePolice', config: {} } as never)).toThrow(/DTypePolicy/);
  });

  it('does not compute otherwise than a quantized policy says', () => {
    expect(() => new layers.LayerNormalization({ dtype: 'int8_from_float32' })(ops.ones([1, 2]))).toThrow(
      /cannot be quantized, received mode 'int8'/,
    );
    expect(() => new layers.Embedding(2, 3, { dtype: 'float8_from_float32' })(ops.zeros([1, 2]))).toThrow(
      /cannot be quantized in mode 'float8'; expected one of int8, int4/,
    );
  });

  it('takes the two plain classes for one', () => {
    expect(new DTypePolicy('float16').equals(new FloatDTypePolicy('float16'))).toBe(true);
    expect(new DTypePolicy('float16').equals(new dtypePolicies.QuantizedDTypePolicy('int4', 'float16'))).toBe(false);
  });

  it('converts inputs', () => {
    const policy = new DTypePolicy('mixed_bfloat16');
    expect((policy.convertInput(ops.ones([2]), true, 'bfloat16') as Tensor).dtype).toBe('bfloat16');
    expect((policy.convertInput(ops.ones([2]), false, 'bfloat16') as Tensor).dtype).toBe('float32');
    expect((policy.convertInput(ops.ones([2], { dtype: 'int32' }), true, 'bfloat16') as Tensor).dtype).toBe('int32');
    expect(policy.convertInput('text', true, 'bfloat16')).toBe('text');
  });

  it('is the global one under every name', () => {
    mixedPrecision.setGlobalPolicy('mixed_bfloat16');
    expect(mixedPrecision.globalPolicy().name).toBe('mixed_bfloat16');
    expect(new layers.Dense(1).computeDtype).toBe('bfloat16');
    expect(new layers.Dense(1, { dtype: 'float32' }).computeDtype).toBe('float32');
    expect(new mixedPrecision.Policy(null).name).toBe('mixed_bfloat16');
  });
});

describe('DTypePolicyMap', () => {
  it('finds exact keys, expressions and the default', () => {
    const map = new dtypePolicies.DTypePolicyMap({ defaultPolicy: 'float32' });
    map.set('encoder/layer_0/dense', 'bfloat16').set('encoder/.*', 'float16').set('decoder', 'bfloat16');
    expect(['encoder/layer_0/dense', 'encoder/attention/query', 'decoder/attention', 'decoder'].map((path) => map.get(path).name)).toEqual([
      'bfloat16',
      'float16',
      'float32',
      'bfloat16',
    ]);
    expect([...map]).toEqual(['encoder/layer_0/dense', 'encoder/.*', 'decoder']);
    map.set('encoder/attention/.*', 'bfloat16');
    expect(() => map.get('encoder/attention/query')).toThrow(/several keys/);
    expect(() => map.set('decoder', 'float16')).toThrow(/there already/);
    expect(map.delete('decoder').name).toBe('bfloat16');
    expect(map.length).toBe(3);
    expect(() => new dtypePolicies.DTypePolicyMap({ defaultPolicy: map })).toThrow(/map/);
  });

  it('gives layers the policies of their paths', () => {
    const policies = new dtypePolicies.DTypePolicyMap({ defaultPolicy: 'float32', policyMap: { 'block/inner': 'mixed_bfloat16' } });
    class Block extends layers.Layer {
      inner = new layers.Dense(2, { name: 'inner', dtype: this.dtypePolicy });
      outer = new layers.Dense(2, { name: 'outer', dtype: this.dtypePolicy });
      override call(x: Tensor): unknown { return this.outer(this.inner(x)); }
    }
    const block = new Block({ name: 'block', dtype: policies });
    block(ops.ones([1, 3]));
    expect([block.inner.computeDtype, block.outer.computeDtype, block.inner.path]).toEqual(['bfloat16', 'float32', 'block/inner']);
    const form = dtypePolicies.serialize(block.inner.dtypePolicy);
    expect(dtypePolicies.serialize(dtypePolicies.deserialize(form))).toEqual(form);
  });
});

describe('mixed precision', () => {
  it('scales the loss of models in mixed_float16', async () => {
    config.setDtypePolicy('mixed_float16');
    const model = new Sequential([Input([3]), new layers.Dense(4, { activation: 'relu' }), new layers.Dense(1)]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    expect(model.optimizer).toBeInstanceOf(optimizers.LossScaleOptimizer);
    const history = await model.fit(ops.ones([8, 3]), ops.ones([8, 1]), { epochs: 12, verbose: 0 });
    const { loss } = history.history;
    expect(loss[11]).toBeLessThan(loss[0]);
    expect(model.weights.map((w) => w.dtype)).toEqual(['float32', 'float32', 'float32', 'float32']);
    model.compile({ optimizer: 'sgd', loss: 'mse', autoScaleLoss: false });
    expect(model.optimizer).not.toBeInstanceOf(optimizers.LossScaleOptimizer);
  });

  it('keeps gradients in the dtype of the variables', () => {
    const layer = new layers.Dense(2, { dtype: 'mixed_bfloat16' });
    const x = ops.ones([2, 3]);
    layer(x);
    const tape = new GradientTape();
    const loss = tape.record(() => ops.sum(layer(x)));
    const gradients = tape.gradient(loss, layer.trainableWeights) as Tensor[];
    expect(gradients.map(({ dtype }) => dtype)).toEqual(['float32', 'float32']);
  });
});

describe.each(['mixed_float16', 'mixed_bfloat16'] as const)('layers in %s', (policy) => {
  const image = [2, 6, 6, 3];
  const cases: [string, () => layers.Layer, number[]][] = [
    ['Dense', () => new layers.Dense(3, { activation: 'gelu' }), [2, 3]],
    ['BatchNormalization', () => new layers.BatchNormalization(), image],
    ['LayerNormalization', () => new layers.LayerNormalization(), [2, 3]],
    ['GroupNormalization', () => new layers.GroupNormalization({ groups: 3 }), image],
    ['MaxPooling2D', () => new layers.MaxPooling2D(2), image],
    ['AveragePooling2D', () => new layers.AveragePooling2D(2), image],
    ['GlobalAveragePooling2D', () => new layers.GlobalAveragePooling2D(), image],
    ['Softmax', () => new layers.Softmax(), [2, 3]],
    ['PReLU', () => new layers.PReLU(), [2, 3]],
    ['Dropout', () => new layers.Dropout(0.5), [2, 3]],
    ['UpSampling2D', () => new layers.UpSampling2D(2), image],
    ['ZeroPadding2D', () => new layers.ZeroPadding2D(1), image],
  ];

  it.each(cases)('%s computes in half, and differentiates', (_, make, shape) => {
    config.setDtypePolicy(policy);
    const layer = make();
    const x = ops.divide(ops.reshape(ops.arange(shape.reduce((a, b) => a * b, 1), { dtype: 'float32' }), shape), 7);
    const tape = new GradientTape();
    tape.watch(x);
    const loss = tape.record(() => {
      const y = layer(x, { training: true });
      expect(y.dtype).toBe(policy.slice('mixed_'.length));
      return ops.sum(ops.square(y));
    });
    for (const gradient of tape.gradient(loss, [...layer.trainableWeights, x]) as Tensor[]) expect(gradient.dtype).toBe('float32');
  });
});
