// `keras.config`: global settings.
import { didYouMean, show } from '../core/errors.js';
import type { FloatDType } from '../core/dtype.js';
import { settings } from '../core/settings.js';

export { dtypePolicy, setDtypePolicy } from './dtype-policy.js';
export { enableUnsafeDeserialization } from './safe-mode.js';

const FLOATS = ['bfloat16', 'float16', 'float32', 'float64'] as const;

/** The default float dtype; `'float32'` at the start. */
export const floatx = (): FloatDType => settings.floatx;
/** Sets the default float dtype. Throws on anything but a float dtype. */
export function setFloatx(value: FloatDType): void {
  if (!FLOATS.includes(value)) throw new TypeError(`setFloatx: expected one of ${FLOATS.join(', ')}, received ${show(value)}${didYouMean(String(value), FLOATS)}`);
  settings.floatx = value;
}
/** The small constant that keeps logarithms and divisions finite; 1e-7 at the start. */
export const epsilon = (): number => settings.epsilon;
/** Sets the small constant. */
export function setEpsilon(value: number): void {
  if (typeof value !== 'number' || !(value > 0)) throw new RangeError(`setEpsilon: expected a number > 0, received ${show(value)}`);
  settings.epsilon = value;
}
/** Where the channel axis of images stands: `'channels_last'` at the start. */
export const imageDataFormat = (): 'channels_first' | 'channels_last' => settings.imageDataFormat;
/** Sets where the channel axis of images stands. */
export function setImageDataFormat(value: 'channels_first' | 'channels_last'): void {
  if (value !== 'channels_first' && value !== 'channels_last') throw new TypeError(`setImageDataFormat: expected 'channels_last' or 'channels_first', received ${show(value)}`);
  settings.imageDataFormat = value;
}
/** The name of what computes: Keratin has one backend. */
export const backend = (): string => 'keratin';
