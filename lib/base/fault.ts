// Faults: what only data can tell, found by a kernel. Native code reports them by number; here they get words.

/** The error that the native executor throws when a kernel reports a fault. */
interface NativeFault {
  readonly value: number;
  readonly limit: number;
  readonly instruction: number;
}

/** The error in the user's terms; `where` names the layer and op of an instruction. Other errors come back as they are. */
export function explainFault(error: unknown, where: (instruction: number) => string): unknown {
  // Not `instanceof`: the addon's errors belong to the realm that loaded it.
  if (typeof error !== 'object' || error === null || !('instruction' in error)) return error;
  const { value, limit, instruction } = error as NativeFault;
  return new RangeError(`${where(instruction)}: index or label ${value} is out of range, expected at least 0 and less than ${limit}`);
}
