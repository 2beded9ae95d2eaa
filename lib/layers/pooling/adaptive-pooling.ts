// AdaptiveMaxPooling and AdaptiveAveragePooling over one, two and three spatial axes: pooling to a given size.
import type { OptionsOf } from '../../config/configurable.js';
import * as ops from '../../ops/index.js';
import { dataFormat } from '../base/data-format.js';
import type { LayerOptions } from '../base/options.js';
import { sizes } from '../base/spatial-fields.js';
import { poolingLayer } from './pooling-layer.js';

const schema = (rank: number) => ({
  /** Number of windows on each axis. */
  outputSize: sizes(rank),
  dataFormat: dataFormat(),
});

/** Options of the adaptive pooling layers. */
export type AdaptivePoolingOptions = OptionsOf<ReturnType<typeof schema>> & LayerOptions;

/** A layer that pools `rank` spatial axes to `outputSize`. */
const adaptivePooling = (className: string, rank: number, op: typeof ops.adaptiveMaxPool) =>
  poolingLayer(className, schema(rank), { rank, pool: (x, { outputSize, ...options }) => op(x, outputSize, options) }, ['outputSize']);

/**
 * The mean of each of `outputSize` windows of about equal length, which cover `(batch, steps, channels)`, for each channel. Of n steps,
 * window i of m is that from `floor(i * n / m)` up to before `ceil((i + 1) * n / m)`. With `dataFormat: 'channels_first'` the channels are
 * axis 1.
 *
 * @throws for an input that has not three axes.
 */
export class AdaptiveAveragePooling1D extends adaptivePooling('AdaptiveAveragePooling1D', 1, ops.adaptiveAveragePool) {
  static readonly samples = [
    { args: [3], inputs: [[2, 7, 3]] },
    { args: [2, { dataFormat: 'channels_first' }], inputs: [[2, 3, 7]] },
  ];
}

/**
 * As `AdaptiveAveragePooling1D`, for `(batch, rows, columns, channels)`: `outputSize` is one number or one for each axis. @throws for an
 * input that has not four axes.
 */
export class AdaptiveAveragePooling2D extends adaptivePooling('AdaptiveAveragePooling2D', 2, ops.adaptiveAveragePool) {
  static readonly samples = [
    { args: [[3, 4]], inputs: [[2, 7, 6, 3]] },
    { args: [2, { dataFormat: 'channels_first' }], inputs: [[2, 3, 7, 6]] },
  ];
}

/**
 * As `AdaptiveAveragePooling1D`, for `(batch, depth, rows, columns, channels)`: `outputSize` is one number or one for each axis. @throws
 * for an input that has not five axes.
 */
export class AdaptiveAveragePooling3D extends adaptivePooling('AdaptiveAveragePooling3D', 3, ops.adaptiveAveragePool) {
  static readonly samples = [
    { args: [[2, 4, 3]], inputs: [[2, 5, 4, 6, 2]] },
    { args: [2, { dataFormat: 'channels_first' }], inputs: [[2, 2, 5, 4, 6]] },
  ];
}

/**
 * The largest element of each of `outputSize` windows of about equal length, which cover `(batch, steps, channels)`, for each channel. Of n
 * steps, window i of m is that from `floor(i * n / m)` up to before `ceil((i + 1) * n / m)`. With `dataFormat: 'channels_first'` the
 * channels are axis 1.
 *
 * @throws for an input that has not three axes.
 */
export class AdaptiveMaxPooling1D extends adaptivePooling('AdaptiveMaxPooling1D', 1, ops.adaptiveMaxPool) {
  static readonly samples = [
    { args: [3], inputs: [[2, 7, 3]] },
    { args: [2, { dataFormat: 'channels_first' }], inputs: [[2, 3, 7]] },
  ];
}

/**
 * As `AdaptiveMaxPooling1D`, for `(batch, rows, columns, channels)`: `outputSize` is one number or one for each axis. @throws for an input
 * that has not four axes.
 */
export class AdaptiveMaxPooling2D extends adaptivePooling('AdaptiveMaxPooling2D', 2, ops.adaptiveMaxPool) {
  static readonly samples = [
    { args: [[3, 4]], inputs: [[2, 7, 6, 3]] },
    { args: [2, { dataFormat: 'channels_first' }], inputs: [[2, 3, 7, 6]] },
  ];
}

/**
 * As `AdaptiveMaxPooling1D`, for `(batch, depth, rows, columns, channels)`: `outputSize` is one number or one for each axis. @throws for an
 * input that has not five axes.
 */
export class AdaptiveMaxPooling3D extends adaptivePooling('AdaptiveMaxPooling3D', 3, ops.adaptiveMaxPool) {
  static readonly samples = [
    { args: [[2, 4, 3]], inputs: [[2, 5, 4, 6, 2]] },
    { args: [2, { dataFormat: 'channels_first' }], inputs: [[2, 2, 5, 4, 6]] },
  ];
}
