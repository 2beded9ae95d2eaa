// Keras's form of any object, and back: layers, models, losses, functions, tensors, and structures of them.
import { toTensor } from '../core/convert.js';
import { standardizeDType, type DTypeLike } from '../base/dtype.js';
import { didYouMean, show } from '../base/errors.js';
import { KerasTensor } from '../symbolic/keras-tensor.js';
import type { SymbolicShape } from '../base/shape.js';
import { type NestedArray, Tensor } from '../core/tensor.js';
import { checkAcyclic, isPlainObject } from '../base/tree.js';
import { context, withContext } from '../core/context.js';
import { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { PublicOperation, reviveOperation } from '../ops/public-operation.js';
import type { Config } from './configurable.js';
import type { CustomObjects } from './family.js';
import {
  CustomObjectScope,
  findClass,
  functionNameOf,
  getRegisteredName,
  getRegisteredObject,
  isSerialized,
  moduleNames,
  moduleOf,
  scopedObjects,
  serializeObject,
  type SerializedObject,
} from './registration.js';
import { isSafeMode, refuseInSafeMode, runInSafeMode } from './safe-mode.js';

type AnyFunction = (...args: never[]) => unknown;

/** Modules whose functions configs name without saying where they are. */
const FUNCTION_MODULES = ['activations', 'constraints', 'initializers', 'losses', 'metrics', 'optimizers', 'regularizers'].map(
  (name) => `keras.${name}`,
);

/** Modules whose classes stand in models. */
const CLASS_MODULES = [
  'keras.layers',
  'keras',
  'keras.src.models.functional',
  'keras.initializers',
  'keras.regularizers',
  'keras.constraints',
  'keras.losses',
  'keras.metrics',
  'keras.optimizers',
  'keras.optimizers.schedules',
];

function serializeFunction(fn: AnyFunction): SerializedObject | { class_name: string; config: { value: string; language: string } } {
  const name = functionNameOf(fn) ?? getRegisteredName(fn);
  return name === ''
    ? { class_name: '__lambda__', config: { value: String(fn), language: 'javascript' } }
    : { module: 'builtins', class_name: 'function', config: name, registered_name: 'function' };
}

function serializeSymbol({ shape, dtype, history }: KerasTensor): unknown {
  const made = history === null ? null : [history.call.operation.name, history.call.index, history.index];
  return { class_name: '__keras_tensor__', config: { shape, dtype, keras_history: made } };
}

/**
 * Keras's form of an object: plain data, from which `deserializeKerasObject` makes another like it. Layers, models, losses and so on become
 * `{ module, class_name, config, registered_name }`; arrays and plain objects are mapped over; numbers, strings and booleans stay.
 * @throws a TypeError for an object without `getConfig`, and for arrays and plain objects that contain themselves.
 */
export function serializeKerasObject(object: unknown): unknown {
  checkAcyclic('serializeKerasObject', object);
  return formOf(object);
}

/**
 * The same for what one file holds: an object that it has several times is one again when the file is read, as in Keras.
 * @throws as `serializeKerasObject` does.
 */
export function serializeWithSharing(object: unknown): unknown {
  const form = withContext({ sharedNumbers: new Map() }, () => serializeKerasObject(object));
  const counts = new Map<unknown, number>();
  for (const { shared_object_id: id } of formsIn(form)) counts.set(id, (counts.get(id) ?? 0) + 1);
  for (const found of formsIn(form)) if (counts.get(found.shared_object_id) === 1) delete found.shared_object_id;
  return form;
}
/** The forms of objects in plain data, at any depth. */
function* formsIn(value: unknown): Generator<SerializedObject> {
  if (value === null || typeof value !== 'object') return;
  if (isSerialized(value) && 'shared_object_id' in value) yield value;
  for (const item of Object.values(value)) yield* formsIn(item);
}

function formOf(object: unknown): unknown {
  if (object === null || object === undefined) return null;
  if (typeof object === 'string' || typeof object === 'number' || typeof object === 'boolean') return object;
  if (Array.isArray(object)) return object.map(formOf);
  if (isPlainObject(object)) return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, formOf(value)]));
  if (object instanceof KerasTensor) return serializeSymbol(object);
  if (object instanceof Tensor || object instanceof Variable)
    return { class_name: '__tensor__', config: { value: object.tolist(), dtype: object.dtype } };
  if (ArrayBuffer.isView(object)) {
    const tensor = toTensor(object as Float32Array);
    return { class_name: '__numpy__', config: { value: tensor.tolist(), dtype: tensor.dtype } };
  }
  if (object instanceof PublicOperation)
    return {
      module: object.kerasModule,
      class_name: object.typeName,
      config: formOf(object.getConfig()),
      registered_name: object.typeName,
    };
  const target = object as { getConfig?: () => Config };
  if (typeof target.getConfig === 'function') {
    const form = serializeObject(moduleOf((object).constructor), target as { getConfig(): Config });
    return { ...form, config: formOf(form.config) };
  }
  if (typeof object === 'function') return serializeFunction(object as AnyFunction);
  throw new TypeError(`serializeKerasObject: ${show(object)} cannot be saved: its class must have a method getConfig`);
}

