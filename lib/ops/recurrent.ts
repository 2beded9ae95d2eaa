// Recurrent layers over whole sequences, with masks and directions as Keras has them: what `LSTM` and `GRU` run where one kernel can.
import type { Tensor } from '../core/tensor.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';

/** Weights of a recurrent layer, the gates one after the other in the last axis. */
export interface RecurrentWeights {
  /** (features, gates × units) */
  readonly kernel: Tensor;
  /** (units, gates × units) */
  readonly recurrentKernel: Tensor;
  /** (gates × units), of a GRU with `resetAfter` (2, gates × units), or null. */
  readonly bias: Tensor | null;
}
/** How a sequence is run. */
export interface RecurrentOptions {
  /** Begin with the last step; the outputs come in the order in which they were made. */
  readonly goBackwards: boolean;
  /** Which steps count, bool (batch, time): in the others the states stay. Null: all. */
  readonly mask: Tensor | null;
  /** Whether outputs of steps that do not count are 0, instead of the last output before them, or 0 before the first. */
  readonly zeroOutputForMask: boolean;
}
/** What comes out of a sequence. */
export interface RecurrentResult {
  /** Outputs of all steps, (batch, time, units). */
  readonly outputs: Tensor;
  /** Output of the last step, (batch, units). */
  readonly lastOutput: Tensor;
  /** States after the last step, (batch, units) each. */
  readonly states: Tensor[];
}

/** The times in reverse order. */
const reversed = (x: Tensor): Tensor =>
  p.slice(x, x.shape.map((size, i) => (i === 1 ? size - 1 : 0)), x.shape, x.shape.map((_, i) => (i === 1 ? -1 : 1)));

/** `x · kernel + bias` for all steps at once. */
function projected(x: Tensor, kernel: Tensor, bias: Tensor | null): Tensor {
  const [batch, steps, features] = x.shape as [number, number, number];
  const product = p.matmul(p.reshape(x, [batch * steps, features]), kernel);
  return p.reshape(bias === null ? product : p.add(product, bias), [batch, steps, kernel.shape[1]!]);
}
const row = (x: Tensor, at: number): Tensor => p.reshape(p.slice(x, [at, 0], [1, x.shape[1]!]), [x.shape[1]!]);

/** The outputs of a run from its states of h, which masked steps keep. */
function finish(all: Tensor, states: Tensor[], mask: Tensor | null, zeroOutputForMask: boolean): RecurrentResult {
  const [last] = states as [Tensor];
  if (mask === null) return { outputs: all, lastOutput: last, states };
  const [batch, steps] = mask.shape as [number, number];
  const counts = () => p.cumsum(p.select(mask, constant(1, all), constant(0, all)), 1, false);
  const shown = zeroOutputForMask ? mask : p.greater(counts(), constant(0, all));
  const atLast = p.slice(shown, [0, steps - 1], [batch, 1]);
  const zero = constant(0, all);
  return {
    outputs: p.select(p.reshape(shown, [batch, steps, 1]), all, zero),
    lastOutput: p.select(atLast, last, zero),
    states,
  };
}

/** Runs an LSTM (activation tanh, recurrent activation sigmoid) over `x` (batch, time, features) from the states h and c on. */
export function lstmSequence(
  x: Tensor, { kernel, recurrentKernel, bias }: RecurrentWeights, [h, c]: readonly Tensor[], options: RecurrentOptions,
): RecurrentResult {
  const turn = (y: Tensor) => (options.goBackwards ? reversed(y) : y);
  const mask = options.mask === null ? null : turn(options.mask);
  const [all, ...states] = p.lstm(projected(turn(x), kernel, bias), recurrentKernel, h!, c!, mask);
  return finish(all, states, mask, options.zeroOutputForMask);
}

/** Runs a GRU (activation tanh, recurrent activation sigmoid) over `x` (batch, time, features) from the state on. */
export function gruSequence(
  x: Tensor, { kernel, recurrentKernel, bias }: RecurrentWeights, [h]: readonly Tensor[], resetAfter: boolean, options: RecurrentOptions,
): RecurrentResult {
  const turn = (y: Tensor) => (options.goBackwards ? reversed(y) : y);
  const mask = options.mask === null ? null : turn(options.mask);
  const [own, recurrent] = bias === null ? [null, null] : resetAfter ? [row(bias, 0), row(bias, 1)] : [bias, null];
  const [all, last] = p.gru(projected(turn(x), kernel, own), recurrentKernel, recurrent, h!, mask, resetAfter);
  return finish(all, [last], mask, options.zeroOutputForMask);
}
