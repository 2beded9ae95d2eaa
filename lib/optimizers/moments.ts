// The running means of gradients and of their squares that Adam and its descendants step by.
import { noteChange } from '../config/changes.js';
import { float, keyed, withDefault } from '../config/fields.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { learningRate } from './optimizer.js';

/** Options of such optimizers. */
export const momentSchema = {
  learningRate: learningRate(0.001),
  /** Share of the running mean of the gradients that a step keeps. */
  beta1: keyed('beta_1', withDefault(float(), 0.9)),
  /** Share of the running mean of their squares that a step keeps. */
  beta2: keyed('beta_2', withDefault(float(), 0.999)),
  epsilon: withDefault(float(), 1e-7),
} as const;

/** Moves a running mean towards a new value: `mean += (value - mean)(1 - kept)`. */
export function moveMean(mean: Variable, value: Tensor, kept: number): void {
  mean.assignAdd(ops.multiply(ops.subtract(value, mean), 1 - kept));
}

/** Counts a change of an option of an optimizer. @throws for momentum of a built optimizer that keeps none. */
export function changeOption(
  { name, built }: { readonly name: string; readonly built: boolean },
  option: string,
  needsSlots: boolean,
): void {
  if (built && needsSlots)
    throw new TypeError(`${name}: ${option} cannot be set, because the optimizer was built without it; make another optimizer with it`);
  noteChange();
}
