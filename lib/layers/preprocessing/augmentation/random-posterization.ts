// RandomPosterization: fewer levels of brightness.
import type { OptionsOf } from '../../../config/configurable.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { beside } from './chance.js';
import { factor, seed, sortedValueRange } from './fields.js';
import { BYTES, changeRange } from './value-ranges.js';

/** Bits of a byte. */
const BITS = 8;
const schema = {
  /** How many bits are left: two numbers from 1 to 8 between which it is drawn, the second excluded, or one for 1 and it. */
  factor: factor(1, BITS),
  /** The least and the greatest value of pixels. */
  valueRange: sortedValueRange(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `RandomPosterization`. */
export type RandomPosterizationOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** How many bits of each image become 0, `[batch]`. */
export interface PosterizationTransformation<T = Tensor> {
  shift_factor: T;
}

/**
 * While training, sets the last bits of the pixels, taken as bytes, to 0. How many are left is drawn for each image.
 *
 * ```ts
 * new keras.layers.RandomPosterization([4, 8]);
 * ```
 */
export class RandomPosterization extends imageLayer('RandomPosterization', schema, ['factor']) {
  static readonly samples = [
    { args: [[2, 6], { valueRange: [-3, 3], seed: 1 }], inputs: [[4, 5, 4, 3]] },
    { args: [[3, 3], { valueRange: [-3, 3] }], inputs: [[4, 5, 4, 3]] },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): PosterizationTransformation | null {
    const { images: { count }, training, seed } = this.drawing(data, options);
    if (!training) return null;
    const [least, most] = this.config.factor.map(Math.trunc) as [number, number];
    const dtype = 'uint8';
    const bits = least === most ? ops.full([count], least, { dtype }) : random.randint([count], least, most, { seed, dtype });
    return { shift_factor: ops.subtract(ops.full([], BITS, { dtype }), bits) };
  }
  protected override applyToImages(images: Tensor, { shift_factor: given }: PosterizationTransformation<TensorLike>): Tensor {
    const { valueRange } = this.config;
    const shift = ops.cast(beside(given), 'uint8');
    const bytes = ops.cast(changeRange(images, valueRange, BYTES, this.computeDtype), 'uint8');
    const coarse = ops.bitwiseLeftShift(ops.bitwiseRightShift(bytes, shift), shift);
    return changeRange(ops.cast(coarse, this.computeDtype), BYTES, valueRange, this.computeDtype);
  }
}
