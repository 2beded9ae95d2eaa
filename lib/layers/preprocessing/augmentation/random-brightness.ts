// RandomBrightness: images made brighter or darker at random.
import type { OptionsOf } from '../../../config/configurable.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { factor, seed, sortedValueRange } from './fields.js';

const schema = {
  /** Shares of the value range that are added: two numbers from -1 to 1, or one for minus it to it. */
  factor: factor(-1, 1),
  /** The least and the greatest value of pixels. */
  valueRange: sortedValueRange(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `RandomBrightness`. */
export type RandomBrightnessOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** What is added to each image, `[batch, 1, 1, 1]`. */
export interface BrightnessTransformation<T = Tensor> {
  rgb_delta: T;
}

/**
 * While training, adds to each image a share of the value range that is drawn between the two numbers of `factor`, and cuts off at the ends
 * of the range.
 *
 * ```ts
 * new keras.layers.RandomBrightness(0.2);
 * ```
 */
export class RandomBrightness extends imageLayer('RandomBrightness', schema, ['factor']) {
  static readonly samples = [{ args: [0.3, { valueRange: [-3, 3], seed: 1 }], inputs: [[4, 5, 4, 3]] }];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): BrightnessTransformation {
    const { images, training, seed } = this.drawing(data, options);
    const shape = images.shape.length === 3 ? [1, 1, 1] : [images.count, 1, 1, 1];
    if (!training) return { rgb_delta: ops.zeros(shape) };
    const { factor: [minval, maxval], valueRange: [low, high] } = this.config;
    return { rgb_delta: ops.multiply(random.uniform(shape, { minval, maxval, seed }), high - low) };
  }
  protected override applyToImages(images: Tensor, { rgb_delta: delta }: BrightnessTransformation<TensorLike>): Tensor {
    return ops.clip(ops.add(images, ops.cast(delta, images.dtype)), ...this.config.valueRange);
  }
}
