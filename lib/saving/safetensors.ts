// safetensors: the length of a header (8 bytes), the header as JSON, and the tensors' bytes one after the other.
// The format is described at https://huggingface.co/docs/safetensors.
import { open } from 'node:fs/promises';
import { dtypeBytes, type DType } from '../base/dtype.js';
import { checkOptions, didYouMean, show } from '../base/errors.js';
import { sizeOf, type Shape } from '../base/shape.js';
import { isPlainObject } from '../base/tree.js';
import { toTensor, type TensorLike } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';
import { writeAtomically } from './atomic.js';
import { withByteFile, type ByteFile } from './byte-file.js';
import { checkOverwrite, pathOf, sourceOf, type FileLike, type FileSource } from './formats.js';
import { duplicateKey } from './json.js';

/** The format's names of types, and ours. */
const DTYPES: Readonly<Record<string, DType>> = {
  BOOL: 'bool', U8: 'uint8', I8: 'int8', U16: 'uint16', I16: 'int16', F16: 'float16', BF16: 'bfloat16', U32: 'uint32', I32: 'int32',
  F32: 'float32', U64: 'uint64', I64: 'int64', F64: 'float64', C64: 'complex64',
};
const NAMES = new Map(Object.entries(DTYPES).map(([name, dtype]) => [dtype, name]));
/** Types that the format has and Keras has none for, with the bits of an element. */
const OTHER_BITS: Readonly<Record<string, number>> = {
  F8_E4M3: 8, F8_E5M2: 8, F8_E8M0: 8, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8, F4: 4, F6_E2M3: 6, F6_E3M2: 6,
};

/** No header is longer, by the format. */
const HEADER_LIMIT = 100_000_000;
const METADATA = '__metadata__';

/** A tensor that a file has. */
export interface SafetensorsEntry {
  readonly shape: Shape;
  /** Keras's name of the type; of types that Keras lacks (`F8_E4M3`, …) the format's. */
  readonly dtype: string;
}
interface Place extends SafetensorsEntry {
  readonly position: number;
}

/** The tensors of a safetensors file: `names` are known at once, each tensor is read when it is asked for. */
export class SafetensorsFile implements AsyncIterable<[name: string, tensor: Tensor]> {
  /** What the writer noted: texts by name. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Names of the tensors, in the order of their bytes. */
  readonly names: readonly string[];

  /** @internal Made by `loadSafetensors`. */
  constructor(
    private readonly source: FileSource,
    private readonly places: ReadonlyMap<string, Place>,
    metadata: Readonly<Record<string, string>>,
    private readonly seen: { readonly size: number; readonly modified: number },
  ) {
    this.metadata = metadata;
    this.names = [...places.keys()];
  }

