// getFile: files from the network, kept in a cache.
import { printMessage } from '../config/logging.js';
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, constants, mkdir, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { checkOptions, show } from '../base/errors.js';
import { type ArchiveFormat, unpackArchive } from './archive.js';
import { isFolder } from './files.js';
import { Progbar } from './progbar.js';

/** Options of `getFile`. */
export interface GetFileOptions {
  /** Name of the file in the cache. Default: that of the URL. */
  fname?: string | null;
  /** URL of the file: `https:`, `http:` or `file:`. */
  origin: string;
  /** Expected MD5 or SHA-256 of the file, in hexadecimal. */
  fileHash?: string | null;
  /** Default `'auto'`: by the length of `fileHash`. */
  hashAlgorithm?: 'auto' | 'md5' | 'sha256';
  /** As `fileHash`. */
  md5Hash?: string | null;
  /** Folder in the cache, or an absolute path. Default `'datasets'`. */
  cacheSubdir?: string;
  /** The cache. Default: the folder in the environment variable `KERAS_HOME`, or `~/.keras`. */
  cacheDir?: string | null;
  /** Whether a file in the cache is fetched again. Default false. */
  forceDownload?: boolean;
  /** Whether the file is an archive to unpack. Default false. */
  extract?: boolean;
  /** As `extract`, with the `archiveFormat` `'tar'`. */
  untar?: boolean;
  /** Formats to try: `'tar'` (also compressed by gzip), `'zip'`, or both for `'auto'`, the default; null for none. */
  archiveFormat?: 'auto' | ArchiveFormat | readonly ArchiveFormat[] | null;
}
const OPTIONS = [
  'fname',
  'origin',
  'fileHash',
  'hashAlgorithm',
  'md5Hash',
  'cacheSubdir',
  'cacheDir',
  'forceDownload',
  'extract',
  'untar',
  'archiveFormat',
] as const;

/** A hash to compare with. */
interface Expected {
  readonly algorithm: 'md5' | 'sha256';
  readonly hash: string;
}

/** Keras's folder for data. */
export const kerasHome = (): string => process.env.KERAS_HOME || path.join(homedir(), '.keras');

const isWritable = (folder: string): Promise<boolean> =>
  mkdir(folder, { recursive: true }).then(() => access(folder, constants.W_OK)).then(() => true, () => false);

/** The cache folder; below the system's folder for temporary files where the wanted one cannot be written. */
async function cacheFolder({ cacheDir, cacheSubdir = 'datasets' }: GetFileOptions): Promise<string> {
  const wanted = path.resolve(cacheDir ?? kerasHome(), cacheSubdir);
  if (await isWritable(wanted)) return wanted;
  const other = path.resolve(tmpdir(), '.keras', cacheSubdir);
  await mkdir(other, { recursive: true });
  return other;
}

function fileName({ fname, origin }: GetFileOptions): string {
  const name = fname || path.posix.basename(new URL(origin).pathname);
  if (name === '' || name === '.' || name === '..' || /[/\\]/.test(name)) {
    throw new TypeError(
      `getFile: the option fname must be the name of a file, without folders, received ${show(name)}; folders go into cacheDir and ` +
        `cacheSubdir`,
    );
  }
  return name;
}

function expectedHash({ fileHash, md5Hash, hashAlgorithm = 'auto' }: GetFileOptions): Expected | null {
  const hash = fileHash ?? md5Hash ?? null;
  if (hash === null) return null;
  const algorithm = hashAlgorithm !== 'auto' ? hashAlgorithm : fileHash != null && hash.length === 64 ? 'sha256' : 'md5';
  return { algorithm, hash: hash.toLowerCase() };
}

/** Whether a file is there, with the right content. */
async function isValid(file: string, expected: Expected | null): Promise<boolean> {
  try {
    await access(file, constants.R_OK);
    if (expected === null) return true;
    const hash = createHash(expected.algorithm);
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
    return hash.digest('hex') === expected.hash;
  } catch {
    return false;
  }
}

/** The content of a URL, and its length when known. */
async function open(origin: string): Promise<{ content: Readable; length: number | null }> {
  if (origin.startsWith('file:')) return { content: createReadStream(new URL(origin)), length: null };
  const response = await fetch(origin).catch((error: unknown) => {
    const { message, cause } = error as Error;
    throw new Error(`getFile: cannot fetch ${origin}: ${(cause as Error | undefined)?.message ?? message}`, { cause: error });
  });
  if (!response.ok || response.body === null) throw new Error(`getFile: cannot fetch ${origin}: ${response.status} ${response.statusText}`);
  const length = Number(response.headers.get('content-length')) || null;
  return { content: Readable.fromWeb(response.body as never), length };
}

