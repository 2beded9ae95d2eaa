// The decays: exponential, inverse-time, polynomial and piecewise constant.
import { bool, field, float, string, withDefault } from '../../config/fields.js';
import { configured, type OptionsOf } from '../../config/configurable.js';
import { scalarTensor } from '../../core/convert.js';
import { settings } from '../../base/settings.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { ScheduleFamily } from './schedule.js';

/** A constant of the default float type. */
export const constant = (value: number): Tensor => scalarTensor(value, settings.floatx);
/** The step as a float. */
export const floatStep = (step: Tensor): Tensor => ops.cast(step, settings.floatx);
const steps = float({ above: 0 });
const numbers = field<readonly number[]>('an array of numbers', (v) =>
  Array.isArray(v) && v.every((n) => typeof n === 'number') ? v : undefined,
);

const decaySchema = (name: string) => ({
  initialLearningRate: float(),
  decaySteps: steps,
  decayRate: float(),
  /** Decay in whole intervals of `decaySteps`. */
  staircase: bool(false),
  name: withDefault(string(), name),
} as const);
const REQUIRED = ['initialLearningRate', 'decaySteps', 'decayRate'] as const;

/** Intervals of `decaySteps` so far. */
function intervals(step: Tensor, decaySteps: number, staircase: boolean): Tensor {
  const p = ops.divide(floatStep(step), constant(decaySteps));
  return staircase ? ops.floor(p) : p;
}

const exponentialSchema = decaySchema('ExponentialDecay');
/** Options of `ExponentialDecay`. */
export type ExponentialDecayOptions = OptionsOf<typeof exponentialSchema>;
/** `initialLearningRate · decayRate ^ (step / decaySteps)`. */
export class ExponentialDecay extends configured(ScheduleFamily, 'ExponentialDecay', exponentialSchema, REQUIRED) {
  static readonly samples = [{ args: [0.1, 10, 0.9] }, { args: [0.1, 10, 0.9, { staircase: true }] }];

  override call(step: Tensor): Tensor {
    const { initialLearningRate, decaySteps, decayRate, staircase } = this.config;
    return ops.multiply(constant(initialLearningRate), ops.power(constant(decayRate), intervals(step, decaySteps, staircase)));
  }
}

const inverseSchema = decaySchema('InverseTimeDecay');
/** Options of `InverseTimeDecay`. */
export type InverseTimeDecayOptions = OptionsOf<typeof inverseSchema>;
/** `initialLearningRate / (1 + decayRate · step / decaySteps)`. */
export class InverseTimeDecay extends configured(ScheduleFamily, 'InverseTimeDecay', inverseSchema, REQUIRED) {
  static readonly samples = [{ args: [0.1, 10, 0.5] }, { args: [0.1, 10, 0.5, { staircase: true }] }];

  override call(step: Tensor): Tensor {
    const { initialLearningRate, decaySteps, decayRate, staircase } = this.config;
    return ops.divide(
      constant(initialLearningRate),
      ops.add(constant(1), ops.multiply(constant(decayRate), intervals(step, decaySteps, staircase))),
    );
  }
}

const polynomialSchema = {
  initialLearningRate: float(),
  decaySteps: steps,
  endLearningRate: withDefault(float(), 0.0001),
  power: withDefault(float(), 1),
  /** Start again, with longer and longer intervals, instead of staying at the end. */
  cycle: bool(false),
  name: withDefault(string(), 'PolynomialDecay'),
} as const;
/** Options of `PolynomialDecay`. */
export type PolynomialDecayOptions = OptionsOf<typeof polynomialSchema>;
/** From `initialLearningRate` to `endLearningRate` in `decaySteps`, along `(1 - step / decaySteps) ^ power`. */
export class PolynomialDecay extends configured(ScheduleFamily, 'PolynomialDecay', polynomialSchema, [
  'initialLearningRate',
  'decaySteps',
]) {
  static readonly samples = [{ args: [0.1, 10] }, { args: [0.1, 10, { power: 2, cycle: true }] }];

  override call(step: Tensor): Tensor {
    const { initialLearningRate, decaySteps, endLearningRate, power, cycle } = this.config;
    let at = floatStep(step);
    let length = constant(decaySteps);
    if (cycle) {
      const multiplier = ops.where(ops.equal(at, 0), constant(1), ops.ceil(ops.divide(at, length)));
      length = ops.multiply(length, multiplier);
    } else at = ops.minimum(at, length);
    const p = ops.divide(at, length);
    const range = ops.subtract(constant(initialLearningRate), constant(endLearningRate));
    return ops.add(ops.multiply(range, ops.power(ops.subtract(1, p), constant(power))), constant(endLearningRate));
  }
}

const piecewiseSchema = {
  boundaries: numbers,
  values: numbers,
  name: withDefault(string(), 'PiecewiseConstant'),
} as const;
/** Options of `PiecewiseConstantDecay`. */
export type PiecewiseConstantDecayOptions = OptionsOf<typeof piecewiseSchema>;
const PiecewiseBase = configured(ScheduleFamily, 'PiecewiseConstantDecay', piecewiseSchema, ['boundaries', 'values']);
/** `values[0]` up to and with step `boundaries[0]`, then `values[1]` up to `boundaries[1]`, … There is one value more than boundaries. */
export class PiecewiseConstantDecay extends PiecewiseBase {
  static readonly samples = [{ args: [[3, 7], [1.0, 0.5, 0.1]] }];

  /** @throws unless there is one value more than boundaries. */
  constructor(...args: ConstructorParameters<typeof PiecewiseBase>) {
    super(...args);
    const { boundaries, values } = this.config;
    if (boundaries.length !== values.length - 1)
      throw new RangeError(
        `PiecewiseConstantDecay: needs one value more than boundaries, received ${boundaries.length} boundaries and ${values.length} ` +
          `values`,
      );
  }

  override call(step: Tensor): Tensor {
    const { boundaries, values } = this.config;
    let rate = constant(values.at(-1)!);
    for (let i = boundaries.length - 1; i >= 0; i--)
      rate = ops.where(ops.lessEqual(step, ops.cast(boundaries[i]!, step.dtype)), constant(values[i]!), rate);
    return rate;
  }
}
