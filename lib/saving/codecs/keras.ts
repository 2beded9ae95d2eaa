// `.keras`: a zip archive (or a folder) of metadata.json, config.json, model.weights.h5 and assets.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isPlainObject } from '../../base/tree.js';
import { serializeWithSharing } from '../../config/serialization.js';
import { KERAS_VERSION } from '../../config/version.js';
import type { Model } from '../../models/model.js';
import { exists, isFolder } from '../../utils/files.js';
import { ZipReader } from '../../utils/zip.js';
import { writeZip, type ZipContent } from '../../utils/zip-writer.js';
import { writeAtomically } from '../atomic.js';
import type { Codec, FileContents, FileSource, LoadModelOptions, LoadWeightsOptions } from '../formats.js';
import type { Hdf5Place } from '../hdf5.js';
import { modelOfConfig } from '../model-of-config.js';
import { loadState, saveState } from '../state.js';
import { H5StateReader, H5StateWriter, inspectState } from './weights-h5.js';

const CONFIG = 'config.json';
const METADATA = 'metadata.json';
const WEIGHTS = 'model.weights.h5';
const ASSETS = 'assets';
/** A config that is longer is none. */
const CONFIG_LIMIT = 256 * 2 ** 20;

const two = (n: number): string => String(n).padStart(2, '0');
/** Keras's form of a date: `2026-12-01@09:30:00`. */
const dateOf = (now: Date): string =>
  `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}@${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`;

/** Files below a folder, by their paths with slashes. */
async function filesBelow(folder: string): Promise<[name: string, place: string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => {
    const place = path.join(entry.parentPath, entry.name);
    return [path.relative(folder, place).split(path.sep).join('/'), place];
  });
}

/** Saves a model with its weights, the state of its optimizer and how it was compiled. With `zipped: false` to a folder. */
async function saveKerasFile(model: Model, target: string, zipped = true): Promise<void> {
  await writeAtomically(target, async (fresh) => {
    const parts = zipped ? `${fresh}.parts` : fresh;
    await mkdir(path.join(parts, ASSETS), { recursive: true });
    try {
      const files: [string, ZipContent][] = [
        [METADATA, JSON.stringify({ keras_version: KERAS_VERSION, date_saved: dateOf(new Date()) })],
        [CONFIG, JSON.stringify(serializeWithSharing(model))],
      ];
      const weights = path.join(parts, WEIGHTS);
      const writer = await H5StateWriter.create(weights);
      try {
        await saveState(model, writer, path.join(parts, ASSETS));
      } finally {
        await writer.close();
      }
      if (zipped) {
        const assets = (await filesBelow(path.join(parts, ASSETS))).map(([name, place]): [string, ZipContent] => [
          `${ASSETS}/${name}`,
          { path: place },
        ]);
        await writeZip(fresh, [...files, [WEIGHTS, { path: weights }], ...assets]);
      } else for (const [name, text] of files) await writeFile(path.join(parts, name), text as string);
    } finally {
      if (zipped) await rm(parts, { recursive: true, force: true });
    }
  });
}

/** What a `.keras` archive or folder has. */
interface Opened {
  readonly config: unknown;
  readonly metadata: unknown;
  /** Where the weights are. */
  weights(): Promise<Hdf5Place>;
  /** A folder with the assets, or null when there are none. */
  assets(): Promise<string | null>;
  close(): Promise<void>;
}

