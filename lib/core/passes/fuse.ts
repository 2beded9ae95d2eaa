// Fusion: elementwise nodes of one shape become groups, and groups that consume a product become its epilogue.
import { epilogue, fused, type Group } from '../fused.js';
import { effectOrder, hasEffect, makeNode, producer, results, type Graph, type Node, type Value } from '../graph.js';
import type { Op } from '../op.js';
import { sameShape } from '../../base/shape.js';
import type { Work } from '../work.js';
import { Order } from './order.js';

const MAX_NODES = 48;
const MAX_OPERANDS = 24;
// A bias and an activation ride on a product for nothing. A long group does not: with all of Adam behind the weight gradient of
// a 784 x 512 layer an epoch of MNIST took 1.06 s, with Adam as a pass of its own 0.95 s (medians, alternated).
const MAX_EPILOGUE_NODES = 8;

const isElementwise = (node: Node): boolean => typeof node.op.lower === 'object';
const isProduct = (node: Node): boolean => node.op.takesEpilogue === true && !hasEffect(node);

/** Nodes that will run as one, while fusion is going on. */
class Cluster {
  /** The elementwise nodes, in order; and the one that is none. */
  nodes: Node[];
  product: Node | null;
  /** At least so many values are read from outside by the elementwise nodes, or read there of theirs. */
  operands: number;

  constructor(node: Node) {
    const elementwise = isElementwise(node);
    this.nodes = elementwise ? [node] : [];
    this.product = elementwise ? null : node;
    this.operands = elementwise ? node.inputs.length + node.outputs.length : 0;
  }

  get members(): Node[] {
    return this.product === null ? this.nodes : [this.product, ...this.nodes];
  }
}

class Fusion {
  private readonly clusters = new Map<Node, Cluster>();
  private readonly numbers = new Map<Node, number>();
  private readonly kept: Set<Value>;
  private readonly users = new Map<Value, Node[]>();
  private readonly effects: ReadonlyMap<Node, Node>;
  private readonly order: Order<Cluster>;

  constructor(private readonly graph: Graph) {
    this.kept = new Set(results(graph));
    this.effects = effectOrder(graph.nodes);
    this.order = new Order<Cluster>([], (cluster) => this.readBy(cluster));
  }

  /** Makes a cluster of each node, and notes who reads what. */
  *start(): Work<void> {
    for (const node of this.graph.nodes) {
      yield;
      const cluster = new Cluster(node);
      this.numbers.set(node, this.numbers.size);
      this.clusters.set(node, cluster);
      this.order.append(cluster);
      for (const value of new Set(node.inputs)) {
        const users = this.users.get(value);
        if (users === undefined) this.users.set(value, [node]);
        else users.push(node);
      }
    }
  }

  /** The clusters that must run before this one. */
  private *readBy(cluster: Cluster): Generator<Cluster> {
    for (const node of cluster.members) {
      for (const value of node.inputs) {
        const made = producer(value);
        if (made !== null) yield this.clusters.get(made)!;
      }
      const effect = this.effects.get(node);
      if (effect !== undefined) yield this.clusters.get(effect)!;
    }
  }

  /** Puts the nodes of `b`, which reads `a`, into `a`, unless what is between them depends on `a` and is read by `b`. */
  private tryMerge(a: Cluster, b: Cluster): void {
    if (a === b || !this.fits(a, b)) return;
    const between = this.order.between(a, b, true);
    if (between === null) return;
    this.order.moveBefore(between, a);
    this.order.remove(b);
    a.nodes = [...a.nodes, ...b.nodes].sort((x, y) => this.numbers.get(x)! - this.numbers.get(y)!);
    a.product ??= b.product;
    for (const node of b.members) this.clusters.set(node, a);
  }

  /** True when both make a group that is not too large; `a` then has the number of its operands. */
  private fits(a: Cluster, b: Cluster): boolean {
    if (a.nodes.length + b.nodes.length > MAX_NODES) return false;
    let operands = a.operands + b.operands;
    if (operands > MAX_OPERANDS) {
      const nodes = [...a.nodes, ...b.nodes];
      operands = this.readFrom(nodes).size + this.escaping(nodes).length;
      if (operands > MAX_OPERANDS) return false;
    }
    a.operands = operands;
    return true;
  }

  private readFrom(nodes: readonly Node[]): Set<Value> {
    const made = new Set(nodes.flatMap((node) => node.outputs));
    return new Set(nodes.flatMap((node) => node.inputs).filter((value) => !made.has(value)));
  }

