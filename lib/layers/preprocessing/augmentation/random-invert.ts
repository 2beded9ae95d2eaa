// RandomInvert: some images turned into their negatives.
import type { OptionsOf } from '../../../config/configurable.js';
import { withDefault } from '../../../config/fields.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { beside, drawChances } from './chance.js';
import { factor, seed, valueRange } from './fields.js';

const schema = {
  /** How probably an image is inverted: drawn between two numbers from 0 to 1, or from 0 to one. */
  factor: withDefault(factor(0, 1), 1),
  /** The least and the greatest value of pixels; the latter becomes 0. */
  valueRange: valueRange(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `RandomInvert`. */
export type RandomInvertOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** Which images are inverted, `[batch]`. */
export interface InvertTransformation<T = Tensor> {
  apply_inversion: T;
}

/**
 * While training, `valueRange[1] - x` for some of the images.
 *
 * ```ts
 * new keras.layers.RandomInvert({ factor: 0.3, valueRange: [0, 1] });
 * ```
 */
export class RandomInvert extends imageLayer('RandomInvert', schema) {
  static readonly samples = [{ args: [{ valueRange: [-2, 2], seed: 1 }], inputs: [[4, 5, 4, 3]] }];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): InvertTransformation | null {
    const { images: { count }, training, seed } = this.drawing(data, options);
    return training ? { apply_inversion: drawChances(count, this.config.factor, seed) } : null;
  }
  protected override applyToImages(given: Tensor, { apply_inversion: chosen }: InvertTransformation<TensorLike>): Tensor {
    const images = ops.cast(given, this.computeDtype);
    return ops.where(beside(chosen), ops.subtract(this.config.valueRange[1], images), images);
  }
}
