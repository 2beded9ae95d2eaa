// MixUp: each image blended with another one of the batch.
import type { OptionsOf } from '../../../config/configurable.js';
import { float, withDefault } from '../../../config/fields.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import type { LabeledBoxes } from '../bounding-boxes/formats.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { beside } from './chance.js';
import { seed } from './fields.js';

const schema = {
  /** Both parameters of the beta distribution that weights are drawn from: the larger, the nearer they come to 0.5. */
  alpha: withDefault(float(), 0.2),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `MixUp`. */
export type MixUpOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** How the images of a batch are blended, `[batch]` each. */
export interface MixUpTransformation<T = Tensor> {
  /** The weight of the image itself. */
  mix_weight: T;
  /** The number of the other image. */
  permutation_order: T;
}

/**
 * While training, blends each image, its labels and its mask with those of another image of the batch: `weight * own + (1 - weight) *
 * other` (H. Zhang et al., 2017). Labels must be one-hot or other floats, `(batch, …)`. Images get the boxes of both.
 *
 * ```ts
 * new keras.layers.MixUp({ alpha: 0.2 })({ images, labels });
 * ```
 */
export class MixUp extends imageLayer('MixUp', schema) {
  static readonly samples = [{ args: [{ alpha: 0.4, seed: 1 }], inputs: [[4, 5, 4, 3]] }];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): MixUpTransformation | null {
    const { images: { count }, training, seed } = this.drawing(data, options);
    if (!training) return null;
    const { alpha } = this.config;
    const order = random.shuffle(ops.arange(count, { dtype: 'int64' }), { seed });
    return { mix_weight: random.beta([count], alpha, alpha, { seed }), permutation_order: order };
  }
  private mixed(own: Tensor, weight: Tensor, order: TensorLike): Tensor {
    return ops.add(ops.multiply(weight, own), ops.multiply(ops.subtract(1, weight), ops.take(own, order, { axis: 0 })));
  }
  protected override applyToImages(images: Tensor, transformation: MixUpTransformation<TensorLike>): Tensor {
    const weight = ops.cast(beside(transformation.mix_weight), this.computeDtype);
    return this.mixed(ops.cast(images, this.computeDtype), weight, transformation.permutation_order);
  }
  protected override applyToLabels(
    labels: Tensor,
    { mix_weight: weight, permutation_order: order }: MixUpTransformation<TensorLike>,
  ): Tensor {
    return this.mixed(labels, ops.reshape(weight, [-1, 1]), order);
  }
  protected override applyToMasks(
    masks: Tensor,
    { mix_weight: weight, permutation_order: order }: MixUpTransformation<TensorLike>,
  ): Tensor {
    return this.mixed(masks, beside(weight), order);
  }
  protected override applyToBoxes(
    boundingBoxes: LabeledBoxes<Tensor>,
    { permutation_order: order }: MixUpTransformation<TensorLike>,
  ): LabeledBoxes<Tensor> {
    const both = (x: Tensor) => ops.concatenate([x, ops.take(x, order, { axis: 0 })], { axis: 1 });
    return { ...boundingBoxes, boxes: both(boundingBoxes.boxes), labels: both(boundingBoxes.labels!) };
  }
}
