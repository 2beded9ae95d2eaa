// Windows that move over the spatial axes of images, sequences and volumes: their options, and the sizes that follow.
import { didYouMean, show } from '../core/errors.js';
import { settings } from '../core/settings.js';
import { showShape } from '../core/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as p from './primitives/index.js';

/** Where the channel axis stands: `(batch, ..., channels)` or `(batch, channels, ...)`. */
export type DataFormat = 'channels_last' | 'channels_first';
/** One number for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[];

/** The data format of an option; null and undefined mean that of `config.imageDataFormat()`. Capitals do not matter. */
export function resolveDataFormat(where: string, format: DataFormat | null | undefined): DataFormat {
  const name = (format ?? settings.imageDataFormat).toLowerCase();
  if (name === 'channels_last' || name === 'channels_first') return name;
  throw new RangeError(`${where}: dataFormat must be 'channels_last' or 'channels_first', received ${show(format)}${didYouMean(name, ['channels_last', 'channels_first'])}`);
}

/** The padding of an option, one of `known`. Capitals do not matter. */
export function resolvePadding<P extends string>(where: string, padding: P, known: readonly P[]): P {
  const found = known.find((name) => name === String(padding).toLowerCase());
  if (found !== undefined) return found;
  throw new RangeError(`${where}: padding must be ${known.map(show).join(' or ')}, received ${show(padding)}${didYouMean(String(padding), known)}`);
}

/** An option with a whole number of at least `least` for each of `rank` spatial axes. */
export function perAxis(where: string, option: string, value: PerAxis, rank: number, least = 1): readonly number[] {
  const list = typeof value === 'number' ? new Array<number>(rank).fill(value) : value;
  if (!Array.isArray(list) || list.length !== rank) {
    throw new RangeError(`${where}: ${option} must be one number or ${rank}, one for each spatial axis, received ${show(value)}`);
  }
  if (list.some((n) => !Number.isInteger(n) || n < least)) throw new RangeError(`${where}: ${option} must be whole and at least ${least}, received ${show(value)}`);
  return list as readonly number[];
}

/** The orders of axes that bring the channels to the end, and back behind the batch axis. */
const lastOrder = (rank: number): number[] => [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
const firstOrder = (rank: number): number[] => [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
/** Calls `fn` with the channels last, and brings its result back to the format. */
export function withChannelsLast(x: Tensor, format: DataFormat, fn: (x: Tensor) => Tensor): Tensor {
  if (format === 'channels_last') return fn(x);
  const y = fn(p.transpose(x, lastOrder(x.ndim)));
  return p.transpose(y, firstOrder(y.ndim));
}

/** How the input is extended: not at all, to as many outputs as there are steps, or so with all zeros before the first element. */
export type WindowPadding = 'valid' | 'same' | 'causal';
/** Zeros before the first element, and the number of outputs, along each axis. The output of 'same' has a size of `input / stride`, rounded up. */
export function windowSizes(sizes: readonly number[], taps: readonly number[], strides: readonly number[], dilation: readonly number[], padding: WindowPadding): { low: number[]; size: number[] } {
  const axes = sizes.map((size, d) => {
    const [reach, stride] = [(taps[d]! - 1) * dilation[d]! + 1, strides[d]!];
    if (padding === 'valid') return { low: 0, size: Math.max(0, Math.floor((size - reach) / stride) + 1) };
    const count = Math.ceil(size / stride);
    const zeros = Math.max(0, (count - 1) * stride + reach - size);
    return { low: padding === 'causal' ? reach - 1 : Math.floor(zeros / 2), size: count };
  });
  return { low: axes.map((axis) => axis.low), size: axes.map((axis) => axis.size) };
}

/** Throws unless `x` has a batch axis, one to three spatial axes and channels. */
export function checkImages(where: string, x: Tensor): void {
  if (x.ndim < 3 || x.ndim > 5) throw new RangeError(`${where}: expected inputs with 1 to 3 spatial axes between batch and channels, received shape ${showShape(x.shape)}`);
}
