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
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const found = nearest(name, candidates);
  return found === null ? '' : `; did you mean '${found}'?`;
}

/** A short rendering of any value for an error message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return value.name === '' ? 'a function' : `function ${value.name}`;
  if (typeof value === 'bigint') return `${value}n`;
  if (value === null || typeof value !== 'object') return String(value);
  if (Array.isArray(value)) {
    const shown = value.slice(0, 8).map(show).join(', ');
    return `[${shown}${value.length > 8 ? ', …' : ''}]`;
  }
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Uint8Array).length ?? value.byteLength})`;
  const name = (value).constructor?.name;
  if (name !== undefined && name !== 'Object') return `a ${name}`;
  return `{${Object.keys(value).slice(0, 6).join(', ')}}`;
}

/** Throws when an options object has a key that is not among `known`. `where` names the function or class. */
export function checkOptions(where: string, options: object | undefined, known: readonly string[]): void {
  if (options === undefined) return;
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new TypeError(`${where}: unknown option '${key}'${didYouMean(key, known)}`);
  }
}

/** A choice among strings. Throws a TypeError with the nearest one. */
export function checkChoice<T extends string>(where: string, option: string, value: unknown, choices: readonly T[]): T {
  if ((choices as readonly unknown[]).includes(value)) return value as T;
  const expected = choices.length > 2 ? `one of ${choices.map(show).join(', ')}` : choices.map(show).join(' or ');
  throw new TypeError(`${where}: ${option} must be ${expected}, received ${show(value)}${didYouMean(String(value), choices)}`);
}
