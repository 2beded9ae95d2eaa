// UnitNormalization: vectors of length 1.
import type { OptionsOf } from '../../config/configurable.js';
import { withDefault } from '../../config/fields.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { axes } from '../base/axes-field.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const schema = {
  /** The axis or axes of one vector. */
  axis: withDefault(axes(), -1),
} as const;

/** Options of `UnitNormalization`. */
export type UnitNormalizationOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * `x / ‖x‖` along axes: the Euclidean norm of each sample's vector becomes 1. The shape stays the same. @throws when an axis is none of the
 * input.
 */
export class UnitNormalization extends layer('UnitNormalization', schema) {
  static override readonly builtWhenMade = true;
  static readonly samples = [{ args: [], inputs: [[2, 3]] }, { args: [{ axis: [1, 2] }], inputs: [[2, 3, 4]] }];
  override supportsMasking = true;

  override call(x: Tensor): Tensor {
    return ops.normalize(x, { axis: this.config.axis, order: 2, epsilon: 1e-12 });
  }
}
