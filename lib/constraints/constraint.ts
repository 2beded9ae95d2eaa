// The base of constraints.
import { Configurable } from '../config/configurable.js';
import { toTensor, type TensorLike } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';

/** A constraint is called with a weight and gives the weight that is kept in its place. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export interface Constraint {
  (w: TensorLike): Tensor;
}

/**
 * Base of all constraints. One of your own extends it:
 *
 * ```ts
 * class AtMostOne extends keras.constraints.Constraint {
 *   call(w) { return ops.minimum(w, 1); }
 * }
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export class Constraint extends Configurable {
  /** @internal */
  override invoke(w: TensorLike): Tensor {
    return this.call(toTensor(w, null, this.constructor.name));
  }

  /** The nearest allowed weight. Override it. */
  call(w: Tensor): Tensor {
    return w;
  }
}
