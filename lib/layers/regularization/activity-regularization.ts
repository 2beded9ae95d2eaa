// ActivityRegularization: adds a loss for large inputs.
import type { Config, OptionsOf } from '../../config/configurable.js';
import { float, withDefault } from '../../config/fields.js';
import type { Tensor } from '../../core/tensor.js';
import { L1L2 } from '../../regularizers/index.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const schema = {
  /** Factor of the sum of absolute values. */
  l1: withDefault(float({ min: 0 }), 0),
  /** Factor of the sum of squares. */
  l2: withDefault(float({ min: 0 }), 0),
} as const;

/** Options of `ActivityRegularization`. */
export type ActivityRegularizationOptions = OptionsOf<typeof schema> & LayerOptions;

/** Gives the inputs as they are, and adds `(l1 * sum(|x|) + l2 * sum(x²)) / batch` to the loss of the model. */
export class ActivityRegularization extends layer('ActivityRegularization', schema) {
  static override readonly builtWhenMade = true;
  static readonly samples = [{ args: [{ l1: 0.1, l2: 0.2 }], inputs: [[2, 3]] }];
  /** The sum of the penalties of `l1` and `l2`. */
  override activityRegularizer: ((x: Tensor) => Tensor) | null = new L1L2({ l1: this.config.l1, l2: this.config.l2 });
  override supportsMasking = true;

  override call(x: Tensor): Tensor {
    return x;
  }

  override getConfig(): Config {
    const { activity_regularizer: _own, ...config } = super.getConfig();
    return config;
  }
}
