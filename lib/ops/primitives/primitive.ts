// How primitives are written: the op and the function that calls it are one thing.
import type { Attrs, Op } from '../../core/op.js';
import { bind, keyOf } from '../../core/bind.js';
import { scalarTensor } from '../../core/convert.js';
import { castTo } from '../../core/cast.js';
import { BoundedMap } from '../../base/bounded-map.js';
import { type DType, isComplex, isHalf } from '../../base/dtype.js';
import { hasKernel } from '../../core/kernels.js';
import type { Shape, Spec } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';

/** A random tensor for the tests of an op: its domain is part of the op's contract. */
export interface Sample {
  readonly shape: Shape;
  /** Bounds of the values; default -2 and 2. */
  readonly low?: number;
  readonly high?: number;
  /**
   * Default `'float'`: each float dtype in turn. `'regular'`: floats, the matrices' diagonals dominant, so that they are well conditioned;
   * `'definite'`: these made symmetric. `'index'` draws whole numbers below `high`. `'complex'`: numbers whose parts are of the float
   * dtype.
   */
  readonly kind?: 'float' | 'regular' | 'definite' | 'bool' | 'index' | 'complex';
  /** A constant that the op is always called with, in a float dtype; no gradient is asked for. */
  readonly constant?: (dtype: DType) => Tensor;
}
/** Inputs and attributes with which the tests call an op. */
export interface Case<A> {
  readonly inputs: readonly Sample[];
  readonly attrs?: A;
}

/** A primitive as a function of tensors. `op` holds its rules, `samples` what the tests call it with. */
export type Primitive<A extends Attrs, F> = F & { readonly op: Op<A>; readonly samples: readonly Case<A>[] };

/** What a primitive does when an input is complex, composed of other primitives. */
export type ComplexRule = (inputs: readonly Tensor[], attrs: Attrs) => Tensor;
let complexRules: ReadonlyMap<string, ComplexRule> = new Map();
/** @internal Lends the rules of primitives/complex.ts, which are made of primitives themselves. */
export function setComplexRules(rules: ReadonlyMap<string, ComplexRule>): void {
  complexRules = rules;
}

/**
 * Whether calls on 16-bit floats are computed in float32: for inputs of these specs the dtypes of the results, null for kernels of their
 * own.
 */
interface Widening {
  readonly specs: readonly Spec[]; // held so that their ids stay valid while the entry lives
  readonly results: readonly DType[] | null;
}
const widenings = new WeakMap<object, BoundedMap<string | number, Widening>>();
const WIDENINGS = 512;

function wideningOf<A extends Attrs>(op: Op<A>, inputs: readonly Tensor[], attrs: A): readonly DType[] | null {
  let known = widenings.get(op);
  if (known === undefined) widenings.set(op, (known = new BoundedMap(WIDENINGS)));
  const key = keyOf(inputs, attrs);
  let found = known.get(key);
  if (found === undefined) {
    const specs = inputs.map(({ spec }) => spec);
    const outputs = op.infer(specs, attrs);
    const hasAll =
      op.lower instanceof Function &&
      op.lower({ inputs: specs, outputs, attrs }).every(({ kernel, dtype, control }) => control !== undefined || hasKernel(kernel, dtype));
    found = { specs, results: hasAll ? null : outputs.map(({ dtype }) => dtype) };
    known.set(key, found);
  }
  return found.results;
}

/**
 * @internal Calls an op. Complex inputs go by its complex rule, where it has one. Most kernels that compute have no 16-bit form: for these,
 * 16-bit floats are widened to float32 and the results rounded back, so that gradients, which call primitives directly, need not think of
 * it.
 */
export function callPrimitive<A extends Attrs>(op: Op<A>, inputs: readonly Tensor[], attrs?: A): Tensor[] {
  if (inputs.every(({ dtype }) => dtype === 'float32')) return bind(op, inputs, attrs); // by far the most
  if (inputs.some(({ dtype }) => isComplex(dtype))) {
    const rule = complexRules.get(op.name);
    return rule === undefined ? bind(op, inputs, attrs) : [rule(inputs, attrs ?? {})];
  }
  if (typeof op.lower !== 'function' || !inputs.some(({ dtype }) => isHalf(dtype))) return bind(op, inputs, attrs);
  if (op.planKey !== undefined) return bind(op, inputs, attrs); // control flow
  const dtypes = wideningOf(op, inputs, attrs ?? ({} as A));
  if (dtypes === null) return bind(op, inputs, attrs);
  const results = bind(op, inputs.map((input) => (isHalf(input.dtype) ? castTo(input, 'float32') : input)), attrs);
  return results.map((result, i) => castTo(result, dtypes[i]!));
}

/** Makes the function of an op with one output from the way it is called. */
export function primitive<A extends Attrs, F>(
  op: Op<A>,
  samples: readonly Case<NoInfer<A>>[],
  call: (run: (inputs: readonly Tensor[], attrs?: A) => Tensor) => F,
): Primitive<A, F> {
  return Object.assign(call((inputs, attrs) => callPrimitive(op, inputs, attrs)[0]!) as object, { op, samples }) as Primitive<A, F>;
}

/** `primitive` for an op with several outputs. */
export function primitives<A extends Attrs, F>(
  op: Op<A>,
  samples: readonly Case<NoInfer<A>>[],
  call: (run: (inputs: readonly Tensor[], attrs?: A) => Tensor[]) => F,
): Primitive<A, F> {
  return Object.assign(call((inputs, attrs) => callPrimitive(op, inputs, attrs)) as object, { op, samples }) as Primitive<A, F>;
}

/** A constant of the dtype of `like`. */
export const constant = (value: number, like: Tensor): Tensor => scalarTensor(value, like.dtype);
