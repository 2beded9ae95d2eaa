// RandomElasticTransform: images bent at random.
import type { OptionsOf } from '../../../config/configurable.js';
import { oneOf, withDefault } from '../../../config/fields.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import { elasticTransformUpTo } from '../../../ops/image/transform.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import type { LabeledBoxes } from '../bounding-boxes/formats.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { beside, drawChances } from './chance.js';
import { factor, fillValue, interpolation, seed, valueRange } from './fields.js';

const schema = {
  /** How probably an image is bent: drawn between two numbers from 0 to 1, or from 0 to one. */
  factor: withDefault(factor(0, 1), 1),
  /** How much: drawn between two numbers from 0 to 1, or from 0 to one. */
  scale: withDefault(factor(0, 1), 1),
  /** How values between pixels are found. */
  interpolation: interpolation(),
  /** What stands outside of the images. */
  fillMode: withDefault(oneOf('constant', 'nearest', 'wrap', 'mirror', 'reflect'), 'reflect'),
  /** The constant that stands outside of the images with `fillMode: 'constant'`. */
  fillValue: fillValue(),
  /** The least and the greatest value of pixels. */
  valueRange: valueRange(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `RandomElasticTransform`. */
export type RandomElasticTransformOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** Which images are bent, and how. */
export interface ElasticTransformation<T = Tensor> {
  /** `[batch]`. */
  apply_transform: T;
  /** How much, a scalar for the whole batch. */
  distortion_factor: T;
  /** What the moves are drawn with: images and masks are bent alike. */
  seed: random.Seed;
}

/**
 * While training, bends some images: each pixel is read beside its place, by smooth random moves of up to a tenth of the larger side or so
 * (P. Simard et al., 2003). Masks follow.
 *
 * ```ts
 * new keras.layers.RandomElasticTransform({ factor: 0.5, scale: [0.2, 0.6] });
 * ```
 * @throws for inputs with bounding boxes.
 */
export class RandomElasticTransform extends imageLayer('RandomElasticTransform', schema) {
  static readonly samples = [
    { args: [{ scale: [0.5, 1], valueRange: [-3, 3], seed: 1 }], inputs: [[3, 9, 8, 2]] },
    {
      args: [{ scale: [0.5, 1], valueRange: [-3, 3], fillMode: 'constant', seed: 1, dataFormat: 'channels_first' }],
      inputs: [[3, 2, 8, 9]],
    },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);
  protected override readonly castsImages = true;

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): ElasticTransformation | null {
    const { images: { count }, training, seed } = this.drawing(data, options);
    const { factor, scale: [minval, maxval] } = this.config;
    if (!training || maxval === 0 || factor[1] === 0) return null;
    return {
      apply_transform: drawChances(count, factor, seed),
      distortion_factor: random.uniform([], { minval, maxval, seed, dtype: this.computeDtype }),
      seed: seed instanceof random.SeedGenerator ? seed.next() : seed,
    };
  }
  private bent(images: Tensor, transformation: ElasticTransformation<TensorLike>, kind: 'nearest' | 'bilinear'): Tensor {
    const { fillMode, fillValue, valueRange, scale } = this.config;
    const { apply_transform: chosen, distortion_factor: given, seed } = transformation;
    const { height, width } = this.sizesOf(images.shape);
    const amount = ops.cast(given, this.computeDtype);
    const deviation = Math.min(height, width) * 0.05;
    const bent = elasticTransformUpTo(images, {
      alpha: ops.multiply(amount, Math.max(height, width) * 0.1),
      sigma: ops.multiply(amount, deviation),
      interpolation: kind,
      fillMode,
      fillValue,
      seed,
      dataFormat: this.dataFormat,
    }, deviation * Math.max(scale[1], 1));
    return ops.clip(ops.where(beside(chosen), bent, images), ...valueRange);
  }
  protected override applyToImages(images: Tensor, transformation: ElasticTransformation<TensorLike>): Tensor {
    return this.bent(images, transformation, this.config.interpolation);
  }
  protected override applyToMasks(masks: Tensor, transformation: ElasticTransformation<TensorLike>): Tensor {
    return this.bent(ops.cast(masks, this.computeDtype), transformation, 'nearest');
  }
  protected override applyToBoxes(): LabeledBoxes<Tensor> {
    throw new TypeError(`${this.title}: boxes cannot be bent`);
  }
}
