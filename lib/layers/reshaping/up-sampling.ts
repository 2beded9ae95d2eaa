// UpSampling1D, 2D and 3D: every element several times, or more pixels between those of an image.
import type { OptionsOf } from '../../config/configurable.js';
import { type Field, field, withDefault } from '../../config/fields.js';
import { didYouMean, show } from '../../base/errors.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { dataFormat } from '../base/data-format.js';
import { InputSpec } from '../base/input-spec.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { firstSpatial, sizes } from '../base/spatial-fields.js';

const schema1D = {
  /** How often each step is repeated. Default 2. */
  size: withDefault(field<number>('a positive integer', (v) => (typeof v === 'number' && Number.isInteger(v) && v > 0 ? v : undefined)), 2),
} as const;
const INTERPOLATIONS = ['nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5'] as const;
/** How `UpSampling2D` finds values between pixels. */
export type UpSamplingInterpolation = (typeof INTERPOLATIONS)[number];
const interpolation: Field<UpSamplingInterpolation, UpSamplingInterpolation, false> = {
  required: false,
  initial: 'nearest',
  expects: `one of ${INTERPOLATIONS.map(show).join(', ')}`,
  // Keras takes it in capitals too, and saves it without.
  parse: (value, where) => {
    const found = INTERPOLATIONS.find((name) => name === String(value).toLowerCase());
    if (found === undefined)
      throw new TypeError(`${where} must be ${interpolation.expects}, received ${show(value)}${didYouMean(value, INTERPOLATIONS)}`);
    return found;
  },
  serialize: (value) => value,
};
const schema2D = {
  /** How many times as many rows and columns, one number or one for each. Default 2. */
  size: withDefault(sizes(2), 2),
  dataFormat: dataFormat(),
  interpolation,
} as const;
const schema3D = {
  /** How often each element is repeated, one number or one for each axis. Default 2. */
  size: withDefault(sizes(3), 2),
  dataFormat: dataFormat(),
} as const;

/** Options of `UpSampling1D`. */
export type UpSampling1DOptions = OptionsOf<typeof schema1D> & LayerOptions;
/** Options of `UpSampling2D`. */
export type UpSampling2DOptions = OptionsOf<typeof schema2D> & LayerOptions;
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
 * Images `(batch, rows, columns, channels)` with `size` times as many rows and columns: each pixel repeated, or with another
 * `interpolation` as `ops.image.resize` finds values between pixels. With `dataFormat: 'channels_first'` the channels are axis 1.
 *
 * @throws for an input that has not four axes.
 */
export class UpSampling2D extends layer('UpSampling2D', schema2D, ['size']) {
  static readonly samples = [
    { args: [], inputs: [[2, 3, 4, 2]] },
    { args: [[1, 3], { dataFormat: 'channels_first' }], inputs: [[2, 2, 3, 4]] },
    { args: [[2, 3], { interpolation: 'bilinear', dataFormat: 'channels_first' }], inputs: [[2, 2, 3, 4]] },
  ];
  override inputSpec = new InputSpec({ ndim: 4 });

  override call(x: Tensor): Tensor {
    const { size, dataFormat: format, interpolation: method } = this.config;
    const first = firstSpatial(format);
    if (method === 'nearest') return repeated(x, first, size);
    return ops.image.resize(x, size.map((times, i) => times * x.shape[first + i]!), { interpolation: method, dataFormat: format });
  }
}

/**
 * Repeats each element of the spatial axes of `(batch, depth, rows, columns, channels)`. With `dataFormat: 'channels_first'` the channels
 * are axis 1.
 *
 * @throws for an input that has not five axes.
 */
export class UpSampling3D extends layer('UpSampling3D', schema3D, ['size']) {
  static readonly samples = [
    { args: [], inputs: [[2, 1, 2, 3, 2]] },
    { args: [[1, 2, 3], { dataFormat: 'channels_first' }], inputs: [[2, 1, 2, 3, 2]] },
  ];
  override inputSpec = new InputSpec({ ndim: 5 });

  override call(x: Tensor): Tensor {
    return repeated(x, firstSpatial(this.config.dataFormat), this.config.size);
  }
}
