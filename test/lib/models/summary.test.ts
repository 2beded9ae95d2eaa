// The table of a model against recordings of Keras.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as layers from '#lib/layers/index.js';
import type { CompileOptions } from '#lib/models/model.js';
import { Sequential } from '#lib/models/sequential.js';
import { clearSession } from '#lib/utils/index.js';
import * as ops from '#lib/ops/index.js';
import { readFixture, type Spec } from '../../helpers/fixtures.js';
import { camelKeys, make } from '../../helpers/recorded.js';

type LayerSpec = Spec & { options: { layers?: LayerSpec[] } };
interface Case {
  name: string;
  layers: LayerSpec[];
  model_name: string | null;
  input_shape: (number | null)[] | null;
  frozen: string[];
  compile: CompileOptions | null;
  fitted: boolean;
  options: Record<string, unknown>;
  text: string;
}

const columns = process.env.COLUMNS;
beforeEach(() => {
  process.env.COLUMNS = '80'; // the width of the terminal of the recording
});
afterEach(() => {
  if (columns === undefined) delete process.env.COLUMNS;
  else process.env.COLUMNS = columns;
});

function makeLayer(spec: LayerSpec): layers.Layer {
  if (spec.symbol !== 'Sequential') return make<layers.Layer>(layers, spec);
  const { layers: inner = [], ...options } = spec.options;
  return new Sequential(inner.map(makeLayer), options);
}

async function modelOf({ layers: specs, model_name, input_shape, frozen, compile, fitted }: Case): Promise<Sequential> {
  clearSession();
  const model = new Sequential(specs.map(makeLayer), { name: model_name });
  if (input_shape !== null) model.build(input_shape);
  for (const name of frozen) model.getLayer(name).trainable = false;
  if (compile !== null) model.compile(compile);
  if (fitted) {
    const zeros = (shape: readonly (number | null)[]) => ops.zeros([2, ...(shape.slice(1) as number[])]);
    await model.fit(zeros(model.inputShape), zeros(model.outputShape), { verbose: 0 });
  }
  return model;
}
const summaryOf = (model: Sequential, options: object = {}): string => {
  let text = '';
  model.summary({ ...options, printFn: (part) => (text += part) });
  return text;
};

describe('summary', () => {
  it.each(readFixture<Case>('summaries'))('$name is that of Keras', async (recorded) => {
    expect(summaryOf(await modelOf(recorded), camelKeys(recorded.options))).toBe(recorded.text);
  });

  it('refuses what does not fit', () => {
    const model = new Sequential([new layers.Dense(2, { name: 'one' })]);
    expect(() => summaryOf(model, { lineLength: 12 })).toThrow('at least 4');
    expect(() => summaryOf(model, { positions: [0.5, 1] })).toThrow('positions must have 3 entries');
    expect(() => summaryOf(model, { layerRange: ['two', 'one'] })).toThrow('matches no layers; they are one');
    expect(() => summaryOf(model, { layerRange: ['one'] as never })).toThrow('array of two names');
    expect(() => summaryOf(model, { line_length: 80 })).toThrow("unknown option 'line_length'; did you mean 'lineLength'?");
  });
});
