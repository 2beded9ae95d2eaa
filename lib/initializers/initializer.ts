// The base of initializers.
import { Configurable } from '../config/configurable.js';
import type { FromConfig } from '../config/registration.js';
import { toTensor, type TensorLike } from '../core/convert.js';
import { type DType, type DTypeLike, standardizeDType } from '../base/dtype.js';
import { checkOptions } from '../base/errors.js';
import { checkShape, type Shape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';

/** Options of an initializer's call. */
export interface InitializerCallOptions {
  /** Default `floatx`. */
  dtype?: DTypeLike | null | undefined;
}

/** An initializer is called with a shape: `initializer([2, 3], { dtype: 'float32' })`. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export interface Initializer {
  (shape: Shape, options?: InitializerCallOptions): Tensor;
}

/**
 * Base of all initializers. One of your own extends it:
 *
 * ```ts
 * class Ramp extends keras.initializers.Initializer {
 *   call(shape, { dtype }) { return ops.reshape(ops.arange(shape[0] * shape[1], { dtype }), shape); }
 * }
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export class Initializer extends Configurable {
  /** @internal */
  override invoke(shape: Shape, options: InitializerCallOptions = {}): Tensor {
    const where = this.constructor.name;
    checkOptions(where, options, ['dtype']);
    const sizes: readonly unknown[] = Array.isArray(shape) ? Array.from(shape) : shape;
    checkShape(sizes, where);
    const dtype = standardizeDType(options.dtype);
    return toTensor(this.call(sizes, { dtype }), dtype, where);
  }

  /** The initial values. Override it. */
  call(_shape: Shape, _options: { dtype: DType }): TensorLike {
    throw new Error(`${this.constructor.name}: an initializer must have a method call(shape, { dtype })`);
  }

  /** A new initializer with the same options. */
  clone(): this {
    return (this.constructor as unknown as FromConfig<this>).fromConfig(this.getConfig());
  }
}
