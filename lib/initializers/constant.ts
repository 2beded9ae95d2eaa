// Initializers whose values do not come from a draw.
import { configured } from '../config/configurable.js';
import { field, float, withDefault } from '../config/fields.js';
import { isSerialized } from '../config/registration.js';
import { castTo } from '../core/copy.js';
import { filled, makeTensor, toTensor, type TensorLike } from '../core/convert.js';
import { type DType, type DTypeLike, standardizeDType } from '../core/dtype.js';
import type { Shape } from '../core/shape.js';
import { showShape } from '../core/shape.js';
import { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { Initializer } from './initializer.js';

/** All zeros. */
export class Zeros extends configured(Initializer, 'Zeros', {}) {
  override call(shape: Shape, { dtype }: { dtype: DType }): Tensor {
    return filled(shape, 0, dtype);
  }
}

/** All ones. */
export class Ones extends configured(Initializer, 'Ones', {}) {
  override call(shape: Shape, { dtype }: { dtype: DType }): Tensor {
    return filled(shape, 1, dtype);
  }
}

/** An array as an option of an initializer. Keras writes one in a config as `{ class_name: '__numpy__', config: { value, dtype } }`, a tensor as `'__tensor__'`. */
export function readArray(value: unknown): TensorLike | undefined {
  if (typeof value === 'number' || typeof value === 'boolean' || value instanceof Tensor || Array.isArray(value) || ArrayBuffer.isView(value)) return value as TensorLike;
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

/** One value everywhere; an array is broadcast to the shape. */
export class Constant extends configured(Initializer, 'Constant', {
  /** Default 0. */
  value: withDefault(field<TensorLike>('a number or an array of numbers', readArray, { serialize: writeArray }), 0),
}, ['value']) {
  override call(shape: Shape, { dtype }: { dtype: DType }): Tensor {
    const { value } = this.config;
    return typeof value === 'number' ? castTo(filled(shape, value, Number.isInteger(value) ? dtype : 'float64'), dtype) : ops.broadcastTo(toTensor(value, dtype), shape);
  }
}

/** `gain` on the diagonal of a matrix, zeros elsewhere. Throws for any rank but 2. */
export class Identity extends configured(Initializer, 'Identity', {
  /** Default 1. */
  gain: withDefault(float(), 1),
}) {
  override call(shape: Shape, { dtype }: { dtype: DType }): Tensor {
    if (shape.length !== 2) throw new RangeError(`Identity: expected a shape of rank 2, received ${showShape(shape)}`);
    const [rows, columns] = shape as [number, number];
    const matrix = makeTensor('float64', shape, (data) => {
      data.fill(0 as never);
      for (let i = 0; i < Math.min(rows, columns); i++) data[i * columns + i] = this.config.gain;
    });
    return castTo(matrix, dtype);
  }
}
