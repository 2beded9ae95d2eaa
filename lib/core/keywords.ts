// Calls with Python's keywords for required parameters, which come as one object.
import { isPlainObject } from './tree.js';

/**
 * The arguments of a call by position, whether they came so or, as in `metric.updateState({ yTrue, yPred })`, as one object that names all
 * required parameters; what else is in it are options.
 */
export function byPosition(args: readonly unknown[], required: readonly string[]): unknown[] {
  const [only] = args;
  if (args.length !== 1 || !isPlainObject(only) || !required.every((name) => name in only)) return [...args];
  const options = Object.fromEntries(Object.entries(only).filter(([name]) => !required.includes(name)));
  return [...required.map((name) => only[name]), ...(Object.keys(options).length === 0 ? [] : [options])];
}
