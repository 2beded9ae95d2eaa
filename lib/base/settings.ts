// Global numeric settings, read wherever a default dtype or a small constant is needed. `keras.config` exposes them.
import type { FloatDType } from './dtype.js';

const limitOf = (text: string | undefined): number | null => (text !== undefined && /^\d+$/.test(text) ? Number(text) : null);

/** Mutable process-wide settings (one set per JavaScript realm). */
export const settings = {
  /** Default float dtype of new tensors and weights. */
  floatx: 'float32' as FloatDType,
  /** Small constant that keeps logarithms and divisions finite. */
  epsilon: 1e-7,
  /** Where the channel axis of images stands. */
  imageDataFormat: 'channels_last' as 'channels_last' | 'channels_first',
  /** Whether attention may use a fused kernel; null: as it sees fit. */
  flashAttention: null as boolean | null,
  /** Whether messages go to standard output. */
  interactiveLogging: true,
  /** Epochs of a `fit` at most; null: no limit. */
  maxEpochs: limitOf(process.env.KERAS_MAX_EPOCHS),
  /** Steps of an epoch of `fit`, `evaluate` and `predict` at most; null: no limit. */
  maxStepsPerEpoch: limitOf(process.env.KERAS_MAX_STEPS_PER_EPOCH),
};
