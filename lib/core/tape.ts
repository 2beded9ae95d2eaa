// Recording for reverse-mode differentiation: a tape notes the op calls that depend on what it watches.
// lib/ops/autodiff.ts walks it backwards.
import { context, withContext, type Context } from './context.js';
import type { Attrs, Op } from './op.js';
import { isInexact } from '../base/dtype.js';
import type { Tensor } from './tensor.js';
import type { Variable } from './variable.js';

/** One op call on a tape. */
export interface TapeEntry {
  readonly op: Op;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attrs: Attrs;
}

/** The calls that depend on watched tensors, in order. */
export class Tape {
  readonly entries: TapeEntry[] = [];
  private readonly watched = new Set<Tensor>();
  private readonly variables = new Map<Variable, Set<Tensor>>();

  constructor(private readonly watchVariables: boolean) {}

  /** Starts to follow a tensor. */
  watch(tensor: Tensor): void {
    this.watched.add(tensor);
  }

  /** True when the tensor is watched or depends on one that is. */
  follows(tensor: Tensor): boolean {
    return this.watched.has(tensor);
  }

  /** Notes that `tensor` is the value of `variable`. */
  noteRead(variable: Variable, tensor: Tensor, explicit = false): void {
    let reads = this.variables.get(variable);
    if (reads === undefined && !explicit && !(this.watchVariables && variable.trainable)) return;
    if (reads === undefined) this.variables.set(variable, (reads = new Set()));
    reads.add(tensor);
    this.watched.add(tensor);
  }

  /** The tensors that stood for a variable's value while the tape was recording. */
  readsOf(variable: Variable): Iterable<Tensor> {
    return this.variables.get(variable) ?? [];
  }

  /** Notes a call when it depends on what is watched. */
  note(entry: TapeEntry): void {
    if (!entry.inputs.some((input) => isInexact(input.dtype) && this.watched.has(input))) return;
    this.entries.push(entry);
    for (const output of entry.outputs) if (isInexact(output.dtype)) this.watched.add(output);
  }
}

/** True while some tape is recording. */
export const taping = (): boolean => context().tapes.length > 0;

/** @internal True when some tape follows the tensor, one that is paused or further out too. */
export function followed(tensor: Tensor): boolean {
  const { tapes, hiddenTapes } = context();
  return tapes.some((tape) => tape.follows(tensor)) || hiddenTapes.some((tape) => tape.follows(tensor));
}

/** @internal Tells the recording tapes of a call. */
export function recordOnTapes(op: Op, inputs: readonly Tensor[], outputs: readonly Tensor[], attrs: Attrs): void {
  for (const tape of context().tapes) tape.note({ op, inputs, outputs, attrs });
}

/** @internal Tells the recording tapes that a variable was read. */
export function noteVariableRead(variable: Variable, tensor: Tensor): void {
  for (const tape of context().tapes) tape.noteRead(variable, tensor);
}

/** The change of the context in which `next` are the recording tapes. */
function tapesAre(next: readonly Tape[]): Partial<Context> {
  const { tapes, hiddenTapes } = context();
  return { tapes: next, hiddenTapes: [...hiddenTapes, ...tapes.filter((tape) => !next.includes(tape))] };
}

/** The change of the context in which `tape` records besides those that already do. */
export const alsoRecording = (tape: Tape): Partial<Context> => tapesAre([...context().tapes, tape]);
/** Runs `fn` with `tape` recording besides those that already are. */
export const recording = <T>(tape: Tape, fn: () => T): T => withContext(alsoRecording(tape), fn);
/** Runs `fn` with no tape recording. */
export const withoutTapes = <T>(fn: () => T): T => (taping() ? withContext(tapesAre([]), fn) : fn());
/** Runs `fn` with `tape` paused. */
export const pausing = <T>(tape: Tape, fn: () => T): T => withContext(tapesAre(context().tapes.filter((t) => t !== tape)), fn);
