// Safe mode: whether configs may hold the source of functions, which loading would run.

import { context, withContext } from '../core/context.js';

let allowed = false; // everywhere, from now on

/** Lets configs with functions in them be loaded from now on, everywhere. Only for files whose origin you trust. */
export function enableUnsafeDeserialization(): void {
  allowed = true;
}
/**
 * @internal Whether functions in configs are refused, as `enableUnsafeDeserialization` or a loading call around this one say; null when
 * neither does.
 */
export const isSafeMode = (): boolean | null => context().safeMode ?? (allowed ? false : null);
/** @internal Runs `fn` with safe mode on or off. */
export const runInSafeMode = <T>(safeMode: boolean, fn: () => T): T => withContext({ safeMode }, fn);
/** @internal Forgets what was said. */
export function resetSafeMode(): void {
  allowed = false;
}

/** Throws unless functions may be made of source. `what` holds it. */
export function refuseInSafeMode(what: string, safeMode: boolean | null | undefined): void {
  if ((safeMode ?? isSafeMode()) === false) return;
  throw new Error(
    `${what}: the config holds the source of a function, and loading it would run code of whoever wrote the file. If you trust its origin, give safeMode: false, ` +
      'or call keras.config.enableUnsafeDeserialization(); better, register the function with registerKerasSerializable and save it ' +
      'by name',
  );
}
