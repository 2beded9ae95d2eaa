// Calls that name their required arguments.
import { describe, expect, it } from '@jest/globals';
import * as keras from '#lib/index.js';

const { layers, losses, metrics, ops, regularizers } = keras;

describe('calls by names', () => {
  it('are those of metrics, losses, regularizers and layers', () => {
    const named = new metrics.MeanSquaredError();
    named.updateState({ yTrue: [[1], [2]], yPred: [[1], [4]], sampleWeight: [1, 3] });
    const placed = new metrics.MeanSquaredError();
    placed.updateState([[1], [2]], [[1], [4]], { sampleWeight: [1, 3] });
    expect(named.result().item()).toBe(placed.result().item());
    const mean = new metrics.Mean();
    expect(mean({ values: [1, 3], sampleWeight: [3, 1] }).item()).toBe(1.5);
    expect(new metrics.Sum()({ values: [1, 3] }).item()).toBe(4);
    const loss = new losses.MeanSquaredError();
    expect(loss({ yTrue: [[1], [2]], yPred: [[1], [4]], sampleWeight: [1, 0.5] }).item()).toBe(
      loss([[1], [2]], [[1], [4]], { sampleWeight: [1, 0.5] }).item(),
    );
    expect(new regularizers.L2(1)({ x: [1, 2] }).item()).toBe(5);
    expect(new regularizers.OrthogonalRegularizer()({ inputs: [[1, 0], [0, 1]] }).item()).toBe(0);
    expect(new layers.Dense(2)({ inputs: ops.ones([1, 3]), training: true }).shape).toEqual([1, 2]);
  });
  it('name the nearest argument for a misspelled one', () => {
    const metric = new metrics.AUC({ name: 'auc' });
    expect(() => metric.updateState({ yTrue: [0, 1], yPerd: [0, 1] } as never)).toThrow(
      "auc.updateState: unknown argument 'yPerd'; did you mean 'yPred'?",
    );
    expect(() => metric.updateState({ yTrue: [0, 1], yPred: [0, 1], sampleWeigt: 1 } as never)).toThrow("did you mean 'sampleWeight'?");
    expect(() => new losses.MeanSquaredError()({ ytrue: [1], yPred: [1] } as never)).toThrow("did you mean 'yTrue'?");
    const q = ops.ones([1, 2, 4]);
    expect(() => new layers.MultiHeadAttention(1, 2)({ query: q, valeu: q })).toThrow("did you mean 'value'?");
  });
  it('leave objects that are an argument', () => {
    class Named extends metrics.Metric {
      seen: unknown = null;
      override updateState(batch: object): void {
        this.seen = batch;
      }
      override result(): keras.Tensor {
        return ops.convertToTensor(0);
      }
    }
    const metric = new Named();
    const batch = { yTrue: [1], weights: [2] };
    metric.updateState(batch);
    expect(metric.seen).toBe(batch);
  });
});
