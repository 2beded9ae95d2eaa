// Classes made from a schema: constructor arguments, `config`, `getConfig` and `fromConfig`.
import type { AnyClass } from '../base/class.js';
import { inUsersTerms } from '../base/engine-errors.js';
import { didYouMean, show } from '../base/errors.js';
import { withoutHoles } from '../base/arrays.js';
import { Callable } from '../base/callable.js';
import { camelCase, camelKeys, snakeCase } from '../base/names.js';
import { isPlainObject } from '../base/tree.js';
import type { Activation, ActivationLike } from '../activations/lookup.js';
import { noteChange } from './changes.js';
import type { ParameterNames } from './parameter-names.js';
import type { InOf, OutOf, Schema } from './fields.js';

/** The options object of a schema: everything that is not required. */
export type OptionsOf<S extends Schema> = {
  -readonly [K in keyof S as S[K] extends { required: true } ? never : K]?: InOf<S[K]> | undefined;
};
/** The values that a class made from a schema sees. */
export type ConfigOf<S extends Schema> = { readonly [K in keyof S]: OutOf<S[K]> };
/** The options of a schema as properties of an object, without names that its family uses otherwise. */
export type AttributesOf<S extends Schema, Taken = never> = {
  -readonly [K in keyof S as K extends Taken | 'activation' ? never : K]: OutOf<S[K]>;
} & ('activation' extends keyof S ? HasActivation : unknown);
/** An object with an activation, which is read as a function, and set by its name too. */
export interface HasActivation {
  /** What is applied to the output. */
  get activation(): Activation;
  /** A function, a name or a config; null: none. */
  set activation(value: ActivationLike);
}

/** Required options by their names. */
export type KeywordsOf<S extends Schema, P extends readonly unknown[]> = {
  -readonly [K in keyof S as S[K] extends { required: true } ? (K extends P[number] ? K : never) : never]: InOf<S[K]>;
};
/** A parameter of the name `K`, for those that read the signature. */
export type Parameter<K, V> = K extends keyof ParameterNames<V> ? ParameterNames<V>[K] : [value: V];
/**
 * Constructor arguments: the positional fields in order, then the options. Optional positional ones may be left out; from any place on, all
 * that follows may be given by name in the options.
 */
export type ArgumentsOf<S extends Schema, P extends readonly unknown[], O = OptionsOf<S>> = P extends readonly [
  infer H extends keyof S,
  ...infer Rest,
]
  ? S[H] extends { required: true }
    ? [...Parameter<H, InOf<S[H]>>, ...ArgumentsOf<S, Rest, O>] | [options: KeywordsOf<S, P> & O]
    : [...Partial<Parameter<H, InOf<S[H]> | undefined>>, ...ArgumentsOf<S, Rest, O>] | [options?: O]
  : [options?: O];

/** Keras's config: plain data with snake_case keys. */
export type Config = Record<string, unknown>;

const keyOf = (schema: Schema, name: string): string => schema[name]!.key ?? snakeCase(name);

/**
 * Whether the last argument of a constructor is its options, and not the value of a positional field that takes objects, such as a layer's
 * config.
 */
function isOptions(schema: Schema, positional: readonly string[], args: readonly unknown[]): boolean {
  const last = args.at(-1);
  if (!isPlainObject(last)) return false;
  return args.length > positional.length || !('class_name' in last) || Object.keys(last).every((key) => Object.hasOwn(schema, key));
}

/**
 * Splits constructor arguments into values by option name. Throws on unknown options, on too many arguments, and on a value that is given
 * twice.
 */
export function readArguments(
  className: string,
  schema: Schema,
  positional: readonly string[],
  args: readonly unknown[],
): Record<string, unknown> {
  const given = [...args];
  while (given.length > 0 && given.at(-1) === undefined) given.pop();
  const options = isOptions(schema, positional, given) ? (given.pop() as Record<string, unknown>) : {};
  if (given.length > positional.length)
    throw new TypeError(
      `${className}: takes ${positional.length} argument${positional.length === 1 ? '' : 's'} before the options, received ${show(given)}`,
    );
  const values: Record<string, unknown> = {};
  given.forEach((value, i) => {
    values[positional[i]!] = withoutHoles(className, value);
  });
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(schema, name)) throw new TypeError(`${className}: unknown option '${name}'${didYouMean(name, Object.keys(schema))}`);
    if (value === undefined) continue;
    if (values[name] !== undefined && positional.includes(name))
      throw new TypeError(`${className}: ${name} was given twice, as argument ${positional.indexOf(name) + 1} and in the options`);
    values[name] = withoutHoles(className, value);
  }
  return values;
}

/** Checks values against their fields and fills in defaults. */
export function resolve<S extends Schema>(className: string, schema: S, values: Readonly<Record<string, unknown>>): ConfigOf<S> {
  const resolved: Record<string, unknown> = {};
  for (const [name, { required, initial, expects, parse }] of Object.entries(schema)) {
    const value = values[name];
    if (value === undefined && required) throw new TypeError(`${className}: ${name} is required and must be ${expects}`);
    if (value === undefined && initial === undefined) {
      resolved[name] = undefined;
      continue;
    }
    try {
      resolved[name] = parse(value === undefined ? initial : value, `${className}: ${name}`);
    } catch (error) {
      throw inUsersTerms(`${className}: ${name}`, [value], error);
    }
  }
  return resolved as ConfigOf<S>;
}

