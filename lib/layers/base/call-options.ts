// Which inputs and options the call of a layer takes: those that its class declares, or those that its method names.
import { checkOptions, show } from '../../base/errors.js';

/**
 * The parts between top-level commas of a list in brackets that opens at `start`, without comments; null for source that is not followed
 * (regular expressions, templates).
 */
function partsOf(source: string, start: number): string[] | null {
  const parts = [''];
  let depth = 0;
  for (let i = start; i < source.length; i++) {
    const c = source[i]!;
    let text = c;
    if (c === '/' || c === '`') {
      const end = source.startsWith('/*', i) ? source.indexOf('*/', i) + 1 : source.startsWith('//', i) ? source.indexOf('\n', i) : -1;
      if (end < i) return null;
      text = ' ';
      i = end;
    } else if (c === "'" || c === '"') {
      const [string] = /^(['"])(?:\\.|(?!\1).)*\1/s.exec(source.slice(i)) ?? [];
      if (string === undefined) return null;
      text = string;
      i += string.length - 1;
    } else if ('([{'.includes(c)) {
      if (depth++ === 0) continue;
    } else if (')]}'.includes(c)) {
      if (--depth === 0) return parts.map((part) => part.trim()).filter((part) => part !== '');
    } else if (c === ',' && depth === 1) {
      parts.push('');
      continue;
    }
    parts[parts.length - 1] += text;
  }
  return null;
}

/** The source of each parameter of a function; null where it cannot be told. */
function parametersOf(source: string): string[] | null {
  // What may stand before the parameters: async, function, *, and a name, which may be a string or computed.
  const head =
    /^(?:\s|\/\*.*?\*\/|\/\/.*?\n|async\b|function\b|\*|'[^']*'|"[^"]*"|\[[^\]]*\]|[\p{ID_Start}$_][\p{ID_Continue}$]*(?=\s*\())*/su.exec(
      source,
    )![0];
  if (source[head.length] === '(') return partsOf(source, head.length);
  const [, only] = /^([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.exec(source.slice(head.length)) ?? [];
  return only === undefined ? null : [only];
}

/** The names that an object pattern takes apart; null for one with the rest of them, or with computed names. */
function namesIn(pattern: string): string[] | null {
  const names = partsOf(pattern, 0)
    ?.map((part) => /^(?:(['"])(.*?)\1|([\p{ID_Start}$_][\p{ID_Continue}$]*))/su.exec(part))
    .map((match) => match?.[2] ?? match?.[3]);
  return names === undefined || names.includes(undefined) ? null : (names as string[]);
}

interface Parsed {
  readonly parameters: readonly string[] | null;
  readonly usesArguments: boolean;
}
const parsed = new WeakMap<object, Parsed>();
function parse(fn: object): Parsed {
  let found = parsed.get(fn);
  if (found === undefined) {
    const source = Function.prototype.toString.call(fn);
    const parameters = source.includes('[native code]') ? null : parametersOf(source);
    parsed.set(fn, (found = { parameters, usesArguments: /\barguments\b/.test(source) }));
  }
  return found;
}

/** Names of the options that a method takes after `count` inputs; null when it takes any. */
function namedOptions(fn: object, count: number): readonly string[] | null {
  const { parameters, usesArguments } = parse(fn);
  if (parameters === null || parameters.slice(0, count + 1).some((part) => part.startsWith('...'))) return null;
  const options = parameters[count];
  if (options === undefined) return usesArguments ? null : [];
  return options.startsWith('{') ? namesIn(options) : null;
}

/** What a class that says which options its call takes has. */
interface Declaring {
  readonly callOptions?: readonly string[] | null;
}
/** Names of the options that the call of a layer takes, beside `training` and `mask`; null when it takes any. */
function optionsOf(layer: object, count: number): readonly string[] | null {
  if (!Object.hasOwn(layer, 'call')) {
    // A class that declares them speaks for the method that it has or inherits; one with a method of its own does not inherit the
    // declaration.
    for (let at = Object.getPrototypeOf(layer) as object | null; at !== null; at = Object.getPrototypeOf(at) as object | null) {
      const { constructor } = at;
      if (Object.hasOwn(constructor, 'callOptions')) return (constructor as Declaring).callOptions ?? null;
      if (Object.hasOwn(at, 'call')) break;
    }
  }
  return namedOptions((layer as { call: object }).call, count);
}

/**
 * Refuses options that the call of a layer does not take. Known are `training` and `mask`, and what the class declares in `callOptions`;
 * without a declaration what `call` takes apart (`call(x, { reverse = false })`), or all when it takes its options whole (`call(x,
 * options)`).
 * @throws a TypeError with the nearest name.
 */
export function checkCallOptions(layer: { readonly name: string }, options: Readonly<Record<string, unknown>>, count: number): void {
  for (const key in options) {
    if (key === 'training' || key === 'mask') continue;
    const names = optionsOf(layer, count);
    if (names !== null) checkOptions(`${layer.constructor.name} "${layer.name}"`, options, ['training', 'mask', ...names]);
    return;
  }
}

/**
 * Refuses inputs that `call` has no parameter for, and methods that have `training` or `mask` where they are given an object of options.
 * @throws a TypeError that says how to write it.
 */
export function checkCallInputs(layer: { readonly name: string }, inputs: readonly unknown[]): void {
  const label = `${layer.constructor.name} "${layer.name}"`;
  const { call } = layer as { call?: unknown };
  if (typeof call !== 'function') throw new TypeError(`${label}: the class has no method call(inputs, { training, mask })`);
  const { parameters, usesArguments } = parse(call);
  if (parameters === null || usesArguments || parameters.some((part) => part.startsWith('...'))) return;
  const count = inputs.length;
  const [, flat] = /^(training|mask)\s*(?:=|$)/.exec(parameters[count] ?? '') ?? [];
  if (flat !== undefined)
    throw new TypeError(
      `${label}: call gets its options in one object; write call(${parameters.slice(0, count).join(', ')}, { ${flat} }) in place of ` +
        `call(${parameters.slice(0, count + 1).join(', ')})`,
    );
  for (let i = 1; i < count; i++) {
    if (parameters[i]?.startsWith('{') === true)
      throw new TypeError(`${label}: expected an object of options, such as { training: true }, received ${show(inputs[i])}`);
    if (parameters[i] === undefined)
      throw new TypeError(
        `${label}: takes ${i} input${i === 1 ? '' : 's'} and an object of options, received ${count} ` +
          `inputs${i === 1 ? '; several tensors for one input are given as an array' : ''}`,
      );
  }
}
