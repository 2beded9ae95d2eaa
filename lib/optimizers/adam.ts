// Adam: steps from running means of the gradient and of its square.
import { bool, float, usedWhen, withDefault } from '../config/fields.js';
import type { OptionsOf } from '../config/configurable.js';
import { configured } from '../config/configurable.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { moveMean, momentSchema } from './moments.js';
import { OptimizerFamily, type OptimizerOptions } from './optimizer.js';

const schema = {
  ...momentSchema,
  /** Divide by the largest mean square so far. */
  amsgrad: usedWhen('built', bool(false)),
} as const;

/** Options of `Adam`. */
export type AdamOptions = OptionsOf<typeof schema> & OptimizerOptions;

/**
 * `m += (g - m)(1 - beta1); v += (g² - v)(1 - beta2); w -= rate √(1 - beta2ᵗ)/(1 - beta1ᵗ) · m / (√v + epsilon)`
 * (Kingma and Ba, 2014, in Keras's form; AMSGrad by Reddi et al., 2018).
 */
export class Adam extends configured(OptimizerFamily, 'Adam', schema, ['learningRate']) {
  private momentums: Variable[] = [];
  private velocities: Variable[] = [];
  private velocityHats: Variable[] = [];

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    [this.momentums, this.velocities] = this.addSlots(variables, ['momentum', 'velocity']);
    if (this.config.amsgrad) this.velocityHats = this.addOptimizerVariables(variables, 'velocity_hat');
  }

  override updateStep(gradient: Tensor, variable: Variable, rate: Variable | Tensor): void {
    const { beta1, beta2, epsilon, amsgrad } = this.config;
    const index = this.indexOf(variable);
    const step = this.stepOf(variable);
    const power1 = ops.power(beta1, step);
    const power2 = ops.power(beta2, step);
    const alpha = ops.divide(ops.multiply(ops.cast(rate, variable.dtype), ops.sqrt(ops.subtract(1, power2))), ops.subtract(1, power1));
    const m = this.momentums[index]!;
    moveMean(m, gradient, beta1);
    let v = this.velocities[index]!;
    moveMean(v, ops.square(gradient), beta2);
    if (amsgrad) {
      const hat = this.velocityHats[index]!;
      hat.assign(ops.maximum(hat, v));
      v = hat;
    }
    variable.assignSub(ops.divide(ops.multiply(m, alpha), ops.add(ops.sqrt(v), epsilon)));
  }
}

const decoupled = {
  ...schema,
  /** Fraction of each weight that every step takes away, times the rate. */
  weightDecay: withDefault(float(), 0.004),
} as const;

/** Options of `AdamW`. */
export type AdamWOptions = OptionsOf<typeof decoupled> & OptimizerOptions;

/** `Adam` whose weights decay apart from the gradients: `w -= rate · weightDecay · w` before each step (Loshchilov and Hutter, 2019). */
export class AdamW extends configured(Adam, 'AdamW', decoupled, ['learningRate']) {}
