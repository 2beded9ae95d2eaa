// MaxPooling and AveragePooling over one, two and three spatial axes.
import type { Config, OptionsOf } from '../../config/configurable.js';
import { nullable, withDefault } from '../../config/fields.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { dataFormat } from '../data-format.js';
import { InputSpec } from '../input-spec.js';
import { layer } from '../layer.js';
import type { LayerOptions } from '../options.js';
import { sizes, windowPadding } from '../spatial-fields.js';

/** Options of pooling besides the size of windows. */
const windowSchema = (rank: number) => ({
  padding: windowPadding(),
  /** How far windows are apart; null, the default: `poolSize`. */
  strides: nullable(sizes(rank)),
  dataFormat: dataFormat(),
});
const maxSchema = (rank: number) => ({
  /** Size of a window. Default 2 on each axis. */
  poolSize: withDefault(sizes(rank), 2),
  ...windowSchema(rank),
});
const averageSchema = (rank: number) => ({
  /** Size of a window. */
  poolSize: sizes(rank),
  ...windowSchema(rank),
});

/** Options of `MaxPooling1D`, `MaxPooling2D` and `MaxPooling3D`. */
export type MaxPoolingOptions = OptionsOf<ReturnType<typeof maxSchema>> & LayerOptions;
/** Options of `AveragePooling1D`, `AveragePooling2D` and `AveragePooling3D`. */
export type AveragePoolingOptions = OptionsOf<ReturnType<typeof averageSchema>> & LayerOptions;

/** The strides as Keras saves them: never null. */
const savedStrides = ({ strides, poolSize }: { readonly strides: readonly number[] | null; readonly poolSize: readonly number[] }): Config => ({ strides: strides ?? poolSize });

/**
 * The largest element of each window of `poolSize` steps of `(batch, steps, channels)`, for each channel.
 * With `dataFormat: 'channels_first'` the channels are axis 1.
 *
 * ```ts
 * new keras.layers.MaxPooling1D(2)(ops.ones([1, 6, 4])).shape; // [1, 3, 4]
 * ```
 * @throws for an input that has not three axes, and when no window fits.
 */
export class MaxPooling1D extends layer('MaxPooling1D', maxSchema(1), ['poolSize']) {
  static override readonly builtWhenMade = true;
  static readonly samples = [
    { args: [], inputs: [[2, 7, 3]] },
    { args: [3, { strides: 2, padding: 'same', dataFormat: 'channels_first' }], inputs: [[2, 3, 7]] },
  ];
  override inputSpec = new InputSpec({ ndim: 3 });

  override call(x: Tensor): Tensor {
    const { poolSize, ...options } = this.config;
    return ops.maxPool(x, poolSize, options);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), ...savedStrides(this.config) };
  }
}

/** As `MaxPooling1D`, for `(batch, rows, columns, channels)`: `poolSize` and `strides` are one number or one for each axis. @throws for an input that has not four axes. */
export class MaxPooling2D extends layer('MaxPooling2D', maxSchema(2), ['poolSize']) {
  static override readonly builtWhenMade = true;
  static readonly samples = [
    { args: [], inputs: [[2, 7, 6, 3]] },
    { args: [3, { strides: 2, padding: 'same', dataFormat: 'channels_first' }], inputs: [[2, 3, 7, 6]] },
  ];
  override inputSpec = new InputSpec({ ndim: 4 });

  override call(x: Tensor): Tensor {
    const { poolSize, ...options } = this.config;
    return ops.maxPool(x, poolSize, options);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), ...savedStrides(this.config) };
  }
}

/** As `MaxPooling1D`, for `(batch, depth, rows, columns, channels)`: `poolSize` and `strides` are one number or one for each axis. @throws for an input that has not five axes. */
export class MaxPooling3D extends layer('MaxPooling3D', maxSchema(3), ['poolSize']) {
  static override readonly builtWhenMade = true;
  static readonly samples = [
    { args: [], inputs: [[2, 5, 4, 6, 2]] },
    { args: [[2, 1, 3], { strides: 2, padding: 'same', dataFormat: 'channels_first' }], inputs: [[2, 2, 5, 4, 6]] },
  ];
  override inputSpec = new InputSpec({ ndim: 5 });

  override call(x: Tensor): Tensor {
    const { poolSize, ...options } = this.config;
    return ops.maxPool(x, poolSize, options);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), ...savedStrides(this.config) };
  }
}

/**
 * The mean of each window of `poolSize` steps of `(batch, steps, channels)`, for each channel; with padding `'same'` of the steps that there are.
 * With `dataFormat: 'channels_first'` the channels are axis 1.
 *
 * ```ts
 * new keras.layers.AveragePooling1D(2)(ops.ones([1, 6, 4])).shape; // [1, 3, 4]
 * ```
 * @throws for an input that has not three axes, and when no window fits.
 */
export class AveragePooling1D extends layer('AveragePooling1D', averageSchema(1), ['poolSize']) {
  static override readonly builtWhenMade = true;
  static readonly samples = [
    { args: [2], inputs: [[2, 7, 3]] },
    { args: [3, { strides: 2, padding: 'same', dataFormat: 'channels_first' }], inputs: [[2, 3, 7]] },
  ];
  override inputSpec = new InputSpec({ ndim: 3 });

  override call(x: Tensor): Tensor {
    const { poolSize, ...options } = this.config;
    return ops.averagePool(x, poolSize, options);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), ...savedStrides(this.config) };
  }
}

/** As `AveragePooling1D`, for `(batch, rows, columns, channels)`: `poolSize` and `strides` are one number or one for each axis. @throws for an input that has not four axes. */
export class AveragePooling2D extends layer('AveragePooling2D', averageSchema(2), ['poolSize']) {
  static override readonly builtWhenMade = true;
  static readonly samples = [
    { args: [2], inputs: [[2, 7, 6, 3]] },
    { args: [3, { strides: 2, padding: 'same', dataFormat: 'channels_first' }], inputs: [[2, 3, 7, 6]] },
  ];
  override inputSpec = new InputSpec({ ndim: 4 });

  override call(x: Tensor): Tensor {
    const { poolSize, ...options } = this.config;
    return ops.averagePool(x, poolSize, options);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), ...savedStrides(this.config) };
  }
}

/** As `AveragePooling1D`, for `(batch, depth, rows, columns, channels)`: `poolSize` and `strides` are one number or one for each axis. @throws for an input that has not five axes. */
export class AveragePooling3D extends layer('AveragePooling3D', averageSchema(3), ['poolSize']) {
  static override readonly builtWhenMade = true;
  static readonly samples = [
    { args: [2], inputs: [[2, 5, 4, 6, 2]] },
    { args: [[2, 1, 3], { strides: 2, padding: 'same', dataFormat: 'channels_first' }], inputs: [[2, 2, 5, 4, 6]] },
  ];
  override inputSpec = new InputSpec({ ndim: 5 });

  override call(x: Tensor): Tensor {
    const { poolSize, ...options } = this.config;
    return ops.averagePool(x, poolSize, options);
  }
  override getConfig(): Config {
    return { ...super.getConfig(), ...savedStrides(this.config) };
  }
}
