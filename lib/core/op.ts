// Primitives: names with their rules for shapes, gradients and kernels.
import { BoundedMap } from '../base/bounded-map.js';
import type { PlanHandle } from './native.js';
import { releasePlan } from './profile.js';
import type { Spec } from '../base/shape.js';
import type { Tensor } from './tensor.js';
import type { Instruction } from './program.js';
import type { DType } from '../base/dtype.js';

/** Attributes of an op call: plain data. */
export type Attrs = Readonly<Record<string, AttrValue>>;
/** What an attribute may be. */
export type AttrValue = number | string | boolean | null | readonly AttrValue[] | object;

/** What a gradient rule sees of the call that it differentiates. */
export interface VjpCall<A> {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attrs: A;
}

/** How a call becomes instructions. */
export interface LowerCall<A> {
  readonly inputs: readonly Spec[];
  readonly outputs: readonly Spec[];
  readonly attrs: A;
  /** Outputs (by index) that are written over the memory of an input (by index), which is read at the same places only. */
  readonly over?: ReadonlyMap<number, number>;
}

/**
 * How a primitive runs: a tile op of the fused elementwise interpreter, no work at all (each output shares the memory of the
 * input of its number), or instructions for kernels.
 */
export type Lowering<A> =
  | { readonly tile: string | ((call: LowerCall<A>) => string); readonly key?: (call: LowerCall<A>) => DType }
  | 'alias'
  | ((call: LowerCall<A>) => readonly Instruction[]);

/** A primitive, as `defineOp` takes it. */
export interface OpDefinition<A extends Attrs> {
  /** Specs of the outputs: the only shape and dtype rule. Throws on inputs that do not fit. */
  readonly infer: (inputs: readonly Spec[], attrs: A) => readonly Spec[];
  /**
   * Gradients of the inputs given those of the outputs (an output that nobody used has null), written with ops.
   * null for an input without one. `vjp: null` where the op has no gradient.
   */
  readonly vjp: ((grads: readonly (Tensor | null)[], call: VjpCall<A>) => readonly (Tensor | null)[]) | null;
  /**
   * Derivatives of the outputs along tangents of the inputs (null: an input that stands still), null for an output without one. By default
   * what `vjp` says, transposed; ops whose `vjp` has to run everything backwards have a rule of their own.
   */
  readonly jvp?: (tangents: readonly (Tensor | null)[], call: VjpCall<A>) => readonly (Tensor | null)[];
  readonly lower: Lowering<A>;
  /** Rough number of multiplications and additions; by default one for each element of the outputs. */
  readonly cost?: (call: LowerCall<A>) => number;
  /** True when data may make the kernel report a fault (an index out of range). */
  readonly mayFault?: boolean;
  /** `'ordered'` for calls that do more than compute their outputs: no pass drops, merges or reorders them. They lower to instructions. */
  readonly effect?: 'ordered';
  /** True when no two calls are alike, so that it is no use to keep the plan of one. */
  readonly unique?: boolean;
  /**
   * What tells the plans of calls on inputs of the same specs apart, where that is not the attributes' text; null for a call that no other
   * is like.
   */
  readonly planKey?: (attrs: A) => string | null;
  /** True when the rules hold for complex inputs too. Views need not say so; of other ops a call on complex tensors is an error. */
  readonly complex?: boolean;
  /**
   * True for a product whose kernel applies an elementwise program to its result: one output, one instruction, operands (inputs…, output).
   */
  readonly takesEpilogue?: boolean;
}

/** A primitive: a name with its rules. */
export interface Op<A extends Attrs = Attrs> extends OpDefinition<A> {
  readonly name: string;
  /** @internal Compiled one-call plans, by specs and attributes. */
  readonly cache: BoundedMap<string | number, EagerCall>;
}
/** @internal A compiled call with the specs of its outputs. */
export interface EagerCall {
  readonly plan: PlanHandle | null; // null: the output shares the input's memory, or has no elements
  readonly inputs: readonly Spec[]; // held so that their ids stay valid while the entry lives
  readonly outputs: readonly Spec[];
}

/** Plans of calls that an op keeps at least. */
const KEPT_CALLS = 512;
/** As many plans of control flow are kept: each has memory for the intermediate values of its programs. */
const KEPT_PROGRAMS = 32;

/** Defines a primitive. The name is its own and, where a kernel or tile op of that name exists, the kernel's. */
export function defineOp<A extends Attrs = Readonly<Record<string, never>>>(name: string, definition: OpDefinition<A>): Op<A> {
  if (definition.effect !== undefined && typeof definition.lower !== 'function')
    throw new TypeError(`${name}: an op with an effect lowers to instructions`);
  return {
    name,
    ...definition,
    cache: new BoundedMap(definition.planKey === undefined ? KEPT_CALLS : KEPT_PROGRAMS, ({ plan }) => plan !== null && releasePlan(plan)),
  };
}