function parse(file: string, name: string, text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch (error) {
    throw new Error(`${file}: ${name} is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

async function openArchive({ name: file, path: place, bytes }: FileSource): Promise<Opened> {
  const zip = await ZipReader.open(bytes === undefined ? place! : { name: file, bytes });
  let folder: string | null = null;
  const temporary = async (): Promise<string> => (folder ??= await mkdtemp(path.join(tmpdir(), 'keratin-')));
  const close = async (): Promise<void> => {
    zip.close();
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  };
  try {
    if (!zip.has(CONFIG)) throw new Error(`${file}: is no .keras file: it has no ${CONFIG}, but ${zip.names.slice(0, 10).join(', ')}`);
    return {
      config: parse(file, CONFIG, await zip.read(CONFIG, CONFIG_LIMIT)),
      metadata: zip.has(METADATA) ? parse(file, METADATA, await zip.read(METADATA, CONFIG_LIMIT)) : null,
      async weights() {
        const entry = zip.entries.find(({ name }) => name === WEIGHTS);
        if (entry === undefined) throw new Error(`${file}: has no ${WEIGHTS}`);
        if (entry.stored && place !== undefined)
          return { path: place, position: await zip.startOf(WEIGHTS), length: entry.size, crc32: entry.crc32 };
        if (bytes !== undefined && entry.stored) return { bytes: await zip.read(WEIGHTS) };
        const unpacked = path.join(await temporary(), WEIGHTS);
        await pipeline(await zip.stream(WEIGHTS), createWriteStream(unpacked));
        return { path: unpacked, crc32: entry.crc32 };
      },
      async assets() {
        const names = zip.entries.map(({ name }) => name).filter((name) => name.startsWith(`${ASSETS}/`));
        if (names.length === 0) return null;
        const to = path.join(await temporary(), ASSETS);
        for (const name of names) {
          const target = path.join(to, name.slice(ASSETS.length + 1));
          await mkdir(path.dirname(target), { recursive: true });
          await writeFile(target, await zip.read(name));
        }
        return to;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openFolder(file: string): Promise<Opened> {
  const read = async (name: string): Promise<unknown> => parse(file, name, await readFile(path.join(file, name)));
  return {
    config: await read(CONFIG),
    metadata: await read(METADATA).catch(() => null),
    weights: async () => ({ path: path.join(file, WEIGHTS) }),
    assets: async () => ((await exists(path.join(file, ASSETS))) ? path.join(file, ASSETS) : null),
    close: async () => undefined,
  };
}

/** Opens a `.keras` file or folder. */
export async function openKerasFile(source: FileSource): Promise<Opened> {
  return source.path !== undefined && (await isFolder(source.path)) ? openFolder(source.path) : openArchive(source);
}

/** Has the weights opened while `prepare` makes the model, and loads them into it. */
async function loadFrom(
  opened: Opened,
  file: string,
  { skipMismatch = false, objectsToSkip }: LoadWeightsOptions,
  withAssets: boolean,
  prepare: () => Model | Promise<Model>,
): Promise<Model> {
  const reader = new H5StateReader(file, await opened.weights());
  try {
    const model = await prepare();
    await loadState(model, reader, {
      file,
      skipMismatch,
      objectsToSkip: new Set(objectsToSkip),
      assets: withAssets ? await opened.assets() : null,
    });
    return model;
  } finally {
    await reader.close();
  }
}

/** The model of a `.keras` file. */
async function loadKerasFile(source: FileSource, options: LoadModelOptions): Promise<unknown> {
  const { compile = true } = options;
  const opened = await openKerasFile(source);
  try {
    const config = compile || !isPlainObject(opened.config) ? opened.config : { ...opened.config, compile_config: null };
    const others = source.path === undefined ? [] : [`${path.basename(source.path)}/${WEIGHTS}`];
    return await loadFrom(opened, source.name, {}, true, () => modelOfConfig(source, config, options, others));
  } finally {
    await opened.close();
  }
}

/** Loads the weights of a `.keras` file into a model that is there already. */
async function loadKerasWeights(model: Model, source: FileSource, options: LoadWeightsOptions): Promise<void> {
  const opened = await openKerasFile(source);
  try {
    await loadFrom(opened, source.name, options, false, () => model);
  } finally {
    await opened.close();
  }
}

/** What a `.keras` file says of itself. */
async function inspect(source: FileSource): Promise<FileContents> {
  const opened = await openKerasFile(source);
  try {
    const { keras_version: version, date_saved: date } = isPlainObject(opened.metadata) ? opened.metadata : {};
    const { compile_config: training = null, ...model } = isPlainObject(opened.config) ? opened.config : {};
    const about = Object.entries({ Keras: version, saved: date }).filter(([, value]) => typeof value === 'string');
    const weights = await inspectState(source.name, await opened.weights());
    return { about: Object.fromEntries(about) as Record<string, string>, model, training, weights };
  } finally {
    await opened.close();
  }
}

/** @internal */
export const codec: Codec = {
  inspect,
  saveModel: (model, target, { zipped }) => saveKerasFile(model, target, zipped ?? true),
  loadModel: loadKerasFile,
  loadWeights: loadKerasWeights,
};
