// Control flow: graphs within graphs. ONNX's bodies read outer values by their names.
import type { Graph } from '../../../core/graph.js';
import type { Subgraph } from '../../../core/subgraph.js';
import { Builder } from '../builder.js';
import { onnxType } from '../dtypes.js';
import type { GraphProto, ValueInfoProto, Written } from '../schema.js';
import { isFixed, overlay, type SymbolicGraph, type SymbolicValue } from '../symbolic-graph.js';
import type { Call, Rule } from './rule.js';

/** Writes the calls of a graph. */
type WriteCalls = (to: Builder, graph: SymbolicGraph) => void;

/** The type of a value, with names for sizes that are not known. */
export const infoOf = (name: string, { dtype, shape }: SymbolicValue, nameOf: (axis: number) => string = () => ''): Written<ValueInfoProto> => ({
  name,
  type: {
    tensorType: {
      elemType: onnxType(dtype),
      shape: { dim: shape.map((size, axis) => (isFixed(size) ? { dimValue: size[0]! } : { dimParam: nameOf(axis) })) },
    },
  },
});

const bodyOf = (call: Call, key: string): SymbolicGraph =>
  overlay(call.symbolic.attrs.map((attrs) => (attrs[key] as Subgraph).graph));

/** A body that is being written. */
class Body {
  readonly to: Builder;
  private readonly input: Written<ValueInfoProto>[] = [];
  private readonly output: Written<ValueInfoProto>[] = [];

  constructor(private readonly op: string, outer: Builder) {
    this.to = new Builder(outer.names, outer);
    this.to.scope = outer.scope;
  }
  /** Names for values of the body: those of the outer graph. */
  lend(values: readonly SymbolicValue[], names: readonly string[]): void {
    values.forEach((value, i) => this.to.set(value, names[i]!));
  }
  /** An input of the body. */
  take(value: SymbolicValue): string {
    const name = this.to.names.unique(`${this.to.scope}/${this.op}/in`);
    this.to.set(value, name);
    this.input.push(infoOf(name, value));
    return name;
  }
  /** An input or an output that is no value of ours. */
  note(side: 'input' | 'output', name: string, elemType: number): void {
    this[side].push({ name, type: { tensorType: { elemType, shape: { dim: [] } } } });
  }
  /** An output under a name of its own. */
  give(value: SymbolicValue): void {
    const name = this.to.node('Identity', [this.to.name(value)]);
    this.output.push(infoOf(name, value));
  }
  get graph(): Written<GraphProto> {
    return { name: this.to.names.unique(`${this.op}_body`), node: this.to.nodes, input: this.input, output: this.output };
  }
}

/** A loop over rows. */
const scan = (write: WriteCalls): Rule => (call) => {
  const { to } = call;
  const [constants, carries] = [call.attr<number>('constants'), call.attr<number>('carries')];
  const reverse = Number(call.attr<boolean>('reverse'));
  const graph = bodyOf(call, 'body');
  const body = new Body(call.op, call.to);
  const { all } = call;
  body.lend(graph.inputs.slice(0, constants), all);
  const rows = graph.inputs.slice(constants + carries);
  if (rows.length === 0) return loopOver(write, call, graph, body, reverse === 1);
  graph.inputs.slice(constants).forEach((value) => body.take(value));
  write(body.to, graph);
  graph.outputs.forEach((value) => body.give(value));
  const given = graph.outputs.length - carries;
  return to.nodeOf('Scan', all.slice(constants), {
    body: body.graph,
    num_scan_inputs: rows.length,
    scan_input_directions: rows.map(() => reverse),
    ...(given === 0 ? {} : { scan_output_directions: Array.from({ length: given }, () => reverse) }),
  }, graph.outputs.length);
};

