// GraphModel: what a model has that is made of symbols: its graph, and what follows from it.
import { didYouMean, show } from '../base/errors.js';
import type { SymbolicFunction } from '../symbolic/function.js';
import { KerasTensor } from '../symbolic/keras-tensor.js';
import type { Operation } from '../symbolic/operation.js';
import { HostArray, isStrings } from '../core/host-array.js';
import { isPlainObject, mapStructure } from '../base/tree.js';
import type { CallOptions } from '../layers/base/call.js';
import { Layer } from '../layers/base/layer.js';
import { standardizeInputs } from './functional-inputs.js';
import { HostStage, isStarted, type Started } from './host-stage.js';

/** A layer that may be a graph of layers: the part of `Model` that has nothing to do with training. */
export abstract class GraphModel extends Layer {
  /** @internal None beside `training` and `mask`; a subclass with a `call` of its own names its own. */
  static override readonly callOptions: readonly string[] | null = [];
  #network: SymbolicFunction | null = null;
  /** What runs on the host before the numeric part; undefined: not looked for yet. */
  #hostStage: HostStage | null | undefined = null;

  /** @internal The graph between inputs and outputs; null for a subclassed model, and for a Sequential that is not built. */
  get network(): SymbolicFunction | null {
    return this.#network;
  }
  /** @internal */
  protected setNetwork(network: SymbolicFunction | null): void {
    this.#network = network;
    this.#hostStage = undefined;
  }
  /** @internal The part that runs on the host; null without one. */
  protected get hostStage(): HostStage | null {
    if (this.#hostStage === undefined) this.#hostStage = this.#network === null ? null : HostStage.of(this.name, this.#network);
    return this.#hostStage;
  }
  /** @internal Inputs as what the host gives for them, where the model has layers that run there; others as they are. */
  onHost(inputs: unknown): unknown {
    // A Sequential that is not built yet learns its input's shape from the first data.
    if (this.#network === null && isStrings(inputs)) this.buildFrom([null, ...HostArray.from(inputs, this.label).shape.slice(1)]);
    const stage = this.hostStage;
    return stage === null || isStarted(inputs) ? inputs : stage.start(standardizeInputs(this.name, this.#network!, inputs, null));
  }
  private networkFor(what: string): SymbolicFunction {
    if (this.#network === null)
      throw new Error(`${this.name}: has no ${what}: only models made of symbols and built Sequential models have them`);
    return this.#network;
  }

  /** @internal Models bring each input to the dtype of its own symbol. */
  protected override get convertsInputs(): boolean {
    return this.#network === null;
  }

  /** @internal */
  protected override get takesStrings(): boolean {
    return true;
  }

  /** What the model computes. A functional model runs its graph; a model of your own overrides it. */
  override call(inputs: unknown, ...rest: unknown[]): unknown {
    if (this.#network === null)
      throw new Error(`${this.name}: the model ${this.constructor.name} has no method call(inputs, { training, mask })`);
    const { mask } = (isPlainObject(rest.at(-1)) ? rest.at(-1) : {}) as CallOptions;
    const stage = this.hostStage;
    if (stage !== null) return stage.finish(this.onHost(inputs) as Started);
    return this.#network.run(standardizeInputs(this.name, this.#network, inputs, mask));
  }

  override computeOutputSpec(...args: unknown[]): unknown {
    if (this.hostStage === null) return super.computeOutputSpec(...args);
    // What runs on the host cannot be traced: the shapes are those of the model's own symbols.
    return mapStructure(({ shape, dtype }: KerasTensor) => new KerasTensor(shape, dtype), this.#network!.outputStruct);
  }

  override takesSamplesApart(training: boolean): boolean {
    const graph = this.#network;
    return graph !== null && graph.inputs.every(({ shape }) => shape[0] === null) &&
      graph.operations.every((operation) => operation instanceof Layer && operation.takesSamplesApart(training));
  }

  /** The symbols of the inputs, flat. @throws for a model without a graph. */
  get inputs(): KerasTensor[] {
    return this.networkFor('inputs').inputs;
  }
  set inputs(value: KerasTensor[]) {
    Object.defineProperty(this, 'inputs', { value, writable: true, enumerable: true, configurable: true });
  }
  /** The symbols of the outputs, flat. @throws for a model without a graph. */
  get outputs(): KerasTensor[] {
    return this.networkFor('outputs').outputs;
  }
  set outputs(value: KerasTensor[]) {
    Object.defineProperty(this, 'outputs', { value, writable: true, enumerable: true, configurable: true });
  }
  /** @internal Those of the model itself rather than of its first call, in the structure that it was made with. */
  override firstSymbols(side: 'input' | 'output'): unknown {
    if (this.#network === null) return super.firstSymbols(side);
    return side === 'input' ? this.#network.inputStruct : this.#network.outputStruct;
  }
  /** Shape of the input, or the shapes of several, in order. @throws for a model without a graph. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- one shape, or several
  get inputShape(): any {
    const shapes = this.networkFor('inputShape').inputs.map(({ shape }) => shape);
    return shapes.length === 1 ? shapes[0] : shapes;
  }
  /** Shape of the output, or the shapes of several, in order. @throws for a model without a graph. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- one shape, or several
  get outputShape(): any {
    const shapes = this.networkFor('outputShape').outputs.map(({ shape }) => shape);
    return shapes.length === 1 ? shapes[0] : shapes;
  }
  /** Names of the inputs: those of their `Input`s. */
  get inputNames(): string[] {
    return this.networkFor('inputNames').inputs.map((symbol) => symbol.history!.call.operation.name);
  }
  /** Names of the outputs: those of the layers that give them. Log keys and `compile` use them. Null before the model knows its outputs. */
  get outputNames(): string[] | null {
    return this.#network === null ? null : this.#network.outputs.map((symbol) => symbol.history!.call.operation.name);
  }
  /** The operations of the graph, layers and functions of `keras.ops`, from inputs to outputs. */
  get operations(): Operation[] {
    return this.networkFor('operations').operations;
  }

  /** @internal Whether tables of the model list the operations of its graph. */
  get showsOperations(): boolean {
    return this.#network !== null;
  }

  /** The layers that the model is made of: from inputs to outputs, or in the order of their definition. */
  get layers(): Layer[] {
    return this.#network === null ? this.sublayers : this.#network.operations.filter((operation) => operation instanceof Layer);
  }
  /** @internal */
  override get sublayers(): Layer[] {
    const held = super.sublayers;
    return this.#network === null
      ? held
      : [...new Set([...this.#network.operations.filter((operation) => operation instanceof Layer), ...held])];
  }

  /**
   * The layer of this name, or of this number: `getLayer('dense')`, `getLayer({ index: 1 })`.
   * @throws when there is none.
   */
  getLayer(which: string | number | { name?: string | null; index?: number | null }): Layer {
    const { name = null, index = null } =
      typeof which === 'string' ? { name: which } : typeof which === 'number' ? { index: which } : (which ?? {});
    if ((name === null) === (index === null))
      throw new TypeError(
        `${this.name}: getLayer takes a name or an index, received ${name === null ? 'neither' : `both ${show(name)} and ${show(index)}`}`,
      );
    const { layers } = this;
    const found = index === null ? layers.find((layer) => layer.name === name) : layers[index];
    if (found === undefined)
      throw new Error(
        `${this.name}: has no layer ${show(name ?? index)}; its layers are ${layers.map((layer, i) => `${i} ${layer.name}`).join(', ')}${
          name === null
            ? ''
            : didYouMean(
                name,
                layers.map((layer) => layer.name),
              )
        }`,
      );
    return found;
  }
}
