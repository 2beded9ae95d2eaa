// Functions inside programs: the graphs that control flow runs, with all that they read and assign outside made inputs and outputs.
import { createHash } from 'node:crypto';
import { INLINE_CONSTANT, rewrite, type Graph, type Value } from './graph.js';
import { bind } from './bind.js';
import { identityText, keyText } from '../base/keys.js';
import type { Attrs, Op } from './op.js';
import type { Spec } from '../base/shape.js';
import { followed } from './tape.js';
import type { Tensor } from './tensor.js';
import { trace } from './trace.js';
import { isolated, Variable, withAutocast } from './variable.js';
import { finish } from './work.js';

let next = 1;

/** A graph as an attribute of an op. Each is told apart from all others; its `text` tells which compute the same. */
export class Subgraph {
  private readonly id = next++;
  #text: string | null | undefined;
  constructor(readonly graph: Graph) {}

  /** What the graph computes, the same for graphs with the same plan; null where that cannot be told. */
  get text(): string | null {
    return (this.#text ??= textOf(this.graph));
  }

  /** What printing and comparing of attributes sees. */
  toJSON(): string {
    return `graph ${this.id}`;
  }
}

/** A function to close: the specs of its parameters, and what it gives. */
export interface Open {
  readonly specs: readonly Spec[];
  readonly fn: (...inputs: Tensor[]) => readonly Tensor[];
}

/** A traced function whose outer values are inputs and outputs of its own. */
export interface Body {
  readonly nodes: Graph['nodes'];
  /** What stands for the parameters, for the variables that are assigned, and for the outer values that are only read. */
  readonly parameters: readonly Value[];
  readonly states: readonly Value[];
  readonly reads: readonly Value[];
  readonly outputs: readonly Value[];
  /** The values of the assigned variables at the end. */
  readonly updates: readonly Value[];
}

/** Functions that run under one instruction, and share what they read and assign outside. */
export interface Closure {
  readonly bodies: readonly Body[];
  /** Outer values, read only. */
  readonly reads: readonly Tensor[];
  /** Variables that some function assigns. */
  readonly variables: readonly Variable[];
}

type Outer = Tensor | Variable;

/** The outer values of a traced graph, and the values that stand for them in it. */
function outerValues(graph: Graph, captured: readonly Tensor[], parameters: number): Map<Outer, Value[]> {
  const outer = new Map<Outer, Value[]>();
  const note = (key: Outer, value: Value) => {
    const values = outer.get(key);
    if (values === undefined) outer.set(key, [value]);
    else if (!values.includes(value)) values.push(value);
  };
  captured.forEach((tensor, i) => note(tensor, graph.inputs[parameters + i]!));
  graph.variables.forEach(({ variable, read }) => note(variable, read));
  for (const value of [
    ...graph.nodes.flatMap((node) => node.inputs),
    ...graph.outputs,
    ...graph.variables.flatMap(({ update }) => update ?? []),
  ]) {
    if (value.source.kind === 'constant' && (value.spec.bytes > INLINE_CONSTANT || followed(value.source.tensor)))
      note(value.source.tensor, value);
  }
  return outer;
}

function bodyOf(
  graph: Graph,
  outer: ReadonlyMap<Outer, readonly Value[]>,
  parameters: number,
  variables: readonly Variable[],
  reads: readonly Outer[],
): Body {
  const replaced = new Map<Value, Value>();
  const inputFor = (key: Outer): Value => {
    const value: Value = { spec: key.spec, source: { kind: 'input' } };
    outer.get(key)?.forEach((old) => replaced.set(old, value));
    return value;
  };
  const states = variables.map(inputFor);
  const read = reads.map(inputFor);
  const closed = finish(rewrite(graph, () => null, replaced));
  const updateOf = (variable: Variable, i: number) => closed.variables.find((use) => use.variable === variable)?.update ?? states[i]!;
  return {
    nodes: closed.nodes,
    parameters: graph.inputs.slice(0, parameters),
    states,
    reads: read,
    outputs: closed.outputs,
    updates: variables.map(updateOf),
  };
}

/** Traces functions that one instruction will run. Gradient tapes do not see the calls. */
export function close(functions: readonly Open[]): Closure {
  const traced = functions.map(({ specs, fn }) => isolated(() => trace(specs, fn, (outputs) => outputs)));
  const outers = traced.map(({ graph, captured }, i) => outerValues(graph, captured, functions[i]!.specs.length));
  const variables = [
    ...new Set(traced.flatMap(({ graph }) => graph.variables.filter((use) => use.update !== null).map((use) => use.variable))),
  ];
  const reads = [...new Set(outers.flatMap((outer) => [...outer.keys()]))].filter(
    (key) => !(key instanceof Variable && variables.includes(key)),
  );
  return {
    bodies: traced.map(({ graph }, i) => bodyOf(graph, outers[i]!, functions[i]!.specs.length, variables, reads)),
    reads: reads.map(valueOf),
    variables,
  };
}
/** The value of what a closure reads, as the calling program sees it. */
export const valueOf = (outer: Outer): Tensor => (outer instanceof Variable ? withAutocast(null, () => outer.value) : outer);

/** A subgraph of these nodes, with inputs and outputs in the order given. */
export const subgraph = (nodes: Graph['nodes'], inputs: readonly Value[], outputs: readonly Value[]): Subgraph =>
  new Subgraph({ inputs, nodes, outputs, variables: [] });

/** Calls the ops of a closed graph again, on other inputs: in the program that is being traced, or at once. */
export function replay(graph: Graph, inputs: readonly Tensor[]): Tensor[] {
  const values = new Map<Value, Tensor>(graph.inputs.map((value, i) => [value, inputs[i]!]));
  const tensorOf = (value: Value) => (value.source.kind === 'constant' ? value.source.tensor : values.get(value)!);
  for (const { op, attrs, inputs: read, outputs } of graph.nodes) {
    const results = bind(op, read.map(tensorOf), attrs);
    outputs.forEach((output, i) => values.set(output, results[i]!));
  }
  return graph.outputs.map(tensorOf);
}

// ---- which graphs are the same --------------------------------------------------------------------------------------

/** What stands for an op: two may have one name. All that share memory are alike. */
const opText = (op: Op): string => (op.lower === 'alias' ? 'alias' : `${op.name}${identityText(op)}`);
const specText = ({ dtype, shape }: Spec): string => `${dtype}[${shape.join()}]`;

/** Thrown where two graphs cannot be told to be the same. */
class Unknown extends Error {}

/** The text of attributes, with graphs by what they compute. */
const attrsText = (attrs: Attrs): string => keyText(attrs, (value) => {
  const text = value instanceof Subgraph ? value.text : null;
  if (text === null) throw new Unknown();
  return JSON.stringify(text);
});

function constantText({ spec, memory, data }: Tensor): string {
  if (memory === null || spec.bytes > INLINE_CONSTANT) throw new Unknown();
  return `${specText(spec)}:${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')}`;
}

/**
 * A graph as text: inputs by their numbers, small constants by their bytes, ops by what they are. Null where another graph of the same text
 * may differ.
 */
function textOf({ inputs, nodes, outputs, variables }: Graph): string | null {
  if (variables.length > 0) return null;
  const names = new Map<Value, string>(inputs.map((value, i) => [value, `i${i}`]));
  const name = (value: Value): string => {
    const known = names.get(value);
    if (known !== undefined) return known;
    if (value.source.kind !== 'constant') throw new Unknown();
    return constantText(value.source.tensor);
  };
  try {
    const lines = nodes.map(({ op, attrs, inputs: read, outputs: made }, n) => {
      const line = `${opText(op)}(${read.map(name).join()})${attrsText(attrs)}${made.map(({ spec }) => specText(spec)).join()}`;
      made.forEach((value, i) => names.set(value, `n${n}.${i}`));
      return line;
    });
    return [inputs.map(({ spec }) => specText(spec)).join(), ...lines, outputs.map(name).join()].join('\n');
  } catch (error) {
    if (error instanceof Unknown) return null;
    throw error;
  }
}

/** A `planKey` of ops whose attributes have graphs: the same for calls that compute the same. */
export function planKeyOfGraphs(attrs: Attrs): string | null {
  try {
    return createHash('sha256').update(attrsText(attrs)).digest('base64');
  } catch (error) {
    if (error instanceof Unknown) return null;
    throw error;
  }
}
