// Recurrent layers by one kernel against the same steps one after the other.
import { describe, expect, it } from '@jest/globals';
import type { Tensor } from '#lib/core/tensor.js';
import { vjp } from '#lib/ops/autodiff.js';
import * as ops from '#lib/ops/index.js';
import { gruSequence, lstmSequence, type RecurrentOptions, type RecurrentResult } from '#lib/ops/recurrent.js';
import { draw, numbers, values } from '../../helpers/ops.js';
import { expectWithin } from '../../helpers/tolerance.js';

interface Case {
  batch: number;
  steps: number;
  units: number;
  goBackwards?: boolean;
  masked?: boolean;
  zeroOutputForMask?: boolean;
}
const cases: Case[] = [
  { batch: 1, steps: 1, units: 1 },
  { batch: 5, steps: 2, units: 3, goBackwards: true },
  { batch: 1, steps: 9, units: 17, masked: true },
  { batch: 33, steps: 5, units: 17, masked: true, goBackwards: true },
  { batch: 33, steps: 4, units: 3, masked: true, zeroOutputForMask: true },
  { batch: 2, steps: 80, units: 128 },
];
const FEATURES = 4;
type Step = (x: Tensor, weights: readonly (Tensor | null)[], states: readonly Tensor[]) => Tensor[];
type Run = (x: Tensor, weights: readonly (Tensor | null)[], states: readonly Tensor[], options: RecurrentOptions) => RecurrentResult;

const split = (x: Tensor, count: number) => ops.split(x, count, { axis: -1 });
const plus = (x: Tensor, bias: Tensor | null) => (bias === null ? x : ops.add(x, bias));
const lstmStep: Step = (x, [kernel, recurrent, bias], [h, c]) => {
  const [i, f, g, o] = split(plus(ops.add(ops.matmul(x, kernel!), ops.matmul(h, recurrent!)), bias), 4);
  const cell = ops.add(ops.multiply(ops.sigmoid(f), c), ops.multiply(ops.sigmoid(i), ops.tanh(g)));
  return [ops.multiply(ops.sigmoid(o), ops.tanh(cell)), cell];
};
const gruStep = (resetAfter: boolean): Step => (x, [kernel, recurrent, bias], [h]) => {
  const rows = bias === null || !resetAfter ? [bias, null] : (ops.unstack(bias));
  const [xz, xr, xg] = split(plus(ops.matmul(x, kernel!), rows[0]), 3);
  const [hz, hr, hg] = split(plus(ops.matmul(h, recurrent!), rows[1]), 3);
  const [z, r] = [ops.sigmoid(ops.add(xz, hz)), ops.sigmoid(ops.add(xr, hr))];
  const inner = resetAfter ? ops.multiply(r, hg) : ops.matmul(ops.multiply(r, h), split(recurrent!, 3)[2]);
  return [ops.add(ops.multiply(z, h), ops.multiply(ops.subtract(1, z), ops.tanh(ops.add(xg, inner))))];
};

/** The steps one after the other, as Keras describes them. */
const stepwise = (step: Step): Run => (x, weights, initial, { goBackwards, mask, zeroOutputForMask }) => {
  const order = (list: Tensor[]) => (goBackwards ? list.reverse() : list);
  const times = order(ops.unstack(x, { axis: 1 }));
  const masks = mask === null ? null : order(ops.unstack(mask, { axis: 1 }));
  let states = initial;
  let output = ops.zerosLike(initial[0]);
  const outputs = times.map((time, t) => {
    const next = step(time, weights, states);
    const has = masks === null ? ops.ones([x.shape[0], 1], { dtype: 'bool' }) : ops.reshape(masks[t], [-1, 1]);
    output = ops.where(has, next[0], zeroOutputForMask ? ops.zerosLike(output) : output);
    states = next.map((state, i) => ops.where(has, state, states[i]));
    return output;
  });
  return { outputs: ops.stack(outputs, { axis: 1 }), lastOutput: output, states: [...states] };
};

const lstm: Run = (x, [kernel, recurrentKernel, bias], states, options) =>
  lstmSequence(x, { kernel: kernel!, recurrentKernel: recurrentKernel!, bias: bias! }, states, options);
