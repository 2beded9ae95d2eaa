// Masking: marks the time steps that are padding.
import type { OptionsOf } from '../../config/configurable.js';
import { field, withDefault } from '../../config/fields.js';
import { isSerialized, type SerializedObject } from '../../config/registration.js';
import { deserializeKerasObject, serializeKerasObject } from '../../config/serialization.js';
import { setMask } from '../../symbolic/mask.js';
import { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const value = field<number | Tensor | SerializedObject, number | Tensor>(
  'a number or a tensor',
  (v) => (typeof v === 'number' || v instanceof Tensor ? v : isSerialized(v) ? (deserializeKerasObject(v) as Tensor) : undefined),
  { serialize: serializeKerasObject },
);
const schema = {
  /** What a step that does not count consists of: one number, or a value for each feature. */
  maskValue: withDefault(value, 0),
} as const;

/** Options of `Masking`. */
export type MaskingOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * Marks the steps of `(batch, steps, features)` whose features all equal `maskValue`: the output is 0 there and carries a mask of shape
 * `(batch, steps)`, false at these steps, which layers that support masking, losses and metrics heed.
 */
export class Masking extends layer('Masking', schema) {
  static override readonly builtWhenMade = true;
  static readonly samples = [{ args: [], inputs: [[2, 3, 4]] }, { args: [{ maskValue: -1 }], inputs: [[2, 4]] }];
  override supportsMasking = true;

  override call(x: Tensor): Tensor {
    const counts = ops.any(ops.notEqual(x, this.config.maskValue), { axis: -1, keepdims: true });
    return setMask(ops.where(counts, x, 0), ops.squeeze(counts, { axis: -1 }));
  }

  override computeMask(inputs: unknown): Tensor {
    return ops.any(ops.notEqual(inputs as Tensor, this.config.maskValue), { axis: -1 });
  }
}
