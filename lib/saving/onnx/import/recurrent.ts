// ONNX's recurrent operators: RNN, LSTM and GRU, one or two directions over whole sequences.
import { castTo } from '../../../core/cast.js';
import { filled } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as p from '../../../ops/primitives/index.js';
import { activationOf } from './elementwise.js';
import { numberLike, upTo, type Operator, type OperatorCall } from './call.js';

/** One entry of the first axis. */
const entry = (x: Tensor, i: number): Tensor =>
  p.reshape(p.slice(x, x.shape.map((_, d) => (d === 0 ? i : 0)), [1, ...x.shape.slice(1)]), x.shape.slice(1));
/** Columns from `units * i` on. */
const gate = (x: Tensor, i: number, units: number): Tensor => p.slice(x, [0, units * i], [x.shape[0]!, units]);
const dot = (x: Tensor, weights: Tensor): Tensor => p.matmul(x, weights, false, true);

/** The weights and settings of one direction. */
interface Direction {
  readonly units: number;
  readonly recurrent: Tensor;
  /** Bias of the recurrent products, (gates × units); null: none. */
  readonly bias: Tensor | null;
  /** Weights from the cell to input, output and forget gate; LSTM only. */
  readonly peepholes: Tensor | null;
  readonly activations: readonly ((x: Tensor) => Tensor)[];
  readonly clip: (x: Tensor) => Tensor;
  /** GRU: the reset gate acts on the product. */
  readonly resetAfter: boolean;
  /** LSTM: the forget gate is 1 minus the input gate. */
  readonly coupled: boolean;
}
/** The states after a step, from projected inputs that contain their bias and the states before it; the first state is the output. */
type Cell = (projected: Tensor, states: readonly Tensor[], direction: Direction) => Tensor[];

const rnnCell: Cell = (projected, [h], { recurrent, bias, activations: [f], clip }) => {
  const sum = p.add(projected, dot(h!, recurrent));
  return [f!(clip(bias === null ? sum : p.add(sum, bias)))];
};
/** Gates in ONNX's order: input, output, forget, cell. */
const lstmCell: Cell = (projected, [h, c], { units, recurrent, bias, peepholes, activations: [f, g, hidden], clip, coupled }) => {
  const product = p.add(projected, dot(h!, recurrent));
  const sum = bias === null ? product : p.add(product, bias);
  const seen = (x: Tensor, cell: Tensor, k: number): Tensor =>
    peepholes === null ? x : p.add(x, p.multiply(cell, p.slice(peepholes, [units * k], [units])));
  const input = f!(clip(seen(gate(sum, 0, units), c!, 0)));
  const forget = coupled ? p.subtract(numberLike(1, input), input) : f!(clip(seen(gate(sum, 2, units), c!, 2)));
  const cell = p.add(p.multiply(forget, c!), p.multiply(input, g!(clip(gate(sum, 3, units)))));
  const output = f!(clip(seen(gate(sum, 1, units), cell, 1)));
  return [p.multiply(output, hidden!(cell)), cell];
};
/** Gates in ONNX's order: update, reset, hidden. */
const gruCell: Cell = (projected, [h], { units, recurrent, bias, activations: [f, g], clip, resetAfter }) => {
  const rows = (from: number, count: number): Tensor => p.slice(recurrent, [from * units, 0], [count * units, units]);
  const part = (i: number): Tensor | null => (bias === null ? null : p.slice(bias, [i * units], [units]));
  const plus = (x: Tensor, b: Tensor | null): Tensor => (b === null ? x : p.add(x, b));
  const both = dot(h!, rows(0, 2));
  const update = f!(clip(plus(p.add(gate(projected, 0, units), gate(both, 0, units)), part(0))));
  const reset = f!(clip(plus(p.add(gate(projected, 1, units), gate(both, 1, units)), part(1))));
  const inner = resetAfter
    ? p.multiply(reset, plus(dot(h!, rows(2, 1)), part(2)))
    : plus(dot(p.multiply(reset, h!), rows(2, 1)), part(2));
  const candidate = g!(clip(p.add(gate(projected, 2, units), inner)));
  return [p.add(p.multiply(p.subtract(numberLike(1, update), update), candidate), p.multiply(update, h!))];
};

