// Ftrl: follow the regularized leader.
import { float, keyed, usedWhen, withDefault } from '../config/fields.js';
import type { OptionsOf } from '../config/configurable.js';
import { configured } from '../config/configurable.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as initializers from '../initializers/index.js';
import * as ops from '../ops/index.js';
import { learningRate, OptimizerFamily, type OptimizerOptions } from './optimizer.js';

const strength = withDefault(float({ min: 0 }), 0);
const schema = {
  learningRate: learningRate(0.001),
  /** How the rate falls with the sum of the squared gradients, at most 0; 0: it stays. */
  learningRatePower: withDefault(float({ max: 0 }), -0.5),
  /** What the sums of the squares begin with. */
  initialAccumulatorValue: usedWhen('built', withDefault(float({ min: 0 }), 0.1)),
  l1RegularizationStrength: keyed('l1_regularization_strength', strength),
  l2RegularizationStrength: keyed('l2_regularization_strength', strength),
  /** As the L2 strength, but added to the gradient. */
  l2ShrinkageRegularizationStrength: keyed('l2_shrinkage_regularization_strength', strength),
  /** Of the paper; adds `beta / (2 rate)` to the L2 strength. */
  beta: withDefault(float(), 0),
} as const;

/** Options of `Ftrl`. */
export type FtrlOptions = OptionsOf<typeof schema> & OptimizerOptions;

/**
 * With `n' = n + g²` and `s(n) = n^-learningRatePower / rate`: `z += g + 2 · shrinkage · w - (s(n') - s(n)) w;
 * w = (clip(z, -l1, l1) - z) / (s(n') + 2 l2 + beta / rate)` (McMahan et al., 2013).
 */
export class Ftrl extends configured(OptimizerFamily, 'Ftrl', schema, ['learningRate']) {
  private squares: Variable[] = [];
  private linears: Variable[] = [];

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    const initial = [new initializers.Constant(this.config.initialAccumulatorValue), 'zeros'] as const;
    [this.squares, this.linears] = this.addSlots(variables, ['accumulator', 'linear'], initial);
  }

  override updateStep(gradient: Tensor, variable: Variable, rate: Variable | Tensor): void {
    const {
      learningRatePower,
      l1RegularizationStrength: l1,
      l2RegularizationStrength: l2,
      l2ShrinkageRegularizationStrength: shrinkage,
      beta,
    } = this.config;
    const index = this.indexOf(variable);
    const [accumulator, linear] = [this.squares[index]!, this.linears[index]!];
    const lr = ops.cast(rate, variable.dtype);
    const curve = (n: Tensor | Variable): Tensor => (learningRatePower === -0.5 ? ops.sqrt(n) : ops.power(n, -learningRatePower));
    const sum = ops.add(accumulator, ops.square(gradient));
    const shrunk = ops.add(gradient, ops.multiply(variable, 2 * shrinkage));
    const growth = ops.divide(ops.subtract(curve(sum), curve(accumulator)), lr);
    linear.assignAdd(ops.subtract(shrunk, ops.multiply(growth, variable)));
    const quadratic = ops.add(ops.divide(curve(sum), lr), ops.add(ops.divide(beta, lr), 2 * l2));
    variable.assign(ops.divide(ops.subtract(ops.clip(linear, -l1, l1), linear), quadratic));
    accumulator.assign(sum);
  }
}
