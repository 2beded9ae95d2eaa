// Every recorded preprocessing layer, adapted and called: the files preprocessing* of test/fixtures/recorded.
import { describe, expect, it } from '@jest/globals';
import { Input, layers, type KerasTensor, type Tensor } from 'keratin';
import { HostArray } from '#lib/core/host-array.js';
import { isPlainObject } from '#lib/base/tree.js';
import { fixtureNames, readFixture, type RecordedArray, type Spec } from '../../../helpers/fixtures.js';
import { argumentOf, camelKeys, expectClose, make } from '../../../helpers/recorded.js';

interface RecordedStrings {
  dtype: 'string';
  shape: number[];
  values: unknown;
}
interface PreprocessingCase {
  name: string;
  spec: Spec;
  adapt: { data: unknown; stream: boolean; options: Record<string, unknown> } | null;
  weights: RecordedArray[];
  vocabulary: (string | number)[] | null;
  config: Record<string, unknown>;
  calls: {
    inputs: unknown;
    options: Record<string, unknown>;
    output: RecordedArray | RecordedStrings;
    symbol: { shape: (number | null)[]; dtype: string } | null;
  }[];
}
interface Adaptable extends layers.Layer {
  adapt(data: unknown, options?: object): Promise<void>;
  getVocabulary(): unknown[];
}

const isArray = (value: unknown): value is RecordedArray => isPlainObject(value) && 'data' in value;
/** Symbols for what a layer was called on; several for an array of arrays. */
function symbolsFor(inputs: unknown, several: boolean): KerasTensor | KerasTensor[] {
  if (several) return (inputs as unknown[]).map((part) => symbolsFor(part, false) as KerasTensor);
  if (isArray(inputs)) return Input({ shape: inputs.shape.slice(1), dtype: inputs.dtype });
  return Input({ shape: HostArray.from(inputs, 'test').shape.slice(1), dtype: 'string' });
}

describe.each(fixtureNames('preprocessing'))('%s', (fixture) => {
  describe.each(readFixture<PreprocessingCase>(fixture).map((recorded) => [recorded.name, recorded] as const))('%s', (_, recorded) => {
    const { adapt, spec, calls } = recorded;
    const adapted = async (): Promise<Adaptable> => {
      const layer = make<Adaptable>(layers, argumentOf(spec) as Spec);
      if (adapt !== null) await layer.adapt(argumentOf(adapt.data), camelKeys(adapt.options));
      return layer;
    };
    const call = (layer: layers.Layer, inputs: unknown, options: Record<string, unknown> = {}): Tensor | HostArray =>
      (layer as (...args: unknown[]) => Tensor | HostArray)(argumentOf(inputs), camelKeys(argumentOf(options) as Record<string, unknown>));

    it('learns, tells and computes what Keras does', async () => {
      const layer = await adapted();
      const results = calls.map(({ inputs, options }) => call(layer, inputs, options));
      results.forEach((result, i) => {
        const { output } = calls[i];
        if ('values' in output) expect({ dtype: 'string', shape: result.shape, values: result.tolist() }).toEqual(output);
        else expectClose(result as Tensor, output);
      });
      recorded.weights.forEach((weight, i) => expectClose(layer.weights[i].value, weight));
      if (recorded.vocabulary !== null) expect(layer.getVocabulary()).toEqual(recorded.vocabulary);
      const { name: _name, ...config } = layer.getConfig();
      expect(JSON.parse(JSON.stringify(config))).toEqual(recorded.config);
    });

    it('is made again from its config and state, and tells shapes', async () => {
      const layer = await adapted();
      const again = layers.deserialize(layers.serialize(layer)) as Adaptable;
      for (const { inputs, options, symbol, output } of calls) {
        const expected = call(layer, inputs, options);
        if (symbol !== null) {
          const { shape, dtype } = layer(symbolsFor(inputs, spec.symbol === 'layers.HashedCrossing') as KerasTensor);
          // Keras tells other shapes than it computes for some inputs.
          expect([symbol, { shape: [null, ...output.shape.slice(1)], dtype: symbol.dtype }]).toContainEqual({ shape, dtype });
        }
        if (adapt !== null && recorded.vocabulary !== null) continue;
        const values = call(again, inputs, options);
        if (layer.weights.length > 0) again.setWeights(layer.getWeights());
        expect((layer.weights.length > 0 ? call(again, inputs, options) : values).tolist()).toEqual(expected.tolist());
      }
    });
  });
});
