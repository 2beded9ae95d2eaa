// Lamb: Adam whose steps are as long as the weights.
import type { OptionsOf } from '../config/configurable.js';
import { configured } from '../config/configurable.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { moveMean, momentSchema } from './moments.js';
import { OptimizerFamily, type OptimizerOptions } from './optimizer.js';

/** Options of `Lamb`. */
export type LambOptions = OptionsOf<typeof momentSchema> & OptimizerOptions;

const norm = (x: Tensor | Variable): Tensor => ops.sqrt(ops.sum(ops.square(x)));

/** With Adam's step `d = m̂ / (√v̂ + epsilon)`: `w -= rate · (‖w‖ / ‖d‖) · d`; without the ratio where a norm is 0 (You et al., 2020). */
export class Lamb extends configured(OptimizerFamily, 'Lamb', momentSchema, ['learningRate']) {
  private momentums: Variable[] = [];
  private velocities: Variable[] = [];

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    [this.momentums, this.velocities] = this.addSlots(variables, ['momentum', 'velocity']);
  }

  override updateStep(gradient: Tensor, variable: Variable, rate: Variable | Tensor): void {
    const { beta1, beta2, epsilon } = this.config;
    const index = this.indexOf(variable);
    const [m, v] = [this.momentums[index]!, this.velocities[index]!];
    const step = this.stepOf(variable);
    moveMean(m, gradient, beta1);
    moveMean(v, ops.square(gradient), beta2);
    const mean = ops.divide(m, ops.subtract(1, ops.power(beta1, step)));
    const root = ops.sqrt(ops.divide(v, ops.subtract(1, ops.power(beta2, step))));
    const update = ops.divide(mean, ops.add(root, epsilon));
    const [ofWeights, ofUpdate] = [norm(variable), norm(update)];
    const both = ops.logicalAnd(ops.greater(ofWeights, 0), ops.greater(ofUpdate, 0));
    const ratio = ops.where(both, ops.divide(ofWeights, ofUpdate), 1);
    variable.assignSub(ops.multiply(update, ops.multiply(ratio, ops.cast(rate, variable.dtype))));
  }
}
