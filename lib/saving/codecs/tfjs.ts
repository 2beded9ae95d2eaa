// `model.json` of TensorFlow.js: a topology of tfjs-layers, or of Keras by its converter, and weights in files beside it.
import { readFile, stat } from 'node:fs/promises';
import { show } from '../../base/errors.js';
import { sameShape, showShape } from '../../base/shape.js';
import { isPlainObject } from '../../base/tree.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import type { Layer } from '../../layers/base/layer.js';
import type { Model } from '../../models/model.js';
import type { Codec, FileSource, LoadModelOptions, LoadWeightsOptions, StoredWeight } from '../formats.js';
import { modernCompileConfig, modernModelConfig } from '../legacy-config.js';
import { checkConfigDepth, modelOfConfig } from '../model-of-config.js';
import { kerasTopology, kerasTraining } from '../tfjs-config.js';
import { readGroup, readManifest, type TfjsGroup } from '../tfjs-manifest.js';

type Config = Record<string, unknown>;
/** A topology that is longer is none. */
const LIMIT = 256 * 2 ** 20;

/** What a file says of its model. */
export interface TfjsFile {
  readonly path: string;
  /** Class and config, in the form of Keras 2. */
  readonly topology: unknown;
  readonly training: Config | null;
  readonly groups: readonly TfjsGroup[];
  readonly generatedBy: string | null;
}

async function readText({ name, path, bytes }: FileSource): Promise<string> {
  const size = bytes?.length ?? (await stat(path!)).size;
  if (size > LIMIT) throw new RangeError(`${name}: has ${size} bytes, more than a topology has`);
  return bytes === undefined ? readFile(path!, 'utf8') : new TextDecoder().decode(bytes);
}

/** Reads what stands in the file itself. @throws (rejects) for graph models, and what is none of TensorFlow.js at all. */
export async function readTfjsFile(source: FileSource): Promise<TfjsFile> {
  const { name } = source;
  let json: unknown;
  try {
    json = JSON.parse(await readText(source));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Error(`${name}: is no JSON: ${error.message}`, { cause: error });
    throw error;
  }
  if (!isPlainObject(json) || !('modelTopology' in json))
    throw new TypeError(`${name}: is no model.json of TensorFlow.js: it has no modelTopology, but ${show(json)}`);
  const { format = 'layers-model', modelTopology: topology, trainingConfig, weightsManifest, generatedBy } = json;
  if (format === 'graph-model' || (isPlainObject(topology) && 'node' in topology))
    throw new TypeError(`${name}: is a graph model, which has no layers; convert the Keras model itself to a layers model`);
  if (format !== 'layers-model') throw new TypeError(`${name}: has the unknown format ${show(format)}`);
  if (!isPlainObject(topology)) throw new TypeError(`${name}: has no topology, but ${show(topology)}`);
  const training = trainingConfig ?? topology.training_config;
  return {
    path: source.path ?? '',
    topology: kerasTopology(withinDepth(name, topology.model_config ?? topology)),
    training: isPlainObject(training) ? training : null,
    groups: readManifest(name, weightsManifest),
    generatedBy: typeof generatedBy === 'string' ? generatedBy : null,
  };
}

function withinDepth(name: string, topology: unknown): unknown {
  checkConfigDepth(name, topology);
  return topology;
}

/** Layers that have weights of their own: those in models that a model holds, instead of these. */
function layersOf(model: Model): Layer[] {
  return model.layers.flatMap((layer) => ('layers' in layer ? layersOf(layer as unknown as Model) : [layer]));
}
const weightsOf = (layer: Layer): Variable[] => [...layer.trainableWeights, ...layer.nonTrainableWeights];
const last = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

interface Stored {
  readonly name: string;
  readonly tensor: Tensor;
}

/** Tensors in the order of variables: by the end of their names, or as they come. */
function inOrder(variables: readonly Variable[], stored: readonly Stored[]): readonly Stored[] {
  const byName = new Map(stored.map((one) => [last(one.name), one]));
  const named = variables.map(({ name }) => byName.get(name));
  return byName.size === stored.length && named.every((one) => one !== undefined) ? named : stored;
}

