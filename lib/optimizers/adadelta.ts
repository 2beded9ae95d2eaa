// Adadelta: steps as large as those before, relative to the gradients.
import { float, withDefault } from '../config/fields.js';
import type { OptionsOf } from '../config/configurable.js';
import { configured } from '../config/configurable.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { learningRate, OptimizerFamily, type OptimizerOptions } from './optimizer.js';

const schema = {
  learningRate: learningRate(0.001),
  /** Share of the running means that a step keeps. */
  rho: withDefault(float(), 0.95),
  epsilon: withDefault(float(), 1e-7),
} as const;

/** Options of `Adadelta`. */
export type AdadeltaOptions = OptionsOf<typeof schema> & OptimizerOptions;

/** With running means `a` of g² and `b` of d²: `d = g · √(b + epsilon) / √(a + epsilon); w -= rate · d` (Zeiler, 2012). */
export class Adadelta extends configured(OptimizerFamily, 'Adadelta', schema, ['learningRate']) {
  private gradients: Variable[] = [];
  private deltas: Variable[] = [];

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    [this.gradients, this.deltas] = this.addSlots(variables, ['accumulated_grad', 'accumulated_delta_var']);
  }

  override updateStep(gradient: Tensor, variable: Variable, rate: Variable | Tensor): void {
    const { rho, epsilon } = this.config;
    const index = this.indexOf(variable);
    const [a, b] = [this.gradients[index]!, this.deltas[index]!];
    const mean = (old: Variable, x: Tensor): Tensor => ops.add(ops.multiply(old, rho), ops.multiply(ops.square(x), 1 - rho));
    const root = (x: Variable): Tensor => ops.sqrt(ops.add(x, epsilon));
    a.assign(mean(a, gradient));
    const delta = ops.divide(ops.multiply(root(b), gradient), root(a));
    b.assign(mean(b, delta));
    variable.assignSub(ops.multiply(delta, ops.cast(rate, variable.dtype)));
  }
}
