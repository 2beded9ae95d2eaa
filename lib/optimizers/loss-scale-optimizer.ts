// LossScaleOptimizer: multiplies the loss by as much as the gradients' dtype bears.
import { byPosition } from '../base/keywords.js';
import { readArguments, resolve, type Config, type ConfigOf } from '../config/configurable.js';
import { camelKeys } from '../base/names.js';
import { field, float, int, nullable, string, withDefault } from '../config/fields.js';
import { isSerialized, type SerializedObject } from '../config/registration.js';
import { deserializeKerasObject, serializeKerasObject } from '../config/serialization.js';
import { toTensor, type TensorLike } from '../core/convert.js';
import { show } from '../base/errors.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as initializers from '../initializers/index.js';
import * as ops from '../ops/index.js';
import { type ApplyOptions, type LearningRate, Optimizer, optimizerSchema } from './optimizer.js';

const schema = {
  innerOptimizer: field<Optimizer | SerializedObject, Optimizer>('an Optimizer', (v) => {
    const optimizer = isSerialized(v) ? deserializeKerasObject(v) : v;
    return optimizer instanceof Optimizer ? optimizer : undefined;
  }),
  initialScale: withDefault(float({ above: 0 }), 2 ** 15),
  dynamicGrowthSteps: withDefault(int({ min: 1 }), 2000),
  name: nullable(string()),
} as const;

/** Options of `LossScaleOptimizer`. */
export interface LossScaleOptimizerOptions {
  /** The first scale. Default 32768. */
  initialScale?: number | undefined;
  /** After so many updates in a row with finite gradients the scale is doubled. Default 2000. */
  dynamicGrowthSteps?: number | undefined;
  /** Name; by default the class's, in snake_case. */
  name?: string | null | undefined;
}

/** The options without those of other optimizers, which older configs have with their defaults. @throws for other values of them. */
function ownOptions(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { dynamic, ...rest } = options;
  if (dynamic === false)
    throw new Error('LossScaleOptimizer: the scale is always dynamic; for a fixed one set lossScaleFactor of the inner optimizer');
  const isForeign = (key: string): key is keyof typeof optimizerSchema =>
    key !== 'name' && key !== 'learningRate' && Object.hasOwn(optimizerSchema, key);
  for (const [key, value] of Object.entries(rest)) {
    if (isForeign(key) && value !== undefined && value !== optimizerSchema[key].initial)
      throw new Error(`LossScaleOptimizer: ${key} is an option of the inner optimizer, received ${show(value)}`);
  }
  return Object.fromEntries(Object.entries(rest).filter(([key]) => !isForeign(key)));
}

/**
 * Dynamic loss scaling, for gradients in float16: the loss is multiplied by a scale before it is differentiated, the gradients are divided
 * by it, and `innerOptimizer` updates the weights. Where a gradient is not finite, nothing is updated and the scale is halved.
 *
 * ```ts
 * model.compile({ optimizer: new keras.optimizers.LossScaleOptimizer(new keras.optimizers.Adam(1e-3)), loss: 'mse' });
 * ```
 * @throws for options that belong to the inner optimizer.
 */
export class LossScaleOptimizer extends Optimizer {
  static readonly className: string = 'LossScaleOptimizer';
  readonly innerOptimizer: Optimizer;
  readonly initialScale: number;
  readonly dynamicGrowthSteps: number;
  /** Updates with finite gradients since the scale changed. */
  readonly stepCounter: Variable;
  /** The scale now. */
  readonly dynamicScale: Variable;

