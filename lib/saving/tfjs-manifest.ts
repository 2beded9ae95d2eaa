// The weights of TensorFlow.js: a manifest of groups, each with tensors that stand one after the other in its files.
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { dtypeBytes, float16ToNumber, type DType } from '../base/dtype.js';
import { show } from '../base/errors.js';
import { sizeOf, type Shape } from '../base/shape.js';
import { isPlainObject } from '../base/tree.js';
import { makeTensor, tensorFromBytes } from '../core/convert.js';
import { checkBytes } from '../core/memory.js';
import type { Tensor } from '../core/tensor.js';
import { ByteFile, normalizeBooleans } from './byte-file.js';

/** Numbers of 8 or 16 bits that stand for `number * scale + min`, or half floats. */
interface Quantization {
  readonly dtype: 'uint8' | 'uint16' | 'float16';
  readonly scale: number;
  readonly min: number;
}
/** A tensor of a manifest. */
export interface TfjsWeight {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly quantization: Quantization | null;
  /** Whether it belongs to the optimizer. */
  readonly isOptimizer: boolean;
}
/** Files, and what stands in them. */
export interface TfjsGroup {
  readonly paths: readonly string[];
  readonly weights: readonly TfjsWeight[];
}

const STORED: readonly string[] = ['float32', 'int32', 'bool', 'complex64'];
const QUANTIZED: readonly string[] = ['uint8', 'uint16', 'float16'];

function readQuantization(where: string, value: unknown): Quantization | null {
  if (value === undefined || value === null) return null;
  if (!isPlainObject(value) || !QUANTIZED.includes(value.dtype as string))
    throw new TypeError(`${where}: is quantized in an unknown way: ${show(value)}`);
  const { dtype, scale = 1, min = 0 } = value;
  if (dtype !== 'float16' && !(Number.isFinite(scale) && Number.isFinite(min)))
    throw new TypeError(`${where}: has a malformed quantization: ${show(value)}`);
  return { dtype, scale, min } as Quantization;
}

function readWeight(file: string, value: unknown): TfjsWeight {
  if (!isPlainObject(value) || typeof value.name !== 'string') throw new TypeError(`${file}: its manifest has no weight but ${show(value)}`);
  const { name, shape, dtype, quantization, group } = value;
  const where = `${file}: ${name}`;
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 0))
    throw new TypeError(`${where}: has the malformed shape ${show(shape)}`);
  if (!STORED.includes(dtype as string)) throw new TypeError(`${where}: has the type ${show(dtype)}, which is no weight's`);
  return {
    name, shape: shape as Shape, dtype: dtype as DType, quantization: readQuantization(where, quantization),
    isOptimizer: group === 'optimizer',
  };
}

/** The manifest as a file has it. @throws when it is malformed. */
export function readManifest(file: string, manifest: unknown): TfjsGroup[] {
  if (manifest === undefined || manifest === null) return [];
  if (!Array.isArray(manifest)) throw new TypeError(`${file}: its weightsManifest is no list, but ${show(manifest)}`);
  return manifest.map((group: unknown) => {
    if (!isPlainObject(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights))
      throw new TypeError(`${file}: expected paths and weights in its weightsManifest, found ${show(group)}`);
    return { paths: group.paths.map((name) => requireRelative(file, name)), weights: group.weights.map((one) => readWeight(file, one)) };
  });
}

function requireRelative(file: string, name: unknown): string {
  const isInside = typeof name === 'string' && name !== '' && !/^([/\\]|[a-zA-Z]+:)|\0/.test(name) && !name.split(/[/\\]/).includes('..');
  if (!isInside) throw new Error(`${file}: its weightsManifest names ${show(name)}, which is no file in its folder`);
  return name;
}

/** Files that are read as if they were one. */
class Shards {
  private constructor(private readonly files: readonly ByteFile[]) {}

  /** @throws (rejects) for links that lead out of the folder. */
  static async open(folder: string, names: readonly string[]): Promise<Shards> {
    const root = await realpath(folder);
    const files: ByteFile[] = [];
    try {
      for (const name of names) {
        const place = await realpath(path.join(folder, name));
        if (!place.startsWith(root.endsWith(path.sep) ? root : root + path.sep))
          throw new Error(`${path.join(folder, name)}: leads out of the model's folder`);
        files.push(await ByteFile.open({ name: path.join(folder, name), path: place }));
      }
    } catch (error) {
      await new Shards(files).close();
      throw error;
    }
    return new Shards(files);
  }
  get size(): number {
    return this.files.reduce((total, { size }) => total + size, 0);
  }
  async read(position: number, length: number): Promise<Uint8Array> {
    checkBytes(length);
    const bytes = new Uint8Array(length);
    let start = 0;
    for (const file of this.files) {
      const [from, to] = [Math.max(position, start), Math.min(position + length, start + file.size)];
      if (from < to) await file.readInto(bytes.subarray(from - position, to - position), from - start);
      start += file.size;
    }
    return bytes;
  }
  async close(): Promise<void> {
    await Promise.all(this.files.map((file) => file.close()));
  }
}

/** Bytes that a tensor takes in its files. */
const storedBytes = ({ shape, dtype, quantization }: TfjsWeight): number =>
  sizeOf(shape) * dtypeBytes((quantization?.dtype ?? dtype));

function dequantized({ dtype, shape }: TfjsWeight, { dtype: stored, scale, min }: Quantization, bytes: Uint8Array): Tensor {
  const numbers = stored === 'uint8' ? bytes : new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const isWhole = dtype === 'int32';
  return makeTensor(dtype, shape, (data) => {
    for (let i = 0; i < numbers.length; i++) {
      const value = stored === 'float16' ? float16ToNumber(numbers[i]!) : numbers[i]! * scale + min;
      data[i] = isWhole ? Math.round(value) : value;
    }
  });
}

/** Reads a group's tensors, one after the other. @throws (rejects) when its files have more or fewer bytes than they take. */
export async function* readGroup(file: string, { paths, weights }: TfjsGroup): AsyncGenerator<[weight: TfjsWeight, tensor: Tensor]> {
  const shards = await Shards.open(path.dirname(path.resolve(file)), paths);
  try {
    const expected = weights.reduce((total, weight) => total + storedBytes(weight), 0);
    if (shards.size !== expected)
      throw new RangeError(`${file}: its weights take ${expected} bytes, ${paths.join(', ')} ${paths.length === 1 ? 'has' : 'have'} ${shards.size}`);
    let position = 0;
    for (const weight of weights) {
      const bytes = await shards.read(position, storedBytes(weight));
      position += bytes.length;
      if (weight.dtype === 'bool') normalizeBooleans(bytes);
      const { quantization } = weight;
      yield [weight, quantization === null ? tensorFromBytes(weight.dtype, weight.shape, bytes) : dequantized(weight, quantization, bytes)];
    }
  } finally {
    await shards.close();
  }
}
