// What ops share that run much by one kernel: inputs that a call may lack, and derivatives by way of a function that equals the op.
import { isFloat } from '../../base/dtype.js';
import type { Spec } from '../../base/shape.js';
import { input, output, type Operand } from '../../core/program.js';
import type { Tensor } from '../../core/tensor.js';
import { linearize } from '../linearize.js';
import { concatenate, reshape, slice, zerosLike } from './shape.js';

/** A list that a call may have some entries of. */
export type Some = readonly (Tensor | null)[];
export const present = (tensors: Some): Tensor[] => tensors.filter((tensor) => tensor !== null);
/** Takes tensors one after the other, null for those that a call does not have. */
export function taker(tensors: readonly Tensor[]): (has?: boolean) => Tensor {
  let next = 0;
  return (has = true) => (has ? tensors[next++]! : (null as never));
}

/** Tensors of one shape side by side along a new first axis, and back. */
export const stack = (xs: readonly Tensor[]): Tensor => concatenate(xs.map((x) => reshape(x, [1, ...x.shape])), 0);
export const unstack = (x: Tensor): Tensor[] =>
  Array.from({ length: x.shape[0]! }, (_, i) => {
    const shape = x.shape.slice(1);
    return reshape(slice(x, [i, ...shape.map(() => 0)], [1, ...shape]), shape);
  });

/** Gradients of inputs by way of a function that equals the op; null for inputs that are no floats. */
export function gradientsBy(
  where: string, fn: (inputs: readonly Tensor[]) => readonly Tensor[], inputs: readonly Tensor[], grads: Some,
): Some {
  const rule = (...floats: Tensor[]) => {
    const take = taker(floats);
    return fn(inputs.map((x) => (isFloat(x.dtype) ? take() : x))).filter((_, i) => grads[i] !== null);
  };
  const floats = inputs.filter(({ dtype }) => isFloat(dtype));
  const found = linearize(rule, floats, where).pullback(present(grads));
  const take = taker(found.map((gradient, i) => gradient ?? zerosLike(floats[i]!)));
  return inputs.map((x) => (isFloat(x.dtype) ? take() : null));
}

/** The instruction's operands: all inputs, then all outputs. */
export const operandsOf = (inputs: readonly Spec[], outputs: readonly Spec[]): Operand[] => [
  ...inputs.map((_, i) => input(i)),
  ...outputs.map((_, i) => output(i)),
];
