// Adagrad: steps divided by the root of the sum of all squared gradients.
import { float, usedWhen, withDefault } from '../config/fields.js';
import type { OptionsOf } from '../config/configurable.js';
import { configured } from '../config/configurable.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as initializers from '../initializers/index.js';
import * as ops from '../ops/index.js';
import { learningRate, OptimizerFamily, type OptimizerOptions } from './optimizer.js';

const schema = {
  learningRate: learningRate(0.001),
  /** What the sums of the squares begin with. */
  initialAccumulatorValue: usedWhen('built', withDefault(float(), 0.1)),
  epsilon: withDefault(float(), 1e-7),
} as const;

/** Options of `Adagrad`. */
export type AdagradOptions = OptionsOf<typeof schema> & OptimizerOptions;

/** `a += g²; w -= rate · g / √(a + epsilon)` (Duchi et al., 2011). */
export class Adagrad extends configured(OptimizerFamily, 'Adagrad', schema, ['learningRate']) {
  private squares: Variable[] = [];

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    this.squares = this.addOptimizerVariables(variables, 'accumulator', {
      initializer: new initializers.Constant(this.config.initialAccumulatorValue),
    });
  }

  override updateStep(gradient: Tensor, variable: Variable, rate: Variable | Tensor): void {
    const accumulator = this.squares[this.indexOf(variable)]!;
    accumulator.assignAdd(ops.square(gradient));
    const step = ops.multiply(gradient, ops.cast(rate, variable.dtype));
    variable.assignSub(ops.divide(step, ops.sqrt(ops.add(accumulator, this.config.epsilon))));
  }
}
