// What nested structures are made of: arrays and plain objects. Everything else is a leaf: tensors, typed arrays, instances of classes,
// null.
import { checkDepth } from '../base/arrays.js';
import { show } from '../base/errors.js';
import { isPlainObject } from '../base/tree.js';

/** Where a leaf stands: indices of arrays and keys of objects, from the outside. */
export type Path = readonly (number | string)[];
type Entry = readonly [key: number | string, child: unknown];

const isIndex = (key: string): boolean => /^(0|[1-9]\d*)$/.test(key);
/** Keys in Keras's order: sorted, numbers before names. */
function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  if (isIndex(a) && isIndex(b)) return Number(a) - Number(b);
  if (isIndex(a) !== isIndex(b)) return isIndex(a) ? -1 : 1;
  return a < b ? -1 : 1;
}
/** @internal The parts of a structure in Keras's order: objects by sorted keys. null for a leaf. */
export function entriesOf(structure: unknown): readonly Entry[] | null {
  if (Array.isArray(structure)) return Array.from(structure as unknown[], (child, i) => [i, child] as const);
  return isPlainObject(structure) ? Object.entries(structure).sort(byKey) : null;
}
/** @internal A structure like the given one of parts in the order of `entriesOf`. Objects keep the order of their keys. */
export function rebuilt(structure: unknown, entries: readonly Entry[], children: readonly unknown[]): unknown {
  if (Array.isArray(structure)) return children;
  const values = new Map(entries.map(([key], i) => [key, children[i]]));
  return Object.fromEntries(Object.keys(structure as object).map((key) => [key, values.get(key)]));
}

/** True for arrays and plain objects. */
export const isNested = (structure: unknown): boolean => entriesOf(structure) !== null;

/** The leaves with their places, in the order of `flatten`. */
export function flattenWithPath(structure: unknown): [path: Path, leaf: unknown][] {
  const found: [Path, unknown][] = [];
  const visit = (value: unknown, path: Path): void => {
    checkDepth('tree', path.length);
    const entries = entriesOf(value);
    if (entries === null) found.push([path, value]);
    else for (const [key, child] of entries) visit(child, [...path, key]);
  };
  visit(structure, []);
  return found;
}
/** The leaves in order; those of an object by sorted keys, numbers before names. */
export const flatten = (structure: unknown): unknown[] => flattenWithPath(structure).map(([, leaf]) => leaf);

/**
 * A structure like the given one with other leaves, in the order of `flatten`.
 * @throws when there are too few or too many.
 */
export function packSequenceAs(structure: unknown, flatSequence: Iterable<unknown>): unknown {
  if (typeof flatSequence !== 'object' || flatSequence === null || !(Symbol.iterator in flatSequence))
    throw new TypeError(`packSequenceAs: expected an array of leaves, received ${show(flatSequence)}`);
  const leaves = [...flatSequence];
  const count = flatten(structure).length;
  if (leaves.length !== count) throw new RangeError(`packSequenceAs: the structure has ${count} leaves, received ${leaves.length}`);
  let next = 0;
  const visit = (value: unknown): unknown => {
    const entries = entriesOf(value);
    return entries === null ? leaves[next++] : rebuilt(value, entries, entries.map(([, child]) => visit(child)));
  };
  return visit(structure);
}

const shown = (path: Path): string => (path.length === 0 ? 'the top' : path.map((key) => `[${show(key)}]`).join(''));
/** @internal Throws unless two structures are of one kind with the same keys at a place. */
export function assertAlike(where: string, a: unknown, b: unknown, path: Path): void {
  const kind = (value: unknown) => (Array.isArray(value) ? 'an array' : isPlainObject(value) ? 'an object' : 'a leaf');
  if (kind(a) !== kind(b)) throw new TypeError(`${where}: the structures differ at ${shown(path)}: ${kind(a)} and ${kind(b)}`);
  const [own, other] = [entriesOf(a), entriesOf(b)].map((entries) => entries?.map(([key]) => key) ?? []) as [
    (number | string)[],
    (number | string)[],
  ];
  if (own.length !== other.length || own.some((key, i) => key !== other[i])) {
    throw new TypeError(`${where}: the structures differ at ${shown(path)}: ${kind(a)} with ${show(own)} and one with ${show(other)}`);
  }
}
/**
 * Checks that two structures consist of the same arrays and objects with the same keys; leaves may differ.
 * @throws where they differ. `checkTypes` is deprecated in Keras and has no effect.
 */
export function assertSameStructure(a: unknown, b: unknown, _options: { checkTypes?: boolean | null } = {}): void {
  const visit = (x: unknown, y: unknown, path: Path): void => {
    checkDepth('tree', path.length);
    assertAlike('assertSameStructure', x, y, path);
    const others = entriesOf(y);
    entriesOf(x)?.forEach(([key, child], i) => visit(child, others![i]![1], [...path, key]));
  };
  visit(a, b, []);
}
/**
 * Checks that two structures have leaves at the same places, whether in arrays or in objects with the keys '0', '1', ….
 * @throws naming the places that only one of them has.
 */
export function assertSamePaths(a: unknown, b: unknown): void {
  const [own, other] = [a, b].map((structure) => new Set(flattenWithPath(structure).map(([path]) => shown(path.map(String))))) as [
    Set<string>,
    Set<string>,
  ];
  const missing = (from: Set<string>, to: Set<string>) => [...from].filter((path) => !to.has(path)).join(', ') || 'none';
  if (own.size !== other.size || [...own].some((path) => !other.has(path))) {
    throw new TypeError(`assertSamePaths: only the first has ${missing(own, other)}; only the second has ${missing(other, own)}`);
  }
}

/** Python's lists as tuples. Both are arrays here, so the structure comes back with new arrays. */
export function listsToTuples(structure: unknown): unknown {
  return packSequenceAs(structure, flatten(structure));
}
