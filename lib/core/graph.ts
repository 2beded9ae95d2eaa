// Graphs: what tracing records and passes rewrite. A graph is a list of op calls in an order in which they can run.
import type { Attrs, Op } from './op.js';
import type { Spec } from '../base/shape.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from './tensor.js';
import type { Variable } from './variable.js';
import type { Work } from './work.js';

/** A value in a graph. `source` tells where it comes from. */
export interface Value {
  readonly spec: Spec;
  readonly source:
    | { readonly kind: 'input' }
    | { readonly kind: 'variable'; readonly variable: Variable }
    | { readonly kind: 'constant'; readonly tensor: Tensor }
    | { readonly kind: 'node'; readonly node: Node; readonly index: number };
}

/** One call of an op. */
export interface Node {
  readonly op: Op;
  readonly attrs: Attrs;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Name of the layer that was being called, for error messages and printing. */
  readonly scope: string;
}

/** A variable that the graph reads, and the value that it leaves there (null: it is only read). */
export interface VariableUse {
  readonly variable: Variable;
  readonly read: Value;
  readonly update: Value | null;
}

/** A function from inputs and variables to outputs and new values of variables. */
export interface Graph {
  readonly inputs: readonly Value[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly Value[];
  readonly variables: readonly VariableUse[];
}

/** Constants up to this many bytes are part of a compiled graph; larger ones are read where they are. */
export const INLINE_CONSTANT = 256;

/** Makes a node and its output values. */
export function makeNode(op: Op, inputs: readonly Value[], attrs: Attrs, specs: readonly Spec[], scope: string): Node {
  const node: { -readonly [K in keyof Node]: Node[K] } = { op, attrs, inputs, outputs: [], scope };
  node.outputs = specs.map((spec, index) => ({ spec, source: { kind: 'node', node, index } }) as const);
  return node;
}

/** The node that makes a value, or null for inputs, variables and constants. */
export const producer = (value: Value): Node | null => (value.source.kind === 'node' ? value.source.node : null);

/** An op with its attributes. */
type Call = Pick<Node, 'op' | 'attrs'>;

/** Graphs that a node runs: those in the attributes of control flow. */
function innerGraphs({ op, attrs }: Call): readonly Graph[] {
  if (op.planKey === undefined) return [];
  const held = Object.values(attrs).flat() as readonly unknown[];
  return held.flatMap((value) => (typeof value === 'object' && value !== null && 'graph' in value ? [value.graph as Graph] : []));
}

/** True when a node, or one in a graph that it runs, has a property of ops. */
const somewhere = (test: (op: Op) => boolean): ((call: Call) => boolean) => {
  const known = new WeakMap<Graph, boolean>();
  const within = (graph: Graph): boolean => {
    let found = known.get(graph);
    if (found === undefined) known.set(graph, (found = graph.nodes.some(has)));
    return found;
  };
  const has = (call: Call): boolean => test(call.op) || innerGraphs(call).some(within);
  return has;
};
/** True for calls that no pass may drop, merge or reorder among each other. */
export const hasEffect = somewhere((op) => op.effect === 'ordered');
/** True for calls that data can make fail. */
export const mayFault = somewhere((op) => op.mayFault === true);

/** For each call with an effect the one before it. */
export function effectOrder(nodes: readonly Node[]): Map<Node, Node> {
  const effects = nodes.filter(hasEffect);
  return new Map(effects.slice(1).map((node, i) => [node, effects[i]!]));
}

/** The values that must be there when the graph has run: its outputs and its variables' updates. */
export const results = (graph: Graph): Value[] => [
  ...graph.outputs,
  ...graph.variables.flatMap((use) => (use.update === null ? [] : [use.update])),
];

/**
 * Rebuilds a graph node by node. `rule` gets a node and its already rewritten inputs and returns the values that stand for
 * its outputs; null keeps the node. Nodes without users afterwards are dropped. `replaced` gives values that stand for others from
 * the beginning.
 */
export function* rewrite(graph: Graph, rule: Rule, replaced?: ReadonlyMap<Value, Value>): Work<Graph> {
  const map = new Map(replaced);
  const nodes: Node[] = [];
  const resolve = (value: Value) => map.get(value) ?? value;
  const emit: Emit = (op, inputs, attrs, specs, scope) => {
    const node = makeNode(op, inputs, attrs, specs, scope);
    nodes.push(node);
    return node.outputs;
  };
  for (const node of graph.nodes) {
    yield;
    const inputs = node.inputs.map(resolve);
    const replaced = rule(node, inputs, emit);
    if (replaced === null && inputs.every((input, i) => input === node.inputs[i])) {
      nodes.push(node);
      continue;
    }
    const outputs = replaced ?? emit(node.op, inputs, node.attrs, node.outputs.map((o) => o.spec), node.scope);
    node.outputs.forEach((old, i) => map.set(old, outputs[i]!));
  }
  return dropUnused({
    inputs: graph.inputs,
    nodes,
    outputs: graph.outputs.map(resolve),
    variables: graph.variables.map((use) => ({ ...use, update: use.update && resolve(use.update) })),
  });
}
/** What stands for the outputs of a node, given its rewritten inputs; null: the node itself. */
export type Rule = (node: Node, inputs: readonly Value[], emit: Emit) => readonly Value[] | null;
/** Appends a node during `rewrite` and returns its outputs. */
export type Emit = (op: Op, inputs: readonly Value[], attrs: Attrs, specs: readonly Spec[], scope: string) => readonly Value[];

/** The graph without nodes whose outputs nobody reads and that have no effect, and without variables that it neither reads nor writes. */
export function dropUnused(graph: Graph): Graph {
  const live = new Set<Value>(results(graph));
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => live.has(output)) && !hasEffect(node)) continue;
    node.inputs.forEach((input) => live.add(input));
    nodes.push(node);
  }
  nodes.reverse();
  const variables = graph.variables.filter((use) => use.update !== null || live.has(use.read));
  return { ...graph, nodes, variables };
}

