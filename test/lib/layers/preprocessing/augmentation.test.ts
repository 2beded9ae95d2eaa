// Every recorded transformation of an augmentation layer: test/fixtures/recorded/augmentation.
import { describe, expect, it } from '@jest/globals';
import { layers, ops, tree, type Tensor } from 'keratin';
import { isPlainObject } from '#lib/base/tree.js';
import { readFixture, type RecordedArray, type Spec } from '../../../helpers/fixtures.js';
import { argumentOf, expectNumbersClose, make, type Tolerance } from '../../../helpers/recorded.js';

/** Arrays in structures; `{ half }` is an array of float16. */
type Recorded = RecordedArray | { half: RecordedArray } | { [key: string]: Recorded };
interface AugmentationCase {
  name: string;
  spec: Spec;
  config: Record<string, unknown>;
  data: Record<string, Recorded>;
  transformation: unknown;
  outputs: Record<string, Recorded>;
}
type Augmentation = layers.Layer & {
  getRandomTransformation(data: unknown, options?: object): unknown;
} & Record<`transform${string}`, (data: unknown, transformation: unknown) => Tensor>;
const METHODS = {
  images: 'transformImages',
  labels: 'transformLabels',
  bounding_boxes: 'transformBoundingBoxes',
  segmentation_masks: 'transformSegmentationMasks',
} as const;
/** In units of the values at hand, which reach 255. */
const TOLERANCES: Partial<Record<Tensor['dtype'], Tolerance>> = {
  float32: { relative: 2e-5, absolute: 1e-3 },
  float16: { relative: 2e-3, absolute: 2e-3 },
};
/** What is recorded, as tensors. */
function given(value: unknown): unknown {
  if (isPlainObject(value) && 'half' in value) return ops.cast(argumentOf(value.half) as Tensor, 'float16');
  if (Array.isArray(value)) return value.map(given);
  if (!isPlainObject(value) || 'data' in value) return argumentOf(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, given(item)]));
}
function expectSame(actual: unknown, expected: unknown): void {
  expect(form(actual)).toEqual(form(expected));
  const tolerance = (tensor: Tensor) => TOLERANCES[tensor.dtype] ?? { relative: 0, absolute: 0 };
  const numbers = (tensor: Tensor) => Array.from(ops.cast(tensor, 'float64').data, Number);
  const theirs = tree.flatten(expected) as Tensor[];
  (tree.flatten(actual) as Tensor[]).forEach((tensor, i) => expectNumbersClose(numbers(tensor), numbers(theirs[i]), tolerance(theirs[i])));
}
/** The keys of a structure and the shapes and dtypes of its tensors. */
function form(value: unknown): unknown {
  if (isPlainObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, form(item)]));
  if (Array.isArray(value)) return value.map(form);
  return typeof value === 'object' && value !== null ? { shape: (value as Tensor).shape, dtype: (value as Tensor).dtype } : value;
}

describe.each(readFixture<AugmentationCase>('augmentation').map((recorded) => [recorded.name, recorded] as const))('%s', (_, recorded) => {
  const data = given(recorded.data) as Record<string, unknown>;
  const transformation = given(recorded.transformation);
  const layer = make<Augmentation>(layers, recorded.spec);

  it('has the config of Keras', () => {
    expect({ ...layer.getConfig(), name: '' }).toEqual({ ...recorded.config, name: '' });
    const again = (layer.constructor as unknown as { fromConfig(config: object): Augmentation }).fromConfig(recorded.config);
    expect(again.getConfig()).toEqual(recorded.config);
  });
  it('draws what Keras draws', () => {
    // Which layers AugMix chains is drawn too.
    const steady = (drawn: unknown) => (layer instanceof layers.AugMix ? { ...(drawn as object), chain_transforms: null } : drawn);
    expect(form(steady(layer.getRandomTransformation(data)))).toEqual(form(steady(transformation)));
  });
  it.each(Object.keys(recorded.outputs))('transforms %s as Keras', (part) => {
    const method = METHODS[part as keyof typeof METHODS];
    expectSame(layer[method](data[part], transformation), given(recorded.outputs[part]));
  });
});
