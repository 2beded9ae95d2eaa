// `.h5` and `.hdf5` of Keras 1, 2 and 3: architecture, weights, training config and the optimizer's weights in one HDF5 file; or weights
// alone.
import { writeFile } from 'node:fs/promises';
import { isPlainObject } from '../../base/tree.js';
import { sameShape, showShape } from '../../base/shape.js';
import { didYouMean } from '../../base/errors.js';
import { serializeKerasObject } from '../../config/serialization.js';
import { KERAS_VERSION } from '../../config/version.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import type { Layer } from '../../layers/base/layer.js';
import type { Model } from '../../models/model.js';
import { writeAtomically } from '../atomic.js';
import type { Codec, FileContents, FileSource, LoadModelOptions, LoadWeightsOptions, StoredWeight } from '../formats.js';
import { Hdf5File, type AttributeValue, type Hdf5Group } from '../hdf5.js';
import { modernCompileConfig, modernModelConfig } from '../legacy-config.js';
import { keras1Weights } from '../keras1-weights.js';
import { checkConfigDepth, modelOfConfig } from '../model-of-config.js';
import { datasetOfTensor, tensorOfDataset } from './weights-h5.js';

type WithWeights = Layer | Model;
/** Trainable ones first, as these files have them. */
const weightsOf = (layer: WithWeights): Variable[] => [...layer.trainableWeights, ...layer.nonTrainableWeights];

// ---- writing ---------------------------------------------------------------------------------------------------------

/** An attribute cannot have more bytes; longer lists are split over `name0`, `name1`, … */
const ATTRIBUTE_LIMIT = 64_512;

async function writeTexts(file: Hdf5File, at: string, name: string, texts: readonly string[]): Promise<void> {
  const longest = Math.max(1, ...texts.map((text) => Buffer.byteLength(text)));
  if (longest > ATTRIBUTE_LIMIT) throw new RangeError(`${file.name}: a name of ${longest} bytes is too long for an HDF5 attribute`);
  const count = Math.max(1, Math.floor(ATTRIBUTE_LIMIT / longest));
  if (texts.length <= count) return file.writeAttribute(at, name, [...texts]);
  for (let i = 0; i * count < texts.length; i++) await file.writeAttribute(at, `${name}${i}`, texts.slice(i * count, (i + 1) * count));
}

async function writeWeights(file: Hdf5File, at: string, weights: readonly Variable[]): Promise<void> {
  await writeTexts(file, at, 'weight_names', weights.map(({ path }) => path));
  for (const variable of weights) await file.write(`${at}/${variable.path}`, datasetOfTensor(variable.value));
}

async function writeModelWeights(file: Hdf5File, at: string, model: Model): Promise<void> {
  await writeTexts(file, at, 'layer_names', model.layers.map(({ name }) => name));
  await file.writeAttribute(at, 'backend', 'tensorflow');
  await file.writeAttribute(at, 'keras_version', KERAS_VERSION);
  for (const layer of model.layers.toSorted((a, b) => (a.name < b.name ? -1 : 1)))
    await writeWeights(file, `${at}/${layer.name}`, weightsOf(layer));
  await writeWeights(file, `${at}/top_level_model_weights`, topLevelWeights(model));
}
/** Weights of the model itself, in none of its layers. */
const topLevelWeights = (model: Model): Variable[] => model.ownVariables().filter((variable) => model.weights.includes(variable));

/** What `compile` was given, as these files have it; null for a `getCompileConfig` of a user's own that has no optimizer. */
function trainingConfig(model: Model): Record<string, unknown> | null {
  const { optimizer, ...config } = model.getCompileConfig() as { optimizer?: { class_name: string; config: unknown } };
  if (optimizer === undefined) return null;
  return { ...config, optimizer_config: { class_name: optimizer.class_name, config: optimizer.config } };
}

/** Saves a model, and with `includeOptimizer` how it is trained. */
async function saveLegacyH5(model: Model, target: string, includeOptimizer = true): Promise<void> {
  const { class_name: className, config } = serializeKerasObject(model) as { class_name: string; config: unknown };
  await writeHdf5(target, async (file) => {
    await file.writeAttribute('', 'keras_version', KERAS_VERSION);
    await file.writeAttribute('', 'backend', 'tensorflow');
    await file.writeAttribute('', 'model_config', JSON.stringify({ class_name: className, config }));
    await writeModelWeights(file, 'model_weights', model);
    if (!includeOptimizer || !model.compiled) return;
    const training = trainingConfig(model);
    if (training === null) process.emitWarning(`${model.name}: its own getCompileConfig is for .keras files; how it was compiled is not saved`);
    else await file.writeAttribute('', 'training_config', JSON.stringify(training));
    if (model.optimizer.variables.length > 0) await writeWeights(file, 'optimizer_weights', model.optimizer.variables);
  });
}

async function writeHdf5(target: string, write: (file: Hdf5File) => Promise<void>): Promise<void> {
  await writeAtomically(target, async (fresh) => {
    await writeFile(fresh, '', { flag: 'wx' });
    const file = new Hdf5File(fresh, { path: fresh, write: true });
    try {
      await write(file);
    } finally {
      await file.close();
    }
  });
}

