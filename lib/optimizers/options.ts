// The options that every optimizer has.
import { bool, float, int, nullable, string, type Field, field, usedWhen, withDefault } from '../config/fields.js';
import type { SerializedObject } from '../config/registration.js';
import type { TensorLike } from '../core/convert.js';
import * as schedules from './schedules/index.js';
import { LearningRateSchedule } from './schedules/schedule.js';

/** A rate: a number, a schedule, or a function without arguments that gives one. */
export type LearningRate = number | LearningRateSchedule | (() => TensorLike);

/** The field of the rate; a schedule may come as its config. */
export const learningRate = (initial: number): Field<LearningRate | SerializedObject, LearningRate, false> =>
  withDefault(
    field<LearningRate | SerializedObject, LearningRate>('a number >= 0, a LearningRateSchedule or a function', (value) => {
      if (typeof value === 'number') return value >= 0 && Number.isFinite(value) ? value : undefined;
      if (value instanceof LearningRateSchedule) return value;
      if (typeof value === 'function') return value as () => TensorLike;
      return typeof value === 'object' && value !== null && 'class_name' in value
        ? schedules.deserialize(value as SerializedObject)
        : undefined;
    }, { serialize: (rate) => (rate instanceof LearningRateSchedule ? schedules.serialize(rate) : rate) }),
    initial,
  );

/** Options of every optimizer, in Keras's order. */
export const optimizerSchema = {
  /** Name; by default the class's, in snake_case. */
  name: nullable(string()),
  learningRate: learningRate(0.001),
  /** Fraction of each weight that every step takes away, times the rate. */
  weightDecay: nullable(float()),
  /** Each gradient is scaled to this norm at most. */
  clipnorm: nullable(float()),
  /** All gradients together are scaled to this norm at most. */
  globalClipnorm: nullable(float()),
  /** Each gradient's elements are brought into [-clipvalue, clipvalue]. */
  clipvalue: nullable(float()),
  /** Keep an exponential moving average of the weights. */
  useEma: usedWhen('built', bool(false)),
  emaMomentum: withDefault(float({ min: 0, max: 1 }), 0.99),
  /** After how many steps the weights are replaced by their average; null: at the end of `fit`. */
  emaOverwriteFrequency: nullable(int({ min: 1 })),
  /** The loss is multiplied by it and the gradients divided. */
  lossScaleFactor: nullable(float()),
  /** Update after so many steps, with the mean of their gradients. */
  gradientAccumulationSteps: usedWhen('built', nullable(int({ min: 2 }))),
} as const;
