// A count of the changes of objects that compiled programs were made of.

let changes = 0;
/**
 * How often an option of an object was set, or weights were added to a built layer or taken from one: what was compiled before may compute
 * something else.
 */
export const stateChanges = (): number => changes;
/** Counts a change. */
export function noteChange(): void {
  changes += 1;
}
