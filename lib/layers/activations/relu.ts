// ReLU: the rectified linear unit as a layer.
import * as activations from '../../activations/index.js';
import type { OptionsOf } from '../../config/configurable.js';
import { float, nullable, withDefault } from '../../config/fields.js';
import type { Tensor } from '../../core/tensor.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const schema = {
  /** The largest value that comes out; null: no bound. */
  maxValue: nullable(float({ min: 0 })),
  /** Slope below the threshold. */
  negativeSlope: withDefault(float({ min: 0 }), 0),
  /** Values up to here are damped. */
  threshold: withDefault(float({ min: 0 }), 0),
} as const;

/** Options of `ReLU`. */
export type ReLUOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * `x` above `threshold`, at most `maxValue`, and `negativeSlope * (x - threshold)` below; by default `max(x, 0)`. The shape stays the same.
 */
export class ReLU extends layer('ReLU', schema) {
  static override readonly builtWhenMade = true;
  static readonly samples = [
    { args: [], inputs: [[2, 3]] },
    { args: [{ maxValue: 1, negativeSlope: 0.25, threshold: 0.5 }], inputs: [[2, 3, 4]] },
  ];
  override supportsMasking = true;

  override call(x: Tensor): Tensor {
    return activations.relu(x, this.config);
  }
}
