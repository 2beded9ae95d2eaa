// What lstm.ts and gru.ts share. They run recurrent layers over whole sequences, (batch, time, features): kernels, and the scans that they
// are equal to, by which they are differentiated further. A step that a bool mask (batch, time) leaves out keeps the states, and what is
// saved of it is 0.
import { showShape, type Spec } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { scan } from './control.js';
import { select, subtract } from './elementwise.js';
import { present, type Some, taker } from './kernel-ops.js';
import { matmul } from './matmul.js';
import { constant } from './primitive.js';
import { concatenate, reshape, slice, transpose } from './shape.js';

/** The part of the last axis that belongs to a gate. */
export const gate = (x: Tensor, at: number, units: number): Tensor =>
  slice(x, x.shape.map((_, i) => (i === x.shape.length - 1 ? at * units : 0)), [...x.shape.slice(0, -1), units]);
export const gates = (x: Tensor, units: number): Tensor[] => Array.from({ length: x.shape.at(-1)! / units }, (_, k) => gate(x, k, units));
export const oneMinus = (x: Tensor): Tensor => subtract(constant(1, x), x);
/** `a` for samples that have the step, else `b`; `a` without a mask. */
export const where = (mask: Tensor | null, a: Tensor, b: Tensor): Tensor =>
  mask === null ? a : select(reshape(mask, [mask.shape[0]!, 1]), a, b);
/** `a` for samples that have the step, else 0. */
export const orZero = (mask: Tensor | null, a: Tensor): Tensor => where(mask, a, constant(0, a));

/** States before each step, from those after it and the initial ones. */
export function before(after: Tensor, initial: Tensor): Tensor {
  const [batch, steps, units] = after.shape as [number, number, number];
  return concatenate([reshape(initial, [batch, 1, units]), slice(after, [0, 0, 0], [batch, steps - 1, units])], 1);
}
/** The gradient of weights that multiply `x` (batch, time, rows), from that of the products (batch, time, columns). */
export function weightGradient(x: Tensor, by: Tensor): Tensor {
  const flat = (y: Tensor) => reshape(y, [y.shape[0]! * y.shape[1]!, y.shape[2]!]);
  return matmul(flat(x), flat(by), true, false);
}

const swapped = (x: Tensor): Tensor => transpose(x, [1, 0, ...x.shape.keys()].filter((axis, i) => i < 2 || axis > 1));
/** A scan over the times of tensors (batch, time, …); the rows come back in their form. */
export function scanTime(
  body: (carries: Tensor[], row: Some) => { readonly carries: readonly Tensor[]; readonly rows: readonly Tensor[] },
  initial: readonly Tensor[],
  slices: Some,
  reverse = false,
): { carries: Tensor[]; rows: Tensor[] } {
  const given = present(slices).map(swapped);
  const spread = (row: readonly Tensor[]) => {
    const take = taker(row);
    return slices.map((x) => (x === null ? null : take()));
  };
  const { carries, rows } = scan((states, row) => body(states, spread(row)), initial, given, given[0]!.shape[0]!, reverse);
  return { carries, rows: rows.map(swapped) };
}
/** Throws when projected inputs are no (batch, time, gates × units), or the weights do not fit them. */
export function checkRecurrence(op: string, count: number, x: Spec, weights: Spec, initial: Spec): void {
  const units = weights.shape[0]!;
  if (x.shape.length === 3 && x.shape[2] === count * units && weights.shape[1] === count * units && initial.shape.at(-1) === units) return;
  throw new RangeError(
    `${op}: expected projected inputs (batch, time, ${count} units), weights (units, ${count} units) and states (batch, units), received ` +
      [x, weights, initial].map(({ shape }) => showShape(shape)).join(', '),
  );
}
