// FeatureSpace: tables of numbers and strings as vectors, preprocessed feature by feature.
import type { Config, OptionsOf } from '../config/configurable.js';
import { field, int, nullable, oneOf, usedWhen, withDefault } from '../config/fields.js';
import { isSerialized, provideMembers, type SerializedObject } from '../config/registration.js';
import { deserializeKerasObject, serializeKerasObject } from '../config/serialization.js';
import { type DType, isInteger } from '../base/dtype.js';
import { checkOptions, didYouMean, show } from '../base/errors.js';
import { isPlainObject } from '../base/tree.js';
import type { TensorLike } from '../core/convert.js';
import { HostArray, type NestedStrings } from '../core/host-array.js';
import { Tensor } from '../core/tensor.js';
import { type Layer, layer } from '../layers/base/layer.js';
import { Input } from '../layers/core/input-layer.js';
import { CategoryEncoding } from '../layers/preprocessing/category-encoding.js';
import { Discretization } from '../layers/preprocessing/discretization.js';
import { HashedCrossing } from '../layers/preprocessing/hashed-crossing.js';
import { Hashing } from '../layers/preprocessing/hashing.js';
import { IndexLookup } from '../layers/preprocessing/index-lookup.js';
import { Normalization } from '../layers/preprocessing/normalization.js';
import { TextVectorization } from '../layers/preprocessing/text-vectorization.js';
import * as ops from '../ops/index.js';
import { KerasTensor } from '../symbolic/keras-tensor.js';
import { featureSource, type FeatureValue, featureValue, reshaped } from './feature-batches.js';
import {
  crossOf, type FeatureKind, floatDiscretized, floatFeature, floatNormalized, floatRescaled, integerCategorical, integerHashed, KINDS,
  ownFeature, stringCategorical, stringHashed,
} from './feature-kinds.js';
import { TFDConcat } from './feature-layers.js';
import { Cross, Feature } from './features.js';
import { Progbar } from './progbar.js';

/** A feature: by the name of its kind, made by a method of `FeatureSpace`, or its saved form. */
export type FeatureLike = FeatureKind | Feature | SerializedObject;
/** Features to cross: their names, or made by `FeatureSpace.cross`. */
export type CrossLike = readonly string[] | Cross | SerializedObject;
/** What is given for a feature: a value, or an array with one for each sample. */
export type FeatureInput = TensorLike | NestedStrings | HostArray | KerasTensor;

const featuresField = field<Readonly<Record<string, FeatureLike>>>('an object of features by their names', (value) =>
  (isPlainObject(value) && Object.keys(value).length > 0 ? (value as Record<string, FeatureLike>) : undefined));
const crossesField = field<readonly CrossLike[]>('an array of features to cross', (value) =>
  (Array.isArray(value) ? (value as CrossLike[]) : undefined));
const schema = {
  /** The features by their names, in any order. */
  features: usedWhen('made', featuresField),
  /** `'concat'`: one vector for each sample; `'dict'`: an object of the encoded features. */
  outputMode: usedWhen('made', withDefault(oneOf('concat', 'dict'), 'concat')),
  /** Features whose combinations are features too: arrays of names, or what `FeatureSpace.cross` makes. */
  crosses: usedWhen('made', nullable(crossesField)),
  /** Buckets of a cross that is given by names. Default 32. */
  crossingDim: usedWhen('made', withDefault(int({ min: 1 }), 32)),
  /** Buckets of `'integer_hashed'` and `'string_hashed'`. Default 32. */
  hashingDim: usedWhen('made', withDefault(int({ min: 1 }), 32)),
  /** Bins of `'float_discretized'`. Default 32. */
  numDiscretizationBins: usedWhen('made', withDefault(int({ min: 1 }), 32)),
} as const;

/** Options of `FeatureSpace`. */
export type FeatureSpaceOptions = OptionsOf<typeof schema> & { name?: string | null };

