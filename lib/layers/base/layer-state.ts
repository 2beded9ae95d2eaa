// LayerState: what a layer holds: weights, layers, metrics and losses, in Keras's order.
import { toTensor, type TensorLike } from '../../core/convert.js';
import type { DType } from '../../base/dtype.js';
import { dtypeBytes, isFloat } from '../../base/dtype.js';
import { noteChange } from '../../config/changes.js';
import { checkOptions } from '../../base/errors.js';
import { spendWeight } from '../../config/weight-budget.js';
import { Operation } from '../../symbolic/operation.js';
import { currentScope, withPath, withScope } from '../../core/scope.js';
import { showShape, sizeOf, type Shape, type SymbolicShape } from '../../base/shape.js';
import { statelessState } from '../../core/stateless.js';
import type { Tensor } from '../../core/tensor.js';
import { isNumberArray, isPlainObject } from '../../base/tree.js';
import { type Aggregation, Variable } from '../../core/variable.js';
import * as constraints from '../../constraints/index.js';
import * as initializers from '../../initializers/index.js';
import { Metric } from '../../metrics/metric.js';
import * as ops from '../../ops/index.js';
import { SeedGenerator } from '../../random/index.js';
import * as regularizers from '../../regularizers/index.js';
import type { Layer } from './layer.js';

/** Options of `addWeight`. */
export interface AddWeightOptions {
  /** Default `[]`, a scalar. */
  shape?: SymbolicShape;
  /** Default `'glorot_uniform'` for floats, `'zeros'` for the rest. */
  initializer?: initializers.InitializerLike;
  /** Default: the layer's variable dtype. */
  dtype?: DType | null;
  /** Default true. */
  trainable?: boolean;
  /** Default true. */
  autocast?: boolean;
  /** Whether optimizers assign its gradient to it. Default false. */
  overwriteWithGradient?: boolean;
  regularizer?: regularizers.RegularizerLike;
  constraint?: constraints.ConstraintLike;
  aggregation?: Aggregation;
  name?: string | null;
}

const WEIGHT_OPTIONS = [
  'shape',
  'initializer',
  'dtype',
  'trainable',
  'autocast',
  'overwriteWithGradient',
  'regularizer',
  'constraint',
  'aggregation',
  'name',
] as const satisfies readonly (keyof AddWeightOptions)[];

/** What a layer saves of itself: values by number, in the order of `saveOwnVariables`. */
export type VariableStore<T = Variable | Tensor> = Record<string, T>;
/** @internal Variables and what is saved of each. */
export type SavedVariables = (readonly [variable: Variable, value: Variable | Tensor])[];

/** Properties of a layer that hold no state of its own. */
const UNTRACKED = new Set(['config', 'inputSpec', 'dtypePolicy', 'buildShapes', 'declaredInput', 'lora']);

/** The part of `Layer` that keeps its variables, the layers and metrics in its properties, and losses. */
export abstract class LayerState extends Operation {
  /** Whether the weights exist. */
  built = false;
  /** Name with those of the layers around it, once the layer is built: `encoder/dense`. */
  path: string | null = null;
  readonly #tracked: { readonly trainable: Variable[]; readonly nonTrainable: Variable[] } = { trainable: [], nonTrainable: [] };
  #losses: Tensor[] = [];
  #trainable: boolean;

  constructor({ name, trainable }: { name: string | null; trainable: boolean }) {
    super({ name });
    this.#trainable = trainable;
  }

  /** Dtype of the weights. */
  abstract get variableDtype(): DType;

  /** The name with the class, for messages: `Dense "dense_1"`. */
  protected get label(): string {
    return `${this.constructor.name} "${this.name}"`;
  }

  /** The shape of a weight. @throws for sizes that are not known. */
  protected knownShape(shape: SymbolicShape, name: string | null = null): Shape {
    if (shape.some((size) => size === null))
      throw new RangeError(
        `${this.label}: the weight${name === null ? '' : ` ${name}`} has shape ${showShape(shape)}, but every size must be known`,
      );
    return shape as Shape;
  }

