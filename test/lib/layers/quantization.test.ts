// Quantized layers: what `quantize` makes of weights, and what the layers compute then; with Keras's recording `quantization`.
import { describe, expect, it } from '@jest/globals';
import { dtypePolicies, Input, layers, ops, optimizers, quantizers, Sequential, type Tensor, vjp } from 'keratin';
import { readFixture, type RecordedArray, type Spec } from '../../helpers/fixtures.js';
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

const all = readFixture<LayerCase | TrainingCase>('quantization');
const cases = all.filter((recorded): recorded is LayerCase => recorded.kind === 'layer');
const trainings = all.filter((recorded): recorded is TrainingCase => recorded.kind === 'training');

const COARSE: Tolerance = { relative: 1e-2, absolute: 1e-2 };
function expectPlain(actual: Tensor, { dtype, value }: Plain, tolerance?: Tolerance): void {
  expect({ dtype: actual.dtype, shape: [...actual.shape] }).toEqual({ dtype, shape: value.shape });
  expectNumbersClose(Array.from(ops.cast(actual, 'float64').data, Number), Array.from(value.data, Number), tolerance ?? (dtype === 'bfloat16' ? COARSE : FLOAT32));
}

/** The layer of a case, quantized and adapted. */
function quantized({ spec, inputs, before, mode, config, lora, adapted }: LayerCase): Quantizable {
  const layer = make<Quantizable>(layers, spec);
  layer(tensorOf(inputs));
  layer.setWeights(before.map(tensorOf));
  layer.quantize(mode, { config: config === null ? null : make<quantizers.QuantizationConfig>(quantizers, config) });
  if (lora !== null) {
    layer.enableLora(lora, { loraAlpha: 3 });
    layer.weights.filter(({ name }) => name.startsWith('lora')).forEach((variable, i) => variable.assign(tensorOf(adapted![i])));
  }
  return layer;
}
const options = ({ training }: LayerCase) => (training === null ? {} : { training });

describe.each(cases.map((recorded) => [recorded.name, recorded] as const))('%s', (_, recorded) => {
  it('has the weights, the policy and the config of Keras', () => {
    const layer = quantized(recorded);
    const seen = layer.weights.map(({ path, dtype, shape, trainable }) => ({ path: path.split('/').slice(1).join('/'), dtype, shape: [...shape], trainable }));
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
    const [, pullback] = vjp((...xs: Tensor[]) => layer.statelessCall(isFloat ? xs.slice(1) : xs, state, isFloat ? xs[0] : x, options(recorded))[0] as Tensor, ...sources);
    const gradients = [pullback(ops.cast(tensorOf(recorded.cotangent.value), recorded.cotangent.dtype as 'float32')) as Tensor | Tensor[]].flat();
    recorded.gradients.forEach((expected, i) => {
      if (expected !== null) expectPlain(gradients[i], expected, recorded.output.dtype === 'bfloat16' ? { relative: 5e-2, absolute: 5e-2 } : { relative: 2e-4, absolute: 2e-5 });
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
    again.loadOwnVariables(store as layers.VariableStore<Tensor>);
    expect(again.weights.map(({ name }) => name).sort()).toEqual(layer.weights.map(({ name }) => name).sort());
    if (recorded.lora === null) expect(again(tensorOf(recorded.inputs), options(recorded)).tolist()).toEqual(layer(tensorOf(recorded.inputs), options(recorded)).tolist());
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
void dtypePolicies;
