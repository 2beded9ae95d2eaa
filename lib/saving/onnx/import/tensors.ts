// Arrays of ONNX files as tensors, and small ones as plain data for configs.
import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { dtypeBytes, type DType } from '../../../base/dtype.js';
import { sizeOf } from '../../../base/shape.js';
import { castTo } from '../../../core/cast.js';
import { makeTensor } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import type { FileSource } from '../../formats.js';
import { dtypeOf } from '../dtypes.js';
import type { TensorProto } from '../schema.js';

const EXTERNAL = 1;

/** A tensor over bytes in the order of little-endian machines. */
function ofBytes(dtype: DType, shape: readonly number[], bytes: Uint8Array): Tensor {
  return makeTensor(dtype, shape, (data) => {
    const view = data as unknown as Uint8Array;
    new Uint8Array(view.buffer, view.byteOffset, bytes.length).set(bytes);
  });
}
/** The field that holds numbers of a dtype. */
function listOf(proto: TensorProto, dtype: DType): readonly (number | bigint)[] {
  if (dtype === 'float32') return proto.floatData;
  if (dtype === 'float64') return proto.doubleData;
  if (dtype === 'int64') return proto.int64Data;
  if (dtype === 'uint64' || dtype === 'uint32') return proto.uint64Data;
  return proto.int32Data;
}

/** Bytes of a file beside the model's. @throws for names that lead elsewhere, and for files that are too short. */
async function externalBytes(source: FileSource, { name, externalData }: TensorProto, length: number): Promise<Uint8Array> {
  const entries = Object.fromEntries(externalData.map(({ key, value }) => [key, value]));
  const { location = '', offset = '0' } = entries;
  if (source.path === undefined) throw new Error(`the tensor "${name}" is in the file ${JSON.stringify(location)} beside the model: give its path`);
  const folder = path.dirname(await realpath(source.path));
  const at = path.resolve(folder, location);
  if (location === '' || path.isAbsolute(location) || !at.startsWith(folder + path.sep) || (await realpath(at)) !== at)
    throw new Error(`the tensor "${name}" is at ${JSON.stringify(location)}, which is no file beside the model`);
  const handle = await open(at, constants.O_RDONLY);
  try {
    const start = Number(offset);
    const { size } = await handle.stat();
    const said = entries.length === undefined ? length : Number(entries.length);
    if (!Number.isSafeInteger(start) || start < 0 || said !== length || start + length > size)
      throw new RangeError(`the tensor "${name}" takes ${length} bytes from ${offset} on of ${location}, which has ${size}`);
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await handle.read(bytes, done, length - done, start + done);
      if (bytesRead === 0) throw new RangeError(`${location} ended early`);
      done += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

/** The tensor of a message. @throws for types that do not exist here, and for data that do not fit the shape. */
export async function tensorOf(proto: TensorProto, source: FileSource): Promise<Tensor> {
  const { name, dims, rawData, dataType, dataLocation } = proto;
  const dtype = dtypeOf(dataType);
  if (dtype === null) throw new TypeError(`the tensor "${name}" has the element type ${dataType}, which does not exist here`);
  if (dims.length > 32 || dims.some((d) => !Number.isSafeInteger(d) || d < 0)) throw new RangeError(`the tensor "${name}" has an impossible shape`);
  const length = dims.reduce((a, b) => a * b, 1) * dtypeBytes(dtype);
  if (!Number.isSafeInteger(length)) throw new RangeError(`the tensor "${name}" is too large`);
  if (dataLocation === EXTERNAL) return ofBytes(dtype, dims, await externalBytes(source, proto, length));
  if (rawData !== null) {
    if (rawData.length !== length) throw new RangeError(`the tensor "${name}" has ${rawData.length} bytes, its shape (${dims.join(', ')}) takes ${length}`);
    return ofBytes(dtype, dims, rawData);
  }
  const list = listOf(proto, dtype);
  if (list.length !== sizeOf(dims)) throw new RangeError(`the tensor "${name}" has ${list.length} elements, its shape (${dims.join(', ')}) takes ${sizeOf(dims)}`);
  return makeTensor(dtype, dims, (data) => list.forEach((value, i) => ((data as unknown as (number | bigint)[])[i] = value)));
}

/** A small tensor in a config. Numbers that JSON has not are strings. */
export interface SavedTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly values: readonly (number | string)[];
}
/** Whether a value of a config is a tensor. */
export const isSavedTensor = (value: unknown): value is SavedTensor =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && 'dtype' in value && 'values' in value;
/** A tensor as plain data. */
export function saveTensor(tensor: Tensor): SavedTensor {
  const { dtype, shape } = tensor;
  const isHalf = dtype === 'float16' || dtype === 'bfloat16';
  const { elements } = isHalf ? castTo(tensor, 'float32') : tensor;
  const values = Array.from(elements as unknown as ArrayLike<number | bigint>, (value) =>
    Number.isFinite(Number(value)) && (typeof value === 'number' || Number.isSafeInteger(Number(value))) ? Number(value) : String(value));
  return { dtype, shape: [...shape], values };
}
/** The tensor of plain data. */
export function reviveTensor({ dtype, shape, values }: SavedTensor): Tensor {
  const isBig = dtype === 'int64' || dtype === 'uint64';
  const isHalf = dtype === 'float16' || dtype === 'bfloat16';
  const made = makeTensor(isHalf ? 'float32' : dtype, shape, (data) =>
    values.forEach((value, i) => ((data as unknown as (number | bigint)[])[i] = isBig ? BigInt(value) : Number(value))));
  return castTo(made, dtype);
}
