// Trainings that real Keras ran: the same model, weights and data give the same losses, metrics and weights here.
import { beforeEach, describe, expect, it } from '@jest/globals';
import { resetNames } from '#lib/base/names.js';
import { callbacks, layers, losses, metrics, type Model, Sequential } from 'keratin';
import { readFixture, type RecordedArray, type Spec } from '../../helpers/fixtures.js';
import { camelKeys, expectNumbersClose, make, tensorOf, type Tolerance } from '../../helpers/recorded.js';

type Logs = Record<string, number>;
type Serialized = Parameters<typeof layers.deserialize>[0] & { build_config?: unknown };
interface Weight { path: string; trainable: boolean; value: RecordedArray }
interface Case {
  name: string;
  model: { config: Record<string, unknown> };
  frozen: string[];
  compile: Record<string, unknown>;
  x: RecordedArray;
  y: RecordedArray;
  sample_weight: RecordedArray | null;
  class_weight: Record<string, number> | null;
  weights: Weight[];
  predictions: RecordedArray;
  steps: { batch_size: number; logs: Logs[]; weights_after: RecordedArray[] };
  fit: { options: Record<string, unknown>; history: Record<string, number[]>; epoch: number[]; batch_logs: Logs[][] };
  weights_after: RecordedArray[];
  optimizer_variables: { path: string; value: RecordedArray }[];
  evaluate: Logs;
  predictions_after: RecordedArray;
}

/** Float32 noise of some dozens of steps, each of some sums; logs are means that start from large first losses. */
const NOISE: Tolerance = { relative: 1e-4, absolute: 2e-5 };
/** Of computing with 8 or 11 bits, where a rounding that goes the other way is seen. */
const noiseOf = (name: string): Tolerance =>
  name.includes('bfloat16') ? { relative: 0.04, absolute: 0.02 } : name.includes('float16') ? { relative: 6e-3, absolute: 3e-3 } : NOISE;

/** Arguments of `compile` with the objects that specs describe. */
function compileOptions(recorded: Record<string, unknown>): Record<string, unknown> {
  const isSpec = (value: unknown): value is Spec => typeof value === 'object' && value !== null && 'symbol' in value;
  const revive = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(revive);
    return isSpec(value) ? make(value.symbol.startsWith('losses.') ? losses : metrics, value) : value;
  };
  return Object.fromEntries(Object.entries(camelKeys(recorded)).map(([name, value]) => [name, revive(value)]));
}

/** The recorded weights in a model made of the recorded config. */
function modelOf({ model, frozen, compile, weights }: Case): Sequential {
  const { name, layers: parts } = model.config as { name: string; layers: Serialized[] };
  const made = new Sequential(parts.map(({ build_config: _, ...part }) => layers.deserialize(part)), { name });
  made.setWeights(weights.map(({ value }) => tensorOf(value)));
  for (const name of frozen) made.getLayer(name).trainable = false;
  made.compile(compileOptions(compile));
  return made;
}

/** Rows of a recorded array. */
function rows(array: RecordedArray, from: number, to: number): RecordedArray {
  const [count, ...rest] = array.shape as [number, ...number[]];
  const size = rest.reduce((a, b) => a * b, 1);
  return { ...array, shape: [Math.min(to, count) - from, ...rest], data: array.data.slice(from * size, Math.min(to, count) * size) };
}

/** Options of `fit` with tensors in the place of recorded arrays. */
function fitOptions({ fit, sample_weight: sampleWeight, class_weight: classWeight }: Case): Record<string, unknown> {
  const options = camelKeys(fit.options);
  if (Array.isArray(options.validationData)) options.validationData = (options.validationData as RecordedArray[]).map(tensorOf);
  return { ...options, verbose: 0, sampleWeight: sampleWeight && tensorOf(sampleWeight), classWeight };
}

function expectLogs(actual: Logs, expected: Logs, noise: Tolerance): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  expectNumbersClose(Object.values(actual), Object.values(expected), noise);
}
function expectWeights(model: Model, expected: readonly RecordedArray[], noise: Tolerance): void {
  model
    .getWeights()
    .forEach((weight, i) => expectNumbersClose(Array.from(weight.data, Number), Array.from(expected[i].data, Number), noise));
}

beforeEach(resetNames);

describe.each([...readFixture<Case>('training'), ...readFixture<Case>('training_optimizers'), ...readFixture<Case>('training_mixed')])(
  '$name',
  (recorded) => {
    const { x, y, sample_weight: sampleWeight, class_weight: classWeight, steps, fit } = recorded;
    const noise = noiseOf(recorded.name);

    it('has the weights and predictions of Keras', async () => {
      const model = modelOf(recorded);
      expect(model.weights.map(({ path }) => path)).toEqual(recorded.weights.map(({ path }) => path));
      const predictions = await model.predict(tensorOf(x), { verbose: 0 });
      expectNumbersClose(
        [...(predictions.data as Float32Array)],
        [...(recorded.predictions.data as Float32Array)],
        noise === NOISE ? undefined : noise,
      );
    });

    it('takes the same steps', async () => {
      const model = modelOf(recorded);
      for (const [i, expected] of steps.logs.entries()) {
        const from = i * steps.batch_size;
        const to = from + steps.batch_size;
        const logs = await model.trainOnBatch(tensorOf(rows(x, from, to)), tensorOf(rows(y, from, to)), {
          returnDict: true,
          classWeight,
          sampleWeight: sampleWeight && tensorOf(rows(sampleWeight, from, to)),
        });
        expectLogs(logs, expected, noise);
      }
      expectWeights(model, steps.weights_after, noise);
    });

    it('fits to the same history, weights and optimizer state', async () => {
      const model = modelOf(recorded);
      const history = await model.fit(tensorOf(x), tensorOf(y), fitOptions(recorded));
      expect(history.epoch).toEqual(fit.epoch);
      expect(Object.keys(history.history)).toEqual(Object.keys(fit.history));
      for (const [name, values] of Object.entries(fit.history)) expectNumbersClose(history.history[name], values, noise);
      expectWeights(model, recorded.weights_after, noise);
      expect(model.optimizer.variables.map(({ path }) => path)).toEqual(recorded.optimizer_variables.map(({ path }) => path));
      model.optimizer.variables.forEach((variable, i) =>
        expectNumbersClose(Array.from(variable.data, Number), Array.from(recorded.optimizer_variables[i].value.data, Number), noise),
      );
      const logs = await model.evaluate(tensorOf(x), tensorOf(y), {
        returnDict: true,
        verbose: 0,
        sampleWeight: sampleWeight && tensorOf(sampleWeight),
      });
      expectLogs(logs, recorded.evaluate, noise);
      const predictions = await model.predict(tensorOf(x), { verbose: 0 });
      expectNumbersClose([...(predictions.data as Float32Array)], [...(recorded.predictions_after.data as Float32Array)], noise);
    });

    it('gives batch callbacks the same logs', async () => {
      const model = modelOf(recorded);
      const logs: Logs[][] = [];
      const spy = new callbacks.LambdaCallback({
        onEpochBegin: () => void logs.push([]),
        onTrainBatchEnd: (_batch: number, values: Logs = {}) => void logs.at(-1)!.push(values),
      });
      await model.fit(tensorOf(x), tensorOf(y), { ...fitOptions(recorded), callbacks: [spy] });
      expect(logs.map((epoch) => epoch.length)).toEqual(fit.batch_logs.map((epoch) => epoch.length));
      logs.flat().forEach((actual, i) => expectLogs(actual, fit.batch_logs.flat()[i], noise));
    });
  },
);
