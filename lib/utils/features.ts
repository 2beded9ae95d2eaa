// What a FeatureSpace knows of its features: how each is read and encoded, and which are crossed.
import type { Config } from '../config/configurable.js';
import { field, int, oneOf } from '../config/fields.js';
import { serializeKerasObject } from '../config/serialization.js';
import type { SerializedObject } from '../config/registration.js';
import { type DType, standardizeDType } from '../base/dtype.js';
import { camelKeys } from '../base/names.js';
import type { Layer } from '../layers/base/layer.js';
import { layerField } from '../layers/core/wrapper.js';

/** Where Keras has the classes of this file. */
export const FEATURE_MODULE = 'keras.src.layers.preprocessing.feature_space';

/** How a feature comes out: numbers of categories, rows of ones for them, or floats as they are. */
export type FeatureOutputMode = 'int' | 'one_hot' | 'float';
export const featureModes = oneOf('int', 'one_hot', 'float');
export const categoryModes = oneOf('int', 'one_hot');

/** How one feature is read, preprocessed and encoded; `FeatureSpace.float()` and the like make it. */
export class Feature {
  static readonly className = 'Feature';
  static readonly module = FEATURE_MODULE;
  static readonly registeredName = 'Feature';
  /** What the data are. */
  readonly dtype: DType | 'string';
  /** The layer that they go through. */
  readonly preprocessor: Layer;
  /** How what it gives is encoded. */
  readonly outputMode: FeatureOutputMode;

  /** @throws for an unknown dtype or mode, and for what is no layer. */
  constructor(dtype: string, preprocessor: Layer | SerializedObject, outputMode: FeatureOutputMode) {
    this.dtype = dtype === 'string' ? dtype : standardizeDType(dtype as DType);
    this.preprocessor = layerField.parse(preprocessor, 'Feature: preprocessor');
    this.outputMode = featureModes.parse(outputMode, 'Feature: outputMode');
  }

  /** Keras's config of the feature. */
  getConfig(): Config {
    return { dtype: this.dtype, preprocessor: serializeKerasObject(this.preprocessor), output_mode: this.outputMode };
  }
  /** The feature that `getConfig` gave this for. */
  static fromConfig({ dtype, preprocessor, output_mode: mode }: Config): Feature {
    return new this(dtype as string, preprocessor as SerializedObject, mode as FeatureOutputMode);
  }
}

const names = field<readonly string[]>('an array of at least two names of features', (value) =>
  Array.isArray(value) && value.length > 1 && value.every((name) => typeof name === 'string') ? (value) : undefined,
);
const crossingDim = int({ min: 1 });

/** Features whose combinations are a feature of their own; `FeatureSpace.cross` makes it. */
export class Cross {
  static readonly className = 'Cross';
  static readonly module = FEATURE_MODULE;
  static readonly registeredName = 'Cross';
  /** Names of the features. */
  readonly featureNames: readonly string[];
  /** Number of buckets that combinations are hashed into. */
  readonly crossingDim: number;
  /** How the bucket comes out. */
  readonly outputMode: 'int' | 'one_hot';

  /** @throws for fewer than two names, an unknown mode, and buckets that are no positive number. */
  constructor(featureNames: readonly string[], dim: number, { outputMode = 'one_hot' }: { outputMode?: 'int' | 'one_hot' } = {}) {
    this.featureNames = [...names.parse(featureNames, 'Cross: featureNames')];
    this.crossingDim = crossingDim.parse(dim, 'Cross: crossingDim');
    this.outputMode = categoryModes.parse(outputMode, 'Cross: outputMode');
  }

  /** The names of the features, joined by `_X_`. */
  get name(): string {
    return this.featureNames.join('_X_');
  }
  /** Keras's config of the cross. */
  getConfig(): Config {
    return { feature_names: this.featureNames, crossing_dim: this.crossingDim, output_mode: this.outputMode };
  }
  /** The cross that `getConfig` gave this for. */
  static fromConfig(config: Config): Cross {
    const { featureNames, crossingDim: dim, ...options } = camelKeys(config) as unknown as { featureNames: string[]; crossingDim: number; outputMode?: 'int' };
    return new this(featureNames, dim, options);
  }
}
