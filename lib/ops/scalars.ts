// Scalars that decide shapes: numbers, or concrete tensors of one element.
import type { DType } from '../base/dtype.js';
import { show } from '../base/errors.js';
import { Tensor } from '../core/tensor.js';

/** A scalar as a number with the dtype that it brings along. */
export function scalarOf(where: string, name: string, value: number | boolean | Tensor): { value: number; dtype: DType | 'int' | 'float' } {
  if (typeof value !== 'number' && typeof value !== 'boolean' && !(value instanceof Tensor))
    throw new TypeError(`${where}: ${name} must be a number, received ${show(value)}`);
  if (value instanceof Tensor) return { value: Number(value.item()), dtype: value.dtype };
  return { value: Number(value), dtype: Number.isInteger(Number(value)) ? 'int' : 'float' };
}
