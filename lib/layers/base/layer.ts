// Layer: weights, sublayers and a call. What Keras's `Layer` is.
import { anyField, layerSchema, type LayerOptions } from './options.js';
import { noteChange } from '../../config/changes.js';
import { configured, resolve, type ArgumentsOf, type Config, type ConfigOf } from '../../config/configurable.js';
import type { Schema } from '../../config/fields.js';
import { findClass } from '../../config/registration.js';
import { type QuantizationMode, serializePolicy } from '../../config/dtype-policy.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import { HostArray } from '../../core/host-array.js';
import { isFloat } from '../../base/dtype.js';
import { didYouMean, show } from '../../base/errors.js';
import { computeOutputSpec, isSymbolic, KerasTensor, knownShapes } from '../../symbolic/keras-tensor.js';
import { getMask, setMask } from '../../symbolic/mask.js';
import { settle } from '../../symbolic/unknown-sizes.js';
import { autoName } from '../../base/names.js';
import { context, withContext } from '../../core/context.js';
import { currentScope, pathWith, withScope } from '../../core/scope.js';
import { isShape, type SymbolicShape } from '../../base/shape.js';
import { forShapes } from '../../core/trace.js';
import { Tensor } from '../../core/tensor.js';
import { flatten, mapStructure, type Nested } from '../../base/tree.js';
import { type Variable, withValues } from '../../core/variable.js';
import * as regularizers from '../../regularizers/index.js';
import * as ops from '../../ops/index.js';
import { byPosition } from '../../base/keywords.js';
import { type CallOptions, checkOutputs, convertInput, hasMask, locate, masksOf, splitCall, withMasks } from './call.js';
import type { RestOf } from './call-types.js';
import { checkCallInputs, checkCallOptions } from './call-options.js';
import { assertInputCompatibility, checkInputKind, type InputKind, InputSpec } from './input-spec.js';
import { LayerPrecision } from './layer-precision.js';
import { namesRead } from './names-read.js';
import { callInScope } from './remat-call.js';

export type { CallOptions } from './call.js';
export type { AddWeightOptions } from './layer-state.js';