// ---- reading ---------------------------------------------------------------------------------------------------------

const textsIn = (value: AttributeValue | undefined): string[] | null =>
  value === undefined ? null : ([value].flat(5) as unknown[]).map(String);

/** A list of texts, which may be split over several attributes. */
function texts({ attributes }: Hdf5Group, name: string): string[] {
  const whole = textsIn(attributes[name]);
  if (whole !== null) return whole;
  const parts: string[] = [];
  for (let i = 0; attributes[`${name}${i}`] !== undefined; i++) parts.push(...textsIn(attributes[`${name}${i}`])!);
  return parts;
}

function json(file: string, name: string, text: AttributeValue): unknown {
  try {
    return JSON.parse(String(text));
  } catch (error) {
    throw new Error(`${file}: ${name} is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** An open file, and the group in it that has the layers. */
interface Weights {
  readonly file: Hdf5File;
  readonly at: string;
  readonly group: Hdf5Group;
}

async function groupOf(file: Hdf5File, at: string): Promise<Hdf5Group> {
  const group = await file.group(at);
  if (group === null) throw new Error(`${file.name}: has no group ${at === '' ? '/' : at}`);
  return group;
}
const join = (at: string, name: string): string => (at === '' ? name : `${at}/${name}`);

/** The arrays of a group, in the order of its `weight_names`. */
async function arraysOf(file: Hdf5File, at: string): Promise<Tensor[]> {
  const names = texts(await groupOf(file, at), 'weight_names');
  const arrays: Tensor[] = [];
  for (const name of names) arrays.push(tensorOfDataset(await file.read(join(at, name)), `${file.name}: ${at}/${name}`));
  return arrays;
}

/** Sets weights. @throws when their number or a shape differs, unless mismatches are skipped, which warns. */
function assign(where: string, weights: readonly Variable[], values: readonly Tensor[], skipMismatch: boolean): void {
  const refuse = (message: string): void => {
    if (!skipMismatch) throw new RangeError(message);
    process.emitWarning(`${message}; left as it is`);
  };
  if (values.length !== weights.length)
    return refuse(`${where}: has ${weights.length} weights (${weights.map(({ name }) => name).join(', ')}), the file has ${values.length}`);
  weights.forEach((variable, i) => {
    const { shape } = values[i]!;
    if (sameShape(shape, variable.shape)) variable.assign(values[i]!);
    else refuse(`${where}: ${variable.path} has shape ${showShape(variable.shape)}, in the file it has ${showShape(shape)}`);
  });
}

async function assignTopLevel({ file, at, group }: Weights, model: Model, skipMismatch: boolean): Promise<void> {
  const name = 'top_level_model_weights';
  if (group.groups.includes(name))
    assign(`${file.name}: the model itself`, topLevelWeights(model), await arraysOf(file, join(at, name)), skipMismatch);
}

/** The arrays of a layer in today's form, whichever version wrote them. */
function valuesFor({ group }: Weights, layer: Layer, values: readonly Tensor[]): readonly Tensor[] {
  const version = textsIn(group.attributes.keras_version)?.[0] ?? '1';
  return version.startsWith('1') ? keras1Weights(layer, values) : values;
}

/** Loads weights in the order of the layers. */
async function loadInOrder(weights: Weights, model: Model, skipMismatch: boolean): Promise<void> {
  const { file, at, group } = weights;
  const layers = model.layers.filter((layer) => weightsOf(layer).length > 0);
  const names: string[] = [];
  for (const name of texts(group, 'layer_names'))
    if (texts(await groupOf(file, join(at, name)), 'weight_names').length > 0) names.push(name);
  if (names.length !== layers.length) {
    throw new RangeError(
      `${file.name}: has weights of ${names.length} layers (${names.join(', ')}), the model "${model.name}" has ${layers.length} ` +
        `with weights (${layers.map(({ name }) => name).join(', ')})`,
    );
  }
  for (const [i, name] of names.entries()) {
    const layer = layers[i]!;
    const values = await arraysOf(file, join(at, name));
    const where = `${file.name}: layer ${i} ("${layer.name}" in the model, "${name}" in the file)`;
    assign(where, weightsOf(layer), valuesFor(weights, layer, values), skipMismatch);
  }
  await assignTopLevel(weights, model, skipMismatch);
}

/** Loads the weights of those layers whose names the file has. */
async function loadByName(weights: Weights, model: Model, skipMismatch: boolean): Promise<void> {
  const { file, at, group } = weights;
  const names = texts(group, 'layer_names');
  for (const name of names) {
    const layers = model.layers.filter((layer) => layer.name === name);
    if (layers.length === 0) continue;
    const values = await arraysOf(file, join(at, name));
    for (const layer of layers)
      assign(
        `${file.name}: layer "${name}"`,
        weightsOf(layer),
        valuesFor(weights, layer, values),
        skipMismatch,
      );
  }
  if (!names.some((name) => model.layers.some((layer) => layer.name === name))) {
    process.emitWarning(
      `${file.name}: has no layer of the model "${model.name}", so that nothing was loaded by name; it has ` +
        `${names.slice(0, 10).join(', ')}${didYouMean(model.layers[0]?.name ?? '', names)}`,
    );
  }
  await assignTopLevel(weights, model, skipMismatch);
}

async function withFile<T>({ name, path, bytes }: FileSource, use: (file: Hdf5File) => Promise<T>): Promise<T> {
  const file = new Hdf5File(name, bytes === undefined ? { path: path! } : { bytes });
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Loads weights from a file of a whole model or of weights alone. */
async function loadLegacyWeights(
  model: Model,
  source: FileSource,
  { skipMismatch = false, byName = false }: LoadWeightsOptions,
): Promise<void> {
  await withFile(source, async (file) => {
    const root = await groupOf(file, '');
    const at = texts(root, 'layer_names').length === 0 && root.groups.includes('model_weights') ? 'model_weights' : '';
    const weights: Weights = { file, at, group: at === '' ? root : await groupOf(file, at) };
    await (byName ? loadByName : loadInOrder)(weights, model, skipMismatch);
  });
}

/** The architecture and the training that a file tells, as it has them. */
export async function readLegacyConfig(
  file: Hdf5File,
): Promise<{ model: unknown; training: unknown; attributes: Hdf5Group['attributes'] }> {
  const { attributes } = await groupOf(file, '');
  if (attributes.model_config === undefined) {
    throw new Error(`${file.name}: has no model_config: it holds weights alone; make the model and call loadWeights`);
  }
  return {
    model: json(file.name, 'model_config', attributes.model_config),
    training: attributes.training_config === undefined ? null : json(file.name, 'training_config', attributes.training_config),
    attributes,
  };
}

async function restoreTraining(file: Hdf5File, model: Model, training: unknown): Promise<void> {
  if (!isPlainObject(training)) {
    process.emitWarning(`${file.name}: does not say how the model was compiled; compile it before training`);
    return;
  }
  model.compileFromConfig(modernCompileConfig(training));
  const { optimizer } = model;
  if (!(await groupOf(file, '')).groups.includes('optimizer_weights')) return;
  const values = await arraysOf(file, 'optimizer_weights');
  try {
    optimizer.build(model.trainableVariables);
    optimizer.setWeights(values);
  } catch (error) {
    process.emitWarning(`${file.name}: the state of the optimizer does not fit (${(error as Error).message}); it starts anew`);
  }
}

/** The model of a file. */
async function loadLegacyH5(source: FileSource, options: LoadModelOptions): Promise<unknown> {
  return withFile(source, async (file) => {
    const { model: config, training } = await readLegacyConfig(file);
    checkConfigDepth(source.name, config);
    const model = await modelOfConfig(source, modernModelConfig(config), options);
    await loadInOrder({ file, at: 'model_weights', group: await groupOf(file, 'model_weights') }, model, false);
    if (options.compile ?? true) await restoreTraining(file, model, training);
    return model;
  });
}

/** The arrays of the layers, or of the optimizer, in a group. */
async function inspectGroup(file: Hdf5File, at: string, role: StoredWeight['role']): Promise<StoredWeight[]> {
  const weights: StoredWeight[] = [];
  const visit = async (path: string, depth: number): Promise<void> => {
    const group = depth > DEPTH ? null : await file.group(path);
    for (const [name, { shape, dtype }] of Object.entries(group?.datasets ?? {})) {
      const place = join(path, name);
      weights.push({ name: at === '' ? place : place.slice(at.length + 1), shape, dtype, role });
    }
    for (const name of group?.groups ?? []) await visit(join(path, name), depth + 1);
  };
  await visit(at, 0);
  return weights;
}
/** Groups of weights are no deeper: models in models make a few. */
const DEPTH = 32;

async function inspect(source: FileSource): Promise<FileContents> {
  return withFile(source, async (file) => {
    const { attributes, groups } = await groupOf(file, '');
    const version = textsIn(attributes.keras_version)?.[0];
    const about: Record<string, string> = version === undefined ? {} : { Keras: version };
    if (attributes.model_config === undefined)
      return { about, model: null, training: null, weights: await inspectGroup(file, '', 'weight') };
    const { model, training } = await readLegacyConfig(file);
    const optimizer = groups.includes('optimizer_weights') ? await inspectGroup(file, 'optimizer_weights', 'optimizer') : [];
    return {
      about,
      model: modernModelConfig(model),
      training: isPlainObject(training) ? modernCompileConfig(training) : null,
      weights: [...(await inspectGroup(file, 'model_weights', 'weight')), ...optimizer],
    };
  });
}

/** @internal */
export const codec: Codec = {
  inspect,
  saveModel: (model, target, { includeOptimizer }) => saveLegacyH5(model, target, includeOptimizer),
  loadModel: loadLegacyH5,
  saveWeights: (model, target) => writeHdf5(target, (file) => writeModelWeights(file, '', model)),
  loadWeights: loadLegacyWeights,
};