  /** Whether there is a tensor of this name. */
  has(name: string): boolean {
    return this.places.has(name);
  }
  /** Shape and type of a tensor, which is not read. @throws when there is none of this name. */
  describe(name: string): SafetensorsEntry {
    const { shape, dtype } = this.place(name);
    return { shape, dtype };
  }
  private place(name: string): Place {
    const place = this.places.get(name);
    if (place === undefined) throw new Error(`${this.source.name}: has no tensor ${show(name)}${didYouMean(name, this.names)}`);
    return place;
  }
  /** Reads a tensor. @throws (rejects) for names and types that are unknown, and when the file has changed since it was opened. */
  async get(name: string): Promise<Tensor> {
    const place = this.place(name);
    return withByteFile(this.source, (file) => this.readFrom(file, name, place));
  }
  private async readFrom(file: ByteFile, name: string, { position, dtype, shape }: Place): Promise<Tensor> {
    if (file.size !== this.seen.size || file.modified !== this.seen.modified)
      throw new Error(`${file.name}: was changed since it was opened; open it again`);
    if (dtype in OTHER_BITS) throw new TypeError(`${file.name}: ${name} has elements of type ${dtype}, which Keras has none for`);
    return file.tensorAt(position, dtype as DType, shape);
  }
  /** Reads all tensors, one after the other. */
  async *[Symbol.asyncIterator](): AsyncGenerator<[name: string, tensor: Tensor]> {
    for (const name of this.names) yield [name, await this.get(name)];
  }
  /** All tensors by name. */
  async load(): Promise<Record<string, Tensor>> {
    const tensors: [string, Tensor][] = [];
    await withByteFile(this.source, async (file) => {
      for (const [name, place] of this.places) tensors.push([name, await this.readFrom(file, name, place)]);
    });
    return Object.fromEntries(tensors);
  }
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** One tensor of a header. @throws when it is malformed. */
function readEntry(where: string, entry: unknown): { place: Place; end: number } {
  if (!isPlainObject(entry)) throw new TypeError(`${where}: expected an object, received ${show(entry)}`);
  const { dtype: type, shape, data_offsets: offsets } = entry;
  const bits = typeof type !== 'string' ? undefined
    : Object.hasOwn(DTYPES, type) ? 8 * dtypeBytes(DTYPES[type]!)
      : Object.hasOwn(OTHER_BITS, type) ? OTHER_BITS[type] : undefined;
  if (bits === undefined) throw new TypeError(`${where}: has the unknown type ${show(type)}`);
  if (!Array.isArray(shape) || !shape.every(isSize)) throw new TypeError(`${where}: has the malformed shape ${show(shape)}`);
  const [begin, end] = Array.isArray(offsets) && offsets.length === 2 ? (offsets as unknown[]) : [];
  if (!isSize(begin) || !isSize(end) || end < begin) throw new TypeError(`${where}: has the malformed data_offsets ${show(offsets)}`);
  const size = sizeOf(shape) * bits;
  if (size !== 8 * (end - begin))
    throw new RangeError(`${where}: says that ${type} of shape [${shape.join(', ')}] takes ${end - begin} bytes, which are ${size / 8}`);
  return { place: { dtype: DTYPES[type as string] ?? (type as string), shape, position: begin }, end };
}

function readMetadata(file: string, value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isPlainObject(value) || !Object.values(value).every((text) => typeof text === 'string'))
    throw new TypeError(`${file}: its ${METADATA} must be texts by name, received ${show(value)}`);
  return value as Record<string, string>;
}

async function readHeader(file: ByteFile): Promise<{ header: Record<string, unknown>; start: number }> {
  const { name } = file;
  if (file.size < 10) throw new Error(`${name}: is no safetensors file: it has ${file.size} bytes`);
  const prefix = await file.read(0, 8);
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (length > HEADER_LIMIT || 8 + length > file.size)
    throw new Error(`${name}: is no safetensors file, or a damaged one: a header of ${length} bytes in a file of ${file.size}`);
  const bytes = await file.read(8, length);
  let header: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
    const twice = duplicateKey(text);
    if (twice !== null) throw new Error(`${show(twice)} stands in it twice`);
  } catch (error) {
    throw new Error(`${name}: its header is damaged: ${(error as Error).message}`, { cause: error });
  }
  if (bytes[0] !== 0x7b || !isPlainObject(header)) throw new TypeError(`${name}: its header is no object, but ${show(header)}`);
  return { header, start: 8 + length };
}

/** Opens a safetensors file. */
export async function openSafetensors(source: FileSource): Promise<SafetensorsFile> {
  return withByteFile(source, async (file) => {
    const { header: { [METADATA]: metadata, ...entries }, start } = await readHeader(file);
    const read = Object.entries(entries).map(([name, entry]) => ({ name, ...readEntry(`${file.name}: ${name}`, entry) }));
    read.sort((a, b) => a.place.position - b.place.position || a.end - b.end);
    let end = 0;
    for (const { name, place, end: next } of read) {
      if (place.position !== end)
        throw new RangeError(`${file.name}: ${name} begins at ${place.position}, ${place.position < end ? 'within' : 'apart from'} the tensor before, which ends at ${end}`);
      end = next;
    }
    if (start + end !== file.size)
      throw new RangeError(`${file.name}: has ${file.size - start} bytes of tensors, its header tells of ${end}`);
    const places = new Map(read.map(({ name, place }) => [name, { ...place, position: start + place.position }]));
    return new SafetensorsFile(source, places, readMetadata(file.name, metadata), { size: file.size, modified: file.modified });
  });
}

