// ELU: the exponential linear unit as a layer.
import * as activations from '../../activations/index.js';
import type { OptionsOf } from '../../config/configurable.js';
import { float, withDefault } from '../../config/fields.js';
import type { Tensor } from '../../core/tensor.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const schema = {
  /** The negative of the limit for very negative inputs. */
  alpha: withDefault(float(), 1),
} as const;

/** Options of `ELU`. */
export type ELUOptions = OptionsOf<typeof schema> & LayerOptions;

/** `x` where positive, `alpha * (exp(x) - 1)` elsewhere. The shape stays the same. */
export class ELU extends layer('ELU', schema, ['alpha']) {
  static override readonly builtWhenMade = true;
  static readonly samples = [{ args: [], inputs: [[2, 3]] }, { args: [0.7], inputs: [[2, 3, 4]] }];
  override supportsMasking = true;

  override call(x: Tensor): Tensor {
    return activations.elu(x, { alpha: this.config.alpha });
  }
}