/** A layer is called like a function: on tensors it computes, on symbols it extends a functional model. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export interface Layer {
  (inputs: KerasTensor, ...rest: RestOf<this>): KerasTensor;
  (inputs: TensorLike, ...rest: RestOf<this>): Tensor;
  (named: { inputs: KerasTensor } & CallOptions): KerasTensor;
  (named: { inputs: TensorLike } & CallOptions): Tensor;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- several inputs and outputs: what comes back is the layer's own business
  (inputs: Nested<TensorLike | KerasTensor | null>, ...rest: RestOf<this>): any;
  /**
   * Creates the weights for inputs of this shape. Called once, before the first call. Override it in a layer with weights of its own.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- one shape, or a structure of shapes
  build(inputShape: any): void;
}

/**
 * Base of all layers. A layer of your own extends it:
 *
 * ```ts
 * class Linear extends keras.layers.Layer {
 *   constructor(units) { super(); this.units = units; }
 *   build([, features]) {
 *     this.w = this.addWeight({ shape: [features, this.units], name: 'w' });
 *   }
 *   call(x) { return ops.matmul(x, this.w); }
 * }
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export abstract class Layer extends LayerPrecision {
  /** Keras's module of the class, for configs. */
  static readonly module: string | null = 'keras.layers';
  /** Options that every layer has. */
  static readonly baseSchema = layerSchema;
  /** @internal True for classes without weights that Keras builds when it makes them: their saved form tells no shapes. */
  static readonly builtWhenMade: boolean = false;

  readonly #remat = context().remat;
  /** True for a layer that passes masks on; by default for one with a `computeMask` of its own. */
  supportsMasking: boolean = this.computeMask !== Layer.prototype.computeMask;
  /** What its inputs must be; null: anything. */
  inputSpec: InputSpec | readonly InputSpec[] | null = null;
  #activityRegularizer: ((x: Tensor) => Tensor) | null;
  /** @internal Shape of the inputs (without the batch) of a first layer, from `inputShape` or `inputDim`. */
  readonly declaredInput: SymbolicShape | null;
  /** @internal Shapes that `build` was called with. */
  buildShapes: unknown = null;

  /**
   * @internal `training` and `mask` with their defaults, where the call of Keras's class has them: what it writes into the nodes of a
   * functional model.
   */
  static readonly callDefaults: CallDefaults = {};
  /** @internal The names of the inputs, by which a call may give them; none where an object is a structure of inputs. */
  static readonly parameters: readonly string[] = ['inputs'];
  /** @internal What the input is, where it is not any structure of tensors. */
  static readonly takes: InputKind = null;
  /** @internal Options that get the masks of several inputs, in their order. */
  static readonly maskOptions: readonly string[] = [];

  /**
   * Names of the options that `call` takes beside `training` and `mask`; null: any. By default they are those that `call` takes apart, as
   * in `call(x, { training, reverse = false })`, and any where it takes its options whole, as in `call(x, options)`. Calls refuse others.
   */
  declare static readonly callOptions?: readonly string[] | null;

  #buildWasCalled = false;
  /** Options that weights were made by. */
  #usedByBuild: ReadonlySet<string> = new Set();

  constructor(options: LayerOptions = {}) {
    for (const key of Object.keys(options)) {
      if (!Object.hasOwn(layerSchema, key))
        throw new TypeError(`${new.target.name}: unknown option '${key}'${didYouMean(key, Object.keys(layerSchema))}`);
    }
    const given = resolve(new.target.name, layerSchema, options as Record<string, unknown>);
    super({
      name: given.name ?? autoName(new.target.name === '' ? 'Layer' : new.target.name),
      trainable: given.trainable,
      policy: given.dtype,
      autocast: given.autocast,
    });
    this.#activityRegularizer = given.activityRegularizer;
    // Whoever calls `build`, it runs once and under the layer's name.
    const build = (shape: unknown, ...others: unknown[]): void => {
      this.#buildWasCalled = true;
      this.buildFrom(shape, others);
    };
    Object.defineProperty(this, 'build', { value: build, configurable: true, writable: true });
    this.declaredInput =
      given.batchInputShape ??
      given.batchShape ??
      (given.inputShape === null ? (given.inputDim === null ? null : [null, given.inputDim]) : [null, ...given.inputShape]);
  }

  /** A function from an output to a scalar loss, or null; set also by its name. */
  get activityRegularizer(): ((x: Tensor) => Tensor) | null {
    return this.#activityRegularizer;
  }
  set activityRegularizer(value: regularizers.RegularizerLike | null) {
    this.#activityRegularizer = regularizers.get(value, `${this.label}: activityRegularizer`);
    if (this.built) noteChange();
  }

  /** What the layer computes. `inputs` are tensors of the compute dtype; `options` has `training` and, if given, `mask`. */
  abstract override call(inputs: unknown, ...rest: unknown[]): unknown;

  // ---- calling -----------------------------------------------------------------------------------------------------

  /** @internal */
  override invoke(...args: unknown[]): unknown {
    if (args.length === 0) throw new TypeError(`${this.label}: called without inputs`);
    const { inputs: given, options } = this.splitArguments(args);
    if (given[0] === null || given[0] === undefined)
      throw new TypeError(`${this.label}: the input must be a tensor, received ${show(given[0])}`);
    checkCallInputs(this, given);
    if (options !== null) checkCallOptions(this, options, given.length);
    const inputs = given.map((arg) => this.convertInput(arg));
    checkInputKind(this.label, (this.constructor as typeof Layer).takes, inputs[0]);
    if (this.inputSpec !== null) this.checkInput(inputs[0]);
    this.ensureBuilt(inputs);
    const masked = withMasks(inputs, options, (this.constructor as typeof Layer).maskOptions);
    const previous = masked.mask ?? masksOf(inputs[0]);
    const outputs =
      isSymbolic(inputs) || isSymbolic(masked) ? this.callOnSymbols(given, options, inputs, masked) : this.compute(inputs, masked);
    this.maskOutputs(inputs[0], outputs, previous);
    return outputs;
  }

  /** Name and state in short, as `console.log` shows them too. */
  override toString(): string {
    return `<${this.constructor.name} name=${this.name}, built=${this.built}>`;
  }

  /** The inputs and the options of a call. */
  protected splitArguments(args: readonly unknown[]): ReturnType<typeof splitCall> {
    const { parameters } = this.constructor as typeof Layer;
    return splitCall(parameters.length === 0 ? args : byPosition(this.label, args, parameters));
  }

  /** @internal Whether floats among the inputs are brought to the compute dtype before the call. */
  protected get convertsInputs(): boolean {
    return true;
  }

  /** @internal Whether it needs values that no tensor of a compiled program has, such as strings: it runs on the host, before others. */
  get runsOnHost(): boolean {
    return false;
  }
  /** @internal Whether strings may be among the inputs. */
  protected get takesStrings(): boolean {
    return this.runsOnHost;
  }

  private convertInput(input: unknown): unknown {
    const dtype = this.convertsInputs && this.autocast && isFloat(this.computeDtype) ? this.computeDtype : null;
    const converted = convertInput(input, dtype, this.label);
    if (this.takesStrings || !flatten(converted).leaves.some((leaf) => leaf instanceof HostArray)) return converted;
    throw new TypeError(`${this.label}: strings are no tensors; a layer such as StringLookup makes numbers of them`);
  }

  /** Calls the layer on symbols and notes the call, with the mask that the input carries where Keras does so. */
  private callOnSymbols(given: readonly unknown[], options: CallOptions | null, inputs: readonly unknown[], masked: CallOptions): unknown {
    const result = this.computeOutputSpec(...inputs, masked);
    const [first] = given;
    const plain = options === null && given.length === 1 && first instanceof KerasTensor && first.dtype === this.computeDtype;
    if (this.convertsInputs && !plain) return this.noteCall([...given, ...(options === null ? [] : [options])], result);
    const { training, mask } = callDefaultsOf(this);
    const own: CallOptions = { ...options, ...(mask !== undefined && hasMask(masked.mask) ? { mask: masked.mask } : {}) };
    const recorded = {
      ...(training === undefined || own.training !== undefined ? {} : { training }),
      ...(mask === undefined || own.mask !== undefined ? {} : { mask: null }),
    };
    return this.noteCall([...given, ...(Object.keys(own).length === 0 ? [] : [own])], result, recorded);
  }

  /** Attaches masks to the outputs of a call, unless it did so itself. */
  private maskOutputs(inputs: unknown, outputs: unknown, previous: unknown): void {
    const tensors = flatten<Tensor | KerasTensor>(outputs).leaves.filter((leaf) => leaf instanceof Tensor || leaf instanceof KerasTensor);
    if (!this.supportsMasking) {
      if (hasMask(previous)) warnOfLostMask(this);
      return;
    }
    if (tensors.length === 0 || tensors.every((tensor) => getMask(tensor as unknown) !== null)) return;
    const masks = flatten(this.computeMask(inputs, previous)).leaves;
    tensors.forEach((tensor, i) => {
      const mask = masks[i];
      if (mask !== null && mask !== undefined && getMask(tensor as unknown) === null) setMask(tensor, mask as Tensor);
    });
  }

  /**
   * The mask of the output (or a structure of masks), from the inputs and their masks; null where all entries count. A layer whose
   * output has another shape than its input overrides it.
   */
  computeMask(_inputs: unknown, previousMask: unknown): unknown {
    return previousMask;
  }

  /**
   * @internal Whether the layer makes of each sample what it would make of it alone. Assumed of Keratin's own layers, unless they work
   * along the axis of the batch, and of no others.
   */
  takesSamplesApart(_training: boolean): boolean {
    const { axis, noiseShape } = (this as { config?: { axis?: unknown; noiseShape?: unknown } }).config ?? {};
    return (
      findClass('keras.layers', this.constructor.name) === this.constructor && ![axis].flat().includes(0) && (noiseShape ?? null) === null
    );
  }

  private checkInput(input: unknown): void {
    const specs = this.inputSpec instanceof InputSpec ? [this.inputSpec] : this.inputSpec!;
    assertInputCompatibility(specs, flatten<Tensor | KerasTensor>(input).leaves, this.name);
  }

  private ensureBuilt(inputs: readonly unknown[]): void {
    if (this.built) return;
    const shapes = inputs.map((arg) => mapStructure((leaf) => (leaf as Tensor | KerasTensor | null)?.shape ?? null, arg));
    this.buildFrom(shapes[0], shapes.slice(1));
    // What `build` has found out (the number of features) holds for this input too.
    if (this.inputSpec !== null) this.checkInput(inputs[0]);
  }

  /** @internal Calls `build` once, under the layer's name, and notes the shapes. */
  buildFrom(given: unknown, givenOthers: readonly unknown[] = []): void {
    if (this.built) return;
    const [shape, ...others] = [given, ...givenOthers].map(knownShapes);
    const { build } = Object.getPrototypeOf(this) as Layer;
    try {
      forShapes(null, () =>
        withScope(this.name, () => {
          this.path = currentScope();
          this.checkPolicy();
          this.#usedByBuild = namesRead(this as { config?: object }, () =>
            (build as (...shapes: unknown[]) => void).call(this, shape, ...others),
          );
        }),
      );
    } catch (error) {
      // Weights need sizes that are known: no other sizes in the place of unknown ones would do.
      throw shape === given ? error : settle(error);
    }
    this.buildShapes = shape;
    this.built = true;
  }

  /** @internal @throws for an option that weights were made by. */
  protected optionChanging(name: string, _value: unknown): void {
    if (!this.built) return;
    if (this.#usedByBuild.has(name))
      throw new TypeError(
        `${this.label}: ${name} is used when the layer is built, so it cannot be set afterwards; make another layer with it`,
      );
    noteChange();
  }

  private compute(inputs: readonly unknown[], given: CallOptions): unknown {
    const { layerCall: outer, path, autocast } = context();
    if (outer === null) this.clearLosses();
    const training = given.training ?? outer?.training;
    const changes = { layerCall: { training }, path: pathWith(this.name, path), autocast: this.autocastWithin(autocast) };
    try {
      const outputs = withContext(changes, () => callInScope(this, this.#remat, inputs, { ...given, training }));
      checkOutputs(this.label, outputs);
      if (this.activityRegularizer !== null) this.regularizeActivity(outputs);
      return outputs;
    } catch (error) {
      throw locate(error, this.label, this.name, inputs);
    }
  }

  /** @internal What the layer computes as it is, or quantized. */
  callInMode(inputs: readonly unknown[], options: CallOptions): unknown {
    return this.quantizationMode === null
      ? this.call(inputs[0], ...inputs.slice(1), options)
      : this.quantizedCall(inputs[0], ...inputs.slice(1), options);
  }

  private regularizeActivity(outputs: unknown): void {
    for (const output of flatten(outputs).leaves) {
      if (!(output instanceof Tensor)) continue;
      const loss = this.activityRegularizer!(output);
      this.addLoss(output.ndim === 0 ? loss : ops.divide(loss, output.shape[0]!));
    }
  }

  // Not declared as methods, which would stand in the way of the interface's `build` and show up in the types.
  static {
    Object.defineProperty(Layer.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: Layer) {
        return this.toString();
      },
    });
    Layer.prototype.build = function build() {
      /* a layer without weights of its own */
    };
  }

  /**
   * Shape of the output for inputs of this shape (or of a structure of shapes); `null` sizes are unknown. By default it is found by tracing
   * `call`.
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- one shape, or a structure of shapes
  computeOutputShape(inputShape: any): any {
    const dtype = isFloat(this.computeDtype) ? this.computeDtype : 'float32';
    const symbols = mapStructure((shape: SymbolicShape) => new KerasTensor(shape, dtype), inputShape, isShape);
    this.ensureBuilt([symbols]);
    return mapStructure((leaf: KerasTensor) => leaf.shape, this.traceSpec([symbols]));
  }

  /** The symbols that the layer would return for these; by the layer's own `computeOutputShape`, where it has one. */
  override computeOutputSpec(...args: unknown[]): unknown {
    const { inputs } = splitCall(args);
    this.ensureBuilt(inputs);
    if (this.computeOutputShape === Layer.prototype.computeOutputShape) return this.traceSpec(args);
    const shapes = inputs.map((input) => mapStructure((leaf) => (leaf as KerasTensor | null)?.shape ?? null, input));
    const outputs: unknown = (this.computeOutputShape as (...shapes: unknown[]) => unknown)(...shapes);
    return mapStructure((shape: SymbolicShape) => new KerasTensor(shape, this.computeDtype), outputs, isShape);
  }

  /** @internal The symbols that `call` returns, by tracing it. */
  protected traceSpec(args: readonly unknown[]): unknown {
    return computeOutputSpec((actual) => {
      const { inputs, options } = splitCall(actual);
      return this.compute(inputs, options ?? {});
    }, args);
  }

  // ---- as a pure function ------------------------------------------------------------------------------------------

  /**
   * Calls the layer with other values for its variables and without side effects.
   * @returns `[outputs, nonTrainableValues]`, and the losses as a third with `returnLosses`.
   */
  statelessCall(
    trainable: readonly TensorLike[],
    nonTrainable: readonly TensorLike[],
    ...args: unknown[]
  ): [unknown, Tensor[], ...Tensor[][]] {
    const { inputs, options } = this.splitArguments(args);
    const { returnLosses = false, ...rest } = (options ?? {}) as CallOptions & { returnLosses?: boolean };
    const groups = [
      [this.trainableVariables, trainable],
      [this.nonTrainableVariables, nonTrainable],
    ] as const;
    const values = new Map<Variable, Tensor>();
    for (const [variables, given] of groups) {
      if (variables.length !== given.length)
        throw new RangeError(`${this.label}: statelessCall expects ${variables.length} values, received ${given.length}`);
      variables.forEach((variable, i) => values.set(variable, toTensor(given[i]!, variable.dtype)));
    }
    return withValues(values, () => {
      const outputs = this.invoke(...inputs, rest);
      const state = this.nonTrainableVariables.map((variable) => values.get(variable)!);
      return returnLosses ? [outputs, state, this.losses] : [outputs, state];
    });
  }

  // ---- config ------------------------------------------------------------------------------------------------------

  /** Keras's config of the layer: what `fromConfig` needs to make another like it. */
  override getConfig(): Config {
    return {
      name: this.name,
      trainable: this.trainable,
      dtype: serializePolicy(this.dtypePolicy),
      ...(this.activityRegularizer === null ? {} : { activity_regularizer: regularizers.serialize(this.activityRegularizer) }),
    };
  }

  /**
   * What the layer was built for; null while it is not built. Classes that Keras builds when it makes them know it only when `build` was
   * called.
   */
  getBuildConfig(): Config | null {
    const { builtWhenMade } = this.constructor as typeof Layer;
    return this.built && (!builtWhenMade || this.#buildWasCalled) && this.buildShapes !== null ? { input_shape: this.buildShapes } : null;
  }

  /** Builds the layer as `getBuildConfig` of another says. */
  buildFromConfig(config: Config): void {
    const { input_shape: shape, shapes_dict: shapes } = config as { input_shape?: unknown; shapes_dict?: Record<string, unknown> };
    if (shape !== undefined && shape !== null) (this.build as (shape: unknown) => void)(shape);
    else if (shapes !== undefined) (this.build as (...shapes: unknown[]) => void)(...Object.values(shapes));
  }

  /** Makes a layer from what `getConfig` gave: `new this(config)` with the keys in camelCase. */
  static override fromConfig(config: Config): unknown {
    const options = Object.fromEntries(Object.entries(config).map(([key, value]) => [anyField(key), value]));
    return new (this as unknown as new (options: unknown) => unknown)(options);
  }
}

/** Which of `training` and `mask` the call of a class of Keras has, with their defaults. */
export interface CallDefaults {
  readonly training?: boolean;
  readonly mask?: null;
}
/** @internal The `callDefaults` of the operation's class; none for operations that are no layers. */
export const callDefaultsOf = (operation: object): CallDefaults => (operation.constructor as Partial<typeof Layer>).callDefaults ?? {};

const warned = new WeakSet<Layer>();
function warnOfLostMask(layer: Layer): void {
  if (warned.has(layer)) return;
  warned.add(layer);
  process.emitWarning(
    `Layer "${layer.name}" (${layer.constructor.name}) does not support masking, but its input has a mask: the layers after it will ` +
      `not see the mask.`,
  );
}

/** The base of a layer with these options; see `configured`. `positional` are the options given by position, in Keras's order. */
export function layer<const S extends Schema, const P extends readonly (keyof S & string)[] = []>(
  className: string,
  schema: S,
  positional?: P,
) {
  return configured<typeof LayerBase, S, P>(LayerBase, className, schema, positional);
}
// `configured` makes instances, so it wants a class that can be made; subclasses supply `call`.
const LayerBase = Layer as unknown as (new (options: LayerOptions) => Layer) & {
  readonly baseSchema: typeof layerSchema;
  readonly module: string | null;
  readonly builtWhenMade: boolean;
  readonly quantizationModes: readonly QuantizationMode[];
};
/** @internal Types for the declarations of layers. */
export type { ArgumentsOf, ConfigOf };
