// The functions of keras.ops as operations of functional models, and their form in configs.
import type { OperationCall } from '../symbolic/keras-tensor.js';
import { autoName, camelCase, snakeCase } from '../base/names.js';
import { Operation } from '../symbolic/operation.js';
import { keyText } from '../base/keys.js';
import { isPlainObject } from '../base/tree.js';
import { KERAS_OPERATIONS, type OperationRow } from './keras-operations.js';

type AnyFunction = (...args: never[]) => unknown;

const words = (text: string): string[] => (text === '' ? [] : text.split(' '));
/** Splits `a=1` or `a`. */
function entry(text: string): { name: string; value: string | null } {
  const at = text.indexOf('=');
  return at < 0 ? { name: text, value: null } : { name: text.slice(0, at), value: text.slice(at + 1) };
}

const rowOf = (functionName: string): OperationRow | null =>
  Object.hasOwn(KERAS_OPERATIONS, snakeCase(functionName)) ? KERAS_OPERATIONS[snakeCase(functionName)]! : null;

/** Name of Keras's class for a function; for one that Keras lacks, its own in PascalCase. */
function classNameOf(functionName: string): string {
  const row = rowOf(functionName);
  return row === null ? functionName.replace(/^[a-z]/, (c) => c.toUpperCase()) : row[0].split('.')[1]!;
}

/** The functions of `keras.ops` by Keras's name: what a config's class is revived with. */
const functions = new Map<string, AnyFunction>();
/** @internal Makes a function of `keras.ops` known to configs. */
export function nameFunction(functionName: string, fn: AnyFunction): void {
  // An activation of the same name is made of the function, and comes after it.
  if (!functions.has(snakeCase(functionName))) functions.set(snakeCase(functionName), fn);
}

/** Arguments by the names of Keras's parameters. */
function byName(row: OperationRow, args: readonly unknown[]): Record<string, unknown> {
  const [, parameters, positional] = row;
  const params = words(parameters).map(entry);
  const named: Record<string, unknown> = Object.fromEntries(
    params.flatMap(({ name, value }) => (value === null ? [] : [[name, JSON.parse(value)]])),
  );
  const order = words(positional);
  const required = order.filter((name) => params.some((p) => p.name === name && p.value === null)).length;
  const rest = [...args];
  const last = rest.at(-1);
  const known = new Set(params.map(({ name }) => camelCase(name)));
  if (rest.length > required && isPlainObject(last) && Object.keys(last).every((key) => known.has(key))) {
    rest.pop();
    for (const [key, value] of Object.entries(last))
      if (value !== undefined) named[params.find(({ name }) => camelCase(name) === key)!.name] = value;
  }
  order.forEach((name, i) => {
    if (rest[i] !== undefined) named[name] = rest[i];
  });
  const variadic = params.find(({ name }) => /^\*\w/.test(name));
  if (variadic !== undefined) named[variadic.name] = rest.slice(order.length);
  else if (rest.length > order.length)
    throw new Error(
      `${row[0]}: Keras's config has no place for the options ${Object.keys(rest.at(-1) as object).join(', ')}; put the call into a ` +
        `layer of your own`,
    );
  return named;
}

