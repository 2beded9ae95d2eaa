// The field of a schema that holds a regularizer.
import type { Field } from '../config/fields.js';
import { get, type RegularizerFunction, type RegularizerLike, serialize } from './lookup.js';

/** A regularizer, or null for none. */
export const regularizer = (initial: RegularizerLike = null): Field<RegularizerLike, RegularizerFunction | null, false> => ({
  required: false,
  initial,
  expects: 'a regularizer or null',
  parse: (value, where) => get(value as RegularizerLike, where),
  serialize: (value) => (value === null ? null : serialize(value)),
});
