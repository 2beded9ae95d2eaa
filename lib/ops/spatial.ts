// What ops over images, volumes and sequences share: data formats, sizes per axis, and where windows lie.
import { show } from '../core/errors.js';
import { settings } from '../core/settings.js';
import { didYouMean } from '../core/errors.js';

/** Where the channel axis stands: `(batch, ..., channels)` or `(batch, channels, ...)`. */
export type DataFormat = 'channels_last' | 'channels_first';
/** Where windows may lie: within the input, or over its borders so that there is one for every stride. */
export type Padding = 'valid' | 'same';

function word<T extends string>(value: unknown, valid: readonly T[], where: string, option: string): T {
  const found = typeof value === 'string' ? valid.find((name) => name === value.toLowerCase()) : undefined;
  if (found === undefined) throw new TypeError(`${where}: ${option} must be ${valid.map(show).join(' or ')}, received ${show(value)}${didYouMean(String(value), valid)}`);
  return found;
}
/** A data format, in lower or upper case; null and undefined mean that of `keras.config.imageDataFormat()`. */
export const readDataFormat = (where: string, value: DataFormat | null | undefined): DataFormat =>
  word(value ?? settings.imageDataFormat, ['channels_last', 'channels_first'], where, 'dataFormat');
/** A padding, in lower or upper case. */
export const readPadding = (where: string, value: Padding): Padding => word(value, ['valid', 'same'], where, 'padding');

/** One number for all axes, or one for each. Throws unless there are `rank` whole numbers of at least `least`. */
export function perAxis(where: string, option: string, value: number | readonly number[], rank: number, least = 1): number[] {
  const list = typeof value === 'number' ? new Array<number>(rank).fill(value) : Array.isArray(value) ? [...value as readonly number[]] : [];
  if (list.length !== rank || list.some((n) => !Number.isInteger(n) || n < least)) {
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
