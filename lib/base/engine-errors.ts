// Errors of the JavaScript engine that an argument of the wrong kind sets off where no check was: said again in the user's terms.
import { show } from './errors.js';

/** How V8 begins what it says of values that code took for something else. */
const ENGINE = new RegExp(
  [
    '^Cannot (read|set|convert|destructure|mix|assign|access|use)\\b',
    'is not (a function|a constructor)$',
    'is not iterable',
    '^Invalid (typed )?array length',
    '^Invalid (string length|count value)',
    '^Maximum call stack',
    '^offset is out of bounds',
    '^Reduce of empty array',
    '^Method \\S+ called on incompatible',
    '^The number \\S+ cannot be converted',
    'must be a function$',
    '^Spread syntax',
    '^Array buffer allocation',
  ].join('|'),
);
const holdsFunction = (value: unknown, depth = 0): boolean =>
  typeof value === 'function' ||
  (depth < 3 &&
    value !== null &&
    typeof value === 'object' &&
    Object.values(value)
      .slice(0, 64)
      .some((entry) => holdsFunction(entry, depth + 1)));

/**
 * The error to throw in the place of one that a call with these arguments threw. Functions among the arguments have errors of their own,
 * which stay.
 */
export function inUsersTerms(where: string, args: readonly unknown[], error: unknown): unknown {
  if (!(error instanceof TypeError || error instanceof RangeError) || !ENGINE.test(error.message)) return error;
  try {
    if (holdsFunction(args)) return error;
  } catch {
    return error; // an argument that cannot be read has said so itself
  }
  return new TypeError(`${where}: cannot be called with ${args.length === 0 ? 'no arguments' : args.map((arg) => show(arg)).join(', ')}`, {
    cause: error,
  });
}
