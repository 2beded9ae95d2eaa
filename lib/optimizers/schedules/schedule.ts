// LearningRateSchedule: a rate as a function of the step.
import { Callable } from '../../base/callable.js';
import type { Config } from '../../config/configurable.js';
import type { TensorLike } from '../../core/convert.js';
import { toTensor } from '../../core/convert.js';
import type { Tensor } from '../../core/tensor.js';

/** A schedule is called with the step and gives the rate, a scalar tensor. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export interface LearningRateSchedule {
  (step: TensorLike): Tensor;
}

/**
 * Base of learning-rate schedules. One of your own extends it with `call(step)` and `getConfig()`; `call` is traced into the training
 * step, so it computes with `keras.ops`.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export abstract class LearningRateSchedule extends Callable {
  static readonly module: string = 'keras.optimizers.schedules';
  static readonly baseSchema = {};

  /** The rate at a step, counted from 0. */
  abstract call(step: Tensor): Tensor;

  /** @internal */
  invoke(step: TensorLike): Tensor {
    if (typeof (this as { call?: unknown }).call !== 'function')
      throw new TypeError(`${this.constructor.name}: a schedule must have a method call(step)`);
    return this.call(toTensor(step));
  }

  /** Keras's config. */
  getConfig(): Config {
    return {};
  }
}

/** The family as `configured` extends it: a class that can be made; `call` is what subclasses supply. */
export const ScheduleFamily = LearningRateSchedule as unknown as (new (options: Record<string, unknown>) => LearningRateSchedule) & {
  readonly baseSchema: Record<string, never>;
  readonly module: string;
};