type Values = Record<string, HostArray | Tensor | KerasTensor>;
const FeatureSpaceBase = layer('FeatureSpace', schema, ['features']);

/**
 * Preprocesses tables: each feature by a layer of its own, which `adapt` may fit to data, then combinations of features, and all of them
 * side by side in one vector. Numbers and strings come in objects, of one sample or of a batch.
 *
 * ```ts
 * const space = new keras.utils.FeatureSpace(
 *   { age: 'float_normalized', job: 'string_categorical', city: keras.utils.FeatureSpace.stringHashed(16) },
 *   { crosses: [['job', 'city']], crossingDim: 64 },
 * );
 * await space.adapt({ age: [31, 45, 52], job: ['cook', 'smith', 'cook'], city: ['Rome', 'Oslo', 'Oslo'] });
 * space({ age: [40], job: ['cook'], city: ['Rome'] }).shape; // [1, 84]
 * const model = new keras.Model(space.getInputs(), new keras.layers.Dense(1)(space.getEncodedFeatures()));
 * ```
 * The order of the vector is that of the features' names, then that of the crosses'.
 * @throws for no features, unknown kinds, crosses of unknown features, and when it is used before `adapt` though features need it.
 */
export class FeatureSpace extends FeatureSpaceBase {
  static override readonly module = 'keras.utils';
  /** @internal It is saved as models are. */
  static readonly isSavedWhole = true;

  /** Floats as they are. */
  static readonly float = floatFeature;
  /** Floats times `scale` (default 1) plus `offset` (default 0). */
  static readonly floatRescaled = floatRescaled;
  /** Floats with mean 0 and variance 1. */
  static readonly floatNormalized = floatNormalized;
  /** Floats in bins: `numBins` that `adapt` finds, or with null those between `binBoundaries`. */
  static readonly floatDiscretized = floatDiscretized;
  /** Integers by a vocabulary that `adapt` finds. */
  static readonly integerCategorical = integerCategorical;
  /** Strings by a vocabulary that `adapt` finds. */
  static readonly stringCategorical = stringCategorical;
  /** Strings in `numBins` buckets by their hashes. */
  static readonly stringHashed = stringHashed;
  /** Integers in `numBins` buckets by their hashes. */
  static readonly integerHashed = integerHashed;
  /** A feature with a preprocessor of your own. */
  static readonly feature = ownFeature;
  /** Combinations of features in `crossingDim` buckets by their hashes. */
  static readonly cross = crossOf;

  /** The features by their names. */
  declare readonly features: Readonly<Record<string, Feature>>;
  /** The features that are crossed. */
  declare readonly crosses: readonly Cross[];
  /** The layers of the features. */
  readonly preprocessors: Readonly<Record<string, Layer>>;
  /** The layers of the crosses, by the crosses' names. */
  readonly crossers: Readonly<Record<string, HashedCrossing>>;
  /** The layers that make rows of categories, by the names of features and crosses; none before the first use. */
  oneHotEncoders: Record<string, CategoryEncoding> = {};
  /** The layer that puts the features side by side; null before the first use, and with `outputMode: 'dict'`. */
  concat: TFDConcat | null = null;
  readonly #inputs: Readonly<Record<string, KerasTensor>>;
  #encoded: unknown = null;
  #adapted: boolean;

