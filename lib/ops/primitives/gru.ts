// GRU over a whole sequence. The gates stand in Keras's order: update, reset, candidate.
import { specOf } from '../../base/shape.js';
import { bind } from '../../core/bind.js';
import { filled } from '../../core/convert.js';
import { defineOp, type Op } from '../../core/op.js';
import { taping } from '../../core/tape.js';
import type { Tensor } from '../../core/tensor.js';
import { isTracedForOthers } from '../../core/trace.js';
import { sum } from './broadcast.js';
import { add, multiply, sigmoid, square, subtract, tanh } from './elementwise.js';
import { gradientsBy, operandsOf, present, type Some, taker } from './kernel-ops.js';
import { matmul } from './matmul.js';
import { type Case, primitives } from './primitive.js';
import { before, checkRecurrence, gate, gates as gatesOf, oneMinus, orZero, scanTime, weightGradient, where } from './recurrent.js';
import { concatenate, slice } from './shape.js';

interface GruAttrs {
  readonly [key: string]: boolean;
  /** Whether the reset gate multiplies the recurrent product, as in cuDNN, instead of the state in it. */
  readonly resetAfter: boolean;
  /** Whether there is a recurrent bias, which only `resetAfter` tells from that of the inputs. */
  readonly biased: boolean;
  readonly masked: boolean;
  /**
   * True when a further output, which the gradient needs, has the gates, the state before each step and, with `resetAfter`, the recurrent
   * part of the candidate: (batch, time, 5 units), else (batch, time, 4 units).
   */
  readonly saves: boolean;
}
type Three = [Tensor, Tensor, Tensor];

/** Columns of the weights: those of the first two gates, those of the candidate. */
function split(weights: Tensor): [first: Tensor, candidate: Tensor] {
  const units = weights.shape[0]!;
  return [slice(weights, [0, 0], [units, 2 * units]), gate(weights, 2, units)];
}

/** Inputs and outputs of the op, by a scan. */
function stepByStep(inputs: readonly Tensor[], { resetAfter, biased, masked, saves }: GruAttrs): Tensor[] {
  const take = taker(inputs);
  const [x, weights, bias, h0, mask] = [take(), take(), take(biased), take(), take(masked)];
  const units = weights.shape[0]!;
  const step = ([h]: readonly Tensor[], [now, has]: Some) => {
    const [xz, xr, xg] = gatesOf(now!, units) as Three;
    const [first, candidate] = split(weights);
    const product = matmul(h!, resetAfter ? weights : first);
    const [hz, hr, inner] = gatesOf(biased ? add(product, bias) : product, units) as Three;
    const [z, r] = [sigmoid(add(xz, hz)), sigmoid(add(xr, hr))];
    const g = tanh(add(xg, resetAfter ? multiply(r, inner) : matmul(multiply(r, h!), candidate)));
    const next = where(has!, add(multiply(z, h!), multiply(oneMinus(z), g)), h!);
    const kept = concatenate([z, r, g, h!, ...(resetAfter ? [inner] : [])], 1);
    return { carries: [next], rows: [next, ...(saves ? [orZero(has!, kept)] : [])] };
  };
  const { carries, rows } = scanTime(step, [h0], [x, mask]);
  return [rows[0]!, carries[0]!, ...rows.slice(1)];
}

interface GradientAttrs {
  readonly [key: string]: boolean;
  readonly resetAfter: boolean;
  readonly masked: boolean;
  /** Which gradients come in. */
  readonly byAll: boolean;
  readonly byLast: boolean;
}
/** Inputs and outputs of the gradient, by a scan. */
function backStepByStep(inputs: readonly Tensor[], { resetAfter, masked, byAll, byLast }: GradientAttrs): Tensor[] {
  const take = taker(inputs);
  const [saved, weights, mask, dh, last] = [take(), take(), take(masked), take(byAll), take(byLast)];
  const units = weights.shape[0]!;
  const step = ([carried]: readonly Tensor[], [all, has, given]: Some) => {
    const [z, r, g, h, inner] = gatesOf(all!, units) as [...Three, Tensor, Tensor];
    const by = given === null ? carried! : add(carried!, given!);
    const byG = multiply(multiply(by, oneMinus(z)), oneMinus(square(g)));
    const byZ = multiply(multiply(by, subtract(h, g)), multiply(z, oneMinus(z)));
    const slope = multiply(r, oneMinus(r));
    if (resetAfter) {
      const byR = multiply(multiply(byG, inner), slope);
      const byInner = concatenate([byZ, byR, multiply(byG, r)], 1);
      const next = add(multiply(by, z), matmul(byInner, weights, false, true));
      return { carries: [where(has!, next, by)], rows: [orZero(has!, concatenate([byZ, byR, byG], 1)), orZero(has!, byInner)] };
    }
    const [first, candidate] = split(weights);
    const byReset = matmul(byG, candidate, false, true);
    const byR = multiply(multiply(byReset, h), slope);
    const next = add(add(multiply(by, z), multiply(byReset, r)), matmul(concatenate([byZ, byR], 1), first, false, true));
    return { carries: [where(has!, next, by)], rows: [orZero(has!, concatenate([byZ, byR, byG], 1))] };
  };
  const start = byLast ? last : filled([saved.shape[0]!, units], 0, saved.dtype);
  const { carries, rows } = scanTime(step, [start], [saved, mask, dh], true);
  return [...rows, carries[0]!];
}

