// Arrays as arguments: holes and arrays that contain themselves.

const DEEPEST = 64;
/** @throws a TypeError at a depth of nesting that only an array or object reaches that contains itself. */
export function checkDepth(where: string, depth: number): void {
  if (depth > DEEPEST)
    throw new TypeError(`${where}: received arrays or objects nested more than ${DEEPEST} deep; does one contain itself?`);
}

/**
 * An argument with arrays that have no holes: an entry that is missing is undefined, so that no check passes over it. Arrays without holes
 * come back as they are.
 * @throws a TypeError for an array that contains itself.
 */
export function withoutHoles(where: string, value: unknown, depth = 0): unknown {
  if (!Array.isArray(value)) return value;
  checkDepth(where, depth);
  let copy: unknown[] | null = null;
  for (let i = 0; i < value.length; i++) {
    const entry: unknown = value[i];
    if (typeof entry === 'number') continue;
    const read = withoutHoles(where, entry, depth + 1);
    if (read === entry && entry !== undefined) continue;
    copy ??= Array.from(value);
    copy[i] = read;
  }
  return copy ?? value;
}
