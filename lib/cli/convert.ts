// `keratin convert IN OUT`: models, weights of models, and tensors alone.
import type { Tensor } from '../core/tensor.js';
import type { Model } from '../models/model.js';
import { checkOverwrite, formatOf, sourceOf } from '../saving/formats.js';
import { loadModel, loadWeights, saveModel, saveWeights } from '../saving/models.js';
import { loadNumpy, saveNumpy } from '../saving/numpy.js';
import { loadSafetensors, saveSafetensors } from '../saving/safetensors.js';
import { weightsByPath } from '../saving/weight-names.js';
import type { Given } from './main.js';
import { importModules, loadOptions } from './reading.js';

const where = 'convert';
const isNumpy = (file: string): boolean => /\.(npy|npz)$/.test(file);
const isTensors = (file: string): boolean => isNumpy(file) || file.endsWith('.safetensors');

/** Tensors alone into tensors alone. */
async function convertTensors(from: string, to: string): Promise<string> {
  const loaded = isNumpy(from) ? await loadNumpy(from) : await (await loadSafetensors(from)).load();
  const tensors = typeof loaded.dtype === 'string' ? { arr_0: loaded as Tensor } : (loaded as Record<string, Tensor>);
  if (to.endsWith('.npy')) {
    const [tensor, ...others] = Object.values(tensors);
    if (tensor === undefined || others.length > 0)
      throw new Error(`${where}: ${from} has ${others.length + Number(tensor !== undefined)} tensors, .npy holds one; use .npz`);
    await saveNumpy(to, tensor);
  } else await (to.endsWith('.npz') ? saveNumpy(to, tensors) : saveSafetensors(to, tensors));
  return `${Object.keys(tensors).length} tensors`;
}

/** The model of a file, or with weights of one the model of another. */
async function readModel(from: string, given: Given): Promise<Model> {
  const { codec } = await formatOf(where, sourceOf(where, from), loadOptions(given).format ?? null);
  if (codec.loadModel !== undefined && given.model === undefined) return loadModel(from, loadOptions(given));
  if (typeof given.model !== 'string')
    throw new Error(`${where}: ${from} has weights alone; give --model FILE, a file with the model that they are for`);
  const { format: _format, ...options } = loadOptions(given);
  const model = await loadModel(given.model, { ...options, compile: false });
  await loadWeights(model, from, typeof given.format === 'string' ? { format: given.format } : {});
  return model;
}

/** Saves what the format of `to` can hold of a model. */
async function writeModel(model: Model, to: string): Promise<string> {
  if (to.endsWith('.npz')) {
    await saveNumpy(to, Object.fromEntries([...weightsByPath(model)].map(([name, { value }]) => [name, value])));
    return 'its weights';
  }
  const { codec } = await formatOf(where, sourceOf(where, to));
  if (codec.exportModel !== undefined) {
    await codec.exportModel(model, to);
    return 'what is computed by the model';
  }
  if (codec.saveModel === undefined && codec.saveWeights !== undefined) {
    await saveWeights(model, to);
    return 'its weights';
  }
  await saveModel(model, to);
  return 'the model';
}

/** Converts a file. */
export async function run(files: readonly string[], given: Given): Promise<number> {
  const [from, to] = files as [string, string];
  await importModules(given);
  await checkOverwrite(where, to, given.overwrite === true).catch((error: Error) => {
    throw new Error(error.message.replace('give overwrite: true', 'give --overwrite'), { cause: error });
  });
  const isModel = given.model !== undefined || !isTensors(from) || !isTensors(to);
  const what = isModel ? await writeModel(await readModel(from, given), to) : await convertTensors(from, to);
  console.log(`${to}: ${what} of ${from}`);
  return 0;
}
