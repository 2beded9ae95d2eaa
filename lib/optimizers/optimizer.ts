// Optimizer: what all optimizers share. Updates are ops on variables, so they become part of the compiled step.
import type { Config, OptionsOf } from '../config/configurable.js';
import { filled, toTensor, type TensorLike } from '../core/convert.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { collectAssignments, Variable, withValues } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { clipByGlobalNorm, clipByNorm } from './clip.js';
import { OptimizerState } from './optimizer-state.js';
import { optimizerSchema } from './options.js';
import { LearningRateSchedule } from './schedules/schedule.js';
import * as schedules from './schedules/index.js';

export { learningRate, type LearningRate, optimizerSchema } from './options.js';

/** Options of `apply`; an array stands for `trainableVariables`. */
export type ApplyOptions = { trainableVariables?: readonly Variable[] | null } | readonly Variable[];

/**
 * Base of optimizers. One of your own extends it with `updateStep`, which assigns the new value of one variable:
 *
 * ```ts
 * class PlainSGD extends keras.optimizers.Optimizer {
 *   updateStep(gradient, variable, learningRate) { variable.assignSub(ops.multiply(gradient, learningRate)); }
 * }
 * ```
 */
export abstract class Optimizer extends OptimizerState {
  static readonly module: string = 'keras.optimizers';
  static readonly baseSchema = optimizerSchema;

  private excluded: { readonly variables: ReadonlySet<Variable>; readonly names: RegExp | null } = { variables: new Set(), names: null };

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
    const given = Array.isArray(options)
      ? (options as readonly Variable[])
      : (options as { trainableVariables?: readonly Variable[] | null }).trainableVariables;
    const variables = given ?? this.trained;
    if (!this.built) {
      if (given === undefined || given === null) throw new Error(`${this.name}: give trainableVariables, or call build(variables) first`);
      this.build(variables);
    }
    if (gradients.length !== variables.length)
      throw new RangeError(`${this.name}: received ${gradients.length} gradients for ${variables.length} variables`);
    variables.forEach((variable) => this.indexOf(variable));
    return variables;
  }

  /** Applies `[gradient, variable]` pairs and returns the step count. */
  applyGradients(pairs: Iterable<readonly [TensorLike | null, Variable]>): Variable {
    const list = [...pairs];
    this.apply(
      list.map(([gradient]) => gradient),
      { trainableVariables: list.map(([, variable]) => variable) },
    );
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
      if (tensor.shape.join() !== variable.shape.join())
        throw new RangeError(
          `${this.name}: the gradient of ${variable.path} has shape ${showShape(tensor.shape)}, expected ${showShape(variable.shape)}`,
        );
      present.push(tensor);
      updated.push(variable);
    });
    if (present.length === 0) throw new Error(`${this.name}: no gradients were given for any variable`);
    if (missing.length > 0)
      process.emitWarning(
        `Gradients do not exist for variables ${missing.join(', ')} when minimizing the loss. With compile(), was the option loss ` +
          `forgotten?`,
      );
    return [present, updated];
  }

  /**
   * Assigns the gradients of variables whose gradients are their new values, or with accumulation the largest of them, and gives the
   * others.
   */
  private withoutOverwritten(gradients: Tensor[], variables: Variable[]): [Tensor[], Variable[]] {
    if (!variables.some(({ overwriteWithGradient }) => overwriteWithGradient)) return [gradients, variables];
    const { gradientAccumulationSteps: steps } = this.base;
    variables.forEach((variable, i) => {
      if (!variable.overwriteWithGradient) return;
      if (steps === null) variable.assign(gradients[i]!);
      else this.keepLargest(variable, gradients[i]!, steps);
    });
    const kept = <T,>(list: readonly T[]): T[] => list.filter((_, i) => !variables[i]!.overwriteWithGradient);
    return [kept(gradients), kept(variables)];
  }

  private keepLargest(variable: Variable, gradient: Tensor, steps: number): void {
    const slot = this.accumulators[this.indexOf(variable)]!;
    const largest = ops.maximum(gradient, slot);
    this.assignIf(
      this.isDue(steps),
      () => {
        variable.assign(largest);
        slot.assign(filled(slot.shape, 0, slot.dtype));
      },
      () => slot.assign(largest),
    );
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
    this.assignIf(
      due,
      () => this.overwriteWithAverages(),
      () => undefined,
    );
  }

  private update(gradients: Tensor[], variables: Variable[]): void {
    const clipped = this.clip(gradients);
    this.decay(variables);
    this.updateAll(clipped, variables, this.learningRate);
  }

  /** Updates the variables one by one. Optimizers with state that all variables share extend it. */
  protected updateAll(gradients: readonly Tensor[], variables: readonly Variable[], rate: Variable | Tensor): void {
    if (typeof (this as { updateStep?: unknown }).updateStep !== 'function')
      throw new TypeError(`${this.constructor.name}: an optimizer must have a method updateStep(gradient, variable, learningRate)`);
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
    this.assignIf(
      due,
      () => {
        this.update(
          sums.map((sum) => ops.divide(sum, steps)),
          variables,
        );
        this.accumulators.forEach((slot) => slot.assign(filled(slot.shape, 0, slot.dtype)));
      },
      () => slots.forEach((slot, i) => slot.assign(sums[i]!)),
    );
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
  statelessApply(
    optimizerVariables: readonly TensorLike[],
    gradients: readonly (TensorLike | null)[],
    trainableVariables: readonly TensorLike[],
  ): [Tensor[], Tensor[]] {
    if (!this.built) throw new Error(`${this.name}: call build(trainableVariables) before statelessApply`);
    const state = this.variables;
    const groups = [
      [this.trained, trainableVariables],
      [state, optimizerVariables],
    ] as const;
    const values = new Map<Variable, Tensor>();
    for (const [variables, given] of groups) {
      if (variables.length !== given.length)
        throw new RangeError(`${this.name}: statelessApply expects ${variables.length} values, received ${given.length}`);
      variables.forEach((variable, i) => values.set(variable, toTensor(given[i]!, variable.dtype)));
    }
    withValues(values, () => this.apply(gradients));
    return [this.trained.map((variable) => values.get(variable)!), state.map((variable) => values.get(variable)!)];
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
export const OptimizerFamily = Optimizer as unknown as (new (options: Record<string, unknown>) => Optimizer) & {
  readonly baseSchema: typeof optimizerSchema;
  readonly module: string;
};
