// RandomHue: colours turned at random.
import type { OptionsOf } from '../../../config/configurable.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { beside } from './chance.js';
import { factor, seed, valueRange } from './fields.js';
import { changeHsv } from './hsv.js';
import { changeRange } from './value-ranges.js';

const schema = {
  /** Shares of half of the circle of hues, either way: two numbers from 0 to 1, or one for 0 and it. */
  factor: factor(0, 1),
  /** The least and the greatest value of pixels. */
  valueRange: valueRange(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `RandomHue`. */
export type RandomHueOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** What is added to the hue of each image, `[batch]`; 1 is the whole circle. */
export interface HueTransformation<T = Tensor> {
  factor: T;
}

/**
 * While training, turns the hues of each image of red, green and blue by half of a share that is drawn between the two numbers of `factor`,
 * either way.
 *
 * ```ts
 * new keras.layers.RandomHue(0.1);
 * ```
 */
export class RandomHue extends imageLayer('RandomHue', schema, ['factor']) {
  static readonly samples = [{ args: [[0.3, 0.5], { valueRange: [-3, 3], seed: 1 }], inputs: [[2, 5, 4, 3]] }];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): HueTransformation | null {
    const { images: { count }, training, seed } = this.drawing(data, options);
    if (!training) return null;
    const [minval, maxval] = this.config.factor;
    const way = ops.where(ops.greater(random.uniform([count], { seed }), 0.5), -1, 1);
    return { factor: ops.multiply(ops.multiply(way, random.uniform([count], { minval, maxval, seed })), 0.5) };
  }
  protected override applyToImages(images: Tensor, { factor: turn }: HueTransformation<TensorLike>): Tensor {
    const { valueRange } = this.config;
    const shares = changeRange(ops.cast(images, this.computeDtype), valueRange, [0, 1]);
    const added = beside(ops.cast(turn, shares.dtype));
    const turned = changeHsv(shares, this.dataFormat, 0, (plane) => {
      const hue = ops.add(plane, added);
      const below = ops.where(ops.greater(hue, 1), ops.subtract(hue, 1), hue);
      return ops.where(ops.less(below, 0), ops.add(below, 1), below);
    });
    return ops.cast(changeRange(ops.clip(turned, 0, 1), [0, 1], valueRange), this.computeDtype);
  }
}
