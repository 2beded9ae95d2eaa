// LSTM over a whole sequence. The gates stand in Keras's order: input, forget, candidate, output.
import { specOf } from '../../base/shape.js';
import { bind } from '../../core/bind.js';
import { filled } from '../../core/convert.js';
import { defineOp, type Op } from '../../core/op.js';
import { taping } from '../../core/tape.js';
import type { Tensor } from '../../core/tensor.js';
import { isTracedForOthers } from '../../core/trace.js';
import { add, multiply, sigmoid, square, tanh } from './elementwise.js';
import { gradientsBy, operandsOf, present, type Some, stack, taker, unstack } from './kernel-ops.js';
import { matmul } from './matmul.js';
import { type Case, primitives } from './primitive.js';
import { before, checkRecurrence, gates as gatesOf, oneMinus, orZero, scanTime, weightGradient, where } from './recurrent.js';
import { concatenate } from './shape.js';

interface LstmAttrs {
  readonly [key: string]: boolean;
  readonly masked: boolean;
  /** True when the gates and c before each step are a further output (batch, time, 5 units), which the gradient needs. */
  readonly saves: boolean;
}
type Five = [Tensor, Tensor, Tensor, Tensor, Tensor];

/** Inputs and outputs of the op, by a scan. */
function stepByStep(inputs: readonly Tensor[], { masked, saves }: LstmAttrs): Tensor[] {
  const take = taker(inputs);
  const [x, weights, initial, mask] = [take(), take(), take(), take(masked)];
  const units = weights.shape[0]!;
  const step = ([h, c]: readonly Tensor[], [now, has]: Some) => {
    const [i, f, g, o] = gatesOf(add(now!, matmul(h!, weights)), units) as Five;
    const all = [sigmoid(i), sigmoid(f), tanh(g), sigmoid(o)] as const;
    const cell = add(multiply(all[1], c!), multiply(all[0], all[2]));
    const next = where(has!, multiply(all[3], tanh(cell)), h!);
    return { carries: [next, where(has!, cell, c!)], rows: [next, ...(saves ? [orZero(has!, concatenate([...all, c!], 1))] : [])] };
  };
  const { carries, rows } = scanTime(step, unstack(initial), [x, mask]);
  return [rows[0]!, stack(carries), ...rows.slice(1)];
}

interface GradientAttrs {
  readonly [key: string]: boolean;
  readonly masked: boolean;
  /** Which gradients come in. */
  readonly byAll: boolean;
  readonly byLast: boolean;
}
/** Inputs and outputs of the gradient, by a scan. */
function backStepByStep(inputs: readonly Tensor[], { masked, byAll, byLast }: GradientAttrs): Tensor[] {
  const take = taker(inputs);
  const [saved, weights, mask, dh, last] = [take(), take(), take(masked), take(byAll), take(byLast)];
  const units = weights.shape[0]!;
  const zeros = () => filled([saved.shape[0]!, units], 0, saved.dtype);
  const step = ([carried, dc]: readonly Tensor[], [all, has, given]: Some) => {
    const [i, f, g, o, c] = gatesOf(all!, units) as Five;
    const by = given === null ? carried! : add(carried!, given!);
    const y = tanh(add(multiply(f, c), multiply(i, g)));
    const byCell = add(dc!, multiply(multiply(by, o), oneMinus(square(y))));
    const dx = concatenate(
      [
        multiply(multiply(byCell, g), multiply(i, oneMinus(i))),
        multiply(multiply(byCell, c), multiply(f, oneMinus(f))),
        multiply(multiply(byCell, i), oneMinus(square(g))),
        multiply(multiply(by, y), multiply(o, oneMinus(o))),
      ],
      1,
    );
    const next = [where(has!, matmul(dx, weights, false, true), by), where(has!, multiply(byCell, f), dc!)];
    return { carries: next, rows: [orZero(has!, dx)] };
  };
  const { carries, rows } = scanTime(step, byLast ? unstack(last) : [zeros(), zeros()], [saved, mask, dh], true);
  return [rows[0]!, stack(carries)];
}

