// What is saved, and under which paths: the objects that a model holds, as Keras finds them in the attributes of its own.
import type { TensorLike } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';
import { Variable } from '../core/variable.js';
import { isPlainObject } from '../base/tree.js';
import { snakeCase, toSnakeCase } from '../base/names.js';

/** Values of an object's own variables by the keys under which they are saved. */
export type OwnVariables<T = Variable | Tensor> = Record<string, T>;

/** A layer, an optimizer, a metric, a generator of seeds: anything with state that is saved. */
export interface Saveable {
  readonly name?: string;
  saveOwnVariables(store: OwnVariables): void;
  loadOwnVariables(store: OwnVariables<TensorLike>): void;
  /** Writes what is no array (vocabularies) to files in a folder. */
  saveAssets?(folder: string): void | Promise<void>;
  /** Reads what `saveAssets` wrote. */
  loadAssets?(folder: string): void | Promise<void>;
  /** Objects and containers of them by the names of Keras's attributes; by default what the own properties hold. */
  savedChildren?(): Iterable<readonly [name: string, child: unknown]>;
}

export const isSaveable = (value: unknown): value is Saveable =>
  value !== null && (typeof value === 'object' || typeof value === 'function') && typeof (value as Partial<Saveable>).saveOwnVariables === 'function';

/** Own properties by the names that Python would have, private ones last. */
export function childrenOfProperties(item: object, leftOut: ReadonlySet<string> = new Set(), names: Readonly<Record<string, string>> = {}): [string, unknown][] {
  const held = Object.keys(item).filter((key) => !leftOut.has(key)).map((key): [string, unknown] => [names[key] ?? snakeCase(key), (item as Record<string, unknown>)[key]]);
  const order = (name: string): string => (name.startsWith('_') ? `~${name}` : name);
  return held.filter(([, value]) => isSaveable(value) || Array.isArray(value) || isPlainObject(value)).sort(([a], [b]) => (order(a) < order(b) ? -1 : 1));
}

/** An object at its place. */
export interface Place {
  readonly path: string;
  readonly item: Saveable;
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}/${name}`);

/**
 * Visits an object and all that it holds, each once, in Keras's order: itself, then what its attributes hold, by name. Objects in arrays and
 * objects are named after their class. What `visit` resolves to false for is visited again where it is met again.
 */
export async function walk(root: Saveable, visit: (place: Place) => Promise<boolean>): Promise<void> {
  const seen = new Set<unknown>();
  const go = async (path: string, item: Saveable): Promise<void> => {
    if (seen.has(item)) return;
    if (await visit({ path, item })) seen.add(item);
    for (const [name, child] of item.savedChildren?.() ?? childrenOfProperties(item)) await enter(join(path, name), child);
  };
  const enter = async (path: string, child: unknown): Promise<void> => {
    if (isSaveable(child)) await go(path, child);
    else if ((Array.isArray(child) || isPlainObject(child)) && !seen.has(child)) {
      seen.add(child);
      const used = new Map<string, number>();
      for (const value of Object.values(child)) {
        const kind = isSaveable(value) ? toSnakeCase(value.constructor.name) : 'container';
        if (kind === 'container' && !Array.isArray(value) && !isPlainObject(value)) continue;
        const count = used.get(kind) ?? 0;
        used.set(kind, count + 1);
        await enter(join(path, count === 0 ? kind : `${kind}_${count}`), value);
      }
    }
  };
  await go('', root);
}

/** The own variables of an object, by the keys under which they are saved. */
export function ownVariablesOf(item: Saveable): OwnVariables {
  const store: OwnVariables = {};
  item.saveOwnVariables(store);
  return store;
}

/** The value to save of what `saveOwnVariables` put down. */
export const valueOf = (saved: Variable | Tensor): Tensor => (saved instanceof Variable ? saved.value : saved);