/** Runs a cell over a sequence (time, batch, features): all outputs, and the states at the end. */
function run(
  cell: Cell, x: Tensor, weights: Tensor, inputBias: Tensor | null, initial: readonly Tensor[], lengths: Tensor | null,
  direction: Direction, reverse: boolean,
): { all: Tensor; last: Tensor[] } {
  const [time, batch, features] = x.shape as [number, number, number];
  const flat = dot(p.reshape(x, [time * batch, features]), weights);
  const projected = p.reshape(inputBias === null ? flat : p.add(flat, inputBias), [time, batch, flat.shape[1]!]);
  const steps = lengths === null ? [] : [p.iota(time, 'int32')];
  const { carries, rows } = p.scan((states, [now, step]) => {
    const next = cell(now!, states, direction);
    if (step === undefined) return { carries: next, rows: [next[0]!] };
    // Behind the end of a sample the states stay, and the outputs are 0.
    const within = p.reshape(p.less(step, lengths!), [batch, 1]);
    const kept = next.map((state, i) => p.select(within, state, states[i]!));
    return { carries: kept, rows: [p.select(within, next[0]!, numberLike(0, next[0]!))] };
  }, initial, [projected, ...steps], time, reverse);
  return { all: rows[0]!, last: carries };
}

interface Kind {
  readonly cell: Cell;
  readonly gates: number;
  readonly states: number;
  readonly activations: readonly string[];
}
const KINDS: Readonly<Record<string, Kind>> = {
  RNN: { cell: rnnCell, gates: 1, states: 1, activations: ['Tanh'] },
  LSTM: { cell: lstmCell, gates: 4, states: 2, activations: ['Sigmoid', 'Tanh', 'Tanh'] },
  GRU: { cell: gruCell, gates: 3, states: 1, activations: ['Sigmoid', 'Tanh'] },
};

function directionOf(call: OperatorCall, { gates, activations }: Kind, d: number): Direction & { inputBias: Tensor | null } {
  const recurrent = entry(call.input(2), d);
  const units = recurrent.shape[1]!;
  const given = call.optional(3);
  const biases = given === null ? null : entry(given, d);
  const names = (call.texts('activations') ?? [...activations, ...activations]).slice(d * activations.length);
  const [alphas, betas] = [call.numbers('activation_alpha'), call.numbers('activation_beta')];
  const limit = call.number('clip', 0);
  const peepholes = call.optional(7);
  return {
    units,
    recurrent,
    inputBias: biases === null ? null : p.slice(biases, [0], [gates * units]),
    bias: biases === null ? null : p.slice(biases, [gates * units], [gates * units]),
    peepholes: peepholes === null ? null : entry(peepholes, d),
    activations: activations.map((own, i) =>
      activationOf(names[i] ?? own, alphas?.[d * activations.length + i] ?? null, betas?.[d * activations.length + i] ?? null)),
    clip: limit > 0 ? (x) => p.clip(x, numberLike(-limit, x), numberLike(limit, x)) : (x) => x,
    resetAfter: call.number('linear_before_reset', 0) === 1,
    coupled: call.number('input_forget', 0) === 1,
  };
}
const recurrent: Operator = (call) => {
  const kind = KINDS[call.operator]!;
  const batchFirst = call.number('layout', 0) === 1;
  const turned = (t: Tensor): Tensor => (batchFirst ? p.transpose(t, [1, 0, ...upTo(t.ndim).slice(2)]) : t);
  const x = turned(call.input(0));
  const [time, batch] = x.shape as [number, number, number];
  const name = call.text('direction', 'forward');
  const reversed = name === 'bidirectional' ? [false, true] : [name === 'reverse'];
  const given = call.optional(4);
  const lengths = given === null ? null : castTo(given, 'int32');
  const runs = reversed.map((reverse, d) => {
    const { inputBias, ...direction } = directionOf(call, kind, d);
    const initial = upTo(kind.states).map((i) => {
      const state = call.optional(5 + i);
      return state === null ? filled([batch, direction.units], 0, x.dtype) : entry(turned(state), d);
    });
    return run(kind.cell, x, entry(call.input(1), d), inputBias, initial, lengths, direction, reverse);
  });
  const units = runs[0]!.all.shape[2]!;
  const joined = (tensors: readonly Tensor[], axis: number, shape: readonly number[]): Tensor =>
    p.concatenate(tensors.map((t) => p.reshape(t, shape)), axis);
  const all = joined(runs.map((one) => one.all), 1, [time, 1, batch, units]);
  const last = upTo(kind.states).map((i) => turned(joined(runs.map((one) => one.last[i]!), 0, [1, batch, units])));
  return [batchFirst ? p.transpose(all, [2, 0, 1, 3]) : all, ...last].slice(0, call.outputs);
};

/** Operators by name. */
export const recurrence: Readonly<Record<string, Operator>> = { RNN: recurrent, LSTM: recurrent, GRU: recurrent };
