// OptimizerState: what an optimizer keeps: its options, the number of steps, the learning rate and the slots of variables.
import { type AttributesOf, defineAttributes, resolve } from '../config/configurable.js';
import { toTensor, type TensorLike } from '../core/convert.js';
import type { DType } from '../base/dtype.js';
import { show } from '../base/errors.js';
import { autoName } from '../base/names.js';
import { withPath } from '../core/scope.js';
import { settings } from '../base/settings.js';
import { showShape, type Shape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { type Aggregation, type InitialValue, Variable } from '../core/variable.js';
import * as initializers from '../initializers/index.js';
import * as ops from '../ops/index.js';
import { type LearningRate, optimizerSchema } from './options.js';
import { LearningRateSchedule } from './schedules/schedule.js';

/** Options of all optimizers after they were checked. */
type Resolved = ReturnType<typeof resolve<typeof optimizerSchema>>;

/** The options of all optimizers, as properties. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- they are defined on the prototype
export interface OptimizerState extends AttributesOf<typeof optimizerSchema, 'name' | 'learningRate'> {}

/** The part of `Optimizer` that keeps its state. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances the options as properties
export abstract class OptimizerState {
  /** By default the class's in snake_case, with a number. */
  readonly name: string;
  /** Options that every optimizer has, checked. */
  protected readonly base: Resolved;
  /** Whether the slots exist. */
  built = false;
  /** @internal Name of the optimizer around this one, with which the paths of slots begin. */
  within: string | null = null;
  /** Number of `apply` calls, int64 as in Keras on TensorFlow. */
  protected readonly stepCount: Variable;
  /** The rate as it was set. */
  protected rate: Variable | LearningRateSchedule | (() => TensorLike);
  private readonly tracked: Variable[] = [];
  private readonly indices = new Map<Variable, number>();
  /** Give slots that begin with the values of weights those that the weights have now. */
  private readonly renewals: (() => void)[] = [];
  /** The variables that the optimizer was built with. */
  protected trained: readonly Variable[] = [];
  /** Moving averages of the variables, with `useEma`. */
  protected averages: Variable[] = [];
  /** Sums of gradients, where they are accumulated. */
  protected accumulators: Variable[] = [];

  /** @throws for a wrong option, and when more than one way to clip is given. */
  constructor(options: Record<string, unknown> = {}) {
    const className = new.target.name;
    this.base = resolve(className, optimizerSchema, options);
    const { clipnorm, clipvalue, globalClipnorm } = this.base;
    if ([clipnorm, clipvalue, globalClipnorm].filter((v) => v !== null).length > 1) {
      throw new Error(
        `${className}: only one of clipnorm, clipvalue and globalClipnorm can be set, received ` +
          `${show([clipnorm, clipvalue, globalClipnorm])}`,
      );
    }
    this.name = this.base.name ?? autoName(className);
    this.stepCount = this.track(0, 'iteration', 'int64');
    const rate = this.base.learningRate;
    this.rate = typeof rate === 'number' ? this.track(rate, 'learning_rate', settings.floatx) : rate;
  }

  /** Name and learning rate in short, as `console.log` shows them too. */
  toString(): string {
    const rate = this.rate instanceof Variable ? this.rate.item() : `a ${this.rate.constructor.name}`;
    return `<${this.constructor.name} name=${this.name}, learningRate=${rate}, iterations=${this.stepCount.item()}>`;
  }
  static {
    const { name: _name, learningRate: _learningRate, ...options } = optimizerSchema;
    defineAttributes(this.prototype, options, 'base');
    Object.defineProperty(this.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: OptimizerState) {
        return this.toString();
      },
    });
  }

  private track(value: number, name: string | null, dtype: DType, aggregation: Aggregation = 'only_first_replica'): Variable {
    const variable = withPath(this.name, () => new Variable(value, { name, dtype, trainable: false, aggregation }));
    this.tracked.push(variable);
    return variable;
  }

  /** All state: the step count, the rate (when it is no schedule), then what `build` adds. */
  get variables(): Variable[] {
    return [...this.tracked];
  }

  /** Number of updates so far: with gradient accumulation fewer than steps. */
  get iterations(): Variable | Tensor {
    const { gradientAccumulationSteps: steps } = this.base;
    return steps === null ? this.stepCount : ops.floorDivide(this.stepCount, steps);
  }

  /** The rate now: a variable, or what the schedule gives for this step. Assign a number, a schedule or a function to change it. */
  get learningRate(): Variable | Tensor {
    if (this.rate instanceof Variable) return this.rate;
    if (this.rate instanceof LearningRateSchedule) return this.rate(this.stepCount);
    return toTensor(this.rate());
  }
  set learningRate(value: LearningRate | TensorLike) {
    if (value instanceof LearningRateSchedule || typeof value === 'function') {
      if (this.rate instanceof Variable) this.tracked.splice(this.tracked.indexOf(this.rate), 1);
      this.rate = value;
      return;
    }
    if (!(this.rate instanceof Variable))
      throw new TypeError(
        `${this.name}: was made with a schedule as its learning rate, which cannot be set to a number; make it with a number instead`,
      );
    this.rate.assign(value);
  }

  // ---- slots -------------------------------------------------------------------------------------------------------

  /** Makes the slots for these variables. Optimizers with slots extend it. */
  build(variables: readonly Variable[]): void {
    if (this.built) return;
    if (this.base.useEma) this.averages = this.addOptimizerVariables(variables, 'average');
    variables.forEach((variable, i) => this.indices.set(variable, i));
    if (this.base.gradientAccumulationSteps !== null)
      this.accumulators = variables.map((variable) => this.addVariableFromReference(variable, { name: 'gradient_accumulator' }));
    this.trained = [...variables];
    this.built = true;
  }

  /** Makes a state variable of the optimizer. */
  addVariable(shape: Shape, options: { initializer?: initializers.InitializerLike; dtype?: DType; name?: string } = {}): Variable {
    const { initializer = 'zeros', dtype = settings.floatx, name } = options;
    const variable = withPath(
      this.within === null ? this.name : `${this.within}/${this.name}`,
      () => new Variable(initializers.get(initializer) as never, { shape, dtype, trainable: false, name: name ?? null }),
    );
    this.tracked.push(variable);
    if (typeof initializer === 'function' && !(initializer instanceof initializers.Initializer))
      this.renewals.push(() => void variable.assign((initializer as InitialValue)(shape, { dtype })));
    return variable;
  }

  /** Makes a slot with the shape and dtype of a variable, named after it. */
  addVariableFromReference(reference: Variable, options: { name?: string; initializer?: initializers.InitializerLike } = {}): Variable {
    const { name = 'var', initializer = 'zeros' } = options;
    return this.addVariable(reference.shape, {
      initializer,
      dtype: reference.dtype,
      name: `${reference.path.replaceAll('/', '_')}_${name}`,
    });
  }

  /** Makes a slot for each variable, in its place; none for variables that their gradients overwrite. */
  addOptimizerVariables(
    variables: readonly Variable[],
    name: string,
    options: { initializer?: initializers.InitializerLike } = {},
  ): Variable[] {
    return this.addSlots(variables, [name], [options.initializer ?? 'zeros'])[0];
  }

  /** Makes several slots for each variable, one variable after the other. `initial` has their initializers; default: zeros. */
  protected addSlots<const N extends readonly string[]>(
    variables: readonly Variable[],
    names: N,
    initial: readonly initializers.InitializerLike[] = [],
  ): { [K in keyof N]: Variable[] } {
    const slots = names.map((): Variable[] => []);
    variables.forEach((variable, at) => {
      if (!variable.overwriteWithGradient)
        names.forEach((name, i) => (slots[i]![at] = this.addVariableFromReference(variable, { name, initializer: initial[i] ?? 'zeros' })));
    });
    return slots as { [K in keyof N]: Variable[] };
  }

  /** Makes a variable that no slot is, and part of the state. */
  protected addScalar(value: number, dtype: DType, name: string | null = null): Variable {
    return this.track(value, name, dtype, 'none');
  }

  /** Number of a variable among those that the optimizer was built with: that of its slots. */
  protected indexOf(variable: Variable): number {
    const index = this.indices.get(variable);
    if (index === undefined) {
      throw new Error(
        `${this.name}: ${variable.path} is not among the variables that the optimizer was built with; make a new optimizer for a new ` +
          `set of variables`,
      );
    }
    return index;
  }

  /** The number of this update, from 1, in the dtype of a variable; `ahead` is added. */
  protected stepOf(variable: Variable, ahead = 0): Tensor {
    return ops.cast(ops.add(this.iterations, 1 + ahead), variable.dtype);
  }

  /** Puts all state into `store`, under `'0'`, `'1'`, … */
  saveOwnVariables(store: Record<string, Variable | Tensor>): void {
    this.variables.forEach((variable, i) => {
      store[i] = variable;
    });
  }
  /** Sets all state to what `saveOwnVariables` put into `store`; of another number of variables it warns, and begins anew. */
  loadOwnVariables(store: Record<string, TensorLike>): void {
    const { variables, name } = this;
    const received = Object.keys(store).length;
    if (received !== variables.length) {
      process.emitWarning(
        `the state of the optimizer ${name} is not loaded: it has ${variables.length} variables, the saved one ${received}`,
      );
      for (const renew of this.renewals) renew(); // the weights may have been loaded meanwhile
      return;
    }
    variables.forEach((variable, i) => variable.assign(store[i]!));
  }

  /**
   * Sets the values of all state, in the order of `variables`. @throws before `build`, and when numbers or shapes differ; nothing is set
   * then.
   */
  setWeights(weights: readonly TensorLike[]): void {
    if (!this.built) throw new Error(`${this.name}: call build(trainableVariables) before setWeights`);
    const state = this.variables;
    if (weights.length !== state.length)
      throw new RangeError(`${this.name}: setWeights expects ${state.length} values, received ${weights.length}`);
    const tensors = weights.map((weight, i) => toTensor(weight, state[i]!.dtype, `${this.name}: setWeights`));
    tensors.forEach((tensor, i) => {
      const { spec, path, shape } = state[i]!;
      if (tensor.spec !== spec)
        throw new RangeError(`${this.name}: ${path} has shape ${showShape(shape)}, received a value of shape ${showShape(tensor.shape)}`);
    });
    state.forEach((variable, i) => variable.assign(tensors[i]!));
  }
}
