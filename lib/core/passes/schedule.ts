// Scheduling: the order of a fused graph, and which updates are written straight over their variables.
import { copyOpOf } from '../copy.js';
import { epilogue, fused, type EpilogueAttrs, type Group } from '../fused.js';
import type { Graph, Node, Value } from '../graph.js';
import { makeNode, producer } from '../graph.js';
import type { Op } from '../op.js';
import type { Variable } from '../variable.js';
import { sameShape } from '../../base/shape.js';
import { rootOf } from './materialize.js';

/** A graph in its final order. */
export interface Schedule {
  readonly graph: Graph;
  /** The root value that is written over each variable's memory. */
  readonly inPlace: ReadonlyMap<Value, Variable>;
  /** For each node: outputs (by index) written over inputs (by index) that it reads at the same places. */
  readonly over: ReadonlyMap<Node, ReadonlyMap<number, number>>;
}

/** For each node of the group part of a fused node: the index of its input that carries `value`, if it reads it element by element. */
function elementwiseInput(node: Node, value: Value): number | null {
  const group = groupOf(node);
  if (group === null) return null;
  const first = node.inputs.length - (node.op.name === 'epilogue' ? group.inputs.length - 1 : group.inputs.length);
  const at = node.inputs.findIndex((read, i) => read === value && i >= first);
  if (at < 0 || node.inputs.some((read, i) => i !== at && rootOf(read) === value)) return null;
  return sameShape(value.spec.shape, group.shape) ? at : null;
}

function groupOf(node: Node): Group | null {
  if ((node.op as unknown) === fused) return (node.attrs as { group: Group }).group;
  if ((node.op as unknown) === epilogue) return (node.attrs as unknown as EpilogueAttrs).group;
  return null;
}

class Scheduler {
  readonly nodes: Node[];
  readonly before = new Map<Node, Set<Node>>(); // extra edges: these nodes run before the key
  readonly inPlace = new Map<Value, Variable>();
  readonly over = new Map<Node, Map<number, number>>();

  constructor(readonly graph: Graph) {
    this.nodes = [...graph.nodes];
  }

  private *predecessors(node: Node): Iterable<Node> {
    for (const value of node.inputs) {
      const made = producer(value);
      if (made !== null) yield made;
    }
    yield* this.before.get(node) ?? [];
  }

  /** All nodes that have to run before `node`. */
  private ancestors(node: Node): Set<Node> {
    const seen = new Set<Node>();
    const pending = [node];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      for (const p of this.predecessors(next)) {
        if (!seen.has(p)) {
          seen.add(p);
          pending.push(p);
        }
      }
    }
    return seen;
  }

  private after(node: Node, earlier: Iterable<Node>): void {
    const set = this.before.get(node) ?? new Set<Node>();
    for (const e of earlier) if (e !== node) set.add(e);
    this.before.set(node, set);
  }

  /** Tries to have the update written over the variable by the node that makes it; true when that is safe. */
  private writeInPlace(variable: Variable, read: Value, update: Value): boolean {
    const root = rootOf(update);
    const writer = producer(root)!;
    const readers = this.nodes.filter((node) => node.op.lower !== 'alias' && node.inputs.some((value) => rootOf(value) === read));
    const others = readers.filter((node) => node !== writer);
    if (others.some((node) => this.ancestors(node).has(writer))) return false;
    if (readers.length > others.length) {
      const at = elementwiseInput(writer, read);
      if (at === null || root.spec !== read.spec) return false;
      const map = this.over.get(writer) ?? new Map<number, number>();
      this.over.set(writer, map.set(writer.outputs.indexOf(root), at));
    }
    this.after(writer, others);
    this.inPlace.set(root, variable);
    return true;
  }

  private copyInto(variable: Variable, read: Value, update: Value): Value {
    const inner = makeNode(copyOpOf(update.spec.dtype) as unknown as Op, [update], {}, [update.spec], '');
    const group: Group = { nodes: [inner], inputs: [update], outputs: inner.outputs, shape: update.spec.shape };
    const node = makeNode(fused as unknown as Op, [update], { group }, [update.spec], '');
    this.after(node, this.nodes.filter((other) => other.inputs.some((value) => rootOf(value) === read)));
    this.nodes.push(node);
    this.inPlace.set(node.outputs[0]!, variable);
    return node.outputs[0]!;
  }

  run(): Schedule {
    const variables = this.graph.variables.map((use) => {
      if (use.update === null || this.writeInPlace(use.variable, use.read, use.update)) return use;
      return { ...use, update: this.copyInto(use.variable, use.read, use.update) };
    });
    this.faultsFirst();
    return { graph: { ...this.graph, nodes: this.sorted(), variables }, inPlace: this.inPlace, over: this.over };
  }

  /** What data can stop runs before anything is written to a variable, so that a failed step leaves them as they were. */
  private faultsFirst(): void {
    const faulting = this.nodes.filter((node) => node.op.mayFault === true);
    for (const root of this.inPlace.keys()) {
      const writer = producer(root)!;
      this.after(writer, faulting.filter((node) => !this.ancestors(node).has(writer)));
    }
  }

  private sorted(): Node[] {
    const done = new Set<Node>();
    const result: Node[] = [];
    const visit = (node: Node) => {
      if (done.has(node)) return;
      done.add(node);
      for (const p of this.predecessors(node)) visit(p);
      result.push(node);
    };
    this.nodes.forEach(visit);
    return result;
  }
}

/** Orders a fused graph so that updates are written in place wherever every reader of the old value can run before. */
export const schedule = (graph: Graph): Schedule => new Scheduler(graph).run();
