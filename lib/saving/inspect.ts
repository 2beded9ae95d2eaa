// What is in a file of any format, and what of it cannot be made here: from what the file says, and from the model where it can be built.
import { isShape, type SymbolicShape } from '../base/shape.js';
import { isPlainObject } from '../base/tree.js';
import { problemOf } from '../config/serialization.js';
import { isSerialized } from '../config/registration.js';
import type { Model } from '../models/model.js';
import { formatOf, sourceOf, type FileContents, type FileLike, type FileSource, type LoadModelOptions } from './formats.js';
import { readingFile } from './malformed.js';
import { checkConfigDepth, modelOfConfig } from './model-of-config.js';

/** A layer that a config names. */
export interface ConfiguredLayer {
  readonly name: string;
  readonly className: string;
  readonly dtype: string | null;
  /** What the config says of its input, sizes that are not known as null. */
  readonly inputShape: SymbolicShape | null;
  /** How many models it lies in. */
  readonly depth: number;
}
/** What a file has. */
export interface FileReport extends FileContents {
  /** Keras's class of the model, and its name. */
  readonly title: { readonly className: string; readonly name: string } | null;
  readonly format: string;
  readonly layers: readonly ConfiguredLayer[];
  /** What cannot be made here, and why. */
  readonly problems: readonly string[];
  /** The model without its weights; null for weights alone, and where it cannot be built. */
  readonly built: Model | null;
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
/** The name of a dtype or of a policy. */
function dtypeOf(dtype: unknown): string | null {
  if (!isPlainObject(dtype) || !isPlainObject(dtype.config)) return textOf(dtype);
  return textOf(dtype.config.name) ?? textOf(dtype.config.source_name) ?? textOf(dtype.class_name);
}

/** The layers of a config, those of models in it behind each. */
function layersOf(model: unknown, depth = 0): ConfiguredLayer[] {
  const layers = isPlainObject(model) && isPlainObject(model.config) && Array.isArray(model.config.layers) ? model.config.layers : [];
  return layers.filter(isPlainObject).flatMap((layer) => {
    const config = isPlainObject(layer.config) ? layer.config : {};
    const name = textOf(layer.name) ?? textOf(config.name) ?? '';
    const inputShape: unknown = config.batch_shape;
    const made = {
      name, className: textOf(layer.class_name) ?? '?', dtype: dtypeOf(config.dtype), depth, inputShape: isShape(inputShape) ? (inputShape as SymbolicShape) : null,
    };
    return [made, ...layersOf(layer, depth + 1)];
  });
}

/** What no class or function is known for, with the place in the config. */
function unknownIn(value: unknown, at: string, found: string[] = []): string[] {
  if (Array.isArray(value)) value.forEach((item) => unknownIn(item, at, found));
  else if (isPlainObject(value)) {
    const name = isPlainObject(value.config) ? textOf(value.config.name) : null;
    const place = name === null ? at : at === '' ? name : `${at}/${name}`;
    const problem = isSerialized(value) ? problemOf(value) : null;
    if (problem !== null) found.push(place === '' ? problem : `${place}: ${problem}`);
    Object.values(value).forEach((item) => unknownIn(item, place, found));
  }
  return found;
}

/** @returns the model of a config, or why it cannot be built. */
async function build(source: FileSource, model: unknown, options: LoadModelOptions): Promise<Model | string> {
  try {
    return await modelOfConfig(source, model, options);
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Looks into a file of any format. Where its model can be built, it is, without weights; where not, `problems` says why.
 * @throws (rejects) when the file cannot be read.
 */
export function inspectFile(file: FileLike, options: LoadModelOptions = {}): Promise<FileReport> {
  const source = sourceOf('inspect', file);
  return readingFile(source.name, () => inspectSource(source, options));
}

async function inspectSource(source: FileSource, options: LoadModelOptions): Promise<FileReport> {
  const { name: format, codec } = await formatOf('inspect', source, options.format ?? null);
  if (codec.inspect === undefined) return reportOf(format, (await codec.loadModel!(source, options)) as Model);
  const contents = await codec.inspect(source);
  const { model } = contents;
  checkConfigDepth(source.name, [model, contents.training]);
  const problems = [...new Set([...unknownIn(model, ''), ...unknownIn(contents.training, 'compile')])];
  const built = !isPlainObject(model) || problems.length > 0 ? null : await build(source, model, options);
  return {
    ...contents,
    format,
    title: isPlainObject(model)
      ? { className: textOf(model.class_name) ?? '?', name: (isPlainObject(model.config) ? textOf(model.config.name) : null) ?? '' }
      : null,
    layers: layersOf(model),
    problems: typeof built === 'string' ? [built] : problems,
    built: typeof built === 'string' ? null : built,
  };
}

/** The same of a format that tells nothing before its model is made. */
function reportOf(format: string, model: Model): FileReport {
  return {
    format,
    title: { className: model.constructor.name, name: model.name },
    about: {},
    model: null,
    training: null,
    weights: model.weights.map(({ path, shape, dtype }) => ({ name: path, shape, dtype, role: 'weight' })),
    layers: model.layers.map((layer) => (
      { name: layer.name, className: layer.constructor.name, dtype: layer.computeDtype, depth: 0, inputShape: null })),
    problems: [],
    built: model,
  };
}
