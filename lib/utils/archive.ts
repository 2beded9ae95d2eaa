// Unpacking archives that came from the network: nothing in them may reach out of the folder, and no folder is left half-written.
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ZipReader } from './zip.js';

/** A format of archives; `'tar'` includes those compressed by gzip. */
export type ArchiveFormat = 'tar' | 'zip';

const TAR_BLOCK = 512;
const ZIP_END = Buffer.from('PK\x05\x06', 'latin1');
/** Length of the record at the end of a zip file with the longest comment. */
const ZIP_TAIL = 22 + 65_535;
const OTHERS: readonly (readonly [format: string, magic: Buffer])[] = [
  ['bzip2', Buffer.from('BZh', 'latin1')],
  ['xz', Buffer.from('\xfd7zXZ\0', 'latin1')],
];

/** Reads the first bytes of a stream, fewer when it ends or breaks before. */
async function beginning(stream: AsyncIterable<Buffer>, length: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      if ((size += chunk.length) >= length) break;
    }
  } catch {
    // What is no gzip file after all is no archive either.
  }
  return Buffer.concat(chunks).subarray(0, length);
}

/** True for a tar header: the sum of its bytes, with spaces for the sum itself, is noted in octal; or for the zeros of an empty archive. */
function isTarHeader(block: Buffer): boolean {
  if (block.length < TAR_BLOCK) return false;
  const noted = parseInt(block.subarray(148, 156).toString('latin1').replace(/\0/g, ' ').trim(), 8);
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  return sum === noted || block.every((byte) => byte === 0);
}

async function isTar(file: string): Promise<boolean> {
  const head = await beginning(createReadStream(file, { end: TAR_BLOCK - 1 }), TAR_BLOCK);
  for (const [format, magic] of OTHERS) {
    if (head.subarray(0, magic.length).equals(magic))
      throw new Error(`${file}: cannot unpack archives that are compressed by ${format}, only tar, tar.gz and zip`);
  }
  if (head[0] !== 0x1f || head[1] !== 0x8b) return isTarHeader(head);
  return isTarHeader(await beginning(createReadStream(file).pipe(createGunzip()), TAR_BLOCK));
}

const isZip = (bytes: Buffer): boolean => bytes.subarray(-ZIP_TAIL).lastIndexOf(ZIP_END) >= 0;

const skip = (name: string): boolean => {
  process.emitWarning(
    `getFile: left out ${JSON.stringify(name)}, which would lie outside of the archive's folder or is no file, folder or link`,
  );
  return false;
};

/** True for a relative path without steps upwards, on every system. */
const staysInside = (name: string): boolean => {
  const steps = name.split(/[/\\]/);
  return name !== '' && !name.includes('\0') && !/^([/\\]|[a-zA-Z]:)/.test(name) && !steps.includes('..');
};

/**
 * True for a link from `name` that stays inside. Steps upwards come first, since after a folder's name, which may be a link itself, nobody
 * can tell where they lead.
 */
function linkStaysInside(name: string, target: string): boolean {
  const depth = path.posix.normalize(name).replace(/\/$/, '').split('/').length - 1;
  const steps = target.split(/[/\\]/);
  const upwards = steps.findIndex((step) => step !== '..' && step !== '.');
  const lead = upwards < 0 ? steps : steps.slice(0, upwards);
  const rest = upwards < 0 ? ['.'] : steps.slice(upwards);
  return lead.filter((step) => step === '..').length <= depth && staysInside(rest.join('/'));
}

/** What is asked of an entry of a tar archive. */
interface TarEntry {
  readonly type?: string;
  readonly linkpath?: string;
}

function isSafe(name: string, { type = '', linkpath = '' }: TarEntry): boolean {
  if (!staysInside(name)) return skip(name);
  if (type === 'SymbolicLink') return linkStaysInside(name, linkpath) || skip(name);
  if (type === 'Link') return staysInside(linkpath) || skip(name);
  return ['File', 'OldFile', 'ContiguousFile', 'Directory', 'GNUDumpDir'].includes(type) || skip(name);
}

async function unpackTar(file: string, folder: string): Promise<void> {
  const tar = await import('tar');
  await tar.extract({ file, cwd: folder, strict: true, preserveOwner: false, filter: (name, entry) => isSafe(name, entry as TarEntry) });
}

async function unpackZip(file: string, folder: string): Promise<void> {
  const zip = await ZipReader.open(file);
  try {
    for (const name of zip.names) {
      const target = path.join(folder, name);
      if (name.endsWith('/')) await mkdir(target, { recursive: true });
      else {
        await mkdir(path.dirname(target), { recursive: true });
        await pipeline(await zip.stream(name), createWriteStream(target));
      }
    }
  } finally {
    zip.close();
  }
}

/** How to unpack the file; null when it has none of the formats. */
async function unpackerOf(file: string, formats: readonly ArchiveFormat[]): Promise<((folder: string) => Promise<void>) | null> {
  for (const format of formats) {
    if (format === 'tar' && (await isTar(file))) return (folder) => unpackTar(file, folder);
    if (format === 'zip') {
      if (isZip(await readFile(file))) return (folder) => unpackZip(file, folder);
    }
  }
  return null;
}

/**
 * Unpacks an archive to a folder, which appears, or takes the place of an older one, when it is complete.
 * @returns false when the file is an archive of none of these formats.
 * @throws (rejects) when the archive is damaged or compressed in another way; the folder is as before.
 */
export async function unpackArchive(file: string, folder: string, formats: readonly ArchiveFormat[]): Promise<boolean> {
  const unpack = await unpackerOf(file, formats);
  if (unpack === null) return false;
  const [part, old] = ['part', 'old'].map((end) => `${folder}.${randomUUID()}.${end}`) as [string, string];
  await mkdir(part, { recursive: true });
  try {
    await unpack(part);
    await rename(folder, old).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await rename(part, folder);
  } finally {
    await rm(part, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
  return true;
}
