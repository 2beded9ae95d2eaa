// The cosine decays (Loshchilov and Hutter, 2016).
import { configured, type OptionsOf } from '../../config/configurable.js';
import { float, keyed, nullable, string, withDefault } from '../../config/fields.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { constant, floatStep } from './decay.js';
import { ScheduleFamily } from './schedule.js';

const schema = {
  initialLearningRate: float(),
  decaySteps: float({ above: 0 }),
  /** The last rate, as a fraction of the first. */
  alpha: withDefault(float(), 0),
  name: withDefault(string(), 'CosineDecay'),
  /** Rise linearly to this rate first, in `warmupSteps`; null: no warm-up. */
  warmupTarget: nullable(float()),
  warmupSteps: withDefault(float({ min: 0 }), 0),
} as const;
/** Options of `CosineDecay`. */
export type CosineDecayOptions = OptionsOf<typeof schema>;

/** Half a cosine wave from the first rate (or the warm-up's target) to `alpha` times it, in `decaySteps`. */
export class CosineDecay extends configured(ScheduleFamily, 'CosineDecay', schema, ['initialLearningRate', 'decaySteps']) {
  static readonly samples = [{ args: [0.1, 10] }, { args: [0, 10, { alpha: 0.1, warmupTarget: 0.2, warmupSteps: 4 }] }];

  override call(step: Tensor): Tensor {
    const { initialLearningRate, decaySteps, warmupTarget, warmupSteps } = this.config;
    if (warmupTarget === null) return this.decayed(ops.minimum(floatStep(step), constant(decaySteps)), initialLearningRate);
    const at = ops.minimum(floatStep(step), ops.add(constant(decaySteps), constant(warmupSteps)));
    const rise = ops.subtract(constant(warmupTarget), constant(initialLearningRate));
    const warm = ops.add(ops.multiply(rise, ops.divide(at, constant(warmupSteps))), constant(initialLearningRate));
    return ops.where(ops.less(at, constant(warmupSteps)), warm, this.decayed(ops.subtract(at, constant(warmupSteps)), warmupTarget));
  }

  private decayed(step: Tensor, from: number): Tensor {
    const { decaySteps, alpha } = this.config;
    const wave = ops.cos(ops.multiply(constant(Math.PI), ops.divide(step, constant(decaySteps))));
    const cosine = ops.multiply(0.5, ops.add(1, wave));
    return ops.multiply(constant(from), ops.add(ops.multiply(1 - alpha, cosine), alpha));
  }
}

const restartsSchema = {
  initialLearningRate: float(),
  firstDecaySteps: float({ above: 0 }),
  /** How much longer each period is than the one before. */
  tMul: keyed('t_mul', withDefault(float(), 2)),
  /** The first rate of each period, as a fraction of that before. */
  mMul: keyed('m_mul', withDefault(float(), 1)),
  alpha: withDefault(float(), 0),
  name: withDefault(string(), 'SGDRDecay'),
} as const;
/** Options of `CosineDecayRestarts`. */
export type CosineDecayRestartsOptions = OptionsOf<typeof restartsSchema>;

/** Cosine decays one after the other, each starting anew. */
export class CosineDecayRestarts extends configured(ScheduleFamily, 'CosineDecayRestarts', restartsSchema, [
  'initialLearningRate',
  'firstDecaySteps',
]) {
  static readonly samples = [{ args: [0.1, 10] }, { args: [0.1, 5, { tMul: 1, mMul: 0.9, alpha: 0.1 }] }];

  override call(step: Tensor): Tensor {
    const { initialLearningRate, firstDecaySteps, tMul, mMul, alpha } = this.config;
    const fraction = ops.divide(floatStep(step), constant(firstDecaySteps));
    const [restart, within] = tMul === 1 ? evenly(fraction) : geometrically(fraction, tMul);
    const amplitude = ops.multiply(0.5, ops.power(constant(mMul), restart));
    const cosine = ops.multiply(amplitude, ops.add(1, ops.cos(ops.multiply(constant(Math.PI), within))));
    return ops.multiply(constant(initialLearningRate), ops.add(ops.multiply(ops.subtract(1, constant(alpha)), cosine), constant(alpha)));
  }
}

/** Number of the period and the place in it, from 0 to 1, for periods of one length. */
function evenly(fraction: Tensor): [Tensor, Tensor] {
  const restart = ops.floor(fraction);
  return [restart, ops.subtract(fraction, restart)];
}

/** The same for periods that grow by a factor. */
function geometrically(fraction: Tensor, factor: number): [Tensor, Tensor] {
  const t = constant(factor);
  const rest = ops.subtract(1, t);
  const restart = ops.floor(ops.divide(ops.log(ops.subtract(1, ops.multiply(fraction, rest))), ops.log(t)));
  const power = ops.power(t, restart);
  const before = ops.divide(ops.subtract(1, power), rest);
  return [restart, ops.divide(ops.subtract(fraction, before), power)];
}
