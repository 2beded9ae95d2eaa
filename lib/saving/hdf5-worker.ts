// The thread that reads and writes HDF5 files with h5wasm, one after the other. Damaged files can neither block the event loop nor break
// the process here, and since the library sees a file system of its own with this file alone, links to other files lead nowhere.
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { budgetOf } from '../base/budget.js';
import h5wasm, { type Dataset, type File, type Group } from 'h5wasm';
import type { AttributeValue, FoundArray, Hdf5Array, Hdf5Calls, Hdf5Dataset, Hdf5Group, Hdf5Place } from './hdf5.js';

/** What h5wasm gives of the type of a dataset. */
interface TypeInfo {
  readonly type: number;
  readonly size: number;
  readonly signed: boolean;
  readonly littleEndian: boolean;
  readonly chunks: unknown;
  readonly vlen: boolean;
  readonly shape: number[] | null;
  readonly total_size: number;
  readonly virtual_sources?: unknown;
  readonly enum_type?: { readonly type: number };
}

const NAME = '/file.h5';
let place: Hdf5Place;
let library: Library;
let file: File;
let fd = -1;

/**
 * Memory of the library that stands for elements which the main thread reads and writes itself. The library moves those of a dataset that
 * is in one piece, and of the machine's own type, straight between there and the file.
 */
let standIn: { readonly pointer: number; readonly length: number; position: number | null } | null = null;
/** Notes where in the file the elements stand, when they are what is to be moved. */
function isStandIn(pointer: number, count: number, position: number): boolean {
  if (standIn === null || pointer !== standIn.pointer || count !== standIn.length) return false;
  standIn.position = position;
  return true;
}
/** Where `move` moves so many elements; null when that is not in one piece. */
function placeOf(length: number, move: (pointer: number) => void): number | null {
  const pointer = library._malloc(length);
  if (pointer === 0) throw new RangeError(`${length} bytes are more than can be moved at once`);
  try {
    standIn = { pointer, length, position: null };
    move(pointer);
    return standIn.position;
  } finally {
    standIn = null;
    library._free(pointer);
  }
}

/** A file of the library's own file system whose bytes are those of a place on disk: nothing is copied. */
function mount({ FS }: Library, position: number, length: number): void {
  FS.writeFile(NAME, new Uint8Array(0));
  const { node } = FS.lookupPath(NAME);
  node.usedBytes = length;
  node.stream_ops = {
    ...node.stream_ops,
    read: (_, buffer, offset, wanted, at) =>
      at + wanted <= node.usedBytes && isStandIn(offset, wanted, position + at)
        ? wanted
        : readSync(fd, buffer, offset, Math.max(0, Math.min(wanted, node.usedBytes - at)), position + at),
    write: (_, buffer, offset, count, at) => {
      const written = isStandIn(offset, count, position + at) ? count : writeSync(fd, buffer, offset, count, position + at);
      node.usedBytes = Math.max(node.usedBytes, at + written);
      return written;
    },
  };
  node.node_ops = {
    ...node.node_ops,
    setattr: (_, { size }) => {
      if (size === undefined) return;
      ftruncateSync(fd, position + size);
      node.usedBytes = size;
    },
  };
}
/** What is used of the compiled library itself. */
interface Library {
  readonly FS: EmscriptenFs;
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(at: number): void;
  get_dataset_data(file: bigint, path: string, count: null, offset: null, strides: null, pointer: bigint): number;
  create_dataset(file: bigint, path: string, pointer: bigint, type: object): number;
}
/** What is used of Emscripten's file system. */
interface EmscriptenFs {
  writeFile(name: string, bytes: Uint8Array): void;
  lookupPath(name: string): { node: EmscriptenNode };
  unlink(name: string): void;
}
interface EmscriptenNode {
  usedBytes: number;
  node_ops: { setattr(node: unknown, attributes: { size?: number }): void };
  stream_ops: {
    read(stream: unknown, buffer: Uint8Array, offset: number, length: number, position: number): number;
    write(stream: unknown, buffer: Uint8Array, offset: number, length: number, position: number): number;
  };
}

function checksum(position: number, length: number): number {
  const chunk = Buffer.allocUnsafe(Math.min(length, 2 ** 20) || 1);
  let sum = 0;
  for (let at = 0; at < length; ) {
    const count = readSync(fd, chunk, 0, Math.min(chunk.length, length - at), position + at);
    if (count === 0) throw new Error('the file is truncated');
    sum = crc32(chunk.subarray(0, count), sum);
    at += count;
  }
  return sum;
}

