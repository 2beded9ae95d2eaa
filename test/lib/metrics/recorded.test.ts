// Metrics of decisions and means against recordings of Keras: results, configs, names and values of the variables.
import { beforeEach, describe, expect, it } from '@jest/globals';
import { resetNames } from '#lib/base/names.js';
import { jit } from 'keratin';
import * as metrics from '#lib/metrics/index.js';
import type { Tensor } from '#lib/core/tensor.js';
import { readFixture, type RecordedArray, type Spec } from '../../helpers/fixtures.js';
import { argumentOf, expectClose, make } from '../../helpers/recorded.js';

interface Case {
  name: string;
  spec: Spec;
  config: Record<string, unknown>;
  updates: { arguments: RecordedArray[]; result: RecordedArray }[];
  variables: { path: string; value: RecordedArray }[];
}

beforeEach(resetNames);

describe.each(['metrics_confusion', 'metrics_means'].flatMap((name) => readFixture<Case>(name)))('$name', ({ spec, config, updates, variables }) => {
  const tensors = updates.map((step) => step.arguments.map((value) => argumentOf(value) as Tensor));

  it('has the results, the state and the config of Keras', () => {
    const metric = make<metrics.Metric>(metrics, spec);
    for (const [i, { result }] of updates.entries()) {
      metric.updateState(...(tensors[i] as [Tensor, Tensor]));
      expectClose(metric.result(), result);
    }
    const paths = variables.map(({ path }) => path);
    const stored = metric.variables.filter(({ path }) => spec.symbol !== 'metrics.R2Score' || paths.includes(path));
    expect(stored.map(({ path }) => path)).toEqual(paths);
    variables.forEach(({ value }, i) => expectClose(stored[i].value, value));
    const { label_weights: weights, ...own } = metric.getConfig();
    const { label_weights: recorded, ...expected } = config;
    expect(own).toEqual(expected);
    expect(weights === undefined || weights === null).toBe(recorded === undefined || recorded === null);
    const again = metrics.deserialize(JSON.parse(JSON.stringify(metrics.serialize(metric)))) as metrics.Metric;
    expect(again.getConfig()).toEqual(metric.getConfig());
  });

  it('is the same when compiled, and begins anew', () => {
    const metric = make<metrics.Metric>(metrics, spec);
    // The first update makes the variables of some metrics, which a compiled function cannot.
    const update = (...args: Tensor[]) => metric(...(args as [Tensor, Tensor]));
    update(...tensors[0]);
    metric.resetState();
    for (const [i, { result }] of updates.entries()) expectClose(jit(update)(...tensors[i]), result);
  });
});
