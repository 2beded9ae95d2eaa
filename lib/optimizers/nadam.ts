// Nadam: Adam with Nesterov momentum.
import type { OptionsOf } from '../config/configurable.js';
import { configured } from '../config/configurable.js';
import { settings } from '../base/settings.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { moveMean, momentSchema } from './moments.js';
import { OptimizerFamily, type OptimizerOptions } from './optimizer.js';

/** Options of `Nadam`. */
export type NadamOptions = OptionsOf<typeof momentSchema> & OptimizerOptions;

/**
 * Adam that looks one step of the momentum ahead, with `uₜ = beta1 (1 - 0.96ᵗ / 2)`:
 * `w -= rate · (uₜ₊₁ m / (1 - u₁…uₜ₊₁) + (1 - uₜ) g / (1 - u₁…uₜ)) / (√(v / (1 - beta2ᵗ)) + epsilon)` (Dozat, 2016).
 */
export class Nadam extends configured(OptimizerFamily, 'Nadam', momentSchema, ['learningRate']) {
  private momentums: Variable[] = [];
  private velocities: Variable[] = [];
  /** u₁ … uₜ */
  private product: Variable | null = null;

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    [this.momentums, this.velocities] = this.addSlots(variables, ['momentum', 'velocity']);
    this.product = this.addScalar(1, variables[0]?.dtype ?? settings.floatx);
  }

  /** How much of the momentum counts in a step. */
  private warmed(step: Tensor): Tensor {
    return ops.multiply(ops.subtract(1, ops.multiply(ops.power(0.96, step), 0.5)), this.config.beta1);
  }

  protected override updateAll(gradients: readonly Tensor[], variables: readonly Variable[], rate: Variable | Tensor): void {
    const product = this.product!;
    product.assign(ops.multiply(product, this.warmed(this.stepOf(product))));
    super.updateAll(gradients, variables, rate);
  }

  override updateStep(gradient: Tensor, variable: Variable, rate: Variable | Tensor): void {
    const { beta1, beta2, epsilon } = this.config;
    const index = this.indexOf(variable);
    const [m, v] = [this.momentums[index]!, this.velocities[index]!];
    const step = this.stepOf(variable);
    const [now, next] = [this.warmed(step), this.warmed(this.stepOf(variable, 1))];
    const product = ops.cast(this.product!, variable.dtype);
    const ofMomentum = ops.divide(next, ops.subtract(1, ops.multiply(product, next)));
    const ofGradient = ops.divide(ops.subtract(1, now), ops.subtract(1, product));
    moveMean(m, gradient, beta1);
    moveMean(v, ops.square(gradient), beta2);
    const ahead = ops.add(ops.multiply(m, ofMomentum), ops.multiply(gradient, ofGradient));
    const root = ops.sqrt(ops.divide(v, ops.subtract(1, ops.power(beta2, step))));
    variable.assignSub(ops.divide(ops.multiply(ahead, ops.cast(rate, variable.dtype)), ops.add(root, epsilon)));
  }
}