/** Sets the weights of a layer. @returns what does not fit, or null. */
function assign(layer: Layer, stored: readonly Stored[]): string | null {
  const variables = weightsOf(layer);
  if (variables.length !== stored.length)
    return `${layer.name} has ${variables.length} weights (${variables.map(({ name }) => name).join(', ')}), the file has ` +
      `${stored.length}${stored.length > 0 ? ` (${stored.map(({ name }) => name).join(', ')})` : ''}`;
  const ordered = inOrder(variables, stored);
  const wrong = variables.findIndex(({ shape }, i) => !sameShape(shape, ordered[i]!.tensor.shape));
  if (wrong >= 0)
    return `${ordered[wrong]!.name} has shape ${showShape(ordered[wrong]!.tensor.shape)}, in the model it has ${showShape(variables[wrong]!.shape)}`;
  variables.forEach((variable, i) => variable.assign(ordered[i]!.tensor));
  return null;
}

/** Sets weights by the names of their layers. */
async function loadInto(model: Model, file: TfjsFile, { skipMismatch = false, objectsToSkip }: LoadWeightsOptions): Promise<void> {
  const layers = layersOf(model).filter((layer) => weightsOf(layer).length > 0);
  const names = new Set(layers.map(({ name }) => name));
  const byLayer = new Map<string, Stored[]>(layers.map(({ name }) => [name, []]));
  const problems: string[] = [];
  for (const group of file.groups) {
    for await (const [{ name, isOptimizer }, tensor] of readGroup(file.path, group)) {
      if (isOptimizer) continue;
      const owner = name.split('/').find((step) => names.has(step));
      if (owner === undefined) problems.push(`the model has no layer with weights for ${name}`);
      else byLayer.get(owner)!.push({ name, tensor });
    }
  }
  const skipped = new Set(objectsToSkip);
  for (const layer of layers) {
    const problem = skipped.has(layer) ? null : assign(layer, byLayer.get(layer.name)!);
    if (problem !== null) problems.push(problem);
  }
  if (problems.length === 0) return;
  const message = `${file.path}: does not fit the model "${model.name}":\n  ${problems.slice(0, 10).join('\n  ')}`;
  if (!skipMismatch) throw new Error(message);
  process.emitWarning(`${message}\nThese are left as they are.`);
}

async function readWithWeights(where: string, source: FileSource): Promise<TfjsFile> {
  const file = await readTfjsFile(source);
  if (source.path === undefined && file.groups.some(({ paths }) => paths.length > 0))
    throw new TypeError(`${where}: a model.json names files beside it: give its path`);
  return file;
}

async function load(source: FileSource, options: LoadModelOptions): Promise<unknown> {
  const file = await readWithWeights('loadModel', source);
  const model = await modelOfConfig(source, modernModelConfig(file.topology), options, file.groups.flatMap(({ paths }) => paths));
  await loadInto(model, file, {});
  if ((options.compile ?? true) && file.training !== null) model.compileFromConfig(modernCompileConfig(kerasTraining(file.training)));
  return model;
}

/** @internal */
export const codec: Codec = {
  async inspect(source) {
    const { topology, training, groups, generatedBy } = await readTfjsFile(source);
    const weights = groups.flatMap((group) => group.weights.map(({ name, shape, dtype, quantization, isOptimizer }): StoredWeight => ({
      name, shape, dtype: quantization === null ? dtype : `${dtype} as ${quantization.dtype}`, role: isOptimizer ? 'optimizer' : 'weight',
    })));
    return {
      about: Object.fromEntries(generatedBy === null ? [] : [['generated by', generatedBy]]),
      model: modernModelConfig(topology),
      training: training === null ? null : modernCompileConfig(kerasTraining(training)),
      weights,
    };
  },
  loadModel: load,
  loadWeights: async (model, source, options) => loadInto(model, await readWithWeights('loadWeights', source), options),
};