const gru = (resetAfter: boolean): Run => (x, [kernel, recurrentKernel, bias], states, options) =>
  gruSequence(x, { kernel: kernel!, recurrentKernel: recurrentKernel!, bias: bias! }, states, resetAfter, options);

const layers: [name: string, gates: number, states: number, bias: (size: number) => number[] | null, run: Run, step: Step][] = [
  ['LSTM', 4, 2, (size) => [size], lstm, lstmStep],
  ['LSTM without bias', 4, 2, () => null, lstm, lstmStep],
  ['GRU', 3, 1, (size) => [2, size], gru(true), gruStep(true)],
  ['GRU without bias', 3, 1, () => null, gru(true), gruStep(true)],
  ['GRU with the reset before the product', 3, 1, (size) => [size], gru(false), gruStep(false)],
];

describe.each(layers)('%s', (name, gates, states, biasShape, run, step) => {
  const inputsOf = ({ batch, steps, units }: Case, dtype: 'float32' | 'float64') => {
    const next = numbers(batch + steps);
    const size = 1 / Math.sqrt(units);
    const one = (shape: number[], high: number) => draw({ shape, low: -high, high }, dtype, next);
    const bias = biasShape(gates * units);
    const inputs = [one([batch, steps, FEATURES], 1), one([FEATURES, gates * units], 1), one([units, gates * units], size)];
    return [...inputs, ...(bias === null ? [] : [one(bias, 1)]), ...Array.from({ length: states }, () => one([batch, units], 1))];
  };
  const call = (fn: Run, options: RecurrentOptions) => (...inputs: Tensor[]) => {
    const weights = [...inputs.slice(1, inputs.length - states), null].slice(0, 3);
    const result = fn(inputs[0], weights, inputs.slice(inputs.length - states), options);
    return [result.outputs, result.lastOutput, ...result.states];
  };
  const optionsOf = ({ batch, steps, masked = false, goBackwards = false, zeroOutputForMask = false }: Case): RecurrentOptions => ({
    goBackwards,
    zeroOutputForMask,
    mask: masked ? draw({ shape: [batch, steps], kind: 'bool' }, 'bool', numbers(3)) : null,
  });

  it.each(cases)('gives what its steps give, and their gradients: %j', (which) => {
    for (const [dtype, bound] of [['float64', 1e-11], ['float32', 1e-4]] as const) {
      const inputs = inputsOf(which, dtype);
      const options = optionsOf(which);
      const [actual, expected] = [run, stepwise(step)].map((fn) => {
        const [outputs, pullback] = vjp(call(fn, options), ...inputs) as [Tensor[], (by: Tensor[]) => Tensor[]];
        const next = numbers(5);
        return [...outputs, ...pullback(outputs.map((output) => draw({ shape: output.shape, low: -1, high: 1 }, dtype, next)))];
      });
      actual.forEach((tensor, i) => expectWithin(values(tensor), values(expected[i]), bound, `${name} ${dtype} ${i}: `));
    }
  });

  it('has gradients by the last states alone, and by nothing else', () => {
    const which = { batch: 7, steps: 3, units: 5 };
    const inputs = inputsOf(which, 'float64');
    for (let kept = 1; kept < 2 + states; kept++) {
      const [actual, expected] = [run, stepwise(step)].map((fn) => {
        const one = (...xs: Tensor[]) => call(fn, optionsOf(which))(...xs)[kept];
        const [output, pullback] = vjp(one, ...inputs) as [Tensor, (by: Tensor) => Tensor[]];
        return pullback(ops.onesLike(output));
      });
      actual.forEach((tensor, i) => expectWithin(values(tensor), values(expected[i]), 1e-11, `${name} ${kept} ${i}: `));
    }
  });

  it('does not depend on how many samples are run together', () => {
    const inputs = inputsOf({ batch: 40, steps: 3, units: 9 }, 'float32');
    const all = call(run, optionsOf({ batch: 40, steps: 3, units: 9 }))(...inputs)[0];
    const some = (x: Tensor) => ops.slice(x, x.shape.map(() => 0), [20, ...x.shape.slice(1)]);
    const first = inputs.map((input, i) => (i === 0 || i >= inputs.length - states ? some(input) : input));
    const half = call(run, optionsOf({ batch: 20, steps: 3, units: 9 }))(...first)[0];
    expect(values(half)).toEqual(values(all).slice(0, half.size));
  });
});