  /** Outputs of these nodes that are read by others or are results of the graph. */
  private escaping(nodes: readonly Node[]): Value[] {
    const inside = new Set(nodes);
    return nodes
      .flatMap((node) => node.outputs)
      .filter((value) => this.kept.has(value) || this.users.get(value)?.some((user) => !inside.has(user)));
  }

  /** Joins elementwise nodes with the elementwise producers of their inputs. */
  *joinElementwise(): Work<void> {
    for (const node of this.graph.nodes) {
      yield;
      if (!isElementwise(node)) continue;
      for (const value of node.inputs) {
        const made = producer(value);
        if (made !== null && isElementwise(made) && sameShape(value.spec.shape, node.outputs[0]!.spec.shape)) {
          this.tryMerge(this.clusters.get(made)!, this.clusters.get(node)!);
        }
      }
    }
  }

  /** Joins each product with an elementwise cluster that reads it element by element. */
  *joinProducts(): Work<void> {
    for (const node of this.graph.nodes.toReversed()) {
      yield;
      if (!isProduct(node)) continue;
      const product = node.outputs[0]!;
      for (const user of this.users.get(product) ?? []) {
        const cluster = this.clusters.get(user)!;
        if (!isElementwise(user) || cluster.product !== null || cluster.nodes.length > MAX_EPILOGUE_NODES) continue;
        if (sameShape(user.outputs[0]!.spec.shape, product.spec.shape)) this.tryMerge(this.clusters.get(node)!, cluster);
        if (this.clusters.get(node)!.nodes.length > 0) break;
      }
    }
  }

  /** The node that runs a cluster. */
  private emit(cluster: Cluster, map: Map<Value, Value>): Node {
    const { nodes, product } = cluster;
    const resolve = (value: Value) => map.get(value) ?? value;
    const scope = cluster.members.find((node) => node.scope !== '')?.scope ?? '';
    if (nodes.length === 0) {
      const { op, attrs, inputs, outputs } = product!;
      return this.register(makeNode(op, inputs.map(resolve), attrs, outputs.map((o) => o.spec), scope), outputs, map);
    }
    // The interpreter of an epilogue expects the product first.
    const raw = product?.outputs[0];
    const read = this.readFrom(nodes);
    const inputs = raw === undefined ? [...read] : [raw, ...[...read].filter((value) => value !== raw)];
    const outputs = this.escaping(nodes);
    if (raw !== undefined && this.readOutside(raw, cluster)) outputs.push(raw);
    const group: Group = { nodes, inputs, outputs, shape: nodes[0]!.outputs[0]!.spec.shape };
    const specs = outputs.map((value) => value.spec);
    const node = product === null
      ? makeNode(fused as unknown as Op, inputs.map(resolve), { group }, specs, scope)
      : makeNode(epilogue as unknown as Op, [...product.inputs, ...inputs.filter((value) => value !== raw)].map(resolve),
          { op: product.op, attrs: product.attrs, product: raw!, group }, specs, scope);
    return this.register(node, outputs, map);
  }

  private readOutside(value: Value, cluster: Cluster): boolean {
    return this.kept.has(value) || this.users.get(value)!.some((user) => this.clusters.get(user) !== cluster);
  }

  private register(node: Node, outputs: readonly Value[], map: Map<Value, Value>): Node {
    outputs.forEach((value, i) => map.set(value, node.outputs[i]!));
    return node;
  }

  /** The graph with a node for each cluster. */
  *fused(): Work<Graph> {
    const map = new Map<Value, Value>();
    const resolve = (value: Value) => map.get(value) ?? value;
    const nodes: Node[] = [];
    for (const cluster of this.order) {
      yield;
      nodes.push(this.emit(cluster, map));
    }
    const variables = this.graph.variables.map((use) => ({ ...use, update: use.update && resolve(use.update) }));
    return { inputs: this.graph.inputs, nodes, outputs: this.graph.outputs.map(resolve), variables };
  }
}

/** The graph with elementwise nodes fused into groups and epilogues. Every elementwise node ends in a group. */
export function* fuse(graph: Graph): Work<Graph> {
  const fusion = new Fusion(graph);
  yield* fusion.start();
  yield* fusion.joinElementwise();
  yield* fusion.joinProducts();
  return yield* fusion.fused();
}