/** Fetches into a temporary file beside the target, which takes its place when it is complete and right. */
async function download(origin: string, target: string, expected: Expected | null): Promise<void> {
  const { content, length } = await open(origin);
  printMessage(`Downloading data from ${origin}\n`);
  const part = `${target}.${randomUUID()}.part`;
  const hash = createHash(expected?.algorithm ?? 'md5');
  const bar = new Progbar(length, { verbose: process.stdout.isTTY ? 1 : 0 });
  let done = 0;
  const watch = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      hash.update(chunk);
      bar.update((done += chunk.length));
      next(null, chunk);
    },
  });
  try {
    await pipeline(content, watch, createWriteStream(part, { flags: 'wx' }));
    if (length !== null && done < length) throw new Error(`getFile: ${origin} ended after ${done} of ${length} bytes`);
    const found = hash.digest('hex');
    if (expected !== null && found !== expected.hash) {
      throw new Error(`getFile: ${origin} is incomplete or corrupted: expected ${expected.algorithm} ${expected.hash}, received ${found}`);
    }
    await rename(part, target);
  } finally {
    await rm(part, { force: true });
  }
}

/** The names in the cache of an archive and of the folder that it is unpacked to, as Keras chooses them. */
function archiveNames(name: string, given: boolean): { archive: string; folder: string } {
  if (!given || !name.includes('.')) return { archive: `${name}_archive`, folder: name };
  return { archive: name, folder: `${name.slice(0, name.indexOf('.'))}_extracted` };
}

function archiveFormats({ archiveFormat = 'auto', untar = false }: GetFileOptions): readonly ArchiveFormat[] {
  if (untar) return ['tar'];
  if (archiveFormat === null) return [];
  const formats =
    archiveFormat === 'auto' ? (['tar', 'zip'] as const) : typeof archiveFormat === 'string' ? [archiveFormat] : archiveFormat;
  if (!Array.isArray(formats) || formats.some((format) => format !== 'tar' && format !== 'zip')) {
    throw new TypeError(
      `getFile: archiveFormat must be 'auto', 'tar', 'zip', an array of the latter two or null, received ${show(archiveFormat)}`,
    );
  }
  return formats;
}

/** Puts the file into the cache, unless it is there and right. True when it was fetched. */
async function provide(options: GetFileOptions, target: string): Promise<boolean> {
  const expected = expectedHash(options);
  if (options.forceDownload !== true && (await isValid(target, expected))) return false;
  await download(options.origin, target, expected);
  return true;
}

/**
 * Fetches a file, unless the cache has it, and checks its hash. A file in the cache is complete: it is written under another name first.
 *
 * ```ts
 * const file = await keras.utils.getFile({ origin: 'https://example.org/flowers.csv' }); // ~/.keras/datasets/flowers.csv
 * const folder = await keras.utils.getFile({ origin: 'https://example.org/flowers.tgz', extract: true }); // ~/.keras/datasets/flowers.tgz
 * ```
 * With `extract`, archives (tar, tar.gz, zip) are unpacked to a folder: `fname`, or for `fname: 'flowers.tgz'` the folder
 * `flowers_extracted`; the archive stays beside it. It is unpacked under another name first, and again only when the archive was fetched
 * again. Entries that would lie outside of the folder are left out, with a warning.
 * @returns the path of the file in the cache, or of the folder.
 * @throws (rejects) when the URL cannot be fetched, the content has another hash, or an archive is damaged or compressed by bzip2 or xz.
 */
export async function getFile(options: GetFileOptions): Promise<string> {
  checkOptions('getFile', options, OPTIONS);
  if (typeof options.origin !== 'string') throw new TypeError(`getFile: the option origin must be a URL, received ${show(options.origin)}`);
  const name = fileName(options);
  if (options.extract !== true && options.untar !== true) {
    const target = path.join(await cacheFolder(options), name);
    await provide(options, target);
    return target;
  }
  const formats = archiveFormats(options);
  const names = archiveNames(name, options.fname != null && options.fname !== '');
  const cache = await cacheFolder(options);
  const [archive, folder] = [path.join(cache, names.archive), path.join(cache, names.folder)];
  const isNew = await provide(options, archive);
  if (!isNew && (await isFolder(folder))) return folder;
  if (!(await unpackArchive(archive, folder, formats)))
    process.emitWarning(`getFile: ${archive} was not unpacked: it is no archive of the format ${formats.join(' or ') || 'null'}`);
  return folder;
}
