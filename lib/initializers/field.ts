// The field of a schema that holds an initializer.
import type { Field } from '../config/fields.js';
import { show } from '../base/errors.js';
import type { InitialValue } from '../core/variable.js';
import { get, type InitializerLike, serialize } from './lookup.js';

/** An initializer. */
export const initializer = (initial: InitializerLike): Field<InitializerLike, InitialValue, false> => ({
  required: false,
  initial,
  expects: 'an initializer',
  parse: (value, where) => {
    const found = get(value as InitializerLike | null, where);
    if (found === null) throw new TypeError(`${where} must be an initializer, received ${show(value)}`);
    return found;
  },
  serialize,
});
