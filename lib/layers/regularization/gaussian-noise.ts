// GaussianNoise: adds normal noise while training.
import type { OptionsOf } from '../../config/configurable.js';
import { float } from '../../config/fields.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import * as random from '../../random/index.js';
import type { CallOptions } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { noiseLayer, seed, seedGenerator } from './noise.js';

const schema = {
  /** Standard deviation of the noise. */
  stddev: float({ min: 0, max: 1 }),
  seed: seed(),
} as const;

/** Options of `GaussianNoise`. */
export type GaussianNoiseOptions = OptionsOf<typeof schema> & LayerOptions;

/** While training, adds normal noise of mean 0; otherwise gives the inputs as they are. The shape stays the same. */
export class GaussianNoise extends noiseLayer('GaussianNoise', schema, ['stddev']) {
  static readonly callDefaults = { training: false };
  static override readonly builtWhenMade = true;
  static readonly samples = [{ args: [0.5], inputs: [[2, 3]] }];
  override seedGenerator = seedGenerator(this.config.stddev, this.config.seed);
  override supportsMasking = true;

  override call(x: Tensor, { training }: CallOptions = {}): Tensor {
    if (training !== true || this.seedGenerator === null) return x;
    return ops.add(x, random.normal(x.shape, { stddev: this.config.stddev, dtype: this.computeDtype, seed: this.seedGenerator }));
  }
}
