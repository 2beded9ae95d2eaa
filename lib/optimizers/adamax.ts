// Adamax: Adam with the largest gradient in the place of the mean square.
import type { OptionsOf } from '../config/configurable.js';
import { configured } from '../config/configurable.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { moveMean, momentSchema } from './moments.js';
import { OptimizerFamily, type OptimizerOptions } from './optimizer.js';

const schema = {
  ...momentSchema,
  /** Share of the largest gradient so far that a step keeps. */
  beta2: momentSchema.beta2,
} as const;

/** Options of `Adamax`. */
export type AdamaxOptions = OptionsOf<typeof schema> & OptimizerOptions;

/** `m += (g - m)(1 - beta1); u = max(beta2 · u, |g|); w -= rate · m / ((1 - beta1ᵗ)(u + epsilon))` (Kingma and Ba, 2014, section 7.1). */
export class Adamax extends configured(OptimizerFamily, 'Adamax', schema, ['learningRate']) {
  private momentums: Variable[] = [];
  private norms: Variable[] = [];

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    [this.momentums, this.norms] = this.addSlots(variables, ['momentum', 'norm']);
  }

  override updateStep(gradient: Tensor, variable: Variable, rate: Variable | Tensor): void {
    const { beta1, beta2, epsilon } = this.config;
    const index = this.indexOf(variable);
    const [m, u] = [this.momentums[index]!, this.norms[index]!];
    const alpha = ops.divide(ops.cast(rate, variable.dtype), ops.subtract(1, ops.power(beta1, this.stepOf(variable))));
    moveMean(m, gradient, beta1);
    u.assign(ops.maximum(ops.multiply(u, beta2), ops.abs(gradient)));
    variable.assignSub(ops.divide(ops.multiply(m, alpha), ops.add(u, epsilon)));
  }
}
