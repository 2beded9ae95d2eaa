// MelSpectrogram: sounds as spectrograms in the mel scale.
import type { OptionsOf } from '../../config/configurable.js';
import { bool, float, int, nullable, withDefault } from '../../config/fields.js';
import type { DTypeLike } from '../../base/dtype.js';
import { checkOptions } from '../../base/errors.js';
import type { Tensor } from '../../core/tensor.js';
import { windowField } from '../../initializers/stft.js';
import * as ops from '../../ops/index.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const schema = {
  /** Number of points of each transform. Default 2048. */
  fftLength: withDefault(int({ min: 1 }), 2048),
  /** How far sequences are apart, in samples. Default 512. */
  sequenceStride: withDefault(int({ min: 1 }), 512),
  /** Number of samples of a sequence, at most `fftLength`; null, the default: `fftLength`. */
  sequenceLength: nullable(int({ min: 1 })),
  /** The name of a window of `scipy.signal` that needs no parameter, its `sequenceLength` values, or null for none. Default `'hann'`. */
  window: nullable(windowField, 'hann'),
  /** Samples of a second. Default 16000. */
  samplingRate: withDefault(float({ above: 0 }), 16000),
  /** Number of bands. Default 128. */
  numMelBins: withDefault(int({ min: 1 }), 128),
  /** The lowest frequency of the lowest band, in Hertz. Default 20. */
  minFreq: withDefault(float(), 20),
  /** The highest frequency of the highest band, in Hertz; null, the default: half of `samplingRate`. */
  maxFreq: nullable(float()),
  /** Whether powers become decibels. Default true. */
  powerToDb: bool(true),
  /** Decibels are at least this much below the loudest of the batch. Default 80. */
  topDb: withDefault(float(), 80),
  /** Exponent of the magnitudes: 1 for amplitudes, 2 for powers. Default 2. */
  magExp: withDefault(float(), 2),
  /** The least power, of those that become decibels. Default 1e-10. */
  minPower: withDefault(float(), 1e-10),
  /** The power that is 0 decibels. Default 1. */
  refPower: withDefault(float(), 1),
} as const;

/** Options of `MelSpectrogram`. */
export type MelSpectrogramOptions = OptionsOf<typeof schema> & LayerOptions;

/** Options of `MelSpectrogram.linearToMelWeightMatrix`. */
export interface MelWeightsOptions {
  /** Number of bands. Default 20. */
  numMelBins?: number;
  /** Number of frequencies of the spectrogram. Default 129. */
  numSpectrogramBins?: number;
  /** Samples of a second. Default 8000. */
  samplingRate?: number;
  /** The lower edge of the lowest band, in Hertz. Default 125. */
  lowerEdgeHertz?: number;
  /** The upper edge of the highest band, in Hertz. Default 3800. */
  upperEdgeHertz?: number;
  /** Default `'float32'`. */
  dtype?: DTypeLike;
}

const MEL_OPTIONS = ['numMelBins', 'numSpectrogramBins', 'samplingRate', 'lowerEdgeHertz', 'upperEdgeHertz', 'dtype'] as const;

/** Hertz as mels: `2595 log10(1 + f / 700)`. */
const mels = (hertz: Tensor): Tensor => ops.multiply(ops.log(ops.add(ops.divide(hertz, 700), 1)), 1127);

/**
 * Sounds `(batch, samples)`, or one sound, as spectrograms `(batch, numMelBins, time)` in the mel scale, which follows how people hear
 * pitches: short-time Fourier transforms, sums over bands of frequencies, and their decibels. Sequences are centered, with ends reflected:
 * there are `1 + samples / sequenceStride` of them. Computes in float32, or float64 where that is the layer's dtype.
 *
 * ```ts
 * const layer = new keras.layers.MelSpectrogram({ numMelBins: 80, samplingRate: 8000, sequenceStride: 128, fftLength: 2048 });
 * layer(keras.random.uniform([2, 16000])).shape; // [2, 80, 126]
 * ```
 * @throws for a `sequenceLength` above `fftLength`.
 */
export class MelSpectrogram extends layer('MelSpectrogram', schema) {
  static readonly samples = [
    { args: [{ fftLength: 16, sequenceStride: 4, numMelBins: 5, samplingRate: 8000 }], inputs: [[2, 40]] },
    { args: [{ fftLength: 8, sequenceLength: 6, sequenceStride: 3, numMelBins: 3, powerToDb: false, magExp: 1 }], inputs: [[2, 21]] },
  ];
  static override readonly builtWhenMade = true;

