// Fusion: elementwise nodes of one shape become groups, and groups that consume a product become its epilogue.
import type { Group } from '../fused.js';
import { epilogue, fused } from '../fused.js';
import type { Graph, Node, Value } from '../graph.js';
import { makeNode, producer, results } from '../graph.js';
import type { Op } from '../op.js';
import { sameShape } from '../../base/shape.js';

const MAX_NODES = 48;
const MAX_OPERANDS = 24;
// A bias and an activation ride on a product for nothing. A long group does not: with all of Adam behind the weight gradient of
// a 784 x 512 layer an epoch of MNIST took 1.06 s, with Adam as a pass of its own 0.95 s (medians, alternated).
const MAX_EPILOGUE_NODES = 8;

const isElementwise = (node: Node): boolean => typeof node.op.lower === 'object';
const isProduct = (node: Node): boolean => node.op.takesEpilogue === true;

/** Nodes that will run as one, while fusion is going on. */
class Cluster {
  constructor(public nodes: Node[], public product: Node | null = null) {}
  get members(): Node[] {
    return this.product === null ? this.nodes : [this.product, ...this.nodes];
  }
}

class Fusion {
  readonly clusters = new Map<Node, Cluster>();
  readonly order = new Map<Node, number>();
  readonly kept: Set<Value>;
  readonly users = new Map<Value, Node[]>();

  constructor(readonly graph: Graph) {
    this.kept = new Set(results(graph));
    graph.nodes.forEach((node, i) => {
      this.order.set(node, i);
      this.clusters.set(node, new Cluster(isElementwise(node) ? [node] : [], isElementwise(node) ? null : node));
      for (const value of new Set(node.inputs)) {
        const users = this.users.get(value);
        if (users === undefined) this.users.set(value, [node]);
        else users.push(node);
      }
    });
  }

  /** True when some node outside of the clusters lies on a path between them, so that they cannot run as one. */
  private separated(a: Cluster, b: Cluster): boolean {
    const inside = new Set([...a.members, ...b.members]);
    const seen = new Set<Cluster>();
    const pending: Node[] = [];
    const expand = (nodes: Iterable<Node>, fromInside: boolean) => {
      for (const node of nodes) {
        for (const value of node.inputs) {
          const made = producer(value);
          if (made !== null && !(fromInside && inside.has(made))) pending.push(made);
        }
      }
    };
    expand(inside, true);
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (inside.has(node)) return true;
      const cluster = this.clusters.get(node)!;
      if (seen.has(cluster)) continue;
      seen.add(cluster);
      expand(cluster.members, false);
    }
    return false;
  }

  private merge(a: Cluster, b: Cluster): void {
    a.nodes = [...a.nodes, ...b.nodes].sort((x, y) => this.order.get(x)! - this.order.get(y)!);
    a.product ??= b.product;
    for (const node of b.members) this.clusters.set(node, a);
  }

  private fits(a: Cluster, b: Cluster): boolean {
    const nodes = [...a.nodes, ...b.nodes];
    if (nodes.length > MAX_NODES) return false;
    const made = new Set(nodes.flatMap((node) => node.outputs));
    const read = new Set(nodes.flatMap((node) => node.inputs).filter((value) => !made.has(value)));
    return read.size + this.escaping(nodes).length <= MAX_OPERANDS;
  }

  /** Outputs of these nodes that are read by others or are results of the graph. */
  escaping(nodes: readonly Node[]): Value[] {
    const inside = new Set(nodes);
    return nodes.flatMap((node) => node.outputs).filter((value) => this.kept.has(value) || this.users.get(value)?.some((user) => !inside.has(user)));
  }

  private tryMerge(a: Cluster, b: Cluster): void {
    if (a !== b && this.fits(a, b) && !this.separated(a, b)) this.merge(a, b);
  }

  /** Joins elementwise nodes with the elementwise producers of their inputs. */
  joinElementwise(): void {
    for (const node of this.graph.nodes) {
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
  joinProducts(): void {
    for (const node of this.graph.nodes.toReversed()) {
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
  emit(cluster: Cluster, map: Map<Value, Value>): Node {
    const { nodes, product } = cluster;
    const resolve = (value: Value) => map.get(value) ?? value;
    const scope = cluster.members.find((node) => node.scope !== '')?.scope ?? '';
    if (nodes.length === 0) {
      const { op, attrs, inputs, outputs } = product!;
      return this.register(makeNode(op, inputs.map(resolve), attrs, outputs.map((o) => o.spec), scope), outputs, map);
    }
    const made = new Set(nodes.flatMap((node) => node.outputs));
    const raw = product?.outputs[0];
    // The interpreter of an epilogue expects the product first.
    const read = new Set([...(raw === undefined ? [] : [raw]), ...nodes.flatMap((node) => node.inputs)]);
    const inputs = [...read].filter((value) => !made.has(value));
    const outputs = this.escaping(nodes);
    if (raw !== undefined && this.escaping([product!]).some((value) => value === raw && this.readOutside(raw, cluster))) outputs.push(raw);
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

  /** Clusters in an order in which they can run; the original order decides where there is a choice. */
  sorted(): Cluster[] {
    const done = new Set<Cluster>();
    const result: Cluster[] = [];
    const visit = (cluster: Cluster) => {
      if (done.has(cluster)) return;
      done.add(cluster);
      for (const node of cluster.members) {
        for (const value of node.inputs) {
          const made = producer(value);
          if (made !== null) visit(this.clusters.get(made)!);
        }
      }
      result.push(cluster);
    };
    this.graph.nodes.forEach((node) => visit(this.clusters.get(node)!));
    return result;
  }
}

/** The graph with elementwise nodes fused into groups and epilogues. Every elementwise node ends in a group. */
export function fuse(graph: Graph): Graph {
  const fusion = new Fusion(graph);
  fusion.joinElementwise();
  fusion.joinProducts();
  const map = new Map<Value, Value>();
  const nodes = fusion.sorted().map((cluster) => fusion.emit(cluster, map));
  const resolve = (value: Value) => map.get(value) ?? value;
  return {
    inputs: graph.inputs,
    nodes,
    outputs: graph.outputs.map(resolve),
    variables: graph.variables.map((use) => ({ ...use, update: use.update && resolve(use.update) })),
  };
}
