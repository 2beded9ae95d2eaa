// The option that tells where the channel axis of images stands.
import { type Field, oneOf } from '../../config/fields.js';
import { settings } from '../../base/settings.js';
import type { DataFormat } from '../../ops/spatial.js';

export type { DataFormat };

const format = oneOf<DataFormat>('channels_last', 'channels_first');

/** A `DataFormat`; null, the default, is that of `keras.config.imageDataFormat()`. */
export const dataFormat = (): Field<DataFormat | null, DataFormat, false> => ({
  ...format,
  required: false,
  initial: null,
  expects: `${format.expects} or null`,
  parse: (value, where) => format.parse(value ?? settings.imageDataFormat, where),
});
