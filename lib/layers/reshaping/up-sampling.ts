// UpSampling1D and 3D: every element several times.
import type { OptionsOf } from '../../config/configurable.js';
import { field, withDefault } from '../../config/fields.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { dataFormat } from '../data-format.js';
import { InputSpec } from '../input-spec.js';
import { layer } from '../layer.js';
import type { LayerOptions } from '../options.js';
import { firstSpatial, sizes } from '../spatial-fields.js';

const schema1D = {
  /** How often each step is repeated. Default 2. */
  size: withDefault(field<number>('a positive integer', (v) => (typeof v === 'number' && Number.isInteger(v) && v > 0 ? v : undefined)), 2),
} as const;
const schema3D = {
  /** How often each element is repeated, one number or one for each axis. Default 2. */
  size: withDefault(sizes(3), 2),
  dataFormat: dataFormat(),
} as const;

/** Options of `UpSampling1D`. */
export type UpSampling1DOptions = OptionsOf<typeof schema1D> & LayerOptions;
/** Options of `UpSampling3D`. */
export type UpSampling3DOptions = OptionsOf<typeof schema3D> & LayerOptions;

/** A batch with the elements of neighbouring axes, the first of which is `first`, repeated. */
function repeated(x: Tensor, first: number, counts: readonly number[]): Tensor {
  const times = x.shape.map((_, axis) => counts[axis - first] ?? 1);
  const spread = ops.broadcastTo(ops.reshape(x, x.shape.flatMap((d) => [d, 1])), x.shape.flatMap((d, axis) => [d, times[axis]!]));
  return ops.reshape(spread, x.shape.map((d, axis) => d * times[axis]!));
}

/**
 * Repeats each step of `(batch, steps, channels)` `size` times: `(batch, steps * size, channels)`.
 *
 * @throws for an input that has not three axes.
 */
export class UpSampling1D extends layer('UpSampling1D', schema1D, ['size']) {
  static readonly samples = [{ args: [], inputs: [[2, 3, 4]] }, { args: [3], inputs: [[2, 3, 4]] }];
  override inputSpec = new InputSpec({ ndim: 3 });

  override call(x: Tensor): Tensor {
    return repeated(x, 1, [this.config.size]);
  }
}

/**
 * Repeats each element of the spatial axes of `(batch, depth, rows, columns, channels)`. With `dataFormat: 'channels_first'` the channels are axis 1.
 *
 * @throws for an input that has not five axes.
 */
export class UpSampling3D extends layer('UpSampling3D', schema3D, ['size']) {
  static readonly samples = [{ args: [], inputs: [[2, 1, 2, 3, 2]] }, { args: [[1, 2, 3], { dataFormat: 'channels_first' }], inputs: [[2, 1, 2, 3, 2]] }];
  override inputSpec = new InputSpec({ ndim: 5 });

  override call(x: Tensor): Tensor {
    return repeated(x, firstSpatial(this.config.dataFormat), this.config.size);
  }
}
