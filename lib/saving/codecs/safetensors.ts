// `.safetensors` as weights of a model: each under the path of its variable, such as `dense/kernel`.
import { didYouMean } from '../../base/errors.js';
import { sameShape, showShape } from '../../base/shape.js';
import { KERAS_VERSION } from '../../config/version.js';
import type { Variable } from '../../core/variable.js';
import type { Model } from '../../models/model.js';
import type { Codec, FileSource, LoadWeightsOptions, StoredWeight } from '../formats.js';
import { openSafetensors, saveSafetensors, type SafetensorsFile } from '../safetensors.js';
import { matchNames, weightsByPath } from '../weight-names.js';

/** What is wrong with a weight in a file, or null. */
function problemOf(file: SafetensorsFile, name: string, variable: Variable): string | null {
  if (!file.has(name)) return `the file has no ${name}${didYouMean(name, file.names)}`;
  const { shape } = file.describe(name);
  return sameShape(shape, variable.shape)
    ? null
    : `${name} has shape ${showShape(variable.shape)}, in the file it has ${showShape(shape)}`;
}

const variablesOf = (item: unknown): readonly Variable[] => (item as { variables?: readonly Variable[] } | null)?.variables ?? [];

async function load(model: Model, source: FileSource, { skipMismatch = false, objectsToSkip }: LoadWeightsOptions): Promise<void> {
  const file = await openSafetensors(source);
  const skipped = new Set([...(objectsToSkip ?? [])].flatMap(variablesOf));
  const weights = weightsByPath(model);
  const matched = matchNames([...weights.keys()], file.names);
  const used = new Set(matched.values());
  const problems: string[] = [];
  for (const [path, variable] of weights) {
    if (skipped.has(variable)) continue;
    const name = matched.get(path) ?? path;
    const problem = problemOf(file, name, variable);
    if (problem === null) variable.assign(await file.get(name));
    else problems.push(problem);
  }
  const unknown = file.names.filter((name) => !used.has(name));
  if (unknown.length > 0) problems.push(`the model has no ${unknown.slice(0, 5).join(', ')}${unknown.length > 5 ? ', …' : ''}`);
  if (problems.length === 0) return;
  const message = `${source.name}: does not fit the model "${model.name}":\n  ${problems.slice(0, 10).join('\n  ')}`;
  if (!skipMismatch) throw new Error(message);
  process.emitWarning(`${message}\nThese are left as they are.`);
}

/** @internal */
export const codec: Codec = {
  async inspect(source) {
    const file = await openSafetensors(source);
    const weights = file.names.map((name): StoredWeight => ({ name, ...file.describe(name), role: 'weight' }));
    return { about: file.metadata, model: null, training: null, weights };
  },
  saveWeights: (model, target) => {
    const tensors = Object.fromEntries([...weightsByPath(model)].map(([name, variable]) => [name, variable.value]));
    return saveSafetensors(target, tensors, { metadata: { keras_version: KERAS_VERSION } });
  },
  loadWeights: load,
};