/** A call's arguments and the operation's config in Keras's form. */
export interface KerasCall {
  readonly config: Record<string, unknown>;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

function kerasCall(row: OperationRow, given: readonly unknown[]): KerasCall {
  const [, , , call, config] = row;
  const named = byName(row, given);
  const parts = words(call).map(entry);
  const args = parts
    .filter(({ value }) => value === null)
    .flatMap(({ name }) => (name.startsWith('*') ? (named[name] as unknown[]) : [named[name]]));
  const kwargs = parts.flatMap(({ name, value }) => (value === null ? [] : [[name, named[value]] as const]));
  const entries = words(config).map((text) => {
    const { name, value } = entry(text);
    const [own, source] = name.split('<') as [string, string?];
    return [own, value === null ? named[source ?? own] : JSON.parse(value)] as const;
  });
  return { config: Object.fromEntries(entries), args, kwargs: Object.fromEntries(kwargs) };
}

/** True for a value that is the same as a default, given as JSON. */
const isDefault = (value: unknown, json: string | null | undefined): boolean =>
  json != null && keyText(value) === keyText(JSON.parse(json));

/** The arguments of the function, in Keratin's spelling, for Keras's config and call. */
function ownCall(row: OperationRow, { config, args, kwargs }: KerasCall): unknown[] {
  const [, parameters, positional, call, init] = row;
  const named: Record<string, unknown> = {};
  for (const text of words(init)) {
    const { name, value } = entry(text);
    const [own, source] = name.split('<') as [string, string?];
    if (value === null && own in config) named[source ?? own] = config[own];
  }
  const rest = [...args];
  for (const { name, value } of words(call).map(entry)) {
    if (value !== null) {
      if (name in kwargs) named[value] = kwargs[name];
    } else if (name.startsWith('*')) named[name] = rest.splice(0);
    else if (rest.length > 0) named[name] = rest.shift();
    else if (name in kwargs) named[name] = kwargs[name];
  }
  const out: unknown[] = [];
  for (const name of words(positional)) {
    if (!(name in named)) break;
    out.push(named[name]);
    delete named[name];
  }
  const variadic = words(parameters).find((name) => /^\*\w/.test(name));
  if (variadic !== undefined) {
    out.push(...((named[variadic] ?? []) as unknown[]));
    delete named[variadic];
  }
  // What has its default need not be said; an own function may lack an option that Keras has for its backends.
  const defaults = new Map(words(parameters).map(entry).map(({ name, value }) => [name, value]));
  const options = Object.entries(named).filter(([name, value]) => !isDefault(value, defaults.get(name)));
  return options.length === 0 ? out : [...out, Object.fromEntries(options.map(([name, value]) => [camelCase(name), value]))];
}

/** A function of `keras.ops` in a functional model: made anew for every call on symbols. */
export class PublicOperation extends Operation {
  readonly functionName: string;
  readonly #fn: AnyFunction;
  /** What a config says besides the arguments of the call. */
  readonly #config: Record<string, unknown> | null;

  constructor(
    functionName: string,
    fn: AnyFunction,
    { name = null, config = null }: { name?: string | null; config?: Record<string, unknown> | null } = {},
  ) {
    super({ name: name ?? autoName(classNameOf(functionName)) });
    this.functionName = functionName;
    this.#fn = fn;
    this.#config = config;
  }

  override get typeName(): string {
    return classNameOf(this.functionName);
  }

  override call(...args: unknown[]): unknown {
    return this.#fn(...(args as never[]));
  }

  /** @internal Another operation of the same function and name. */
  again(): PublicOperation {
    return new PublicOperation(this.functionName, this.#fn, { name: this.name });
  }

  /** @internal Calls an operation that was made from a config with the arguments that its node has there. */
  callAsKeras(args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>): unknown {
    return this.invoke(...ownCall(rowOf(this.functionName)!, { config: this.#config ?? {}, args, kwargs }));
  }

  /** @internal Keras's form of a call. @throws for functions that Keras lacks. */
  asKeras(call: OperationCall): KerasCall {
    const row = rowOf(this.functionName);
    if (row === null)
      throw new Error(
        `${this.name}: ops.${this.functionName} has no class in Keras, so a model with it cannot be written as a config; put it into ` +
          `a layer of your own`,
      );
    return kerasCall(row, call.args);
  }

  /** @internal Keras's module of the class. */
  get kerasModule(): string {
    return `keras.src.ops.${rowOf(this.functionName)?.[0].split('.')[0]}`;
  }

  override getConfig(): Record<string, unknown> {
    const [first] = this.inboundCalls;
    return { name: this.name, ...(first === undefined ? this.#config : this.asKeras(first).config) };
  }
}

/** The operation of a class below `keras.src.ops`, with its config; null for a class that is not known. */
export function reviveOperation(module: string, className: string, { name, ...config }: Record<string, unknown>): PublicOperation | null {
  const path = `${module.replace(/^keras\.src\.ops\./, '')}.${className}`;
  const found = Object.keys(KERAS_OPERATIONS).find(
    (functionName) => KERAS_OPERATIONS[functionName]![0] === path && functions.has(functionName),
  );
  return found === undefined ? null : new PublicOperation(camelCase(found), functions.get(found)!, { name: name as string | null, config });
}
