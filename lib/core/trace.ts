// Tracing: running a function on symbolic tensors to record its graph.
import { context, withContext } from './context.js';
import type { Graph, Node, Value, VariableUse } from './graph.js';
import { dropUnused, makeNode } from './graph.js';
import type { Attrs, Op } from './op.js';
import { currentScope } from './scope.js';
import type { Memory } from './memory.js';
import type { Spec } from '../base/shape.js';
import { followed, withoutTapes } from './tape.js';
import { Tensor } from './tensor.js';
import type { Variable } from './variable.js';

/** A graph being recorded. */
export class Trace {
  private readonly nodes: Node[] = [];
  private readonly inputs: Value[] = [];
  /** By tensor, or by memory where no tape tells tensors with the same memory apart. */
  private readonly constants = new Map<Tensor | Memory, Value>();
  private readonly state = new Map<Variable, { read: Value; now: Tensor; written: boolean }>();
  /** Tensors of enclosing traces that this graph reads, and the inputs that stand for them. */
  readonly captured = new Map<Tensor, Value>();

  /** @param keepsSources whether ops without inputs are recorded too, and with them all that follows from these, instead of being run. */
  constructor(readonly outer: Trace | null, readonly keepsSources: boolean = outer?.keepsSources ?? false) {}

  private wrap(value: Value): Tensor {
    return new Tensor(value.spec, null, { value, trace: this });
  }

  /** A new input of the graph. */
  input(spec: Spec): Tensor {
    const value: Value = { spec, source: { kind: 'input' } };
    this.inputs.push(value);
    return this.wrap(value);
  }

  /** The value that stands for a tensor in this graph: its own, a constant, or an input made for an outer trace's tensor. */
  lift(tensor: Tensor): Value {
    if (tensor.traced?.trace === this) return tensor.traced.value;
    if (tensor.memory !== null) return this.liftConstant(tensor, tensor.memory);
    let value = this.captured.get(tensor);
    if (value === undefined) {
      value = this.input(tensor.spec).traced!.value;
      this.captured.set(tensor, value);
    }
    return value;
  }

  private liftConstant(tensor: Tensor, memory: Memory): Value {
    const key = followed(tensor) ? tensor : memory;
    const known = this.constants.get(key);
    if (known?.spec === tensor.spec) return known;
    const value: Value = { spec: tensor.spec, source: { kind: 'constant', tensor } };
    this.constants.set(key, value);
    return value;
  }

  /** Records a call of an op. */
  record(op: Op, inputs: readonly Tensor[], attrs: Attrs): Tensor[] {
    const values = inputs.map((input) => this.lift(input));
    const specs = op.infer(values.map((value) => value.spec), attrs);
    const node = makeNode(op, values, attrs, specs, currentScope());
    this.nodes.push(node);
    return node.outputs.map((value) => this.wrap(value));
  }

  /** The value of a variable at this point of the recording. */
  readVariable(variable: Variable): Tensor {
    let entry = this.state.get(variable);
    if (entry === undefined) {
      const read: Value = { spec: variable.spec, source: { kind: 'variable', variable } };
      entry = { read, now: this.wrap(read), written: false };
      this.state.set(variable, entry);
    }
    return entry.now;
  }

  /** Makes `tensor` the variable's value from here on, and its new value when the graph has run. */
  writeVariable(variable: Variable, tensor: Tensor): void {
    this.readVariable(variable);
    const entry = this.state.get(variable)!;
    entry.now = this.wrap(this.lift(tensor)); // a tensor of its own: tapes tell variables apart by theirs
    entry.written = true;
  }

  /** The graph recorded so far, with these outputs. */
  finish(outputs: readonly Tensor[]): Graph {
    const values = outputs.map((output) => this.lift(output));
    const variables: VariableUse[] = [...this.state].map(([variable, { read, now, written }]) => {
      const update = this.lift(now);
      return { variable, read, update: written && update !== read ? update : null };
    });
    return dropUnused({ inputs: this.inputs, nodes: this.nodes, outputs: values, variables });
  }
}

/** More elements than these are not made while only shapes matter. */
const SMALL = 2 ** 20;
/**
 * Runs `fn` so that what is traced in it is for shapes and dtypes alone, with `sizes` in the place of unknown ones: large constants are
 * then not made, whose sizes may come from those. `null` inside: values matter again, as those of the variables that a layer makes.
 */
export const forShapes = <T,>(sizes: ReadonlySet<number> | null, fn: () => T): T =>
  context().standIns === sizes ? fn() : withContext({ standIns: sizes }, fn);
/** True for a size that stands for an unknown one, while only shapes matter. */
export const isStandIn = (size: number): boolean => context().standIns?.has(size) === true;
/** True when what is being traced is for shapes alone. */
export const isTracedForShapes = (): boolean => context().standIns !== null && currentTrace() !== null;
/** True when a tensor of these specs need not be made, since only its shape matters. */
export const isLeftOut = (specs: readonly Spec[]): boolean => isTracedForShapes() && specs.some(({ size }) => size > SMALL);
/** A tensor that stands for a constant that is left out. */
export function placeholder(spec: Spec): Tensor {
  let root = currentTrace()!;
  while (root.outer !== null) root = root.outer;
  return root.input(spec);
}

/** The innermost trace that is recording, or null. */
export const currentTrace = (): Trace | null => context().trace;

/** True in a trace that is written out for others: ops that do much by one kernel are composed of the ones that everybody has. */
export const isTracedForOthers = (): boolean => currentTrace()?.keepsSources === true;

/** A recorded function: its graph, and the outer tensors that it reads (the last inputs of the graph). */
export interface Traced<T> {
  readonly graph: Graph;
  readonly captured: readonly Tensor[];
  /** What the function returned, with tensors of the trace. */
  readonly returned: T;
}

/**
 * Runs `fn` on symbolic tensors of the given specs and records its graph. `outputs` picks the tensors to keep out of what
 * `fn` returned. Gradient tapes outside do not see the calls. With `keepsSources` ops without inputs, whose attributes may tell sizes, are
 * recorded too.
 */
export function trace<T>(
  specs: readonly Spec[],
  fn: (...inputs: Tensor[]) => T,
  outputs: (returned: T) => readonly Tensor[],
  { keepsSources }: { keepsSources?: boolean } = {},
): Traced<T> {
  const recording = new Trace(currentTrace(), keepsSources);
  return withContext({ trace: recording }, () => {
    const inputs = specs.map((spec) => recording.input(spec));
    const returned = withoutTapes(() => fn(...inputs));
    return { graph: recording.finish(outputs(returned)), captured: [...recording.captured.keys()], returned };
  });
}