/** The config entries of resolved values. */
export function serializeFields<S extends Schema>(schema: S, values: ConfigOf<S>): Config {
  const saved = Object.entries(schema).map(
    ([name, f]) => [keyOf(schema, name), f.serialize((values as Record<string, unknown>)[name])] as const,
  );
  return Object.fromEntries(saved.filter(([, value]) => value !== undefined));
}

/** What objects with options have, as the setters of their properties see them. */
interface Optioned {
  readonly built?: boolean;
  /** Counts the change, or refuses it. Objects without the method may be changed at any time. */
  optionChanging?(name: string, value: unknown): void;
}
type Store<N extends string> = { readonly [K in N]: Record<string, unknown> };
/**
 * Makes options properties of a class's instances, which read and write those that the instance keeps under the name `store`. A value that
 * is set is checked as in the constructor, and whatever was compiled is compiled anew; Names that the class has otherwise stay as they are.
 */
export function defineAttributes<N extends string>(prototype: object, schema: Schema, store: N): void {
  for (const [name, option] of Object.entries(schema)) {
    if (name in prototype) continue;
    Object.defineProperty(prototype, name, {
      configurable: true,
      get(this: Store<N>) {
        return this[store][name];
      },
      set(this: Store<N> & Optioned, value: unknown) {
        const where = `${this.constructor.name}: ${name}`;
        const parsed: unknown = option.parse(value, where);
        if (option.usedWhen === 'made' || (option.usedWhen === 'built' && this.built === true)) {
          throw new TypeError(
            `${where} is used when the object is ${option.usedWhen}, so it cannot be set afterwards; make another object with it`,
          );
        }
        if (this.optionChanging === undefined) noteChange();
        else this.optionChanging(name, parsed);
        (this[store] as Record<string, unknown>)[name] = parsed;
      },
    });
  }
}

/** A class of one of Keras's families, as `configured` extends it. */
interface FamilyBase {
  /** Options that every class of the family has. */
  readonly baseSchema: Schema;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the options of the family
  new (options: any): { getConfig(): Config };
}

/** Base of the callable families: an object of a user's own class is saved by its `getConfig`, and made again with the same options. */
export abstract class Configurable extends Callable {
  /** Options that every class of the family has. */
  static readonly baseSchema: Schema = {};

  /** The options, as plain data with snake_case keys. */
  getConfig(): Config {
    return {};
  }
  /** Makes an instance from what `getConfig` gave. */
  static fromConfig<T>(this: AnyClass<T>, config: Config): T {
    const options = camelKeys(config);
    return new (this as unknown as new (options: object) => T)(options);
  }
}

/** What `configured` adds to a class. */
export interface ConfiguredStatic<S extends Schema> {
  readonly className: string;
  readonly schema: S;
  /** Makes an instance from what `getConfig` gave. */
  fromConfig<T>(this: AnyClass<T>, config: Config): T;
}

type StaticsOf<B> = { [K in Exclude<keyof B, 'prototype' | 'className' | 'schema' | 'fromConfig'>]: B[K] };

/**
 * A base class with the options of `schema` besides those of its family. `positional` names the options that are given by position,
 * in Keras's order. Instances have the checked values in `config`, and as properties of their own names.
 */
export function configured<B extends FamilyBase, const S extends Schema, const P extends readonly (keyof S & string)[] = []>(
  Base: B,
  className: string,
  schema: S,
  positional?: P,
): (new (
  ...args: ArgumentsOf<S & Omit<B['baseSchema'], keyof S>, P>
) => InstanceType<B> & { readonly config: ConfigOf<S> } & AttributesOf<S, keyof InstanceType<B>>) &
  ConfiguredStatic<S> &
  StaticsOf<B> {
  const order: readonly string[] = positional ?? [];
  const all: Schema = { ...schema, ...Base.baseSchema };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- mixin base
  const Parent = Base as unknown as new (options: any) => { getConfig(): Config };
  const own = Object.fromEntries(Object.entries(schema).filter(([name]) => !Object.hasOwn(Base.baseSchema, name))) as S;
  class Configured extends Parent {
    static readonly className: string = className;
    static readonly schema: S = schema;
    readonly config: ConfigOf<S>;

    constructor(...args: unknown[]) {
      const name = new.target.name === '' ? className : new.target.name;
      const values = readArguments(name, all, order, args);
      // An option of the family that the class names itself has another default there.
      const base = Object.keys(Base.baseSchema).map(
        (key) => [key, values[key] === undefined ? schema[key]?.initial : values[key]] as const,
      );
      super(Object.fromEntries(base.filter(([, value]) => value !== undefined)));
      this.config = resolve(name, schema, values);
    }

    override getConfig(): Config {
      return { ...super.getConfig(), ...serializeFields(own, this.config) };
    }

    static fromConfig(config: Config): unknown {
      const names = new Map(Object.keys(all).map((name) => [keyOf(all, name), name]));
      const values = Object.fromEntries(Object.entries(config).map(([key, value]) => [names.get(key) ?? camelCase(key), value]));
      const args = order.map((name) => values[name]);
      order.forEach((name) => delete values[name]);
      // eslint-disable-next-line @typescript-eslint/no-explicit-any -- arguments were split by the schema
      return new (this as any)(...args, values);
    }
  }
  defineAttributes(Configured.prototype, schema, 'config');
  return Configured as never;
}
