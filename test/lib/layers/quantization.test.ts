// Quantized layers: what `quantize` makes of weights, and what the layers compute then; with Keras's recordings `quantization` and
// `quantization_einsum`.
import { describe, expect, it } from '@jest/globals';
import { dtypePolicies, Input, layers, ops, optimizers, quantizers, Sequential, type Tensor, vjp } from 'keratin';
import { fixtureNames, readFixture, type RecordedArray, type Spec } from '../../helpers/fixtures.js';
import { expectClose, expectNumbersClose, FLOAT32, make, tensorOf, type Tolerance } from '../../helpers/recorded.js';

interface Plain {
  dtype: string;
  value: RecordedArray;
}
interface LayerCase {
  name: string;
  kind: 'layer';
  spec: Spec;
  inputs: RecordedArray;
  mode: 'int8';
  config: Spec | null;
  lora: number | null;
  training: boolean | null;
  options?: Record<string, unknown> | null;
  before: RecordedArray[];
  adapted: RecordedArray[] | null;
  weights: (Plain & { path: string; shape: number[]; trainable: boolean })[];
  output: Plain;
  policy: string;
  form: unknown;
  cotangent: Plain;
  gradients: (Plain | null)[];
  saved: Plain[];
  params: number;
}
interface TrainingCase {
  name: string;
  kind: 'training';
  spec: Spec;
  mode: 'float8';
  optimizer: Spec;
  x: RecordedArray;
  y: RecordedArray;
  before: RecordedArray[];
  after: RecordedArray[][];
  slots: string[];
}
/** A layer that can be quantized. */
type Quantizable = layers.Dense;

const all = fixtureNames('quantization').flatMap((name) => readFixture<LayerCase | TrainingCase>(name));
const cases = all.filter((recorded): recorded is LayerCase => recorded.kind === 'layer');
const trainings = all.filter((recorded): recorded is TrainingCase => recorded.kind === 'training');

const COARSE: Readonly<Record<string, Tolerance>> = {
  bfloat16: { relative: 1e-2, absolute: 1e-2 },
  float16: { relative: 2e-3, absolute: 2e-3 },
};
const GRADIENT: Readonly<Record<string, Tolerance>> = {
  float32: { relative: 2e-4, absolute: 2e-5 },
  bfloat16: { relative: 5e-2, absolute: 5e-2 },
  float16: { relative: 5e-3, absolute: 5e-3 },
};
function expectPlain(actual: Tensor, { dtype, value }: Plain, tolerance?: Tolerance): void {
  expect({ dtype: actual.dtype, shape: [...actual.shape] }).toEqual({ dtype, shape: value.shape });
  expectNumbersClose(
    Array.from(ops.cast(actual, 'float64').data, Number),
    Array.from(value.data, Number),
    COARSE[dtype] ?? tolerance ?? FLOAT32,
  );
}

/** The layer of a case, quantized and adapted. */
function quantized({ spec, inputs, before, mode, config, lora, adapted, options: given }: LayerCase): Quantizable {
  const layer = make<Quantizable>(layers, spec);
  layer(tensorOf(inputs), given ?? {});
  layer.setWeights(before.map(tensorOf));
  layer.quantize(mode, { config: config === null ? null : make<quantizers.QuantizationConfig>(quantizers, config) });
  if (lora !== null) {
    layer.enableLora(lora, { loraAlpha: 3 });
    layer.weights.filter(({ name }) => name.startsWith('lora')).forEach((variable, i) => variable.assign(tensorOf(adapted![i])));
  }
  return layer;
}
const options = ({ training, options: given }: LayerCase) => ({ ...given, ...(training === null ? {} : { training }) });

