// Runs a step over a sequence, natively or unrolled: masks, direction, and what is kept of the outputs. What Keras's `backend.rnn` does.
import { showShape, type Shape, type Spec, specOf } from '../../base/shape.js';
import { flatten, type Flat } from '../../base/tree.js';
import { castTo } from '../../core/cast.js';
import { withoutTapes } from '../../core/tape.js';
import type { Tensor } from '../../core/tensor.js';
import { trace } from '../../core/trace.js';
import * as ops from '../../ops/index.js';
import * as p from '../../ops/primitives/index.js';
import type { States } from './cell.js';

/** One step: from the inputs and states of a step to its output and the next states. */
export type Step = (inputs: Tensor, states: States) => readonly [output: Tensor, states: States];

/** How a sequence is run. */
export interface SequenceOptions {
  /** Begin with the last step; the outputs come in the order in which they were made. */
  readonly goBackwards: boolean;
  /** Which steps count, of shape (batch, time) or (batch, time, 1): in the others the states stay. Null: all. */
  readonly mask: Tensor | null;
  /** Repeat the step for each time in the program, instead of a loop. */
  readonly unroll: boolean;
  /** Whether outputs of steps that do not count are 0, instead of the last output before them. */
  readonly zeroOutputForMask: boolean;
  /** Whether the outputs of all steps are wanted. */
  readonly returnAllOutputs: boolean;
}

/** What comes out of a sequence. */
export interface SequenceResult {
  /** Output of the last step, (batch, …). */
  readonly lastOutput: Tensor;
  /** Outputs of all steps, (batch, time, …), where they were wanted; else null. */
  readonly outputs: Tensor | null;
  /** States after the last step. */
  readonly states: States;
}

/** Puts the time first, or back. */
const swapped = (x: Tensor): Tensor => ops.transpose(x, [1, 0, ...x.shape.map((_, i) => i).slice(2)]);

/** A mask of steps as bool (batch, time). @throws when it does not fit sequences of this shape. */
export function stepsOf(mask: Tensor, [batch, time]: Shape, where: string): Tensor {
  const fits = mask.shape[0] === batch && mask.shape[1] === time && (mask.ndim === 2 || (mask.ndim === 3 && mask.shape[2] === 1));
  if (!fits)
    throw new RangeError(
      `${where}: the mask must have the shape (batch, time) of the sequences, (${batch}, ${time}), received ${showShape(mask.shape)}`,
    );
  return ops.cast(mask.ndim === 3 ? ops.squeeze(mask, { axis: 2 }) : mask, 'bool');
}
/** `a` where the samples count, else `b`. */
function choose(counts: Tensor, a: Tensor, b: Tensor): Tensor {
  return ops.where(ops.reshape(counts, [counts.shape[0]!, ...a.shape.slice(1).map(() => 1)]), a, b);
}

/** Steps whose states are a flat list that keeps its dtypes and shapes. */
interface FlatStep {
  (inputs: Tensor, states: readonly Tensor[]): { output: Tensor; states: Tensor[] };
}
function flatStep(step: Step, { leaves, key, pack }: Flat<Tensor>, where: string): FlatStep {
  return (inputs, states) => {
    const [output, next] = step(inputs, pack(states) as States);
    const flat = flatten<Tensor>(next);
    const wrong = flat.leaves.findIndex((state, i) => showShape(state.shape) !== showShape(leaves[i]?.shape ?? []));
    if (flat.leaves.length !== leaves.length || wrong >= 0)
      throw new RangeError(
        `${where}: a step must return as many states of the same shapes as it got, ` +
          `${leaves.map(({ shape }) => showShape(shape)).join(', ')}, received ${flat.leaves.map(({ shape }) => showShape(shape)).join(', ')}` +
          (flat.leaves.length === leaves.length && flat.key !== key ? ` in ${flat.key}` : ''),
      );
    return { output, states: flat.leaves.map((state, i) => castTo(state, leaves[i]!.dtype)) };
  };
}
/** Dtype and shape of what a step puts out, found without computing it. */
function outputSpec(step: FlatStep, inputs: Spec, states: readonly Tensor[]): Spec {
  let spec: Spec | null = null;
  withoutTapes(() =>
    trace([inputs, ...states.map((state) => state.spec)], (x, ...given) => {
      ({ spec } = step(x, given).output);
    }, () => []),
  );
  return spec!;
}

/**
 * Runs `step` on each time of `sequences`, (batch, time, …), from `initial` on.
 * @throws for sequences of no time, a mask that does not fit them, and a step that changes its states' number or shapes.
 */
