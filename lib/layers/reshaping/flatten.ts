// Flatten: all axes but the batch in one.
import type { OptionsOf } from '../../config/configurable.js';
import { sizeOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { dataFormat } from '../base/data-format.js';
import { InputSpec } from '../base/input-spec.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const schema = {
  /** With `'channels_first'` the channels are moved to the end before. */
  dataFormat: dataFormat(),
} as const;

/** Options of `Flatten`. */
export type FlattenOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * Makes each sample a vector: `(batch, a, b, …)` becomes `(batch, a * b * …)`, and `(batch,)` becomes `(batch, 1)`.
 *
 * @throws for an input without a batch axis.
 */
export class Flatten extends layer('Flatten', schema) {
  static readonly samples = [{ args: [], inputs: [[2, 3, 4]] }, { args: [{ dataFormat: 'channels_first' }], inputs: [[2, 3, 4, 5]] }];
  override inputSpec = new InputSpec({ minNdim: 1 });

  override call(x: Tensor): Tensor {
    const { shape, ndim } = x;
    const first = this.config.dataFormat === 'channels_first' && ndim > 2;
    const ordered = first ? ops.moveaxis(x, 1, -1) : x;
    return ops.reshape(ordered, [shape[0]!, sizeOf(shape.slice(1))]);
  }
}