  constructor(...args: ConstructorParameters<typeof FeatureSpaceBase>) {
    const [first] = args;
    const isNamed = isPlainObject(first) && isPlainObject(first.features) && !isSerialized(first.features);
    super(...((args.length === 1 && !isNamed ? [first, {}] : args) as [Record<string, FeatureLike>]));
    const { config } = this as unknown as { config: Record<'features' | 'crosses', unknown> };
    const features = mapped(this.config.features, (feature, name) => this.featureOf(name, feature));
    const crosses = (this.config.crosses ?? []).map((cross) => this.crossOf(cross, features));
    Object.assign(config, { features, crosses });
    this.preprocessors = mapped(features, ({ preprocessor }) => preprocessor);
    this.crossers = Object.fromEntries(crosses.map(({ name, crossingDim }) => [name, new HashedCrossing(crossingDim, { name })]));
    this.#inputs = mapped(features, ({ dtype }, name) => Input({ shape: [1], dtype, name }));
    this.#adapted = this.adaptable.length === 0;
  }
  private featureOf(name: string, given: FeatureLike): Feature {
    if (given instanceof Feature) return given;
    if (typeof given === 'string' && Object.hasOwn(KINDS, given)) return KINDS[given](name, this.config);
    const made = isSerialized(given) ? deserializeKerasObject(given) : null;
    if (made instanceof Feature) return made;
    throw new TypeError(`${this.label}: feature '${name}' must be one of ${Object.keys(KINDS).map(show).join(', ')} or made by a method of `
      + `FeatureSpace, received ${show(given)}${didYouMean(given, Object.keys(KINDS))}`);
  }
  private crossOf(given: CrossLike, features: Readonly<Record<string, Feature>>): Cross {
    const made = isSerialized(given) ? deserializeKerasObject(given) : given;
    const cross = made instanceof Cross ? made : new Cross(made as readonly string[], this.config.crossingDim);
    for (const name of cross.featureNames) {
      if (!Object.hasOwn(features, name))
        throw new TypeError(`${this.label}: crosses: unknown feature '${name}'${didYouMean(name, Object.keys(features))}`);
    }
    return cross;
  }

  /** Names of the features whose layers must see data first. */
  private get adaptable(): string[] {
    const isGiven = (preprocessor: Layer): boolean =>
      (preprocessor instanceof Normalization && preprocessor.inputMean !== null)
      || (preprocessor instanceof Discretization && preprocessor.numBins === null)
      || ((preprocessor instanceof IndexLookup || preprocessor instanceof TextVectorization) && preprocessor.config.vocabulary !== null);
    return Object.entries(this.preprocessors).filter(([, one]) => 'adapt' in one && !isGiven(one)).map(([name]) => name);
  }

  /**
   * Fits the layers of the features to data: an object of arrays with a value for each sample, or a data set (or an array) of objects of
   * features, of samples or of batches; of elements `[x, y]` it reads x. The data is read once for each feature that needs it.
   *
   * `verbose`: 1 (default) shows a bar, 2 a line at the end, 0 nothing.
   * @throws (rejects) for data that is empty or without a feature; before anything is fitted where its first element tells. What was
   * fitted before it failed has to be fitted anew.
   */
  async adapt(dataset: unknown, options: { verbose?: number } = {}): Promise<void> {
    const where = `${this.label}: adapt`;
    checkOptions(where, options, ['verbose']);
    const source = featureSource(where, dataset);
    const names = this.adaptable;
    if (names.length > 0) {
      await source.check(names);
      const bar = new Progbar(names.length, { verbose: options.verbose ?? 1, unitName: 'feature' });
      this.#adapted = false;
      for (const [i, name] of names.entries()) {
        const preprocessor = this.preprocessors[name] as Layer & { adapt(data: AsyncIterable<unknown>): Promise<void> };
        await preprocessor.adapt(builtFor(preprocessor, source.batches(name, this.features[name]!)));
        bar.update(i + 1);
      }
    }
    this.#adapted = true;
    this.forget();
    this.getEncodedFeatures();
  }
  /** Layers that follow from what was learned are made anew. */
  private forget(): void {
    this.#encoded = null;
    this.oneHotEncoders = {};
    this.concat = null;
  }

