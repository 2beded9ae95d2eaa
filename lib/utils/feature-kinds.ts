// The kinds of features that FeatureSpace knows by name, and the functions that make them, which are its static methods.
import { type ArgumentsOf, type ConfigOf, readArguments, resolve } from '../config/configurable.js';
import { int, nullable, type Schema, string, withDefault } from '../config/fields.js';
import { autoName } from '../base/names.js';
import type { Layer } from '../layers/base/layer.js';
import { layerField } from '../layers/core/wrapper.js';
import { Discretization } from '../layers/preprocessing/discretization.js';
import { Hashing } from '../layers/preprocessing/hashing.js';
import { IntegerLookup } from '../layers/preprocessing/integer-lookup.js';
import { Normalization } from '../layers/preprocessing/normalization.js';
import { Rescaling } from '../layers/preprocessing/rescaling.js';
import { StringLookup } from '../layers/preprocessing/string-lookup.js';
import { array } from '../config/array-field.js';
import { TFDIdentity } from './feature-layers.js';
import { categoryModes, Cross, Feature, featureModes } from './features.js';

/** A function of options that are checked by a schema, as constructors of layers are. */
const factory =
  <T, const S extends Schema, const P extends readonly (keyof S & string)[] = []>(
    name: string, schema: S, make: (options: ConfigOf<S>) => T, positional?: P,
  ) =>
  (...args: ArgumentsOf<S, P>): T => {
    const where = `FeatureSpace.${name}`;
    return make(resolve(where, schema, readArguments(where, schema, positional ?? [], args)));
  };
/** A feature whose preprocessor is named after it, or after its kind. */
function feature<T extends { name: string | null }>(
  kind: string, dtype: string, layerOf: (name: string, options: T) => Layer,
): (options: T & { outputMode?: 'int' | 'one_hot' }) => Feature {
  return (options) =>
    new Feature(dtype, layerOf(`${options.name ?? autoName(kind)}_preprocessor`, options), options.outputMode ?? 'float');
}

/** The name, after which the preprocessor is named. */
const named = { name: nullable(string()) } as const;
/** How categories come out. Default `'one_hot'`. */
const encoded = { outputMode: withDefault(categoryModes, 'one_hot'), ...named } as const;
const lookup = { maxTokens: nullable(int({ min: 2 })), numOovIndices: withDefault(int({ min: 0 }), 1), ...encoded } as const;
const hashed = { numBins: int({ min: 1 }), ...encoded } as const;

export const floatFeature = factory('float', named, feature('float', 'float32', (name) => new TFDIdentity({ name, dtype: 'float32' })));
export const floatRescaled = factory(
  'floatRescaled',
  { scale: withDefault(array(), 1), offset: withDefault(array(), 0), ...named },
  feature('float_rescaled', 'float32', (name, { scale, offset }) => new Rescaling(scale, { offset, name })),
);
export const floatNormalized = factory(
  'floatNormalized', named, feature('float_normalized', 'float32', (name) => new Normalization({ axis: -1, name })),
);
export const floatDiscretized = factory(
  'floatDiscretized',
  { numBins: nullable(int({ min: 1 })), binBoundaries: nullable(array()), ...encoded },
  feature('float_discretized', 'float32', (name, { numBins, binBoundaries }) =>
    new Discretization({ numBins, binBoundaries: binBoundaries as number[] | null, name })),
  ['numBins'],
);
export const integerCategorical = factory(
  'integerCategorical', lookup,
  feature('integer_categorical', 'int32', (name, { maxTokens, numOovIndices }) => new IntegerLookup({ name, maxTokens, numOovIndices })),
);
export const stringCategorical = factory(
  'stringCategorical', lookup,
  feature('string_categorical', 'string', (name, { maxTokens, numOovIndices }) => new StringLookup({ name, maxTokens, numOovIndices })),
);
export const stringHashed = factory(
  'stringHashed', hashed, feature('string_hashed', 'string', (name, { numBins }) => new Hashing(numBins, { name })), ['numBins'],
);
export const integerHashed = factory(
  'integerHashed', hashed, feature('integer_hashed', 'int32', (name, { numBins }) => new Hashing(numBins, { name })), ['numBins'],
);
export const ownFeature = factory(
  'feature',
  { dtype: string(), preprocessor: layerField, outputMode: featureModes },
  ({ dtype, preprocessor, outputMode }) => new Feature(dtype, preprocessor, outputMode),
  ['dtype', 'preprocessor', 'outputMode'],
);
export const crossOf = (
  featureNames: readonly string[], crossingDim: number, options: { outputMode?: 'int' | 'one_hot' } = {},
): Cross => new Cross(featureNames, crossingDim, options);

/** Sizes of kinds of features that are named by strings. */
export interface FeatureSizes {
  readonly hashingDim: number;
  readonly numDiscretizationBins: number;
}
/** The kinds by their names in Keras. */
export const KINDS = {
  float: (name: string) => floatFeature({ name }),
  float_rescaled: (name: string) => floatRescaled({ name }),
  float_normalized: (name: string) => floatNormalized({ name }),
  float_discretized: (name: string, { numDiscretizationBins }: FeatureSizes) => floatDiscretized(numDiscretizationBins, { name }),
  integer_categorical: (name: string) => integerCategorical({ name }),
  string_categorical: (name: string) => stringCategorical({ name }),
  integer_hashed: (name: string, { hashingDim }: FeatureSizes) => integerHashed(hashingDim, { name }),
  string_hashed: (name: string, { hashingDim }: FeatureSizes) => stringHashed(hashingDim, { name }),
} as const;
/** The name of a kind of features. */
export type FeatureKind = keyof typeof KINDS;
