// State of the whole process: seeds and automatic names.
import { checkOptions } from '../base/errors.js';
import { resetSafeMode } from '../config/safe-mode.js';
import { resetNames } from '../base/names.js';
import { setGlobalSeed } from '../random/seed-generator.js';

/**
 * Makes everything random that has no seed of its own repeatable: initial weights, shuffling, dropout, `keras.random`.
 *
 * ```ts
 * keras.utils.setRandomSeed(42);
 * ```
 * @throws a TypeError when the seed is no integer.
 */
export function setRandomSeed(seed: number): void {
  setGlobalSeed(seed);
}

/** Options of `clearSession`. */
export interface ClearSessionOptions {
  /** Collect garbage too, where Node runs with `--expose-gc`. Default true. */
  freeMemory?: boolean;
}

/** Starts the automatic names anew: the next `Dense` without a name is `dense`. Safe mode is on again for loading. */
export function clearSession(options: ClearSessionOptions = {}): void {
  checkOptions('clearSession', options, ['freeMemory']);
  resetNames();
  resetSafeMode();
  if (options.freeMemory ?? true) globalThis.gc?.();
}
