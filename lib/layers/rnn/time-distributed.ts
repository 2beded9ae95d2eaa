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
 * Calls a layer on each time step of its inputs, always with the same weights: `(batch, time, …)` becomes `(batch, time, …)` with what the
 * layer makes of `(batch, …)`. A mask, of shape `(batch, time, …)`, is given to the layer step by step, and passed on. Layers that take
 * samples apart, as all do but a few like `BatchNormalization` in training and layers of your own, are called once, on all steps as one
 * batch.
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
  static override readonly samples = [
    { args: [{ module: 'keras.layers', class_name: 'Dense', config: { units: 4 }, registered_name: null }, {}], inputs: [[2, 5, 3]] },
  ];
  override supportsMasking = true;

  private get where(): string {
    return `TimeDistributed "${this.name}"`;
  }
  /** Shape of one time step. */
  private stepShape(inputShape: unknown): SymbolicShape {
    const shape = inputShape as SymbolicShape;
    if (!Array.isArray(inputShape) || shape.length < 3 || shape.some((d) => Array.isArray(d))) {
      throw new RangeError(
        `${this.where}: expected inputs of at least 3 axes, (batch, time, …), received ${Array.isArray(inputShape) && !shape.some((d) => Array.isArray(d)) ? `shape ${showShape(shape)}` : 'several inputs'}`,
      );
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
    if (!fits)
      throw new RangeError(
        `${this.where}: the mask must have the batch and time of the inputs, (${shape[0]}, ${shape[1]}, …), received shape ` +
          `${showShape(mask.shape)}`,
      );
    return mask;
  }

  override call(inputs: Tensor, { training, mask = null }: CallOptions = {}): Tensor {
    const masks = mask === null ? null : this.readMask(mask as TensorLike, inputs);
    const layer = this.layer as unknown as { call(inputs: Tensor, options: CallOptions): Tensor };
    const step = (x: Tensor, own: Tensor | null): Tensor => layer.call(x, { training, ...(own === null ? {} : { mask: own }) });
    const [batch, time] = inputs.shape as [number, number];
    if (batch === 0 || time === 0)
      return ops.zeros(this.computeOutputShape(inputs.shape) as readonly number[], { dtype: this.computeDtype });
    if (this.layer.takesSamplesApart(training ?? false)) {
      const folded = (x: Tensor): Tensor => ops.reshape(x, [batch * time, ...x.shape.slice(2)]);
      const outputs = step(folded(inputs), masks === null ? null : folded(masks));
      return ops.reshape(outputs, [batch, time, ...outputs.shape.slice(1)]);
    }
    const ownMasks = masks === null ? null : ops.unstack(masks, { axis: 1 });
    return ops.stack(
      ops.unstack(inputs, { axis: 1 }).map((x, i) => step(x, ownMasks?.[i] ?? null)),
      { axis: 1 },
    );
  }

  override takesSamplesApart(training: boolean): boolean {
    return this.layer.takesSamplesApart(training);
  }
}
