// All regularizers.
import { configured } from '../config/configurable.js';
import { type Field, field, oneOf, withDefault } from '../config/fields.js';
import { showShape } from '../base/shape.js';
import type { TensorLike } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { Regularizer } from './regularizer.js';

export { Regularizer } from './regularizer.js';

/** A factor of a penalty; null is its default. */
const factor = (initial: number): Field<number | null, number, false> => {
  const finite = field<number>('a finite number >= 0', (v) => (typeof v === 'number' && v >= 0 && v < Infinity ? v : undefined));
  return { ...withDefault(finite, initial), parse: (value, where) => finite.parse(value ?? initial, where) };
};
/** A factor that Keras keeps as a float32 tensor, and so writes rounded to float32. */
const rounded = (initial: number): Field<number | null, number, false> => ({ ...factor(initial), serialize: Math.fround });

/** `l1 * sum(abs(x))`. */
export class L1 extends configured(Regularizer, 'L1', {
  /** At least 0. Default 0.01. */
  l1: rounded(0.01),
}, ['l1']) {
  override call(x: Tensor): Tensor {
    return ops.multiply(ops.sum(ops.absolute(x)), this.config.l1);
  }
}

/** `l2 * sum(square(x))`. */
export class L2 extends configured(Regularizer, 'L2', {
  /** At least 0. Default 0.01. */
  l2: factor(0.01),
}, ['l2']) {
  override call(x: Tensor): Tensor {
    return ops.multiply(ops.sum(ops.square(x)), this.config.l2);
  }
}

/** `l1 * sum(abs(x)) + l2 * sum(square(x))`. */
export class L1L2 extends configured(Regularizer, 'L1L2', {
  /** At least 0. Default 0. */
  l1: factor(0),
  /** At least 0. Default 0. */
  l2: factor(0),
}, ['l1', 'l2']) {
  override call(x: Tensor): Tensor {
    const { l1, l2 } = this.config;
    const absolute = l1 === 0 ? null : ops.multiply(ops.sum(ops.absolute(x)), l1);
    const squared = l2 === 0 ? null : ops.multiply(ops.sum(ops.square(x)), l2);
    if (absolute !== null && squared !== null) return ops.add(absolute, squared);
    return absolute ?? squared ?? super.call(x);
  }
}

/** Its argument is named `inputs`, as in Keras. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export interface OrthogonalRegularizer {
  (named: { inputs: TensorLike }): Tensor;
}
/**
 * Keeps the rows (or columns) of a matrix orthogonal: `factor` times the mean of the absolute cosines between all pairs of them
 * (each pair once). Throws for any rank but 2.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export class OrthogonalRegularizer extends configured(Regularizer, 'OrthogonalRegularizer', {
  /** At least 0. Default 0.01. */
  factor: rounded(0.01),
  /** Default `'rows'`. */
  mode: withDefault(oneOf('rows', 'columns'), 'rows'),
}) {
  /** @internal */
  static override readonly parameter = 'inputs';

  override call(x: Tensor): Tensor {
    if (x.ndim !== 2) throw new RangeError(`OrthogonalRegularizer: expected a tensor of rank 2, received shape ${showShape(x.shape)}`);
    const rows = this.config.mode === 'rows';
    const size = x.shape[rows ? 0 : 1]!;
    const unit = ops.normalize(x, { axis: rows ? 1 : 0 });
    const cosines = rows ? ops.matmul(unit, ops.transpose(unit)) : ops.matmul(ops.transpose(unit), unit);
    const others = ops.multiply(cosines, ops.subtract(1, ops.eye(size, { dtype: x.dtype })));
    const pairs = (size * (size - 1)) / 2;
    return ops.divide(ops.multiply(ops.sum(ops.absolute(others)), this.config.factor * 0.5), pairs);
  }
}