/** A loop over rows that reads none: so many steps. */
function loopOver(write: WriteCalls, call: Call, graph: SymbolicGraph, body: Body, reverse: boolean): string[] {
  const { to } = call;
  const [constants, carries] = [call.attr<number>('constants'), call.attr<number>('carries')];
  body.note('input', to.names.unique('step'), 7);
  const condition = to.names.unique('condition');
  body.note('input', condition, 9);
  graph.inputs.slice(constants).forEach((value) => body.take(value));
  write(body.to, graph);
  body.note('output', body.to.node('Identity', [condition]), 9);
  graph.outputs.forEach((value) => body.give(value));
  const steps = to.node('Reshape', [to.size(call.number('length')), to.shape([])]);
  const results = to.nodeOf('Loop', [steps, '', ...call.all.slice(constants)], { body: body.graph }, graph.outputs.length);
  if (!reverse) return results;
  const backwards = (name: string): string => to.node('Slice', [name, to.ints([-1]), to.ints([-(2 ** 53 - 1)]), to.ints([0]), to.ints([-1])]);
  return results.map((name, i) => (i < carries ? name : backwards(name)));
}

/** A loop while something holds. */
const whileLoop = (write: WriteCalls): Rule => (call) => {
  const { to, all } = call;
  const constants = call.attr<number>('constants');
  const most = call.attr<number | null>('most');
  const [test, step] = [bodyOf(call, 'condition'), bodyOf(call, 'body')];
  /** Whether the loop goes on, for values of the names. */
  const holds = (builder: Builder, graph: SymbolicGraph, names: readonly string[]): string => {
    graph.inputs.forEach((value, i) => builder.set(value, names[i]!));
    write(builder, graph);
    return builder.node('Reshape', [builder.name(graph.outputs[0]!), builder.shape([])]);
  };
  const first = holds(to, test, all);
  const body = new Body(call.op, call.to);
  body.note('input', to.names.unique('step'), 7);
  body.note('input', to.names.unique('condition'), 9);
  body.lend(step.inputs.slice(0, constants), all);
  step.inputs.slice(constants).forEach((value) => body.take(value));
  write(body.to, step);
  const next = step.outputs.map((value) => body.to.name(value));
  body.note('output', holds(body.to, bodyOf(call, 'condition'), [...all.slice(0, constants), ...next]), 9);
  step.outputs.forEach((value) => body.give(value));
  const limit = most === null ? '' : to.scalar(most, 'int64');
  return to.nodeOf('Loop', [limit, first, ...all.slice(constants)], { body: body.graph }, step.outputs.length);
};

/** One of several graphs, which a number names. */
const branch = (write: WriteCalls): Rule => (call) => {
  const [index, ...names] = call.all;
  const count = (call.symbolic.attrs[0]!.branches as readonly Subgraph[]).length;
  const graphs = Array.from({ length: count }, (_, i) =>
    overlay(call.symbolic.attrs.map((attrs): Graph => (attrs.branches as readonly Subgraph[])[i]!.graph)));
  const choose = (to: Builder, from: number): string[] => {
    const inner = (i: number, last: boolean): Written<GraphProto> => {
      const body = new Body(call.op, to);
      if (last) {
        body.lend(graphs[i]!.inputs, names);
        write(body.to, graphs[i]!);
        graphs[i]!.outputs.forEach((value) => body.give(value));
      } else {
        const outputs = choose(body.to, i);
        graphs[i]!.outputs.forEach((value, k) => {
          body.to.set(value, outputs[k]!);
          body.give(value);
        });
      }
      return body.graph;
    };
    const isThis = to.node('LessOrEqual', [index!, to.scalar(from, 'int32')]);
    return to.nodeOf('If', [to.node('Reshape', [isThis, to.shape([])])], {
      then_branch: inner(from, true),
      else_branch: inner(from + 1, from + 1 === count - 1),
    }, graphs[from]!.outputs.length);
  };
  if (count > 1) return choose(call.to, 0);
  graphs[0]!.inputs.forEach((value, i) => call.to.set(value, names[i]!));
  write(call.to, graphs[0]!);
  return graphs[0]!.outputs.map((value) => call.to.name(value));
};

/** Rules by the names of primitives, given what writes calls. */
export const control = (write: WriteCalls): Readonly<Record<string, Rule>> => ({
  scan: scan(write),
  while_loop: whileLoop(write),
  switch: branch(write),
});
