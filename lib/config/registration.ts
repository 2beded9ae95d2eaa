// Users' own classes and functions, registered under a name so that configs can refer to them.
import type { AbstractClass } from '../base/class.js';
import { isClass, show } from '../base/errors.js';
import { type Config } from './configurable.js';
import { snakeCase } from '../base/names.js';
import { context, type Context } from '../core/context.js';
import { Scope } from './scopes.js';

type Registered = AbstractClass | ((...args: never[]) => unknown);

const registered: Record<string, unknown> = {};
const names = new WeakMap<Registered, string>();

/**
 * Registers a class or function under `package>name`, so that saved configs can name it. Returns it.
 *
 * ```ts
 * const MyLayer = keras.saving.registerKerasSerializable({ package: 'Mine' })(class MyLayer extends keras.layers.Layer { … });
 * ```
 * @throws for a class without `getConfig`.
 */
export function registerKerasSerializable({ package: group = 'Custom', name }: { package?: string; name?: string | null } = {}): <
  T extends Registered,
>(
  target: T,
) => T {
  return (target) => {
    if (isClass(target) && typeof (target.prototype as { getConfig?: unknown }).getConfig !== 'function') {
      throw new TypeError(`registerKerasSerializable: the class ${target.name} must have a method getConfig`);
    }
    const key = `${group}>${name ?? target.name}`;
    registered[key] = target;
    names.set(target, key);
    return target;
  };
}

/** A name that `registerKerasSerializable` gives: `package>name`. */
export type RegisteredName = `${string}>${string}`;

/** The name under which a class or function is registered, or its own name. */
export const getRegisteredName = (target: Registered): string => names.get(target) ?? target.name;
/** The class or function of a name: from the innermost scope, registered, or from `customObjects`; null when there is none. */
export function getRegisteredObject(name: string, customObjects: Readonly<Record<string, unknown>> | null = null): unknown {
  for (const objects of [scopedObjects(), registered, customObjects])
    if (objects !== null && Object.hasOwn(objects, name)) return objects[name];
  return null;
}

/**
 * The registered classes and functions by name, as a live object: what is added to it is known to configs from then on. Those of a
 * `CustomObjectScope` are not in it.
 */
export const getCustomObjects = (): Record<string, unknown> => registered;

/**
 * Names for classes and functions while something is loaded:
 *
 * ```ts
 * const model = keras.saving.customObjectScope({ MyLayer }).run(() => keras.models.modelFromJson(json));
 * ```
 * A scope that is opened inside of another hides it.
 */
export class CustomObjectScope extends Scope {
  readonly customObjects: Readonly<Record<string, unknown>>;

  constructor(customObjects: Readonly<Record<string, unknown>> | null) {
    super();
    this.customObjects = { ...customObjects };
  }

  protected override changes(): Partial<Context> {
    return { customObjects: this.customObjects };
  }
}
/** A `CustomObjectScope`. */
export const customObjectScope = (customObjects: Readonly<Record<string, unknown>> | null): CustomObjectScope =>
  new CustomObjectScope(customObjects);
/** @internal The objects of the innermost scope. */
export const scopedObjects = (): Readonly<Record<string, unknown>> => context().customObjects;

/** @internal What a module of Keras has. */
export interface ModuleMembers {
  /** The class or function of a name. */
  find(name: string): unknown;
  /** All names. */
  names(): Iterable<string>;
  /** The name of a function. */
  nameOf?(fn: unknown): string | null;
}
const modules = new Map<string, ModuleMembers[]>();
/** @internal Says where the classes and functions of a module of Keras are found by name. */
export function provideModule(module: string, members: ModuleMembers): void {
  modules.set(module, [...(modules.get(module) ?? []), members]);
}
/** @internal Says that a module of Keras has these classes and functions. */
export const provideMembers = (module: string, members: Readonly<Record<string, unknown>>): void =>
  provideModule(module, { find: (name) => (Object.hasOwn(members, name) ? members[name] : null), names: () => Object.keys(members) });
/** @internal What a module of Keras has under a name; null when it has not. */
export const findClass = (module: string, name: string): unknown =>
  (modules.get(module) ?? []).map((members) => members.find(name)).find((found) => found !== undefined && found !== null) ?? null;
