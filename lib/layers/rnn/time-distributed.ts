// TimeDistributed: a layer for each time step.
import { toTensor, type TensorLike } from '../../core/convert.js';
import { showShape, type SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { Wrapper, type WrapperOptions } from '../core/wrapper.js';
import type { CallOptions } from '../base/layer.js';

/** Options of `TimeDistributed`. */
export type TimeDistributedOptions = WrapperOptions;

/**
 * Calls a layer on each time step of its inputs, always with the same weights: `(batch, time, …)` becomes `(batch, time, …)` with what the layer makes of
 * `(batch, …)`. A mask, of shape `(batch, time, …)`, is given to the layer step by step.
 *
 * ```ts
 * const layer = new keras.layers.TimeDistributed(new keras.layers.Dense(8));
 * layer(ops.ones([4, 10, 16])).shape; // [4, 10, 8]
 * ```
 * @throws for inputs of less than three axes, and for a mask that does not fit them.
 */
export class TimeDistributed extends Wrapper {
  static readonly callDefaults = { mask: null };
  static override readonly className = 'TimeDistributed';
  static override readonly samples = [{ args: [{ module: 'keras.layers', class_name: 'Dense', config: { units: 4 }, registered_name: null }, {}], inputs: [[2, 5, 3]] }];
  override supportsMasking = false;

  private get where(): string {
    return `TimeDistributed "${this.name}"`;
  }
  /** Shape of one time step. */
  private stepShape(inputShape: unknown): SymbolicShape {
    const shape = inputShape as SymbolicShape;
    if (!Array.isArray(inputShape) || shape.length < 3 || shape.some((d) => Array.isArray(d))) {
      throw new RangeError(`${this.where}: expected inputs of at least 3 axes, (batch, time, …), received ${Array.isArray(inputShape) && !shape.some((d) => Array.isArray(d)) ? `shape ${showShape(shape)}` : 'several inputs'}`);
    }
    return [shape[0]!, ...shape.slice(2)];
  }

  override build(inputShape: unknown): void {
    super.build(this.stepShape(inputShape));
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    const [batch, ...rest] = this.layer.computeOutputShape(this.stepShape(inputShape)) as SymbolicShape;
    return [batch ?? null, inputShape[1]!, ...rest];
  }

  private readMask(value: TensorLike, { shape }: Tensor): Tensor {
    const mask = toTensor(value, null, `${this.where}: mask`);
    const fits = mask.ndim >= 2 && mask.shape[0] === shape[0] && mask.shape[1] === shape[1];
    if (!fits) throw new RangeError(`${this.where}: the mask must have the batch and time of the inputs, (${shape[0]}, ${shape[1]}, …), received shape ${showShape(mask.shape)}`);
    return mask;
  }

  override call(inputs: Tensor, { training, mask = null }: CallOptions = {}): Tensor {
    const steps = ops.unstack(inputs, { axis: 1 });
    const masks = mask === null ? null : ops.unstack(this.readMask(mask as TensorLike, inputs), { axis: 1 });
    const layer = this.layer as unknown as { call(inputs: Tensor, options: CallOptions): Tensor };
    const outputs = steps.map((step, i) => layer.call(step, { training, ...(masks === null ? {} : { mask: masks[i]! }) }));
    if (outputs.length > 0) return ops.stack(outputs, { axis: 1 });
    const shape = this.computeOutputShape(inputs.shape) as readonly number[];
    return ops.zeros(shape, { dtype: this.computeDtype });
  }
}