describe.each(cases.map((recorded) => [recorded.name, recorded] as const))('%s', (_, recorded) => {
  it('has the weights, the policy and the config of Keras', () => {
    const layer = quantized(recorded);
    const seen = layer.weights.map(({ path, dtype, shape, trainable }) => ({
      path: path.split('/').slice(1).join('/'),
      dtype,
      shape: [...shape],
      trainable,
    }));
    expect(seen).toEqual(recorded.weights.map(({ path, dtype, shape, trainable }) => ({ path, dtype, shape, trainable })));
    layer.weights.forEach((variable, i) => expectPlain(variable.value, recorded.weights[i]));
    expect(layer.dtypePolicy.name).toBe(recorded.policy);
    expect(layer.getConfig().quantization_config ?? null).toEqual(recorded.form);
    expect(layer.countParams()).toBe(recorded.params);
  });

  it('computes as Keras', () => {
    const layer = quantized(recorded);
    expectPlain(layer(tensorOf(recorded.inputs), options(recorded)), recorded.output);
  });

  it('has the gradients of Keras', () => {
    const layer = quantized(recorded);
    const x = tensorOf(recorded.inputs);
    const isFloat = x.dtype === 'float32';
    const state = layer.nonTrainableVariables.map((v) => v.value);
    const trainable = layer.trainableVariables.map((v) => v.value);
    const sources = [...(isFloat ? [x] : []), ...trainable];
    if (sources.length === 0) return;
    const [, pullback] = vjp(
      (...xs: Tensor[]) => layer.statelessCall(isFloat ? xs.slice(1) : xs, state, isFloat ? xs[0] : x, options(recorded))[0] as Tensor,
      ...sources,
    );
    const gradients = [
      pullback(ops.cast(tensorOf(recorded.cotangent.value), recorded.cotangent.dtype as 'float32')) as Tensor | Tensor[],
    ].flat();
    recorded.gradients.forEach((expected, i) => {
      if (expected !== null) expectPlain(gradients[i], expected, GRADIENT[recorded.output.dtype] ?? GRADIENT.float32);
    });
  });

  it('is saved as Keras does, with what was learned beside the weights, and made again', () => {
    const layer = quantized(recorded);
    const store: layers.VariableStore = {};
    layer.saveOwnVariables(store);
    expect(Object.keys(store)).toEqual(recorded.saved.map((_, i) => String(i)));
    recorded.saved.forEach((expected, i) => expectPlain(ops.convertToTensor(store[i]), expected));
    const again = layers.deserialize(layers.serialize(layer)) as Quantizable;
    again.build(recorded.inputs.shape);
    again.loadOwnVariables(store);
    expect(again.weights.map(({ name }) => name).sort()).toEqual(layer.weights.map(({ name }) => name).sort());
    if (recorded.lora === null)
      expect(again(tensorOf(recorded.inputs), options(recorded)).tolist()).toEqual(
        layer(tensorOf(recorded.inputs), options(recorded)).tolist(),
      );
  });
});

describe.each(trainings.map((recorded) => [recorded.name, recorded] as const))('training: %s', (_, recorded) => {
  it('follows Keras step by step', async () => {
    const layer = make<Quantizable>(layers, recorded.spec);
    const model = new Sequential([Input([3]), layer]);
    layer.setWeights(recorded.before.map(tensorOf));
    layer.quantize(recorded.mode);
    model.compile({ optimizer: make<optimizers.Optimizer>(optimizers, recorded.optimizer), loss: 'mse' });
    for (const after of recorded.after) {
      await model.trainOnBatch(tensorOf(recorded.x), tensorOf(recorded.y));
      layer.weights.forEach((variable, i) => expectClose(variable.value, after[i], { relative: 1e-4, absolute: 1e-5 }));
    }
    expect(model.optimizer.variables.length).toBe(recorded.slots.length);
  });
});

