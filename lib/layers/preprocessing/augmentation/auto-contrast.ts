// AutoContrast: the values of each image stretched over the whole range.
import type { OptionsOf } from '../../../config/configurable.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import { imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { sortedValueRange } from './fields.js';
import { BYTES, changeRange } from './value-ranges.js';

const schema = {
  /** The least and the greatest value of pixels. */
  valueRange: sortedValueRange(),
} as const;

/** Options of `AutoContrast`. */
export type AutoContrastOptions = OptionsOf<typeof schema> & ImageLayerOptions;

/**
 * Stretches the values of each image so that its least becomes the least of the value range and its greatest the greatest; those of one
 * value alone stay. In inference too. Extremes are taken over axes 1 and 2: those of each channel with channels last.
 *
 * ```ts
 * new keras.layers.AutoContrast();
 * ```
 */
export class AutoContrast extends imageLayer('AutoContrast', schema) {
  static readonly samples = [{ args: [{ valueRange: [-3, 3] }], inputs: [[2, 5, 4, 3]] }];
  protected override readonly alwaysTransforms = true;

  protected override applyToImages(images: Tensor): Tensor {
    const { valueRange } = this.config;
    const bytes = ops.cast(changeRange(images, valueRange, BYTES, this.computeDtype), this.computeDtype);
    const each = { axis: [1, 2], keepdims: true };
    const low = images.size === 0 ? bytes : ops.min(bytes, each);
    const scale = ops.divide(255, ops.subtract(images.size === 0 ? bytes : ops.max(bytes, each), low));
    const stretched = ops.clip(ops.add(ops.multiply(bytes, scale), ops.multiply(ops.negative(low), scale)), ...BYTES);
    const result = changeRange(stretched, BYTES, valueRange, this.computeDtype);
    return ops.where(ops.isnan(result), ops.cast(images, this.computeDtype), result);
  }
}
