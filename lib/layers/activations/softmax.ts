// Softmax: as a layer, with a mask.
import * as activations from '../../activations/index.js';
import type { OptionsOf } from '../../config/configurable.js';
import { withDefault } from '../../config/fields.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import { showShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { axes } from '../base/axes-field.js';
import { type CallOptions, layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const schema = {
  /** One axis or several, over which the outputs add up to 1. */
  axis: withDefault(axes(), -1),
} as const;

/** Options of `Softmax`. */
export type SoftmaxLayerOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * `exp(x) / sum(exp(x))` along `axis`; the shape stays the same. With `mask` in the options of the call, which broadcasts to the input,
 * only the entries where it is true (or above 0.5) count, and the others become 0.
 *
 * @throws when the mask does not broadcast to the input.
 */
export class Softmax extends layer('Softmax', schema) {
  static readonly callDefaults = { mask: null };
  static override readonly builtWhenMade = true;
  static readonly samples = [{ args: [], inputs: [[2, 3]] }, { args: [{ axis: [1, 2] }], inputs: [[2, 3, 4]] }];
  override supportsMasking = true;

  override call(x: Tensor, { mask = null }: CallOptions = {}): Tensor {
    if (mask === null) return this.normalized(x);
    const keep = this.readMask(mask as TensorLike, x);
    // Below all numbers that matter, but finite also as a float16: a row with nothing to keep must not become NaN.
    const kept = ops.where(keep, x, x.dtype === 'float16' ? -3e4 : -1e9);
    return ops.where(keep, this.normalized(kept), 0);
  }

  private normalized(x: Tensor): Tensor {
    return activations.softmax(x, { axis: this.config.axis });
  }

  private readMask(value: TensorLike, x: Tensor): Tensor {
    const mask = toTensor(value, null, `Softmax "${this.name}": mask`);
    const fits = mask.ndim <= x.ndim && mask.shape.every((size, i) => size === 1 || size === x.shape[x.ndim - mask.ndim + i]);
    if (!fits)
      throw new RangeError(
        `Softmax "${this.name}": the mask must broadcast to the inputs of shape ${showShape(x.shape)}, received ${showShape(mask.shape)}`,
      );
    return mask.dtype === 'bool' ? mask : ops.greater(mask, 0.5);
  }
}
