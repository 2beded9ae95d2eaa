// What the networks of `keras.applications` share: their options, checks, inputs and classifier.
import { existsSync } from 'node:fs';
import * as activations from '../activations/index.js';
import { checkOptions, didYouMean, show } from '../base/errors.js';
import { KerasTensor } from '../symbolic/keras-tensor.js';
import { settings } from '../base/settings.js';
import { showShape, type SymbolicShape } from '../base/shape.js';
import * as layers from '../layers/index.js';
import { Model } from '../models/index.js';
import { type ModelFile, modelFile, type WeightsFile } from './model-files.js';

/** Options of a network of `keras.applications`. */
export interface ApplicationOptions {
  /** Whether the network ends with the classifier. Default true. */
  includeTop?: boolean | undefined;
  /** null: drawn at random; `'imagenet'`, the default, or the path of a file: trained weights. */
  weights?: 'imagenet' | (string & {}) | null | undefined;
  /** A symbol to use as the network's input, in place of a new one. */
  inputTensor?: KerasTensor | null | undefined;
  /** Shape of an image, such as `[224, 224, 3]`. Default: that of the trained network; without the classifier images of any size. */
  inputShape?: SymbolicShape | null | undefined;
  /** What follows the last layer without the classifier: the mean or the maximum over rows and columns, or nothing, the default. */
  pooling?: 'avg' | 'max' | null | undefined;
  /** Number of classes of the classifier. Default 1000. */
  classes?: number | undefined;
  /** Activation of the classifier; null: none, the outputs are logits. Default `'softmax'`. */
  classifierActivation?: activations.ActivationLike | undefined;
  /** Name of the model. */
  name?: string | null | undefined;
}
/** The options with their defaults; `name` is null where it was not given. */
export type ResolvedOptions = { readonly [K in keyof ApplicationOptions]-?: Exclude<ApplicationOptions[K], undefined> };
const DEFAULTS: ResolvedOptions = {
  includeTop: true,
  weights: 'imagenet',
  inputTensor: null,
  inputShape: null,
  pooling: null,
  classes: 1000,
  classifierActivation: 'softmax',
  name: null,
};

/** A function that makes a network. Weights come from a file, so with them it gives a promise. */
export interface Application<O extends ApplicationOptions = ApplicationOptions> {
  (options: O & { weights: null }): Model;
  (options?: O): Promise<Model>;
}

/** What `application` makes a function of. */
interface Network<More extends object> {
  /** Name of the model; null: `build` names it. */
  readonly name: string | null;
  /** Defaults of options of its own. */
  readonly defaults?: Required<More>;
  /** Where its trained weights are. */
  readonly trained: WeightsFile<ResolvedOptions & Required<NoInfer<More>>>;
  /** The network of checked options, its weights drawn at random. */
  build(options: ResolvedOptions & Required<More>): Model;
}
/** Makes the function of a network. */
export function application<More extends object = object>(
  where: string, { name, defaults, trained, build }: Network<More>,
): Application<ApplicationOptions & More> {
  const all = { ...DEFAULTS, name, ...defaults } as ResolvedOptions & Required<More>;
  const make = (options: ApplicationOptions & More = {} as More): Model | Promise<Model> => {
    checkOptions(where, options, Object.keys(all));
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    const resolved = { ...all, ...given };
    checkNetwork(where, resolved);
    const model = build(resolved);
    return resolved.weights === null ? model : withWeights(where, model, resolved.weights, () => trained(resolved));
  };
  Object.defineProperty(make, 'name', { value: where });
  return make as Application<ApplicationOptions & More>;
}
async function withWeights(where: string, model: Model, weights: string, trained: () => ModelFile): Promise<Model> {
  const file = weights === 'imagenet' ? await modelFile(where, trained(), `, or give its path as the option weights`) : weights;
  await model.loadWeights(file);
  return model;
}

function checkNetwork(where: string, options: ResolvedOptions): void {
  const { includeTop, weights, inputShape, pooling, classes, classifierActivation } = options;
  if (typeof includeTop !== 'boolean') throw new TypeError(`${where}: includeTop must be true or false, received ${show(includeTop)}`);
  if (weights !== null && weights !== 'imagenet' && (typeof weights !== 'string' || !existsSync(weights))) {
    throw new TypeError(`${where}: weights must be null (drawn at random), 'imagenet' or the path of a file, received ${show(weights)}`);
  }
  if (inputShape !== null && !(Array.isArray(inputShape) && (inputShape.length === 3 || inputShape.length === 0)))
    throw new RangeError(`${where}: inputShape must have three sizes (rows, columns and channels), received ${show(inputShape)}`);
  if (!Number.isInteger(classes) || classes < 1)
    throw new TypeError(`${where}: classes must be an integer >= 1, received ${show(classes)}`);
  if (weights === 'imagenet' && includeTop && classes !== 1000)
    throw new RangeError(`${where}: with weights 'imagenet' and the classifier, classes must be 1000, received ${classes}`);
  if (pooling !== null && pooling !== 'avg' && pooling !== 'max')
    throw new TypeError(`${where}: pooling must be 'avg', 'max' or null, received ${show(pooling)}${didYouMean(pooling, ['avg', 'max'])}`);
  const known = activations.get(classifierActivation, `${where}: classifierActivation`);
  if (weights !== null && includeTop && known !== activations.softmax && known !== activations.linear) {
    throw new RangeError(
      `${where}: with trained weights, classifierActivation must be 'softmax' or null, received ${show(classifierActivation)}`,
    );
  }
}

