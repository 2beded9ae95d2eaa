// Dropout: drops elements at random while training.
import type { OptionsOf } from '../../config/configurable.js';
import type { Tensor } from '../../core/tensor.js';
import * as random from '../../random/index.js';
import type { CallOptions } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { noiseLayer, noiseShape, rate, seed, seedGenerator } from './noise.js';

const schema = { rate: rate(), seed: seed(), noiseShape: noiseShape() } as const;

/** Options of `Dropout`. */
export type DropoutOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * While training, sets a share `rate` of the elements to 0 and divides the others by `1 - rate`, so that the sum stays the same on
 * average; otherwise gives the inputs as they are. With `noiseShape: [null, 1, null]`, say, the elements along axis 1 are dropped together.
 *
 * @throws when the noise does not broadcast to the inputs.
 */
export class Dropout extends noiseLayer('Dropout', schema, ['rate']) {
  static readonly callDefaults = { training: false };
  static override readonly builtWhenMade = true;
  static readonly samples = [{ args: [0.5], inputs: [[2, 3]] }, { args: [0.25, { noiseShape: [null, 1], seed: 1 }], inputs: [[4, 3]] }];
  override seedGenerator = seedGenerator(this.config.rate, this.config.seed);
  override supportsMasking = true;

  override call(x: Tensor, { training }: CallOptions = {}): Tensor {
    if (training !== true || this.seedGenerator === null) return x;
    return random.dropout(x, this.config.rate, { noiseShape: this.config.noiseShape, seed: this.seedGenerator });
  }
}
