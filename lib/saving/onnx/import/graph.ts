// Reads the graph of an ONNX file: which values are constants, which follow from shapes alone, and which node becomes which layer.
import type { Tensor } from '../../../core/tensor.js';
import { didYouMean } from '../../../base/errors.js';
import { withLargest } from '../../../core/memory.js';
import { isFloat } from '../../../base/dtype.js';
import type { FileSource } from '../../formats.js';
import { ATTRIBUTE, type AttributeProto, type GraphProto, type ModelProto, type NodeProto } from '../schema.js';
import { callNode, revived, type SavedNode } from './node-layer.js';
import { hasOperator, operatorNames } from './operators.js';
import { kernelToLast, KERNEL_LAST } from './products.js';
import { saveTensor, tensorOf } from './tensors.js';

/** A layer to make. */
export interface PlannedLayer {
  readonly name: string;
  readonly nodes: readonly SavedNode[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly weights: ReadonlyMap<string, { readonly tensor: Tensor; readonly trainable: boolean }>;
  readonly constants: ReadonlyMap<string, Tensor>;
}

/** The oldest version of operators whose meaning is today's, but for what the operators look at. */
const OLDEST = 7;
const ONNX_DOMAINS = ['', 'ai.onnx'];

/** The version of ONNX's own operators. @throws when it is none that is known. */
export function opsetOf({ opsetImport }: ModelProto): number {
  const version = opsetImport.find(({ domain }) => ONNX_DOMAINS.includes(domain))?.version ?? 1;
  if (version < OLDEST) throw new RangeError(`its operators are of version ${version}; those from ${OLDEST} on are read`);
  return version;
}

const text = new TextDecoder();
async function attributeOf(attribute: AttributeProto, source: FileSource): Promise<unknown> {
  const { name, type, f, i, s, t, floats, ints, strings, refAttrName } = attribute;
  if (refAttrName !== '') throw new TypeError(`the attribute ${name} refers to one of a function`);
  switch (type) {
    case ATTRIBUTE.FLOAT: return f;
    case ATTRIBUTE.INT: return i;
    case ATTRIBUTE.STRING: return text.decode(s);
    case ATTRIBUTE.FLOATS: return floats;
    case ATTRIBUTE.INTS: return ints;
    case ATTRIBUTE.STRINGS: return strings.map((bytes) => text.decode(bytes));
    case ATTRIBUTE.TENSOR: return saveTensor(await tensorOf(t!, source));
    default: throw new TypeError(`the attribute ${name} is of a kind that is not supported`);
  }
}
async function savedNode(node: NodeProto, source: FileSource): Promise<SavedNode> {
  const attributes: Record<string, unknown> = {};
  try {
    for (const attribute of node.attribute) attributes[attribute.name] = await attributeOf(attribute, source);
  } catch (error) {
    throw new Error(`node ${JSON.stringify(node.name)} (${node.opType}): ${(error as Error).message}`, { cause: error });
  }
  // Outputs that are left out at the end are not asked for.
  const output = [...node.output];
  while (output.at(-1) === '') output.pop();
  return { name: node.name, op_type: node.opType, input: node.input, output, attributes };
}

/** @throws for operators that are not supported, all in one message, each with the first node that has it. */
function checkOperators(nodes: readonly NodeProto[]): void {
  const unknown = new Map<string, string>();
  for (const { opType, domain, name } of nodes) {
    const known = ONNX_DOMAINS.includes(domain);
    const operator = known ? opType : `${domain}.${opType}`;
    if ((!known || !hasOperator(opType)) && !unknown.has(operator)) unknown.set(operator, name);
  }
  if (unknown.size === 0) return;
  const [first] = unknown.keys();
  const listed = [...unknown].map(([operator, name]) => (name === '' ? operator : `${operator} (node ${JSON.stringify(name)})`)).join(', ');
  const many = unknown.size > 1;
  const hint = many ? '' : didYouMean(first, operatorNames());
  throw new TypeError(`the operator${many ? 's' : ''} ${listed} ${many ? 'are' : 'is'} not supported${hint}`);
}

/** Nodes so that each comes after those that it reads. @throws for names that nobody gives, for circles, and for names given twice. */
function sorted(nodes: readonly NodeProto[], given: ReadonlySet<string>): NodeProto[] {
  const known = new Set(given);
  const makers = new Map<string, NodeProto>();
  for (const node of nodes) for (const name of node.output) {
    if (name === '') continue;
    if (makers.has(name) || known.has(name)) throw new Error(`the value ${JSON.stringify(name)} is made twice`);
    makers.set(name, node);
  }
  const waiting = new Map<NodeProto, number>();
  const readers = new Map<string, NodeProto[]>();
  const ready: NodeProto[] = [];
  for (const node of nodes) {
    const needs = [...new Set(node.input)].filter((name) => name !== '' && !known.has(name));
    for (const name of needs) {
      if (!makers.has(name))
        throw new Error(`node ${JSON.stringify(node.name)} (${node.opType}) reads ${JSON.stringify(name)}, which nothing gives`);
      readers.set(name, [...(readers.get(name) ?? []), node]);
    }
    waiting.set(node, needs.length);
    if (needs.length === 0) ready.push(node);
  }
  const result: NodeProto[] = [];
  for (let at = 0; at < ready.length; at++) {
    const node = ready[at]!;
    result.push(node);
    for (const name of node.output) for (const reader of readers.get(name) ?? []) {
      const left = waiting.get(reader)! - 1;
      waiting.set(reader, left);
      if (left === 0) ready.push(reader);
    }
  }
  if (result.length < nodes.length) throw new Error('its nodes read each other in a circle');
  return result;
}

/** Inputs that hold weights, by operator: trained ones, and statistics that are not. */
const WEIGHTS: Readonly<Record<string, readonly [trained: readonly number[], fixed: readonly number[]]>> = {
  Conv: [[1, 2], []], ConvTranspose: [[1, 2], []], Gemm: [[0, 1, 2], []], MatMul: [[0, 1], []], PRelu: [[1], []],
  BatchNormalization: [[1, 2], [3, 4]], LayerNormalization: [[1, 2], []], InstanceNormalization: [[1, 2], []],
  GroupNormalization: [[1, 2], []], RMSNormalization: [[1], []], RNN: [[1, 2, 3], []], LSTM: [[1, 2, 3, 7], []], GRU: [[1, 2, 3], []],
  Gather: [[0], []], Einsum: [[0, 1, 2], []],
};
/** Sums and products with vectors are biases and scales; numbers are part of a formula. */
const ARITHMETIC = new Set(['Add', 'Sub', 'Mul', 'Div']);
/** Constants up to so many elements are part of the config, where they are no weights. */
const MOST_EMBEDDED = 1024;

type Kind = 'constant' | 'static' | 'dynamic';

/** Plans the layers of a graph. */
export class Planner {
  readonly constants = new Map<string, Tensor>();
  private readonly kinds = new Map<string, Kind>();
  private readonly makers = new Map<string, SavedNode>();
  /** Constants that `Constant` nodes give: they are part of a formula. */
  private readonly literal = new Set<string>();
  private readonly dynamic: SavedNode[] = [];
  /** Weights that several nodes read, not all of them in the same form: a layer of their own gives them. */
  private readonly tied = new Map<string, Tensor>();
  readonly layers: PlannedLayer[] = [];

