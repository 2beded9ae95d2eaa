// The initializer of convolution kernels that compute a short-time Fourier transform.
import { configured } from '../config/configurable.js';
import { bool, field, nullable, oneOf, withDefault } from '../config/fields.js';
import { makeTensor, toTensor, type TensorLike } from '../core/convert.js';
import type { DType } from '../base/dtype.js';
import { castTo } from '../core/cast.js';
import { sameShape, showShape, type Shape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { windowValues } from '../ops/windows.js';
import { readArray, writeArray } from '../config/array-field.js';
import { Initializer } from './initializer.js';

/** A window: the name of one of `scipy.signal` that needs no parameter, or its values. */
export const windowField = field<string | TensorLike>('the name of a window or its values', (value, where) => {
  if (typeof value !== 'string') return readArray(value);
  windowValues(value, 1, true, where); // throws on an unknown name
  return value;
}, { serialize: (value) => (typeof value === 'string' ? value : writeArray(value)) });

/**
 * Kernels of shape `(frame length, 1, frequencies)` with which a convolution gives the real or the imaginary part of a short-time Fourier
 * transform: waves of the frequencies `k / (2 (frequencies - 1))` in each place of a frame, times a window.
 */
export class STFT extends configured(Initializer, 'STFT', {
  /** `'real'` or `'imag'`: the part that the kernel computes. Default `'real'`. */
  side: withDefault(oneOf('real', 'imag'), 'real'),
  /** The name of a window of `scipy.signal` that needs no parameter, its values, or null for none. Default `'hann'`. */
  window: nullable(windowField, 'hann'),
  /**
   * `'density'` divides by the root of the sum of the window's squares, `'spectrum'` by the sum of its absolute values, null by nothing.
   * Default `'density'`.
   */
  scaling: nullable(oneOf('density', 'spectrum'), 'density'),
  /** Whether a window by name is periodic rather than symmetric. Default false. */
  periodic: bool(false),
}) {
  override call(shape: Shape, { dtype }: { dtype: DType }): Tensor {
    if (shape.length !== 3) throw new RangeError(`STFT: expected a shape (frame length, 1, frequencies), received ${showShape(shape)}`);
    const [length, , frequencies] = shape as [number, number, number];
    // Step by step in the wanted dtype, as Keras does: the rounding of the angles shows.
    const frequency = ops.divide(ops.reshape(ops.arange(frequencies, { dtype }), [1, 1, frequencies]), (frequencies - 1) * 2);
    const time = ops.reshape(ops.arange(length, { dtype }), [length, 1, 1]);
    const angles = ops.multiply(ops.multiply(ops.multiply(-2, time), frequency), ops.arccos(ops.cast(-1, dtype)));
    const waves = ops.cast(this.config.side === 'real' ? ops.cos(angles) : ops.sin(angles), dtype);
    const weights = this.weights(length, dtype);
    return weights === null ? waves : ops.divide(ops.multiply(waves, weights), this.scale(weights));
  }

  /** The window as a column of the kernel. */
  private weights(length: number, dtype: DType): Tensor | null {
    const { window: given, periodic } = this.config;
    if (given === null) return null;
    const values =
      typeof given === 'string'
        ? castTo(
            makeTensor('float64', [length], (data) => (data as Float64Array).set(windowValues(given, length, periodic, 'STFT: window'))),
            dtype,
          )
        : toTensor(given, dtype, 'STFT: window');
    if (!sameShape(values.shape, [length]))
      throw new RangeError(`STFT: the window must have the shape (${length},) of a frame, received ${showShape(values.shape)}`);
    return ops.reshape(values, [length, 1, 1]);
  }

  private scale(weights: Tensor): Tensor | number {
    if (this.config.scaling === 'density') return ops.sqrt(ops.sum(ops.square(weights)));
    return this.config.scaling === 'spectrum' ? ops.sum(ops.abs(weights)) : 1;
  }
}
