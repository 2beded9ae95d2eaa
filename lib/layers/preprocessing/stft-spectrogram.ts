// STFTSpectrogram: sounds as spectrograms, by convolutions whose kernels can learn.
import type { OptionsOf } from '../../config/configurable.js';
import { bool, int, nullable, oneOf, withDefault } from '../../config/fields.js';
import { settings } from '../../base/settings.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import { STFT, windowField } from '../../initializers/stft.js';
import * as ops from '../../ops/index.js';
import { dataFormat } from '../base/data-format.js';
import { InputSpec } from '../base/input-spec.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const schema = {
  /**
   * What of the transforms: `'log'`, the default (logarithms of the magnitudes), `'magnitude'`, `'psd'` (power spectral density), `'real'`,
   * `'imag'`, `'angle'`, or `'stft'` (real parts, then imaginary ones).
   */
  mode: withDefault(oneOf('log', 'magnitude', 'psd', 'real', 'imag', 'angle', 'stft'), 'log'),
  /** Number of samples of a frame. Default 256. */
  frameLength: withDefault(int({ min: 1 }), 256),
  /** How far frames are apart, at most `frameLength`; null, the default: half of it. */
  frameStep: nullable(int({ min: 1 })),
  /** Number of points of each transform, at least `frameLength`; null, the default: the next power of 2. */
  fftLength: nullable(int({ min: 1 })),
  /** The name of a window of `scipy.signal` that needs no parameter, its `frameLength` values, or null for none. Default `'hann'`. */
  window: nullable(windowField, 'hann'),
  /** Whether a window by name is periodic rather than symmetric. Default false. */
  periodic: bool(false),
  /**
   * `'density'`, the default, divides by the root of the sum of the window's squares, `'spectrum'` by the sum of its absolute values, null
   * by nothing.
   */
  scaling: nullable(oneOf('density', 'spectrum'), 'density'),
  /** Whether frames lie within the sound, or over its ends, beyond which it is silent. Default `'valid'`. */
  padding: withDefault(oneOf('valid', 'same'), 'valid'),
  dataFormat: dataFormat(),
  /** Whether frequencies get an axis of their own, as the columns of images. Default false. */
  expandDims: bool(false),
} as const;

/** Options of `STFTSpectrogram`. */
export type STFTSpectrogramOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * Spectrograms of sounds `(batch, time, channels)`, of each channel apart: `(batch, frames, channels * frequencies)`, or with `expandDims`
 * `(batch, frames, frequencies, channels)`. With `dataFormat: 'channels_first'` sounds are `(batch, channels, time)` and spectrograms
 * `(batch, channels * frequencies, frames)` or `(batch, channels, frames, frequencies)`. There are `fftLength / 2 + 1` frequencies, and
 * twice as many numbers in mode `'stft'`. The transform is a convolution with weights that can be trained.
 *
 * ```ts
 * const layer = new keras.layers.STFTSpectrogram({ mode: 'log', frameLength: 256, expandDims: true, trainable: false });
 * layer(keras.random.uniform([2, 16000, 1])).shape; // [2, 124, 129, 1]
 * ```
 * @throws for a `frameStep` above `frameLength`, an `fftLength` below it, and inputs that are no float16, float32 or float64.
 */
export class STFTSpectrogram extends layer('STFTSpectrogram', schema) {
  static readonly samples = [
    { args: [{ mode: 'magnitude', frameLength: 8 }], inputs: [[2, 30, 1]] },
    { args: [{ mode: 'stft', frameLength: 6, frameStep: 2, expandDims: true, padding: 'same', scaling: 'spectrum' }], inputs: [[2, 13, 3]] },
    { args: [{ mode: 'psd', frameLength: 4, fftLength: 8, dataFormat: 'channels_first', window: null }], inputs: [[2, 2, 11]] },
  ];
  /** Kernel of shape (frameLength, 1, frequencies) that computes real parts; absent in mode `'imag'`. */
  declare realKernel: Variable;
  /** Kernel of shape (frameLength, 1, frequencies) that computes imaginary parts; absent in mode `'real'`. */
  declare imagKernel: Variable;

  override inputSpec = new InputSpec({ ndim: 3 });

