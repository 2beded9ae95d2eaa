// Schedule-free AdamW: averages of the weights in the place of a schedule.
import { float, int, keyed, withDefault } from '../config/fields.js';
import type { OptionsOf } from '../config/configurable.js';
import { configured } from '../config/configurable.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { moveMean } from './moments.js';
import { learningRate, OptimizerFamily, type OptimizerOptions } from './optimizer.js';

const schema = {
  learningRate: learningRate(0.0025),
  /** Share of the average in the weights that gradients are taken at. */
  beta1: keyed('beta_1', withDefault(float(), 0.9)),
  /** Share of the running mean of the squared gradients that a step keeps. */
  beta2: keyed('beta_2', withDefault(float(), 0.999)),
  epsilon: withDefault(float(), 1e-8),
  /** For how many steps the rate grows from 0. */
  warmupSteps: withDefault(int({ min: 0 }), 0),
} as const;

/** Options of `ScheduleFreeAdamW`. */
export type ScheduleFreeAdamWOptions = OptionsOf<typeof schema> & OptimizerOptions;

/**
 * Steps `z -= rate · g / (√(v / (1 - beta2ᵗ)) + epsilon)`, their average `x += (z - x) / t`, and the weights between them,
 * `w = (1 - beta1) z + beta1 · x` (Defazio et al., 2024).
 */
export class ScheduleFreeAdamW extends configured(OptimizerFamily, 'ScheduleFreeAdamW', schema, ['learningRate']) {
  private momentums: Variable[] = [];
  private velocities: Variable[] = [];

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    variables.forEach((variable, i) => {
      if (variable.overwriteWithGradient) return;
      this.momentums[i] = this.addVariableFromReference(variable, { name: 'momentum', initializer: () => variable.concrete() });
      this.velocities[i] = this.addVariableFromReference(variable, { name: 'velocity' });
    });
  }

  override updateStep(gradient: Tensor, variable: Variable, rate: Variable | Tensor): void {
    const { beta1, beta2, epsilon, warmupSteps } = this.config;
    const index = this.indexOf(variable);
    const [momentum, velocity] = [this.momentums[index]!, this.velocities[index]!];
    const step = this.stepOf(variable);
    const given = ops.cast(rate, variable.dtype);
    const lr = warmupSteps > 0 ? ops.multiply(given, ops.minimum(ops.divide(step, warmupSteps), 1)) : given;
    const old = momentum.value;
    moveMean(velocity, ops.square(gradient), beta2);
    const root = ops.sqrt(ops.divide(velocity, ops.subtract(1, ops.power(beta2, step))));
    momentum.assignSub(ops.divide(ops.multiply(gradient, lr), ops.add(root, epsilon)));
    const weight = ops.divide(1, step);
    const average = ops.divide(ops.subtract(variable, ops.multiply(old, 1 - beta1)), beta1);
    const moved = ops.add(ops.multiply(average, ops.subtract(1, weight)), ops.multiply(momentum, weight));
    variable.assign(ops.add(ops.multiply(momentum, 1 - beta1), ops.multiply(moved, beta1)));
  }
}
