// PReLU: the rectified linear unit with learned slopes below zero.
import * as activations from '../../activations/index.js';
import type { OptionsOf } from '../../config/configurable.js';
import { field, nullable } from '../../config/fields.js';
import { constraint } from '../../constraints/field.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import { initializer } from '../../initializers/field.js';
import * as ops from '../../ops/index.js';
import { regularizer } from '../../regularizers/field.js';
import { InputSpec } from '../base/input-spec.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const isAxis = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && value >= 1;
const axes = field<number | readonly number[], readonly number[]>('an axis >= 1 or an array of them', (v) => {
  const list = Array.isArray(v) ? v : [v];
  return list.every(isAxis) ? (list as number[]) : undefined;
});

const schema = {
  alphaInitializer: initializer('zeros'),
  alphaRegularizer: regularizer(),
  alphaConstraint: constraint(),
  /** Axes along which one slope serves all elements; the batch is axis 0. */
  sharedAxes: nullable(axes),
} as const;

/** Options of `PReLU`. */
export type PReLUOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * `x` where it is at least 0, `alpha * x` elsewhere, with a learned `alpha` for each element of a sample (He et al., 2015). The shape
 * stays the same.
 *
 * @throws when a shared axis is none of the input, or another axis has another size than the layer was built with.
 */
export class PReLU extends layer('PReLU', schema) {
  static readonly takes = 'tensor';
  static readonly samples = [
    { args: [{ alphaInitializer: 'ones' }], inputs: [[2, 3]] },
    { args: [{ sharedAxes: [1] }], inputs: [[2, 3, 4]] },
  ];
  /** Slopes, of the shape of a sample with 1 for each shared axis. */
  declare alpha: Variable;

  override inputSpec: InputSpec | readonly InputSpec[] | null = null;
  override supportsMasking = true;

  override build(inputShape: readonly (number | null)[]): void {
    const { alphaInitializer, alphaRegularizer, alphaConstraint, sharedAxes } = this.config;
    const shared = new Set(sharedAxes ?? []);
    const rank = inputShape.length;
    for (const axis of shared)
      if (axis >= rank) throw new RangeError(`PReLU "${this.name}": sharedAxes names axis ${axis}, but the input has ${rank} axes`);
    this.alpha = this.addWeight({
      name: 'alpha',
      shape: inputShape.slice(1).map((size, i) => (shared.has(i + 1) ? 1 : size)),
      initializer: alphaInitializer,
      regularizer: alphaRegularizer,
      constraint: alphaConstraint,
    });
    const own = inputShape.flatMap((size, axis) => (shared.size === 0 || axis === 0 || shared.has(axis) ? [] : [[axis, size] as const]));
    this.inputSpec = new InputSpec({ ndim: rank, axes: Object.fromEntries(own) });
  }

  override call(x: Tensor): Tensor {
    const below = ops.multiply(ops.negative(this.alpha), activations.relu(ops.negative(x)));
    return ops.add(activations.relu(x), below);
  }
}
