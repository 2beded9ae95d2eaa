// RMSprop: steps divided by a running root mean square of the gradients.
import { bool, float, usedWhen, withDefault } from '../config/fields.js';
import type { OptionsOf } from '../config/configurable.js';
import { configured } from '../config/configurable.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { changeOption } from './moments.js';
import { learningRate, OptimizerFamily, type OptimizerOptions } from './optimizer.js';

const schema = {
  learningRate: learningRate(0.001),
  /** Share of the running mean that a step keeps. */
  rho: withDefault(float(), 0.9),
  momentum: withDefault(float(), 0),
  epsilon: withDefault(float(), 1e-7),
  /** Divide by the deviation from a running mean of the gradients instead. */
  centered: usedWhen('built', bool(false)),
} as const;

/** Options of `RMSprop`. */
export type RMSpropOptions = OptionsOf<typeof schema> & OptimizerOptions;

/** `v = rho · v + (1 - rho) · g²; w -= rate · g / √(v + epsilon)` (Hinton, 2012), with plain momentum. */
export class RMSprop extends configured(OptimizerFamily, 'RMSprop', schema, ['learningRate']) {
  private velocities: Variable[] = [];
  private momentums: Variable[] = [];
  private averageGradients: Variable[] = [];

  /** @internal */
  optionChanging(name: string, value: unknown): void {
    changeOption(this, name, name === 'momentum' && value !== 0 && this.momentums.length === 0);
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    this.velocities = this.addOptimizerVariables(variables, 'velocity');
    if (this.config.momentum > 0) this.momentums = this.addOptimizerVariables(variables, 'momentum');
    if (this.config.centered) this.averageGradients = this.addOptimizerVariables(variables, 'average_gradient');
  }

  override updateStep(gradient: Tensor, variable: Variable, rate: Variable | Tensor): void {
    const { rho, momentum, epsilon, centered } = this.config;
    const index = this.indexOf(variable);
    const velocity = this.velocities[index]!;
    velocity.assign(ops.add(ops.multiply(rho, velocity), ops.multiply(1 - rho, ops.square(gradient))));
    let denominator = ops.add(velocity, epsilon);
    if (centered) {
      const average = this.averageGradients[index]!;
      average.assign(ops.add(ops.multiply(rho, average), ops.multiply(1 - rho, gradient)));
      denominator = ops.add(ops.subtract(velocity, ops.square(average)), epsilon);
    }
    const increment = ops.divide(ops.multiply(ops.cast(rate, variable.dtype), gradient), ops.sqrt(denominator));
    if (momentum > 0) {
      const m = this.momentums[index]!;
      m.assign(ops.add(ops.multiply(momentum, m), increment));
      variable.assignSub(m);
    } else variable.assignSub(increment);
  }
}