async function open(at: Hdf5Place): Promise<void> {
  library = (await h5wasm.ready) as unknown as Library;
  place = at;
  fd = -1;
  if ('bytes' in place) library.FS.writeFile(NAME, place.bytes);
  else {
    fd = openSync(place.path, place.write ? 'r+' : 'r');
    const { position = 0, length = fstatSync(fd).size } = place;
    if (place.crc32 !== undefined && checksum(position, length) !== place.crc32)
      throw new Error('the checksum of the file is wrong: it is damaged');
    mount(library, position, length);
  }
  file = new h5wasm.File(NAME, 'write' in place && place.write === true ? 'w' : 'r');
  if (file.file_id < 0n) throw new Error('is no HDF5 file, or a damaged one');
}

/** The group or dataset at a path; null when there is none. @throws for links on the way. */
function at(path: string): Group | Dataset | null {
  let found: Group | Dataset = file;
  for (const step of path.split('/').filter((part) => part !== '')) {
    if (found.type !== 'Group' || !(found as Group).keys().includes(step)) return null;
    const next = (found as Group).get(step);
    if (next === null) return null;
    if (!(next instanceof h5wasm.Group) && !(next instanceof h5wasm.Dataset))
      throw new Error(`${path}: links to other places and files are not followed`);
    found = next;
  }
  return found;
}

function attributesOf(item: Group | Dataset): Record<string, AttributeValue> {
  const values: Record<string, AttributeValue> = {};
  for (const [name, attribute] of Object.entries(item.attrs)) values[name] = attribute.to_array();
  return values;
}

const CLASSES = ['int', 'float', 'time', 'string', 'bitfield', 'opaque', 'compound', 'reference', 'enum', 'vlen', 'array'];
function dtypeOf({ type, size, signed, enum_type: base }: TypeInfo): string {
  const kind = CLASSES[type === 8 && base !== undefined ? base.type : type] ?? 'unknown';
  if (type === 8 && size === 1) return 'bool'; // as h5py writes booleans
  if (kind === 'int') return `${signed ? 'int' : 'uint'}${size * 8}`;
  if (kind === 'float') return `float${size * 8}`;
  return kind === 'opaque' && size === 2 ? 'opaque16' : kind;
}
const describe = (dataset: Dataset): Hdf5Dataset => {
  const info = dataset.metadata as unknown as TypeInfo;
  return { shape: info.shape ?? [], dtype: dtypeOf(info) };
};

function readDataset(path: string, direct: number): FoundArray {
  const dataset = at(path);
  if (!(dataset instanceof h5wasm.Dataset)) throw new Error(`${path}: is no dataset`);
  return arrayOf(path, dataset, direct);
}
function arrayOf(path: string, dataset: Dataset, direct: number): FoundArray {
  const info = dataset.metadata as unknown as TypeInfo;
  if (info.virtual_sources !== undefined && info.virtual_sources !== null) throw new Error(`${path}: virtual datasets are not read`);
  const described = describe(dataset);
  if (described.dtype === 'string') return { ...described, strings: [dataset.value].flat() as string[], bytes: new Uint8Array(0) };
  if (!/^(bool|u?int(8|16|32|64)|float(16|32|64)|opaque16)$/.test(described.dtype))
    throw new Error(`${path}: a dataset of type ${described.dtype} holds no numbers`);
  const count = described.shape.reduce((a, b) => a * b, 1);
  const total = count * info.size;
  const whole = 'bytes' in place ? place.bytes.length : fstatSync(fd).size;
  if (total > budgetOf(whole))
    throw new RangeError(`${path}: says it has ${total} bytes, in a file of ${whole}; it is not read`);
  if (total >= direct && fd >= 0 && info.chunks === null && info.littleEndian) {
    const position = placeOf(total, (pointer) => moveData(dataset, pointer));
    if (position !== null) return { ...described, stands: { position, length: total } };
  }
  const bytes = new Uint8Array(total);
  if (total > 0) readBytes(dataset, bytes);
  return { ...described, bytes };
}

function moveData(dataset: Dataset, pointer: number): void {
  if (library.get_dataset_data(dataset.file_id, dataset.path, null, null, null, BigInt(pointer)) < 0)
    throw new Error(`${dataset.path}: its data are damaged`);
}
function readBytes(dataset: Dataset, target: Uint8Array): void {
  const pointer = library._malloc(target.length);
  if (pointer === 0) throw new RangeError(`${dataset.path}: ${target.length} bytes are more than can be read at once`);
  try {
    moveData(dataset, pointer);
    target.set(library.HEAPU8.subarray(pointer, pointer + target.length));
  } finally {
    library._free(pointer);
  }
}

/** Datasets with at most so many elements in all come with their group. */
const WITH_GROUP = 2 ** 24;

