// Config: named values that can be frozen.
import { inspect } from 'node:util';
import { didYouMean, show } from '../base/errors.js';
import { positionalOrNamed } from '../ops/public.js';

/** The values behind each config, and which of them are frozen. */
const values = new WeakMap<Config, Record<string, unknown>>();
const frozen = new WeakSet<Record<string, unknown>>();
const valuesOf = (config: Config): Record<string, unknown> => values.get(config)!;

function checkMutable(store: Record<string, unknown>, name: string): void {
  if (frozen.has(store)) throw new Error(`Config: '${name}' cannot be changed, because the config is frozen`);
}
/** Sets a value, whatever its name is: that of a method too. */
function put(store: Record<string, unknown>, name: string, value: unknown): void {
  checkMutable(store, name);
  Object.defineProperty(store, name, { value, writable: true, enumerable: true, configurable: true });
}

const handler: ProxyHandler<Record<string, unknown>> = {
  get(store, name, config) {
    const prototype = Object.getPrototypeOf(store) as object;
    if (typeof name === 'symbol' || name in prototype) return Reflect.get(prototype, name, config);
    if (Object.hasOwn(store, name)) return store[name];
    if (name === 'then') return undefined; // what `await` asks for
    throw new Error(`Config: has no '${name}'${didYouMean(name, Object.keys(store))}`);
  },
  set(store, name, value) {
    if (typeof name === 'symbol' || name in (Object.getPrototypeOf(store) as object))
      throw new TypeError(`Config: ${String(name)} is a method of configs; set a value of that name with update({ ${String(name)}: … })`);
    put(store, name, value);
    return true;
  },
  has: (store, name) => Object.hasOwn(store, name),
  deleteProperty(store, name) {
    checkMutable(store, String(name));
    if (!Object.hasOwn(store, name)) throw new Error(`Config: has no '${String(name)}' to delete${didYouMean(name, Object.keys(store))}`);
    return Reflect.deleteProperty(store, name);
  },
  defineProperty(store, name, descriptor) {
    checkMutable(store, String(name));
    return Reflect.defineProperty(store, name, descriptor);
  },
};

/**
 * Named values, read and set as properties. A name that is not there is an error with the nearest one, and `freeze` ends all changes.
 *
 * ```ts
 * const config = new keras.utils.Config({ learningRate: 0.1, momentum: 0.9 });
 * config.useEma = true;
 * config.freeze();
 * config.learningRate; // 0.1
 * config.learningRat; // throws: did you mean 'learningRate'?
 * ```
 * `in`, `delete`, `Object.entries` and `{ ...config }` see the values alone; iterating a config gives the names in sorted order.
 */
export class Config {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever was put in
  [name: string]: any;

  constructor(entries: Readonly<Record<string, unknown>> = {}) {
    const store = Object.create(new.target.prototype) as Record<string, unknown>;
    for (const [name, value] of Object.entries(entries)) put(store, name, value);
    const config = new Proxy(store, handler) as unknown as Config;
    values.set(config, store);
    return config;
  }

  /** Whether changes are refused. */
  get frozen(): boolean {
    return frozen.has(valuesOf(this));
  }
  /** Refuses all changes from here on. */
  freeze(): void {
    frozen.add(valuesOf(this));
  }
  /** Allows changes again. */
  unfreeze(): void {
    frozen.delete(valuesOf(this));
  }

  /** The values, as a plain object of its own. */
  asDict(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(valuesOf(this)));
  }
  /** The values as JSON. */
  toJson(): string {
    return JSON.stringify(this.asDict());
  }
  /** @internal What `JSON.stringify` writes. */
  toJSON(): Record<string, unknown> {
    return this.asDict();
  }
  /** The names, in the order in which they were set. */
  keys(): string[] {
    return Object.keys(valuesOf(this));
  }
  /** The values, in that order. */
  values(): unknown[] {
    return Object.values(valuesOf(this));
  }
  /** Names and values, in that order. */
  items(): [string, unknown][] {
    return Object.entries(valuesOf(this));
  }
  /** The value of a name, or `value` (default null) where there is none. */
  get(keyname: string, value?: unknown): unknown {
    const store = valuesOf(this);
    return Object.hasOwn(store, keyname) ? store[keyname] : (positionalOrNamed<unknown>('Config.get', value, 'value') ?? null);
  }
  /** Takes a value out. @throws when it is not there and no other value is given for that case, and when the config is frozen. */
  pop(keyname: string, ...otherwise: [] | [value: unknown]): unknown {
    const store = valuesOf(this);
    checkMutable(store, keyname);
    if (!Object.hasOwn(store, keyname)) {
      if (otherwise.length > 0) return otherwise[0];
      throw new Error(`Config: has no '${keyname}' to pop${didYouMean(keyname, Object.keys(store))}`);
    }
    const value = store[keyname];
    delete store[keyname];
    return value;
  }
  /** Sets all values of other configs, objects or lists of `[name, value]`. @throws when the config is frozen. */
  update(...sources: readonly (Readonly<Record<string, unknown>> | Iterable<readonly [string, unknown]> | Config)[]): void {
    const store = valuesOf(this);
    for (const source of sources) {
      if (typeof source !== 'object' || source === null)
        throw new TypeError(`Config.update: expected objects of values, received ${show(source)}`);
      const entries = source instanceof Config || !(Symbol.iterator in source) ? Object.entries(source) : (source);
      for (const [name, value] of entries) put(store, name, value);
    }
  }

  /** The names, sorted. */
  [Symbol.iterator](): IterableIterator<string> {
    return this.keys().sort()[Symbol.iterator]();
  }
  /** @internal What `console.log` shows. */
  [inspect.custom](): string {
    return `<Config ${inspect(this.asDict())}>`;
  }
  /** The values, for messages. */
  toString(): string {
    return `<Config ${this.toJson()}>`;
  }
}
