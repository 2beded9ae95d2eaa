// RandomSharpness: images made sharper or softer at random.
import type { OptionsOf } from '../../../config/configurable.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { beside } from './chance.js';
import { factor, seed, sortedValueRange } from './fields.js';

const schema = {
  /** 0 is the smoothed image, 0.5 the image, 1 twice as sharp: two numbers from 0 to 1, or one for 0 and it. */
  factor: factor(0, 1),
  /** The least and the greatest value of pixels. */
  valueRange: sortedValueRange(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `RandomSharpness`. */
export type RandomSharpnessOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** How sharp each image becomes, `[batch]`. */
export interface SharpnessTransformation<T = Tensor> {
  factor: T;
}

/** Weights of the neighbours and of the pixel itself. */
const [AROUND, MIDDLE] = [1 / 13, 5 / 13];
const WINDOW = [AROUND, AROUND, AROUND, AROUND, MIDDLE, AROUND, AROUND, AROUND, AROUND];

/**
 * While training, moves each image away from a smoothed one or towards it, by twice a number that is drawn between the two of `factor`.
 *
 * ```ts
 * new keras.layers.RandomSharpness([0.3, 0.7]);
 * ```
 */
export class RandomSharpness extends imageLayer('RandomSharpness', schema, ['factor']) {
  static readonly samples = [
    { args: [0.9, { valueRange: [-9, 9], seed: 1 }], inputs: [[4, 5, 4, 3]] },
    { args: [0.9, { valueRange: [-9, 9], seed: 1, dataFormat: 'channels_first' }], inputs: [[2, 3, 5, 4]] },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);
  protected override readonly castsImages = true;

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): SharpnessTransformation | null {
    const { images: { count }, training, seed } = this.drawing(data, options);
    if (!training) return null;
    const [minval, maxval] = this.config.factor;
    return { factor: random.uniform([count], { minval, maxval, seed }) };
  }
  protected override applyToImages(images: Tensor, { factor: given }: SharpnessTransformation<TensorLike>): Tensor {
    const { computeDtype, dataFormat } = this;
    const { channels } = this.sizesOf(images.shape);
    const sharpness = beside(ops.cast(ops.multiply(given, 2), computeDtype));
    const window = ops.cast(ops.broadcastTo(ops.reshape(WINDOW, [3, 3, 1, 1]), [3, 3, channels, 1]), computeDtype);
    const smooth = ops.cast(ops.depthwiseConv(images, window, { padding: 'same', dataFormat }), computeDtype);
    const result = ops.add(images, ops.multiply(ops.subtract(1, sharpness), ops.subtract(smooth, images)));
    return ops.clip(result, ...this.config.valueRange);
  }
}
