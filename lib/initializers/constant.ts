// Initializers whose values do not come from a draw.
import { array } from '../config/array-field.js';
import { configured } from '../config/configurable.js';
import { float, withDefault } from '../config/fields.js';
import { castTo } from '../core/cast.js';
import { filled, makeTensor, toTensor } from '../core/convert.js';
import type { DType } from '../base/dtype.js';
import type { Shape } from '../base/shape.js';
import { showShape } from '../base/shape.js';
import { type Tensor } from '../core/tensor.js';
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

/** One value everywhere; an array is broadcast to the shape. */
export class Constant extends configured(Initializer, 'Constant', {
  /** Default 0. */
  value: withDefault(array(), 0),
}, ['value']) {
  override call(shape: Shape, { dtype }: { dtype: DType }): Tensor {
    const { value } = this.config;
    return typeof value === 'number'
      ? castTo(filled(shape, value, Number.isInteger(value) ? dtype : 'float64'), dtype)
      : ops.broadcastTo(toTensor(value, dtype), shape);
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
