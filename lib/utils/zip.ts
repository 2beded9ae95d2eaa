// Zip archives: reading single entries without the rest.
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Entry, ZipFile as YauzlFile } from 'yauzl';

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes when unpacked. */
  readonly size: number;
  /** Whether its bytes stand in the archive as they are. */
  readonly stored: boolean;
  /** CRC-32 of its bytes. */
  readonly crc32: number;
}

/** DEFLATE cannot expand by more; an entry that says so is a bomb. */
const MAX_EXPANSION = 1032;

const failure = (file: string, error: unknown): Error =>
  new Error(`${file}: is no whole zip archive: ${error instanceof Error ? error.message : String(error)}`, { cause: error });

/**
 * An open archive. Names are checked: none leads out of a folder it is unpacked to.
 * @throws (rejects) for damaged archives, encrypted entries, two entries of a name, and sizes that cannot be true.
 */
export class ZipReader {
  private constructor(
    private readonly file: string,
    private readonly zip: YauzlFile,
    private readonly byName: ReadonlyMap<string, Entry>,
  ) {}

  /** Opens an archive on disk, or in memory under a name for messages. */
  static async open(source: string | { readonly name: string; readonly bytes: Uint8Array }): Promise<ZipReader> {
    const { default: yauzl } = await import('yauzl'); // here, since most programs that import the library read no archive
    const options = { lazyEntries: true, autoClose: false, strictFileNames: true };
    const file = typeof source === 'string' ? source : source.name;
    const zip = await new Promise<YauzlFile>((resolve, reject) => {
      const done = (error: Error | null, opened: YauzlFile): void => (error === null ? resolve(opened) : reject(error));
      if (typeof source === 'string') yauzl.open(source, options, done);
      else yauzl.fromBuffer(Buffer.from(source.bytes.buffer, source.bytes.byteOffset, source.bytes.byteLength), options, done);
    }).catch((error: NodeJS.ErrnoException) => {
      throw error.code === undefined ? failure(file, error) : error;
    });
    try {
      return new ZipReader(file, zip, await entriesOf(file, zip));
    } catch (error) {
      zip.close();
      throw error;
    }
  }

  /** The files, folders left out. */
  get entries(): ZipEntry[] {
    return [...this.byName.values()]
      .filter(({ fileName }) => !fileName.endsWith('/'))
      .map((entry) => ({
        name: entry.fileName,
        size: entry.uncompressedSize,
        stored: entry.compressionMethod === 0,
        crc32: entry.crc32,
      }));
  }
  /** Names of all entries, those of folders with a slash at the end. */
  get names(): string[] {
    return [...this.byName.keys()];
  }
  /** @returns whether there is a file of this name. */
  has(name: string): boolean {
    return this.byName.has(name);
  }

  private entry(name: string): Entry {
    const found = this.byName.get(name);
    if (found === undefined)
      throw new Error(`${this.file}: has no file ${JSON.stringify(name)}; it has ${[...this.byName.keys()].slice(0, 20).join(', ')}`);
    return found;
  }

  /** The unpacked bytes of an entry, as a stream. */
  async stream(name: string): Promise<Readable> {
    const entry = this.entry(name);
    return new Promise((resolve, reject) => {
      this.zip.openReadStream(entry, (error, stream) =>
        error === null ? resolve(stream) : reject(failure(`${this.file}: ${name}`, error)),
      );
    });
  }

  /** The unpacked bytes of an entry. @throws (rejects) for more than `limit` bytes, and for bytes that are not those that were packed. */
  async read(name: string, limit = Infinity): Promise<Buffer> {
    const { uncompressedSize: size, crc32: expected } = this.entry(name);
    if (size > limit) throw new RangeError(`${this.file}: ${name} has ${size} bytes, more than the ${limit} that are read of it`);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of await this.stream(name)) chunks.push(chunk as Buffer);
    } catch (error) {
      throw failure(`${this.file}: ${name}`, error);
    }
    const bytes = Buffer.concat(chunks);
    const { crc32 } = await import('node:zlib');
    if (crc32(bytes) !== expected) throw failure(`${this.file}: ${name}`, 'its checksum is wrong');
    return bytes;
  }

  /** Where the bytes of a stored entry begin in the archive. */
  async startOf(name: string): Promise<number> {
    const entry = this.entry(name);
    const header = promisify((done: (error: Error | null, header?: { fileDataStart: number }) => void) =>
      this.zip.readLocalFileHeader(entry, { minimal: true }, done),
    );
    try {
      return (await header())!.fileDataStart;
    } catch (error) {
      throw failure(`${this.file}: ${name}`, error);
    }
  }

  close(): void {
    this.zip.close();
  }
}

function checkEntry(file: string, entry: Entry, known: ReadonlyMap<string, Entry>): void {
  const { fileName: name, compressedSize, uncompressedSize } = entry;
  if (known.has(name)) throw new Error(`${file}: has two files named ${JSON.stringify(name)}`);
  if (entry.isEncrypted()) throw new Error(`${file}: ${name} is encrypted`);
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) {
    throw new Error(
      `${file}: ${name} is compressed by method ${entry.compressionMethod}; DEFLATE can be read, and files that are not compressed`,
    );
  }
  if (uncompressedSize > MAX_EXPANSION * Math.max(compressedSize, 1))
    throw new RangeError(`${file}: ${name} says that ${compressedSize} bytes unpack to ${uncompressedSize}, which cannot be`);
}

async function entriesOf(file: string, zip: YauzlFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  return new Promise((resolve, reject) => {
    zip.on('error', (error: Error) => reject(failure(file, error)));
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: Entry) => {
      try {
        checkEntry(file, entry, entries);
        entries.set(entry.fileName, entry);
        zip.readEntry();
      } catch (error) {
        reject(error);
      }
    });
    zip.readEntry();
  });
}
