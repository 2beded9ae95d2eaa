// MaxPooling and AveragePooling over one, two and three spatial axes.
import type { ConfigOf, OptionsOf } from '../../config/configurable.js';
import { nullable, withDefault } from '../../config/fields.js';
import * as ops from '../../ops/index.js';
import { dataFormat } from '../base/data-format.js';
import type { LayerOptions } from '../base/options.js';
import { sizes, windowPadding } from '../base/spatial-fields.js';
import { poolingLayer, type PoolingLayer } from './pooling-layer.js';
import type { Tensor } from '../../core/tensor.js';

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

type PoolingSchema = ReturnType<typeof maxSchema> | ReturnType<typeof averageSchema>;

/** A layer that pools windows over `rank` spatial axes. */
function windowPooling<const S extends PoolingSchema>(className: string, rank: number, schema: S, op: typeof ops.maxPool) {
  const pool = (x: Tensor, config: ConfigOf<S>): Tensor => {
    const { poolSize, ...options } = config as unknown as ConfigOf<PoolingSchema>;
    return op(x, poolSize, options);
  };
  const Base = poolingLayer<S, readonly ['poolSize']>(className, schema, { rank, pool }, ['poolSize']);
  class WindowPooling extends (Base as unknown as new () => PoolingLayer & { readonly config: ConfigOf<PoolingSchema> }) {
    static readonly builtWhenMade = true;

    /** Null as the strides means the size of a window. */
    constructor(...args: []) {
      super(...args);
      (this.config as { strides: readonly number[] | null }).strides ??= this.config.poolSize;
    }
  }
  return WindowPooling as unknown as typeof Base;
}
const maxPooling = (className: string, rank: number) => windowPooling(className, rank, maxSchema(rank), ops.maxPool);
const averagePooling = (className: string, rank: number) => windowPooling(className, rank, averageSchema(rank), ops.averagePool);

/**
 * The largest element of each window of `poolSize` steps of `(batch, steps, channels)`, for each channel.
 * With `dataFormat: 'channels_first'` the channels are axis 1.
 *
 * ```ts
 * new keras.layers.MaxPooling1D(2)(ops.ones([1, 6, 4])).shape; // [1, 3, 4]
 * ```
 * @throws for an input that has not three axes, and when no window fits.
 */
export class MaxPooling1D extends maxPooling('MaxPooling1D', 1) {
  static readonly samples = [
    { args: [], inputs: [[2, 7, 3]] },
    { args: [3, { strides: 2, padding: 'same', dataFormat: 'channels_first' }], inputs: [[2, 3, 7]] },
  ];
}

/**
 * As `MaxPooling1D`, for `(batch, rows, columns, channels)`: `poolSize` and `strides` are one number or one for each axis. @throws for an
 * input that has not four axes.
 */
export class MaxPooling2D extends maxPooling('MaxPooling2D', 2) {
  static readonly samples = [
    { args: [], inputs: [[2, 7, 6, 3]] },
    { args: [3, { strides: 2, padding: 'same', dataFormat: 'channels_first' }], inputs: [[2, 3, 7, 6]] },
  ];
}

/**
 * As `MaxPooling1D`, for `(batch, depth, rows, columns, channels)`: `poolSize` and `strides` are one number or one for each axis. @throws
 * for an input that has not five axes.
 */
export class MaxPooling3D extends maxPooling('MaxPooling3D', 3) {
  static readonly samples = [
    { args: [], inputs: [[2, 5, 4, 6, 2]] },
    { args: [[2, 1, 3], { strides: 2, padding: 'same', dataFormat: 'channels_first' }], inputs: [[2, 2, 5, 4, 6]] },
  ];
}

/**
 * The mean of each window of `poolSize` steps of `(batch, steps, channels)`, for each channel; with padding `'same'` of the steps that
 * there are. With `dataFormat: 'channels_first'` the channels are axis 1.
 *
 * ```ts
 * new keras.layers.AveragePooling1D(2)(ops.ones([1, 6, 4])).shape; // [1, 3, 4]
 * ```
 * @throws for an input that has not three axes, and when no window fits.
 */
export class AveragePooling1D extends averagePooling('AveragePooling1D', 1) {
  static readonly samples = [
    { args: [2], inputs: [[2, 7, 3]] },
    { args: [3, { strides: 2, padding: 'same', dataFormat: 'channels_first' }], inputs: [[2, 3, 7]] },
  ];
}

/**
 * As `AveragePooling1D`, for `(batch, rows, columns, channels)`: `poolSize` and `strides` are one number or one for each axis. @throws for
 * an input that has not four axes.
 */
export class AveragePooling2D extends averagePooling('AveragePooling2D', 2) {
  static readonly samples = [
    { args: [2], inputs: [[2, 7, 6, 3]] },
    { args: [3, { strides: 2, padding: 'same', dataFormat: 'channels_first' }], inputs: [[2, 3, 7, 6]] },
  ];
}

/**
 * As `AveragePooling1D`, for `(batch, depth, rows, columns, channels)`: `poolSize` and `strides` are one number or one for each axis.
 * @throws for an input that has not five axes.
 */
export class AveragePooling3D extends averagePooling('AveragePooling3D', 3) {
  static readonly samples = [
    { args: [2], inputs: [[2, 5, 4, 6, 2]] },
    { args: [[2, 1, 3], { strides: 2, padding: 'same', dataFormat: 'channels_first' }], inputs: [[2, 2, 5, 4, 6]] },
  ];
}
