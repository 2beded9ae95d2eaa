// Zip archives of files as they are: weights hardly shrink, and stored ones are read in place. The format is that of PKWARE's APPNOTE.
import { open, stat } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { writeFully } from './files.js';

/** What goes into an archive: bytes, also in several parts, a text, or a file on disk. */
export type ZipContent = Uint8Array | string | { readonly path: string } | { readonly parts: readonly Uint8Array[] };

/** Bytes that are in memory at once of a file on disk. */
const CHUNK = 2 ** 20;
async function* chunksOf(content: ZipContent): AsyncGenerator<Uint8Array> {
  if (typeof content === 'string') yield Buffer.from(content);
  else if (content instanceof Uint8Array) yield content;
  else if ('parts' in content) yield* content.parts;
  else {
    const file = await open(content.path, 'r');
    try {
      const chunk = Buffer.allocUnsafe(CHUNK);
      for (let read = 1; read > 0; ) {
        ({ bytesRead: read } = await file.read(chunk, 0, CHUNK));
        if (read > 0) yield chunk.subarray(0, read);
      }
    } finally {
      await file.close();
    }
  }
}

interface Written {
  readonly name: Buffer;
  readonly size: number;
  readonly crc: number;
  readonly offset: number;
}

/** Sizes and offsets from here on stand in fields of 64 bits. */
const MAX_32 = 0xffffffff;
const isLarge = ({ size, offset }: Written): boolean => size >= MAX_32 || offset >= MAX_32;
/** Version 2.0 of the format; 4.5 has fields of 64 bits. */
const versionFor = (entry: Written): number => (isLarge(entry) ? 45 : 20);
const UTF8 = 0x800;
/** A regular file that its owner may write and all may read, as Unix has it. */
const MODE = 0o100644;
const UNIX = 3 << 8;

/** Fields of `bytes` bytes each, lowest byte first. */
function fields(...values: readonly (readonly [bytes: 2 | 4 | 8, value: number])[]): Buffer {
  const made = Buffer.alloc(values.reduce((total, [bytes]) => total + bytes, 0));
  let at = 0;
  for (const [bytes, value] of values) {
    if (bytes === 8) made.writeBigUInt64LE(BigInt(value), at);
    else made.writeUIntLE(value, at, bytes);
    at += bytes;
  }
  return made;
}
/** 64-bit fields for what has no room in 32. */
const extraOf = (entry: Written, ...values: readonly number[]): Buffer =>
  isLarge(entry) ? fields([2, 1], [2, 8 * values.length], ...values.map((value): [8, number] => [8, value])) : Buffer.alloc(0);
const inHeader = (entry: Written, value: number): number => (isLarge(entry) ? MAX_32 : value);

/** The time as MS-DOS has it, in steps of 2 s. */
function dosTime(now: Date): number {
  const date = ((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate();
  return date * 2 ** 16 + ((now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1));
}

function localHeader(entry: Written, time: number): Buffer {
  const { name, size, crc } = entry;
  const extra = extraOf(entry, size, size);
  const sizes = inHeader(entry, size);
  return Buffer.concat([
    fields([4, 0x04034b50], [2, versionFor(entry)], [2, UTF8], [2, 0], [4, time], [4, crc], [4, sizes], [4, sizes], [2, name.length],
      [2, extra.length]),
    name, extra,
  ]);
}
function centralHeader(entry: Written, time: number): Buffer {
  const { name, size, crc, offset } = entry;
  const extra = extraOf(entry, size, size, offset);
  const [version, sizes] = [versionFor(entry), inHeader(entry, size)];
  return Buffer.concat([
    fields([4, 0x02014b50], [2, UNIX | version], [2, version], [2, UTF8], [2, 0], [4, time], [4, crc], [4, sizes], [4, sizes],
      [2, name.length], [2, extra.length], [2, 0], [2, 0], [2, 0], [4, MODE * 2 ** 16], [4, inHeader(entry, offset)]),
    name, extra,
  ]);
}
function endOf(entries: readonly Written[], start: number, length: number): Buffer {
  const count = entries.length;
  const large = entries.some(isLarge) || start >= MAX_32 || count >= 0xffff;
  const wide = fields([4, 0x06064b50], [8, 44], [2, UNIX | 45], [2, 45], [4, 0], [4, 0], [8, count], [8, count], [8, length], [8, start]);
  const locator = fields([4, 0x07064b50], [4, 0], [8, start + length], [4, 1]);
  const [few, size, at] = large ? [0xffff, MAX_32, MAX_32] : [count, length, start];
  const end = fields([4, 0x06054b50], [2, 0], [2, 0], [2, few], [2, few], [4, size], [4, at], [2, 0]);
  return Buffer.concat(large ? [wide, locator, end] : [end]);
}

async function sizeOf(content: ZipContent): Promise<number> {
  if (typeof content === 'string') return Buffer.byteLength(content);
  if (content instanceof Uint8Array) return content.length;
  if ('parts' in content) return content.parts.reduce((total, part) => total + part.length, 0);
  return (await stat(content.path)).size;
}

/** @throws for names that would lead out of the folder that an archive is unpacked to, and for long ones. */
function checkName(target: string, name: string): void {
  if (name === '' || /^([a-zA-Z]:|\/)|\\/.test(name) || name.split('/').includes('..') || Buffer.byteLength(name) > 0xffff)
    throw new Error(`${target}: ${JSON.stringify(name)} cannot be the name of a file in an archive`);
}

/** Writes an archive of these files, in their order. Nothing is compressed. @throws (rejects) for names that lead out of a folder. */
export async function writeZip(target: string, files: Iterable<readonly [name: string, content: ZipContent]>): Promise<void> {
  const file = await open(target, 'w');
  try {
    const time = dosTime(new Date());
    const entries: Written[] = [];
    let end = 0;
    const append = async (bytes: Uint8Array): Promise<void> => {
      await writeFully(file, bytes, end);
      end += bytes.length;
    };
    for (const [name, content] of files) {
      checkName(target, name);
      const entry = { name: Buffer.from(name), size: await sizeOf(content), crc: 0, offset: end };
      await append(localHeader(entry, time));
      const start = end;
      for await (const chunk of chunksOf(content)) {
        entry.crc = crc32(chunk, entry.crc);
        await append(chunk);
      }
      if (end - start !== entry.size) throw new Error(`${target}: ${name} changed while it was written`);
      await writeFully(file, localHeader(entry, time), entry.offset); // now with its checksum
      entries.push(entry);
    }
    const start = end;
    for (const entry of entries) await append(centralHeader(entry, time));
    await append(endOf(entries, start, end - start));
  } finally {
    await file.close();
  }
}
