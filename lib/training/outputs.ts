// A model's outputs and what belongs to each of them: losses, weights, metrics, targets. All of these may be given once for all outputs, by
// position, by the outputs' names, or in the outputs' structure.
import { didYouMean, show } from '../base/errors.js';
import type { Tensor } from '../core/tensor.js';
import { flatten, isPlainObject } from '../base/tree.js';

type Key = string | number;

/** One output. */
export interface Output {
  /** Where it is in the structure of the outputs. */
  readonly path: readonly Key[];
  /** Its name in the logs of metrics; null where the model has no names for its outputs. */
  readonly name: string | null;
}

function pathsOf(structure: unknown, path: readonly Key[] = []): (readonly Key[])[] {
  if (Array.isArray(structure)) return structure.flatMap((item, i) => pathsOf(item, [...path, i]));
  if (isPlainObject(structure)) return Object.keys(structure).sort().flatMap((key) => pathsOf(structure[key], [...path, key]));
  return [path];
}

/**
 * The outputs in their order: sorted by key in objects. The keys of an object of outputs are their names, otherwise the model's names are.
 */
export function outputsOf(yPred: unknown, names: readonly string[] | null): Output[] {
  const paths = pathsOf(yPred);
  const byKey = isPlainObject(yPred) && paths.every((path) => path.length === 1);
  return paths.map((path, i) => ({ path, name: byKey ? String(path[0]) : names?.length === paths.length ? names[i]! : null }));
}

/** What an output's loss is called in the logs, before `_loss`. */
export function lossNameOf({ path, name }: Output, lossName: string): string {
  const own = name ?? lossName;
  const last = path.at(-1);
  return [...(typeof last === 'string' ? path : [...path.slice(0, -1), own])].join('/');
}

const namesIn = (outputs: readonly Output[]): string => outputs.map(({ name, path }) => name ?? `number ${path.join('.')}`).join(', ');

function checkKeys(what: string, keys: readonly string[], known: readonly string[]): void {
  for (const key of keys) {
    if (!known.includes(key))
      throw new Error(
        `compile: ${what} names an output '${key}' that the model does not have${didYouMean(key, known)} (outputs: ${known.join(', ')})`,
      );
  }
}

/** Entries of a spec for the outputs below `path`. */
function align<T>(
  what: string,
  spec: unknown,
  structure: unknown,
  outputs: readonly Output[],
  isEntry: (value: unknown) => boolean,
): (T | null)[] {
  if (spec === null || spec === undefined) return outputs.map(() => null);
  if (isEntry(spec)) return outputs.map(() => spec as T);
  if (Array.isArray(spec)) return alignList<T>(what, spec, structure, outputs, isEntry);
  if (!isPlainObject(spec)) return outputs.map(() => spec as T);
  if (isPlainObject(structure)) {
    const keys = Object.keys(structure).sort();
    checkKeys(what, Object.keys(spec), keys);
    return keys.flatMap((key) => {
      const depth = outputs[0]!.path.length - pathsOf(structure)[0]!.length;
      return align<T>(
        what,
        spec[key],
        structure[key],
        outputs.filter(({ path }) => path[depth] === key),
        isEntry,
      );
    });
  }
  const names = outputs.map(({ name }) => name);
  checkKeys(
    what,
    Object.keys(spec),
    names.filter((name) => name !== null),
  );
  const missing = names.filter((name) => name !== null && !(name in spec));
  if (what === 'loss' && missing.length > 0)
    throw new Error(
      `compile: loss has no entry for ${missing.map(show).join(', ')}; null stands for an output without a loss (outputs: ` +
        `${namesIn(outputs)})`,
    );
  return names.map((name) => (spec[name!] ?? null) as T | null);
}

function alignList<T>(
  what: string,
  spec: readonly unknown[],
  structure: unknown,
  outputs: readonly Output[],
  isEntry: (value: unknown) => boolean,
): (T | null)[] {
  const isOne = (value: unknown): boolean => value === null || isEntry(value) || !(Array.isArray(value) || isPlainObject(value));
  if (spec.length === outputs.length && spec.every(isOne)) return [...spec] as (T | null)[];
  if (Array.isArray(structure) && structure.length === spec.length) {
    const depth = outputs[0]!.path.length - pathsOf(structure)[0]!.length;
    return structure.flatMap((inner, i) =>
      align<T>(
        what,
        spec[i],
        inner,
        outputs.filter(({ path }) => path[depth] === i),
        isEntry,
      ),
    );
  }
  throw new Error(`compile: ${what} has ${spec.length} entries, expected one for each of ${outputs.length} outputs (${namesIn(outputs)})`);
}

/**
 * One entry of a spec of `compile` for each output. `isEntry` tells what is an entry rather than structure.
 * @throws for names that are no outputs, and for lists of another length.
 */
export const perOutput = <T,>(
  what: string,
  spec: unknown,
  yPred: unknown,
  outputs: readonly Output[],
  isEntry: (value: unknown) => boolean = () => false,
): (T | null)[] => align<T>(what, spec, yPred, outputs, isEntry);

const at = (structure: unknown, path: readonly Key[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<Key, unknown> | null | undefined)?.[key], structure);

/**
 * Targets or weights for each output: in the structure of the outputs, by their names, or flat; for the used outputs alone where there are
 * as many. A single tensor of weights is that of all outputs.
 * @throws when they are not as many as the outputs.
 */
export function valuesFor(
  what: 'y' | 'sampleWeight',
  values: unknown,
  yPred: unknown,
  outputs: readonly Output[],
  used: readonly boolean[],
): (Tensor | null)[] {
  if (values === null || values === undefined) return outputs.map(() => null);
  const { leaves, key } = flatten<Tensor | null>(values);
  if (key === flatten(yPred).key) return leaves;
  if (isPlainObject(values)) {
    const names = outputs.map(({ name, path }) => (isPlainObject(yPred) ? null : (name ?? (path.length === 1 ? String(path[0]) : null))));
    const found = outputs.map(({ path }, i) => ((names[i] === null ? at(values, path) : values[names[i]!]) ?? null) as Tensor | null);
    if (found.some((value) => value !== null)) return found;
  }
  if (leaves.length === outputs.length) return leaves;
  if (leaves.length === 1 && what === 'sampleWeight') return outputs.map(() => leaves[0]!);
  if (leaves.length === used.filter(Boolean).length) {
    let next = 0;
    return used.map((flag) => (flag ? leaves[next++]! : null));
  }
  throw new Error(
    `the model has ${outputs.length} outputs (${namesIn(outputs)}), but ${what} has ${leaves.length} arrays${isPlainObject(values) ? ` (${Object.keys(values).map(show).join(', ')})` : ''}`,
  );
}
