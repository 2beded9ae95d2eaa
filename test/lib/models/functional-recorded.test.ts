// Functional models against recordings of Keras: configs, tables, predictions, trainings.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as keras from 'keratin';
import { camelCase, resetNames } from '#lib/base/names.js';
import { flatten, mapStructure } from '#lib/base/tree.js';
import { KERAS_OPERATIONS } from '#lib/ops/keras-operations.js';
import { readFixture, type RecordedArray } from '../../helpers/fixtures.js';
import { expectClose, expectNumbersClose, tensorOf } from '../../helpers/recorded.js';
import { builders } from './functional-models.js';

interface Case {
  name: string;
  json: string;
  summary: string;
  expanded: string;
  compile: Record<string, unknown>;
  x: unknown;
  y: unknown;
  sample_weight: unknown;
  weights: { path: string; value: RecordedArray }[];
  predictions: RecordedArray[];
  history: Record<string, number[]>;
  evaluate: Record<string, number>;
  evaluate_list: number | number[];
  weights_after: RecordedArray[];
}
const NOISE = { relative: 2e-4, absolute: 2e-5 };

const isArray = (value: unknown): boolean => typeof value === 'object' && value !== null && 'data' in value && 'dtype' in value;
const tensors = (structure: unknown): never =>
  mapStructure((leaf) => (isArray(leaf) ? tensorOf(leaf as RecordedArray) : leaf), structure, isArray) as never;
const camelKeys = (options: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(options).map(([key, value]) => [camelCase(key), value]));

function summaryOf(model: keras.Model, options: object = {}): string {
  let text = '';
  model.summary({ ...options, printFn: (part) => (text += part) });
  return text;
}
const columns = process.env.COLUMNS;
beforeEach(() => {
  resetNames();
  process.env.COLUMNS = '80'; // the width of the terminal of the recording
});
afterEach(() => {
  if (columns === undefined) delete process.env.COLUMNS;
  else process.env.COLUMNS = columns;
});

describe.each(readFixture<Case>('functional'))('$name', (recorded) => {
  const { json, compile, x, y, sample_weight: sampleWeight } = recorded;
  const built = (): keras.Model => {
    const model = builders[recorded.name]();
    model.setWeights(recorded.weights.map(({ value }) => tensorOf(value)));
    return model;
  };

  it('has the config, the weights and the tables of Keras', () => {
    const model = built();
    expect(JSON.parse(model.toJson())).toEqual(JSON.parse(json));
    expect(model.weights.map(({ path }) => path)).toEqual(recorded.weights.map(({ path }) => path));
    expect(summaryOf(model)).toBe(recorded.summary);
    expect(summaryOf(model, { expandNested: true, showTrainable: true })).toBe(recorded.expanded);
  });

  it('is made again from the JSON of Keras', async () => {
    const model = keras.models.modelFromJson(json);
    expect(JSON.parse(model.toJson())).toEqual(JSON.parse(json));
    model.setWeights(recorded.weights.map(({ value }) => tensorOf(value)));
    const predictions = flatten<keras.Tensor>(await model.predict(tensors(x), { batchSize: 4, verbose: 0 })).leaves;
    expect(predictions.length).toBe(recorded.predictions.length);
    predictions.forEach((prediction, i) => expectClose(prediction, recorded.predictions[i]));
  });

  it('trains as in Keras', async () => {
    const model = built();
    const run = { batchSize: 4, verbose: 0, sampleWeight: sampleWeight === null ? null : tensors(sampleWeight) } as const;
    model.compile(camelKeys(compile));
    const { history } = await model.fit(tensors(x), tensors(y), { ...run, epochs: 2, shuffle: false });
    expect(Object.keys(history).sort()).toEqual(Object.keys(recorded.history).sort());
    for (const [name, values] of Object.entries(recorded.history)) expectNumbersClose(history[name], values, NOISE);
    const logs = await model.evaluate(tensors(x), tensors(y), { ...run, returnDict: true });
    expect(Object.keys(logs).sort()).toEqual(Object.keys(recorded.evaluate).sort());
    for (const [name, value] of Object.entries(recorded.evaluate)) expectNumbersClose([logs[name]], [value], NOISE);
    const list = await model.evaluate(tensors(x), tensors(y), run) as number | number[];
    expectNumbersClose([list].flat(), [recorded.evaluate_list].flat(), NOISE);
    model.getWeights().forEach((weight, i) => expectClose(weight, recorded.weights_after[i], NOISE));
  });
});

it('writes functions of keras.ops as Keras does', () => {
  interface Row { name: string; path: string; parameters: string[]; call: string[]; config: string[] }
  for (const { name, path, parameters, call, config } of readFixture<Row>('operations')) {
    const [ownPath, ownParameters, , ownCall, ownConfig] = KERAS_OPERATIONS[name] ?? [];
    expect([name, ownPath, ownParameters, ownCall, ownConfig]).toEqual([
      name,
      path,
      parameters.join(' '),
      call.join(' '),
      config.join(' '),
    ]);
  }
});
