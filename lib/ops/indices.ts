// Indices as primitives take them, and rows by number.
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import type { DType } from '../base/dtype.js';
import { isFloat } from '../base/dtype.js';
import { integer } from '../base/integers.js';
import type { Tensor } from '../core/tensor.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';

/** Integer dtypes with numbers that int32 has not. */
const WIDER = new Set<DType>(['uint32', 'int64', 'uint64']);
/** Indices as int32. Throws on floats, and on indices that no axis has. */
export function indicesOf(where: string, value: TensorLike): Tensor {
  const tensor = toTensor(typeof value === 'number' ? [integer(where, 'an index', value)] : value, null, where);
  const indices = typeof value === 'number' ? p.reshape(tensor, []) : tensor;
  if (isFloat(indices.dtype) && indices.size > 0) throw new TypeError(`${where}: indices must be integers, received ${indices.dtype}`);
  return castTo(WIDER.has(indices.dtype) && indices.size > 0 ? withinInt32(where, indices) : indices, 'int32');
}
/** Indices of which those beyond int32 stay outside of every axis; where they are known, one of them is an error. */
function withinInt32(where: string, indices: Tensor): Tensor {
  const [low, high] = [indices.dtype === 'int64' ? -0x80000000 : 0, 0x7fffffff] as const;
  if (indices.memory !== null) {
    for (const extreme of [p.min(indices, 0, indices.ndim), p.max(indices, 0, indices.ndim)]) {
      const value = extreme.elements[0]!;
      if (value < low || value > high) throw new RangeError(`${where}: index ${value} is out of range: axes have at most ${high} entries`);
    }
  }
  return p.clip(indices, constant(low, indices), constant(high, indices));
}

/**
 * The slices of `table` along its first axis that numbers name. Unlike for `take`, -1 names none: it stops the run, as all that are outside
 * do.
 */
export const rowsAt = (where: string, table: TensorLike, numbers: TensorLike): Tensor =>
  p.gather(toTensor(table, null, where), indicesOf(where, numbers), 0, { negative: false });
