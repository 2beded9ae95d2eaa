// RandomGrayscale: some images made grey.
import type { OptionsOf } from '../../../config/configurable.js';
import { float, withDefault, withUnsavedDefault } from '../../../config/fields.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { beside } from './chance.js';
import { seed } from './fields.js';

const schema = {
  /** How probably an image becomes grey. */
  factor: withDefault(float({ min: 0, max: 1 }), 0.5),
  /** Seed of the draws; null: a random one. */
  seed: withUnsavedDefault(seed(), null),
} as const;

/** Options of `RandomGrayscale`. */
export type RandomGrayscaleOptions = OptionsOf<typeof schema> & ImageLayerOptions;

/**
 * While training, replaces the channels of some images of red, green and blue by their brightness.
 *
 * ```ts
 * new keras.layers.RandomGrayscale({ factor: 0.2 });
 * ```
 */
export class RandomGrayscale extends imageLayer('RandomGrayscale', schema) {
  static readonly samples = [
    { args: [{ seed: 1 }], inputs: [[4, 5, 4, 3]] },
    { args: [{ factor: 0.3, seed: 1, dataFormat: 'channels_first' }], inputs: [[4, 3, 5, 4]] },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);

  /** Which images become grey, `[batch, 1, 1, 1]`. */
  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): Tensor | null {
    const { images: { count }, training, seed } = this.drawing(data, options);
    return training ? beside(ops.less(random.uniform([count], { seed }), this.config.factor)) : null;
  }
  protected override applyToImages(images: Tensor, grey: TensorLike): Tensor {
    return ops.where(grey, ops.image.rgbToGrayscale(images, { dataFormat: this.dataFormat }), images);
  }
}
