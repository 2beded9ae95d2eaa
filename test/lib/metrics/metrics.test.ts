// Metrics against recordings of Keras, state, lookups, metrics of the user, bad input.
import { describe, expect, it } from '@jest/globals';
import { jit, ops, type Variable } from 'keratin';
import * as losses from '#lib/losses/index.js';
import * as metrics from '#lib/metrics/index.js';
import type { Tensor } from '#lib/core/tensor.js';
import { testFamily } from '../../helpers/families.js';
import { readFixture, type RecordedArray, type Spec } from '../../helpers/fixtures.js';
import { argumentOf, expectClose, make } from '../../helpers/recorded.js';

const share = (options: object) => [0.5, options];
testFamily('keras.metrics', metrics, metrics.Metric, {
  AUC: (options) => ['numLabels' in options ? { ...options, multiLabel: true } : options],
  IoU: (options) => [3, [0, 2], options],
  MeanIoU: (options) => [3, options],
  OneHotIoU: (options) => [3, [1], options],
  OneHotMeanIoU: (options) => [3, options],
  SensitivityAtSpecificity: share, SpecificityAtSensitivity: share, PrecisionAtRecall: share, RecallAtPrecision: share,
});

interface Case {
  name: string;
  kind: 'updates' | 'choice';
  spec: Spec;
  updates: { arguments: unknown[]; result: number }[];
  variables: { path: string; value: RecordedArray }[];
  reset: number;
}
/** Arguments as Keras has them: a metric of values takes one before the weights, others two. */
function update(metric: metrics.Metric, given: readonly unknown[]): void {
  const args = given.map(argumentOf);
  const inputs = metric instanceof metrics.Mean ? 1 : 2;
  const [sampleWeight] = args.splice(inputs);
  metric.updateState(...args, { sampleWeight: sampleWeight as Tensor });
}

describe.each(readFixture<Case>('metrics').filter(({ kind }) => kind === 'updates'))('$name', ({ spec, updates, variables, reset }) => {
  it('has the results and the state of Keras', () => {
    const metric = make<metrics.Metric>(metrics, spec);
    for (const step of updates) {
      update(metric, step.arguments);
      expect(metric.result().item()).toBeCloseTo(step.result, 5);
    }
    expect(metric.variables.map(({ path }) => path)).toEqual(variables.map(({ path }) => path));
    variables.forEach(({ value }, i) => expectClose(metric.variables[i].value, value));
    metric.resetState();
    expect(metric.result().item()).toBe(reset);
  });
});

