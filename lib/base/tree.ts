// Nested structures of arrays and plain objects, as Keras's `tree`: flattening, rebuilding and mapping over their leaves.

import { checkDepth } from './arrays.js';

/** A leaf, or arrays and plain objects of them, nested. */
export type Nested<T> = T | readonly Nested<T>[] | { readonly [key: string]: Nested<T> };

/** True for objects written as `{…}`, which are structure; instances of classes are leaves. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (value === null || typeof value !== 'object') return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of another realm (a vm context, a worker's message) have an Object.prototype of their own.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** @throws a TypeError for arrays and plain objects that contain themselves. */
export function checkAcyclic(where: string, structure: unknown): void {
  const around = new Set<unknown>();
  const visit = (value: unknown): void => {
    if (!Array.isArray(value) && !isPlainObject(value)) return;
    if (around.has(value)) throw new TypeError(`${where}: received an array or object that contains itself`);
    around.add(value);
    Object.values(value).forEach(visit);
    around.delete(value);
  };
  visit(structure);
}

/** A rebuilder for one structure, and its leaves in order. */
export interface Flat<T> {
  readonly leaves: T[];
  /** The same structure with other leaves. */
  readonly pack: <U>(leaves: readonly U[]) => unknown;
  /** Equal strings for equal structures. */
  readonly key: string;
}

/**
 * Flattens a structure; the entries of objects come in the order of their sorted keys, as in Keras. `isLeaf` may stop at an array or object
 * that is a leaf in itself.
 */
export function flatten<T = unknown>(structure: unknown, isLeaf: (value: unknown) => boolean = () => false): Flat<T> {
  const leaves: T[] = [];
  type Packer = (next: () => unknown) => unknown;
  const visit = (value: unknown, depth: number): { key: string; pack: Packer } => {
    checkDepth('structure', depth);
    if (!isLeaf(value)) {
      if (Array.isArray(value)) {
        const parts = Array.from(value, (entry) => visit(entry, depth + 1));
        return { key: `[${parts.map((p) => p.key).join()}]`, pack: (next) => parts.map((p) => p.pack(next)) };
      }
      if (isPlainObject(value)) {
        const names = Object.keys(value);
        const parts = [...names].sort().map((name) => [name, visit(value[name], depth + 1)] as const);
        return {
          key: `{${parts.map(([name, p]) => `${JSON.stringify(name)}:${p.key}`).join()}}`,
          pack: (next) => {
            const packed = Object.fromEntries(parts.map(([name, p]) => [name, p.pack(next)]));
            return Object.fromEntries(names.map((name) => [name, packed[name]]));
          },
        };
      }
    }
    leaves.push(value as T);
    return { key: '*', pack: (next) => next() };
  };
  const { key, pack } = visit(structure, 0);
  return {
    leaves,
    key,
    pack: (values) => {
      let i = 0;
      return pack(() => values[i++]);
    },
  };
}

/** Applies `fn` to every leaf. */
export function mapStructure<T, U>(fn: (leaf: T) => U, structure: unknown, isLeaf?: (value: unknown) => boolean): unknown {
  const flat = flatten<T>(structure, isLeaf);
  return flat.pack(flat.leaves.map(fn));
}

/** True for nested arrays of plain numbers (or booleans): one tensor, not a list of them. An empty array counts. */
export const isNumberArray = (value: unknown): boolean =>
  Array.isArray(value) && (value.length === 0 || ['number', 'boolean', 'bigint'].includes(typeof value[0]) || isNumberArray(value[0]));

/** The paths of a structure's leaves in their order: keys and positions joined by dots, `''` for a leaf alone. */
export function leafPaths(structure: unknown): string[] {
  const paths: string[] = [];
  const visit = (value: unknown, path: readonly (string | number)[]): void => {
    if (Array.isArray(value)) value.forEach((item, i) => visit(item, [...path, i]));
    else if (isPlainObject(value)) Object.keys(value).sort().forEach((key) => visit(value[key], [...path, key]));
    else paths.push(path.join('.'));
  };
  visit(structure, []);
  return paths;
}
