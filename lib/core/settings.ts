// Global numeric settings, read wherever a default dtype or a small constant is needed. `keras.config` exposes them.
import type { FloatDType } from './dtype.js';

/** Mutable process-wide settings (one set per JavaScript realm). */
export const settings = {
  /** Default float dtype of new tensors and weights. */
  floatx: 'float32' as FloatDType,
  /** Small constant that keeps logarithms and divisions finite. */
  epsilon: 1e-7,
  /** Where the channel axis of images stands. */
  imageDataFormat: 'channels_last' as 'channels_last' | 'channels_first',
};
