// Names of weights: the paths of variables, and how those of a file belong to those of a model that was made later.
import type { Variable } from '../core/variable.js';
import type { Model } from '../models/model.js';

/** The model's weights by path; of several with one path, all but the first have a number: `dense/kernel:1`. */
export function weightsByPath(model: Model): Map<string, Variable> {
  const found = new Map<string, Variable>();
  for (const variable of model.weights) {
    let name = variable.path;
    for (let i = 1; found.has(name); i++) name = `${variable.path}:${i}`;
    found.set(name, variable);
  }
  return found;
}

/** `dense_12` as `dense` and 12. */
function numbered(step: string): [base: string, number: number] {
  const [, base, number] = /^(.*?)(?:_(\d+))?$/s.exec(step)!;
  return [base!, Number(number ?? -1)];
}

/** The steps that follow each beginning of paths. */
function stepsOf(paths: readonly string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const path of paths) {
    let before = '';
    for (const step of path.split('/')) {
      const steps = found.get(before) ?? new Set();
      found.set(before, steps.add(step));
      before += `/${step}`;
    }
  }
  return found;
}

/** New names of steps that stand side by side: those that differ by their number alone are counted anew. */
function renumbered(steps: ReadonlySet<string>): Map<string, string> {
  const counts = new Map<string, number>();
  const ordered = [...steps].map((step) => ({ step, key: numbered(step) })).sort((a, b) => a.key[1] - b.key[1]);
  return new Map(ordered.map(({ step, key: [base] }) => {
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    return [step, `${base}:${count}`];
  }));
}

/** A folder that all paths share, with its slash. */
function sharedRoot(paths: readonly string[]): string {
  const root = paths[0]?.slice(0, paths[0].indexOf('/') + 1) ?? '';
  return paths.every((path) => path.startsWith(root)) ? root : '';
}

/** Paths by what they are within the folder that all share: the model's name. */
function byPlace(paths: readonly string[]): Map<string, string> {
  const root = sharedRoot(paths);
  return new Map(paths.map((path) => [path.slice(root.length), path]));
}

/**
 * The same in a form that does not depend on how many layers were made before: in each folder, names that differ by their number alone are
 * counted anew: `dense_7`, `dense_9` → `dense:0`, `dense:1`.
 */
function byForm(paths: readonly string[]): Map<string, string> {
  const places = byPlace(paths);
  const names = new Map([...stepsOf([...places.keys()])].map(([before, steps]) => [before, renumbered(steps)]));
  return new Map([...places].map(([place, path]) => {
    let before = '';
    const form = place.split('/').map((step) => {
      const name = names.get(before)!.get(step)!;
      before += `/${step}`;
      return name;
    });
    return [form.join('/'), path];
  }));
}

/**
 * The name in a file of each of a model's names that it has. They may differ by the name of the model; and, when each has its like, by the
 * numbers of layers that were named automatically.
 */
export function matchNames(wanted: readonly string[], stored: readonly string[]): Map<string, string> {
  const known = new Set(stored);
  if (wanted.every((name) => known.has(name))) return new Map(wanted.map((name) => [name, name]));
  const pairs = (ours: Map<string, string>, theirs: Map<string, string>): Map<string, string> =>
    new Map([...ours].filter(([form]) => theirs.has(form)).map(([form, name]) => [name, theirs.get(form)!]));
  const placed = pairs(byPlace(wanted), byPlace(stored));
  if (placed.size === wanted.length || wanted.length !== stored.length) return placed;
  const formed = pairs(byForm(wanted), byForm(stored));
  return formed.size === wanted.length ? formed : placed;
}