describe('quantize', () => {
  const built = (options = {}): layers.Dense => {
    const layer = new layers.Dense(3, options);
    layer.build([null, 4]);
    return layer;
  };

  it('takes a mode, a config or both', () => {
    const config = new quantizers.Int4QuantizationConfig({ blockSize: 2 });
    const [a, b, c, d] = [built(), built(), built(), built()];
    a.quantize('int4', { config });
    b.quantize({ config });
    c.quantize(null, { config: 'int4' });
    d.quantize({ mode: 'int8' });
    expect([a, b, c, d].map(({ dtypePolicy }) => dtypePolicy.name)).toEqual([
      'int4/2_from_float32',
      'int4/2_from_float32',
      'int4/128_from_float32',
      'int8_from_float32',
    ]);
    expect(a.quantizationConfig).toBe(config);
  });

  it('refuses mistakes', () => {
    expect(() => new layers.Dense(3).quantize('int8')).toThrow(/not built/);
    expect(() => built().quantize('int9' as 'int8')).toThrow(/unknown quantization mode 'int9'; did you mean 'int8'/);
    expect(() => built().quantize()).toThrow(/give a mode/);
    expect(() => built().quantize('int4', { config: new quantizers.Int8QuantizationConfig() })).toThrow(
      /the mode is 'int4', but that of the config is 'int8'/,
    );
    expect(() => built().quantize('int8', { config: {} as quantizers.QuantizationConfig })).toThrow(/must be a QuantizationConfig/);
    expect(() => built().quantize('int8', { confg: null } as object)).toThrow(/unknown option 'confg'/);
    expect(() => built().quantize({ mode: 'int8' }, { confg: null } as object)).toThrow(/unknown option 'confg'/);
    expect(() => built().quantize(new quantizers.Int8QuantizationConfig() as object)).toThrow(
      /expected a mode first, received a Int8QuantizationConfig; give it as the option config/,
    );
    expect(() => built({ dtype: 'float16' }).quantize('int8')).toThrow(/float16/);
    expect(() => built().quantize('gptq')).toThrow(/quantizes by data/);
    const norm = new layers.LayerNormalization();
    norm.build([null, 4]);
    expect(() => norm.quantize('int8')).toThrow(/cannot be quantized/);
    const layer = built();
    layer.quantize('int8');
    expect(() => layer.quantize('int8')).toThrow(/quantized already/);
    expect(() => new layers.Dense(3, { quantizationConfig: 1 as unknown as null })).toThrow(
      /quantizationConfig must be a QuantizationConfig/,
    );
    const ternary = new layers.TernaryDense(3);
    ternary.build([null, 4]);
    expect(() => ternary.quantize('int8')).toThrow(/cannot be quantized in mode 'int8'; expected one of ternary/);
  });

  it('refuses classes that extend a layer, unless told not to', () => {
    class Own extends layers.Dense {}
    const layer = new Own(3);
    layer.build([null, 4]);
    expect(() => layer.quantize('int8')).toThrow(/extends a layer/);
    layer.quantize('int8', { typeCheck: false });
    expect(layer.quantizationMode).toBe('int8');
  });

  it('refuses LoRA where a mode has no product beside it', () => {
    const layer = built();
    layer.quantize('float8');
    expect(() => layer.enableLora(2)).toThrow(/LoRA does not go with the quantization mode 'float8'/);
    const adapted = built({ loraRank: 2 });
    expect(() => adapted.quantize('ternary')).toThrow(/LoRA/);
    expect(adapted.weights.map(({ name }) => name)).toEqual(['kernel', 'bias', 'lora_kernel_a', 'lora_kernel_b']);
  });

  it('follows a policy that is set on a built layer', () => {
    const layer = built();
    layer.dtypePolicy = 'int4/2_from_float32';
    expect([layer.isQuantized, layer.dtypePolicy.name]).toEqual([true, 'int4/2_from_float32']);
    expect(layer.weights.map(({ name, shape }) => [name, ...shape])).toEqual([
      ['bias', 3],
      ['kernel', 4, 2],
      ['kernel_scale', 2, 3],
      ['kernel_zero', 2, 3],
      ['g_idx', 4],
    ]);
  });

  it('keeps what a policy says about float8', () => {
    const dtype = new dtypePolicies.QuantizedFloat8DTypePolicy('float8', { sourceName: 'float32', amaxHistoryLength: 5 });
    const layer = built({ dtype });
    expect(layer.weights.map(({ name, shape }) => [name, ...shape])).toEqual([
      ['inputs_scale'],
      ['inputs_amax_history', 5],
      ['kernel_scale'],
      ['kernel_amax_history', 5],
      ['outputs_grad_scale'],
      ['outputs_grad_amax_history', 5],
      ['kernel', 4, 3],
      ['bias', 3],
    ]);
    expect(Object.entries(layers.deserialize(layers.serialize(layer)).dtypePolicy.getConfig())).toContainEqual(['amax_history_length', 5]);
  });

  it('lets a layer of one\'s own quantize itself', () => {
    class Half extends layers.Layer {
      halved = false;
      override call(x: Tensor): Tensor {
        return x;
      }
      override quantizedCall(x: Tensor): Tensor {
        return ops.divide(x, 2);
      }
      override quantize(): void {
        this.dtypePolicy = 'int8_from_float32';
      }
      override get isQuantized(): boolean {
        return this.quantizationMode !== null;
      }
    }
    const model = new Sequential([Input([2]), new Half()]);
    model.quantize('int8', { verbose: false });
    expect((model(ops.ones([1, 2]))).tolist()).toEqual([[0.5, 0.5]]);
  });
});

