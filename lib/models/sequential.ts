// Sequential: a stack of layers.
import type { Config } from '../config/configurable.js';
import { serializePolicy } from '../config/dtype-policy.js';
import { show } from '../base/errors.js';
import { KerasTensor } from '../symbolic/keras-tensor.js';
import { autoName } from '../base/names.js';
import { sameShape, showShape, type SymbolicShape } from '../base/shape.js';
import { SymbolicFunction } from '../symbolic/function.js';
import { getMask } from '../symbolic/mask.js';
import type { Tensor } from '../core/tensor.js';
import { currentTrace } from '../core/trace.js';
import { isPlainObject, mapStructure } from '../base/tree.js';
import { type CallOptions, hasMask } from '../layers/base/call.js';
import { IndexLookup } from '../layers/preprocessing/index-lookup.js';
import type { DTypeLike } from '../base/dtype.js';
import { InputLayer } from '../layers/core/input-layer.js';
import { deserialize as deserializeLayer, serialize as serializeLayer } from '../layers/index.js';
import { Layer } from '../layers/base/layer.js';
import type { LayerOptions } from '../layers/base/options.js';
import type { SerializedObject } from '../config/registration.js';
import { TextVectorization } from '../layers/preprocessing/text-vectorization.js';
import { standardizeInputs } from './functional-inputs.js';
import { Model } from './model.js';

/** Options of `Sequential`. */
export type SequentialOptions = Pick<LayerOptions, 'name' | 'trainable' | 'dtype'>;
/** What can be added: a layer, or the symbol that `keras.Input` gives, first. */
export type SequentialLayer = Layer | KerasTensor;

/** The dtype of what the first layer reads. */
const inputDTypeOf = (first: Layer): DTypeLike | 'string' =>
  (first instanceof IndexLookup || first instanceof TextVectorization ? first.inputDType : first.computeDtype);

/**
 * A stack of layers, each applied to the output of the one before.
 *
 * ```ts
 * const model = new keras.Sequential([
 *   keras.Input({ shape: [784] }),
 *   new keras.layers.Dense(512, { activation: 'relu' }),
 *   new keras.layers.Dense(10, { activation: 'softmax' }),
 * ]);
 * ```
 * It is built at once when the first layer tells the input's shape (`Input`, `inputShape`, `inputDim`), otherwise on the first data.
 */
export class Sequential extends Model {
  static readonly callDefaults = { mask: null };
  static override readonly className: string = 'Sequential';
  /** @internal */
  static override readonly callOptions: readonly string[] | null = [];
  private readonly stack: Layer[] = [];
  private inputLayer: InputLayer | null = null;

  /** @throws as `add`. */
  constructor(layers: readonly SequentialLayer[] | SequentialOptions | null = null, options: SequentialOptions = {}) {
    const list = Array.isArray(layers) ? (layers as readonly SequentialLayer[]) : null;
    if (list === null && layers !== null && !isPlainObject(layers))
      throw new TypeError(`Sequential: expected an array of layers, received ${show(layers)}`);
    super(list === null && layers !== null ? (layers as SequentialOptions) : options);
    for (const layer of list ?? []) this.push(layer);
    this.rebuild();
  }

  /** Adds a layer on top. @throws for what is no layer, for a name that is taken, and for a second input. */
  add(layer: SequentialLayer): void {
    this.push(layer);
    this.rebuild();
  }

  private push(added: SequentialLayer): void {
    const origin = added instanceof KerasTensor ? added.history?.call.operation : added;
    if (!(origin instanceof Layer))
      throw new TypeError(`${this.name}: only layers can be added to a Sequential model, received ${show(added)}`);
    if (origin instanceof InputLayer) {
      if (this.inputLayer !== null || this.stack.length > 0) {
        throw new Error(
          `${this.name}: an Input comes first and only once${this.inputLayer === null ? '' : `; the input shape is ${showShape(this.inputLayer.batchShape)} already`}`,
        );
      }
      this.inputLayer = origin;
      return;
    }
    if (this.stack.some((layer) => layer.name === origin.name && layer !== origin)) {
      throw new Error(`${this.name}: all layers need names of their own, but '${origin.name}' is taken; give the option name`);
    }
    if (this.inputLayer === null && this.stack.length === 0 && origin.declaredInput !== null) {
      this.inputLayer = new InputLayer({ batchShape: origin.declaredInput });
    }
    this.stack.push(origin);
  }

  /** Takes the last layer away and returns it. @throws when there is none. */
  pop(): Layer {
    const last = this.stack.pop();
    if (last === undefined) throw new Error(`${this.name}: there is no layer to pop`);
    this.rebuild();
    return last;
  }

