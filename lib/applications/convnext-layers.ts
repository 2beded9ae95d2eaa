// Layers of ConvNeXt alone, by which Keras's files name them.
import { float, int } from '../config/fields.js';
import { provideMembers } from '../config/registration.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as initializers from '../initializers/index.js';
import type { CallOptions } from '../layers/base/layer.js';
import { layer } from '../layers/base/layer.js';
import * as ops from '../ops/index.js';
import * as random from '../random/index.js';

const MODULE = 'keras.src.applications.convnext';

/** A factor for each channel, at first `initValues` for all of them (Touvron et al., 2021). */
export class LayerScale extends layer(
  'LayerScale',
  { initValues: float(), projectionDim: int({ min: 1 }) },
  ['initValues', 'projectionDim'],
) {
  static override readonly module = MODULE;
  static readonly registeredName = 'LayerScale';
  declare gamma: Variable;

  override build(): void {
    const { initValues, projectionDim } = this.config;
    this.gamma = this.addWeight({ shape: [projectionDim], initializer: new initializers.Constant(initValues) });
  }

  override call(x: Tensor): Tensor {
    return ops.multiply(x, this.gamma);
  }
}
/** While training, sets a share `dropPathRate` of the samples to 0 and divides the others by what is left of 1. */
export class StochasticDepth extends layer('StochasticDepth', { dropPathRate: float({ min: 0, max: 1 }) }, ['dropPathRate']) {
  static override readonly module = MODULE;
  static readonly registeredName = 'StochasticDepth';

  override call(x: Tensor, { training }: CallOptions = {}): Tensor {
    if (training !== true) return x;
    const kept = 1 - this.config.dropPathRate;
    const shape = x.shape.map((size, axis) => (axis === 0 ? size : 1));
    const isKept = ops.floor(ops.add(random.uniform(shape, { dtype: x.dtype }), kept));
    return ops.multiply(ops.divide(x, kept), isKept);
  }
}
provideMembers(MODULE, { LayerScale, StochasticDepth });