  /** Makes a weight of the layer. @throws for sizes that are not known. */
  addWeight(options: AddWeightOptions = {}): Variable {
    checkOptions(`${this.label}: addWeight`, options, WEIGHT_OPTIONS);
    const { shape = [], trainable = true, name, autocast = true, overwriteWithGradient = false, aggregation = 'none' } = options;
    const known = this.knownShape(shape, name);
    const dtype = options.dtype ?? this.variableDtype;
    spendWeight(this.label, sizeOf(known) * dtypeBytes(dtype));
    const initializer = initializers.get(options.initializer ?? (isFloat(dtype) ? 'glorot_uniform' : 'zeros'));
    const build = () => {
      const variable = new Variable(initializer, {
        shape: known,
        dtype,
        trainable,
        autocast,
        overwriteWithGradient,
        aggregation,
        name: name ?? null,
      });
      variable.regularizer = regularizers.get(options.regularizer ?? null);
      variable.constraint = constraints.get(options.constraint ?? null);
      return variable;
    };
    // Outside of build and call the layer's own name is not yet part of the path.
    const variable =
      this.built && this.path !== null
        ? withPath(this.path, build)
        : currentScope().split('/').at(-1) === this.name
          ? build()
          : withScope(this.name, build);
    this.#tracked[trainable ? 'trainable' : 'nonTrainable'].push(variable);
    if (this.built) noteChange();
    // It stays one of the trainable ones: setting `trainable` of the layer makes it so again.
    if (!this.#trainable) variable.trainable = false;
    return variable;
  }

  /** @internal Forgets a weight that `addWeight` made. */
  removeWeight(variable: Variable): void {
    noteChange();
    for (const list of Object.values(this.#tracked)) if (list.includes(variable)) list.splice(list.indexOf(variable), 1);
  }

  /** @internal What the layer holds in its own properties, nested in arrays and objects too, in the order of definition. */
  private *held(): Iterable<unknown> {
    const seen = new Set<unknown>();
    function* visit(value: unknown): Iterable<unknown> {
      if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) return;
      if (value instanceof LayerState || value instanceof Variable || value instanceof SeedGenerator || value instanceof Metric) {
        seen.add(value);
        yield value;
      } else if (Array.isArray(value) || isPlainObject(value)) {
        seen.add(value);
        for (const item of Object.values(value)) yield* visit(item);
      }
    }
    for (const key of Object.keys(this)) if (!UNTRACKED.has(key)) yield* visit((this as Record<string, unknown>)[key]);
  }

  /** @internal Layers held by this one, in order. */
  get sublayers(): Layer[] {
    return [...this.held()].filter((item): item is Layer => item instanceof LayerState);
  }
  /** Metrics that the layer and its sublayers hold in properties of theirs. */
  get metrics(): Metric[] {
    return [...new Set([...this.ownMetrics(), ...this.sublayers.flatMap((layer) => layer.metrics)])];
  }
  /** @internal Metrics in properties of the layer itself. */
  protected ownMetrics(): Metric[] {
    return [...this.held()].filter((item) => item instanceof Metric);
  }

  /** @internal Those made by `addWeight` and those in properties, trainable ones first. */
  ownVariables(): Variable[] {
    const { trainable, nonTrainable } = this.#tracked;
    const known = new Set([...trainable, ...nonTrainable]);
    const assigned = [...this.held()].filter((item): item is Variable => item instanceof Variable && !known.has(item));
    return [...trainable, ...assigned.filter((v) => v.trainable), ...nonTrainable, ...assigned.filter((v) => !v.trainable)];
  }

  private collect(own: (layer: LayerState) => readonly Variable[]): Variable[] {
    const found = new Set<Variable>();
    const visit = (layer: LayerState) => {
      own(layer).forEach((variable) => found.add(variable));
      layer.sublayers.forEach(visit);
    };
    visit(this);
    return [...found];
  }

  /** All weights, of sublayers too, without the state of random number generators. */
  get weights(): Variable[] {
    return this.collect((layer) => layer.ownVariables());
  }
  /** All variables, of sublayers too, with the state of random number generators. */
  get variables(): Variable[] {
    return this.collect((layer) => [
      ...layer.ownVariables(),
      ...[...layer.held()].filter((item) => item instanceof SeedGenerator).map((seed) => seed.state),
    ]);
  }
  /** The weights that gradients reach. Empty when the layer is not trainable. */
  get trainableWeights(): Variable[] {
    return this.trainable ? this.weights.filter((v) => v.trainable) : [];
  }
  /** The weights that gradients do not reach. */
  get nonTrainableWeights(): Variable[] {
    return this.trainable ? this.weights.filter((v) => !v.trainable) : this.weights;
  }
  /** As `trainableWeights`. */
  get trainableVariables(): Variable[] {
    return this.trainable ? this.variables.filter((v) => v.trainable) : [];
  }
  /** As `nonTrainableWeights`, with the state that is no weight. */
  get nonTrainableVariables(): Variable[] {
    return this.trainable ? this.variables.filter((v) => !v.trainable) : this.variables;
  }

  /** Whether the weights are trained. Setting it sets it for the sublayers too. */
  get trainable(): boolean {
    return this.#trainable;
  }
  set trainable(value: boolean) {
    this.#trainable = value;
    this.#tracked.trainable.forEach((variable) => {
      variable.trainable = value;
    });
    this.sublayers.forEach((layer) => {
      layer.trainable = value;
    });
  }

  /** The values of all weights, in the order of `weights`. */
  getWeights(): Tensor[] {
    return this.weights.map((variable) => variable.value);
  }