/** @internal The names that a module of Keras has. */
export const moduleNames = (module: string): string[] => (modules.get(module) ?? []).flatMap((members) => [...members.names()]);
/** @internal Keras's name of a function, or null. */
export function functionNameOf(fn: unknown): string | null {
  for (const members of [...modules.values()].flat()) {
    const name = members.nameOf?.(fn) ?? null;
    if (name !== null) return name;
  }
  return null;
}
/** @internal Keras's module of a class. */
export function moduleOf(constructor: { name: string; module?: string }): string | null {
  return (
    constructor.module ??
    [...modules].find(([, list]) => list.some((members) => members.find(constructor.name) === constructor))?.[0] ??
    null
  );
}

/** How Keras writes an object: where its class is, the class's name, and its config. */
export interface SerializedObject {
  module: string | null;
  class_name: string;
  config: Config | string;
  registered_name: string | null;
  build_config?: Config | null;
  compile_config?: Config | null;
  /** The same for all forms of one object in a file. */
  shared_object_id?: number;
}
/** True for what `serialize…` of a family gives for an object. */
export const isSerialized = (value: unknown): value is SerializedObject =>
  typeof value === 'object' && value !== null && 'class_name' in value && 'config' in value && typeof value.class_name === 'string';

/** Something of a family: its constructor tells the class's public name and module. */
interface Configurable {
  getConfig(): Config;
  getBuildConfig?(): Config | null;
  getCompileConfig?(): Config | null;
}

/** Keras's form of an object of one of our classes or of a user's. `module` is that of the family, such as `keras.layers`. */
export function serializeObject(module: string | null, object: Configurable): SerializedObject {
  if (typeof (object as { getConfig?: unknown } | null)?.getConfig !== 'function')
    throw new TypeError(`serialize: expected an object with getConfig, received ${show(object)}`);
  const constructor = object.constructor as { name: string; className?: string; registeredName?: string } & Registered;
  const own = constructor.className === constructor.name;
  const build = object.getBuildConfig?.() ?? null;
  const compile = object.getCompileConfig?.() ?? null;
  const { sharedNumbers } = context();
  if (sharedNumbers?.has(object) === false) sharedNumbers.set(object, sharedNumbers.size + 1);
  return {
    module: own ? module : null,
    class_name: constructor.name,
    config: object.getConfig(),
    registered_name: own ? (constructor.registeredName ?? null) : getRegisteredName(constructor),
    ...(build === null ? {} : { build_config: build }),
    ...(compile === null ? {} : { compile_config: compile }),
    ...(sharedNumbers === null ? {} : { shared_object_id: sharedNumbers.get(object)! }),
  };
}

/** A class that can be made from a config. */
export interface FromConfig<T> {
  fromConfig(config: Config): T;
}

/**
 * Makes an object from its serialized form, or from the name of a class or of its snake_case alias (`'glorot_uniform'`). `exports`
 * is the family's namespace, `kind` its name in messages, `where` who asks.
 * @throws a TypeError with the nearest name when nothing has that name.
 */
export function deserializeObject<T>(
  exports: Readonly<Record<string, unknown>>, value: SerializedObject | string, unknown: (name: string) => Error,
  customObjects: Readonly<Record<string, unknown>> = {},
): T {
  if (typeof value !== 'string' && !isSerialized(value))
    throw new TypeError(`deserialize: expected a name or a config { class_name, config }, received ${show(value)}`);
  const name = typeof value === 'string' ? value : value.class_name;
  const registered = typeof value === 'string' ? null : value.registered_name;
  const found = getRegisteredObject(registered ?? name, customObjects) ?? getRegisteredObject(name, customObjects) ?? exports[name];
  if (typeof found !== 'function') throw unknown(name);
  const target = found as unknown as FromConfig<T> & ((...args: never[]) => T);
  const config = typeof value === 'string' ? {} : value.config;
  if (typeof config === 'string') return target as unknown as T; // a registered function
  if (typeof target.fromConfig !== 'function') throw new TypeError(`${name} cannot be made from a config: it has no static fromConfig`);
  return target.fromConfig(config);
}

/** Keras's snake_case name of a class, for the lookups by name: `GlorotUniform` → `glorot_uniform`. */
export const aliasOf = (className: string): string =>
  snakeCase(className.replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2').replace(/^[A-Z]/, (c) => c.toLowerCase()))
    .replace(/_+/g, '_')
    .toLowerCase();
