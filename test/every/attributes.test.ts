// What users read of objects: the attributes that real Keras's objects of the same arguments have, by their names and with their values.
import { describe, expect, it } from '@jest/globals';
import { camelCase, toSnakeCase } from '#lib/base/names.js';
import { isPlainObject } from '#lib/base/tree.js';
import { Tensor } from '#lib/core/tensor.js';
import { Variable } from '#lib/core/variable.js';
import * as keras from 'keratin';
import { readFixture, type Spec } from '../helpers/fixtures.js';
import { camelKeys, make } from '../helpers/recorded.js';

interface Case {
  readonly name: string;
  readonly module: string;
  readonly class: string;
  readonly options: Record<string, unknown>;
  readonly attributes: Record<string, unknown>;
}

/** Attributes that Keras has for its own use, or for what only Python has. */
const CHAINED = ['auto_contrast', 'equalization', 'solarization', ...['brightness', 'color_degeneration', 'contrast', 'posterization',
  'rotation', 'sharpness', 'shear', 'translation'].map((name) => `random_${name}`)];
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  AdditiveAttention: ['score_mode'],
  AugMix: CHAINED, // the layers that it applies
  RandAugment: CHAINED,
  BatchNormalization: ['renorm_clipping'],
  // Their transformations have no strength; `factor` comes from Keras's base class.
  ContrastLimitedAdaptiveHistogramEqualization: ['factor'],
  Equalization: ['factor'],
  MaxNumBoundingBoxes: ['factor'],
  MixUp: ['factor'],
  RandomColorJitter: ['factor'],
  RandomCrop: ['factor'],
  CutMix: ['channel_axis'],
  RandomElasticTransform: ['channel_axis'],
  RandomErasing: ['channel_axis'],
  RandomPerspective: ['channel_axis'],
  RandomZoom: ['height_lower', 'height_upper', 'width_lower', 'width_upper'],
  Discretization: ['summary'],
  Hashing: ['strong_hash'],
  CSVLogger: ['append_header', 'csv_file', 'keys', 'sep', 'writer'],
  F1Score: ['axis'],
  FBetaScore: ['axis'],
  PrecisionAtRecall: ['value'],
  ProgbarLogger: ['epochs', 'progbar', 'target'],
  RecallAtPrecision: ['value'],
  ReduceLROnPlateau: ['baseline'],
  SensitivityAtSpecificity: ['value'],
  // They count in int32.
  BinaryIoU: ['dtype'],
  IoU: ['dtype'],
  MeanIoU: ['dtype'],
  OneHotIoU: ['dtype'],
  OneHotMeanIoU: ['dtype'],
  SpatialDropout1D: ['noise_shape'],
  SpatialDropout2D: ['noise_shape'],
  SpatialDropout3D: ['noise_shape'],
  SpecificityAtSensitivity: ['value'],
  IntegerLookup: ['dtype'],
  TextVectorization: ['dtype'],
  StringLookup: ['dtype'], // 'string', which is no dtype of tensors here
};

/** Values that Keras takes without a look, or that need sparse tensors or TensorFlow's profiler: an error here. */
const REFUSED = new Set([
  ...['embeddings_metadata', 'profile_batch', 'update_freq'].map((name) => `callbacks.TensorBoard.${name}`), ...[
    'Discretization.bin_boundaries', 'HashedCrossing.sparse', 'RandAugment.num_ops', 'RandomBrightness.factor',
    'RandomColorDegeneration.factor', 'RandomContrast.factor', 'RandomFlip.mode', 'RandomHue.factor', 'RandomRotation.factor',
    'RandomSaturation.factor', 'RandomSharpness.factor', 'RandomZoom.height_factor', 'TextVectorization.ragged',
  ].map((name) => `layers.${name}`),
]);

type Class = new (options: object) => Record<string, unknown>;
const find = (module: string): Record<string, Class> =>
  module.split('.').reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], keras) as Record<string, Class>;

/** A value as the recorder writes it. */
function plain(value: unknown): unknown {
  if (value instanceof Tensor) return value.tolist();
  if (value instanceof Variable) return value.value.tolist();
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof RegExp) return value.source;
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key ?? 'None', plain(item)]));
  if (value instanceof keras.DTypePolicy) return { $class: value.constructor.name };
  if (typeof value === 'function' && typeof (value as { getConfig?: unknown }).getConfig === 'function')
    return { $class: value.constructor.name };
  if (typeof value === 'function') return { $function: toSnakeCase((value as { name: string }).name) };
  if (isPlainObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  if (typeof value === 'object' && value !== null) return { $class: value.constructor.name };
  return value;
}
/** Keras keeps some numbers as float32. */
const rounded = (value: unknown): unknown =>
  typeof value === 'number'
    ? Math.fround(value) + 0
    : Array.isArray(value)
      ? value.map(rounded)
      : isPlainObject(value)
        ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rounded(item)]))
        : value;

const cases = readFixture<Case>('attributes').filter(
  ({ module, class: name, options }) => name in find(module) && !(LEFT_OUT[name] ?? []).some((option) => option in options),
);
const argument = (value: unknown): unknown =>
  isPlainObject(value) && 'symbol' in value
    ? make(keras[(value as unknown as Spec).symbol.split('.')[0] as 'layers'], value as unknown as Spec)
    : Array.isArray(value)
      ? value.map(argument)
      : value;

describe.each(cases)('$name', (recorded) => {
  const left = new Set(LEFT_OUT[recorded.class]);
  const names = Object.keys(recorded.attributes).filter((name) => !left.has(name));
  const options = camelKeys(Object.fromEntries(Object.entries(recorded.options).map(([key, value]) => [key, argument(value)])));

  if (REFUSED.has(recorded.name)) {
    it('is refused', () => {
      expect(() => new (find(recorded.module)[recorded.class])(options)).toThrow(recorded.class);
    });
    return;
  }
  it('has the attributes of Keras', () => {
    const made = new (find(recorded.module)[recorded.class])(options);
    const actual = Object.fromEntries(names.map((name) => [name, rounded(plain(made[camelCase(name)]))]));
    expect(actual).toEqual(Object.fromEntries(names.map((name) => [name, rounded(recorded.attributes[name])])));
  });
});
