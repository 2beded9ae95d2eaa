// The base of metrics.
import { Configurable, resolve, type Config, type OptionsOf } from '../config/configurable.js';
import { computeDtype, nullable, string } from '../config/fields.js';
import type { DType, DTypeLike } from '../base/dtype.js';
import { checkOptions } from '../base/errors.js';
import { byPosition } from '../base/keywords.js';
import { autoName, toSnakeCase } from '../base/names.js';
import { withScope } from '../core/scope.js';
import type { Shape } from '../base/shape.js';
import { filled, toTensor, type TensorLike } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';
import { type Aggregation, Variable, withValues } from '../core/variable.js';
import * as initializers from '../initializers/index.js';

const metricSchema = {
  /** Default: the class's name in snake_case. */
  name: nullable(string()),
  /** In which dtype it computes and adds up. Default `floatx`. */
  dtype: computeDtype,
} as const;

/** Options that every metric has. */
export type MetricOptions = OptionsOf<typeof metricSchema>;
/** Options of `updateState`. */
export interface UpdateOptions {
  /** A weight for each sample, or for each entry; null: all count the same. */
  sampleWeight?: TensorLike | null | undefined;
}
/** Arguments of `updateState` by position, or as one object by their names. */
export type UpdateArguments =
  | [yTrue: TensorLike, yPred: TensorLike, sampleWeight?: TensorLike | UpdateOptions | null]
  | [named: { yTrue: TensorLike; yPred: TensorLike } & UpdateOptions];
/** As `UpdateArguments`, for metrics of values alone. */
export type ValuesArguments =
  [values: TensorLike, sampleWeight?: TensorLike | UpdateOptions | null] | [named: { values: TensorLike } & UpdateOptions];
/** Options of `addVariable`. */
export interface AddVariableOptions {
  /** Default `floatx`. */
  dtype?: DTypeLike | null | undefined;
  /** Default `'sum'`. */
  aggregation?: Aggregation | undefined;
  name?: string | null | undefined;
}
/** Options of `addWeight`. */
export interface AddMetricWeightOptions extends AddVariableOptions {
  /** Default `[]`, a scalar. */
  shape?: Shape | undefined;
  /** Default: zeros. */
  initializer?: initializers.InitializerLike | null | undefined;
}