function groupAt(path: string, direct: number | null): Hdf5Group | null {
  const group = at(path);
  if (group === null) return null;
  if (!(group instanceof h5wasm.Group)) throw new Error(`${path}: expected a group, found a dataset`);
  const groups: string[] = [];
  const datasets: Record<string, Hdf5Dataset> = {};
  let left = direct === null ? 0 : WITH_GROUP;
  for (const name of group.keys()) {
    const item = group.get(name);
    if (item instanceof h5wasm.Dataset) {
      const dataset = describe(item);
      left -= dataset.shape.reduce((a, b) => a * b, 1);
      datasets[name] = left < 0 ? dataset : inGroup(`${path}/${name}`, item, dataset, direct!);
    }
    else if (item instanceof h5wasm.Group) groups.push(name);
    else throw new Error(`${path}/${name}: links to other places and files are not followed`);
  }
  return { attributes: attributesOf(group), groups, datasets };
}

/** A dataset with its elements; when they cannot be read, without, since nobody may ask for them. */
function inGroup(path: string, item: Dataset, dataset: Hdf5Dataset, direct: number): FoundArray {
  try {
    return arrayOf(path, item, direct);
  } catch {
    return dataset;
  }
}

function groupFor(path: string): Group {
  let found = file as Group;
  for (const step of path.split('/').filter((part) => part !== ''))
    found = (found.keys().includes(step) ? found.get(step) : found.create_group(step)) as Group;
  return found;
}

/** The types that h5wasm writes: whole numbers with their signs, and floats. */
function typeOf(path: string, dtype: string): { type: number; size: number; signed: boolean } {
  const [, kind, bits] = /^(float|u?int)(8|16|32|64)$/.exec(dtype) ?? [];
  if (kind === undefined || (kind === 'float' && Number(bits) < 32)) throw new TypeError(`${path}: ${dtype} cannot be written to HDF5`);
  return { type: CLASSES.indexOf(kind === 'float' ? 'float' : 'int'), size: Number(bits) / 8, signed: kind === 'int' };
}
function createDataset(path: string, { shape, dtype }: Hdf5Dataset, pointer: number): void {
  const cut = Math.max(path.lastIndexOf('/'), 0);
  const { path: parent } = groupFor(path.slice(0, cut));
  const sizes = shape.map(BigInt);
  const type = {
    ...typeOf(path, dtype), littleEndian: true, vlen: false, shape: sizes, maxshape: sizes, chunks: null, track_order: false,
    compression: 0, compression_opts: [],
  };
  if (library.create_dataset(file.file_id, `${parent}/${path.slice(cut).replace(/^\//, '')}`, BigInt(pointer), type) < 0)
    throw new Error(`${path}: cannot be written`);
}

function writeDataset(path: string, { bytes, ...dataset }: Hdf5Array): void {
  const pointer = library._malloc(bytes.length);
  try {
    library.HEAPU8.set(bytes, pointer);
    createDataset(path, dataset, pointer);
  } finally {
    library._free(pointer);
  }
}
function reserve(path: string, dataset: Hdf5Dataset, length: number): number {
  const position = placeOf(length, (pointer) => createDataset(path, dataset, pointer));
  if (position === null) throw new Error(`${path}: cannot be written in one piece`);
  return position;
}

/** Texts are written as NumPy's arrays of bytes are: of one length, that of the longest. */
function writeAttribute(path: string, name: string, value: AttributeValue): void {
  const item = groupFor(path);
  if (!Array.isArray(value)) {
    if (typeof value === 'string') item.create_attribute(name, value, [], value === '' ? 'S1' : 'S');
    else item.create_attribute(name, value as never);
    return;
  }
  const longest = Math.max(1, ...value.map((text) => Buffer.byteLength(String(text))));
  item.create_attribute(name, value as never, [value.length], `S${longest}`);
}

const calls: {
  [K in keyof Hdf5Calls]: (...args: Parameters<Hdf5Calls[K]>) => ReturnType<Hdf5Calls[K]> | Promise<ReturnType<Hdf5Calls[K]>>;
} = {
  open,
  group: groupAt,
  read: readDataset,
  write: writeDataset,
  reserve,
  attribute: writeAttribute,
  close: () => {
    file.close();
    library.FS.unlink(NAME);
    if (fd >= 0) closeSync(fd);
  },
};

parentPort!.on('message', ({ id, name, args }: { id: number; name: keyof Hdf5Calls; args: unknown[] }) => {
  void (async () => (calls[name] as (...args: unknown[]) => unknown)(...args))().then(
    (result) => parentPort!.postMessage({ id, result }, transferable(result)),
    (error: unknown) => parentPort!.postMessage({ id, error: { message: error instanceof Error ? error.message : String(error) } }),
  );
});
const transferable = (result: unknown): ArrayBuffer[] => {
  const bytes = (result as FoundArray | null | undefined)?.bytes;
  return bytes === undefined || bytes.length === 0 ? [] : [bytes.buffer as ArrayBuffer];
};
