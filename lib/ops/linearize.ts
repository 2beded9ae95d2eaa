// Going back over what a tape recorded: the part of differentiation that primitives need too.
import { isFloat } from '../core/dtype.js';
import { show } from '../core/errors.js';
import type { VjpCall } from '../core/op.js';
import { pausing, recording, Tape } from '../core/tape.js';
import { Tensor } from '../core/tensor.js';
import { flatten } from '../core/tree.js';
import { Variable } from '../core/variable.js';
import { add } from './primitives/elementwise.js';
import { identity } from './primitives/shape.js';

/** @internal Gradients of `targets`, weighted by `seeds`, with respect to `sources`; null where there is no path. */
export function backward(tape: Tape, targets: readonly Tensor[], seeds: readonly Tensor[], sources: readonly (Tensor | Variable)[]): (Tensor | null)[] {
  const gradients = new Map<Tensor, Tensor>();
  const accumulate = (tensor: Tensor, gradient: Tensor) => {
    const known = gradients.get(tensor);
    gradients.set(tensor, known === undefined ? gradient : add(known, gradient));
  };
  targets.forEach((target, i) => {
    if (tape.follows(target)) accumulate(target, seeds[i]!);
  });
  for (const { op, inputs, outputs, attrs } of tape.entries.toReversed()) {
    const given = outputs.map((output) => gradients.get(output) ?? null);
    if (given.every((gradient) => gradient === null) || op.vjp === null) continue;
    const call: VjpCall<typeof attrs> = { inputs, outputs, attrs };
    const results = op.vjp(given, call);
    inputs.forEach((input, i) => {
      const gradient = results[i] ?? null;
      if (gradient !== null && isFloat(input.dtype) && tape.follows(input)) accumulate(input, gradient);
    });
  }
  return sources.map((source) => {
    if (source instanceof Tensor) return gradients.get(source) ?? null;
    const parts = [...tape.readsOf(source)].map((read) => gradients.get(read)).filter((part) => part !== undefined);
    return parts.length === 0 ? null : parts.reduce(add);
  });
}

/** @internal The tensors of a structure, variables by their values. */
export function tensorLeaves(structure: unknown, where: string): Tensor[] {
  return flatten(structure).leaves.map((leaf) => {
    if (leaf instanceof Tensor) return leaf;
    if (leaf instanceof Variable) return leaf.value;
    throw new TypeError(`${where}: expected tensors, received ${show(leaf)}`);
  });
}

/** @internal A function at a point: its value, and the way back. */
export interface Linearized {
  readonly output: unknown;
  /** Gradients of the inputs, null where there is no path. */
  readonly pullback: (cotangents: readonly Tensor[]) => (Tensor | null)[];
  readonly outputs: readonly Tensor[];
}

/** @internal Runs `fn` on fresh copies of the inputs and keeps what is needed to go back. */
export function linearize(fn: (...inputs: Tensor[]) => unknown, inputs: readonly Tensor[], where: string): Linearized {
  const tape = new Tape(false);
  const watched = inputs.map((input) => identity(input)); // other uses of the originals do not count
  watched.forEach((input) => tape.watch(input));
  const output = recording(tape, () => fn(...watched));
  const outputs = tensorLeaves(output, where);
  return { output, outputs, pullback: (cotangents) => pausing(tape, () => backward(tape, outputs, cotangents, watched)) };
}