/** What `inputShapeOf` needs to know besides the options. */
interface Sizes {
  /** Rows and columns when the options do not say. */
  readonly usual: number;
  /** The fewest rows and columns. */
  readonly least: number;
}
/** Rows, columns and channels of the input, in the order of the data format. */
export function inputShapeOf(where: string, { inputShape, includeTop, weights }: ResolvedOptions, { usual, least }: Sizes): SymbolicShape {
  const first = settings.imageDataFormat === 'channels_first';
  const shaped = (size: number | null, channels: number | null): SymbolicShape => (first ? [channels, size, size] : [size, size, channels]);
  if (inputShape === null || inputShape.length === 0) return shaped(includeTop ? usual : null, 3);
  const channels = inputShape[first ? 0 : 2]!;
  const area = first ? inputShape.slice(1) : inputShape.slice(0, 2);
  if (weights === 'imagenet') {
    if (channels !== 3)
      throw new RangeError(`${where}: with weights 'imagenet' the input has 3 channels, received inputShape ${showShape(inputShape)}`);
    if (includeTop && area.some((size) => size !== usual))
      throw new RangeError(
        `${where}: with weights 'imagenet' and the classifier, inputShape must be ${showShape(shaped(usual, 3))}, received ` +
          `${showShape(inputShape)}`,
      );
  } else if (channels !== 1 && channels !== 3) {
    process.emitWarning(`${where}: usually takes 1 or 3 channels, received inputShape ${showShape(inputShape)}`);
  }
  if (area.some((size) => size !== null && size < least))
    throw new RangeError(`${where}: images must have at least ${least} rows and columns, received inputShape ${showShape(inputShape)}`);
  if (includeTop && inputShape.some((size) => size === null))
    throw new RangeError(`${where}: with the classifier all sizes of inputShape must be known, received ${showShape(inputShape)}`);
  return inputShape;
}

/** The symbol that a network for images of this shape begins with. */
export function inputSymbol(where: string, { inputTensor }: { inputTensor: unknown }, shape: SymbolicShape): KerasTensor {
  if (inputTensor === null) return layers.Input(shape);
  if (!(inputTensor instanceof KerasTensor))
    throw new TypeError(`${where}: inputTensor must be a symbol, such as keras.Input gives, received ${show(inputTensor)}`);
  return inputTensor;
}
/** The symbol that most networks begin with. */
export const networkInput = (where: string, options: ResolvedOptions, sizes: Sizes): KerasTensor =>
  inputSymbol(where, options, inputShapeOf(where, options, sizes));
/** Refuses channels first, as Keras does for some networks. */
export function checkChannelsLast(where: string): void {
  if (settings.imageDataFormat === 'channels_first') {
    throw new Error(
      `${where}: takes images with the channels last alone, but keras.config.imageDataFormat() is 'channels_first'; call ` +
        `keras.config.setImageDataFormat('channels_last')`,
    );
  }
}
/** The inputs that a symbol is computed from. */
function sources(symbol: KerasTensor, seen = new Set<KerasTensor>()): KerasTensor[] {
  if (seen.has(symbol)) return [];
  seen.add(symbol);
  const inputs = symbol.history?.call.inputs ?? [];
  return inputs.length === 0 ? [symbol] : inputs.flatMap((input) => sources(input, seen));
}
/**
 * The model from the input, or what that is computed from, to `output`. The inputs of the latter are an array, even a single one, unless
 * `isBare`: configs tell.
 */
export function networkOf(input: KerasTensor, { inputTensor, name }: ResolvedOptions, output: KerasTensor, isBare = false): Model {
  const inputs = inputTensor === null ? [input] : sources(inputTensor);
  return new Model(inputs.length === 1 && (inputTensor === null || isBare) ? inputs[0]! : inputs, output, { name });
}

/** Names of the layers after the last block; null: automatic ones. */
interface EndNames {
  /** Of the means that the classifier takes. */
  readonly top: string | null;
  readonly average: string | null;
  readonly maximum: string | null;
}
export const POOL_NAMES: EndNames = { top: 'avg_pool', average: 'avg_pool', maximum: 'max_pool' };
export const TOP_NAME: EndNames = { top: 'avg_pool', average: null, maximum: null };
export const NO_NAMES: EndNames = { top: null, average: null, maximum: null };

/** The means or maxima over rows and columns, or the images as they are. */
export function pooled(x: KerasTensor, { pooling }: ResolvedOptions, { average, maximum }: EndNames = NO_NAMES): KerasTensor {
  if (pooling === null) return x;
  return pooling === 'avg' ? new layers.GlobalAveragePooling2D({ name: average })(x) : new layers.GlobalMaxPooling2D({ name: maximum })(x);
}
/** Scores of the classes. */
export const classified = (
  x: KerasTensor, { classes, classifierActivation }: ResolvedOptions, options: layers.DenseOptions = {},
): KerasTensor => new layers.Dense(classes, { activation: classifierActivation, name: 'predictions', ...options })(x);
/** The classifier of the means, or the pooling in its place. */
export function networkEnd(x: KerasTensor, options: ResolvedOptions, names: EndNames): KerasTensor {
  if (!options.includeTop) return pooled(x, options, names);
  return classified(new layers.GlobalAveragePooling2D({ name: names.top })(x), options);
}
