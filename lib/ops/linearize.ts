// Going back and forth over what a tape recorded: the part of differentiation that primitives need too.
import { isInexact } from '../base/dtype.js';
import { checkFunction, show } from '../base/errors.js';
import type { VjpCall } from '../core/op.js';
import { pausing, recording, Tape, type TapeEntry } from '../core/tape.js';
import { Tensor } from '../core/tensor.js';
import { flatten } from '../base/tree.js';
import { Variable } from '../core/variable.js';
import { add } from './primitives/elementwise.js';
import { identity, zerosLike } from './primitives/shape.js';

/** @internal Gradients of `targets`, weighted by `seeds`, with respect to `sources`; null where there is no path. */
export function backward(
  tape: Tape,
  targets: readonly Tensor[],
  seeds: readonly Tensor[],
  sources: readonly (Tensor | Variable)[],
): (Tensor | null)[] {
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
      if (gradient !== null && isInexact(input.dtype) && tape.follows(input)) accumulate(input, gradient);
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
  checkFunction(where, 'fn', fn);
  const tape = new Tape(false);
  const watched = inputs.map((input) => identity(input)); // other uses of the originals do not count
  watched.forEach((input) => tape.watch(input));
  const output = recording(tape, () => fn(...watched));
  const outputs = tensorLeaves(output, where);
  return { output, outputs, pullback: (cotangents) => pausing(tape, () => backward(tape, outputs, cotangents, watched)) };
}

/**
 * Derivatives of an op's outputs along tangents of its inputs, from its `vjp`: that is linear in the cotangents, and its own gradient the
 * transpose.
 */
function transposed({ op, inputs, outputs, attrs }: TapeEntry, tangents: readonly (Tensor | null)[]): (Tensor | null)[] {
  const { vjp } = op;
  const floats = [...outputs.keys()].filter((i) => isInexact(outputs[i]!.dtype));
  if (vjp === null || floats.length === 0) return outputs.map(() => null);
  const moving = [...inputs.keys()].filter((i) => tangents[i] !== null);
  const rule = (...cotangents: Tensor[]) => {
    const given = outputs.map((_, i) => (floats.includes(i) ? cotangents[floats.indexOf(i)]! : null));
    const results = vjp(given, { inputs, outputs, attrs });
    return moving.map((i) => results[i] ?? zerosLike(inputs[i]!));
  };
  const derivatives = linearize(rule, floats.map((i) => zerosLike(outputs[i]!)), op.name).pullback(moving.map((i) => tangents[i]!));
  return outputs.map((_, i) => (floats.includes(i) ? derivatives[floats.indexOf(i)]! : null));
}

/** @internal A function at a point: its value, and its derivatives along a direction, null for outputs that do not change along it. */
export interface Pushed {
  readonly output: unknown;
  readonly outputs: readonly Tensor[];
  readonly derivatives: readonly (Tensor | null)[];
}

/**
 * @internal Runs `fn` on fresh copies of the inputs, and its derivative along `directions` (null: an input that stands still) in forward
 * mode.
 */
export function pushForward(
  fn: (...inputs: Tensor[]) => unknown,
  inputs: readonly Tensor[],
  directions: readonly (Tensor | null)[],
  where: string,
): Pushed {
  checkFunction(where, 'fn', fn);
  const tape = new Tape(false);
  const watched = inputs.map((input) => identity(input)); // other uses of the originals do not count
  const tangents = new Map<Tensor, Tensor>();
  watched.forEach((input, i) => {
    const direction = directions[i] ?? null;
    if (direction === null || !isInexact(input.dtype)) return;
    tape.watch(input);
    tangents.set(input, direction);
  });
  const output = recording(tape, () => fn(...watched));
  const outputs = tensorLeaves(output, where);
  pausing(tape, () => {
    for (const entry of tape.entries) {
      const given = entry.inputs.map((input) => tangents.get(input) ?? null);
      if (given.every((tangent) => tangent === null)) continue;
      const results = entry.op.jvp === undefined ? transposed(entry, given) : entry.op.jvp(given, entry);
      results.forEach((tangent, i) => {
        if (tangent !== null) tangents.set(entry.outputs[i]!, tangent);
      });
    }
  });
  return { output, outputs, derivatives: outputs.map((result) => tangents.get(result) ?? null) };
}
