// `keras.optimizers.schedules`.
import { didYouMean } from '../../base/errors.js';
import { deserializeObject, provideMembers, serializeObject, type SerializedObject } from '../../config/registration.js';
import { CosineDecay, CosineDecayRestarts } from './cosine.js';
import { ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay } from './decay.js';
import { LearningRateSchedule } from './schedule.js';

export { CosineDecay, type CosineDecayOptions, CosineDecayRestarts, type CosineDecayRestartsOptions } from './cosine.js';
export {
  ExponentialDecay, type ExponentialDecayOptions, InverseTimeDecay, type InverseTimeDecayOptions, PiecewiseConstantDecay,
  type PiecewiseConstantDecayOptions, PolynomialDecay, type PolynomialDecayOptions,
} from './decay.js';
export { LearningRateSchedule } from './schedule.js';

const classes = { CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay };

provideMembers('keras.optimizers.schedules', classes);

/** Keras's form of a schedule. */
export const serialize = (schedule: LearningRateSchedule): SerializedObject => serializeObject(LearningRateSchedule.module, schedule);

/** Makes a schedule from Keras's form. @throws a TypeError with the nearest name for an unknown class. */
export function deserialize(
  config: SerializedObject,
  options: { customObjects?: Readonly<Record<string, unknown>> } = {},
): LearningRateSchedule {
  return deserializeObject<LearningRateSchedule>(
    classes,
    config,
    (name) => new TypeError(`unknown learning-rate schedule '${name}'${didYouMean(name, Object.keys(classes))}`),
    options.customObjects,
  );
}
