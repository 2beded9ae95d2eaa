// Equalization: values spread evenly over the whole range.
import type { OptionsOf } from '../../../config/configurable.js';
import { int, withDefault } from '../../../config/fields.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import { imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { sortedValueRange } from './fields.js';
import { BYTES } from './value-ranges.js';

const schema = {
  /** The least and the greatest value of pixels. */
  valueRange: sortedValueRange(),
  /** How many levels are told apart. */
  bins: withDefault(int({ min: 1 }), 256),
} as const;

/** Options of `Equalization`. */
export type EqualizationOptions = OptionsOf<typeof schema> & ImageLayerOptions;

/**
 * While training, equalizes the histogram of each channel, that of all images of the batch together as in Keras, so that its values are
 * spread evenly over the range. Channels of a single level stay.
 *
 * ```ts
 * new keras.layers.Equalization({ valueRange: [0, 1] });
 * ```
 */
export class Equalization extends imageLayer('Equalization', schema) {
  static readonly samples = [{ args: [{ valueRange: [-3, 3], bins: 64 }], inputs: [[2, 5, 4, 3]] }];

  protected override applyToImages(images: Tensor): Tensor {
    const { valueRange: [low, high], bins } = this.config;
    const channels = this.dataFormat === 'channels_first' ? 1 : 3;
    const count = images.shape[channels]!;
    const scaled = (x: Tensor, scale: number, offset: number) => ops.add(ops.multiply(x, scale), offset);
    const scale = 255 / (high - low);
    const bytes = scaled(ops.cast(images, this.computeDtype), scale, -low * scale);
    // Every channel has its own part of the histogram and of the table.
    const starts = ops.reshape(ops.multiply(ops.arange(count, { dtype: 'int32' }), bins), channels === 1 ? [count, 1, 1] : [count]);
    const level = ops.clip(ops.cast(ops.divide(ops.multiply(ops.cast(bytes, 'float32'), bins - 1), 255), 'int32'), 0, bins - 1);
    const ids = ops.reshape(ops.add(level, starts), [-1]);
    const counts = ops.reshape(ops.segmentSum(ops.onesLike(ids), ids, { numSegments: count * bins }), [count, bins]);
    const places = ops.cast(ops.clip(ops.multiply(ops.divide(bytes, 255), bins - 1), 0, bins - 1), 'int32');
    const equalized = ops.cast(ops.take(ops.reshape(tableOf(counts), [-1]), ops.add(places, starts)), bytes.dtype);
    const levels = ops.sum(ops.cast(ops.greater(counts, 0), 'int32'), { axis: 1 });
    const single = ops.reshape(ops.lessEqual(levels, 1), starts.shape);
    return scaled(ops.where(single, bytes, equalized), (high - low) / 255, low);
  }
}

/** What each level becomes, from the counts of the levels of each channel. */
function tableOf(counts: Tensor): Tensor {
  const sums = ops.cast(ops.cumsum(counts, { axis: 1 }), 'float64');
  const each = { axis: 1, keepdims: true };
  const total = ops.max(sums, each);
  const least = ops.min(ops.where(ops.greater(sums, 0), sums, total), each);
  const span = ops.subtract(total, least);
  const spread = ops.divide(ops.multiply(ops.subtract(sums, least), 255), ops.where(ops.equal(span, 0), ops.onesLike(span), span));
  return ops.clip(ops.round(spread), ...BYTES);
}