export function runSequence(where: string, step: Step, sequences: Tensor, initial: States, options: SequenceOptions): SequenceResult {
  const flat = flatten<Tensor>(initial);
  const mask = options.mask === null ? null : swapped(stepsOf(options.mask, sequences.shape, where));
  if (sequences.shape[1] === 0) throw new RangeError(`${where}: the sequences must have at least one step, received shape ${showShape(sequences.shape)}`);
  const run = options.unroll ? runUnrolled : runLoop;
  const { lastOutput, outputs, states } = run(flatStep(step, flat, where), swapped(sequences), flat.leaves, mask, options);
  return { lastOutput, outputs: outputs === null ? null : swapped(outputs), states: flat.pack(states) as States };
}

interface FlatResult {
  readonly lastOutput: Tensor;
  readonly outputs: Tensor | null;
  readonly states: readonly Tensor[];
}

function runUnrolled(
  step: FlatStep, steps: Tensor, initial: readonly Tensor[], mask: Tensor | null, options: SequenceOptions,
): FlatResult {
  const order = (list: readonly Tensor[]): readonly Tensor[] => (options.goBackwards ? [...list].reverse() : list);
  const given = mask === null ? null : ops.unstack(mask);
  const masks = given === null ? null : order(given);
  const outputs: Tensor[] = [];
  let states = initial;
  order(ops.unstack(steps)).forEach((inputs, i) => {
    const next = step(inputs, states);
    if (masks === null) {
      outputs.push(next.output);
      ({ states } = next);
      return;
    }
    outputs.push(choose(masks[i]!, next.output, outputs.at(-1) ?? ops.zerosLike(next.output)));
    states = next.states.map((state, k) => choose(masks[i]!, state, states[k]!));
  });
  const zeroed = (output: Tensor, counts: Tensor | undefined): Tensor =>
    counts === undefined || !options.zeroOutputForMask ? output : choose(counts, output, ops.zerosLike(output));
  return {
    lastOutput: zeroed(outputs.at(-1)!, masks?.at(-1)),
    // As in Keras the mask is not turned round here where the outputs are.
    outputs: options.returnAllOutputs ? ops.stack(outputs.map((output, i) => zeroed(output, given?.[i]))) : null,
    states,
  };
}

function runLoop(
  step: FlatStep, steps: Tensor, initial: readonly Tensor[], mask: Tensor | null, options: SequenceOptions,
): FlatResult {
  const { goBackwards, zeroOutputForMask, returnAllOutputs } = options;
  const [time] = steps.shape as readonly [number];
  // Where outputs of masked steps are those before them, the last output is carried along.
  const carriesOutput = mask !== null && !zeroOutputForMask;
  const first = carriesOutput ? [ops.zeros(...zerosOf(outputSpec(step, rowOf(steps), initial)))] : [];
  /** The state that is the output of each step; -1: none is. */
  let same = -1;
  const body = (carries: readonly Tensor[], [inputs, counts]: readonly Tensor[]) => {
    const states = carries.slice(0, initial.length);
    const next = step(inputs!, states);
    if (mask === null) {
      same = next.states.indexOf(next.output);
      return { carries: next.states, rows: returnAllOutputs || same < 0 ? [next.output] : [] };
    }
    const output = choose(counts!, next.output, carriesOutput ? carries.at(-1)! : ops.zerosLike(next.output));
    const kept = next.states.map((state, i) => choose(counts!, state, states[i]!));
    return { carries: carriesOutput ? [...kept, output] : kept, rows: returnAllOutputs || !carriesOutput ? [output] : [] };
  };
  const { carries, rows } = p.scan(body, [...initial, ...first], mask === null ? [steps] : [steps, mask], time, goBackwards);
  const states = carries.slice(0, initial.length);
  const made = rows[0];
  // A scan leaves the row of each step in the step's place, Keras in the order in which they were made.
  const lastOutput = carriesOutput ? carries.at(-1)! : (carries[same] ?? ops.getItem(made!, goBackwards ? 0 : -1));
  return { lastOutput, outputs: returnAllOutputs ? (goBackwards ? ops.flip(made!, { axis: 0 }) : made!) : null, states };
}
const rowOf = ({ spec }: Tensor): Spec => specOf(spec.dtype, spec.shape.slice(1));
const zerosOf = ({ shape, dtype }: Spec): Parameters<typeof ops.zeros> => [shape, { dtype }];
