// The one door to primitives. `bind` looks at what it got: a traced input records a node, otherwise the op runs now.
import { isComplex } from '../base/dtype.js';
import { explainFault } from '../base/fault.js';
import { keyText } from '../base/keys.js';
import { showShape } from '../base/shape.js';
import { hasEffect } from './graph.js';
import { allocate } from './memory.js';
import { native } from './native.js';
import type { Attrs, EagerCall, Op } from './op.js';
import { compileCall } from './plan.js';
import { releasePlan } from './profile.js';
import { followed, recordOnTapes } from './tape.js';
import { Tensor } from './tensor.js';
import { currentTrace, isLeftOut, isTracedForShapes, placeholder } from './trace.js';

const NO_ATTRS: Attrs = Object.freeze({});

/** @internal What calls with the same plan have in common, while their specs live. */
export function keyOf(inputs: readonly Tensor[], attrs: Attrs): string | number {
  if (attrs === NO_ATTRS) {
    if (inputs.length === 1) return inputs[0]!.spec.id;
    if (inputs.length === 2) return inputs[0]!.spec.id * 0x4000000 + inputs[1]!.spec.id;
  }
  return withSpecs(attrs === NO_ATTRS ? '' : keyText(attrs), inputs);
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

let last: EagerCall['plan'] = null;
/** Frees the plan of the call before this one: no other call will need it. */
function keepLast({ plan }: EagerCall): void {
  if (last !== null) releasePlan(last);
  last = plan;
}

function compiledCall(op: Op, inputs: readonly Tensor[], attrs: Attrs): EagerCall {
  const key = planKeyOf(op, inputs, attrs);
  const known = key === null ? undefined : op.cache.get(key);
  if (known !== undefined) return known;
  checkComplex(op, inputs);
  const call = compileCall(op, inputs.map((input) => input.spec), attrs);
  if (key === null) keepLast(call);
  else op.cache.set(key, call);
  return call;
}

function runNow(op: Op, inputs: readonly Tensor[], attrs: Attrs): Tensor[] {
  const { plan, outputs } = compiledCall(op, inputs, attrs);
  if (plan === null) {
    const shared = op.lower === 'alias';
    return outputs.map((spec, i) => (shared ? new Tensor(spec, inputs[i]!.lend(), null, true) : new Tensor(spec, allocate(spec.bytes))));
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
 * Calls a primitive: records a node when an input is traced or, in a trace, when it has an effect; runs it now otherwise; and lets the
 * active gradient tapes know. Every op goes through here.
 */
export function bind<A extends Attrs>(op: Op<A>, inputs: readonly Tensor[], attrs?: A): Tensor[] {
  const given: Attrs = attrs ?? NO_ATTRS;
  const any = op as unknown as Op;
  const trace = currentTrace();
  // What a gradient tape outside of the trace follows must pass through the traced program.
  const traced = inputs.find((input) => input.memory === null || (trace !== null && followed(input)));
  let outputs: Tensor[];
  if (trace === null) {
    if (traced !== undefined) throw notConcrete(any, traced);
    outputs = runNow(any, inputs, given);
  } else if (traced === undefined && !(trace.keepsSources && inputs.length === 0) && !hasEffect({ op: any, attrs: given }))
    outputs = leftOut(any, inputs, given) ?? runNow(any, inputs, given);
  else {
    checkComplex(any, inputs);
    outputs = trace.record(any, inputs, given);
  }
  recordOnTapes(any, inputs, outputs, given);
  return outputs;
}

/** `bind` for the ops with one output. */
export const bind1 = <A extends Attrs>(op: Op<A>, inputs: readonly Tensor[], attrs?: A): Tensor => bind(op, inputs, attrs)[0]!;
