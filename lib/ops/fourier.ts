// Fourier transforms of `keras.ops`. Complex tensors are pairs of real and imaginary parts.
import type { TensorLike } from '../core/convert.js';
import { filled, makeTensor, toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { isFloat, isHalf, type DType } from '../base/dtype.js';
import { show } from '../base/errors.js';
import { integer } from '../base/integers.js';
import { sameShape, showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { partOf } from './axes.js';
import * as p from './primitives/index.js';
import * as transforms from './primitives/fft.js';
import type { Pair } from './primitives/fft.js';
import { constant } from './primitives/primitive.js';
import { promote, publicOp, toFloat } from './public.js';
import { pad } from './shape.js';
import { windowValues } from './windows.js';

/** Real and imaginary parts: two float tensors of one shape. */
export type ComplexPair = readonly [TensorLike, TensorLike];

/** Both parts in a dtype that the kernels have. Throws unless there are two floats of one shape with at least `rank` axes. */
function readPair(where: string, x: ComplexPair, rank = 1): { parts: Pair; dtype: DType } {
  if (!Array.isArray(x) || x.length !== 2)
    throw new TypeError(`${where}: expected a pair of tensors, the real and the imaginary part, received ${show(x)}`);
  const parts = x.map((part) => toTensor(part, null, where));
  const [re, im] = parts as [Tensor, Tensor];
  if (!sameShape(re.shape, im.shape))
    throw new RangeError(`${where}: real and imaginary part have different shapes ${showShape(re.shape)} and ${showShape(im.shape)}`);
  if (re.ndim < rank)
    throw new RangeError(`${where}: expected at least ${rank === 1 ? '1 axis' : `${rank} axes`}, received shape ${showShape(re.shape)}`);
  for (const part of parts)
    if (!isFloat(part.dtype)) throw new TypeError(`${where}: both parts must be floats, received ${re.dtype} and ${im.dtype}`);
  const [a, b] = promote(where, parts);
  const { dtype } = a!;
  return { parts: [wide(a!), wide(b!)], dtype };
}
const wide = (x: Tensor): Tensor => (isHalf(x.dtype) ? castTo(x, 'float32') : x);
const narrow = (parts: Pair, dtype: DType): [Tensor, Tensor] => [castTo(parts[0], dtype), castTo(parts[1], dtype)];

function checkLength(where: string, option: string, n: unknown, least = 1): asserts n is number {
  integer(where, option, n, { min: least });
}
/** The last axis cut or filled up with zeros to `size`. */
function resized(x: Tensor, size: number): Tensor {
  const last = x.ndim - 1;
  const own = x.shape[last]!;
  if (own === size) return x;
  if (own > size) return partOf(x, last, 0, size);
  return p.embed(x, [...x.shape.slice(0, -1), size], x.shape.map(() => 0), x.shape.map(() => 1), 0);
}

/** The discrete Fourier transform along the last axis, as real and imaginary parts. */
export const fft = publicOp('fft', (x: ComplexPair): [Tensor, Tensor] => {
  const { parts, dtype } = readPair('fft', x);
  return narrow(parts[0].size === 0 ? parts : transforms.fft(parts), dtype);
});

const exchanged = (x: Tensor): Tensor => p.transpose(x, [...Array.from({ length: x.ndim - 2 }, (_, i) => i), x.ndim - 1, x.ndim - 2]);
const onBoth = (parts: Pair, fn: (x: Tensor) => Tensor): Pair => [fn(parts[0]), fn(parts[1])];
const twoAxes = (where: string, transform: (x: Pair, scale: number) => Pair, normalized: boolean) =>
  publicOp(where, (x: ComplexPair): [Tensor, Tensor] => {
    const { parts, dtype } = readPair(where, x, 2);
    if (parts[0].size === 0) return narrow(parts, dtype);
    const [rows, columns] = parts[0].shape.slice(-2) as [number, number];
    const once = transform(parts, normalized ? 1 / (rows * columns) : 1);
    return narrow(onBoth(transform(onBoth(once, exchanged), 1), exchanged), dtype);
  });
/** The discrete Fourier transform along the last two axes, as real and imaginary parts. */
export const fft2 = twoAxes('fft2', transforms.fft, false);
/** The inverse of `fft2`, as real and imaginary parts. */
export const ifft2 = twoAxes('ifft2', transforms.inverse, true);

/** Options of `rfft` and `irfft`. */
export interface FftLengthOptions {
  /** The number of points in time. Default null: all there are; for `irfft` the even number that the spectrum stands for. */
  fftLength?: number | null;
}
/**
 * The first half, up to the frequency `fftLength / 2`, of the Fourier transform of a real tensor along the last axis, as real and imaginary
 * parts. The axis is cut, or filled up with zeros, to `fftLength`.
 */
export const rfft = publicOp('rfft', (x: TensorLike, { fftLength = null }: FftLengthOptions = {}): [Tensor, Tensor] => {
  const tensor = toFloat('rfft', x);
  if (tensor.ndim < 1) throw new RangeError('rfft: expected at least 1 axis, received shape ()');
  const n = fftLength ?? tensor.shape.at(-1)!;
  checkLength('rfft', 'fftLength', n);
  const signal = resized(wide(tensor), n);
  if (signal.size > 0) return narrow(transforms.rfft(signal), tensor.dtype);
  const none = resized(castTo(signal, tensor.dtype), Math.floor(n / 2) + 1);
  return [none, none];
}, ['fftLength']);
/**
 * The inverse of `rfft`: the real tensor of `fftLength` points along the last axis whose spectrum's first half is given. The spectrum is
 * cut, or filled up with zeros, to `fftLength / 2 + 1` entries.
 */
export const irfft = publicOp('irfft', (x: ComplexPair, { fftLength = null }: FftLengthOptions = {}): Tensor => {
  const { parts, dtype } = readPair('irfft', x);
  const n = fftLength ?? 2 * (parts[0].shape.at(-1)! - 1);
  checkLength('irfft', 'fftLength', n);
  const half = onBoth(parts, (part) => resized(part, Math.floor(n / 2) + 1));
  return castTo(half[0].size === 0 ? resized(half[0], n) : transforms.irfft(half, n, 1 / n), dtype);
}, ['fftLength']);

/** What a window may be: its name, its values, or null for none. */
export type WindowLike = string | TensorLike | null;
/** Options of `stft`. */
export interface StftOptions {
  /**
   * `'hann'`, `'hamming'` or another window of `scipy.signal.get_window` that needs no parameter, `sequenceLength` values, or null. Default
   * `'hann'`.
   */
  window?: WindowLike;
  /** Whether the t-th sequence is centered at `t * sequenceStride`, by reflecting the ends; otherwise it begins there. Default true. */
  center?: boolean;
}
/** Options of `istft`. */
export interface IstftOptions extends StftOptions {
  /** Cuts the result after this many points. Default null: all there are. */
  length?: number | null;
}
const SEQUENCE_PARAMETERS = ['sequenceLength', 'sequenceStride', 'fftLength'] as const;

/** The window in the middle of `fftLength` points, zeros around it. */
function windowOf(where: string, window: WindowLike, sequenceLength: number, fftLength: number, dtype: DType): Tensor {
  if (window === null) return filled([fftLength], 1, dtype);
  const values =
    typeof window === 'string'
      ? castTo(
          makeTensor('float64', [sequenceLength], (data) =>
            data.set(windowValues(window, sequenceLength, true, `${where}: window`) as never),
          ),
          dtype,
        )
      : toTensor(window, dtype, where);
  if (!sameShape(values.shape, [sequenceLength])) {
    throw new RangeError(
      `${where}: the window must have the shape (${sequenceLength},) of a sequence, received ${showShape(values.shape)}`,
    );
  }
  return p.embed(values, [fftLength], [Math.floor((fftLength - sequenceLength) / 2)], [1], 0);
}
function checkSequences(where: string, lengths: readonly number[]): void {
  lengths.forEach((length, i) => checkLength(where, SEQUENCE_PARAMETERS[i]!, length));
  const [sequenceLength, , fftLength] = lengths as [number, number, number];
  if (fftLength < sequenceLength)
    throw new RangeError(`${where}: fftLength must be at least sequenceLength, received ${fftLength} and ${sequenceLength}`);
}

/**
 * The short-time Fourier transform of real signals along the last axis: windows of `sequenceLength` points, of which each begins
 * `sequenceStride` after the one before, transformed with `fftLength` points. Real and imaginary parts of shape `(..., sequences, fftLength
 * / 2 + 1)`.
 */
export const stft = publicOp(
  'stft',
  (
    x: TensorLike,
    sequenceLength: number,
    sequenceStride: number,
    fftLength: number,
    { window = 'hann', center = true }: StftOptions = {},
  ): [Tensor, Tensor] => {
    const tensor = toTensor(x, null, 'stft');
    if (tensor.dtype !== 'float32' && tensor.dtype !== 'float64')
      throw new TypeError(`stft: expected float32 or float64, received ${tensor.dtype}`);
    if (tensor.ndim < 1) throw new RangeError('stft: expected at least 1 axis, received shape ()');
    checkSequences('stft', [sequenceLength, sequenceStride, fftLength]);
    const weights = windowOf('stft', window, sequenceLength, fftLength, tensor.dtype);
    const margin = Math.floor(fftLength / 2);
    const signal = center
      ? pad(
          tensor,
          tensor.shape.map((_, i) => (i === tensor.ndim - 1 ? [margin, margin] : [0, 0])),
          { mode: 'reflect' },
        )
      : tensor;
    return rfft(p.multiply(p.frames(signal, fftLength, sequenceStride), weights));
  },
  ['window', 'center'],
);

/**
 * The inverse of `stft`: the signals whose sequences have these spectra, each point the mean of the sequences that reach it, weighted by
 * the square of the window. With `window: null` the sum is divided by `sequenceStride`, as in Keras on JAX.
 */
export const istft = publicOp(
  'istft',
  (x: ComplexPair, sequenceLength: number, sequenceStride: number, fftLength: number, options: IstftOptions = {}): Tensor => {
    const { length = null, window = 'hann', center = true } = options;
    const { parts, dtype } = readPair('istft', x, 2);
    checkSequences('istft', [sequenceLength, sequenceStride, fftLength]);
    if (length !== null) checkLength('istft', 'length', length, 0);
    const weights = windowOf('istft', window, sequenceLength, fftLength, parts[0].dtype);
    const sequences = irfft(parts, { fftLength });
    const count = sequences.shape.at(-2)!;
    const size = fftLength + sequenceStride * (count - 1);
    const sum = p.overlapAdd(p.multiply(sequences, weights), size, sequenceStride);
    const norm = p.overlapAdd(p.broadcastTo(p.square(weights), [count, fftLength]), size, sequenceStride);
    const mean = p.divide(sum, p.select(p.greater(norm, constant(1e-10, norm)), norm, constant(1, norm)));
    const signal = window === null ? p.multiply(mean, constant(fftLength / sequenceStride, mean)) : mean;
    const margin = Math.floor(fftLength / 2);
    const start = center ? Math.min(margin, size) : 0;
    const end = length !== null ? Math.min(start + length, size) : center ? size - margin : size;
    return castTo(partOf(signal, signal.ndim - 1, start, Math.max(0, end - start)), dtype);
  },
  ['length', 'window', 'center'],
);
