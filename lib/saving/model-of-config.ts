// The model of a file's config, with the limits that hold for files of strangers.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { show } from '../base/errors.js';
import { isPlainObject } from '../base/tree.js';
import { withContext } from '../core/context.js';
import { deserializeKerasObject } from '../config/serialization.js';
import { withWeightBudget } from '../config/weight-budget.js';
import type { Model } from '../models/model.js';
import type { FileSource, LoadModelOptions } from './formats.js';
import { provideOwnClasses } from './own-classes.js';
import { isSavedWhole } from './saveable.js';

/** Configs of models in models are some ten levels deep for each. */
const DEPTH = 500;

/** @throws for a config that no stack is deep enough for. */
export function checkConfigDepth(name: string, config: unknown): void {
  let level = [config];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEPTH) throw new RangeError(`${name}: its config is nested deeper than ${DEPTH} levels`);
    level = level.flatMap((item) => (Array.isArray(item) || isPlainObject(item) ? (Object.values(item) as unknown[]) : []));
  }
}

/** Bytes of a file, or of the files in a folder. */
async function sizeOf(place: string): Promise<number> {
  const { size } = await stat(place).catch(() => ({ size: 0 }));
  return size;
}
async function bytesOf({ path: place, bytes }: FileSource, others: readonly string[]): Promise<number> {
  if (bytes !== undefined) return bytes.length;
  const sizes = await Promise.all([place!, ...others.map((name) => path.join(path.dirname(place!), name))].map(sizeOf));
  return sizes.reduce((a, b) => a + b, 0);
}

/**
 * Makes the model of a config. In safe mode it has no more weights than its file, and `others` in the same folder, can hold.
 * @throws (rejects) for what describes no model, and for what cannot be made.
 */
export async function modelOfConfig(
  source: FileSource,
  config: unknown,
  { customObjects, safeMode = true }: LoadModelOptions,
  others: readonly string[] = [],
): Promise<Model> {
  if (!isPlainObject(config)) throw new TypeError(`${source.name}: its config describes no model but ${show(config)}`);
  checkConfigDepth(source.name, config);
  await provideOwnClasses(config);
  const loading = { deferInitial: true, sharedObjects: new Map() };
  const make = (): unknown => withContext(loading, () => deserializeKerasObject(config, { customObjects, safeMode }));
  const model = safeMode ? withWeightBudget(await bytesOf(source, others), make) : make();
  if (!isSavedWhole(model)) throw new TypeError(`${source.name}: its config describes no model but ${show(model)}`);
  return model;
}
