// Lion: steps of one size, in the direction of the sign of a momentum.
import { float, keyed, withDefault } from '../config/fields.js';
import type { OptionsOf } from '../config/configurable.js';
import { configured } from '../config/configurable.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { learningRate, OptimizerFamily, type OptimizerOptions } from './optimizer.js';

const schema = {
  learningRate: learningRate(0.001),
  /** Share of the momentum in the direction of a step, above 0. */
  beta1: keyed('beta_1', withDefault(float({ above: 0, max: 1 }), 0.9)),
  /** Share of the momentum that a step keeps. */
  beta2: keyed('beta_2', withDefault(float(), 0.99)),
} as const;

/** Options of `Lion`. */
export type LionOptions = OptionsOf<typeof schema> & OptimizerOptions;

/** `w -= rate · sign(beta1 · m + (1 - beta1) g); m = beta2 · m + (1 - beta2) g` (Chen et al., 2023). */
export class Lion extends configured(OptimizerFamily, 'Lion', schema, ['learningRate']) {
  private momentums: Variable[] = [];

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    this.momentums = this.addOptimizerVariables(variables, 'momentum');
  }

  override updateStep(gradient: Tensor, variable: Variable, rate: Variable | Tensor): void {
    const { beta1, beta2 } = this.config;
    const m = this.momentums[this.indexOf(variable)]!;
    const blend = (beta: number): Tensor => ops.add(ops.multiply(m, beta), ops.multiply(gradient, 1 - beta));
    variable.assignSub(ops.multiply(ops.sign(blend(beta1)), ops.cast(rate, variable.dtype)));
    m.assign(blend(beta2));
  }
}