const gradientOp: Op<GradientAttrs> = defineOp('lstm_gradient', {
  infer: ([saved, weights]) => {
    const [batch, steps] = saved!.shape as [number, number];
    return [specOf(saved!.dtype, [batch, steps, weights!.shape[1]!]), specOf(saved!.dtype, [2, batch, weights!.shape[0]!])];
  },
  vjp: (grads, { inputs, attrs }) => gradientsBy('lstm', (values) => backStepByStep(values, attrs), inputs, grads),
  lower: ({ inputs, outputs, attrs: { masked, byAll, byLast } }) => [{
    kernel: 'lstm_gradient', dtype: inputs[0]!.dtype, operands: operandsOf(inputs, outputs),
    ints: [...inputs[0]!.shape.slice(0, 2), inputs[1]!.shape[0]!, ...[masked, byAll, byLast].map(Number)],
  }],
  cost: ({ inputs: [, weights], outputs: [dx] }) => dx!.size * weights!.shape[0]!,
});

const op: Op<LstmAttrs> = defineOp('lstm', {
  infer: ([x, weights, initial], { saves }: LstmAttrs) => {
    checkRecurrence('lstm', 4, x!, weights!, initial!);
    const [batch, steps] = x!.shape as [number, number];
    const units = weights!.shape[0]!;
    const sequence = (width: number) => specOf(x!.dtype, [batch, steps, width]);
    return [sequence(units), initial!, ...(saves ? [sequence(5 * units)] : [])];
  },
  vjp: (grads, { inputs, outputs, attrs }) => {
    const [byAll, byLast, bySaved = null] = grads;
    // What is saved has a gradient in derivatives of gradients alone.
    if (bySaved !== null) return gradientsBy('lstm', (values) => stepByStep(values, attrs), inputs, grads);
    const [h, , saved] = attrs.saves ? outputs : bind(op, inputs, { ...attrs, saves: true });
    const [, weights, initial, ...mask] = inputs as [Tensor, Tensor, Tensor];
    const flags = { masked: attrs.masked, byAll: byAll !== null, byLast: byLast !== null };
    const [dx, byInitial] = bind(gradientOp, present([saved!, weights, ...mask, byAll!, byLast!]), flags) as [Tensor, Tensor];
    return [dx, weightGradient(before(h!, unstack(initial)[0]!), dx), byInitial, ...mask.map(() => null)];
  },
  lower: ({ inputs, outputs, attrs: { masked, saves } }) => [{
    kernel: 'lstm', dtype: inputs[0]!.dtype, operands: operandsOf(inputs, outputs),
    ints: [...outputs[0]!.shape, Number(masked), Number(saves)],
  }],
  cost: ({ inputs: [x, weights] }) => x!.size * weights!.shape[0]!,
});

const sample = (batch: number, steps: number, units: number, masked: boolean, saves: boolean): Case<LstmAttrs> => ({
  inputs: [
    { shape: [batch, steps, 4 * units] },
    { shape: [units, 4 * units], low: -1, high: 1 },
    { shape: [2, batch, units], low: -1, high: 1 },
    ...(masked ? [{ shape: [batch, steps], kind: 'bool' as const }] : []),
  ],
  attrs: { masked, saves },
});
/**
 * Runs an LSTM over projected inputs (batch, time, 4 units) that contain the bias, with recurrent weights (units, 4 units), from states h
 * and c (batch, units) on. Gives h of all steps (batch, time, units), and h and c after the last one.
 */
export const lstm = primitives(op, [
  sample(2, 3, 2, false, false),
  sample(1, 2, 3, false, true),
  sample(3, 3, 2, true, false),
  sample(3, 2, 1, true, true),
], (run) => (x: Tensor, weights: Tensor, h: Tensor, c: Tensor, mask: Tensor | null): [all: Tensor, h: Tensor, c: Tensor] => {
  const [given, masked] = [present([x, weights, stack([h, c]), mask]), mask !== null];
  const [all, last] = isTracedForOthers() ? stepByStep(given, { masked, saves: false }) : run(given, { masked, saves: taping() });
  return [all!, ...(unstack(last!) as [Tensor, Tensor])];
});
