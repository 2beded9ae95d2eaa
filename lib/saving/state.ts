// The state of a model (weights, optimizer, metrics, seeds, assets), to and from a store of named arrays.
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { didYouMean } from '../base/errors.js';
import { sameShape, showShape, type Shape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { Variable } from '../core/variable.js';
import { ownVariablesOf, valueOf, walk, type OwnVariables, type Saveable } from './saveable.js';

/** An array that a file has. */
export interface StoredArray {
  readonly shape: Shape;
  readonly dtype: string;
}
/** A file that names arrays by the path of their object and a key. */
export interface StateReader {
  /** What the file has of the object at a path; null: nothing. */
  describe(at: string): Promise<Readonly<Record<string, StoredArray>> | null>;
  read(at: string, key: string): Promise<Tensor>;
  /** All paths with arrays, to tell in messages what the file has instead. */
  paths(): Promise<readonly string[]>;
}
/** The same for writing. */
export interface StateWriter {
  /** Begins with the object at a path. */
  open(at: string, name: string | null, bytes: number): Promise<void>;
  write(at: string, key: string, value: Tensor): Promise<void>;
}

/** Where files of objects are kept that are no arrays, or null to leave them out. */
export type AssetsFolder = string | null;

/** Writes the state of all that `root` holds. */
export async function saveState(root: Saveable, writer: StateWriter, assets: AssetsFolder = null): Promise<void> {
  await walk(root, async ({ path: at, item }) => {
    const values = Object.entries(ownVariablesOf(item)).map(([key, saved]): [string, Tensor] => [key, valueOf(saved)]);
    await writer.open(at, typeof item.name === 'string' ? item.name : null, values.reduce((total, [, { spec }]) => total + spec.bytes, 0));
    for (const [key, value] of values) await writer.write(at, key, value);
    if (assets !== null && item.saveAssets !== undefined) {
      const folder = path.join(assets, at);
      await mkdir(folder, { recursive: true });
      await item.saveAssets(folder);
    }
    return true;
  });
}

/** Options of `loadState`. */
export interface LoadStateOptions {
  /** Opens messages. */
  readonly file: string;
  /** Whether objects that do not fit are left as they are, with a warning. */
  readonly skipMismatch?: boolean;
  readonly assets?: AssetsFolder;
  readonly objectsToSkip?: ReadonlySet<unknown>;
}

const titleOf = (item: Saveable, at: string): string =>
  `${item.constructor.name} ${JSON.stringify(item.name ?? '')} (${at === '' ? 'the model itself' : at})`;
const nameOf = (saved: Variable | Tensor, key: string): string => (saved instanceof Variable ? saved.name : key);

/** @throws for an array of the file whose shape is not that of its variable; what is missing is for the object to judge. */
function checkShapes(expected: OwnVariables, stored: Readonly<Record<string, StoredArray>>): void {
  for (const [key, saved] of Object.entries(expected)) {
    const found = stored[key];
    if (found === undefined || sameShape(found.shape, saved.shape)) continue;
    throw new RangeError(`${nameOf(saved, key)} has shape ${showShape(saved.shape)}, in the file it has ${showShape(found.shape)}`);
  }
}

/** The paths of the file whose arrays have the shapes that are looked for. */
async function candidates(reader: StateReader, at: string, expected: OwnVariables): Promise<string> {
  const shapes = Object.values(expected).map(({ shape }) => showShape(shape)).join();
  const paths = await reader.paths();
  const fitting: string[] = [];
  for (const place of paths.slice(0, 2000)) {
    const stored = Object.values((await reader.describe(place).catch(() => null)) ?? {});
    if (stored.map(({ shape }) => showShape(shape)).join() === shapes) fitting.push(place);
  }
  if (fitting.length > 0) return `; arrays of these shapes are at ${fitting.slice(0, 3).join(', ')}`;
  return paths.includes(at) ? '' : didYouMean(at, paths);
}

/** Loads one object. @throws when something does not fit. */
async function loadOne(item: Saveable, at: string, reader: StateReader): Promise<void> {
  const stored = (await reader.describe(at)) ?? {};
  const expected = ownVariablesOf(item);
  try {
    const values: Record<string, Tensor> = {};
    if (Object.keys(stored).length >= Object.keys(expected).length) checkShapes(expected, stored);
    for (const key of Object.keys(stored)) values[key] = await reader.read(at, key);
    item.loadOwnVariables(values);
  } catch (error) {
    throw new Error(`${(error as Error).message}${await candidates(reader, at, expected)}`, { cause: error });
  }
}

async function loadAssetsOf(item: Saveable, at: string, assets: AssetsFolder): Promise<void> {
  if (assets === null || item.loadAssets === undefined) return;
  const folder = path.join(assets, at);
  const files = await readdir(folder).catch(() => null);
  if (files !== null) await item.loadAssets(folder);
}

/**
 * Loads the state of all that `root` holds. What one path does not give may be found under another.
 * @throws (rejects) when objects are left that the file does not fit, naming them and what is wrong; with `skipMismatch` it warns.
 */
export async function loadState(root: Saveable, reader: StateReader, options: LoadStateOptions): Promise<void> {
  const failures = new Map<Saveable, string>();
  await walk(root, async ({ path: at, item }) => {
    if (options.objectsToSkip?.has(item) === true) return true;
    try {
      await loadOne(item, at, reader);
      await loadAssetsOf(item, at, options.assets ?? null);
    } catch (error) {
      failures.set(item, `${titleOf(item, at)}: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
    failures.delete(item);
    return true;
  });
  if (failures.size === 0) return;
  const problems = [...failures.values()];
  const message = `${options.file}: ${problems.length === 1 ? 'an object of the model' : `${problems.length} objects of the model`} cannot be loaded:\n  ${problems.slice(0, 10).join('\n  ')}${problems.length > 10 ? '\n  …' : ''}`;
  if (options.skipMismatch !== true) throw new Error(message);
  process.emitWarning(`${message}\nThey are left as they are.`);
}
