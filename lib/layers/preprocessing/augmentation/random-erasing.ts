// RandomErasing: a random rectangle of each image covered.
import type { OptionsOf } from '../../../config/configurable.js';
import { field, nullable, withDefault } from '../../../config/fields.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { type DrawnImages, type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { beside, drawChances } from './chance.js';
import { factor, seed, valueRange } from './fields.js';
import { drawSpans, insideOf } from './rectangles.js';

const colour = field<number | readonly number[]>('a number or an array of three numbers', (value) =>
  typeof value === 'number' || (Array.isArray(value) && value.length === 3 && value.every((n) => typeof n === 'number'))
    ? value
    : undefined,
);
const schema = {
  /** How probably something is erased: drawn between two numbers from 0 to 1, or from 0 to one. */
  factor: withDefault(factor(0, 1), 1),
  /** The square of the rectangle's share of the height, and of the width: drawn between two numbers from 0 to 1. */
  scale: withDefault(factor(0, 1), [0.02, 0.33]),
  /** What covers the rectangle: a number, or one for each of three channels. Null: noise. */
  fillValue: nullable(colour),
  /** The least and the greatest value of pixels. */
  valueRange: valueRange(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `RandomErasing`. */
export type RandomErasingOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** What of each image is covered. */
export interface ErasingTransformation<T = Tensor> {
  /** Which images are covered, `[batch]`. */
  apply_erasing: T;
  /** True for the pixels of the rectangle, in the shape of the images. */
  batch_masks: T;
  /** What covers them, in the shape of the images. */
  fill_value: T;
}

/**
 * While training, covers a random rectangle of some images by noise or a colour (Z. Zhong et al., 2017).
 *
 * ```ts
 * new keras.layers.RandomErasing({ factor: 0.5, fillValue: 0 });
 * ```
 */
export class RandomErasing extends imageLayer('RandomErasing', schema) {
  static readonly samples = [
    { args: [{ valueRange: [-2, 2], seed: 1 }], inputs: [[4, 5, 4, 3]] },
    { args: [{ valueRange: [-2, 2], fillValue: [0, 1, 2], seed: 1, dataFormat: 'channels_first' }], inputs: [[4, 3, 5, 4]] },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);
  protected override readonly castsImages = true;

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): ErasingTransformation | null {
    const { images, training, seed } = this.drawing(data, options);
    if (!training) return null;
    const { computeDtype: dtype, config: { scale: [minval, maxval], factor } } = this;
    const squares = random.uniform([images.count, 2], { minval, maxval, dtype, seed });
    const [across, down] = ops.unstack(ops.sqrt(squares), { axis: 1 }) as [Tensor, Tensor];
    const [x, y] = [drawSpans(across, images.width, dtype, seed), drawSpans(down, images.height, dtype, seed)];
    const masks = insideOf(x, y, images, this.dataFormat, dtype);
    return { apply_erasing: drawChances(images.count, factor, seed), batch_masks: masks, fill_value: this.cover(images, seed) };
  }
  private cover({ shape }: DrawnImages, seed: random.Seed): Tensor {
    const { fillValue, valueRange } = this.config;
    const dtype = this.computeDtype;
    if (fillValue === null) return ops.clip(ops.multiply(random.normal(shape, { dtype, seed }), valueRange[1]), ...valueRange);
    const colour = ops.cast(fillValue, dtype);
    const first = this.dataFormat === 'channels_first' && colour.ndim === 1;
    return ops.clip(ops.broadcastTo(first ? ops.reshape(colour, [3, 1, 1]) : colour, shape), ...valueRange);
  }
  protected override applyToImages(
    images: Tensor,
    { apply_erasing: chosen, batch_masks: masks, fill_value: cover }: ErasingTransformation<TensorLike>,
  ): Tensor {
    return ops.where(ops.logicalAnd(beside(chosen), masks), cover, images);
  }
}
