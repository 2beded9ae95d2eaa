// Event files of TensorBoard: records in TFRecord's framing. One write adds whole records, and nothing stays open in between.
import { hostname } from 'node:os';
import { appendFile, mkdir, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { encodeVersion } from './summaries.js';

/** Remainders of CRC-32C (Castagnoli), which zlib does not have, for each byte. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0x82f63b78 : rest >>> 1;
  return rest;
});
/** A checksum as TFRecord has it: rotated, and a constant added, since data may hold checksums themselves. */
function maskedChecksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** A record: its length, the length's checksum, the data, their checksum. */
function framed(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(data.length + 16);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedChecksum(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedChecksum(data), 12 + data.length);
  return record;
}

/** An event file and its length, as plain values. */
export interface EventFileState {
  readonly file: string;
  readonly bytes: number;
}

/** Files that this process has made: names differ in it. */
let made = 0;

/** An event file in a folder. Both are made with the first events. */
export class EventFile {
  #file: string | null = null;
  #bytes = 0;

  constructor(private readonly folder: string) {}

  /** Where the file ends now; null before it is there. */
  get state(): EventFileState | null {
    return this.#file === null ? null : { file: path.basename(this.#file), bytes: this.#bytes };
  }

  /** Goes on with a file of this folder, without what was written to it later. A file that is gone or cut off is left alone. */
  async resume({ file, bytes }: EventFileState): Promise<void> {
    const name = path.join(this.folder, path.basename(file));
    const found = await stat(name).catch(() => null);
    if (found === null || found.size < bytes) return;
    await truncate(name, bytes);
    [this.#file, this.#bytes] = [name, bytes];
  }

  /** Adds events, all or, when that fails, none. */
  async append(events: readonly Uint8Array[]): Promise<void> {
    if (events.length === 0) return;
    const first = this.#file === null;
    if (first) await mkdir(this.folder, { recursive: true });
    const file = (this.#file ??= path.join(this.folder, this.newName()));
    const bytes = Buffer.concat([...(first ? [encodeVersion()] : []), ...events].map(framed));
    try {
      await appendFile(file, bytes);
    } catch (error) {
      await truncate(file, this.#bytes).catch(() => undefined);
      if (first) this.#file = null;
      throw error;
    }
    this.#bytes += bytes.length;
  }

  /** A name as TensorFlow gives it: seconds, host, process, number, version. */
  private newName(): string {
    const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, '0');
    return `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${made++}.v2`;
  }
}
