// `keras.config`: global settings.
import { didYouMean, show } from '../base/errors.js';
import type { FloatDType } from '../base/dtype.js';
import { settings } from '../base/settings.js';

export { dtypePolicy, setDtypePolicy } from './dtype-policy.js';
export {
  disableInteractiveLogging,
  disableTracebackFiltering,
  enableInteractiveLogging,
  enableTracebackFiltering,
  isInteractiveLoggingEnabled,
  isTracebackFilteringEnabled,
} from './logging.js';
export { enableUnsafeDeserialization } from './safe-mode.js';

const FLOATS = ['bfloat16', 'float16', 'float32', 'float64'] as const;

/** The default float dtype; `'float32'` at the start. */
export const floatx = (): FloatDType => settings.floatx;
/** Sets the default float dtype. Throws on anything but a float dtype. */
export function setFloatx(value: FloatDType): void {
  if (!FLOATS.includes(value))
    throw new TypeError(`setFloatx: expected one of ${FLOATS.join(', ')}, received ${show(value)}${didYouMean(value, FLOATS)}`);
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
  if (value !== 'channels_first' && value !== 'channels_last')
    throw new TypeError(`setImageDataFormat: expected 'channels_last' or 'channels_first', received ${show(value)}`);
  settings.imageDataFormat = value;
}
/** The name of what computes: Keratin has one backend. */
export const backend = (): string => 'keratin';
/** @throws for anything but `'keratin'`. */
export function setBackend(name: string): void {
  if (name !== 'keratin') throw new RangeError(`setBackend: there is one backend, 'keratin', received ${show(name)}`);
}

/**
 * Lets attention use a fused kernel where there is one. There is none on CPUs, so nothing computes otherwise; as in Keras, the setting is
 * kept.
 */
export function enableFlashAttention(): void {
  settings.flashAttention = true;
}
/** Keeps attention from using a fused kernel. */
export function disableFlashAttention(): void {
  settings.flashAttention = false;
}
/** What was said about fused kernels of attention; null: nothing. */
export const isFlashAttentionEnabled = (): boolean | null => settings.flashAttention;

/** Whether layers are modules of Flax NNX: never. */
export const isNnxEnabled = (): boolean => false;

function limit(where: string, value: number | null): number | null {
  if (value !== null && !(Number.isInteger(value) && value >= 0))
    throw new RangeError(`${where}: expected an integer >= 0 or null, received ${show(value)}`);
  return value;
}
/** Limits the epochs of every `fit`, to try a script quickly; null: no limit. The environment variable `KERAS_MAX_EPOCHS` does so too. */
export function setMaxEpochs(maxEpochs: number | null): void {
  settings.maxEpochs = limit('setMaxEpochs', maxEpochs);
}
/**
 * Limits the steps of every epoch of `fit`, `evaluate` and `predict`; null: no limit. The environment variable `KERAS_MAX_STEPS_PER_EPOCH`
 * does so too.
 */
export function setMaxStepsPerEpoch(maxStepsPerEpoch: number | null): void {
  settings.maxStepsPerEpoch = limit('setMaxStepsPerEpoch', maxStepsPerEpoch);
}
/** The limit of epochs; null: none. */
export const maxEpochs = (): number | null => settings.maxEpochs;
/** The limit of steps; null: none. */
export const maxStepsPerEpoch = (): number | null => settings.maxStepsPerEpoch;
