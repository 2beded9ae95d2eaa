// SGD: gradient descent, with momentum.
import { bool, float, withDefault } from '../config/fields.js';
import type { OptionsOf } from '../config/configurable.js';
import { configured } from '../config/configurable.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { changeOption } from './moments.js';
import { learningRate, OptimizerFamily, type OptimizerOptions } from './optimizer.js';

const schema = {
  learningRate: learningRate(0.01),
  momentum: withDefault(float({ min: 0, max: 1 }), 0),
  nesterov: bool(false),
} as const;

/** Options of `SGD`. */
export type SGDOptions = OptionsOf<typeof schema> & OptimizerOptions;

/**
 * Gradient descent: `w -= rate · g`; with momentum `m = momentum · m - rate · g; w += m`, and with `nesterov`
 * `w += momentum · m - rate · g` (Sutskever et al., 2013).
 */
export class SGD extends configured(OptimizerFamily, 'SGD', schema, ['learningRate']) {
  private momentums: Variable[] = [];

  /** @internal */
  optionChanging(name: string, value: unknown): void {
    changeOption(this, name, name === 'momentum' && value !== 0 && this.momentums.length === 0);
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    if (this.config.momentum !== 0) this.momentums = this.addOptimizerVariables(variables, 'momentum');
  }

  override updateStep(gradient: Tensor, variable: Variable, rate: Variable | Tensor): void {
    const { momentum, nesterov } = this.config;
    const step = ops.multiply(gradient, ops.cast(rate, variable.dtype));
    if (momentum === 0) {
      variable.assignSub(step);
      return;
    }
    const m = this.momentums[this.indexOf(variable)]!;
    m.assign(ops.subtract(ops.multiply(m, momentum), step));
    variable.assignAdd(nesterov ? ops.subtract(ops.multiply(m, momentum), step) : m);
  }
}
