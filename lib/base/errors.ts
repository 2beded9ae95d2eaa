// Helpers for messages in the user's terms: what was expected, what came, and the nearest valid name.

/** Edit distance with adjacent transpositions (Damerau, restricted form). */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, substitution);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** The candidate closest to `name`, or null when none is close. Case and underscores do not count. */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  const plain = (s: string) => s.toLowerCase().replaceAll('_', '');
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(plain(name), plain(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `"; did you mean 'x'?"`, or nothing when no candidate is close. */
export function didYouMean(name: unknown, candidates: Iterable<string>): string {
  if (typeof name !== 'string') return '';
  const found = nearest(name, candidates);
  return found === null ? '' : `; did you mean '${found}'?`;
}

/** Whether a function can only be called with `new`. */
export const isClass = (value: unknown): boolean =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));

/** Functions that make what was asked for say how: classes and generators. */
function showFunction(value: (...args: never[]) => unknown): string {
  const { name } = value;
  const kind = (value as { constructor?: { name?: string } }).constructor?.name ?? 'Function';
  if (kind.endsWith('GeneratorFunction')) return `the generator function ${name}; did you mean what calling it gives, ${name}()?`;
  // Instances of callable classes are functions of their classes.
  if (!kind.endsWith('Function')) return `a ${kind}`;
  if (isClass(value))
    return name === '' ? 'a class' : `the class ${name}; did you mean an instance, new ${name}(…)?`;
  return name === '' ? 'a function' : `function ${name}`;
}

/** A short rendering of any value for an error message. Never throws, whatever the value's getters do. */
export function show(value: unknown, depth = 0): string {
  try {
    return shown(value, depth);
  } catch {
    return 'an object that cannot be read';
  }
}
function shown(value: unknown, depth: number): string {
  if (typeof value === 'string') return `'${value.length > 200 ? `${value.slice(0, 200)}…` : value}'`;
  if (typeof value === 'function') return showFunction(value as (...args: never[]) => unknown);
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  if (value === null || typeof value !== 'object') return String(value);
  if (Array.isArray(value)) {
    if (depth > 3) return '[…]';
    const entries = Array.from(value.slice(0, 8) as unknown[], (entry) => show(entry, depth + 1)).join(', ');
    return `[${entries}${value.length > 8 ? ', …' : ''}]`;
  }
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Uint8Array).length ?? value.byteLength})`;
  const name = (value).constructor?.name;
  if (name !== undefined && name !== 'Object') return `a ${name}`;
  return `{${Object.keys(value).slice(0, 6).join(', ')}}`;
}

/**
 * Throws when an options object has a key that is not among `known`, and when it is no object. `where` names the function or class;
 * `elsewhere` names functions with options that are easily taken for those of this one.
 */
export function checkOptions(
  where: string,
  options: object | undefined,
  known: readonly string[],
  elsewhere: Readonly<Record<string, readonly string[]>> = {},
): void {
  if (options === undefined) return;
  if (options === null || typeof options !== 'object' || Array.isArray(options) || ArrayBuffer.isView(options)) {
    throw new TypeError(`${where}: expected an object of options, such as { ${known[0]} }, received ${show(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const other = Object.keys(elsewhere).find((name) => elsewhere[name]!.includes(key));
    throw new TypeError(
      `${where}: unknown option '${key}'${other === undefined ? didYouMean(key, known) : `; it is an option of ${other}`}`,
    );
  }
}

const explained = new WeakSet<Error>();
/** Runs `fn`; an error of it says once, on a line of its own, what was going on. */
export function explain<T>(context: () => string, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    if (error instanceof Error && !explained.has(error)) {
      explained.add(error);
      error.message += `\n(${context()})`;
    }
    throw error;
  }
}

/** Throws unless `fn`, the argument `name`, is a function. */
export function checkFunction(where: string, name: string, fn: unknown): void {
  if (typeof fn !== 'function' || isClass(fn)) throw new TypeError(`${where}: '${name}' must be a function, received ${show(fn)}`);
}

/** The same for the only function that `where` takes. */
export function expectFunction(where: string, fn: unknown): void {
  if (typeof fn !== 'function' || isClass(fn)) throw new TypeError(`${where}: expected a function, received ${show(fn)}`);
}

/** A choice among strings. Throws a TypeError with the nearest one. */
export function checkChoice<T extends string>(where: string, option: string, value: unknown, choices: readonly T[]): T {
  if ((choices as readonly unknown[]).includes(value)) return value as T;
  const expected = choices.length > 2 ? `one of ${choices.map(show).join(', ')}` : choices.map(show).join(' or ');
  throw new TypeError(`${where}: ${option} must be ${expected}, received ${show(value)}${didYouMean(value, choices)}`);
}
