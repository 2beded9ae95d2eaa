// Users' own classes and functions, registered under a name so that configs can refer to them.
import { snakeCase, type Config } from './configurable.js';

type Registered = (abstract new (...args: never[]) => unknown) | ((...args: never[]) => unknown);

const byName = new Map<string, Registered>();
const names = new WeakMap<Registered, string>();

/**
 * Registers a class or function under `package>name`, so that saved configs can name it. Returns it.
 *
 * ```ts
 * const MyLayer = keras.saving.registerKerasSerializable({ package: 'Mine' })(class MyLayer extends keras.layers.Layer { … });
 * ```
 * @throws for a class without `getConfig`.
 */
export function registerKerasSerializable({ package: group = 'Custom', name }: { package?: string; name?: string | null } = {}): <T extends Registered>(target: T) => T {
  return (target) => {
    const registered = `${group}>${name ?? target.name}`;
    byName.set(registered, target);
    names.set(target, registered);
    return target;
  };
}

/** A name that `registerKerasSerializable` gives: `package>name`. */
export type RegisteredName = `${string}>${string}`;

/** The name under which a class or function is registered, or its own name. */
export const getRegisteredName = (target: Registered): string => names.get(target) ?? target.name;
/** The class or function registered under a name, or null. */
export const getRegisteredObject = (name: string, customObjects: Readonly<Record<string, unknown>> = {}): unknown =>
  (Object.hasOwn(customObjects, name) ? customObjects[name] : byName.get(name)) ?? null;

/** How Keras writes an object: where its class is, the class's name, and its config. */
export interface SerializedObject {
  module: string | null;
  class_name: string;
  config: Config | string;
  registered_name: string | null;
  build_config?: Config | null;
  compile_config?: Config | null;
}
/** True for what `serialize…` of a family gives for an object. */
export const isSerialized = (value: unknown): value is SerializedObject =>
  typeof value === 'object' && value !== null && 'class_name' in value && 'config' in value;

/** Something of a family: its constructor tells the class's public name and module. */
interface Configurable {
  getConfig(): Config;
  getBuildConfig?(): Config | null;
}

/** Keras's form of an object of one of our classes or of a user's. `module` is that of the family, such as `keras.layers`. */
export function serializeObject(module: string, object: Configurable): SerializedObject {
  const constructor = object.constructor as { name: string; className?: string } & Registered;
  const own = constructor.className === constructor.name;
  const build = object.getBuildConfig?.() ?? null;
  return {
    module: own ? module : null,
    class_name: constructor.name,
    config: object.getConfig(),
    registered_name: own ? null : getRegisteredName(constructor),
    ...(build === null ? {} : { build_config: build }),
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
  snakeCase(className.replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2').replace(/^[A-Z]/, (c) => c.toLowerCase())).replace(/_+/g, '_').toLowerCase();