  private constructor(private readonly graph: GraphProto, private readonly opset: number, private left: number) {}

  /** Reads a graph, whose constant nodes may compute so many bytes. */
  static async read(graph: GraphProto, opset: number, source: FileSource, budget: number): Promise<Planner> {
    const planner = new Planner(graph, opset, budget);
    if (graph.sparseInitializer.length > 0) throw new TypeError('sparse tensors are not supported');
    checkOperators(graph.node);
    for (const proto of graph.initializer) planner.define(proto.name, await tensorOf(proto, source));
    planner.inputs.forEach(({ name }) => planner.kinds.set(name, 'dynamic'));
    planner.untie();
    for (const proto of sorted(graph.node, new Set(planner.kinds.keys()))) planner.note(await savedNode(proto, source));
    planner.plan();
    return planner;
  }
  /** The inputs that are no initializers. */
  get inputs(): GraphProto['input'] {
    return this.graph.input.filter(({ name }) => !this.constants.has(name) && !this.tied.has(name));
  }
  /** Takes weights that several nodes read from the constants, so that they stay one variable. */
  private untie(): void {
    const readers = new Map<string, NodeProto[]>();
    for (const node of this.graph.node) for (const name of new Set(node.input)) readers.set(name, [...(readers.get(name) ?? []), node]);
    for (const [name, nodes] of readers) {
      const tensor = this.constants.get(name);
      if (tensor === undefined || nodes.length < 2 || tensor.ndim < 2 || !isFloat(tensor.dtype)) continue;
      if (!nodes.some(({ opType, input }) => (WEIGHTS[opType] ?? [[]])[0].some((i) => input[i] === name))) continue;
      this.tied.set(name, tensor);
      this.constants.delete(name);
      this.kinds.set(name, 'dynamic');
    }
  }
  private define(name: string, tensor: Tensor): void {
    this.constants.set(name, tensor);
    this.kinds.set(name, 'constant');
  }

