// Every exported layer, on its own samples: config, shapes, symbols, gradients, training and inference, wrong ranks.
import { afterEach, describe, expect, it } from '@jest/globals';
import { toTensor } from '#lib/core/convert.js';
import { Input } from '#lib/layers/core/input-layer.js';
import { KerasTensor } from '#lib/symbolic/keras-tensor.js';
import type { Tensor } from '#lib/core/tensor.js';
import type { Variable } from '#lib/core/variable.js';
import { settings } from '#lib/base/settings.js';
import * as layers from '#lib/layers/index.js';
import { Model } from '#lib/models/index.js';
import { vjp } from '#lib/ops/autodiff.js';
import * as ops from '#lib/ops/index.js';
import * as random from '#lib/random/index.js';

/** How a layer is made for a test, and the shapes of its inputs. */
interface Sample {
  readonly args: readonly unknown[];
  readonly inputs: readonly (readonly number[])[];
  /** The inputs are integers from 0 to `below - 1`; otherwise floats. */
  readonly below?: number;
}
interface LayerClass {
  new (...args: unknown[]): layers.Layer;
  readonly samples?: readonly Sample[];
}
const classes = Object.entries(layers as unknown as Record<string, unknown>)
  .filter(([name, member]) => name !== 'Layer' && typeof member === 'function' && member.prototype instanceof layers.Layer)
  .map(([name, member]) => ({ name, Class: member as LayerClass }));

const inputsOf = ({ inputs, below }: Sample): Tensor[] => inputs.map((shape, i) =>
  below === undefined ? random.uniform(shape, { minval: -2, maxval: 2, seed: i + 1 }) : random.randint(shape, 0, below, { seed: i + 1 }));
/** Calls a layer of one or several inputs. */
const call = (layer: layers.Layer, inputs: readonly unknown[], options?: object) => layer(only(inputs) as Tensor, options);
/** The only item, or all of them. */
function only<T>(items: readonly T[]): T | readonly T[] {
  return items.length === 1 ? items[0] : items;
}

describe.each(classes)('$name', ({ Class }) => {
  it('has samples', () => expect(Array.isArray(Class.samples)).toBe(true));
});

const samples = classes.flatMap(({ name, Class }) => (Class.samples ?? []).map((sample, i) => ({ name, i, Class, sample })));
/** Layers that round, so that their gradient is that of the numbers before rounding, or compute in float32 whatever their dtype. */
const ROUNDED = /^(TernaryDense|RandomHue|RandomColorJitter)$/;
const STEP = 1e-6;
afterEach(() => {
  settings.floatx = 'float32';
});

