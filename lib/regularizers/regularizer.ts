// The base of regularizers.
import { Configurable } from '../config/configurable.js';
import { scalarTensor, toTensor, type TensorLike } from '../core/convert.js';
import { byPosition } from '../base/keywords.js';
import type { Tensor } from '../core/tensor.js';

/** A regularizer is called with a weight (or an output) and gives a scalar to add to the loss. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export interface Regularizer {
  (x: TensorLike): Tensor;
  (named: { x: TensorLike }): Tensor;
}

/**
 * Base of all regularizers. One of your own extends it:
 *
 * ```ts
 * class Sparse extends keras.regularizers.Regularizer {
 *   call(x) { return ops.multiply(0.1, ops.sum(ops.sqrt(ops.abs(x)))); }
 *   getConfig() { return {}; }
 * }
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export class Regularizer extends Configurable {
  /** @internal The name of the argument in Keras, by which it may be given. */
  static readonly parameter: string = 'x';

  /** @internal */
  override invoke(...args: unknown[]): Tensor {
    const [x] = byPosition(this.constructor.name, args, [(this.constructor as typeof Regularizer).parameter]);
    return this.call(toTensor(x as TensorLike, null, this.constructor.name));
  }

  /** The penalty of `x`, a scalar. Override it. */
  call(x: Tensor): Tensor {
    return scalarTensor(0, x.dtype);
  }
}