/** Options of `deserializeKerasObject`. */
export interface DeserializeKerasObjectOptions {
  /** Classes and functions that the config names and that are not registered. */
  customObjects?: CustomObjects | null | undefined;
  /** Whether configs that hold the source of functions are refused. Default true. */
  safeMode?: boolean;
}

type Special = (config: Record<string, unknown>, again: (value: unknown) => unknown, safeMode: boolean | null) => unknown;
/** What is written as an object of no class. */
const SPECIAL: Readonly<Record<string, Special>> = {
  __keras_tensor__: ({ shape, dtype, keras_history: history }) =>
    new SavedSymbol(shape as SymbolicShape, dtype as DTypeLike, history as SavedSymbol['savedHistory']),
  __tensor__: ({ value, dtype }) => toTensor(value as NestedArray, standardizeDType(dtype as DTypeLike)),
  __numpy__: ({ value, dtype }) => toTensor(value as NestedArray, standardizeDType(dtype as DTypeLike)),
  __bytes__: ({ value }) => value,
  __ellipsis__: () => '...',
  __slice__: ({ start, stop, step }, again) => ({ start: again(start), stop: again(stop), step: again(step) }),
  __lambda__: ({ value, language }, _, safeMode) => {
    refuseInSafeMode('deserializeKerasObject', safeMode);
    return functionOfSource(language === 'javascript' ? value : null);
  },
};

/** A symbol as a config has it, before it is put in the place of a layer's output. */
export class SavedSymbol extends KerasTensor {
  constructor(
    shape: SymbolicShape,
    dtype: DTypeLike,
    readonly savedHistory: readonly [operation: string, call: number, output: number] | null,
  ) {
    super(shape, dtype);
  }
}

/**
 * The function that source text stands for; it sees `ops` and `keras.ops` and nothing else of where it was written. Runs that text: only
 * out of safe mode.
 * @throws for what Python wrote.
 */
export function functionOfSource(source: unknown): AnyFunction {
  if (typeof source !== 'string')
    throw new Error(
      'the config holds a function of Python, which cannot run here; register a function of yours under a name, and save that',
    );
   
  const make = new Function('ops', 'keras', `"use strict"; return (${source});`) as (...names: unknown[]) => unknown;
  const fn = make(ops, { ops });
  if (typeof fn !== 'function') throw new TypeError('the config holds the source of something else than a function');
  return fn as AnyFunction;
}

function unknownClass(kind: string, name: string, { module }: SerializedObject): Error {
  const candidates = module === null || module === undefined || module === 'builtins' ? [] : moduleNames(module);
  const hint = didYouMean(name, candidates);
  return new TypeError(
    `unknown ${kind} '${name}'${module === null || module === undefined || kind === 'layer' ? '' : ` of ${module}`}${hint}${hint === '' ? '; a class or function of your own must be registered with registerKerasSerializable, or named in customObjects' : ''}`,
  );
}

function findFunction(form: SerializedObject, custom: CustomObjects): unknown {
  const name = form.config as string;
  const modules = form.module === null || form.module === 'builtins' ? FUNCTION_MODULES : [form.module];
  const found = getRegisteredObject(name, custom) ?? modules.map((module) => findClass(module, name)).find((fn) => fn !== null);
  if (found === undefined) throw unknownClass('function', name, form);
  return found;
}

/** What the classes of a module are, in messages. */
const kindOf = (module: string | null | undefined): string =>
  module === 'keras.layers' || module === null || module === undefined ? 'layer' : 'class';

