// Files of which parts are read at their places: on disk, or in memory.
import { open, stat, type FileHandle } from 'node:fs/promises';
import type { DType } from '../base/dtype.js';
import { specOf, type Shape } from '../base/shape.js';
import { allocate, checkBytes } from '../core/memory.js';
import { Tensor } from '../core/tensor.js';
import { readFully } from '../utils/files.js';
import type { FileSource } from './formats.js';

/** An open file. */
export class ByteFile {
  private constructor(
    /** For messages. */
    readonly name: string,
    /** Bytes of the whole file. */
    readonly size: number,
    /** Changes when the file is written; 0 for bytes in memory. */
    readonly modified: number,
    private readonly content: FileHandle | Uint8Array,
  ) {}

  /** @throws (rejects) when there is no file of this name, or something else. */
  static async open({ name, path, bytes }: FileSource): Promise<ByteFile> {
    if (bytes !== undefined) return new ByteFile(name, bytes.length, 0, bytes);
    const { size, mtimeMs } = await requireFile(path!);
    return new ByteFile(name, size, mtimeMs, await open(path!, 'r'));
  }

  /** Fills `target` with what stands at `position`. @throws (rejects) when the file ends before. */
  async readInto(target: Uint8Array, position: number): Promise<void> {
    if (position + target.length > this.size)
      throw new RangeError(`${this.name}: is truncated: ${target.length} bytes at ${position} are missing in a file of ${this.size}`);
    if (this.content instanceof Uint8Array) return target.set(this.content.subarray(position, position + target.length));
    await readFully(this.name, this.content, target, position);
  }
  /** The bytes at `position`. */
  async read(position: number, length: number): Promise<Uint8Array> {
    if (position + length <= this.size) checkBytes(length);
    const bytes = new Uint8Array(Math.min(length, this.size));
    await this.readInto(bytes, position);
    return bytes;
  }
  /** The elements at `position` as a tensor. */
  async tensorAt(position: number, dtype: DType, shape: Shape): Promise<Tensor> {
    const spec = specOf(dtype, shape);
    if (position + spec.bytes > this.size)
      throw new RangeError(`${this.name}: is truncated: expected ${spec.bytes} bytes of data, found ${Math.max(0, this.size - position)}`);
    const memory = allocate(spec.bytes);
    await this.readInto(memory, position);
    if (dtype === 'bool') normalizeBooleans(memory);
    return new Tensor(spec, memory);
  }
  async close(): Promise<void> {
    if (!(this.content instanceof Uint8Array)) await this.content.close();
  }
}

/** What the system tells of a file. @throws (rejects) when it is none: reading from a pipe may never end. */
async function requireFile(path: string): Promise<{ size: number; mtimeMs: number }> {
  const found = await stat(path);
  if (!found.isFile()) throw new Error(`${path}: is no file, but a ${found.isDirectory() ? 'folder' : 'device or pipe'}`);
  return found;
}

/** Whatever is not 0 is true; kernels want 1. */
export function normalizeBooleans(bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! > 1) bytes[i] = 1;
}

/** Opens a file, has it used, and closes it. */
export async function withByteFile<T>(source: FileSource, use: (file: ByteFile) => Promise<T>): Promise<T> {
  const file = await ByteFile.open(source);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
