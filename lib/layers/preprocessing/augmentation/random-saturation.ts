// RandomSaturation: colours made stronger or paler at random.
import type { OptionsOf } from '../../../config/configurable.js';
import type { TensorLike } from '../../../core/convert.js';
import { settings } from '../../../base/settings.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { beside } from './chance.js';
import { factor, seed, sortedValueRange } from './fields.js';
import { changeHsv } from './hsv.js';

const schema = {
  /** 0 takes all colour away, 0.5 leaves the image, 1 saturates it: two numbers, or one for minus it to it. */
  factor: factor(-1, 1),
  /** The least and the greatest saturation. */
  valueRange: sortedValueRange(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `RandomSaturation`. */
export type RandomSaturationOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** What the saturation of each image is multiplied by, `[batch]`. */
export interface SaturationTransformation<T = Tensor> {
  factor: T;
}

/**
 * While training, multiplies the saturation of each image of red, green and blue from 0 to 1 by `f / (1 - f)`, with f drawn between the two
 * numbers of `factor`.
 *
 * ```ts
 * new keras.layers.RandomSaturation([0.4, 0.6], { valueRange: [0, 1] });
 * ```
 */
export class RandomSaturation extends imageLayer('RandomSaturation', schema, ['factor']) {
  static readonly samples = [{ args: [[0.3, 0.5], { valueRange: [0, 1], seed: 1 }], inputs: [[2, 5, 4, 3]] }];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): SaturationTransformation | null {
    const { images: { count }, training, seed } = this.drawing(data, options);
    if (!training) return null;
    const [minval, maxval] = this.config.factor;
    const share = random.uniform([count], { minval, maxval, seed });
    return { factor: ops.divide(share, ops.add(ops.subtract(1, share), settings.epsilon)) };
  }
  protected override applyToImages(images: Tensor, { factor: strength }: SaturationTransformation<TensorLike>): Tensor {
    const times = beside(ops.cast(strength, this.computeDtype));
    return changeHsv(images, this.dataFormat, 1, (plane) => ops.clip(ops.multiply(plane, times), ...this.config.valueRange));
  }
}