describe('metrics', () => {
  it('returns the result so far when called', () => {
    const mean = new metrics.Mean();
    expect(mean([1, 3]).item()).toBe(2);
    expect(mean([5, 7], { sampleWeight: [1, 0] }).item()).toBe(3);
    expect(new metrics.Sum()([1, 2], { sampleWeight: 2 }).item()).toBe(6);
  });
  it('updates its variables in compiled functions', () => {
    const accuracy = new metrics.SparseCategoricalAccuracy();
    const step = jit((yTrue: Tensor, yPred: Tensor) => accuracy(yTrue, yPred));
    const scores = ops.convertToTensor([[0.5, 0.25], [0.25, 0.5]]);
    step(ops.convertToTensor([0, 0]), scores);
    expect(step(ops.convertToTensor([0, 1]), scores).item()).toBe(0.75);
    expect(accuracy.variables.map((v) => v.item())).toEqual([3, 4]);
  });
  it('works as a pure function of its state', () => {
    const mean = new metrics.Mean();
    const state = mean.statelessUpdateState(mean.statelessResetState(), [2, 4]);
    expect(state.map((x) => x.item())).toEqual([6, 2]);
    expect(mean.statelessResult(state).item()).toBe(3);
    expect(mean.result().item()).toBe(0);
    expect(() => mean.statelessResult([0])).toThrow('mean: expected values for 2 variables, received 1');
  });
  it('adds up in its dtype', () => {
    const mean = new metrics.Mean({ dtype: 'float64' });
    expect(mean([1, 2]).dtype).toBe('float64');
    expect(mean.variables[0]).toMatchObject({
      dtype: 'float64',
      path: 'mean/total',
      trainable: false,
      aggregation: 'sum',
      synchronization: 'on_read',
    });
  });
  it('leaves out what a loss masks', () => {
    const metric = new metrics.SparseCategoricalCrossentropy({ ignoreClass: 0 });
    expect(metric([0, 1], [[0.5, 0.5], [0.5, 0.5]], { sampleWeight: [1, 1] }).item()).toBeCloseTo(Math.LN2, 6);
  });
  it('counts the k largest predictions', () => {
    const scores = [[0.1, 0.9, 0.8], [0.05, 0.95, 0]];
    expect(metrics.sparseTopKCategoricalAccuracy([2, 2], scores, { k: 2 }).tolist()).toEqual([1, 0]);
    expect(metrics.topKCategoricalAccuracy([[0, 0, 1], [0, 1, 0]], scores, { k: 1 }).tolist()).toEqual([0, 1]);
    expect(metrics.sparseTopKCategoricalAccuracy([2, 1], [[1, 2, 0], [0, 2, 1]], { k: 2, fromSortedIds: true }).tolist()).toEqual([1, 0]);
    expect(metrics.sparseTopKCategoricalAccuracy([[2, 0]], [scores], { k: 2 }).tolist()).toEqual([[1, 1]]);
  });
  it('scores how much variance is explained', () => {
    const yTrue = [[1], [2], [3], [5]];
    const yPred = [[1], [2], [4], [4]];
    const plain = 1 - 2 / 8.75;
    expect(new metrics.R2Score()(yTrue, yPred).item()).toBeCloseTo(plain, 6);
    expect(new metrics.R2Score({ numRegressors: 1 })(yTrue, yPred).item()).toBeCloseTo(1 - ((1 - plain) * 3) / 2, 6);
    expect(new metrics.R2Score({ numRegressors: 5 })(yTrue, yPred).item()).toBeCloseTo(plain, 6);
    expect(() => new metrics.R2Score()([[[1]]], [[[1]]])).toThrow('R2Score: expected targets and predictions of shape (samples, outputs)');
  });
  it('rejects bad input', () => {
    expect(() => new metrics.Mean().updateState([1], { sampleWeigth: [1] } as object)).toThrow(
      "mean: unknown option 'sampleWeigth'; did you mean 'sampleWeight'?",
    );
    expect(() => new metrics.Metric().updateState()).toThrow('Metric: a metric must have a method updateState(…)');
    expect(() => new metrics.R2Score({ classAggregation: 'mean' as never })).toThrow('R2Score: classAggregation must be one of');
  });
  it('rejects bad thresholds, classes and shapes', () => {
    const scores = [[0.1, 0.9], [0.8, 0.2]];
    expect(() => new metrics.Precision({ thresholds: [0.5, 2] })).toThrow('Precision: thresholds must be in [0, 1], received [0.5, 2]');
    expect(() => new metrics.Recall({ topK: 3 })([[0, 1], [1, 0]], scores)).toThrow('topK is 3, but there are only 2 predictions in a row');
    expect(() => new metrics.Recall({ classId: 2 })([[0, 1], [1, 0]], scores)).toThrow('classId is 2, but predictions have 2 classes');
    expect(() => new metrics.Recall({ classId: 0 })([0, 1], [0.5, 0.6])).toThrow(
      'with classId, predictions must have the shape (samples, classes), received (2,)',
    );
    expect(() => new metrics.AUC({ numThresholds: 1 })).toThrow('AUC: numThresholds must be an integer >= 2, received 1');
    expect(() => new metrics.AUC({ numThresholds: null })).toThrow('AUC: numThresholds must be an integer >= 2, received null');
    expect(new metrics.AUC({ numThresholds: null, thresholds: [0.3, 0.5] }).getConfig()).toMatchObject({
      num_thresholds: 4,
      thresholds: [0.3, 0.5],
    });
    expect(() => new metrics.AUC({ numLabels: 2 })).toThrow('AUC: numLabels is for multiLabel: true only, received 2');
    expect(() => new metrics.AUC({ curve: 'PRG' as never })).toThrow(
      "AUC: curve must be one of 'ROC', 'PR', 'PRGAIN', received 'PRG'; did you mean 'PR'?",
    );
    expect(() => new metrics.AUC({ multiLabel: true })([0, 1], [0.5, 0.6])).toThrow(
      'AUC: with multiLabel, predictions must have the shape (samples, labels), received (2,)',
    );
    expect(() => new metrics.AUC({ multiLabel: true }).result()).toThrow('AUC: has no result before the first updateState');
    expect(() => new metrics.F1Score()([0, 1], [0.5, 0.6])).toThrow(
      'F1Score: expected targets and predictions of shape (samples, classes), received (2,) and (2,)',
    );
    expect(() => new metrics.IoU(2, [0, 2])).toThrow('IoU: targetClassIds has 2, but there are the classes 0 to 1');
    expect(() => new metrics.PrecisionAtRecall(1.5)).toThrow('PrecisionAtRecall: recall must be a number >= 0 and <= 1, received 1.5');
  });
  it('counts in int32 where classes are counted, and numbers its instances', () => {
    const [first, second] = [new metrics.MeanIoU(2, { dtype: null }), new metrics.MeanIoU(2, { dtype: 'float32' })];
    expect([first.dtype, second.dtype]).toEqual(['int32', 'float32']);
    expect(second.name).toMatch(/^mean_io_u_\d+$/);
    expect(second([0, 1, 1, 1], [0, 1, 0, 1], { sampleWeight: [0.5, 0.5, 0.5, 0.5] }).item()).toBeCloseTo((1 / 2 + 2 / 3) / 2, 6);
  });
  it('takes the first of equal predictions for the largest', () => {
    expect(new metrics.Recall({ topK: 2 })([[1, 0, 1, 1]], [[0.5, 0.5, 0.5, 0.5]]).item()).toBeCloseTo(1 / 3, 6);
  });
});

