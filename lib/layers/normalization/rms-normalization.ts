// RMSNormalization: division by the root mean square of each sample.
import type { Config, OptionsOf } from '../../config/configurable.js';
import { float, withDefault } from '../../config/fields.js';
import { normalizeAxis, type SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import { axes } from '../base/axes-field.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const schema = {
  /** The axis or axes that are normalised together. */
  axis: withDefault(axes(), -1),
  /** Added to the mean square. */
  epsilon: withDefault(float(), 1e-6),
} as const;

/** Options of `RMSNormalization`. */
export type RMSNormalizationOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * `scale · x / √(mean(x²) + epsilon)` along axes (Zhang and Sennrich, 2019). The shape stays the same. @throws when an axis is none of the
 * input.
 */
export class RMSNormalization extends layer('RMSNormalization', schema) {
  static readonly takes = 'tensor';
  static readonly samples = [{ args: [], inputs: [[2, 3]] }, { args: [{ axis: [1, 2] }], inputs: [[2, 3, 4]] }];
  /** Factors of the shape of the normalised axes. */
  declare scale: Variable;
  /** The axes in ascending order, once the layer is built. */
  private axes: readonly number[] | null = null;

  override build(inputShape: SymbolicShape): void {
    const list = [this.config.axis].flat().sort((a, b) => a - b);
    this.axes = list;
    const shape = list.map((axis) => inputShape[normalizeAxis(axis, inputShape.length, `RMSNormalization "${this.name}"`)]!);
    this.scale = this.addWeight({ name: 'scale', shape, initializer: 'ones' });
  }

  override call(x: Tensor): Tensor {
    return ops.rmsNormalization(x, { scale: this.scale, axis: this.axes!, epsilon: this.config.epsilon });
  }

  override getConfig(): Config {
    return { ...super.getConfig(), axis: this.axes ?? this.config.axis };
  }
}
