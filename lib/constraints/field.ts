// The field of a schema that holds a constraint.
import type { Field } from '../config/fields.js';
import { type ConstraintFunction, type ConstraintLike, get, serialize } from './lookup.js';

/** A constraint, or null for none. */
export const constraint = (initial: ConstraintLike = null): Field<ConstraintLike, ConstraintFunction | null, false> => ({
  required: false,
  initial,
  expects: 'a constraint or null',
  parse: (value, where) => get(value as ConstraintLike, where),
  serialize: (value) => (value === null ? null : serialize(value)),
});
