// Which code reads and writes which file: formats by the endings of their names. A codec is imported when it is used.
import { fileURLToPath } from 'node:url';
import { didYouMean, show } from '../base/errors.js';
import type { CustomObjects } from '../config/family.js';
import type { Shape } from '../base/shape.js';
import { exists } from '../utils/files.js';
import type { Model } from '../models/model.js';

/** A place of a file: a path, a `file:` URL, or its bytes with the option `format`. */
export type FileLike = string | URL | Uint8Array;

/** A file to read. */
export interface FileSource {
  /** For messages. */
  readonly name: string;
  readonly path?: string;
  readonly bytes?: Uint8Array;
}

/** Options of `loadModel`. */
export interface LoadModelOptions {
  /** Classes and functions that the file names and that are not registered. */
  customObjects?: CustomObjects | null;
  /** Whether the model is compiled as it was saved, with the state of its optimizer. Default true. */
  compile?: boolean;
  /** Whether files that hold the source of functions (`Lambda`) are refused. Default true. */
  safeMode?: boolean;
  /** The format of bytes, or of a file whose ending does not tell it. */
  format?: string | null;
}
/** Options of `loadWeights`. */
export interface LoadWeightsOptions {
  /** Whether layers that do not fit are left as they are, with a warning. Default false. */
  skipMismatch?: boolean;
  /** Whether layers are found by their names rather than by their order; for legacy `.h5` files. Default false. */
  byName?: boolean;
  /** Layers (and what else is saved) that keep what they have; for `.weights.h5` and `.weights.json`. */
  objectsToSkip?: readonly unknown[] | null;
  /** The format of bytes, or of a file whose ending does not tell it. */
  format?: string | null;
}
/** Options of `save`. */
export interface SaveModelOptions {
  /** Whether a file that is there is replaced. Default true. */
  overwrite?: boolean;
  /** Whether `.keras` is an archive (default) or a folder. */
  zipped?: boolean | null;
  /** Whether the state of the optimizer is saved; for `.h5`. Default true. */
  includeOptimizer?: boolean;
}
/** Options of `saveWeights`. */
export interface SaveWeightsOptions {
  /** Whether a file that is there is replaced. Default true. */
  overwrite?: boolean;
  /** The largest size of a file, in GB, for `.weights.json`; null: one file. */
  maxShardSize?: number | null;
}

/** An array that a file has. */
export interface StoredWeight {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: string;
  /** Whose it is: the model's weights, the optimizer's state, or other state (of metrics, of random generators). */
  readonly role: 'weight' | 'optimizer' | 'state';
}
/** What a file says of itself, without making the model. */
export interface FileContents {
  /** What else is known of it, by name. */
  readonly about: Readonly<Record<string, string>>;
  /** The model's config in the form of Keras 3; null for weights alone. */
  readonly model: unknown;
  /** What `compile` was given, in the form of Keras 3; null when it was not compiled. */
  readonly training: unknown;
  readonly weights: readonly StoredWeight[];
}

/** Reads and writes one format. What it cannot do is left out. */
export interface Codec {
  inspect?(source: FileSource): Promise<FileContents>;
  saveModel?(model: Model, target: string, options: SaveModelOptions): Promise<void>;
  loadModel?(source: FileSource, options: LoadModelOptions): Promise<unknown>;
  /** Writes what the model computes in inference. */
  exportModel?(model: Model, target: string): Promise<void>;
  saveWeights?(model: Model, target: string, options: SaveWeightsOptions): Promise<void>;
  loadWeights?(model: Model, source: FileSource, options: LoadWeightsOptions): Promise<void>;
}

interface Format {
  /** Endings of names, or whole names of files. */
  readonly endings: readonly string[];
  readonly codec: () => Promise<Codec>;
}

/** The formats by name; of several endings that fit, the longest counts. */
const FORMATS: Readonly<Record<string, Format>> = {
  keras: { endings: ['.keras'], codec: async () => (await import('./codecs/keras.js')).codec },
  h5: { endings: ['.h5', '.hdf5'], codec: async () => (await import('./codecs/h5.js')).codec },
  'weights.h5': { endings: ['.weights.h5'], codec: async () => (await import('./codecs/weights-h5.js')).codec },
  safetensors: { endings: ['.safetensors'], codec: async () => (await import('./codecs/safetensors.js')).codec },
  tfjs: { endings: ['.json'], codec: async () => (await import('./codecs/tfjs.js')).codec },
  onnx: { endings: ['.onnx'], codec: async () => (await import('./codecs/onnx.js')).codec },
  'weights.json': { endings: ['.weights.json'], codec: async () => (await import('./codecs/weights-json.js')).codec },
};

