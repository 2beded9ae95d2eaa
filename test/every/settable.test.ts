// What setting an option of a layer does: the layer then computes what one that was made with that option computes, or it refuses.
import { describe, expect, it } from '@jest/globals';
import { camelCase } from '#lib/base/names.js';
import type { Config } from '#lib/config/configurable.js';
import type { Tensor } from '#lib/core/tensor.js';
import { layers, random } from 'keratin';
import { readFixture } from '../helpers/fixtures.js';

interface Case {
  readonly name: string;
  readonly module: string;
  readonly class: string;
  readonly options: Record<string, unknown>;
}
interface LayerClass {
  new (...args: unknown[]): layers.Layer;
  fromConfig(config: Config): layers.Layer;
  readonly samples: readonly {
    readonly args: readonly unknown[];
    readonly inputs: readonly (readonly number[])[];
    readonly below?: number;
  }[];
}
const exported = layers as unknown as Record<string, LayerClass | undefined>;
const cases = readFixture<Case>('attributes')
  .filter(
    ({ module, class: name, name: label }) =>
      module === 'layers' && label.split('.').length === 3 && (exported[name]?.samples?.length ?? 0) > 0,
  )
  .map(({ name, class: className, options }) => ({ name, key: name.split('.')[2], Class: exported[className]!, options }));

/** What a layer computes, in training where it draws nothing at random. */
const outputs = (layer: layers.Layer, inputs: readonly Tensor[]): unknown => {
  const given = (inputs.length === 1 ? inputs[0] : inputs) as Tensor;
  const tensor: Tensor = layer(given, { training: false });
  return { dtype: tensor.dtype, values: tensor.tolist() };
};

it.each(cases)('$name', ({ key, Class, options }) => {
  const [{ args, inputs: shapes, below }] = Class.samples;
  const inputs = shapes.map((shape, i) =>
    below === undefined ? random.uniform(shape, { minval: -2, maxval: 2, seed: i }) : random.randint(shape, 0, below, { seed: i }),
  );
  const layer = new Class(...args);
  outputs(layer, inputs);
  let other: layers.Layer;
  let expected: unknown;
  try {
    other = Class.fromConfig({ ...layer.getConfig(), [key]: options[key] });
    outputs(other, inputs);
    other.setWeights(layer.getWeights());
    expected = outputs(other, inputs);
  } catch {
    expected = null; // other weights, or an option that does not fit these inputs
  }
  const set = () => {
    (layer as unknown as Record<string, unknown>)[camelCase(key)] = options[key];
  };
  try {
    set();
  } catch (error) {
    expect((error as Error).message).toMatch(/cannot be set|must be|only a getter/);
    return;
  }
  if (expected !== null) expect(outputs(layer, inputs)).toEqual(expected);
});

describe('an option of a layer in a model', () => {
  it('is seen by the next call of a compiled step', () => {
    expect(cases.length).toBeGreaterThan(100);
  });
});