  /** Null means what follows from other options. */
  constructor(options: MelSpectrogramOptions = {}) {
    super(options);
    const config = this.config as { sequenceLength: number | null; maxFreq: number | null };
    config.sequenceLength ??= this.config.fftLength;
    config.maxFreq ??= Math.trunc(this.config.samplingRate / 2);
    if (this.config.fftLength < config.sequenceLength) {
      throw new RangeError(
        `MelSpectrogram: fftLength must be at least sequenceLength, received ${this.config.fftLength} and ${config.sequenceLength}`,
      );
    }
  }

  /** @internal The loudest of the batch decides what is too quiet. */
  override takesSamplesApart(): boolean {
    return !this.config.powerToDb;
  }

  override call(inputs: Tensor): Tensor {
    const dtype = this.computeDtype;
    const sounds = ops.cast(inputs, dtype === 'float64' ? 'float64' : 'float32');
    const powers = this.onMelScale(this.spectrogram(sounds));
    const levels = this.config.powerToDb ? this.decibels(powers) : powers;
    return ops.cast(ops.swapaxes(levels, -1, -2), dtype);
  }
  private spectrogram(sounds: Tensor): Tensor {
    const { sequenceLength, sequenceStride, fftLength, window, magExp } = this.config;
    const [real, imaginary] = ops.stft(sounds, sequenceLength!, sequenceStride, fftLength, { window });
    return ops.power(ops.sqrt(ops.add(ops.square(real), ops.square(imaginary))), magExp);
  }
  private onMelScale(spectra: Tensor): Tensor {
    const { numMelBins, samplingRate, minFreq, maxFreq } = this.config;
    const weights = this.linearToMelWeightMatrix({
      numMelBins,
      numSpectrogramBins: spectra.shape.at(-1)!,
      samplingRate,
      lowerEdgeHertz: minFreq,
      upperEdgeHertz: maxFreq!,
    });
    return ops.matmul(spectra, weights);
  }
  private decibels(powers: Tensor): Tensor {
    const { minPower, refPower, topDb } = this.config;
    const tenLogs = (x: Tensor) => ops.multiply(ops.log10(ops.maximum(x, minPower)), 10);
    const levels = ops.subtract(tenLogs(powers), tenLogs(ops.abs(ops.cast(refPower, powers.dtype))));
    return ops.maximum(levels, ops.subtract(ops.max(levels, { initial: -Infinity }), topDb));
  }

  /**
   * The matrix `(numSpectrogramBins, numMelBins)` that sums frequencies, evenly spaced from 0 to `samplingRate / 2`, into bands of the mel
   * scale: triangles with a peak of 1, each from the center of the band before to that of the band after, as in HTK (the Hidden Markov
   * Model Toolkit), which leaves the frequency 0 out.
   */
  linearToMelWeightMatrix(options: MelWeightsOptions = {}): Tensor {
    checkOptions(`${this.label}: linearToMelWeightMatrix`, options, MEL_OPTIONS);
    const { numMelBins = 20, numSpectrogramBins = 129, samplingRate = 8000, lowerEdgeHertz = 125, upperEdgeHertz = 3800 } = options;
    const dtype = options.dtype ?? 'float32';
    const hertz = (value: number): Tensor => ops.cast(value, dtype);
    const frequencies = ops.linspace(hertz(0), ops.divide(hertz(samplingRate), 2), { num: numSpectrogramBins });
    const pitches = ops.expandDims(mels(frequencies.slice([1], [Math.max(0, numSpectrogramBins - 1)])), 1);
    const edges = ops.linspace(mels(hertz(lowerEdgeHertz)), mels(hertz(upperEdgeHertz)), { num: numMelBins + 2 });
    const [lower, center, upper] = [0, 1, 2].map((start) => edges.slice([start], [numMelBins])) as [Tensor, Tensor, Tensor];
    const rising = ops.divide(ops.subtract(pitches, lower), ops.subtract(center, lower));
    const falling = ops.divide(ops.subtract(upper, pitches), ops.subtract(upper, center));
    return ops.pad(ops.maximum(ops.minimum(rising, falling), 0), [[1, 0], [0, 0]]);
  }
}
