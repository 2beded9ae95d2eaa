// RandomColorJitter: brightness, contrast, saturation and hue changed at random.
import type { OptionsOf } from '../../../config/configurable.js';
import { field, nullable, usedWhen } from '../../../config/fields.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { type ImageLayer, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { type RangeLike, seed, valueRange } from './fields.js';
import { RandomBrightness } from './random-brightness.js';
import { RandomContrast } from './random-contrast.js';
import { RandomHue } from './random-hue.js';
import { RandomSaturation } from './random-saturation.js';

/** A factor, which the layer that gets it checks. */
const factorOf = () => usedWhen('made', nullable(field<RangeLike>('a number or an array of two numbers', (value) => value as RangeLike)));
const schema = {
  /** The least and the greatest value of pixels. */
  valueRange: usedWhen('made', valueRange()),
  /** `factor` of `RandomBrightness`; null: brightness stays. */
  brightnessFactor: factorOf(),
  /** `factor` of `RandomContrast`; null: contrast stays. */
  contrastFactor: factorOf(),
  /** `factor` of `RandomSaturation`; null: saturation stays. */
  saturationFactor: factorOf(),
  /** `factor` of `RandomHue`; null: hues stay. */
  hueFactor: factorOf(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `RandomColorJitter`. */
export type RandomColorJitterOptions = OptionsOf<typeof schema> & ImageLayerOptions;

/**
 * While training, changes the brightness, contrast, saturation and hue of each image, in this order, as the layers of these names do. What
 * happens is drawn when images are transformed, so there is no transformation to get beforehand.
 *
 * ```ts
 * new keras.layers.RandomColorJitter({ brightnessFactor: 0.2, contrastFactor: 0.2, hueFactor: 0.05 });
 * ```
 */
export class RandomColorJitter extends imageLayer('RandomColorJitter', schema) {
  static readonly samples = [
    { args: [{ brightnessFactor: 0.2, contrastFactor: [0.1, 0.2], hueFactor: 0.1, valueRange: [-3, 3], seed: 1 }], inputs: [[4, 5, 4, 3]] },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);
  readonly randomBrightness = this.changing(RandomBrightness, this.config.brightnessFactor);
  readonly randomContrast = this.changing(RandomContrast, this.config.contrastFactor);
  readonly randomSaturation = this.changing(RandomSaturation, this.config.saturationFactor);
  readonly randomHue = this.changing(RandomHue, this.config.hueFactor);

  private changing<L>(Class: new (factor: RangeLike, options: object) => L, factor: RangeLike | null): L | null {
    const { dataFormat, config: { seed, valueRange } } = this;
    return factor === null ? null : new Class(factor, { seed, valueRange, dataFormat, dtype: this.dtypePolicy });
  }
  protected override applyToImages(images: Tensor): Tensor {
    const layers: readonly (ImageLayer | null)[] = [this.randomBrightness, this.randomContrast, this.randomSaturation, this.randomHue];
    const changed = layers.reduce((current, layer) => {
      if (layer === null) return current;
      return layer.transformImages(current, layer.getRandomTransformation(current, { seed: this.generator }));
    }, ops.cast(images, this.computeDtype));
    return ops.cast(changed, this.computeDtype);
  }
}