/** The class of a config: registered under its name, or of Keras. */
function findTarget(form: SerializedObject, custom: CustomObjects): unknown {
  const {
    module,
    class_name: name,
    registered_name: registered,
  } = form as Omit<SerializedObject, 'module'> & { module: string | null | undefined };
  const own = getRegisteredObject(registered ?? name, custom) ?? getRegisteredObject(name, custom);
  if (own !== null) return own;
  // Configs in HDF5 files do not say where a class is.
  const found =
    module === null
      ? null
      : (module === undefined ? CLASS_MODULES : [module]).map((at) => findClass(at, name)).find((target) => target !== null);
  if (found === null || found === undefined) throw unknownClass(kindOf(module), name, form);
  return found;
}

/** @internal Why the object of a config cannot be made here; null when nothing is known against it. */
export function problemOf(form: SerializedObject): string | null {
  if (form.class_name === '__lambda__') {
    const { language } = form.config as { language?: unknown };
    return language === 'javascript'
      ? 'the source of a function, which runs with safeMode: false alone'
      : 'a function of Python, which cannot run here; register one of yours, and save that';
  }
  if (Object.hasOwn(SPECIAL, form.class_name) || form.module?.startsWith('keras.src.ops.') === true) return null;
  try {
    if (form.class_name === 'function') findFunction(form, {});
    else findTarget(form, {});
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A class that can be made from a config. */
interface Revivable {
  fromConfig?(config: Config, options?: { customObjects?: CustomObjects }): unknown;
}
interface Revived {
  built?: boolean;
  buildFromConfig?(config: Config): void;
  compileFromConfig?(config: Config): void;
}

function revive(form: SerializedObject, custom: CustomObjects, safeMode: boolean | null): unknown {
  if (form.class_name === 'function') return findFunction(form, custom);
  if (typeof (form.module ?? '') !== 'string')
    throw new TypeError(`deserializeKerasObject: the module of ${form.class_name} must be a string or null, received ${show(form.module)}`);
  const config = form.config as Config;
  if (form.module?.startsWith('keras.src.ops.') === true) {
    const operation = reviveOperation(form.module, form.class_name, config);
    if (operation !== null) return operation;
  }
  const target = findTarget(form, custom) as Revivable & AnyFunction;
  if (typeof target.fromConfig !== 'function') {
    if (typeof config === 'string') return target; // a registered function
    throw new TypeError(`deserializeKerasObject: ${form.class_name} cannot be made from a config: it has no static fromConfig`);
  }
  const { sharedObjects: shared } = context();
  const { shared_object_id: id } = form;
  if (id !== undefined && shared?.has(id) === true) return shared.get(id);
  const make = () => {
    const made = target.fromConfig!(structuredCloneOf(config), { customObjects: custom }) as Revived;
    if (form.build_config && made.built !== true) made.buildFromConfig?.(form.build_config);
    if (form.compile_config && Object.keys(form.compile_config).length > 0) made.compileFromConfig?.(form.compile_config);
    if (id !== undefined) shared?.set(id, made);
    return made;
  };
  return new CustomObjectScope({ ...scopedObjects(), ...custom }).run(() => (safeMode === null ? make() : runInSafeMode(safeMode, make)));
}

/** A copy of plain data, so that a `fromConfig` that takes entries away harms nobody. */
const structuredCloneOf = <T,>(value: T): T =>
  (Array.isArray(value)
    ? value.map(structuredCloneOf)
    : isPlainObject(value)
      ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, structuredCloneOf(item)]))
      : value) as T;

/**
 * The object that Keras's form stands for, new and with new weights; the inverse of `serializeKerasObject`. Strings that name a custom
 * object give that; other plain data come back as they are.
 * @throws for unknown classes, with the nearest name, for configs that contain themselves, and in safe mode for configs that hold the
 * source of functions.
 */
export function deserializeKerasObject(config: unknown, options: DeserializeKerasObjectOptions = {}): unknown {
  checkAcyclic('deserializeKerasObject', config);
  const custom = options.customObjects ?? {};
  const safeMode = isSafeMode() ?? options.safeMode ?? null;
  const visit = (value: unknown): unknown => {
    if (typeof value === 'string') return getRegisteredObject(value, custom) ?? value;
    if (Array.isArray(value)) return value.map(visit);
    if (!isPlainObject(value)) return value ?? null;
    if (!isSerialized(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item)]));
    const special = SPECIAL[value.class_name];
    return special === undefined
      ? revive(value, custom, safeMode)
      : special((value.config ?? {}) as Record<string, unknown>, visit, safeMode);
  };
  return visit(config);
}