describe.each(samples)('$name, sample $i', ({ name, Class, sample }) => {
  const make = () => new Class(...sample.args);

  it('has the config that it was made from', () => {
    const layer = make();
    const again = (Class as unknown as { fromConfig(config: object): layers.Layer }).fromConfig(layer.getConfig());
    expect(again).toBeInstanceOf(Class);
    expect(again.getConfig()).toEqual(layer.getConfig());
    expect(JSON.parse(JSON.stringify(layer.getConfig()))).toEqual(layer.getConfig());
  });

  it('is made again with the same weights shapes and values', () => {
    const layer = make();
    const inputs = inputsOf(sample);
    const output = call(layer, inputs);
    const again = layers.deserialize(layers.serialize(layer));
    expect(again.weights.map((weight) => weight.shape)).toEqual(layer.weights.map((weight) => weight.shape));
    again.setWeights(layer.getWeights());
    expect(call(again, inputs).tolist()).toEqual(output.tolist());
  });

  it('tells the shape of its output, with the batch unknown too', () => {
    const output = call(make(), inputsOf(sample));
    expect(make().computeOutputShape(only(sample.inputs))).toEqual(output.shape);
    const symbol = make()(only(sample.inputs.map((shape) => new KerasTensor([null, ...shape.slice(1)], 'float32'))) as KerasTensor);
    expect(symbol.shape).toEqual([null, ...output.shape.slice(1)]);
    expect(symbol.dtype).toBe(output.dtype);
  });

  it('has gradients for its inputs and weights', () => {
    const layer = make();
    const inputs = inputsOf(sample);
    call(layer, inputs);
    const weights = layer.trainableWeights;
    const floats = sample.below === undefined ? inputs : [];
    const values = [...floats, ...weights.map((weight) => weight.value)];
    const [output, pullback] = vjp((...args: Tensor[]) => {
      const given = floats.length === 0 ? inputs : args.slice(0, floats.length);
      const [result] = layer.statelessCall(args.slice(floats.length), layer.nonTrainableVariables.map((v) => v.value), only(given));
      return result as Tensor;
    }, ...values);
    const gradients = pullback(ops.ones((output).shape));
    expect(gradients.map((gradient) => gradient.shape)).toEqual(values.map((value) => value.shape));
    expect(gradients.every((gradient) => ([gradient.tolist()] as unknown[]).flat(Infinity).every(Number.isFinite))).toBe(true);
  });

  if (!ROUNDED.test(name)) it('has the gradient of differences', () => {
    settings.floatx = 'float64';
    const layer = make();
    const inputs = inputsOf(sample);
    call(layer, inputs);
    const weights = layer.trainableWeights;
    const floats = sample.below === undefined ? inputs : [];
    const values = [...floats, ...weights.map((weight) => weight.value)];
    const run = (...args: Tensor[]): Tensor => {
      const given = floats.length === 0 ? inputs : args.slice(0, floats.length);
      const [result] = layer.statelessCall(args.slice(floats.length), layer.nonTrainableVariables.map((v) => v.value), only(given));
      return ops.multiply(
        ops.cast(result as Tensor, 'float64'),
        random.uniform((result as Tensor).shape, { minval: 0.5, maxval: 1.5, seed: 9 }),
      );
    };
    const directions = values.map((value, i) => random.uniform(value.shape, { minval: -1, maxval: 1, seed: 20 + i }));
    const along = (step: number) => ops.sum(run(...values.map((value, i) => ops.add(value, ops.multiply(directions[i], step))))).item();
    const [output, pullback] = vjp(run, ...values);
    const slopes = pullback(ops.ones(output.shape)).map((gradient, i) => ops.sum(ops.multiply(gradient, directions[i])).item());
    const slope = slopes.reduce((a, b) => a + b, 0);
    const difference = (along(STEP) - along(-STEP)) / (2 * STEP);
    expect(Math.abs(slope - difference)).toBeLessThanOrEqual(1e-5 * Math.max(1, ...slopes.map(Math.abs)));
  });

  it('computes for training and for inference, and takes empty batches', () => {
    const layer = make();
    const inputs = inputsOf(sample);
    const output = call(layer, inputs, { training: false });
    // Augmentation is on unless it is turned off.
    const { callDefaults } = Class as { callDefaults?: { training?: boolean } };
    if (callDefaults?.training !== true) expect(call(layer, inputs).tolist()).toEqual(output.tolist());
    expect(call(layer, inputs, { training: true }).shape).toEqual(output.shape);
    const empty = inputs.map((input) => ops.zeros([0, ...input.shape.slice(1)]));
    expect(call(layer, empty).shape).toEqual([0, ...output.shape.slice(1)]);
  });

  it('learns in a step of fit', async () => {
    const layer = make();
    const inputs = inputsOf(sample);
    const symbols = inputs.map((input) => Input(input.shape.slice(1), { dtype: input.dtype }));
    const model = new Model(symbols, layer(only(symbols) as KerasTensor));
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const before = layer.trainableWeights.map((weight) => weight.value.tolist());
    const targets = ops.add(ops.cast(call(layer, inputs), 'float32'), 1);
    await model.fit(only(inputs) as Tensor, targets, { verbose: 0, batchSize: inputs[0].shape[0] });
    const changed = layer.trainableWeights.filter((weight, i) => JSON.stringify(weight.value.tolist()) !== JSON.stringify(before[i]));
    if (before.length > 0) expect(changed.length).toBeGreaterThan(0);
    expect(layer.weights.every((weight) => ([weight.value.tolist()] as unknown[]).flat(Infinity).every(Number.isFinite))).toBe(true);
  });

  it('counts and freezes its weights', () => {
    const layer = make();
    call(layer, inputsOf(sample));
    layer.trainable = false;
    expect(layer.trainableWeights).toEqual([]);
    expect(layer.nonTrainableWeights).toHaveLength(layer.weights.length);
    layer.trainable = true;
    const total = layer.weights.reduce((sum: number, weight: Variable) => sum + weight.size, 0);
    expect(layer.countParams()).toBe(total);
  });

  if (make().inputSpec !== null) it('names itself when the input has a wrong rank', () => {
    const layer = make();
    expect(() => call(layer, sample.inputs.map(() => toTensor(1)))).toThrow(layer.name);
  });

  it('refuses unknown options by the nearest name', () => {
    const last = sample.args.at(-1);
    const options = typeof last === 'object' && last !== null && !Array.isArray(last) ? last : {};
    const args = options === last ? sample.args.slice(0, -1) : sample.args;
    expect(() => new Class(...args, { ...options, nmae: 'x' })).toThrow(/unknown option 'nmae'; did you mean 'name'\?/);
  });
});