describe('metrics of the user', () => {
  class Largest extends metrics.Metric {
    readonly largest: Variable;
    readonly inner = new metrics.Sum({ name: 'inner' });
    constructor(options: metrics.MetricOptions = {}) {
      super(options);
      this.largest = this.addWeight({ name: 'largest' });
    }
    override updateState(values: Tensor): void {
      this.largest.assign(ops.maximum(this.largest, ops.max(values)));
      this.inner.updateState(values);
    }
    override result(): Tensor {
      return this.largest.value;
    }
  }
  it('may be classes, with metrics inside', () => {
    const metric = new Largest({ name: 'a/b' });
    expect(metric(ops.convertToTensor([1, 5, 2])).item()).toBe(5);
    expect(metric.variables.map(({ path }) => path)).toEqual(['a>b/largest', 'inner/total']);
    metric.resetState();
    expect(metric.variables.map((v) => v.item())).toEqual([0, 0]);
    expect(new Largest().name).toMatch(/^largest(_\d+)?$/);
  });
  it('may be functions, or losses', () => {
    const off = (yTrue: Tensor, yPred: Tensor, { by = 0 } = {}) => ops.add(ops.subtract(yPred, yTrue), by);
    const metric = new metrics.MeanMetricWrapper(off, { name: 'off', by: 1 });
    expect(metric(ops.convertToTensor([1, 1]), ops.convertToTensor([2, 4])).item()).toBe(3);
    const loss = new metrics.MeanMetricWrapper(new losses.MeanSquaredError({ reduction: 'none' }), { name: 'loss' });
    const again = metrics.deserialize(JSON.parse(JSON.stringify(metrics.serialize(loss)))) as metrics.MeanMetricWrapper;
    expect(again.fn).toBeInstanceOf(losses.MeanSquaredError);
    expect(again([[1], [2]], [[2], [4]]).item()).toBe(2.5);
    const config = metrics.serialize(new metrics.MeanMetricWrapper(metrics.binaryAccuracy, { name: 'b', threshold: 0.75 }));
    expect((metrics.deserialize(config) as metrics.MeanMetricWrapper).getConfig()).toEqual(config.config);
  });
});

describe('metrics.get', () => {
  it('finds classes by both names', () => {
    expect(metrics.get('mse')).toBeInstanceOf(metrics.MeanSquaredError);
    expect(metrics.get('cosine_similarity')).toBeInstanceOf(metrics.CosineSimilarity);
    expect(metrics.get('r2_score')).toBeInstanceOf(metrics.R2Score);
    expect((metrics.get('kl_divergence') as metrics.Metric).name).toBe('kl_divergence');
  });
  it('names the nearest metric', () => {
    expect(() => metrics.get('acuracy')).toThrow(new TypeError("unknown metric 'acuracy'; did you mean 'accuracy'?"));
  });
});

it('takes targets and predictions by their names', () => {
  const metric = new metrics.TruePositives();
  expect(metric({ yTrue: [0, 1, 1], yPred: [1, 1, 1], sampleWeight: [1, 2, 3] }).item()).toBe(5);
});
