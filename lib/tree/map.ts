// Functions applied to nested structures.
import { checkDepth } from '../base/arrays.js';
import { expectFunction } from '../base/errors.js';
import { checkAcyclic, isPlainObject } from '../base/tree.js';
import { assertAlike, entriesOf, isNested, rebuilt, type Path } from './structure.js';

type AnyFunction = (...args: never[]) => unknown;

/** Options of `mapStructure`. */
export interface MapStructureOptions {
  /** Whether the function is called for null too. Default true; false leaves null as it is. */
  noneIsLeaf?: boolean;
}
const isMapOptions = (value: unknown): value is MapStructureOptions => {
  if (!isPlainObject(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] === 'noneIsLeaf';
};
/**
 * `func` of the leaves that stand at the same places of one or several structures of the same layout, in a structure like the first.
 * Options come last: `mapStructure(f, a, b, { noneIsLeaf: false })`.
 * @throws without a structure, and where the structures differ.
 */
export function mapStructure(func: AnyFunction, ...structures: unknown[]): unknown {
  expectFunction('mapStructure', func);
  const given = structures.length > 1 ? structures.at(-1) : undefined;
  const options = isMapOptions(given) ? given : null;
  const all = options === null ? structures : structures.slice(0, -1);
  if (all.length === 0) throw new TypeError('mapStructure: expected at least one structure');
  const noneIsLeaf = options?.noneIsLeaf ?? true;
  const visit = (values: readonly unknown[], path: Path): unknown => {
    checkDepth('tree', path.length);
    if (!noneIsLeaf && values.every((value) => value === null)) return null;
    for (const other of values.slice(1)) assertAlike('mapStructure', values[0], other, path);
    const parts = values.map(entriesOf);
    const [first] = parts;
    if (first === null) return (func as (...leaves: unknown[]) => unknown)(...values);
    return rebuilt(values[0], first!, first!.map(([key], i) => visit(parts.map((entries) => entries![i]![1]), [...path, key])));
  };
  return visit(all, []);
}

/**
 * As `mapStructure`, down to the leaves of `shallowStructure`: what lies deeper in the other structures is given to `func` as it is.
 * @throws without a structure, and where one is not as deep as the shallow one.
 */
export function mapStructureUpTo(shallowStructure: unknown, func: AnyFunction, ...structures: unknown[]): unknown {
  expectFunction('mapStructureUpTo', func);
  if (structures.length === 0) throw new TypeError('mapStructureUpTo: expected at least one structure');
  const visit = (shallow: unknown, values: readonly unknown[], path: Path): unknown => {
    checkDepth('tree', path.length);
    const entries = entriesOf(shallow);
    if (entries === null) return (func as (...parts: unknown[]) => unknown)(...values);
    for (const value of values) assertAlike('mapStructureUpTo', shallow, value, path);
    const parts = values.map(entriesOf);
    return rebuilt(shallow, entries, entries.map(([key, child], i) => visit(child, parts.map((own) => own![i]![1]), [...path, key])));
  };
  return visit(shallowStructure, structures, []);
}

/** What the function of `traverse` returns to put null in the place of a part. */
export class MAP_TO_NONE {
  private readonly brand = 'MAP_TO_NONE';
}
/** Options of `traverse`. */
export interface TraverseOptions {
  /** Whether a structure comes before its parts. Default true. */
  topDown?: boolean;
}
/**
 * `func` of a structure and its parts, depth first. Where it returns null or undefined the part stays; what else it returns takes the
 * part's place (`MAP_TO_NONE` stands for null). From the top down, a part that is replaced is not entered.
 */
export function traverse(func: (part: unknown) => unknown, structure: unknown, { topDown = true }: TraverseOptions = {}): unknown {
  expectFunction('traverse', func);
  checkAcyclic('traverse', structure);
  const inner = (value: unknown): unknown => {
    const entries = entriesOf(value);
    return entries === null ? value : rebuilt(value, entries, entries.map(([, child]) => visit(child)));
  };
  const visit = (value: unknown): unknown => {
    const subject = topDown ? value : inner(value);
    const result = func(subject) ?? null;
    if (result === null) return topDown ? inner(value) : subject;
    return result === MAP_TO_NONE ? null : result;
  };
  return visit(structure);
}

const isShape = (value: unknown): boolean => Array.isArray(value) && value.every((size) => size === null || Number.isInteger(size));
/** As `mapStructure`, with shapes (arrays of whole numbers and null) as leaves. */
export function mapShapeStructure(func: AnyFunction, structure: unknown): unknown {
  expectFunction('mapShapeStructure', func);
  checkAcyclic('mapShapeStructure', structure);
  const visit = (value: unknown): unknown => {
    if (isShape(value) || !isNested(value)) return (func as (leaf: unknown) => unknown)(value);
    const entries = entriesOf(value)!;
    return rebuilt(value, entries, entries.map(([, child]) => visit(child)));
  };
  return visit(structure);
}
