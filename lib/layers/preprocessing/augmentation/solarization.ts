// Solarization: bright pixels turned into their negatives.
import type { OptionsOf } from '../../../config/configurable.js';
import { type Field, withDefault } from '../../../config/fields.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { type Range, type RangeLike, rangeOf, seed, sortedValueRange, strictFactor } from './fields.js';
import { BYTES, changeRange } from './value-ranges.js';

/** Two numbers from 0 to 1, or one for 0 and it. */
function share(): Field<RangeLike, Range, false> {
  const inner = strictFactor(0, 1);
  const read = (value: RangeLike): Range => (typeof value === 'number' ? [0, value] : rangeOf(value));
  return withDefault({ ...inner, parse: (value, where) => read(inner.parse(value, where)), serialize: (value) => value }, 0);
}
const schema = {
  /** What is added to pixels first, as a share of the range: two numbers from 0 to 1, or one for 0 and it. */
  additionFactor: share(),
  /** From where on pixels are inverted, as a share of the range: two numbers from 0 to 1, or one for 0 and it. */
  thresholdFactor: share(),
  /** The least and the greatest value of pixels. */
  valueRange: sortedValueRange(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `Solarization`. */
export type SolarizationOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** What is added to each image, and from where on it is inverted, `[batch, 1, 1, 1]` each, of pixels from 0 to 255. */
export interface SolarizationTransformation<T = Tensor> {
  additions: T;
  thresholds: T;
}

/**
 * While training, adds a number to each image and inverts the pixels that are not below a threshold; both are drawn.
 *
 * ```ts
 * new keras.layers.Solarization({ thresholdFactor: 0.5 });
 * ```
 */
export class Solarization extends imageLayer('Solarization', schema) {
  static readonly samples = [
    { args: [{ additionFactor: 0.2, thresholdFactor: [0.3, 0.7], valueRange: [-3, 3], seed: 1 }], inputs: [[4, 5, 4, 3]] },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);
  protected override readonly castsImages = true;

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): SolarizationTransformation | null {
    const { images, training, seed } = this.drawing(data, options);
    if (!training) return null;
    const shape = images.shape.length === 3 ? [1, 1, 1] : [images.count, 1, 1, 1];
    // As in Keras, only the upper bound is scaled.
    const draw = ([minval, maxval]: Range) => random.uniform(shape, { minval, maxval: maxval * 255, seed, dtype: this.computeDtype });
    return { additions: draw(this.config.additionFactor), thresholds: draw(this.config.thresholdFactor) };
  }
  protected override applyToImages(images: Tensor, { additions, thresholds }: SolarizationTransformation<TensorLike>): Tensor {
    const { valueRange } = this.config;
    const moved = ops.clip(ops.add(changeRange(images, valueRange, BYTES, this.computeDtype), additions), ...BYTES);
    const result = ops.where(ops.less(moved, thresholds), moved, ops.subtract(255, moved));
    return changeRange(result, BYTES, valueRange, this.computeDtype);
  }
}
