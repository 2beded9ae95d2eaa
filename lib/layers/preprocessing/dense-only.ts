// The option `sparse`, which Keras has for backends with sparse tensors.
import { bool, type Field } from '../../config/fields.js';

/** `sparse`, of which only false is taken. `saved: false`: configs do not have it. */
export function denseOnly({ saved = true }: { saved?: boolean } = {}): Field<boolean, boolean, false> {
  return {
    ...bool(false),
    expects: 'false',
    parse: (value, where) => {
      if (value === false) return false;
      if (value === true) throw new TypeError(`${where}: sparse tensors are not supported, so only false is taken`);
      return bool(false).parse(value, where);
    },
    serialize: (value) => (saved ? value : undefined),
  };
}