  constructor(options: STFTSpectrogramOptions = {}) {
    super(options);
    const { frameLength, frameStep, fftLength } = this.config;
    if (this.step < 1 || this.step > frameLength) {
      throw new RangeError(
        `STFTSpectrogram: frameStep must be from 1 to frameLength, received frameStep ${frameStep} and frameLength ${frameLength}`,
      );
    }
    if (fftLength !== null && fftLength < frameLength) {
      throw new RangeError(
        `STFTSpectrogram: fftLength must be at least frameLength, received fftLength ${fftLength} and frameLength ${frameLength}`,
      );
    }
    if (fftLength !== null && !Number.isInteger(Math.log2(fftLength)))
      process.emitWarning(`${this.label}: fftLength should be a power of 2, received ${fftLength}`);
  }

  private get step(): number {
    return this.config.frameStep ?? Math.floor(this.config.frameLength / 2);
  }
  private get frequencies(): number {
    const { frameLength, fftLength } = this.config;
    return Math.floor((fftLength ?? 2 ** Math.ceil(Math.log2(frameLength))) / 2) + 1;
  }

  override build(): void {
    const { mode, frameLength, window, scaling, periodic } = this.config;
    const kernel = (side: 'real' | 'imag'): Variable =>
      this.addWeight({
        name: `${side}_kernel`,
        shape: [frameLength, 1, this.frequencies],
        initializer: new STFT({ side, window, scaling, periodic }),
      });
    if (mode !== 'imag') this.realKernel = kernel('real');
    if (mode !== 'real') this.imagKernel = kernel('imag');
  }

  override call(inputs: Tensor): Tensor {
    if (!['float16', 'float32', 'float64'].includes(inputs.dtype))
      throw new TypeError(`${this.label}: inputs must be float16, float32 or float64, received ${inputs.dtype}`);
    return this.arranged(this.parts(inputs));
  }

  /** What the mode asks for, of shape (batch, channels, frames, frequencies). */
  private parts(inputs: Tensor): Tensor {
    const real = () => this.transformed(inputs, this.realKernel);
    const imag = () => this.transformed(inputs, this.imagKernel);
    const { mode } = this.config;
    if (mode === 'real') return real();
    if (mode === 'imag') return imag();
    if (mode === 'angle') return ops.arctan2(imag(), real());
    if (mode === 'stft') return ops.concatenate([real(), imag()], { axis: -1 });
    const power = ops.add(ops.square(real()), ops.square(imag()));
    if (mode === 'psd') return ops.add(power, this.mirrored(power));
    const magnitude = ops.sqrt(ops.maximum(power, settings.epsilon));
    return mode === 'magnitude' ? magnitude : ops.log(ops.maximum(magnitude, settings.epsilon));
  }
  /** The powers of negative frequencies, those of the positive ones: all but the first and the last. */
  private mirrored(power: Tensor): Tensor {
    const lead = power.shape.slice(0, -1);
    const inner = ops.slice(power, [...lead.map(() => 0), 1], [...lead, Math.max(0, this.frequencies - 2)]);
    return ops.pad(inner, [[0, 0], [0, 0], [0, 0], [1, 1]]);
  }
  /** The convolution of each channel with a kernel. */
  private transformed(inputs: Tensor, kernel: Variable): Tensor {
    const { dataFormat: format, padding } = this.config;
    const sounds = format === 'channels_last' ? ops.transpose(inputs, [0, 2, 1]) : inputs;
    const [batch, channels, time] = sounds.shape as [number, number, number];
    const spectra = ops.conv(ops.reshape(sounds, [batch * channels, time, 1]), ops.cast(kernel, inputs.dtype), {
      strides: this.step,
      padding,
      dataFormat: 'channels_last',
    });
    return ops.reshape(spectra, [batch, channels, ...spectra.shape.slice(1)]);
  }
  /** Brings (batch, channels, frames, frequencies) into the order of the output. */
  private arranged(spectra: Tensor): Tensor {
    const { dataFormat: format, expandDims } = this.config;
    const [batch, channels, frames, frequencies] = spectra.shape as [number, number, number, number];
    if (format === 'channels_first') {
      return expandDims ? spectra : ops.reshape(ops.transpose(spectra, [0, 1, 3, 2]), [batch, channels * frequencies, frames]);
    }
    return expandDims
      ? ops.transpose(spectra, [0, 2, 3, 1])
      : ops.reshape(ops.transpose(spectra, [0, 2, 1, 3]), [batch, frames, channels * frequencies]);
  }
}