  /** The inputs of a model whose features are `getEncodedFeatures()`: symbols by the features' names. @throws before `adapt`. */
  getInputs(): Record<string, KerasTensor> {
    this.getEncodedFeatures();
    return { ...this.#inputs };
  }
  /** The symbol of the vector, or with `outputMode: 'dict'` an object of them, for a model over `getInputs()`. @throws before `adapt`. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a symbol, or an object of them
  getEncodedFeatures(): any {
    if (!this.#adapted) throw new Error(`${this.label}: has features that must see data first: call adapt`);
    this.#encoded ??= this.encode(this.#inputs);
    this.built = true;
    return this.#encoded;
  }

  /** @internal */
  override invoke(...args: unknown[]): unknown {
    this.getEncodedFeatures();
    return this.call(args[0]);
  }
  /** Encodes an object of features: of one sample (the vector has one axis then) or of a batch, or symbols. */
  override call(data: unknown): unknown {
    if (!isPlainObject(data)) throw new TypeError(`${this.label}: expects an object of features, received ${show(data)}`);
    this.checkNames(Object.keys(data));
    let single = false;
    const values = mapped(this.features, (feature, name) => {
      const given = data[name];
      if (given instanceof KerasTensor) return given.ndim === 1 ? ops.expandDims(given, -1) : given;
      const value = featureValue(`${this.label}: ${name}`, given, feature);
      if (value.ndim === 0) single = true;
      return value.ndim > 1 ? value : reshaped(value, value.ndim === 0 ? [1, 1] : [...value.shape, 1]);
    });
    const sizes = new Set(Object.values(values).map(({ shape }) => shape[0]));
    if (sizes.size > 1 && !sizes.has(null)) {
      throw new RangeError(`${this.label}: all features must have a value for each sample, received `
        + `${Object.entries(values).map(([name, { shape }]) => `${shape[0]} of '${name}'`).join(', ')}`);
    }
    const encoded = this.encode(values);
    if (!single) return encoded;
    return this.config.outputMode === 'concat' ? alone(encoded as Tensor) : mapped(encoded as Record<string, Tensor>, alone);
  }
  private checkNames(given: readonly string[]): void {
    const names = Object.keys(this.features);
    const unknown = given.find((name) => !names.includes(name));
    if (unknown !== undefined) throw new TypeError(`${this.label}: unknown feature '${unknown}'${didYouMean(unknown, names)}`);
    const missing = names.filter((name) => !given.includes(name));
    if (missing.length > 0) throw new TypeError(`${this.label}: the feature ${missing.map(show).join(', ')} is missing`);
  }

  /** Preprocessed, crossed and encoded features. */
  private encode(values: Values): unknown {
    const apply = (one: Layer, input: unknown) => one(input as Tensor) as HostArray | Tensor;
    const features: Values = mapped(this.preprocessors, (one, name) => apply(one, values[name]));
    const crossed: Values = Object.fromEntries(
      this.crosses.map(({ name, featureNames }) => [name, apply(this.crossers[name]!, featureNames.map((feature) => features[feature]))]),
    );
    const specs: readonly (readonly [string, HostArray | Tensor | KerasTensor, Feature | Cross])[] = [
      ...Object.keys(features).sort().map((name) => [name, features[name]!, this.features[name]!] as const),
      ...this.crosses.map((cross) => [cross.name, crossed[cross.name]!, cross] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
    ];
    const encoded = specs.map(([name, value, { outputMode }]) => (outputMode === 'one_hot' ? this.oneHot(name, value) : value));
    const names = specs.map(([name]) => name);
    if (this.config.outputMode === 'dict') return Object.fromEntries(encoded.map((value, i) => [names[i]!, value]));
    const isRaw = (dtype: string): boolean => dtype === 'string' || isInteger(dtype as DType);
    const raw = encoded.findIndex((value) => value instanceof KerasTensor && isRaw(value.dtype));
    if (raw >= 0) {
      throw new TypeError(`${this.label}: feature '${names[raw]}' is not encoded (its dtype is ${encoded[raw]!.dtype}), so that it does not `
        + "fit into a vector; use outputMode: 'dict', or 'one_hot' for the feature");
    }
    this.concat ??= new TFDConcat({ axis: -1 });
    const vector = apply(this.concat, encoded) as Tensor | KerasTensor;
    // Layers that count give integers where their symbols are floats.
    return vector instanceof Tensor ? ops.cast(vector, (this.#encoded as KerasTensor).dtype) : vector;
  }
  private oneHot(name: string, value: HostArray | Tensor | KerasTensor): HostArray | Tensor {
    this.oneHotEncoders[name] ??= new CategoryEncoding(this.cardinalityOf(name, value.dtype), { outputMode: 'multi_hot' });
    return this.oneHotEncoders[name](value as Tensor);
  }
  /** How many categories a feature or a cross has. @throws when it has none, or an unknown number. */
  private cardinalityOf(name: string, dtype: string): number {
    const one = this.preprocessors[name] ?? this.crossers[name];
    if (dtype === 'string' || !isInteger(dtype as 'int32')) {
      throw new TypeError(`${this.label}: feature '${name}' has outputMode 'one_hot', so its preprocessor must give integers, not ${dtype}`);
    }
    if (one instanceof IndexLookup) return one.vocabularySize();
    if (one instanceof CategoryEncoding) return one.numTokens;
    if (one instanceof Discretization) return one.numBins ?? one.binBoundaries!.length + 1;
    if (one instanceof HashedCrossing || one instanceof Hashing) return one.numBins;
    throw new TypeError(`${this.label}: feature '${name}' has outputMode 'one_hot', but how many categories ${one!.constructor.name} gives is `
      + "not known; use outputMode: 'int'");
  }

  /** @internal What is saved: the layers. */
  savedProperties(): Record<string, unknown> {
    const { concat, crossers, oneHotEncoders, preprocessors } = this;
    return { concat, crossers, oneHotEncoders, preprocessors };
  }
  /**
   * Saves it with all that it has learned as a `.keras` file, which `saving.loadModel` reads.
   * @throws (rejects) for other endings.
   */
  async save(filepath: string | URL): Promise<void> {
    const { saveModel } = await import('../saving/models.js'); // it stands above: loaded when it is needed
    await saveModel(this, filepath);
  }

  /** What it was made from, with what its layers have learned. */
  override getConfig(): Config {
    const { name: _, trainable: __, dtype: ___, ...own } = super.getConfig();
    return { ...own, features: serializeKerasObject(this.features), crosses: serializeKerasObject(this.crosses) };
  }
  /** What the layers of the features were built for; null before `adapt`. */
  override getBuildConfig(): Config | null {
    return this.#adapted ? mapped(this.preprocessors, (one) => one.getBuildConfig()) : null;
  }
  /** Builds the layers of the features. */
  override buildFromConfig(config: Config): void {
    for (const [name, given] of Object.entries(config)) {
      const one = this.preprocessors[name];
      if (one?.built === false && given !== null) one.buildFromConfig(given as Config);
    }
    this.#adapted = true;
  }
}
provideMembers('keras.utils', { FeatureSpace });

/** Values by the same names. */
function mapped<A, B>(values: Readonly<Record<string, A>>, fn: (value: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fn(value, name)]));
}
/** Batches, for the first of which a layer is built, whatever its size. */
async function* builtFor(preprocessor: Layer, batches: AsyncIterable<FeatureValue>): AsyncGenerator<FeatureValue> {
  for await (const batch of batches) {
    if (preprocessor instanceof Normalization && !preprocessor.built) preprocessor.buildFrom([null, ...batch.shape.slice(1)]);
    yield batch;
  }
}
/** A batch of one sample without its first axis. */
function alone(batch: Tensor | HostArray): Tensor | HostArray {
  if (batch.shape[0] !== 1 || batch.ndim !== 2) return batch;
  return batch instanceof HostArray ? batch.reshape(batch.shape.slice(1)) : ops.squeeze(batch, { axis: 0 });
}
