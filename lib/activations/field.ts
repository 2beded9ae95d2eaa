// The field of a schema that holds an activation.
import type { Field } from '../config/fields.js';
import { type Activation, type ActivationLike, get, serialize } from './lookup.js';

/** An activation, `linear` for null; in configs its name. */
export const activation = (initial: ActivationLike): Field<ActivationLike, Activation, false> => ({
  required: false,
  initial,
  expects: 'an activation',
  parse: (value, where) => get(value as ActivationLike, where),
  serialize,
});