/** Throws unless every value that is read has been made before, once, with the spec that its op infers. */
export function verify(graph: Graph): void {
  const known = new Set<Value>([...graph.inputs, ...graph.variables.map((use) => use.read)]);
  const check = (value: Value, user: string) => {
    if (value.source.kind !== 'constant' && !known.has(value)) throw new Error(`graph: ${user} reads a value that is not there`);
  };
  for (const node of graph.nodes) {
    node.inputs.forEach((input) => check(input, node.op.name));
    const specs = node.op.infer(node.inputs.map((input) => input.spec), node.attrs);
    if (specs.length !== node.outputs.length || specs.some((spec, i) => spec !== node.outputs[i]!.spec)) {
      throw new Error(`graph: ${node.op.name} has outputs of another spec than it infers`);
    }
    for (const output of node.outputs) {
      if (known.has(output)) throw new Error(`graph: an output of ${node.op.name} is made twice`);
      known.add(output);
    }
  }
  results(graph).forEach((value) => check(value, 'the result'));
}

/** Attributes in one line; of fused groups the names of their ops. */
function showAttrs(attrs: Attrs): string {
  if (Object.keys(attrs).length === 0) return '';
  const shorten = (key: string, value: unknown): unknown => {
    if (key === 'group') return (value as { nodes: readonly Node[] }).nodes.map((node) => node.op.name).join(' ');
    if (key === 'op') return (value as Op).name;
    return key === 'product' ? undefined : value;
  };
  return ` ${JSON.stringify(attrs, shorten)}`;
}

/** A readable listing, one line a node. */
export function printGraph(graph: Graph): string {
  const names = new Map(graph.inputs.map((value, i) => [value, `in${i}`]));
  const name = (value: Value): string => {
    const known = names.get(value);
    if (known !== undefined) return known;
    const { source } = value;
    if (source.kind === 'constant') return source.tensor.size === 1 ? String(source.tensor.item()) : `const${showShape(value.spec.shape)}`;
    const made = source.kind === 'variable' ? source.variable.path : `%${names.size}`;
    names.set(value, made);
    return made;
  };
  const spec = (value: Value) => `${value.spec.dtype}${showShape(value.spec.shape)}`;
  const lines = graph.nodes.map((node) => {
    const outputs = node.outputs.map((o) => `${name(o)}: ${spec(o)}`).join(', ');
    return `${outputs} = ${node.op.name}(${node.inputs.map(name).join(', ')})${showAttrs(node.attrs)}${node.scope === '' ? '' : `  # ${node.scope}`}`;
  });
  for (const use of graph.variables) if (use.update !== null) lines.push(`${use.variable.path} <- ${name(use.update)}`);
  lines.push(`return ${graph.outputs.map(name).join(', ')}`);
  return lines.join('\n');
}
