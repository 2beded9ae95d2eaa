// Several small integers in one byte, and out again.
import { toTensor, type TensorLike } from '../core/convert.js';
import { checkOptions, show } from '../base/errors.js';
import { integer } from '../base/integers.js';
import { normalizeAxis, type Shape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';

/** What packing gives: the bytes, their shape, and the size of the packed axis before. */
export type Packed = [packed: Tensor, shape: Shape, origLen: number];

/** Options of packing and unpacking. */
export interface PackOptions {
  /** The axis along which neighbours share a byte. Default 0. */
  axis?: number;
  /** `'int8'` for signed numbers (default), `'uint8'` for others. */
  dtype?: 'int8' | 'uint8';
}

function readOptions(where: string, options: PackOptions): { axis: number; dtype: 'int8' | 'uint8' } {
  checkOptions(where, options, ['axis', 'dtype']);
  const { axis = 0, dtype = 'int8' } = options;
  if (dtype !== 'int8' && dtype !== 'uint8') throw new TypeError(`${where}: dtype must be 'int8' or 'uint8', received ${show(dtype)}`);
  return { axis, dtype };
}
function bytesOf(where: string, value: TensorLike, ...dtypes: readonly string[]): Tensor {
  const tensor = toTensor(value, null, where);
  if (!dtypes.includes(tensor.dtype))
    throw new TypeError(`${where}: expected a tensor of ${dtypes.join(' or ')}, received ${tensor.dtype}`);
  return tensor;
}

/** Packs `count` neighbours along an axis: the sum of their codes times powers of `base`. The rest of the last byte is `code(0)`. */
function pack(
  where: string,
  x: Tensor,
  axis: number,
  count: number,
  base: number,
  code: (x: Tensor) => Tensor,
  dtype: 'int8' | 'uint8',
): Packed {
  const along = normalizeAxis(axis, x.ndim, where);
  const first = ops.moveaxis(x, along, 0);
  const [length, ...rest] = first.shape as [number, ...number[]];
  const fill = (count - (length % count)) % count;
  const filled =
    fill === 0
      ? first
      : ops.pad(
          first,
          first.shape.map((_, i) => [0, i === 0 ? fill : 0]),
        );
  const groups = ops.reshape(code(filled), [(length + fill) / count, count, ...rest]);
  const powers = ops.reshape(
    ops.convertToTensor(
      Array.from({ length: count }, (_, i) => base ** i),
      { dtype: 'int32' },
    ),
    [1, count, ...rest.map(() => 1)],
  );
  const codes = ops.sum(ops.multiply(groups, powers), { axis: 1 });
  const bytes = dtype === 'int8' ? ops.where(ops.greater(codes, 127), ops.subtract(codes, 256), codes) : codes;
  const packed = ops.moveaxis(ops.cast(bytes, dtype), 0, along);
  return [packed, packed.shape, length];
}

/** The numbers in the bytes along an axis. */
function unpack(
  where: string,
  packed: Tensor,
  origLen: number,
  axis: number,
  digits: (codes: Tensor) => Tensor[],
  dtype: 'int8' | 'uint8',
): Tensor {
  const along = normalizeAxis(axis, packed.ndim, where);
  const codes = ops.cast(ops.moveaxis(packed, along, 0), 'int32');
  const bytes = ops.where(ops.less(codes, 0), ops.add(codes, 256), codes);
  const all = ops.stack(digits(bytes), { axis: 1 });
  const rest = bytes.shape.slice(1);
  const flat = ops.reshape(all, [-1, ...rest]);
  integer(where, 'origLen', origLen, { min: 0, max: flat.shape[0]! });
  return ops.moveaxis(
    ops.cast(
      ops.slice(
        flat,
        flat.shape.map(() => 0),
        [origLen, ...rest],
      ),
      dtype,
    ),
    0,
    along,
  );
}

/** Numbers of `bits` bits in a byte, the lowest bits first. */
const fields = (bits: number, dtype: string) => (codes: Tensor): Tensor[] =>
  Array.from({ length: 8 / bits }, (_, i) => {
    const field = ops.bitwiseAnd(ops.rightShift(codes, bits * i), 2 ** bits - 1);
    const sign = 2 ** (bits - 1);
    return dtype === 'int8' ? ops.subtract(ops.bitwiseXor(field, sign), sign) : field;
  });
const lowest = (bits: number) => (x: Tensor): Tensor => ops.bitwiseAnd(ops.cast(x, 'int32'), 2 ** bits - 1);

/** Packs int4 numbers, held in a tensor of int8 (-8 to 7) or uint8 (0 to 15), two to a byte, the first in the lower half. */
export function packInt4(arr: TensorLike, options: PackOptions = {}): Packed {
  const { axis, dtype } = readOptions('packInt4', options);
  return pack('packInt4', bytesOf('packInt4', arr, dtype), axis, 2, 16, lowest(4), dtype);
}
/** The numbers that `packInt4` packed; `origLen` is the size of the axis before. */
export function unpackInt4(packed: TensorLike, origLen: number, options: PackOptions = {}): Tensor {
  const { axis, dtype } = readOptions('unpackInt4', options);
  return unpack('unpackInt4', bytesOf('unpackInt4', packed, 'int8', 'uint8'), origLen, axis, fields(4, dtype), dtype);
}
/** Packs int2 numbers, held in a tensor of int8 (-2 to 1) or uint8 (0 to 3), four to a byte, the first in the lowest bits. */
export function packInt2(arr: TensorLike, options: PackOptions = {}): Packed {
  const { axis, dtype } = readOptions('packInt2', options);
  return pack('packInt2', bytesOf('packInt2', arr, dtype), axis, 4, 4, lowest(2), dtype);
}
/** The numbers that `packInt2` packed; `origLen` is the size of the axis before. */
export function unpackInt2(packed: TensorLike, origLen: number, options: PackOptions = {}): Tensor {
  const { axis, dtype } = readOptions('unpackInt2', options);
  return unpack('unpackInt2', bytesOf('unpackInt2', packed, 'int8', 'uint8'), origLen, axis, fields(2, dtype), dtype);
}
/** Packs numbers that are rounded to -1, 0 or 1, five to a byte as digits of base 3, into uint8. */
export function packTernary(arr: TensorLike, { axis = 0 }: { axis?: number } = {}): Packed {
  const digit = (x: Tensor): Tensor => ops.add(ops.clip(ops.cast(ops.round(x), 'int32'), -1, 1), 1);
  return pack('packTernary', toTensor(arr, null, 'packTernary'), axis, 5, 3, digit, 'uint8');
}
/** The numbers that `packTernary` packed, as int8; `origLen` is the size of the axis before. */
export function unpackTernary(packed: TensorLike, origLen: number, { axis = 0 }: { axis?: number } = {}): Tensor {
  const digits = (codes: Tensor): Tensor[] => [1, 3, 9, 27, 81].map((place) => ops.subtract(ops.mod(ops.floorDivide(codes, place), 3), 1));
  return unpack('unpackTernary', bytesOf('unpackTernary', packed, 'uint8', 'int8'), origLen, axis, digits, 'int8');
}
