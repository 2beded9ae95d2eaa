// AlphaDropout: the dropout of self-normalising networks.
import type { OptionsOf } from '../../config/configurable.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import * as random from '../../random/index.js';
import type { CallOptions } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { noiseLayer, noiseShape, rate, seed, seedGenerator } from './noise.js';

const schema = { rate: rate(), seed: seed(), noiseShape: noiseShape() } as const;

/** Options of `AlphaDropout`. */
export type AlphaDropoutOptions = OptionsOf<typeof schema> & LayerOptions;

// Klambauer et al., Self-Normalizing Neural Networks (2017): the value that `selu` has for very negative inputs.
const SATURATED = -1.6732632423543772 * 1.0507009873554805;

/**
 * While training, sets a share `rate` of the elements to the value at which `selu` saturates, and scales and shifts all so that mean 0
 * and variance 1 stay; otherwise gives the inputs as they are. The shape stays the same.
 */
export class AlphaDropout extends noiseLayer('AlphaDropout', schema, ['rate']) {
  static readonly callDefaults = { training: false };
  static override readonly builtWhenMade = true;
  static readonly samples = [{ args: [0.5], inputs: [[2, 3]] }, { args: [0.25, { noiseShape: [null, 1] }], inputs: [[4, 3]] }];
  override seedGenerator = seedGenerator(this.config.rate, this.config.seed);
  override supportsMasking = true;

  override call(x: Tensor, { training }: CallOptions = {}): Tensor {
    const { rate: share, noiseShape: wanted } = this.config;
    if (training !== true || this.seedGenerator === null) return x;
    const shape = wanted === null ? x.shape : wanted.map((size, axis) => size ?? x.shape[axis]!);
    const keep = ops.greaterEqual(random.uniform(shape, { seed: this.seedGenerator }), share);
    const scale = ((1 - share) * (1 + share * SATURATED ** 2)) ** -0.5;
    const dropped = ops.where(keep, x, SATURATED);
    return ops.add(ops.multiply(dropped, scale), -scale * SATURATED * share);
  }
}
