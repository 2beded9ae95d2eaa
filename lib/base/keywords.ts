// Calls with Python's keywords for required parameters, which come as one object.
import { nearest } from './errors.js';
import { isPlainObject } from './tree.js';

/**
 * The arguments of a call by position, whether they came so or, as in `metric.updateState({ yTrue, yPred })`, as one object that names all
 * required parameters; what else is in it are options. `where` names the function in errors. With `optional` the options are always there,
 * and a value in their place is the option of that name: `metric.updateState(yTrue, yPred, weights)`.
 * @throws a TypeError for an object with some of the names, and one that is almost another of them.
 */
export function byPosition(where: string, args: readonly unknown[], required: readonly string[], optional?: string): unknown[] {
  const given = named(where, args, required);
  if (optional === undefined) return given;
  const rest = given[required.length];
  if (given.length > required.length + 1) throw new TypeError(`${where}: takes ${required.length + 1} arguments, received ${given.length}`);
  return [...required.map((_, i) => given[i]), isPlainObject(rest) && !('re' in rest) ? rest : { [optional]: rest }];
}

function named(where: string, args: readonly unknown[], required: readonly string[]): unknown[] {
  const [only] = args;
  if (args.length !== 1 || !isPlainObject(only)) return [...args];
  const missing = required.filter((name) => !(name in only));
  if (missing.length > 0) {
    if (missing.length < required.length) refuseMisspelled(where, Object.keys(only).filter((name) => !required.includes(name)), missing);
    return [...args];
  }
  const options = Object.fromEntries(Object.entries(only).filter(([name]) => !required.includes(name)));
  return [...required.map((name) => only[name]), ...(Object.keys(options).length === 0 ? [] : [options])];
}

function refuseMisspelled(where: string, given: readonly string[], missing: readonly string[]): void {
  for (const name of given) {
    const meant = nearest(name, missing);
    if (meant !== null) throw new TypeError(`${where}: unknown argument '${name}'; did you mean '${meant}'?`);
  }
}