  constructor(innerOptimizer: Optimizer | SerializedObject, options?: LossScaleOptimizerOptions);
  constructor(named: { innerOptimizer: Optimizer | SerializedObject } & LossScaleOptimizerOptions);
  constructor(...args: unknown[]) {
    const [innerOptimizer, options = {}] = byPosition('LossScaleOptimizer', args, ['innerOptimizer']) as [
      Optimizer | SerializedObject,
      LossScaleOptimizerOptions?,
    ];
    const values = readArguments(
      'LossScaleOptimizer',
      schema,
      ['innerOptimizer'],
      [innerOptimizer, ownOptions(options as Record<string, unknown>)],
    );
    const config: ConfigOf<typeof schema> = resolve('LossScaleOptimizer', schema, values);
    super({ learningRate: 0, name: config.name });
    this.innerOptimizer = config.innerOptimizer;
    this.innerOptimizer.lossScaleFactor = null;
    this.initialScale = config.initialScale;
    this.dynamicGrowthSteps = config.dynamicGrowthSteps;
    this.stepCounter = this.addVariable([], { dtype: 'int64', name: 'step_counter' });
    this.dynamicScale = this.addVariable([], {
      dtype: 'float32',
      name: 'dynamic_scale',
      initializer: new initializers.Constant(this.initialScale),
    });
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    this.innerOptimizer.within = this.name;
    this.innerOptimizer.build(variables);
    super.build(variables);
  }

  /** The scale's state, then that of the inner optimizer. */
  override get variables(): Variable[] {
    return [...super.variables, ...this.innerOptimizer.variables];
  }
  /** Number of updates of the inner optimizer. */
  override get iterations(): Variable | Tensor {
    return this.innerOptimizer.iterations;
  }
  /** The inner optimizer's rate. */
  override get learningRate(): Variable | Tensor {
    return this.innerOptimizer.learningRate;
  }
  override set learningRate(value: LearningRate | TensorLike) {
    this.innerOptimizer.learningRate = value;
  }

  /** Whether all gradients are finite, a scalar; null ones do not count. */
  checkFinite(gradients: readonly (TensorLike | null)[]): Tensor {
    const each = gradients.filter((gradient) => gradient !== null).map((gradient) => ops.all(ops.isfinite(toTensor(gradient))));
    return each.reduce((a, b) => ops.logicalAnd(a, b), toTensor(true));
  }

  override apply(gradients: readonly (TensorLike | null)[], options: ApplyOptions = {}): void {
    if (gradients.length === 0) return;
    const trainableVariables = this.prepare(gradients, options);
    const { dynamicScale: scale, stepCounter: counter } = this;
    const unscaled = gradients.map((gradient, i) =>
      gradient === null || trainableVariables[i]!.overwriteWithGradient ? gradient : ops.divide(gradient, scale),
    );
    this.assignIf(this.checkFinite(gradients), () => {
      this.innerOptimizer.apply(unscaled, { trainableVariables });
      const grows = ops.equal(counter, this.dynamicGrowthSteps - 1);
      scale.assign(ops.where(grows, ops.multiply(scale, 2), scale));
      counter.assign(ops.where(grows, 0, ops.add(counter, 1)));
    }, () => {
      scale.assign(ops.multiply(scale, 0.5));
      counter.assign(0);
    });
  }

  override updateStep(gradient: Tensor, variable: Variable, rate: Variable | Tensor): void {
    this.innerOptimizer.updateStep(gradient, variable, rate);
  }
  /** The loss to differentiate: times the scale. */
  override scaleLoss(loss: Tensor): Tensor {
    return ops.multiply(loss, this.dynamicScale);
  }
  override finalizeVariableValues(variables: readonly Variable[]): void {
    this.innerOptimizer.finalizeVariableValues(variables);
  }
  override excludeFromWeightDecay(options: Parameters<Optimizer['excludeFromWeightDecay']>[0] = {}): void {
    this.innerOptimizer.excludeFromWeightDecay(options);
  }

  override getConfig(): Config {
    return {
      name: this.name,
      inner_optimizer: serializeKerasObject(this.innerOptimizer),
      initial_scale: this.initialScale,
      dynamic_growth_steps: this.dynamicGrowthSteps,
    };
  }
  /** Makes an optimizer from what `getConfig` gave. */
  static fromConfig(config: Config): LossScaleOptimizer {
    const { inner_optimizer: inner, ...rest } = config;
    const options = camelKeys(rest);
    return new LossScaleOptimizer(inner as SerializedObject, options);
  }
}
