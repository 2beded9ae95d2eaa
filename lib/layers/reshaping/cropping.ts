// Cropping1D, 2D and 3D: less at the borders.
import type { OptionsOf } from '../../config/configurable.js';
import { showShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { dataFormat } from '../base/data-format.js';
import { InputSpec } from '../base/input-spec.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { type Ends, ends, endsOfAxes, firstSpatial } from '../base/spatial-fields.js';

const schema1D = {
  /** Steps to take off: a number for both ends, or start and end. Default 1. */
  cropping: ends([1, 1]),
} as const;
const schema = (rank: number, initial: number) => ({
  /** What to take off: a number for all, or for each axis one for both ends, or start and end. */
  cropping: endsOfAxes(rank, initial),
  dataFormat: dataFormat(),
});

/** Options of `Cropping1D`. */
export type Cropping1DOptions = OptionsOf<typeof schema1D> & LayerOptions;
/** Options of `Cropping2D` and `Cropping3D`. */
export type CroppingOptions = OptionsOf<ReturnType<typeof schema>> & LayerOptions;

/** A batch without the ends of neighbouring axes, the first of which is `first`. `complaint` says what must be smaller than what. */
function cropped(x: Tensor, first: number, cropping: readonly Ends[], complaint: string): Tensor {
  if (cropping.some(([start, end], i) => start + end >= x.shape[first + i]!)) {
    throw new RangeError(
      `${complaint}, received inputs of shape ${showShape(x.shape)} and cropping [${cropping.map((pair) => `[${pair.join(', ')}]`).join(', ')}]`,
    );
  }
  return ops.getItem(x, x.shape.map((size, axis) => {
    const [start, end] = cropping[axis - first] ?? [0, 0];
    return { start, stop: size - end };
  }));
}
const forImages = (name: string): string =>
  `${name}: Values in \`cropping\` argument should be smaller than the corresponding spatial dimension of the input`;

/**
 * Takes steps off the ends of `(batch, steps, channels)`.
 *
 * @throws for an input that has not three axes, and when nothing would be left.
 */
export class Cropping1D extends layer('Cropping1D', schema1D, ['cropping']) {
  static readonly samples = [{ args: [], inputs: [[2, 5, 3]] }, { args: [[2, 0]], inputs: [[2, 5, 3]] }];
  override inputSpec = new InputSpec({ ndim: 3 });

  override call(x: Tensor): Tensor {
    return cropped(
      x,
      1,
      [this.config.cropping],
      `Cropping1D "${this.name}": \`cropping\` parameter of \`Cropping1D\` layer must be smaller than the input length`,
    );
  }
}

/**
 * Takes rows and columns off the borders of `(batch, rows, columns, channels)`; by default none. With `dataFormat: 'channels_first'` the
 * channels are axis 1.
 *
 * ```ts
 * new keras.layers.Cropping2D([[1, 2], 3])(ops.ones([1, 10, 10, 4])).shape; // [1, 7, 4, 4]
 * ```
 * @throws for an input that has not four axes, and when nothing would be left.
 */
export class Cropping2D extends layer('Cropping2D', schema(2, 0), ['cropping']) {
  static readonly samples = [
    { args: [[[1, 2], 1]], inputs: [[2, 5, 4, 3]] },
    { args: [1, { dataFormat: 'channels_first' }], inputs: [[2, 2, 5, 4]] },
  ];
  override inputSpec = new InputSpec({ ndim: 4 });

  override call(x: Tensor): Tensor {
    return cropped(x, firstSpatial(this.config.dataFormat), this.config.cropping, forImages(`Cropping2D "${this.name}"`));
  }
}

/**
 * As `Cropping2D`, for `(batch, depth, rows, columns, channels)`; by default one at every border. @throws for an input that has not five
 * axes.
 */
export class Cropping3D extends layer('Cropping3D', schema(3, 1), ['cropping']) {
  static readonly samples = [
    { args: [], inputs: [[2, 4, 5, 4, 3]] },
    { args: [[0, [1, 0], [2, 1]], { dataFormat: 'channels_first' }], inputs: [[2, 2, 3, 4, 5]] },
  ];
  override inputSpec = new InputSpec({ ndim: 5 });

  override call(x: Tensor): Tensor {
    return cropped(x, firstSpatial(this.config.dataFormat), this.config.cropping, forImages(`Cropping3D "${this.name}"`));
  }
}
