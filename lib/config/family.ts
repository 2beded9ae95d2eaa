// Families: finding losses, metrics, initializers … by name, and writing them into configs.
import type { AbstractClass, AnyClass } from '../base/class.js';
import { didYouMean, isClass, show } from '../base/errors.js';
import { toSnakeCase } from '../base/names.js';
import type { Config } from './configurable.js';
import {
  CustomObjectScope,
  getRegisteredName,
  getRegisteredObject,
  isSerialized,
  provideModule,
  scopedObjects,
  serializeObject,
  type SerializedObject,
} from './registration.js';

/** Classes and functions by the names under which the user's own configs refer to them. */
export type CustomObjects = Readonly<Record<string, unknown>>;

/** Options of `deserialize`. */
export interface DeserializeOptions {
  /** Classes and functions that the config names and that are not registered. */
  customObjects?: CustomObjects | null | undefined;
}

/** snake_case of a function's name as a type: `'logSoftmax'` → `'log_softmax'`. */
export type SnakeCase<S extends string> = S extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `_${Lowercase<Head>}`}${SnakeCase<Tail>}`
  : S;

/** What a family consists of. */
export interface FamilyMembers {
  /** Its name in messages, with its article: `'a loss'`. */
  readonly kind: string;
  /** Keras's module, for configs. */
  readonly module: string;
  /** The class that the family's classes extend; null for a family of functions only. */
  readonly base: AbstractClass | null;
  /** The exports: classes and functions under their public names. A function goes before a class of the same snake_case name. */
  readonly members: Readonly<Record<string, unknown>>;
  /** Further names, each for another name of a member. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** A family of classes and functions with a common use. `T` is what the family's lookups give. */
export class Family<T> {
  private readonly byName = new Map<string, unknown>();
  private readonly functionNames = new Map<unknown, string>();

  constructor(private readonly definition: FamilyMembers) {
    const entries = Object.entries(definition.members);
    for (const [name, member] of entries.filter(([, m]) => this.isClass(m))) {
      this.byName.set(name, member);
      if (member !== definition.base) this.byName.set(toSnakeCase(name), member);
    }
    for (const [name, member] of entries.filter(([, m]) => typeof m === 'function' && !this.isClass(m))) {
      const key = toSnakeCase(name);
      this.byName.set(key, member);
      if (!this.functionNames.has(member)) this.functionNames.set(member, key);
    }
    for (const [alias, name] of Object.entries(definition.aliases ?? {})) this.byName.set(alias, this.byName.get(name));
    provideModule(definition.module, {
      find: (name) => this.byName.get(name),
      names: () => this.byName.keys(),
      nameOf: (member) => this.nameOf(member),
    });
  }

  private isClass(value: unknown): value is AnyClass<T> & { fromConfig(config: Config): T } {
    const { base } = this.definition;
    return base !== null && typeof value === 'function' && (value === base || value.prototype instanceof base);
  }

  /** The name by which configs refer to a function of the family, or null. */
  nameOf(member: unknown): string | null {
    return this.functionNames.get(member) ?? null;
  }

  /**
   * From a name, a config, a class, an instance or a function to the instance or function; null stays null. `where` opens the
   * error message.
   * @throws a TypeError, with the nearest name, for an unknown name, and for anything else.
   */
  get(identifier: unknown, where = this.definition.module): T | null {
    if (identifier === null || identifier === undefined) return null;
    if (typeof identifier === 'string' || isSerialized(identifier)) return this.deserialize(identifier, {}, where);
    if (this.isClass(identifier)) return new identifier();
    if (typeof identifier === 'function' && !isClass(identifier)) return identifier as T;
    throw new TypeError(
      `${where}: expected ${this.definition.kind} (a name, a config, an instance or a function), received ${show(identifier)}`,
    );
  }

  /** Keras's config form of an instance, or of a function by its name. */
  serialize(object: unknown): SerializedObject {
    const { module } = this.definition;
    if (typeof (object as { getConfig?: unknown } | null)?.getConfig === 'function') {
      const own = (object as object).constructor as { module?: string };
      return serializeObject(own.module ?? module, object as { getConfig(): Config });
    }
    if (typeof object !== 'function')
      throw new TypeError(`${module}.serialize: expected an instance or a function, received ${show(object)}`);
    const name = this.nameOf(object) ?? getRegisteredName(object as () => unknown);
    if (name === '')
      throw new TypeError(
        `${module}.serialize: an anonymous function has no name to be saved by; give it one with registerKerasSerializable`,
      );
    return { module: 'builtins', class_name: 'function', config: name, registered_name: 'function' };
  }

  /** The inverse of `serialize`; a name gives an instance with default options, or the function. */
  deserialize(value: SerializedObject | string, { customObjects }: DeserializeOptions = {}, where = this.definition.module): T {
    if (typeof value !== 'string' && !isSerialized(value))
      throw new TypeError(`${where}: expected a name or a config { class_name, config }, received ${show(value)}`);
    const custom = customObjects ?? {};
    const isFunction = typeof value !== 'string' && typeof value.config === 'string';
    const name = typeof value === 'string' ? value : isFunction ? (value.config as string) : value.class_name;
    const registered = typeof value === 'string' || isFunction ? null : value.registered_name;
    const found =
      (registered ? getRegisteredObject(registered, custom) : null) ?? getRegisteredObject(name, custom) ?? this.byName.get(name);
    if (found === undefined) throw this.unknown(name, where);
    const target = found as T & { fromConfig?(config: Config): T };
    if (typeof target.fromConfig === 'function') {
      const make = () => target.fromConfig!(typeof value === 'string' ? {} : ((value.config ?? {}) as Config));
      return customObjects === null || customObjects === undefined
        ? make()
        : new CustomObjectScope({ ...scopedObjects(), ...customObjects }).run(make);
    }
    if (typeof target !== 'function' || !(typeof value === 'string' || isFunction))
      throw new TypeError(`${where}: '${name}' cannot be made from a config: it has no static fromConfig`);
    return target;
  }

  private unknown(name: string, where: string): Error {
    const { kind, module } = this.definition;
    const place = where === module ? '' : `${where}: `;
    // Class names and snake_case ones are equally near; the user's kind goes first.
    const capital = /^[A-Z]/;
    const candidates = [...this.byName.keys()].sort(
      (a, b) => Number(capital.test(a) !== capital.test(name)) - Number(capital.test(b) !== capital.test(name)),
    );
    return new TypeError(`${place}unknown ${kind.replace(/^an? /, '')} '${name}'${didYouMean(name, candidates)}`);
  }
}
