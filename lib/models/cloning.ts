// cloneModel and modelFromJson: models like others, with new weights.
import type { CustomObjects } from '../config/family.js';
import { deserializeKerasObject, serializeKerasObject } from '../config/serialization.js';
import { checkOptions, show } from '../base/errors.js';
import { type CallOperation, symbolsOf, type Symbols } from '../symbolic/function.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import type { Operation } from '../symbolic/operation.js';
import { flatten, isPlainObject, mapStructure } from '../base/tree.js';
import { Input, InputLayer } from '../layers/core/input-layer.js';
import type { Layer } from '../layers/base/layer.js';
import { PublicOperation } from '../ops/public-operation.js';
import { Functional, Model } from './model.js';
import { Sequential } from './sequential.js';

/** Makes the layer of a clone from that of the original. */
export type CloneFunction = (layer: Layer) => Layer;
/** Calls a layer of a clone; returns its outputs. */
export type CallFunction = (layer: Layer, ...args: unknown[]) => unknown;

/** Options of `cloneModel`. */
export interface CloneModelOptions {
  /** Symbols in the structure of the model's inputs, to build on. Default: new inputs. */
  inputTensors?: Symbols | null;
  /** How layers are cloned, `Input`s excepted. Default: from their configs. */
  cloneFunction?: CloneFunction | null;
  /** How cloned layers are called: one may call others before or after. For functional models only. */
  callFunction?: CallFunction | null;
  /** Whether models inside of the model are cloned layer by layer too, with the same functions. Default false. */
  recursive?: boolean;
}
const OPTIONS = ['inputTensors', 'cloneFunction', 'callFunction', 'recursive'] as const;

const fromOwnConfig = (layer: Operation): Operation =>
  (layer.constructor as unknown as { fromConfig(config: object): Operation }).fromConfig(layer.getConfig());

/** The clone function with what `recursive` adds; a layer that is met again has one clone. */
function remembering(options: CloneModelOptions, cache: Map<Layer, Layer>): CloneFunction {
  const { cloneFunction, callFunction = null, recursive = false } = options;
  const clone = cloneFunction ?? (fromOwnConfig as unknown as CloneFunction);
  return (layer) => {
    const known = cache.get(layer);
    if (known !== undefined) return known;
    const inner = recursive && (layer instanceof Sequential || (layer instanceof Model && layer.network !== null));
    const made = inner
      ? cloneWith(layer, { cloneFunction: clone, callFunction: layer instanceof Sequential ? null : callFunction, recursive }, cache)
      : clone(layer);
    cache.set(layer, made);
    return made;
  };
}

function recompile<T extends Model>(model: Model, clone: T): T {
  if (model.compiled) clone.compileFromConfig(model.getCompileConfig());
  return clone;
}

function cloneSequential(model: Sequential, clone: CloneFunction, inputTensors: Symbols | null): Sequential {
  const [first] = model.sublayers;
  const input = first instanceof InputLayer ? first : null;
  const symbols = inputTensors === null ? null : symbolsOf('cloneModel', 'inputTensors', inputTensors);
  if (symbols !== null && symbols.length !== 1)
    throw new RangeError(`cloneModel: a Sequential model has one input, received ${symbols.length} inputTensors`);
  const bottom =
    symbols !== null
      ? new InputLayer({ inputTensor: symbols[0]!, name: input?.name ?? null })
      : input === null
        ? null
        : new InputLayer({ batchShape: input.batchShape, dtype: input.dtype, name: input.name, optional: input.optional });
  const layers = model.layers.map(clone);
  return recompile(
    model,
    new Sequential([...(bottom === null ? [] : [bottom]), ...layers], { name: model.name, trainable: model.trainable }),
  );
}

/** New operations for those of a graph, and how they are called. */
function callingClones(clone: CloneFunction, callFunction: CallFunction | null): CallOperation {
  const operations = new Map<Operation, Operation>();
  return (operation, args) => {
    let own = operations.get(operation);
    if (own === undefined) {
      own = operation instanceof PublicOperation ? operation.again() : (clone(operation as Layer) as Operation);
      operations.set(operation, own);
    }
    return callFunction === null || own instanceof PublicOperation ? own.invoke(...args) : callFunction(own as Layer, ...args);
  };
}

