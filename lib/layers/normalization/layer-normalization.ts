// LayerNormalization: statistics of each sample.
import type { Config, OptionsOf } from '../../config/configurable.js';
import { bool, float, withDefault } from '../../config/fields.js';
import { normalizeAxis, type SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import { axes } from '../base/axes-field.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { addBeta, addGamma, affineSchema } from './affine.js';

const schema = {
  /** The axis or axes that are normalised together. */
  axis: withDefault(axes(), -1),
  /** Added to the variance. */
  epsilon: withDefault(float(), 1e-3),
  ...affineSchema,
  /** Deprecated in Keras for `RMSNormalization`: divide by the standard deviation without subtracting the mean, and without offsets. */
  rmsScaling: bool(false),
} as const;

/** Options of `LayerNormalization`. */
export type LayerNormalizationLayerOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * `gamma (x - mean) / √(variance + epsilon) + beta` with the statistics of each sample along axes (Ba et al., 2016). The shape stays the
 * same.
 *
 * @throws when an axis is none of the input, or is named twice.
 */
export class LayerNormalization extends layer('LayerNormalization', schema) {
  static readonly takes = 'tensor';
  static readonly samples = [{ args: [], inputs: [[2, 3]] }, { args: [{ axis: [1, 2], center: false }], inputs: [[2, 3, 4]] }];
  /** Factors of the shape of the normalised axes, unless `scale` is false. */
  declare gamma: Variable | null;
  /** Offsets of the shape of the normalised axes, unless `center` is false. */
  declare beta: Variable | null;
  /** The axes from the front, in ascending order, once the layer is built. */
  private axes: readonly number[] | null = null;

  override readonly autocast: boolean = false;
  override supportsMasking = true;

  override build(inputShape: SymbolicShape): void {
    const { axis, scale, center, rmsScaling } = this.config;
    const where = `LayerNormalization "${this.name}"`;
    const list = [axis].flat().map((a) => normalizeAxis(a, inputShape.length, where)).sort((a, b) => a - b);
    if (new Set(list).size !== list.length) throw new RangeError(`${where}: an axis is named twice: [${[axis].flat().join(', ')}]`);
    this.axes = list;
    const shape = list.map((a) => inputShape[a]!);
    this.gamma = scale || rmsScaling ? addGamma(this, shape) : null;
    this.beta = center && !rmsScaling ? addBeta(this, shape) : null;
    if (rmsScaling)
      process.emitWarning(
        `${where}: rmsScaling is deprecated: it divides by the standard deviation, not by the root mean square; use RMSNormalization`,
      );
  }

  override call(x: Tensor): Tensor {
    const { epsilon, rmsScaling } = this.config;
    const outputs = ops.layerNormalization(x, { gamma: this.gamma, beta: this.beta, axis: this.axes!, epsilon, rmsScaling });
    return ops.cast(outputs, this.computeDtype);
  }

  override getConfig(): Config {
    const { axis } = this.config;
    return { ...super.getConfig(), axis: this.axes === null ? axis : [axis].flat().sort((a, b) => a - b) }; // as Keras writes it
  }
}