const gradientOp: Op<GradientAttrs> = defineOp('gru_gradient', {
  infer: ([saved, weights], { resetAfter }: GradientAttrs) => {
    const [batch, steps] = saved!.shape as [number, number];
    const dx = specOf(saved!.dtype, [batch, steps, weights!.shape[1]!]);
    return [dx, ...(resetAfter ? [dx] : []), specOf(saved!.dtype, [batch, weights!.shape[0]!])];
  },
  vjp: (grads, { inputs, attrs }) => gradientsBy('gru', (values) => backStepByStep(values, attrs), inputs, grads),
  lower: ({ inputs, outputs, attrs: { resetAfter, masked, byAll, byLast } }) => [{
    kernel: 'gru_gradient', dtype: inputs[0]!.dtype, operands: operandsOf(inputs, outputs),
    ints: [...inputs[0]!.shape.slice(0, 2), inputs[1]!.shape[0]!, ...[resetAfter, masked, byAll, byLast].map(Number)],
  }],
  cost: ({ inputs: [, weights], outputs: [dx] }) => dx!.size * weights!.shape[0]!,
});

/** The gradient of the recurrent weights, from those of x and, with `resetAfter`, of the recurrent parts. */
function byWeights(earlier: Tensor, saved: Tensor, dx: Tensor, byInner: Tensor | null): Tensor {
  if (byInner !== null) return weightGradient(earlier, byInner);
  const units = earlier.shape[2]!;
  const first = slice(dx, [0, 0, 0], [...dx.shape.slice(0, 2), 2 * units]);
  const reset = multiply(gate(saved, 1, units), earlier);
  return concatenate([weightGradient(earlier, first), weightGradient(reset, gate(dx, 2, units))], 1);
}

const op: Op<GruAttrs> = defineOp('gru', {
  infer: (inputs, { resetAfter, biased, saves }: GruAttrs) => {
    const [x, weights, initial] = [inputs[0]!, inputs[1]!, inputs[biased ? 3 : 2]!];
    checkRecurrence('gru', 3, x, weights, initial);
    const [batch, steps] = x.shape as [number, number];
    const sequence = (count: number) => specOf(x.dtype, [batch, steps, count * weights.shape[0]!]);
    return [sequence(1), initial, ...(saves ? [sequence(resetAfter ? 5 : 4)] : [])];
  },
  vjp: (grads, { inputs, outputs, attrs }) => {
    const [byAll, byLast, bySaved = null] = grads;
    // What is saved has a gradient in derivatives of gradients alone.
    if (bySaved !== null) return gradientsBy('gru', (values) => stepByStep(values, attrs), inputs, grads);
    const { resetAfter, biased, masked } = attrs;
    const [h, , saved] = (attrs.saves ? outputs : bind(op, inputs, { ...attrs, saves: true })) as Three;
    const take = taker(inputs.slice(1));
    const [weights, , initial, mask] = [take(), take(biased), take(), take(masked)];
    const flags = { resetAfter, masked, byAll: byAll !== null, byLast: byLast !== null };
    const made = bind(gradientOp, present([saved, weights, mask, byAll!, byLast!]), flags);
    const [dx, byInner] = made as [Tensor, Tensor];
    const weightsGradient = byWeights(before(h, initial), saved, dx, resetAfter ? byInner : null);
    return [dx, weightsGradient, ...(biased ? [sum(byInner, 0, 2)] : []), made.at(-1)!, ...(masked ? [null] : [])];
  },
  lower: ({ inputs, outputs, attrs: { resetAfter, biased, masked, saves } }) => [{
    kernel: 'gru', dtype: inputs[0]!.dtype, operands: operandsOf(inputs, outputs),
    ints: [...outputs[0]!.shape, ...[resetAfter, biased, masked, saves].map(Number)],
  }],
  cost: ({ inputs: [x, weights] }) => x!.size * weights!.shape[0]!,
});

const sample = (batch: number, steps: number, units: number, resetAfter: boolean, masked: boolean, saves = false): Case<GruAttrs> => ({
  inputs: [
    { shape: [batch, steps, 3 * units] },
    { shape: [units, 3 * units], low: -1, high: 1 },
    ...(resetAfter && !masked ? [{ shape: [3 * units] }] : []),
    { shape: [batch, units], low: -1, high: 1 },
    ...(masked ? [{ shape: [batch, steps], kind: 'bool' as const }] : []),
  ],
  attrs: { resetAfter, biased: resetAfter && !masked, masked, saves },
});
/**
 * Runs a GRU over projected inputs (batch, time, 3 units) that contain their bias, with recurrent weights (units, 3 units), from states
 * (batch, units) on. With `resetAfter` there may be a recurrent bias (3 units). Gives the states of all steps (batch, time, units), and
 * those after the last one.
 */
export const gru = primitives(op, [
  sample(2, 3, 2, true, false),
  sample(3, 3, 2, false, false),
  sample(3, 2, 2, true, true),
  sample(1, 3, 3, false, true),
  sample(2, 2, 1, true, false, true),
  sample(2, 2, 2, false, true, true),
], (run) =>
  (x: Tensor, weights: Tensor, bias: Tensor | null, h: Tensor, mask: Tensor | null, resetAfter: boolean): [all: Tensor, last: Tensor] => {
    const given = present([x, weights, bias, h, mask]);
    const attrs = { resetAfter, biased: bias !== null, masked: mask !== null };
    const results = isTracedForOthers() ? stepByStep(given, { ...attrs, saves: false }) : run(given, { ...attrs, saves: taping() });
    return results.slice(0, 2) as [Tensor, Tensor];
  });
