// GaussianDropout: multiplies with normal noise while training.
import type { OptionsOf } from '../../config/configurable.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import * as random from '../../random/index.js';
import type { CallOptions } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { noiseLayer, rate, seed, seedGenerator } from './noise.js';

const schema = { rate: rate(), seed: seed() } as const;

/** Options of `GaussianDropout`. */
export type GaussianDropoutOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * While training, multiplies with normal noise of mean 1 and standard deviation `sqrt(rate / (1 - rate))`, that of a `Dropout` of this
 * rate (Srivastava et al., 2014); otherwise gives the inputs as they are. The shape stays the same.
 */
export class GaussianDropout extends noiseLayer('GaussianDropout', schema, ['rate']) {
  static readonly callDefaults = { training: false };
  static override readonly builtWhenMade = true;
  static readonly samples = [{ args: [0.5], inputs: [[2, 3]] }];
  override seedGenerator = seedGenerator(this.config.rate, this.config.seed);
  override supportsMasking = true;

  override call(x: Tensor, { training }: CallOptions = {}): Tensor {
    if (training !== true || this.seedGenerator === null) return x;
    const stddev = Math.sqrt(this.config.rate / (1 - this.config.rate));
    return ops.multiply(x, random.normal(x.shape, { mean: 1, stddev, dtype: this.computeDtype, seed: this.seedGenerator }));
  }
}
