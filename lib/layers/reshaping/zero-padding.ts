// ZeroPadding1D, 2D and 3D: zeros at the borders.
import type { OptionsOf } from '../../config/configurable.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { type DataFormat, dataFormat } from '../base/data-format.js';
import { InputSpec } from '../base/input-spec.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { type Ends, ends, endsOfAxes, firstSpatial } from '../base/spatial-fields.js';

const schema1D = {
  /** Zeros to add: a number for both ends, or start and end. Default 1. */
  padding: ends(1),
  dataFormat: dataFormat(),
} as const;
const schema = (rank: number) => ({
  /** Zeros to add: a number for all, or for each axis one for both ends, or start and end. Default 1. */
  padding: endsOfAxes(rank, 1),
  dataFormat: dataFormat(),
});

/** Options of `ZeroPadding1D`. */
export type ZeroPadding1DOptions = OptionsOf<typeof schema1D> & LayerOptions;
/** Options of `ZeroPadding2D` and `ZeroPadding3D`. */
export type ZeroPaddingOptions = OptionsOf<ReturnType<typeof schema>> & LayerOptions;

const padded = (x: Tensor, format: DataFormat, padding: readonly Ends[]): Tensor =>
  ops.pad(x, x.shape.map((_, axis) => padding[axis - firstSpatial(format)] ?? [0, 0]));

/**
 * Adds zeros at the ends of `(batch, steps, channels)`. With `dataFormat: 'channels_first'` the channels are axis 1.
 *
 * @throws for an input that has not three axes.
 */
export class ZeroPadding1D extends layer('ZeroPadding1D', schema1D, ['padding']) {
  static readonly samples = [{ args: [], inputs: [[2, 3, 4]] }, { args: [[0, 2], { dataFormat: 'channels_first' }], inputs: [[2, 3, 4]] }];
  override inputSpec = new InputSpec({ ndim: 3 });

  override call(x: Tensor): Tensor {
    return padded(x, this.config.dataFormat, [this.config.padding]);
  }
}

/**
 * Adds rows and columns of zeros at the borders of `(batch, rows, columns, channels)`. With `dataFormat: 'channels_first'` the channels are
 * axis 1.
 *
 * ```ts
 * new keras.layers.ZeroPadding2D([[1, 2], 0])(ops.ones([1, 4, 4, 3])).shape; // [1, 7, 4, 3]
 * ```
 * @throws for an input that has not four axes.
 */
export class ZeroPadding2D extends layer('ZeroPadding2D', schema(2), ['padding']) {
  static readonly samples = [
    { args: [], inputs: [[2, 3, 4, 2]] },
    { args: [[1, [0, 2]], { dataFormat: 'channels_first' }], inputs: [[2, 3, 4, 2]] },
  ];
  override inputSpec = new InputSpec({ ndim: 4 });

  override call(x: Tensor): Tensor {
    return padded(x, this.config.dataFormat, this.config.padding);
  }
}

/** As `ZeroPadding2D`, for `(batch, depth, rows, columns, channels)`. @throws for an input that has not five axes. */
export class ZeroPadding3D extends layer('ZeroPadding3D', schema(3), ['padding']) {
  static readonly samples = [
    { args: [], inputs: [[2, 3, 4, 2, 2]] },
    { args: [[1, [0, 2], 0], { dataFormat: 'channels_first' }], inputs: [[2, 3, 4, 2, 1]] },
  ];
  override inputSpec = new InputSpec({ ndim: 5 });

  override call(x: Tensor): Tensor {
    return padded(x, this.config.dataFormat, this.config.padding);
  }
}
