// Scalars that decide shapes: numbers, or concrete tensors of one element.
import type { DType } from '../base/dtype.js';
import { show } from '../base/errors.js';
import { Tensor } from '../core/tensor.js';

/** A scalar as a number with the dtype that it brings along. */
export function scalarOf(value: number | boolean | Tensor): { value: number; dtype: DType | 'int' | 'float' } {
  if (value instanceof Tensor) return { value: Number(value.item()), dtype: value.dtype };
  return { value: Number(value), dtype: Number.isInteger(Number(value)) ? 'int' : 'float' };
}

/** Throws unless `num` is a whole number of at least 0. */
export function checkCount(where: string, num: number): void {
  if (!Number.isInteger(num) || num < 0) throw new RangeError(`${where}: num must be an integer >= 0, received ${show(num)}`);
}