/**
 * Opens a `.safetensors` file, or its bytes. The header is checked whole; tensors are read when they are asked for.
 *
 * ```ts
 * const file = await keras.saving.loadSafetensors('bert.safetensors');
 * file.names; // ['embeddings.weight', …]
 * const weight = await file.get('embeddings.weight');
 * ```
 * @throws (rejects) for damaged headers: offsets that overlap, leave holes, or do not fit types, shapes and the size of the file.
 */
export async function loadSafetensors(file: FileLike): Promise<SafetensorsFile> {
  return openSafetensors(sourceOf('loadSafetensors', file));
}

/** Options of `saveSafetensors`. */
export interface SaveSafetensorsOptions {
  /** Texts by name, kept in the file. */
  metadata?: Readonly<Record<string, string>> | null;
  /** Whether a file that is there is replaced. Default true. */
  overwrite?: boolean;
}

/** Types of wider elements come first, so that all are aligned; then names. */
const inOrder = ([a, x]: [string, Tensor], [b, y]: [string, Tensor]): number =>
  dtypeBytes(y.dtype) - dtypeBytes(x.dtype) || (a < b ? -1 : 1);

function headerOf(tensors: readonly [string, Tensor][], metadata: Readonly<Record<string, string>>): Buffer {
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA, metadata]] : [];
  let end = 0;
  for (const [name, { dtype, shape, spec }] of tensors)
    entries.push([name, { dtype: NAMES.get(dtype), shape, data_offsets: [end, (end += spec.bytes)] }]);
  // By hand, since objects put keys like "0" first.
  const text = `{${entries.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join()}}`;
  const length = Math.ceil(Buffer.byteLength(text) / 8) * 8;
  if (length > HEADER_LIMIT) throw new RangeError(`a header of ${length} bytes is longer than the format allows`);
  const header = Buffer.alloc(8 + length, ' ');
  header.writeBigUInt64LE(BigInt(length));
  header.write(text, 8);
  return header;
}

/**
 * Saves tensors by name as `.safetensors`. The file is there whole or not at all.
 * @throws (rejects) for complex128, which the format has no type for, and when the file exists and `overwrite` is false.
 */
export async function saveSafetensors(
  path: string | URL,
  tensors: Readonly<Record<string, TensorLike>>,
  options: SaveSafetensorsOptions = {},
): Promise<void> {
  const where = 'saveSafetensors';
  checkOptions(where, options, ['metadata', 'overwrite']);
  const target = pathOf(where, path);
  if (!isPlainObject(tensors)) throw new TypeError(`${where}: expected an object of tensors by name, received ${show(tensors)}`);
  const made = Object.entries(tensors).map(([name, value]): [string, Tensor] => [name, toTensor(value, null, `${where}: ${name}`)]);
  const metadata = options.metadata ?? {};
  readMetadata(where, metadata);
  for (const [name, { dtype }] of made) {
    if (name === METADATA) throw new TypeError(`${where}: a tensor cannot be called ${METADATA}`);
    if (!NAMES.has(dtype)) throw new TypeError(`${where}: ${name} is ${dtype}, which safetensors has no type for`);
  }
  await checkOverwrite(where, target, options.overwrite ?? true);
  const ordered = made.sort(inOrder);
  await writeAtomically(target, async (fresh) => {
    const handle = await open(fresh, 'wx');
    try {
      await handle.writeFile(headerOf(ordered, metadata));
      for (const [, tensor] of ordered) await handle.writeFile(tensor.lend());
    } finally {
      await handle.close();
    }
  });
}
