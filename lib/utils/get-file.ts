// getFile: files from the network, kept in a cache.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, constants, mkdir, rename, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { checkOptions, show } from '../core/errors.js';
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
}
const OPTIONS = ['fname', 'origin', 'fileHash', 'hashAlgorithm', 'md5Hash', 'cacheSubdir', 'cacheDir', 'forceDownload'] as const;

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
  const name = fname ?? path.posix.basename(new URL(origin).pathname);
  if (name === '' || name === '.' || name === '..' || /[/\\]/.test(name)) {
    throw new TypeError(`getFile: the option fname must be the name of a file, without folders, received ${show(name)}; folders go into cacheDir and cacheSubdir`);
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
  process.stdout.write(`Downloading data from ${origin}\n`);
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

/**
 * Fetches a file, unless the cache has it, and checks its hash. A file in the cache is complete: it is written under another name first.
 *
 * ```ts
 * const file = await keras.utils.getFile({ origin: 'https://example.org/flowers.csv' }); // ~/.keras/datasets/flowers.csv
 * ```
 * @returns the path of the file in the cache.
 * @throws (rejects) when the URL cannot be fetched, or the content has another hash.
 */
export async function getFile(options: GetFileOptions): Promise<string> {
  checkOptions('getFile', options, OPTIONS);
  if (typeof options.origin !== 'string') throw new TypeError(`getFile: the option origin must be a URL, received ${show(options.origin)}`);
  const name = fileName(options);
  const expected = expectedHash(options);
  const target = path.join(await cacheFolder(options), name);
  if (options.forceDownload !== true && (await isValid(target, expected))) return target;
  await download(options.origin, target, expected);
  return target;
}
