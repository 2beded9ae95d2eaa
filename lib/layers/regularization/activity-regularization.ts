// ActivityRegularization: adds a loss for large inputs.
import type { Config, OptionsOf } from '../../config/configurable.js';
import { float, usedWhen, withDefault } from '../../config/fields.js';
import type { Tensor } from '../../core/tensor.js';
import { L1L2 } from '../../regularizers/index.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const schema = {
  /** Factor of the sum of absolute values. */
  l1: usedWhen('made', withDefault(float({ min: 0 }), 0)),
  /** Factor of the sum of squares. */
  l2: usedWhen('made', withDefault(float({ min: 0 }), 0)),
} as const;

/** Options of `ActivityRegularization`. */
export type ActivityRegularizationOptions = OptionsOf<typeof schema> & LayerOptions;

const Base = layer('ActivityRegularization', schema);

/** Gives the inputs as they are, and adds `(l1 * sum(|x|) + l2 * sum(x²)) / batch` to the loss of the model. */
export class ActivityRegularization extends Base {
  static override readonly builtWhenMade = true;
  static readonly samples = [{ args: [{ l1: 0.1, l2: 0.2 }], inputs: [[2, 3]] }];
  override supportsMasking = true;

  constructor(...args: ConstructorParameters<typeof Base>) {
    super(...args);
    this.activityRegularizer = new L1L2({ l1: this.config.l1, l2: this.config.l2 });
  }

  override call(x: Tensor): Tensor {
    return x;
  }

  override getConfig(): Config {
    const { activity_regularizer: _own, ...config } = super.getConfig();
    return config;
  }
}
