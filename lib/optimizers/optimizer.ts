// Optimizer: what all optimizers share. Updates are ops on variables, so they become part of the compiled step.
import { type Config, type OptionsOf, resolve } from '../config/configurable.js';
import { filled, toTensor, type TensorLike } from '../core/convert.js';
import type { DType } from '../core/dtype.js';
import { show } from '../core/errors.js';
import { autoName } from '../core/names.js';
import { withPath } from '../core/scope.js';
import { settings } from '../core/settings.js';
import { showShape, type Shape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import { type Aggregation, collectAssignments, Variable, withValues } from '../core/variable.js';
import * as initializers from '../initializers/index.js';
import * as ops from '../ops/index.js';
import { clipByGlobalNorm, clipByNorm } from './clip.js';
import { type LearningRate, optimizerSchema } from './options.js';
import { LearningRateSchedule } from './schedules/schedule.js';
import * as schedules from './schedules/index.js';

export { learningRate, type LearningRate, optimizerSchema } from './options.js';

/** Options of `apply`; an array stands for `trainableVariables`. */
export type ApplyOptions = { trainableVariables?: readonly Variable[] | null } | readonly Variable[];

/** What `Optimizer` gets after its options were checked. */
type Resolved = ReturnType<typeof resolve<typeof optimizerSchema>>;

/**
 * Base of optimizers. One of your own extends it with `updateStep`, which assigns the new value of one variable:
 *
 * ```ts
 * class PlainSGD extends keras.optimizers.Optimizer {
 *   updateStep(gradient, variable, learningRate) { variable.assignSub(ops.multiply(gradient, learningRate)); }
 * }
 * ```
 */
export abstract class Optimizer {
  static readonly module: string = 'keras.optimizers';
  static readonly baseSchema = optimizerSchema;

  readonly name: string;
  /** Options that every optimizer has, checked. */
  protected readonly base: Resolved;
  /** Whether the slots exist. */
  built = false;
  /** @internal Name of the optimizer around this one, with which the paths of slots begin. */
  within: string | null = null;
  /** Number of `apply` calls, int64 as in Keras on TensorFlow. */
  protected readonly stepCount: Variable;
  private rate: Variable | LearningRateSchedule | (() => TensorLike);
  private readonly tracked: Variable[] = [];
  private readonly indices = new Map<Variable, number>();
  private scaleFactor: number | null;
  /** The variables that the optimizer was built with. */
  protected trained: readonly Variable[] = [];
  private averages: Variable[] = [];
  private accumulators: Variable[] = [];
  private excluded: { readonly variables: ReadonlySet<Variable>; readonly names: RegExp | null } = { variables: new Set(), names: null };

  /** @throws for a wrong option, and when more than one way to clip is given. */
  constructor(options: Record<string, unknown> = {}) {
    const className = new.target.name;
    this.base = resolve(className, optimizerSchema, options);
    const { clipnorm, clipvalue, globalClipnorm } = this.base;
    if ([clipnorm, clipvalue, globalClipnorm].filter((v) => v !== null).length > 1) {
      throw new Error(`${className}: only one of clipnorm, clipvalue and globalClipnorm can be set, received ${show([clipnorm, clipvalue, globalClipnorm])}`);
    }
    this.scaleFactor = this.base.lossScaleFactor;
    this.name = this.base.name ?? autoName(className);
    this.stepCount = this.track(0, 'iteration', 'int64');
    const rate = this.base.learningRate;
    this.rate = typeof rate === 'number' ? this.track(rate, 'learning_rate', settings.floatx) : rate;
  }

  private track(value: number, name: string | null, dtype: DType, aggregation: Aggregation = 'only_first_replica'): Variable {
    const variable = withPath(this.name, () => new Variable(value, { name, dtype, trainable: false, aggregation }));
    this.tracked.push(variable);
    return variable;
  }

  /** What the loss is multiplied by and the gradients are divided by; null: nothing. */
  get lossScaleFactor(): number | null {
    return this.scaleFactor;
  }
  set lossScaleFactor(value: number | null) {
    this.scaleFactor = value;
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
    if (!(this.rate instanceof Variable)) throw new TypeError(`${this.name}: was made with a schedule as its learning rate, which cannot be set to a number; make it with a number instead`);
    this.rate.assign(value);
  }

  // ---- slots -------------------------------------------------------------------------------------------------------

  /** Makes the slots for these variables. Optimizers with slots extend it. */
  build(variables: readonly Variable[]): void {
    if (this.built) return;
    if (this.base.useEma) this.averages = this.addOptimizerVariables(variables, 'average');
    variables.forEach((variable, i) => this.indices.set(variable, i));
    if (this.base.gradientAccumulationSteps !== null) this.accumulators = variables.map((variable) => this.addVariableFromReference(variable, { name: 'gradient_accumulator' }));
    this.trained = [...variables];
    this.built = true;
  }

  /** Makes a state variable of the optimizer. */
  addVariable(shape: Shape, options: { initializer?: initializers.InitializerLike; dtype?: DType; name?: string } = {}): Variable {
    const { initializer = 'zeros', dtype = settings.floatx, name } = options;
    const variable = withPath(this.within === null ? this.name : `${this.within}/${this.name}`, () => new Variable(initializers.get(initializer) as never, { shape, dtype, trainable: false, name: name ?? null }));
    this.tracked.push(variable);
    return variable;
  }

  /** Makes a slot with the shape and dtype of a variable, named after it. */
  addVariableFromReference(reference: Variable, options: { name?: string; initializer?: initializers.InitializerLike } = {}): Variable {
    const { name = 'var', initializer = 'zeros' } = options;
    return this.addVariable(reference.shape, { initializer, dtype: reference.dtype, name: `${reference.path.replaceAll('/', '_')}_${name}` });
  }

  /** Makes a slot for each variable, in its place; none for variables that their gradients overwrite. */
  addOptimizerVariables(variables: readonly Variable[], name: string, options: { initializer?: initializers.InitializerLike } = {}): Variable[] {
    return this.addSlots(variables, [name], [options.initializer ?? 'zeros'])[0];
  }

  /** Makes several slots for each variable, one variable after the other. `initial` has their initializers; default: zeros. */
  protected addSlots<const N extends readonly string[]>(variables: readonly Variable[], names: N, initial: readonly initializers.InitializerLike[] = []): { [K in keyof N]: Variable[] } {
    const slots = names.map((): Variable[] => []);
    variables.forEach((variable, at) => {
      if (!variable.overwriteWithGradient) names.forEach((name, i) => (slots[i]![at] = this.addVariableFromReference(variable, { name, initializer: initial[i] ?? 'zeros' })));
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
      throw new Error(`${this.name}: ${variable.path} is not among the variables that the optimizer was built with; make a new optimizer for a new set of variables`);
    }
    return index;
  }

  /** The number of this update, from 1, in the dtype of a variable; `ahead` is added. */
  protected stepOf(variable: Variable, ahead = 0): Tensor {
    return ops.cast(ops.add(this.iterations, 1 + ahead), variable.dtype);
  }

  // ---- updates -----------------------------------------------------------------------------------------------------

  /** Assigns the new value of one variable, and of its slots. */
  abstract updateStep(gradient: Tensor, variable: Variable, learningRate: Variable | Tensor): void;

  /**
   * Applies gradients (null: leave that variable) to variables, by default those that the optimizer was built with.
   * @throws when all gradients are null, when numbers differ, and for variables that it was not built with.
   */
  apply(gradients: readonly (TensorLike | null)[], options: ApplyOptions = {}): void {
    if (gradients.length === 0) return;
    const variables = this.prepare(gradients, options);
    const [present, updated] = this.withoutOverwritten(...this.withoutMissing(gradients, variables));
    if (updated.length > 0) this.applyGiven(this.unscaled(present), updated);
    for (const variable of updated) if (variable.constraint !== null) variable.assign(variable.constraint(variable.value));
    this.stepCount.assignAdd(1);
  }

  /** The variables that `apply` is for, after the slots were made for them. */
  protected prepare(gradients: readonly (TensorLike | null)[], options: ApplyOptions): readonly Variable[] {
    const given = Array.isArray(options) ? (options as readonly Variable[]) : (options as { trainableVariables?: readonly Variable[] | null }).trainableVariables;
    const variables = given ?? this.trained;
    if (!this.built) {
      if (given === undefined || given === null) throw new Error(`${this.name}: give trainableVariables, or call build(variables) first`);
      this.build(variables);
    }
    if (gradients.length !== variables.length) throw new RangeError(`${this.name}: received ${gradients.length} gradients for ${variables.length} variables`);
    variables.forEach((variable) => this.indexOf(variable));
    return variables;
  }

  /** Applies `[gradient, variable]` pairs and returns the step count. */
  applyGradients(pairs: Iterable<readonly [TensorLike | null, Variable]>): Variable {
    const list = [...pairs];
    this.apply(list.map(([gradient]) => gradient), { trainableVariables: list.map(([, variable]) => variable) });
    return this.stepCount;
  }

  private withoutMissing(gradients: readonly (TensorLike | null)[], variables: readonly Variable[]): [Tensor[], Variable[]] {
    const present: Tensor[] = [];
    const updated: Variable[] = [];
    const missing: string[] = [];
    gradients.forEach((gradient, i) => {
      const variable = variables[i]!;
      if (gradient === null || gradient === undefined) {
        missing.push(variable.path);
        return;
      }
      const tensor = toTensor(gradient, variable.dtype, `${this.name}: gradient of ${variable.path}`);
      if (tensor.shape.join() !== variable.shape.join()) throw new RangeError(`${this.name}: the gradient of ${variable.path} has shape ${showShape(tensor.shape)}, expected ${showShape(variable.shape)}`);
      present.push(tensor);
      updated.push(variable);
    });
    if (present.length === 0) throw new Error(`${this.name}: no gradients were given for any variable`);
    if (missing.length > 0) process.emitWarning(`Gradients do not exist for variables ${missing.join(', ')} when minimizing the loss. With compile(), was the option loss forgotten?`);
    return [present, updated];
  }

  /** Assigns the gradients of variables whose gradients are their new values, or with accumulation the largest of them, and gives the others. */
  private withoutOverwritten(gradients: Tensor[], variables: Variable[]): [Tensor[], Variable[]] {
    if (!variables.some(({ overwriteWithGradient }) => overwriteWithGradient)) return [gradients, variables];
    const { gradientAccumulationSteps: steps } = this.base;
    variables.forEach((variable, i) => {
      if (!variable.overwriteWithGradient) return;
      if (steps === null) variable.assign(gradients[i]!);
      else this.keepLargest(variable, gradients[i]!, steps);
    });
    const kept = <T>(list: readonly T[]): T[] => list.filter((_, i) => !variables[i]!.overwriteWithGradient);
    return [kept(gradients), kept(variables)];
  }

  private keepLargest(variable: Variable, gradient: Tensor, steps: number): void {
    const slot = this.accumulators[this.indexOf(variable)]!;
    const largest = ops.maximum(gradient, slot);
    this.assignIf(this.isDue(steps), () => {
      variable.assign(largest);
      slot.assign(filled(slot.shape, 0, slot.dtype));
    }, () => slot.assign(largest));
  }

  private unscaled(gradients: Tensor[]): Tensor[] {
    const { lossScaleFactor } = this;
    return lossScaleFactor === null ? gradients : gradients.map((gradient) => ops.divide(gradient, lossScaleFactor));
  }

  private applyGiven(gradients: Tensor[], variables: Variable[]): void {
    const { gradientAccumulationSteps: steps, useEma, emaOverwriteFrequency } = this.base;
    if (steps === null) this.update(gradients, variables);
    else this.accumulate(gradients, variables, steps);
    if (!useEma) return;
    this.updateAverages();
    if (emaOverwriteFrequency === null) return;
    const due = ops.equal(ops.mod(ops.add(this.iterations, 1), emaOverwriteFrequency), 0);
    this.assignIf(due, () => this.overwriteWithAverages(), () => undefined);
  }

  private update(gradients: Tensor[], variables: Variable[]): void {
    const clipped = this.clip(gradients);
    this.decay(variables);
    this.updateAll(clipped, variables, this.learningRate);
  }

  /** Updates the variables one by one. Optimizers with state that all variables share extend it. */
  protected updateAll(gradients: readonly Tensor[], variables: readonly Variable[], rate: Variable | Tensor): void {
    variables.forEach((variable, i) => this.updateStep(gradients[i]!, variable, rate));
  }

  /** Whether this step of `steps` updates. */
  private isDue(steps: number): Tensor {
    return ops.equal(ops.mod(ops.add(this.stepCount, 1), steps), 0);
  }

  private accumulate(gradients: Tensor[], variables: Variable[], steps: number): void {
    const due = this.isDue(steps);
    const slots = variables.map((variable) => this.accumulators[this.indexOf(variable)]!);
    const sums = gradients.map((gradient, i) => ops.add(gradient, slots[i]!));
    this.assignIf(due, () => {
      this.update(sums.map((sum) => ops.divide(sum, steps)), variables);
      this.accumulators.forEach((slot) => slot.assign(filled(slot.shape, 0, slot.dtype)));
    }, () => slots.forEach((slot, i) => slot.assign(sums[i]!)));
  }

  /** Assigns what one of two branches assigns; both are computed. */
  protected assignIf(condition: Tensor, then: () => void, otherwise: () => void): void {
    const yes = collectAssignments(then);
    const no = collectAssignments(otherwise);
    for (const variable of new Set([...yes.keys(), ...no.keys()])) {
      const old = variable.value;
      variable.assign(ops.where(condition, yes.get(variable) ?? old, no.get(variable) ?? old));
    }
  }

  private clip(gradients: Tensor[]): Tensor[] {
    const { clipnorm, clipvalue, globalClipnorm } = this.base;
    if (clipnorm !== null && clipnorm > 0) return gradients.map((gradient) => clipByNorm(gradient, clipnorm));
    if (globalClipnorm !== null && globalClipnorm > 0) return clipByGlobalNorm(gradients, globalClipnorm);
    if (clipvalue !== null && clipvalue > 0) return gradients.map((gradient) => ops.clip(gradient, -clipvalue, clipvalue));
    return gradients;
  }

  /** The option `weightDecay`; AdamW and Lion have their own default. */
  protected get weightDecay(): number | null {
    return this.base.weightDecay;
  }

  /** The weight decay of one variable, null for none. */
  protected weightDecayOf(_variable: Variable): number | null {
    return this.weightDecay;
  }

  private decay(variables: readonly Variable[]): void {
    for (const variable of variables) {
      const weightDecay = this.weightDecayOf(variable);
      if (weightDecay === null) continue;
      if (this.excluded.variables.has(variable) || this.excluded.names?.test(variable.name) === true) continue;
      const rate = ops.cast(this.learningRate, variable.dtype);
      variable.assign(ops.subtract(variable, ops.multiply(ops.multiply(variable, weightDecay), rate)));
    }
  }

  /** Leaves variables out of the weight decay: listed ones, and those whose name contains one of `varNames`. @throws once built. */
  excludeFromWeightDecay(options: { varList?: readonly Variable[] | null; varNames?: readonly string[] | null } = {}): void {
    if (this.built) throw new Error(`${this.name}: excludeFromWeightDecay can only be called before the optimizer is built`);
    const { varList, varNames } = options;
    const names = varNames === null || varNames === undefined || varNames.length === 0 ? null : new RegExp(varNames.join('|'));
    this.excluded = { variables: new Set(varList ?? []), names };
  }

  private updateAverages(): void {
    const { emaMomentum } = this.base;
    this.averages.forEach((average, i) => {
      const variable = this.trained[i]!;
      const notFirst = ops.cast(ops.notEqual(this.iterations, 0), variable.dtype);
      const momentum = ops.multiply(notFirst, emaMomentum);
      average.assign(ops.add(ops.multiply(momentum, average), ops.multiply(ops.subtract(1, momentum), variable)));
    });
  }

  private overwriteWithAverages(): void {
    this.averages.forEach((average, i) => this.trained[i]!.assign(average));
  }

  /** @internal Each trained variable with its moving average; null before `build`, and without `useEma`. */
  get movingAverages(): readonly (readonly [Variable, Variable])[] | null {
    return this.base.useEma && this.built ? this.trained.map((variable, i) => [variable, this.averages[i]!]) : null;
  }

  /** Sets the variables to their averages, at the end of training, when `useEma` is set. */
  finalizeVariableValues(_variables: readonly Variable[]): void {
    if (this.base.useEma && this.built) this.overwriteWithAverages();
  }

  /** The loss to differentiate: times `lossScaleFactor`. */
  scaleLoss(loss: Tensor): Tensor {
    const { lossScaleFactor } = this;
    return lossScaleFactor === null ? loss : ops.multiply(loss, lossScaleFactor);
  }

  /**
   * An update without side effects: new values of the trainable variables and of the optimizer's variables.
   * @throws before `build`, and when numbers differ.
   */
  statelessApply(optimizerVariables: readonly TensorLike[], gradients: readonly (TensorLike | null)[], trainableVariables: readonly TensorLike[]): [Tensor[], Tensor[]] {
    if (!this.built) throw new Error(`${this.name}: call build(trainableVariables) before statelessApply`);
    const state = this.variables;
    const groups = [[this.trained, trainableVariables], [state, optimizerVariables]] as const;
    const values = new Map<Variable, Tensor>();
    for (const [variables, given] of groups) {
      if (variables.length !== given.length) throw new RangeError(`${this.name}: statelessApply expects ${variables.length} values, received ${given.length}`);
      variables.forEach((variable, i) => values.set(variable, toTensor(given[i]!, variable.dtype)));
    }
    withValues(values, () => this.apply(gradients));
    return [this.trained.map((variable) => values.get(variable)!), state.map((variable) => values.get(variable)!)];
  }

  /** Sets the values of all state, in the order of `variables`. @throws before `build`, and when numbers or shapes differ; nothing is set then. */
  setWeights(weights: readonly TensorLike[]): void {
    if (!this.built) throw new Error(`${this.name}: call build(trainableVariables) before setWeights`);
    const state = this.variables;
    if (weights.length !== state.length) throw new RangeError(`${this.name}: setWeights expects ${state.length} values, received ${weights.length}`);
    const tensors = weights.map((weight, i) => toTensor(weight, state[i]!.dtype, `${this.name}: setWeights`));
    tensors.forEach((tensor, i) => {
      const { spec, path, shape } = state[i]!;
      if (tensor.spec !== spec) throw new RangeError(`${this.name}: ${path} has shape ${showShape(shape)}, received a value of shape ${showShape(tensor.shape)}`);
    });
    state.forEach((variable, i) => variable.assign(tensors[i]!));
  }

  // ---- config ------------------------------------------------------------------------------------------------------

  /** Keras's config. The learning rate is the present one. */
  getConfig(): Config {
    const { base, rate } = this;
    return {
      name: this.name,
      learning_rate: rate instanceof Variable ? rate.item() : rate instanceof LearningRateSchedule ? schedules.serialize(rate) : rate,
      weight_decay: this.weightDecay,
      clipnorm: base.clipnorm,
      global_clipnorm: base.globalClipnorm,
      clipvalue: base.clipvalue,
      use_ema: base.useEma,
      ema_momentum: base.emaMomentum,
      ema_overwrite_frequency: base.emaOverwriteFrequency,
      loss_scale_factor: this.lossScaleFactor,
      gradient_accumulation_steps: base.gradientAccumulationSteps,
    };
  }
}

/** Options that every optimizer takes. */
export type OptimizerOptions = OptionsOf<typeof optimizerSchema>;

/** The family as `configured` extends it: a class that can be made; `updateStep` is what subclasses supply. */
export const OptimizerFamily = Optimizer as unknown as (new (options: Record<string, unknown>) => Optimizer) & { readonly baseSchema: typeof optimizerSchema; readonly module: string };
