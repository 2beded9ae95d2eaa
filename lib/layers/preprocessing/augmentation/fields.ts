// Options that image augmentation layers share.
import { type Field, field, float, oneOf, withDefault } from '../../../config/fields.js';

export { seed } from '../../regularization/noise.js';

/** Two numbers, the smaller first. */
export type Range = readonly [low: number, high: number];
/** A number or two, from which a `Range` follows. */
export type RangeLike = number | readonly number[];

const isPair = (value: unknown): value is Range =>
  Array.isArray(value) && value.length === 2 && value.every((n) => typeof n === 'number' && !Number.isNaN(n));
const sorted = ([a, b]: Range): Range => (a <= b ? [a, b] : [b, a]);
/** The two numbers, or all from minus the number to the number. */
export const rangeOf = (value: RangeLike): Range =>
  typeof value === 'number' ? [0 - Math.abs(value), Math.abs(value)] : sorted(value as unknown as Range); // no -0

/**
 * How strong a transformation is: two numbers between which it is drawn, or one. A number stands for all from minus itself to itself, but
 * not below `low`. Of two numbers one at least must be within the bounds, as in Keras.
 */
export function factor(low: number, high: number): Field<RangeLike, Range, true> {
  return field<RangeLike, Range>(`a number, or an array of two numbers, from ${low} to ${high}`, (value) => {
    if (isPair(value)) return value[0] > high || value[1] < low ? undefined : sorted(value);
    if (typeof value !== 'number' || !(value >= low && value <= high)) return undefined;
    return [Math.max(-Math.abs(value), low), Math.abs(value)];
  });
}
/** A number or two that must all be from `low` to `high`, or above `low` when it is `open`; as it was given. */
export function strictFactor(low: number, high: number, open = false): Field<RangeLike, RangeLike, true> {
  const fits = (n: number) => (open ? n > low : n >= low) && n <= high;
  const bounds = open ? `above ${low} and up to ${high}` : `from ${low} to ${high}`;
  return field<RangeLike>(`a number, or an array of two numbers, ${bounds}`, (value) => {
    if (isPair(value)) return value.every(fits) ? value : undefined;
    return typeof value === 'number' && fits(value) ? value : undefined;
  });
}

/** The least and the greatest value of pixels; by default 0 and 255. */
export const valueRange = (): Field<readonly number[], Range, false> =>
  withDefault(field<readonly number[], Range>('an array of two numbers', (value) => (isPair(value) ? value : undefined)), [0, 255]);
/** A value range whose numbers may come in any order. */
export const sortedValueRange = (): Field<readonly number[], Range, false> => {
  const inner = valueRange();
  return { ...inner, parse: (value, where) => sorted(inner.parse(value, where)) };
};

/** What stands outside of images. */
export const fillMode = () => withDefault(oneOf('reflect', 'wrap', 'constant', 'nearest'), 'reflect');
/** How values between pixels are found. */
export const interpolation = () => withDefault(oneOf('nearest', 'bilinear'), 'bilinear');
/** The constant that stands outside of images. */
export const fillValue = () => withDefault(float(), 0);