function cloneFunctional(model: Model, clone: CloneFunction, { inputTensors = null, callFunction = null }: CloneModelOptions): Model {
  const graph = model.network!;
  if (inputTensors !== null && flatten(inputTensors).key !== flatten(graph.inputStruct).key) {
    throw new TypeError('cloneModel: inputTensors must have the structure of the model\'s inputs');
  }
  const inputs = inputTensors ?? (mapStructure((symbol: KerasTensor) => {
    const layer = symbol.history!.call.operation;
    return Input({
      batchShape: symbol.shape,
      dtype: symbol.dtype,
      name: layer.name,
      optional: layer instanceof InputLayer && layer.optional,
    });
  }, graph.inputStruct) as Symbols);
  const outputs = graph.run(symbolsOf('cloneModel', 'inputTensors', inputs), callingClones(clone, callFunction)) as Symbols;
  const Class = (model instanceof Functional ? Model : model.constructor) as typeof Model;
  const made = new Class(inputs, outputs, { name: model.name });
  if (!model.trainable) made.trainable = false;
  return recompile(model, made);
}

function cloneWith(model: Model, options: CloneModelOptions, cache: Map<Layer, Layer>): Model {
  const { inputTensors = null, callFunction = null, cloneFunction = null } = options;
  if (model instanceof Sequential) {
    if (callFunction !== null)
      throw new TypeError(
        `cloneModel: callFunction is for functional models, whose layers are called one by one; "${model.name}" is a Sequential model`,
      );
    return cloneSequential(model, remembering(options, cache), inputTensors);
  }
  if (model.network !== null) return cloneFunctional(model, remembering(options, cache), options);
  for (const [name, value] of Object.entries({ cloneFunction, inputTensors, callFunction })) {
    if (value !== null)
      throw new TypeError(
        `cloneModel: ${name} is for functional and Sequential models; "${model.name}" is a ${model.constructor.name}, whose layers ` +
          `cloneModel does not know`,
      );
  }
  return deserializeKerasObject(serializeKerasObject(model), { customObjects: { [model.constructor.name]: model.constructor } }) as Model;
}

/**
 * A model with the layers of another, new and with new weights. A compiled model's clone is compiled alike.
 *
 * ```ts
 * const copy = keras.models.cloneModel(model);
 * copy.setWeights(model.getWeights());
 * ```
 * A model with a `call` of its own is made again from its config.
 * @throws for options that do not fit the kind of model.
 */
export function cloneModel(model: Sequential, options?: CloneModelOptions): Sequential;
export function cloneModel(model: Model, options?: CloneModelOptions): Model;
export function cloneModel(model: Model, options: CloneModelOptions = {}): Model {
  if (!(model instanceof Model)) throw new TypeError(`cloneModel: expected a model, received ${show(model)}`);
  checkOptions('cloneModel', options, OPTIONS);
  return cloneWith(model, options, new Map());
}

/** Options of `modelFromJson`. */
export interface ModelFromJsonOptions {
  /** Classes and functions that the text names and that are not registered. */
  customObjects?: CustomObjects | null;
}

/**
 * The model that `toJson` wrote, with new weights.
 * @throws for text that is not JSON or no model, and for unknown classes.
 */
export function modelFromJson(json: string, options: ModelFromJsonOptions = {}): Model {
  checkOptions('modelFromJson', options, ['customObjects']);
  let config: unknown;
  try {
    config = JSON.parse(json);
  } catch (cause) {
    throw new TypeError(`modelFromJson: expected JSON text, received ${show(json)}`, { cause });
  }
  const model = isPlainObject(config) ? deserializeKerasObject(config, options) : null;
  if (!(model instanceof Model))
    throw new TypeError(`modelFromJson: expected the JSON of a model, received that of ${show(model ?? config)}`);
  return model;
}
