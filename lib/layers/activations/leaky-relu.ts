// LeakyReLU: the rectified linear unit with a slope below zero.
import * as activations from '../../activations/index.js';
import type { Config, OptionsOf } from '../../config/configurable.js';
import { float, nullable, withDefault } from '../../config/fields.js';
import type { Tensor } from '../../core/tensor.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const schema = {
  /** Slope below zero. */
  negativeSlope: withDefault(float({ min: 0 }), 0.3),
  /** The name that `negativeSlope` has in Keras 2; it goes before. */
  alpha: nullable(float({ min: 0 })),
} as const;

/** Options of `LeakyReLU`. */
export type LeakyReLUOptions = OptionsOf<typeof schema> & LayerOptions;

const Base = layer('LeakyReLU', schema, ['negativeSlope']);

/** `x` where it is at least 0, `negativeSlope * x` elsewhere. The shape stays the same. */
export class LeakyReLU extends Base {
  static override readonly builtWhenMade = true;
  static readonly samples = [{ args: [], inputs: [[2, 3]] }, { args: [0.5], inputs: [[2, 3, 4]] }];
  override supportsMasking = true;

  constructor(...args: ConstructorParameters<typeof Base>) {
    super(...args);
    if (this.config.alpha !== null) this.negativeSlope = this.config.alpha;
  }

  override call(x: Tensor): Tensor {
    return activations.leakyRelu(x, { negativeSlope: this.negativeSlope });
  }

  override getConfig(): Config {
    const { alpha: _alpha, ...config } = super.getConfig();
    return { ...config, negative_slope: this.negativeSlope };
  }
}
