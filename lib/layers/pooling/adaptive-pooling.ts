// AdaptiveMaxPooling and AdaptiveAveragePooling over one, two and three spatial axes: pooling to a given size.
import type { OptionsOf } from '../../config/configurable.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { dataFormat } from '../data-format.js';
import { InputSpec } from '../input-spec.js';
import { layer } from '../layer.js';
import type { LayerOptions } from '../options.js';
import { sizes } from '../spatial-fields.js';

const schema = (rank: number) => ({
  /** Number of windows on each axis. */
  outputSize: sizes(rank),
  dataFormat: dataFormat(),
});

/** Options of the adaptive pooling layers. */
export type AdaptivePoolingOptions = OptionsOf<ReturnType<typeof schema>> & LayerOptions;

/**
 * The mean of each of `outputSize` windows of about equal length, which cover `(batch, steps, channels)`, for each channel. Of n steps, window i of m
 * is that from `floor(i * n / m)` up to before `ceil((i + 1) * n / m)`. With `dataFormat: 'channels_first'` the channels are axis 1.
 *
 * @throws for an input that has not three axes.
 */
export class AdaptiveAveragePooling1D extends layer('AdaptiveAveragePooling1D', schema(1), ['outputSize']) {
  static readonly samples = [
    { args: [3], inputs: [[2, 7, 3]] },
    { args: [2, { dataFormat: 'channels_first' }], inputs: [[2, 3, 7]] },
  ];
  override inputSpec = new InputSpec({ ndim: 3 });

  override call(x: Tensor): Tensor {
    return ops.adaptiveAveragePool(x, this.config.outputSize, { dataFormat: this.config.dataFormat });
  }
}

/** As `AdaptiveAveragePooling1D`, for `(batch, rows, columns, channels)`: `outputSize` is one number or one for each axis. @throws for an input that has not four axes. */
export class AdaptiveAveragePooling2D extends layer('AdaptiveAveragePooling2D', schema(2), ['outputSize']) {
  static readonly samples = [
    { args: [[3, 4]], inputs: [[2, 7, 6, 3]] },
    { args: [2, { dataFormat: 'channels_first' }], inputs: [[2, 3, 7, 6]] },
  ];
  override inputSpec = new InputSpec({ ndim: 4 });

  override call(x: Tensor): Tensor {
    return ops.adaptiveAveragePool(x, this.config.outputSize, { dataFormat: this.config.dataFormat });
  }
}

/** As `AdaptiveAveragePooling1D`, for `(batch, depth, rows, columns, channels)`: `outputSize` is one number or one for each axis. @throws for an input that has not five axes. */
export class AdaptiveAveragePooling3D extends layer('AdaptiveAveragePooling3D', schema(3), ['outputSize']) {
  static readonly samples = [
    { args: [[2, 4, 3]], inputs: [[2, 5, 4, 6, 2]] },
    { args: [2, { dataFormat: 'channels_first' }], inputs: [[2, 2, 5, 4, 6]] },
  ];
  override inputSpec = new InputSpec({ ndim: 5 });

  override call(x: Tensor): Tensor {
    return ops.adaptiveAveragePool(x, this.config.outputSize, { dataFormat: this.config.dataFormat });
  }
}

/**
 * The largest element of each of `outputSize` windows of about equal length, which cover `(batch, steps, channels)`, for each channel. Of n steps, window i of m
 * is that from `floor(i * n / m)` up to before `ceil((i + 1) * n / m)`. With `dataFormat: 'channels_first'` the channels are axis 1.
 *
 * @throws for an input that has not three axes.
 */
export class AdaptiveMaxPooling1D extends layer('AdaptiveMaxPooling1D', schema(1), ['outputSize']) {
  static readonly samples = [
    { args: [3], inputs: [[2, 7, 3]] },
    { args: [2, { dataFormat: 'channels_first' }], inputs: [[2, 3, 7]] },
  ];
  override inputSpec = new InputSpec({ ndim: 3 });

  override call(x: Tensor): Tensor {
    return ops.adaptiveMaxPool(x, this.config.outputSize, { dataFormat: this.config.dataFormat });
  }
}

/** As `AdaptiveMaxPooling1D`, for `(batch, rows, columns, channels)`: `outputSize` is one number or one for each axis. @throws for an input that has not four axes. */
export class AdaptiveMaxPooling2D extends layer('AdaptiveMaxPooling2D', schema(2), ['outputSize']) {
  static readonly samples = [
    { args: [[3, 4]], inputs: [[2, 7, 6, 3]] },
    { args: [2, { dataFormat: 'channels_first' }], inputs: [[2, 3, 7, 6]] },
  ];
  override inputSpec = new InputSpec({ ndim: 4 });

  override call(x: Tensor): Tensor {
    return ops.adaptiveMaxPool(x, this.config.outputSize, { dataFormat: this.config.dataFormat });
  }
}

/** As `AdaptiveMaxPooling1D`, for `(batch, depth, rows, columns, channels)`: `outputSize` is one number or one for each axis. @throws for an input that has not five axes. */
export class AdaptiveMaxPooling3D extends layer('AdaptiveMaxPooling3D', schema(3), ['outputSize']) {
  static readonly samples = [
    { args: [[2, 4, 3]], inputs: [[2, 5, 4, 6, 2]] },
    { args: [2, { dataFormat: 'channels_first' }], inputs: [[2, 2, 5, 4, 6]] },
  ];
  override inputSpec = new InputSpec({ ndim: 5 });

  override call(x: Tensor): Tensor {
    return ops.adaptiveMaxPool(x, this.config.outputSize, { dataFormat: this.config.dataFormat });
  }
}
