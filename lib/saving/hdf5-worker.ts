// The thread that reads and writes HDF5 files with h5wasm, one after the other. Damaged files can neither block the event loop nor break
// the process here, and since the library sees a file system of its own with this file alone, links to other files lead nowhere.
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import h5wasm, { type Dataset, type File, type Group } from 'h5wasm';
import type { AttributeValue, Hdf5Array, Hdf5Calls, Hdf5Dataset, Hdf5Group, Hdf5Place } from './hdf5.js';

/** What h5wasm gives of the type of a dataset. */
interface TypeInfo {
  readonly type: number;
  readonly size: number;
  readonly signed: boolean;
  readonly vlen: boolean;
  readonly shape: number[] | null;
  readonly total_size: number;
  readonly virtual_sources?: unknown;
  readonly enum_type?: { readonly type: number };
}

/** Bytes of a dataset beyond this must be backed by the file: a hundred times its size is taken for an attack. */
const FREE_BYTES = 64 * 2 ** 20;
const MAX_EXPANSION = 100;

const NAME = '/file.h5';
let place: Hdf5Place;
let library: Library;
let file: File;
let fd = -1;

/** A file of the library's own file system whose bytes are those of a place on disk: nothing is copied. */
function mount({ FS }: Library, position: number, length: number): void {
  FS.writeFile(NAME, new Uint8Array(0));
  const { node } = FS.lookupPath(NAME);
  node.usedBytes = length;
  node.stream_ops = {
    ...node.stream_ops,
    read: (_, buffer, offset, wanted, at) =>
      readSync(fd, buffer, offset, Math.max(0, Math.min(wanted, node.usedBytes - at)), position + at),
    write: (_, buffer, offset, count, at) => {
      const written = writeSync(fd, buffer, offset, count, at);
      node.usedBytes = Math.max(node.usedBytes, at + written);
      return written;
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
}
/** What is used of Emscripten's file system. */
interface EmscriptenFs {
  writeFile(name: string, bytes: Uint8Array): void;
  lookupPath(name: string): { node: EmscriptenNode };
  unlink(name: string): void;
}
interface EmscriptenNode {
  usedBytes: number;
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


function readDataset(path: string): Hdf5Array {
  const dataset = at(path);
  if (!(dataset instanceof h5wasm.Dataset)) throw new Error(`${path}: is no dataset`);
  const info = dataset.metadata as unknown as TypeInfo;
  if (info.virtual_sources !== undefined && info.virtual_sources !== null) throw new Error(`${path}: virtual datasets are not read`);
  const described = describe(dataset);
  if (described.dtype === 'string') return { ...described, strings: [dataset.value].flat() as string[], bytes: new Uint8Array(0) };
  if (!/^(bool|u?int(8|16|32|64)|float(16|32|64)|opaque16)$/.test(described.dtype))
    throw new Error(`${path}: a dataset of type ${described.dtype} holds no numbers`);
  const count = described.shape.reduce((a, b) => a * b, 1);
  const total = count * info.size;
  const whole = 'bytes' in place ? place.bytes.length : fstatSync(fd).size;
  if (total > FREE_BYTES && total > MAX_EXPANSION * whole)
    throw new RangeError(`${path}: says it has ${total} bytes, in a file of ${whole}; it is not read`);
  const bytes = new Uint8Array(total);
  if (total > 0) readBytes(dataset, bytes);
  return { ...described, bytes };
}

function readBytes(dataset: Dataset, target: Uint8Array): void {
  const pointer = library._malloc(target.length);
  if (pointer === 0) throw new RangeError(`${dataset.path}: ${target.length} bytes are more than can be read at once`);
  try {
    if (library.get_dataset_data(dataset.file_id, dataset.path, null, null, null, BigInt(pointer)) < 0)
      throw new Error(`${dataset.path}: its data are damaged`);
    target.set(library.HEAPU8.subarray(pointer, pointer + target.length));
  } finally {
    library._free(pointer);
  }
}

function groupAt(path: string): Hdf5Group | null {
  const group = at(path);
  if (group === null) return null;
  if (!(group instanceof h5wasm.Group)) throw new Error(`${path}: expected a group, found a dataset`);
  const groups: string[] = [];
  const datasets: Record<string, Hdf5Dataset> = {};
  for (const name of group.keys()) {
    const item = group.get(name);
    if (item instanceof h5wasm.Dataset) datasets[name] = describe(item);
    else if (item instanceof h5wasm.Group) groups.push(name);
    else throw new Error(`${path}/${name}: links to other places and files are not followed`);
  }
  return { attributes: attributesOf(group), groups, datasets };
}

function groupFor(path: string): Group {
  let found = file as Group;
  for (const step of path.split('/').filter((part) => part !== ''))
    found = (found.keys().includes(step) ? found.get(step) : found.create_group(step)) as Group;
  return found;
}

/** h5py's codes of the types that h5wasm writes. */
const CODES: Readonly<Record<string, string>> = {
  float32: '<f', float64: '<d', int8: '<b', int16: '<h', int32: '<i', int64: '<q', uint8: '<B', uint16: '<H', uint32: '<I', uint64: '<Q',
};
const VIEWS = {
  '<f': Float32Array,
  '<d': Float64Array,
  '<b': Int8Array,
  '<h': Int16Array,
  '<i': Int32Array,
  '<q': BigInt64Array,
  '<B': Uint8Array,
  '<H': Uint16Array,
  '<I': Uint32Array,
  '<Q': BigUint64Array,
};

function writeDataset(path: string, { shape, dtype, bytes }: Hdf5Array): void {
  const cut = path.lastIndexOf('/');
  const [parent, name] = [groupFor(path.slice(0, Math.max(cut, 0))), path.slice(cut + 1)];
  const code = CODES[dtype] as keyof typeof VIEWS | undefined;
  if (code === undefined) throw new TypeError(`${path}: ${dtype} cannot be written to HDF5`);
  const View = VIEWS[code];
  const copy = bytes.byteOffset % View.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  parent.create_dataset({
    name,
    data: new View(copy.buffer as ArrayBuffer, copy.byteOffset, copy.byteLength / View.BYTES_PER_ELEMENT) as never,
    shape,
    dtype: code,
  });
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
  const bytes = (result as Partial<Hdf5Array> | null | undefined)?.bytes;
  return bytes === undefined || bytes.length === 0 ? [] : [bytes.buffer as ArrayBuffer];
};