  private rebuild(): void {
    this.built = false;
    this.setNetwork(null);
    const [first] = this.stack;
    if (this.inputLayer !== null && first !== undefined) this.buildFrom(this.inputLayer.batchShape);
    // A model at the bottom knows the shape of its input.
    else if (first instanceof Model && first.network?.inputs.length === 1) this.buildFrom(first.inputShape);
  }

  /**
   * Builds the layers for inputs of this shape, with the batch first.
   * @throws when there are no layers, or the shape is not that of the model's input.
   */
  override build(inputShape: SymbolicShape): void {
    if (this.stack.length === 0) throw new Error(`${this.name}: cannot be built because it has no layers; call add(layer)`);
    // several inputs: layers build themselves
    if (!Array.isArray(inputShape) || inputShape.some((d) => typeof d === 'object' && d !== null)) return;
    // Built by a step that is being compiled, the batch's size is that of the first batch only.
    const shape: SymbolicShape = currentTrace() === null ? inputShape : [null, ...inputShape.slice(1)];
    if (this.inputLayer === null) this.inputLayer = new InputLayer({ batchShape: shape, dtype: inputDTypeOf(this.stack[0]!) });
    else if (!sameShape(this.inputLayer.batchShape.slice(1), inputShape.slice(1))) {
      throw new RangeError(
        `${this.name}: its input shape is ${showShape(this.inputLayer.batchShape)}, it cannot be built for ${showShape(inputShape)}`,
      );
    }
    let x = this.inputLayer.output;
    for (const layer of this.stack) x = layer(x);
    // Keras makes a functional model here, which counts among the names.
    this.setNetwork(
      new SymbolicFunction(this.inputLayer.output, x, { name: autoName('functional'), label: `Sequential model "${this.name}"` }),
    );
  }

  override call(inputs: unknown, ...rest: unknown[]): Tensor {
    if (this.hostStage !== null) return super.call(inputs, ...rest) as Tensor;
    if (this.network !== null) return this.runNetwork(this.network, inputs, rest) as Tensor;
    // Inputs that are a structure: each layer takes what the one before gave, with its mask.
    let mask: unknown = (isPlainObject(rest.at(-1)) ? (rest.at(-1) as CallOptions) : {}).mask ?? null;
    let x = inputs;
    for (const layer of this.stack) {
      x = hasMask(mask) ? layer(x as Tensor, { mask: mask as Tensor }) : layer(x as Tensor);
      mask = mapStructure((leaf) => getMask(leaf), x);
    }
    return x as Tensor;
  }

  /** Runs the layers on inputs of other sizes too, where they can. */
  private runNetwork(graph: SymbolicFunction, inputs: unknown, rest: readonly unknown[]): unknown {
    const { mask } = (isPlainObject(rest.at(-1)) ? rest.at(-1) : {}) as CallOptions;
    const values = standardizeInputs(this.name, graph, inputs, mask, false);
    try {
      return graph.run(values);
    } catch (error) {
      standardizeInputs(this.name, graph, inputs, mask); // says it of the whole model where the sizes are wrong
      throw error;
    }
  }

  override get layers(): Layer[] {
    return [...this.stack];
  }
  /** @internal */
  override get showsOperations(): boolean {
    return false;
  }
  /** @internal */
  override get sublayers(): Layer[] {
    return [
      ...(this.inputLayer === null ? [] : [this.inputLayer]),
      ...new Set([...this.stack, ...super.sublayers.filter((layer) => layer !== this.inputLayer)]),
    ];
  }
  /** @internal */
  override savedProperties(): Record<string, unknown> {
    const { stack: _stack, inputLayer: _input, ...own } = super.savedProperties();
    return own;
  }
  /** @internal */
  override get savesLayersFirst(): boolean {
    return true;
  }
  /** @internal */
  override firstSymbols(side: 'input' | 'output'): unknown {
    if (this.network === null)
      throw new Error(`${this.name}: has no ${side} yet, because it is not built; give an Input, or call it on data`);
    return super.firstSymbols(side);
  }

  override getConfig(): Config {
    const layers = [...(this.inputLayer === null ? [] : [this.inputLayer]), ...this.stack].map(serializeLayer);
    return {
      name: this.name,
      trainable: this.trainable,
      dtype: serializePolicy(this.dtypePolicy),
      layers,
      ...(this.network !== null && this.inputLayer !== null ? { build_input_shape: this.inputLayer.batchShape } : {}),
    };
  }

  static override fromConfig(config: Config): Sequential {
    const {
      layers,
      name,
      build_input_shape: shape,
    } = config as { layers: SerializedObject[]; name: string; build_input_shape?: SymbolicShape };
    const model = new (this)(layers.map((layer) => deserializeLayer(layer)), { name });
    if (!model.built && shape !== undefined) model.buildFrom(shape);
    return model;
  }
}
