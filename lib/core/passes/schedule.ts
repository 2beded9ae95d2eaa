// Scheduling: the order of a fused graph, and which updates are written straight over their variables.
import { copyOpOf } from '../copy.js';
import { epilogue, fused, type EpilogueAttrs, type Group } from '../fused.js';
import { effectOrder, makeNode, mayFault, producer, type Graph, type Node, type Value, type VariableUse } from '../graph.js';
import type { Op } from '../op.js';
import type { Variable } from '../variable.js';
import { sameShape } from '../../base/shape.js';
import type { Work } from '../work.js';
import { rootOf } from './materialize.js';
import { Order } from './order.js';

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

/** The nodes that read each value's memory: views hand it on. */
function readersOf(nodes: Iterable<Node>): Map<Value, Node[]> {
  const readers = new Map<Value, Node[]>();
  for (const node of nodes) {
    if (node.op.lower === 'alias') continue;
    for (const root of new Set(node.inputs.map(rootOf))) {
      const known = readers.get(root);
      if (known === undefined) readers.set(root, [node]);
      else known.push(node);
    }
  }
  return readers;
}

class Scheduler {
  private readonly order: Order<Node>;
  private readonly effects: ReadonlyMap<Node, Node>;
  private readonly readers: ReadonlyMap<Value, readonly Node[]>;
  private readonly before = new Map<Node, readonly Node[]>(); // those that read a variable before the key writes it
  private readonly faulting: readonly Node[];
  /** What can fail, and what that depends on. */
  private readonly upToFaults = new Set<Node>();
  private readonly inPlace = new Map<Value, Variable>();
  private readonly over = new Map<Node, Map<number, number>>();

  constructor(private readonly graph: Graph) {
    this.effects = effectOrder(graph.nodes);
    this.readers = readersOf(graph.nodes);
    this.order = new Order(graph.nodes, (node) => this.predecessors(node));
    this.faulting = graph.nodes.filter(mayFault);
    const pending = [...this.faulting];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (this.upToFaults.has(node)) continue;
      this.upToFaults.add(node);
      pending.push(...this.predecessors(node));
    }
  }

  private *predecessors(node: Node): Generator<Node> {
    for (const value of node.inputs) {
      const made = producer(value);
      if (made !== null) yield made;
    }
    const effect = this.effects.get(node);
    if (effect !== undefined) yield effect;
    yield* this.before.get(node) ?? [];
  }

  /**
   * Tries to have the update written over the variable by the node that makes it; true when that is safe: when all others that read the
   * variable can run before, and everything that can fail too, so that a failed step leaves the variable as it was.
   */
  private writeInPlace({ variable, read }: VariableUse, update: Value): boolean {
    const root = rootOf(update);
    const writer = producer(root)!;
    if (this.upToFaults.has(writer)) return false;
    const readers = this.readers.get(read) ?? [];
    const others = readers.filter((node) => node !== writer);
    const at = readers.length > others.length ? elementwiseInput(writer, read) : null;
    if (readers.length > others.length && (at === null || root.spec !== read.spec)) return false;
    if (!others.every((node) => this.order.ensure(node, writer))) return false;
    if (at !== null) {
      const map = this.over.get(writer) ?? new Map<number, number>();
      this.over.set(writer, map.set(writer.outputs.indexOf(root), at));
    }
    this.before.set(writer, [...(this.before.get(writer) ?? []), ...others]);
    this.inPlace.set(root, variable);
    return true;
  }

  private copyInto({ variable, read }: VariableUse, update: Value): Value {
    const inner = makeNode(copyOpOf(update.spec.dtype) as unknown as Op, [update], {}, [update.spec], '');
    const group: Group = { nodes: [inner], inputs: [update], outputs: inner.outputs, shape: update.spec.shape };
    const node = makeNode(fused as unknown as Op, [update], { group }, [update.spec], '');
    this.before.set(node, this.readers.get(read) ?? []);
    this.order.append(node);
    this.inPlace.set(node.outputs[0]!, variable);
    return node.outputs[0]!;
  }

  *run(): Work<Schedule> {
    const variables: VariableUse[] = [];
    for (const use of this.graph.variables) {
      yield;
      const { update } = use;
      variables.push(update === null || this.writeInPlace(use, update) ? use : { ...use, update: this.copyInto(use, update) });
    }
    this.faultsFirst();
    return { graph: { ...this.graph, nodes: [...this.order], variables }, inPlace: this.inPlace, over: this.over };
  }

  /** Runs what can fail before anything is written to a variable. */
  private faultsFirst(): void {
    const writers = new Set([...this.inPlace.keys()].map((root) => producer(root)!));
    const first = [...this.order].find((node) => writers.has(node));
    if (first !== undefined) for (const node of this.faulting) this.order.ensure(node, first, Infinity);
  }
}

/** Orders a fused graph so that updates are written in place wherever every reader of the old value can run before. */
export const schedule = (graph: Graph): Work<Schedule> => new Scheduler(graph).run();

/** Throws when a variable is read after it was written over, or written before something that can fail. */
export function verifySchedule({ graph, inPlace }: Schedule): void {
  const numbers = new Map(graph.nodes.map((node, i) => [node, i]));
  const readers = readersOf(graph.nodes);
  const lastFault = graph.nodes.findLastIndex(mayFault);
  const reads = new Map(graph.variables.map(({ variable, read }) => [variable, read]));
  for (const [root, variable] of inPlace) {
    const written = numbers.get(producer(root)!)!;
    if ((readers.get(reads.get(variable)!) ?? []).some((node) => numbers.get(node)! > written))
      throw new Error(`schedule: ${variable.path} is read after it was written`);
    if (written < lastFault) throw new Error(`schedule: ${variable.path} is written before a step that can fail`);
  }
}
