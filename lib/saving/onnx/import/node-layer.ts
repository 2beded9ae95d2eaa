// OnnxNode: a node of an ONNX graph as a layer, with the nodes that compute its shapes. Models that were read from ONNX are made of them.
import { toTensor } from '../../../core/convert.js';
import type { DType } from '../../../base/dtype.js';
import type { Tensor } from '../../../core/tensor.js';
import type { Variable } from '../../../core/variable.js';
import type { Config } from '../../../config/configurable.js';
import { registerKerasSerializable } from '../../../config/registration.js';
import { Layer } from '../../../layers/base/layer.js';
import { OperatorCall, type Attributes } from './call.js';
import { operatorOf } from './operators.js';
import { isSavedTensor, reviveTensor, type SavedTensor } from './tensors.js';

/** A call of an operator; names tell where its inputs come from. Tensors among the attributes are saved ones. */
export interface SavedNode {
  readonly name: string;
  readonly op_type: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
}
/** A weight of a layer. */
export interface SavedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly trainable: boolean;
}
/** What an `OnnxNode` is made from. */
export interface OnnxNodeConfig {
  readonly name: string;
  /** Version of the operator set. */
  readonly opset: number;
  /** In the order in which they run. */
  readonly nodes: readonly SavedNode[];
  /** Names of the layer's inputs and outputs. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly weights: readonly SavedWeight[];
  readonly constants: Readonly<Record<string, SavedTensor>>;
  readonly trainable?: boolean;
  readonly dtype?: unknown;
}

/** Attributes with tensors in the place of saved ones. */
export const revived = (attributes: SavedNode['attributes']): Attributes =>
  Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, isSavedTensor(value) ? reviveTensor(value) : value]));

/** Calls the operator of a node. @throws with its name. */
export function callNode(
  { name, op_type: type, output }: SavedNode,
  attributes: Attributes,
  inputs: readonly (Tensor | null)[],
  opset: number,
): readonly Tensor[] {
  try {
    const result = operatorOf(type)(new OperatorCall(type, inputs, attributes, opset, output.length));
    return Array.isArray(result) ? (result as Tensor[]) : [result as Tensor];
  } catch (error) {
    throw new Error(`ONNX node ${JSON.stringify(name)} (${type}): ${(error as Error).message}`, { cause: error });
  }
}

/** A node of an ONNX graph: its weights, its constants, and the nodes that compute the shapes it needs. */
export class OnnxNode extends Layer {
  static override readonly callOptions: readonly string[] = [];
  private readonly settings: OnnxNodeConfig;
  private readonly variables_: ReadonlyMap<string, Variable>;
  private readonly steps: readonly { readonly node: SavedNode; readonly attributes: Attributes }[];
  private readonly fixed: ReadonlyMap<string, Tensor>;

  constructor(config: OnnxNodeConfig) {
    super({ name: config.name, trainable: config.trainable ?? true, dtype: 'float32', autocast: false });
    this.settings = config;
    this.steps = config.nodes.map((node) => ({ node, attributes: revived(node.attributes) }));
    this.fixed = new Map(Object.entries(config.constants).map(([name, saved]) => [name, reviveTensor(saved)]));
    this.variables_ = new Map(config.weights.map(({ name, shape, dtype, trainable }) => [
      name,
      this.addWeight({ name: name.replace(/\//g, '.'), shape: [...shape], dtype, trainable, initializer: 'zeros', autocast: false }),
    ]));
    this.built = true;
  }

  /** @internal The weight of an initializer. */
  weightOf(name: string): Variable {
    return this.variables_.get(name)!;
  }

  override call(inputs: Tensor | readonly Tensor[]): Tensor | Tensor[] {
    const { outputs, opset } = this.settings;
    const given = (Array.isArray(inputs) ? inputs : [inputs]) as readonly Tensor[];
    const values = new Map<string, Tensor>(this.fixed);
    this.variables_.forEach((variable, name) => values.set(name, toTensor(variable)));
    this.settings.inputs.forEach((name, i) => values.set(name, given[i]!));
    for (const { node, attributes } of this.steps) {
      const results = callNode(node, attributes, node.input.map((name) => (name === '' ? null : values.get(name)!)), opset);
      node.output.forEach((name, i) => results[i] !== undefined && values.set(name, results[i]));
    }
    const made = outputs.map((name) => values.get(name)!);
    return made.length === 1 ? made[0]! : made;
  }

  override getConfig(): Config {
    return { ...super.getConfig(), ...this.settings, name: this.name, trainable: this.trainable };
  }
  static override fromConfig(config: Config): unknown {
    return new OnnxNode(config as unknown as OnnxNodeConfig);
  }
}
registerKerasSerializable({ package: 'keratin' })(OnnxNode);
