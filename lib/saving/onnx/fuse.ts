// Products with the sum that follows them as one node, as ONNX has them: Gemm and Conv with a bias.
import type { AttributeProto, GraphProto, NodeProto, TensorProto, Written } from './schema.js';

type Node = Written<NodeProto>;
const graphsOf = (node: Node): Written<GraphProto>[] =>
  (node.attribute ?? []).flatMap(({ g }: Written<AttributeProto>) => (g == null ? [] : [g]));

/** How often each name is read, in the graphs within nodes too. */
function uses(nodes: readonly Node[], outputs: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  const visit = (node: Node): void => {
    node.input!.forEach(count);
    for (const graph of graphsOf(node)) {
      graph.node!.forEach(visit);
      graph.output!.forEach(({ name }) => count(name!));
    }
  };
  nodes.forEach(visit);
  outputs.forEach(count);
  return counts;
}

const BIASED = ['Gemm', 'Conv', 'ConvTranspose'];
/** The channels of a bias of these sizes beside a node's result; null where it is none. */
function channelsOf(opType: string, dims: readonly number[]): number | null {
  const axis = opType === 'Gemm' ? dims.length - 1 : 1;
  if (dims.length === 0 || (opType === 'Gemm' ? dims.length > 2 : dims.length < 3)) return null;
  return dims.every((d, i) => i === axis || d === 1) ? dims[axis]! : null;
}
/** The channels that a node gives, by its weights; null where they are not known. */
function resultOf(node: Node, weights: Written<TensorProto> | undefined): number | null {
  if (weights === undefined) return null;
  const transB = node.attribute!.find(({ name }) => name === 'transB')?.i ?? 0;
  const group = node.attribute!.find(({ name }) => name === 'group')?.i ?? 1;
  const dims = weights.dims!;
  return node.opType === 'Gemm' ? dims[1 - transB]! : node.opType === 'Conv' ? dims[0]! : dims[1]! * group;
}

/** The nodes with sums drawn into the products that they follow, and the constants that are still read. */
export function fuseBiases(
  nodes: readonly Node[],
  initializers: readonly Written<TensorProto>[],
  outputs: readonly string[],
): { nodes: Node[]; initializers: Written<TensorProto>[] } {
  const constants = new Map(initializers.map((one) => [one.name!, one]));
  const counts = uses(nodes, outputs);
  const makers = new Map(nodes.flatMap((node) => node.output!.map((name) => [name, node] as const)));
  const gone = new Set<Node>();
  const fused = nodes.map((node) => {
    if (node.opType !== 'Add') return node;
    for (const side of [0, 1]) {
      const [product, bias] = [makers.get(node.input![side]!), constants.get(node.input![1 - side]!)];
      if (product === undefined || bias === undefined || !BIASED.includes(product.opType!) || product.input!.length !== 2) continue;
      const channels = channelsOf(product.opType!, bias.dims!);
      if (channels === null || counts.get(product.output![0]!) !== 1) continue;
      if (channels !== resultOf(product, constants.get(product.input![1]!))) continue;
      const flat = { ...bias, name: bias.dims!.length === 1 ? bias.name! : `${bias.name!}/flat`, dims: [channels] };
      constants.set(flat.name, flat);
      gone.add(product);
      return { ...product, output: node.output!, input: [...product.input!, flat.name] };
    }
    return node;
  });
  const left = fused.filter((node) => !gone.has(node));
  const read = uses(left, outputs);
  return { nodes: left, initializers: [...constants.values()].filter(({ name }) => read.has(name!)) };
}
