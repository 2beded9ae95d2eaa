// RandomContrast: contrast made stronger or weaker at random.
import type { OptionsOf } from '../../../config/configurable.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { factor, seed, valueRange } from './fields.js';

const schema = {
  /** Contrast becomes 1 - the first to 1 + the second as strong: two numbers from 0 to 1, or one for 0 and it. */
  factor: factor(0, 1),
  /** The least and the greatest value of pixels. */
  valueRange: valueRange(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `RandomContrast`. */
export type RandomContrastOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** What the difference from the mean is multiplied by, `[batch, 1, 1, 1]`. */
export interface ContrastTransformation<T = Tensor> {
  contrast_factor: T;
}

/**
 * While training, `(x - mean) * contrast + mean` with the mean of each channel of each image and a contrast drawn for each image between
 * `1 - factor[0]` and `1 + factor[1]`, cut off at the ends of the value range.
 *
 * ```ts
 * new keras.layers.RandomContrast([0.2, 0.2]);
 * ```
 */
export class RandomContrast extends imageLayer('RandomContrast', schema, ['factor']) {
  static readonly samples = [
    { args: [[0.5, 0.4], { valueRange: [-4, 4], seed: 1 }], inputs: [[4, 5, 4, 3]] },
    { args: [0.5, { valueRange: [-4, 4], seed: 1, dataFormat: 'channels_first' }], inputs: [[2, 3, 4, 5]] },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): ContrastTransformation {
    const { images, training, seed } = this.drawing(data, options);
    const shape = images.shape.length === 3 ? [1, 1, 1] : [images.count, 1, 1, 1];
    if (!training) return { contrast_factor: ops.zeros(shape) };
    const [below, above] = this.config.factor;
    return { contrast_factor: random.uniform(shape, { minval: 1 - below, maxval: 1 + above, seed, dtype: this.computeDtype }) };
  }
  protected override applyToImages(images: Tensor, { contrast_factor: contrast }: ContrastTransformation<TensorLike>): Tensor {
    const [height, width] = this.dataFormat === 'channels_first' ? [-2, -1] : [-3, -2];
    const rows = ops.mean(images, { axis: height, keepdims: true });
    const mean = ops.mean(rows, { axis: width, keepdims: true });
    return ops.clip(ops.add(ops.multiply(ops.subtract(images, mean), contrast), mean), ...this.config.valueRange);
  }
}