  /**
   * Sets the values of all weights, in the order of `weights`.
   * @throws when their number or a shape differs; nothing is set then.
   */
  setWeights(weights: readonly TensorLike[]): void {
    const own = this.weights;
    if (weights.length !== own.length)
      throw new RangeError(`${this.label}: setWeights expects ${own.length} weights, received ${weights.length}`);
    const tensors = weights.map((weight, i) => toTensor(weight, own[i]!.dtype, `${this.label}: setWeights`));
    tensors.forEach((tensor, i) => {
      const { shape, path } = own[i]!;
      if (tensor.spec !== own[i]!.spec)
        throw new RangeError(
          `${this.label}: weight ${path} has shape ${showShape(shape)}, received a value of shape ${showShape(tensor.shape)}`,
        );
    });
    own.forEach((variable, i) => variable.assign(tensors[i]!));
  }

  /** @internal The properties whose layers, metrics and seeds are saved with the layer. */
  savedProperties(): Record<string, unknown> {
    return Object.fromEntries(Object.entries(this).filter(([key]) => !UNTRACKED.has(key)));
  }
  /** @internal The layer's own variables in the order in which they are saved, with what is saved of them. */
  savedVariables(): SavedVariables {
    return this.ownVariables().map((variable) => [variable, variable]);
  }
  /**
   * Puts the layer's own variables, without those of layers in it, into `store`: under `'0'`, `'1'`, …, in Keras's order. Override it to
   * save something else.
   */
  saveOwnVariables(store: VariableStore): void {
    this.savedVariables().forEach(([, value], i) => {
      store[i] = value;
    });
  }
  /** Sets the layer's own variables to what `saveOwnVariables` put into `store`. @throws when their number or a shape differs. */
  loadOwnVariables(store: VariableStore<TensorLike>): void {
    const saved = this.savedVariables();
    const received = Object.keys(store).length;
    if (received !== saved.length) {
      const reason =
        saved.length === 0 && !this.built
          ? 'it is not built, so that it has none yet; a build() around it has to build it too, or buildFromConfig'
          : saved.map(([{ name }]) => name).join(', ');
      throw new RangeError(`${this.label}: loadOwnVariables expects ${saved.length} variables (${reason}), received ${received}`);
    }
    saved.forEach(([variable], i) => variable.assign(store[i]!));
  }

  /** Number of scalars in all weights. @throws while the layer is not built. */
  countParams(): number {
    if (!this.built)
      throw new Error(`${this.label}: its weights are counted after it was built; call it on data, or call build(inputShape) first`);
    return this.weights.reduce((total, { size }) => total + size, 0);
  }

  // ---- losses ------------------------------------------------------------------------------------------------------

  /** Adds a scalar to the loss of the model that the layer is in. Call it in `call`. */
  addLoss(loss: TensorLike | readonly TensorLike[]): void {
    const list = Array.isArray(loss) && !isNumberArray(loss) ? loss : [loss];
    const scope = statelessState();
    for (const item of list.map((value) => ops.convertToTensor(value))) {
      if (scope === null || scope.collectLosses) this.#losses.push(item);
      if (scope?.collectLosses === true) scope.losses.push(item);
    }
  }

  /** @internal Runs `fn`, and gives the losses that it has added to this layer and the ones in it, without keeping them. */
  takeLosses(fn: () => void): { readonly layer: LayerState; readonly losses: readonly Tensor[] }[] {
    const layers: LayerState[] = [];
    const visit = (layer: LayerState): void => {
      if (layers.includes(layer)) return;
      layers.push(layer);
      layer.sublayers.forEach(visit);
    };
    visit(this);
    const before = layers.map((layer) => layer.#losses);
    layers.forEach((layer) => (layer.#losses = []));
    try {
      fn();
      return layers.map((layer) => ({ layer, losses: layer.#losses }));
    } finally {
      layers.forEach((layer, i) => (layer.#losses = before[i]!));
    }
  }

  /** @throws always: Keras has no such method any more. */
  addMetric(..._args: unknown[]): never {
    throw new Error(
      `${this.label}: addMetric does not exist in Keras 3; keep the metric in a property (this.loss = new metrics.Mean()) and call ` +
        `its updateState`,
    );
  }

  /** Losses of the last call (`addLoss`, activity regularizers), and those of the weights' regularizers. */
  get losses(): Tensor[] {
    const losses: Tensor[] = [];
    const seen = new Set<LayerState>();
    const visit = (layer: LayerState) => {
      if (seen.has(layer)) return;
      seen.add(layer);
      losses.push(...layer.#losses);
      layer.sublayers.forEach(visit);
    };
    visit(this);
    for (const variable of this.trainableWeights) if (variable.regularizer !== null) losses.push(variable.regularizer(variable.value));
    return losses;
  }

  /** @internal Forgets the losses of earlier calls. */
  clearLosses(): void {
    this.#losses = [];
    this.sublayers.forEach((layer) => layer.clearLosses());
  }
}
