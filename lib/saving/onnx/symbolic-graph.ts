// Traces of one function with several sizes in the place of the unknown ones, laid over each other: what differs between them depends on
// these sizes.
import type { DType } from '../../base/dtype.js';
import type { Graph, Node, Value, VariableUse } from '../../core/graph.js';
import type { Attrs } from '../../core/op.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';

/** A number of each trace: a size, or what follows from sizes. */
export type Size = readonly number[];

/** A value in all traces. */
export interface SymbolicValue {
  readonly dtype: DType;
  readonly shape: readonly Size[];
  readonly source:
    | { readonly kind: 'input' | 'node' }
    | { readonly kind: 'variable'; readonly variable: Variable }
    | { readonly kind: 'constant'; readonly tensors: readonly Tensor[] };
}
/** A call in all traces. */
export interface SymbolicCall {
  readonly node: Node;
  /** Its attributes in each trace. */
  readonly attrs: readonly Attrs[];
  readonly inputs: readonly SymbolicValue[];
  readonly outputs: readonly SymbolicValue[];
}
/** Graphs laid over each other. */
export interface SymbolicGraph {
  readonly inputs: readonly SymbolicValue[];
  readonly calls: readonly SymbolicCall[];
  readonly outputs: readonly SymbolicValue[];
  readonly variables: readonly VariableUse[];
}

/** True for a number that is the same in all traces. */
export const isFixed = (size: Size): boolean => size.every((n) => n === size[0]);
/** True where two numbers are the same in each trace. */
export const sameSize = (a: Size, b: Size): boolean => a.every((n, i) => n === b[i]);
/** One list of each trace as a list of numbers of all traces. @throws when they differ in length. */
export function across(lists: readonly (readonly number[])[]): Size[] {
  if (lists.some((list) => list.length !== lists[0]!.length)) throw new DifferentGraphs();
  return lists[0]!.map((_, i) => lists.map((list) => list[i]!));
}

/** Thrown where traces differ in more than numbers. */
export class DifferentGraphs extends Error {}

/** Lays the graphs of several traces over each other. @throws DifferentGraphs. */
export function overlay(graphs: readonly Graph[]): SymbolicGraph {
  const known = new Map<Value, { readonly values: readonly Value[]; readonly symbolic: SymbolicValue }>();
  const combine = (values: readonly Value[]): SymbolicValue => {
    const [first] = values as [Value];
    const found = known.get(first);
    if (found !== undefined && found.values.every((value, i) => value === values[i])) return found.symbolic;
    const { source, spec } = first;
    if (values.some((value) => value.source.kind !== source.kind || value.spec.dtype !== spec.dtype)) throw new DifferentGraphs();
    // Inputs and nodes are known before they are read; variables and constants are met here.
    if (found !== undefined && source.kind !== 'constant') throw new DifferentGraphs();
    const shape = across(values.map((value) => value.spec.shape));
    const symbolic: SymbolicValue = {
      dtype: spec.dtype,
      shape,
      source:
        source.kind === 'variable'
          ? { kind: 'variable', variable: source.variable }
          : source.kind === 'constant'
            ? { kind: 'constant', tensors: values.map((value) => (value.source as { tensor: Tensor }).tensor) }
            : { kind: source.kind },
    };
    if (source.kind === 'variable' && values.some((value) => (value.source as { variable?: Variable }).variable !== source.variable))
      throw new DifferentGraphs();
    known.set(first, { values, symbolic });
    return symbolic;
  };
  const columns = <T>(of: (graph: Graph) => readonly T[]): T[][] => {
    const lists = graphs.map(of);
    if (lists.some((list) => list.length !== lists[0]!.length)) throw new DifferentGraphs();
    return lists[0]!.map((_, i) => lists.map((list) => list[i]!));
  };
  const inputs = columns((graph) => graph.inputs).map(combine);
  const calls = columns((graph) => graph.nodes).map((nodes): SymbolicCall => {
    const [node] = nodes as [Node];
    if (nodes.some(({ op, inputs: read }) => op.name !== node.op.name || read.length !== node.inputs.length)) throw new DifferentGraphs();
    return {
      node,
      attrs: nodes.map(({ attrs }) => attrs),
      inputs: node.inputs.map((_, i) => combine(nodes.map((one) => one.inputs[i]!))),
      outputs: node.outputs.map((_, i) => combine(nodes.map((one) => one.outputs[i]!))),
    };
  });
  return { inputs, calls, outputs: columns((graph) => graph.outputs).map(combine), variables: graphs[0]!.variables };
}
