// How primitives are written: the op and the function that calls it are one thing.
import type { Attrs, Op } from '../../core/op.js';
import { bind, bind1 } from '../../core/op.js';
import { scalarTensor } from '../../core/convert.js';
import type { Shape } from '../../core/shape.js';
import type { Tensor } from '../../core/tensor.js';

/** A random tensor for the tests of an op: its domain is part of the op's contract. */
export interface Sample {
  readonly shape: Shape;
  /** Bounds of the values; default -2 and 2. */
  readonly low?: number;
  readonly high?: number;
  /**
   * Default `'float'`: each float dtype in turn. `'regular'`: floats, the matrices' diagonals dominant, so that they are well conditioned;
   * `'definite'`: these made symmetric. `'index'` draws whole numbers below `high`.
   */
  readonly kind?: 'float' | 'regular' | 'definite' | 'bool' | 'index';
}
/** Inputs and attributes with which the tests call an op. */
export interface Case<A> {
  readonly inputs: readonly Sample[];
  readonly attrs?: A;
}

/** A primitive as a function of tensors. `op` holds its rules, `samples` what the tests call it with. */
export type Primitive<A extends Attrs, F> = F & { readonly op: Op<A>; readonly samples: readonly Case<A>[] };

/** Makes the function of an op with one output from the way it is called. */
export function primitive<A extends Attrs, F>(op: Op<A>, samples: readonly Case<NoInfer<A>>[], call: (run: (inputs: readonly Tensor[], attrs?: A) => Tensor) => F): Primitive<A, F> {
  return Object.assign(call((inputs, attrs) => bind1(op, inputs, attrs)) as object, { op, samples }) as Primitive<A, F>;
}

/** `primitive` for an op with several outputs. */
export function primitives<A extends Attrs, F>(op: Op<A>, samples: readonly Case<NoInfer<A>>[], call: (run: (inputs: readonly Tensor[], attrs?: A) => Tensor[]) => F): Primitive<A, F> {
  return Object.assign(call((inputs, attrs) => bind(op, inputs, attrs)) as object, { op, samples }) as Primitive<A, F>;
}

/** A constant of the dtype of `like`. */
export const constant = (value: number, like: Tensor): Tensor => scalarTensor(value, like.dtype);
