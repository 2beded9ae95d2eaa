// Masks of attention: which sources a target sees.
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';

const places = (length: number, shape: readonly number[]): Tensor => ops.reshape(ops.arange(length, { dtype: 'int32' }), shape);

/** True where a source is not after its target; shape (1, targets, sources). */
export const causalMask = (targets: number, sources: number): Tensor =>
  ops.greaterEqual(places(targets, [1, targets, 1]), places(sources, [1, 1, sources]));

/** True where a source is less than `window` places from its target, before or after; shape (1, targets, sources). */
export const windowMask = (targets: number, sources: number, window: number): Tensor =>
  ops.less(ops.abs(ops.subtract(places(targets, [1, targets, 1]), places(sources, [1, 1, sources]))), window);
