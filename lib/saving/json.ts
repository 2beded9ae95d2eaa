// JSON, more strictly than `JSON.parse` reads it.

const QUOTE = '"';

/** Where a text that begins at `start` ends: behind its second quote. */
function endOfText(json: string, start: number): number {
  for (let at = start + 1; ; ) {
    const quote = json.indexOf(QUOTE, at);
    let slashes = 0;
    while (json[quote - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

/** A key that stands twice in the outermost object of what is valid JSON, or null. */
export function duplicateKey(json: string): string | null {
  const known = new Set<string>();
  const special = /["{}[\]]/g;
  const colon = /\s*:/y;
  let depth = 0;
  for (let found = special.exec(json); found !== null; found = special.exec(json)) {
    const [sign] = found;
    if (sign !== QUOTE) {
      depth += sign === '{' || sign === '[' ? 1 : -1;
      continue;
    }
    const end = endOfText(json, found.index);
    special.lastIndex = colon.lastIndex = end;
    if (depth !== 1 || !colon.test(json)) continue;
    const key = JSON.parse(json.slice(found.index, end)) as string;
    if (known.has(key)) return key;
    known.add(key);
  }
  return null;
}
