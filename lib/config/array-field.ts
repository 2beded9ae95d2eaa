// A field that holds numbers of any shape.
import { toTensor, type TensorLike } from '../core/convert.js';
import { type DTypeLike, standardizeDType } from '../base/dtype.js';
import { Tensor } from '../core/tensor.js';
import { field, type Field } from './fields.js';
import { isSerialized } from './registration.js';

/**
 * An array as an option, or as Keras writes it in a config: `{ class_name: '__numpy__', config: { value, dtype } }`, a tensor as
 * `'__tensor__'`.
 */
export function readArray(value: unknown): TensorLike | undefined {
  if (
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    value instanceof Tensor ||
    Array.isArray(value) ||
    ArrayBuffer.isView(value)
  )
    return value as TensorLike;
  if (!isSerialized(value) || (value.class_name !== '__numpy__' && value.class_name !== '__tensor__')) return undefined;
  const { value: data, dtype } = value.config as { value: TensorLike; dtype: DTypeLike };
  return toTensor(data, standardizeDType(dtype));
}
/** An array as Keras writes it in a config. */
export function writeArray(value: TensorLike): unknown {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  const tensor = toTensor(value);
  return { class_name: '__tensor__', config: { value: tensor.tolist(), dtype: tensor.dtype } };
}

/** A number, or an array of numbers. */
export const array = (): Field<TensorLike, TensorLike, true> =>
  field<TensorLike>('a number or an array of numbers', readArray, { serialize: writeArray });
