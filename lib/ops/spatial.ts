// What ops over images, volumes and sequences share: data formats, sizes per axis, and where windows lie.
import { checkChoice, show } from '../base/errors.js';
import { settings } from '../base/settings.js';
import type { Tensor } from '../core/tensor.js';
import * as p from './primitives/index.js';

/** Where the channel axis stands: `(batch, ..., channels)` or `(batch, channels, ...)`. */
export type DataFormat = 'channels_last' | 'channels_first';
/** Where windows may lie: within the input, or over its borders so that there is one for every stride. */
export type Padding = 'valid' | 'same';

const lower = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);
/** A data format, in lower or upper case; null and undefined mean that of `keras.config.imageDataFormat()`. */
export const readDataFormat = (where: string, value: DataFormat | null | undefined): DataFormat =>
  checkChoice(where, 'dataFormat', lower(value ?? settings.imageDataFormat), ['channels_last', 'channels_first']);
/** A padding, in lower or upper case. */
export const readPadding = (where: string, value: Padding): Padding => checkChoice(where, 'padding', lower(value), ['valid', 'same']);

/** The orders of axes that bring the channels to the end, and back behind the batch axis. */
const lastOrder = (rank: number): number[] => [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
const firstOrder = (rank: number): number[] => [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
/** Calls `fn` with the channels last, and brings its result back to the format. */
export function withChannelsLast(x: Tensor, format: DataFormat, fn: (x: Tensor) => Tensor): Tensor {
  if (format === 'channels_last') return fn(x);
  const y = fn(p.transpose(x, lastOrder(x.ndim)));
  return p.transpose(y, firstOrder(y.ndim));
}

/** One number for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[];
/** One number for all axes, or one for each. Throws unless there are `rank` whole numbers of at least `least`. */
export function perAxis(where: string, option: string, value: PerAxis, rank: number, least = 1): number[] {
  const list =
    typeof value === 'number' ? new Array<number>(rank).fill(value) : Array.isArray(value) ? Array.from(value as readonly number[]) : [];
  if (list.length !== rank || list.some((n) => !Number.isSafeInteger(n) || n < least)) {
    const many = rank === 1 ? 'an array of one' : `an array of ${rank} of them`;
    throw new RangeError(`${where}: ${option} must be an integer >= ${least}${rank === 0 ? '' : ` or ${many}`}, received ${show(value)}`);
  }
  return list;
}

/** How many windows an axis has, and how many elements it lacks before and after for them. */
export interface Fit {
  readonly count: number;
  readonly before: number;
  readonly after: number;
}
/** Windows of `size` elements, `dilation` apart, that follow each other by `stride`. With `'valid'` there may be none (count <= 0). */
export function fitWindows(length: number, size: number, stride: number, padding: Padding, dilation = 1): Fit {
  const extent = (size - 1) * dilation + 1;
  if (padding === 'valid') return { count: Math.floor((length - extent) / stride) + 1, before: 0, after: 0 };
  const count = Math.ceil(length / stride);
  const lack = Math.max((count - 1) * stride + extent - length, 0);
  return { count, before: Math.floor(lack / 2), after: Math.ceil(lack / 2) };
}
