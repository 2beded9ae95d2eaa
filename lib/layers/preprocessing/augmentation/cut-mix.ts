// CutMix: a rectangle of each image comes from another one of the batch.
import type { OptionsOf } from '../../../config/configurable.js';
import { withDefault } from '../../../config/fields.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import type { LabeledBoxes } from '../bounding-boxes/formats.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { factor, seed } from './fields.js';
import { drawSpans, insideOf } from './rectangles.js';

const schema = {
  /** Both parameters of the beta distribution that the sizes come from: two numbers from 0 to 1, or one for 0 and it. */
  factor: withDefault(factor(0, 1), 1),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `CutMix`. */
export type CutMixOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** What of each image comes from another one. */
export interface CutMixTransformation<T = Tensor> {
  /** The number of the other image, `[batch]`. */
  permutation_order: T;
  /** True for the pixels of the other image, in the shape of the images. */
  batch_masks: T;
  /** The share that is left of the image itself, `[batch, 1, 1, 1]`. */
  mix_weight: T;
}

/**
 * While training, puts a random rectangle of another image of the batch into each image and its mask, and blends the labels, one-hot or
 * other floats of shape `(batch, classes)`, by the shares of the area (S. Yun et al., 2019). Single images stay as they are.
 *
 * ```ts
 * new keras.layers.CutMix()({ images, labels });
 * ```
 * @throws for inputs with bounding boxes.
 */
export class CutMix extends imageLayer('CutMix', schema) {
  static readonly samples = [
    { args: [{ factor: [0.5, 1], seed: 1 }], inputs: [[4, 5, 4, 3]] },
    { args: [{ seed: 1, dataFormat: 'channels_first' }], inputs: [[4, 2, 5, 4]] },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);
  protected override readonly castsImages = true;

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): CutMixTransformation | null {
    const { images, training, seed } = this.drawing(data, options);
    if (!training || images.shape.length === 3) return null;
    const { count, height, width } = images;
    const { computeDtype: dtype, config: { factor: [minval, maxval] } } = this;
    const alpha = ops.add(random.uniform([], { minval, maxval, dtype, seed }), 1e-6);
    const share = ops.sqrt(ops.subtract(1, random.beta([count], alpha, alpha, { dtype, seed })));
    const [x, y] = [drawSpans(share, width, dtype, seed), drawSpans(share, height, dtype, seed)];
    const length = ({ start, end }: typeof x) => ops.reshape(ops.subtract(end, start), [-1, 1, 1, 1]);
    const area = ops.divide(ops.multiply(length(x), length(y)), Math.max(width * height, 1));
    return {
      permutation_order: random.shuffle(ops.arange(count, { dtype: 'int32' }), { seed }),
      batch_masks: insideOf(x, y, images, this.dataFormat, dtype),
      mix_weight: ops.subtract(1, area),
    };
  }
  protected override applyToImages(
    images: Tensor,
    { batch_masks: masks, permutation_order: order }: CutMixTransformation<TensorLike>,
  ): Tensor {
    return ops.where(masks, ops.take(images, order, { axis: 0 }), images);
  }
  protected override applyToMasks(masks: Tensor, transformation: CutMixTransformation<TensorLike>): Tensor {
    // One channel of the rectangles is like the other.
    const axis = this.dataFormat === 'channels_first' ? 1 : 3;
    const places = ops.take(transformation.batch_masks, [0], { axis });
    return this.applyToImages(ops.cast(masks, this.computeDtype), { ...transformation, batch_masks: places });
  }
  protected override applyToLabels(
    labels: Tensor,
    { mix_weight: given, permutation_order: order }: CutMixTransformation<TensorLike>,
  ): Tensor {
    const weight = ops.reshape(given, [-1, 1]);
    return ops.add(ops.multiply(weight, labels), ops.multiply(ops.subtract(1, weight), ops.take(labels, order, { axis: 0 })));
  }
  protected override applyToBoxes(): LabeledBoxes<Tensor> {
    throw new TypeError(`${this.title}: boxes cannot be cut and mixed`);
  }
}
