// RandomGaussianBlur: some images blurred.
import type { OptionsOf } from '../../../config/configurable.js';
import { type Field, field, withDefault } from '../../../config/fields.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { beside, drawChances } from './chance.js';
import { factor, type Range, type RangeLike, seed, valueRange } from './fields.js';

const isOdd = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value > 0 && value % 2 === 1;
const windowSize: Field<RangeLike, Range, true> = field<RangeLike, Range>('an odd integer, or an array of two odd integers', (value) => {
  if (isOdd(value)) return [value, value];
  return Array.isArray(value) && value.length === 2 && value.every(isOdd) ? (value as unknown as Range) : undefined;
});
const schema = {
  /** How probably an image is blurred: drawn between two numbers from 0 to 1, or from 0 to one. */
  factor: withDefault(factor(0, 1), 1),
  /** Pixels of the window, across and down: one odd number or two. */
  kernelSize: withDefault(windowSize, 3),
  /** Standard deviations in pixels, across and down: each drawn between two numbers from 0 to 1, or from 0 to one. */
  sigma: withDefault(factor(0, 1), 1),
  /** The least and the greatest value of pixels. */
  valueRange: valueRange(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `RandomGaussianBlur`. */
export type RandomGaussianBlurOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** Which images are blurred, `[batch]`, and the standard deviations across and down, `[2]`. */
export interface GaussianBlurTransformation<T = Tensor> {
  should_apply_blur: T;
  blur_factor: T;
}

/**
 * While training, blurs some images by a Gaussian window, one for the whole batch as in Keras; zeros lie around the images.
 *
 * ```ts
 * new keras.layers.RandomGaussianBlur({ factor: 0.5, kernelSize: 5, sigma: [0.3, 1] });
 * ```
 */
export class RandomGaussianBlur extends imageLayer('RandomGaussianBlur', schema) {
  static readonly samples = [
    { args: [{ valueRange: [-3, 3], seed: 1 }], inputs: [[4, 6, 5, 3]] },
    { args: [{ kernelSize: [3, 5], sigma: [0.5, 1], valueRange: [-3, 3], seed: 1, dataFormat: 'channels_first' }], inputs: [[4, 2, 6, 5]] },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);
  protected override readonly castsImages = true;

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): GaussianBlurTransformation | null {
    const { images: { count }, training, seed } = this.drawing(data, options);
    if (!training) return null;
    const chosen = drawChances(count, this.config.factor, seed);
    const [minval, maxval] = this.config.sigma;
    return {
      should_apply_blur: chosen,
      blur_factor: ops.add(random.uniform([2], { minval, maxval, seed, dtype: this.computeDtype }), 1e-6),
    };
  }
  protected override applyToImages(
    images: Tensor,
    { should_apply_blur: chosen, blur_factor: factors }: GaussianBlurTransformation<TensorLike>,
  ): Tensor {
    const { kernelSize, valueRange } = this.config;
    // The least sigma has no window in 16 bits, where 1e-6 is nearly 0.
    const sigma = ops.maximum(ops.cast(factors, 'float32'), 1e-6);
    const blurred = ops.image.gaussianBlur(images, { kernelSize, sigma, dataFormat: this.dataFormat });
    return ops.clip(ops.where(beside(chosen), blurred, images), ...valueRange);
  }
}
