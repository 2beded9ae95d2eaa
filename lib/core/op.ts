// Primitives and the one door to them. `bind` looks at what it got: a traced input records a node, otherwise the op runs now.
import { explainFault } from './fault.js';
import { allocate } from './memory.js';
import { native, type PlanHandle } from './native.js';
import { compileCall } from './plan.js';
import { currentTrace, isLeftOut, isTracedForShapes, placeholder } from './trace.js';
import type { Spec } from './shape.js';
import { followed, recordOnTapes } from './tape.js';
import { Tensor } from './tensor.js';
import { showShape } from './shape.js';
import type { Instruction } from './program.js';
import type { DType } from './dtype.js';
import { isComplex } from './dtype.js';

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
  /** True when no two calls are alike, so that it is no use to keep the plan of one. */
  readonly unique?: boolean;
  /** What tells the plans of calls on inputs of the same specs apart, where that is not the attributes' text; null for a call that no other is like. */
  readonly planKey?: (attrs: A) => string | null;
  /** True when the rules hold for complex inputs too. Views need not say so; of other ops a call on complex tensors is an error. */
  readonly complex?: boolean;
  /** True for a product whose kernel applies an elementwise program to its result: one output, one instruction, operands (inputs…, output). */
  readonly takesEpilogue?: boolean;
}

/** A primitive: a name with its rules. */
export interface Op<A extends Attrs = Attrs> extends OpDefinition<A> {
  readonly name: string;
  /** @internal Compiled one-call plans, by specs and attributes. */
  readonly cache: Map<string | number, EagerCall>;
}
/** @internal A compiled call with the specs of its outputs. */
export interface EagerCall {
  readonly plan: PlanHandle | null; // null: the output shares the input's memory, or has no elements
  readonly inputs: readonly Spec[]; // held so that their ids stay valid while the entry lives
  readonly outputs: readonly Spec[];
}

/** Defines a primitive. The name is its own and, where a kernel or tile op of that name exists, the kernel's. */
export function defineOp<A extends Attrs = Readonly<Record<string, never>>>(name: string, definition: OpDefinition<A>): Op<A> {
  return { name, ...definition, cache: new Map() };
}

const NO_ATTRS: Attrs = Object.freeze({});
const CACHE_LIMIT = 1024;
/** As many plans of control flow are kept: each has memory for the intermediate values of its programs. */
const PROGRAM_LIMIT = 64;

/** @internal What calls with the same plan have in common, while their specs live. */
export function keyOf(inputs: readonly Tensor[], attrs: Attrs): string | number {
  if (attrs === NO_ATTRS) {
    if (inputs.length === 1) return inputs[0]!.spec.id;
    if (inputs.length === 2) return inputs[0]!.spec.id * 0x4000000 + inputs[1]!.spec.id;
  }
  return withSpecs(attrs === NO_ATTRS ? '' : JSON.stringify(attrs), inputs);
}
function withSpecs(text: string, inputs: readonly Tensor[]): string {
  let key = text;
  for (const input of inputs) key += `;${input.spec.id}`;
  return key;
}
function planKeyOf(op: Op, inputs: readonly Tensor[], attrs: Attrs): string | number | null {
  if (op.unique === true) return null;
  if (op.planKey === undefined) return keyOf(inputs, attrs);
  const text = op.planKey(attrs);
  return text === null ? null : withSpecs(text, inputs);
}

/** Throws when an input is complex and the op knows real numbers only: kernels would see its parts. */
function checkComplex(op: Op, inputs: readonly Tensor[]): void {
  if (op.complex === true || op.lower === 'alias') return;
  const found = inputs.find((input) => isComplex(input.dtype));
  if (found !== undefined) throw new TypeError(`${op.name} is not defined for ${found.dtype}`);
}

function compiledCall(op: Op, inputs: readonly Tensor[], attrs: Attrs): EagerCall {
  const key = planKeyOf(op, inputs, attrs);
  const known = key === null ? undefined : op.cache.get(key);
  if (known !== undefined) return known;
  checkComplex(op, inputs);
  const call = compileCall(op, inputs.map((input) => input.spec), attrs);
  if (key === null) return call;
  if (op.cache.size >= (op.planKey === undefined ? CACHE_LIMIT : PROGRAM_LIMIT)) op.cache.delete(op.cache.keys().next().value!);
  op.cache.set(key, call);
  return call;
}

function runNow(op: Op, inputs: readonly Tensor[], attrs: Attrs): Tensor[] {
  const { plan, outputs } = compiledCall(op, inputs, attrs);
  if (plan === null) {
    const shared = op.lower === 'alias';
    return outputs.map((spec, i) => new Tensor(spec, shared ? inputs[i]!.memory : allocate(spec.bytes)));
  }
  if (outputs.length === 1 && inputs.length <= 2) {
    const out = allocate(outputs[0]!.bytes);
    try {
      if (inputs.length === 2) native.run(plan, inputs[0]!.memory!, inputs[1]!.memory!, out);
      else if (inputs.length === 1) native.run(plan, inputs[0]!.memory!, out);
      else native.run(plan, out);
    } catch (error) {
      throw explainFault(error, () => op.name);
    }
    return [new Tensor(outputs[0]!, out)];
  }
  const results = outputs.map((spec) => new Tensor(spec, allocate(spec.bytes)));
  try {
    native.runMany(plan, [...inputs, ...results].map((t) => t.memory!));
  } catch (error) {
    throw explainFault(error, () => op.name);
  }
  return results;
}

/** Stand-ins for results that are too large to be computed for their shapes; null for others. */
function leftOut(op: Op, inputs: readonly Tensor[], attrs: Attrs): Tensor[] | null {
  if (!isTracedForShapes()) return null;
  const specs = op.infer(inputs.map((input) => input.spec), attrs);
  return isLeftOut(specs) ? specs.map(placeholder) : null;
}

function notConcrete(op: Op, input: Tensor): Error {
  return new Error(
    `${op.name}: a tensor of shape ${showShape(input.shape)} belongs to a function whose tracing has ended; ` +
      'return it from the compiled function instead of keeping it in an outer variable',
  );
}

/**
 * Calls a primitive: records a node when an input is traced, runs it now otherwise, and lets the active gradient tapes
 * know. Every op goes through here.
 */
export function bind<A extends Attrs>(op: Op<A>, inputs: readonly Tensor[], attrs?: A): Tensor[] {
  const given: Attrs = attrs ?? NO_ATTRS;
  const any = op as unknown as Op;
  const trace = currentTrace();
  // What a gradient tape outside of the trace follows must pass through the traced program.
  const traced = inputs.find((input) => input.memory === null || (trace !== null && followed(input)));
  let outputs: Tensor[];
  if (traced === undefined) outputs = (trace === null ? null : leftOut(any, inputs, given)) ?? runNow(any, inputs, given);
  else {
    if (trace === null) throw notConcrete(any, traced);
    checkComplex(any, inputs);
    outputs = trace.record(any, inputs, given);
  }
  recordOnTapes(any, inputs, outputs, given);
  return outputs;
}

/** `bind` for the ops with one output. */
export const bind1 = <A extends Attrs>(op: Op<A>, inputs: readonly Tensor[], attrs?: A): Tensor => bind(op, inputs, attrs)[0]!;
