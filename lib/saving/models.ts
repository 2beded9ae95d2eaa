// Saving and loading whole models, and weights alone.
import './legacy-hard-sigmoid.js'; // models of TensorFlow.js that were saved anew name it
import { checkOptions, show } from '../base/errors.js';
import type { Variable } from '../core/variable.js';
import type { Model } from '../models/model.js';
import type { FeatureSpace } from '../utils/feature-space.js';
import { readingFile } from './malformed.js';
import { isSavedWhole } from './saveable.js';
import {
  checkOverwrite,
  codecOf,
  pathOf,
  sourceOf,
  type FileLike,
  type LoadModelOptions,
  type LoadWeightsOptions,
  type SaveModelOptions,
  type SaveWeightsOptions,
} from './formats.js';

function checkModel(where: string, model: unknown): asserts model is Model {
  if (typeof (model as Partial<Model> | null)?.getCompileConfig !== 'function')
    throw new TypeError(`${where}: expected a model, received ${show(model)}`);
}

/**
 * Saves a model: its architecture, weights, how it was compiled and the state of its optimizer. The ending of the path tells the format:
 * `.keras` (recommended), or `.h5` and `.hdf5` (legacy). The file is there whole or not at all, also when the process is killed. A
 * `FeatureSpace` is saved as `.keras` too.
 * @throws (rejects) for other endings, and when the file exists and `overwrite` is false.
 */
export async function saveModel(model: Model | FeatureSpace, filepath: string | URL, options: SaveModelOptions = {}): Promise<void> {
  const where = 'saveModel';
  if (!isSavedWhole(model)) checkModel(where, model);
  checkOptions(where, options, ['overwrite', 'zipped', 'includeOptimizer']);
  const path = pathOf(where, filepath);
  const zipped = options.zipped ?? true;
  if (zipped && !path.endsWith('.keras')) checkModel(`${where}: ${path}`, model);
  if (!zipped && path.endsWith('.keras'))
    throw new TypeError(`${where}: a folder (zipped: false) must not end in .keras, received ${show(path)}`);
  const codec = await codecOf(where, { name: path, path }, 'saveModel', zipped ? null : 'keras');
  await checkOverwrite(where, path, options.overwrite ?? true);
  if (!model.built) process.emitWarning(`${model.name}: is saved before it was built, without weights; call it on data first`);
  await codec.saveModel(model, path, options);
}

/**
 * The model (or the `FeatureSpace`) of a file: `.keras` (or a folder of that form), `.h5` and `.hdf5` of Keras 1, 2 and 3, `model.json` of
 * TensorFlow.js. Bytes are read with the option `format`.
 *
 * ```ts
 * const model = await keras.saving.loadModel('model.keras');
 * ```
 * Loading runs no code of the file: functions that were saved as source are refused in safe mode.
 * @throws (rejects) for damaged files, unknown classes (register them, or name them in `customObjects`), and weights that do not fit.
 */
export async function loadModel(filepath: FileLike, options: LoadModelOptions = {}): Promise<Model> {
  const where = 'loadModel';
  checkOptions(where, options, ['customObjects', 'compile', 'safeMode', 'format']);
  const source = sourceOf(where, filepath);
  const codec = await codecOf(where, source, 'loadModel', options.format ?? null);
  const model = await readingFile(source.name, () => codec.loadModel(source, options));
  if (!isSavedWhole(model)) checkModel(`${where}: ${source.name}`, model);
  return model;
}

/**
 * Saves the weights of a model: `.weights.h5`, `.weights.json` (files of at most `maxShardSize` GB, and a map of them), `.safetensors` (by
 * the paths of variables, without the optimizer's state), or `.h5` and `.hdf5` (legacy).
 * @throws (rejects) for other endings, for a model that is not built, and when the file exists and `overwrite` is false.
 */
export async function saveWeights(model: Model, filepath: string | URL, options: SaveWeightsOptions = {}): Promise<void> {
  const where = 'saveWeights';
  checkModel(where, model);
  checkOptions(where, options, ['overwrite', 'maxShardSize']);
  const path = pathOf(where, filepath);
  const { maxShardSize = null } = options;
  if (maxShardSize !== null && !(maxShardSize > 0))
    throw new RangeError(`${where}: maxShardSize must be a number of GB > 0, received ${show(maxShardSize)}`);
  if (maxShardSize !== null && !path.endsWith('.weights.json'))
    throw new TypeError(`${where}: with maxShardSize the path must end in .weights.json, received ${show(path)}`);
  const codec = await codecOf(where, { name: path, path }, 'saveWeights');
  checkBuilt(where, model);
  await checkOverwrite(where, path, options.overwrite ?? true);
  await codec.saveWeights(model, path, options);
}

/**
 * Loads weights into a model: from `.weights.h5`, `.weights.json`, `.safetensors`, `.keras`, and `.h5` and `.hdf5` of any version of Keras.
 * When something does not fit, the model is as it was before.
 * @throws (rejects) for damaged files, weights that do not fit (unless `skipMismatch`), and a model that is not built.
 */
export async function loadWeights(model: Model, filepath: FileLike, options: LoadWeightsOptions = {}): Promise<void> {
  const where = 'loadWeights';
  checkModel(where, model);
  checkOptions(where, options, ['skipMismatch', 'byName', 'objectsToSkip', 'format']);
  const source = sourceOf(where, filepath);
  if (options.byName === true && !/(?<!\.weights)\.(h5|hdf5)$/.test(source.name) && options.format !== 'h5') {
    throw new TypeError(`${where}: byName is for legacy .h5 and .hdf5 files, received ${source.name}`);
  }
  const codec = await codecOf(where, source, 'loadWeights', options.format ?? null);
  checkBuilt(where, model);
  await readingFile(source.name, () => allOrNothing(model, () => codec.loadWeights(model, source, options)));
}

function checkBuilt(where: string, model: Model): void {
  if (!model.built) throw new Error(`${where}: the model "${model.name}" has no weights yet; call it on data, or build(inputShape), first`);
}

const variablesOf = (model: Model): Variable[] => [
  ...model.variables,
  ...(model.compiled ? [...model.optimizer.variables, ...model.metricsVariables] : []),
];

/** Runs `load`; when it fails, the model, its optimizer and its metrics have the values of before. */
export async function allOrNothing(model: Model, load: () => Promise<void>): Promise<void> {
  const variables = variablesOf(model);
  const before = variables.map((variable) => variable.concrete());
  try {
    await load();
  } catch (error) {
    variables.forEach((variable, i) => variable.assign(before[i]!));
    throw error;
  }
}
