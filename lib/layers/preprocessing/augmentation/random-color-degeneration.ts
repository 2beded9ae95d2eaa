// RandomColorDegeneration: images made grey to a random degree.
import type { OptionsOf } from '../../../config/configurable.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { factor, seed, sortedValueRange } from './fields.js';

const schema = {
  /** How far towards grey: two numbers from -1 to 1, or one for minus it to it. 1 is grey, 0 the image. */
  factor: factor(-1, 1),
  /** The least and the greatest value of pixels. */
  valueRange: sortedValueRange(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `RandomColorDegeneration`. */
export type RandomColorDegenerationOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** How far each image goes towards grey, `[batch, 1, 1, 1]`. */
export interface ColorDegenerationTransformation<T = Tensor> {
  factor: T;
}

/**
 * While training, blends each image of red, green and blue with its brightness by a share that is drawn between the two numbers of
 * `factor`.
 *
 * ```ts
 * new keras.layers.RandomColorDegeneration([0, 0.5]);
 * ```
 */
export class RandomColorDegeneration extends imageLayer('RandomColorDegeneration', schema, ['factor']) {
  static readonly samples = [{ args: [[0.2, 0.8], { valueRange: [-3, 3], seed: 1 }], inputs: [[2, 5, 4, 3]] }];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): ColorDegenerationTransformation | null {
    const { images: { count }, training, seed } = this.drawing(data, options);
    if (!training) return null;
    const [minval, maxval] = this.config.factor;
    return { factor: random.uniform([count, 1, 1, 1], { minval, maxval, seed }) };
  }
  protected override applyToImages(given: Tensor, { factor: share }: ColorDegenerationTransformation<TensorLike>): Tensor {
    const images = ops.cast(given, this.computeDtype);
    const grey = ops.image.rgbToGrayscale(images, { dataFormat: this.dataFormat });
    const blended = ops.add(images, ops.multiply(ops.cast(share, this.computeDtype), ops.subtract(grey, images)));
    return ops.clip(blended, ...this.config.valueRange);
  }
}