  /** Takes a node in: computes it when its inputs are known, and tells what kind its outputs are. */
  private note(node: SavedNode): void {
    const kinds = node.input.filter((name) => name !== '').map((name) => this.kinds.get(name)!);
    node.output.forEach((name) => this.makers.set(name, node));
    if (kinds.every((kind) => kind === 'constant')) {
      const results = this.computed(node);
      node.output.forEach((name, i) => {
        this.define(name, results[i]!);
        if (node.op_type === 'Constant' || node.input.some((from) => this.literal.has(from))) this.literal.add(name);
      });
      return;
    }
    const isStatic = node.op_type === 'Shape' || node.op_type === 'Size' || kinds.every((kind) => kind !== 'dynamic');
    node.output.forEach((name) => this.kinds.set(name, isStatic ? 'static' : 'dynamic'));
    if (!isStatic) this.dynamic.push(node);
  }

  private computed(node: SavedNode): readonly Tensor[] {
    const inputs = node.input.map((name) => this.constants.get(name) ?? null);
    const results = withLargest(this.left, () => callNode(node, revived(node.attributes), inputs, this.opset));
    this.left -= results.reduce((total, { spec }) => total + spec.bytes, 0);
    if (this.left < 0) throw new RangeError('its constant nodes compute more than a file of its size may; give safeMode: false if you trust it');
    return results;
  }

  /** Whether a constant is a weight of a node, and whether it is trained; null: it is part of the formula. */
  private weightIn(node: SavedNode, i: number): { trainable: boolean } | null {
    const name = node.input[i]!;
    const tensor = this.constants.get(name);
    if (tensor === undefined || !isFloat(tensor.dtype)) return null;
    const [trained, fixed] = WEIGHTS[node.op_type] ?? [[], []];
    if (fixed.includes(i)) return { trainable: false };
    const formula = this.literal.has(name) && tensor.size === 1;
    if (trained.includes(i) && !formula) return { trainable: true };
    return ARITHMETIC.has(node.op_type) && tensor.size > 1 && !this.literal.has(name) ? { trainable: true } : null;
  }