describe('Model.quantize', () => {
  const make = (): Sequential =>
    new Sequential(
      [
        Input([6]),
        new layers.Dense(4, { name: 'first' }),
        new layers.LayerNormalization({ name: 'norm' }),
        new Sequential([Input([4]), new layers.Dense(3, { name: 'second' })], { name: 'inner' }),
      ],
      { name: 'net' },
    );

  it('quantizes the layers that can be, and tells what it did', async () => {
    const model = make();
    const x = ops.ones([2, 6]);
    const before = await model.predict(x, { verbose: 0 });
    const report = model.quantize('int8', { verbose: false });
    expect(report.quantized).toEqual([['inner/second', 'int8', 'int8_from_float32'], ['net/first', 'int8', 'int8_from_float32']].reverse());
    expect(report.skipped).toEqual([['net/norm', 'no quantize support']]);
    expect([report.numQuantized, report.numSkipped, report.numErrors]).toEqual([2, 1, 0]);
    expect(report.summaryWarning()).toBe(
      "`model.quantize()`: 1 layer(s) were skipped because they do not support quantization (e.g. 'net/norm'). " +
        "Quantized 2 layer(s) in mode 'int8'. Call `model.quantizationSummary()` or inspect the returned `QuantizationReport` for details.",
    );
    expect(report.render().split('\n')).toEqual([
      "Quantization report (mode='int8')",
      '='.repeat(65),
      'Quantized 2 layer(s):',
      '  - net/first (int8): int8_from_float32',
      '  - inner/second (int8): int8_from_float32',
      'Skipped 1 layer(s):',
      '  - net/norm: no quantize support',
    ]);
    // Also what was compiled before.
    const after = await model.predict(x, { verbose: 0 });
    expect(after.tolist()).not.toEqual(before.tolist());
    expect(after.tolist()).toEqual((model(x)).tolist());
    expect(model.quantize('int4', { verbose: false }).skippedByReason('already quantized')).toEqual(['net/first', 'inner/second']);
    expect(model.quantizationSummary({ verbose: false }).split('\n')).toEqual([
      "Quantization summary for 'net'", '='.repeat(65),
      'Layer: net/first', '  dtype policy : int8_from_float32', '  weight store : int8 (24 bytes)',
      'Layer: inner/second', '  dtype policy : int8_from_float32', '  weight store : int8 (12 bytes)', '-'.repeat(65),
      'Quantized layers : 2', 'Quantized params : 36', 'Weight storage   : 36 bytes quantized vs 144 bytes float32 (4.00x smaller)',
    ]);
  });

  it('leaves out what filters do not mean', () => {
    const names = (filters: Parameters<Sequential['quantize']>[1]) =>
      make()
        .quantize('int8', { verbose: false, ...filters })
        .quantized.map(([path]) => path.split('/').at(-1));
    expect(names({ filters: '^sec' })).toEqual(['second']);
    expect(names({ filters: ['irst', /second/] })).toEqual(['first', 'second']);
    expect(names({ filters: (layer) => layer.name === 'first' })).toEqual(['first']);
    expect(() => make().quantize('int8', { filters: 3 as unknown as string })).toThrow(/filters must be/);
    expect(() => make().quantize()).toThrow(/give a mode/);
    expect(() => make().quantize(new quantizers.Int8QuantizationConfig() as object)).toThrow(/give it as the option config/);
    expect(() => new Sequential([new layers.Dense(2)]).quantize('int8')).toThrow(/not built/);
  });

  it('trains what is left to train', async () => {
    const model = make();
    model.quantize('int8', { verbose: false });
    for (const layer of model.layers) if (layer instanceof layers.Dense) layer.enableLora(2);
    model.compile({ optimizer: 'adam', loss: 'mse' });
    const { history } = await model.fit(ops.ones([8, 6]), ops.ones([8, 3]), { epochs: 5, verbose: 0 });
    expect(history.loss.at(-1)!).toBeLessThan(history.loss[0]);
  });

  it('is kept in the config', async () => {
    const model = make();
    model.quantize('int4', { config: new quantizers.Int4QuantizationConfig({ blockSize: 3 }), verbose: false });
    const again = Sequential.fromConfig(model.getConfig());
    again.setWeights(model.getWeights());
    const x = ops.ones([2, 6]);
    expect((await again.predict(x, { verbose: 0 })).tolist()).toEqual((model(x)).tolist());
  });
});