/** Names of all formats. */
export const formatNames = (): string[] => Object.keys(FORMATS);

function formatByEnding(name: string): Format | null {
  const found = Object.values(FORMATS).flatMap((format) =>
    format.endings.filter((ending) => name.endsWith(ending)).map((ending) => ({ format, ending })),
  );
  return found.sort((a, b) => b.ending.length - a.ending.length)[0]?.format ?? null;
}

/** The path of a file. @throws for anything but a path or a `file:` URL. */
export function pathOf(where: string, file: unknown): string {
  if (typeof file === 'string' && file !== '') return file;
  if (file instanceof URL) return fileURLToPath(file);
  throw new TypeError(`${where}: expected the path of a file, received ${show(file)}`);
}

/** The file that is meant. */
export function sourceOf(where: string, file: unknown): FileSource {
  if (file instanceof Uint8Array) return { name: `${file.length} bytes`, bytes: file };
  const path = pathOf(where, file);
  return { name: path, path };
}

/** The format of a file and its codec. @throws (rejects) when its ending, or `format`, is that of none. */
export async function formatOf(
  where: string,
  { name, path }: FileSource,
  format: string | null = null,
  mayBeFolder = true,
): Promise<{ name: string; codec: Codec; endings: readonly string[] }> {
  const can = `it can be ${Object.values(FORMATS)
    .flatMap(({ endings }) => endings)
    .join(', ')}`;
  if (format !== null && !Object.hasOwn(FORMATS, format))
    throw new TypeError(
      `${where}: unknown format ${show(format)}${didYouMean(format, formatNames())}; ${formatNames().join(', ')} are known`,
    );
  if (format === null && path === undefined)
    throw new TypeError(`${where}: bytes need the option format, one of ${formatNames().join(', ')}`);
  const found =
    format === null
      ? (formatByEnding(name) ?? (mayBeFolder && (await isKerasFolder(path!)) ? FORMATS.keras! : null))
      : FORMATS[format]!;
  if (found === null) throw new TypeError(`${where}: the ending of ${name} tells no format; ${can}`);
  const known = formatNames().find((one) => FORMATS[one] === found)!;
  return { name: known, codec: await found.codec(), endings: found.endings };
}

/** The codec of a file. @throws (rejects) as `formatOf` does, and when it cannot do what is asked. */
export async function codecOf<K extends keyof Codec>(
  where: string,
  source: FileSource,
  call: K,
  format: string | null = null,
): Promise<Required<Pick<Codec, K>>> {
  const { codec, endings } = await formatOf(where, source, format, call === 'loadModel');
  if (codec[call] === undefined) throw new TypeError(`${where}: a file ending in ${endings.join(' or ')} ${refusal(codec, call)}`);
  return codec as Required<Pick<Codec, K>>;
}
function refusal(codec: Codec, call: keyof Codec): string {
  if (call.startsWith('save') && codec.exportModel !== undefined) return 'is no saved model; model.export writes one';
  if (call.startsWith('save') && codec.saveModel === undefined && codec.saveWeights === undefined) return 'is read, and not written';
  return {
    saveModel: 'holds no whole model; use saveWeights',
    loadModel: 'holds no whole model; make the model and call loadWeights',
    saveWeights: 'is not for weights alone; use save',
    exportModel: 'holds no program; use save',
    loadWeights: 'has no weights to load alone; use loadModel',
    inspect: 'cannot be looked into',
  }[call];
}
const isKerasFolder = (path: string): Promise<boolean> => exists(`${path}/config.json`);

/** @throws (rejects) for a file that exists and must not be replaced. */
export async function checkOverwrite(where: string, path: string, overwrite: boolean): Promise<void> {
  if (!overwrite && (await exists(path)))
    throw new Error(`${where}: ${path} exists already; give overwrite: true to replace it`);
}