/** A metric is called with what its `updateState` takes; it takes that into account and gives the result so far. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export interface Metric {
  (...args: Parameters<this['updateState']>): Tensor;
}

/**
 * Base of all metrics. One of your own extends it:
 *
 * ```ts
 * class Largest extends keras.metrics.Metric {
 *   constructor(options) {
 *     super(options);
 *     this.largest = this.addVariable([], 'zeros', { name: 'largest' });
 *   }
 *   updateState(yTrue, yPred) { this.largest.assign(ops.maximum(this.largest, ops.max(ops.abs(ops.subtract(yTrue, yPred))))); }
 *   result() { return this.largest.value; }
 * }
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export class Metric extends Configurable {
  static override readonly baseSchema = metricSchema;
  /** The name of instances that are made without one, where it does not follow from the class's. */
  static readonly defaultName: string | null = null;
  /** @internal The names of the arguments of `updateState`, by which they may be given. */
  static readonly parameters: readonly string[] = ['yTrue', 'yPred'];
  /** True for classes of Keras whose instances are numbered when they are made without a name: `auc`, `auc_1`, … */
  static readonly numbered: boolean = false;

  /** Whether larger values are better (`'up'`) or smaller ones; null: it is not known. */
  static readonly direction: 'up' | 'down' | null = null;

  name: string;
  /** In which dtype it computes. */
  get dtype(): DType {
    return this.#dtype;
  }
  readonly #dtype: DType;
  private readonly ownVariables: Variable[] = [];

  /** Whether larger values are better (`'up'`) or smaller ones; null: it is not known. What `EarlyStopping` goes by in mode `'auto'`. */
  get direction(): 'up' | 'down' | null {
    return (this.constructor as typeof Metric).direction;
  }

  constructor(options: MetricOptions = {}) {
    super();
    const target = new.target as typeof Metric & { className?: string };
    checkOptions(target.name, options, Object.keys(metricSchema));
    const { name, dtype } = resolve(target.name, metricSchema, options);
    this.name =
      name ??
      target.defaultName ??
      (target.className === undefined || target.numbered ? autoName(target.className ?? target.name) : toSnakeCase(target.className));
    this.#dtype = dtype;
    // Metrics of one's own have the arguments that they declare.
    const weight = target.className === undefined ? undefined : 'sampleWeight';
    const update = this.updateState.bind(this) as (...args: unknown[]) => void;
    Object.defineProperty(this, 'updateState', {
      value: (...args: unknown[]) => update(...byPosition(`${this.name}.updateState`, args, target.parameters, weight)),
      configurable: true,
      writable: true,
    });
  }

  /** @internal */
  override invoke(...args: unknown[]): Tensor {
    this.updateState(...args);
    return this.result();
  }

  /** @internal @throws for the options of metrics that make their state of them. */
  optionChanging(option: string, _value: unknown): void {
    throw new TypeError(
      `${this.name}: ${option} is used when the metric is made, so it cannot be set afterwards; make another metric with it`,
    );
  }

  /** A new variable of the metric's state. */
  addVariable(shape: Shape, initializer: initializers.InitializerLike, options: AddVariableOptions = {}): Variable {
    checkOptions(`${this.name}.addVariable`, options, ['dtype', 'aggregation', 'name']);
    const { dtype = null, aggregation = 'sum', name = null } = options;
    return withScope(this.name.replaceAll('/', '>'), () => {
      const variable = new Variable(initializers.get(initializer), {
        shape,
        dtype,
        aggregation,
        name,
        trainable: false,
        synchronization: 'on_read',
      });
      this.ownVariables.push(variable);
      return variable;
    });
  }
  /** `addVariable` with the shape and the initializer among the options. */
  addWeight({ shape = [], initializer = null, ...options }: AddMetricWeightOptions = {}): Variable {
    return this.addVariable(shape, initializer ?? 'zeros', options);
  }

  /** The state: the metric's own variables, then those of metrics among its properties. */
  get variables(): Variable[] {
    const inner = Object.values(this).flat().filter((value: unknown): value is Metric => value instanceof Metric);
    return [...this.ownVariables, ...inner.flatMap((metric) => metric.variables)];
  }

  /** Puts the state into `store`, under `'0'`, `'1'`, … */
  saveOwnVariables(store: Record<string, Variable | Tensor>): void {
    this.ownVariables.forEach((variable, i) => {
      store[i] = variable;
    });
  }
  /**
   * Sets the state to what `saveOwnVariables` put into `store`. Files of Keras have no states of metrics: without one it stays as it is.
   * @throws when their number or a shape differs.
   */
  loadOwnVariables(store: Record<string, TensorLike>): void {
    const received = Object.keys(store).length;
    if (received === 0) return;
    const expected = this.ownVariables.length;
    if (received !== expected) throw new RangeError(`${this.name}: loadOwnVariables expects ${expected} variables, received ${received}`);
    this.ownVariables.forEach((variable, i) => variable.assign(store[i]!));
  }

  /** Takes a batch into account. Override it. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- each metric has its own arguments
  updateState(..._args: any[]): void {
    throw new Error(`${this.constructor.name}: a metric must have a method updateState(…)`);
  }
  /** The metric of all that has been taken into account. Override it. */
  result(): Tensor {
    throw new Error(`${this.constructor.name}: a metric must have a method result()`);
  }
  /** Forgets what has been taken into account: all variables become zeros. */
  resetState(): void {
    for (const variable of this.variables) variable.assign(filled(variable.shape, 0, variable.dtype));
  }

  /** Runs `fn` with `values` in the place of the variables, and returns what it returned and the values at the end. */
  private withState<T>(values: readonly TensorLike[], fn: () => T): [T, Tensor[]] {
    const { variables } = this;
    if (values.length !== variables.length)
      throw new RangeError(`${this.name}: expected values for ${variables.length} variables, received ${values.length}`);
    const state = new Map(variables.map((variable, i) => [variable, toTensor(values[i]!, variable.dtype, this.name)]));
    const returned = withValues(state, fn);
    return [returned, variables.map((variable) => state.get(variable)!)];
  }
  /** `updateState(...args)` as a pure function: from values of the variables to their new values. */
  statelessUpdateState(metricVariables: readonly TensorLike[], ...args: unknown[]): Tensor[] {
    return this.withState(metricVariables, () => this.updateState(...args))[1];
  }
  /** `result()` for these values of the variables. */
  statelessResult(metricVariables: readonly TensorLike[]): Tensor {
    return this.withState(metricVariables, () => this.result())[0];
  }
  /** The values of the variables after `resetState()`. */
  statelessResetState(): Tensor[] {
    return this.withState(this.variables.map((variable) => variable.value), () => this.resetState())[1];
  }

  override getConfig(): Config {
    return { name: this.name, dtype: this.dtype };
  }
}
