// Safe mode: whether configs may hold the source of functions, which loading would run.

/** null: nobody has said. */
let safe: boolean | null = null;

/** Lets configs with functions in them be loaded from now on, everywhere. Only for files whose origin you trust. */
export function enableUnsafeDeserialization(): void {
  safe = false;
}
/** @internal Whether functions in configs are refused, as `enableUnsafeDeserialization` or a loading call around this one say; null when neither does. */
export const isSafeMode = (): boolean | null => safe;
/** @internal Runs `fn` with safe mode on or off. */
export function runInSafeMode<T>(value: boolean, fn: () => T): T {
  const outer = safe;
  safe = value;
  try {
    return fn();
  } finally {
    safe = outer;
  }
}
/** @internal Forgets what was said. */
export function resetSafeMode(): void {
  safe = null;
}

/** Throws unless functions may be made of source. `what` holds it. */
export function refuseInSafeMode(what: string, safeMode: boolean | null | undefined): void {
  if ((safeMode ?? isSafeMode()) === false) return;
  throw new Error(
    `${what}: the config holds the source of a function, and loading it would run code of whoever wrote the file. If you trust its origin, give safeMode: false, ` +
    'or call keras.config.enableUnsafeDeserialization(); better, register the function with registerKerasSerializable and save it by name',
  );
}
