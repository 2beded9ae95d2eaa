// What is saved, and under which paths: the objects that a model holds, as Keras finds them in the attributes of its own.
import type { TensorLike } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';
import { Variable } from '../core/variable.js';
import type { Model } from '../models/model.js';
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
  /** Properties that may hold such objects, or arrays and objects of them; by default all of its own. */
  savedProperties?(): Record<string, unknown>;
  /** Whether its property `layers` goes before all others: that of models with a graph. */
  readonly savesLayersFirst?: boolean;
}

export const isSaveable = (value: unknown): value is Saveable =>
  value !== null &&
  (typeof value === 'object' || typeof value === 'function') &&
  typeof (value as Partial<Saveable>).saveOwnVariables === 'function';

/** Whether an object has a file of its own: a model, or another layer whose class says so. */
export const isSavedWhole = (value: unknown): value is Model =>
  typeof (value as Partial<Model> | null | undefined)?.getCompileConfig === 'function'
  || (value as { constructor?: { isSavedWhole?: boolean } } | null | undefined)?.constructor?.isSavedWhole === true;

/** How Keras calls a class and its attributes, where that is not our name in snake_case. */
export interface SavedAs {
  readonly name?: string;
  readonly properties?: Readonly<Record<string, string>>;
}
const savedAs = (item: Saveable): SavedAs => (item.constructor as { savedAs?: SavedAs }).savedAs ?? {};

/** Keras's name of a property. What begins with a capital is called so in Python too. */
const attributeOf = (property: string): string => (/^[A-Z]/.test(property) ? property : snakeCase(property));

/** What an object holds, by the names of Keras's attributes: the layers of a graph first, then by name, private ones last. */
function childrenOf(item: Saveable): [name: string, child: unknown][] {
  const held = Object.entries(item.savedProperties?.() ?? item).filter(
    ([, value]) => isSaveable(value) || Array.isArray(value) || isPlainObject(value),
  );
  const first = item.savesLayersFirst === true ? 'layers' : null;
  const order = (name: string): string => (name === first ? '' : name.startsWith('_') ? `~${name}` : name);
  const { properties = {} } = savedAs(item);
  const named = held.map(([key, value]): [string, unknown] => [properties[key] ?? attributeOf(key), value]);
  return named.sort(([a], [b]) => (order(a) < order(b) ? -1 : 1));
}

/** An object at its place. */
export interface Place {
  readonly path: string;
  readonly item: Saveable;
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}/${name}`);

/**
 * Visits an object and all that it holds, each once, in Keras's order: itself, then what its attributes hold, by name. Objects in arrays
 * and objects are named after their class. What `visit` resolves to false for is visited again where it is met again.
 */
export async function walk(root: Saveable, visit: (place: Place) => Promise<boolean>): Promise<void> {
  const seen = new Set<unknown>();
  const go = async (path: string, item: Saveable): Promise<void> => {
    if (seen.has(item)) return;
    if (await visit({ path, item })) seen.add(item);
    for (const [name, child] of childrenOf(item)) await enter(join(path, name), child);
  };
  const enter = async (path: string, child: unknown): Promise<void> => {
    if (isSaveable(child)) await go(path, child);
    else if ((Array.isArray(child) || isPlainObject(child)) && !seen.has(child)) {
      seen.add(child);
      const used = new Map<string, number>();
      for (const value of Object.values(child)) {
        const kind = isSaveable(value) ? (savedAs(value).name ?? toSnakeCase(value.constructor.name)) : 'container';
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