  /** The nodes that compute what a node reads of shapes, each after those it reads. */
  private shapeNodes(names: readonly string[], found = new Set<SavedNode>()): SavedNode[] {
    const pending = [...names].filter((name) => this.kinds.get(name) === 'static');
    while (pending.length > 0) {
      const node = this.makers.get(pending.pop()!)!;
      if (found.has(node)) continue;
      found.add(node);
      pending.push(...node.input.filter((name) => this.kinds.get(name) === 'static'));
    }
    const order = [...this.makers.values()];
    return [...new Set(order)].filter((node) => found.has(node));
  }

  private plan(): void {
    const uses = new Map<string, number>();
    for (const node of this.dynamic) for (const [i, name] of node.input.entries())
      if (this.weightIn(node, i)?.trainable === true) uses.set(name, (uses.get(name) ?? 0) + 1);
    const shared = new Set([...uses].filter(([, count]) => count > 1).map(([name]) => name));
    for (const name of [...this.tied.keys(), ...shared]) this.layers.push(this.valueLayer(name, true));
    for (const node of this.dynamic) this.layers.push(this.layerOf(node, shared));
    const made = new Set(this.layers.flatMap(({ outputs }) => outputs));
    for (const { name } of this.graph.output) {
      if (made.has(name)) continue;
      if (!this.kinds.has(name)) throw new Error(`its output ${JSON.stringify(name)} is not there`);
      this.layers.push(this.valueLayer(name, false));
      made.add(name);
    }
  }

  /** A layer that gives a constant or what follows from shapes; it reads an input of the model only because every layer has to. */
  private valueLayer(name: string, trainable: boolean): PlannedLayer {
    const tensor = this.constants.get(name) ?? this.tied.get(name);
    const nodes = this.shapeNodes([name]);
    const read = nodes.flatMap(({ input }) => input).filter((from) => this.kinds.get(from) === 'dynamic');
    const first = this.inputs[0]?.name;
    if (first === undefined) throw new Error('it has no inputs');
    const isInput = tensor === undefined && this.kinds.get(name) === 'dynamic';
    const weights = new Map(tensor === undefined ? [] : [[name, { tensor, trainable }]]);
    return {
      name, nodes, inputs: isInput ? [name] : [...new Set([...read, first])], outputs: [name], weights,
      constants: this.embedded(nodes, new Set(weights.keys())),
    };
  }
  private embedded(nodes: readonly SavedNode[], without: ReadonlySet<string>): Map<string, Tensor> {
    const names = nodes.flatMap(({ input }) => input).filter((name) => this.constants.has(name) && !without.has(name));
    return new Map(names.map((name) => [name, this.constants.get(name)!]));
  }

  private layerOf(node: SavedNode, shared: ReadonlySet<string>): PlannedLayer {
    const weights = new Map<string, { tensor: Tensor; trainable: boolean }>();
    let own = node;
    node.input.forEach((name, i) => {
      const weight = this.weightIn(node, i);
      if (weight === null || shared.has(name)) return;
      const isKernel = i === 1 && (node.op_type === 'Conv' || node.op_type === 'ConvTranspose');
      const tensor = this.constants.get(name)!;
      weights.set(name, { tensor: isKernel ? kernelToLast(tensor) : tensor, ...weight });
      if (isKernel) own = { ...node, attributes: { ...node.attributes, [KERNEL_LAST]: 1 } };
    });
    const nodes = [...this.shapeNodes(node.input), own];
    const constants = this.embedded(nodes, new Set([...weights.keys(), ...shared]));
    for (const [name, tensor] of constants) {
      if (tensor.size <= MOST_EMBEDDED) continue;
      constants.delete(name);
      weights.set(name, { tensor, trainable: false });
    }
    const inner = new Set(nodes.flatMap(({ output }) => output));
    const inputs = nodes.flatMap(({ input }) => input)
      .filter((name) => name !== '' && !inner.has(name) && !constants.has(name) && !weights.has(name));
    return { name: node.name, nodes, inputs: [...new Set(inputs)], outputs: node.output.filter((name) => name !== ''), weights, constants };
  }
}
