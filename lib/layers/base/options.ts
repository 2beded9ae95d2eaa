// The options that every layer has.
import { type OptionsOf } from '../../config/configurable.js';
import { camelCase } from '../../base/names.js';
import { type DTypePolicy, type DTypePolicyName, getPolicy, serializePolicy } from '../../config/dtype-policy.js';
import { bool, type Field, field, int, nullable } from '../../config/fields.js';
import type { SerializedObject } from '../../config/registration.js';
import type { SymbolicShape } from '../../base/shape.js';
import { regularizer } from '../../regularizers/field.js';

const policy: Field<DTypePolicyName | 'float' | DTypePolicy | SerializedObject | null, DTypePolicy, false> = {
  ...field('a dtype or a DTypePolicy', (v) => getPolicy(v as DTypePolicyName), { serialize: serializePolicy }),
  required: false,
  initial: null,
};
const sizes = field<SymbolicShape>('an array of sizes (null where unknown)', (v) =>
  Array.isArray(v) && v.every((d) => d === null || (typeof d === 'number' && Number.isInteger(d) && d >= 0))
    ? (v as SymbolicShape)
    : undefined,
);

/** Options of every layer, with their defaults. */
export const layerSchema = {
  /** Name; by default the class's in snake_case, with a number. */
  name: nullable(field<string>("a string without '/'", (v) => (typeof v === 'string' && !v.includes('/') ? v : undefined))),
  trainable: bool(true),
  dtype: policy,
  autocast: bool(true),
  activityRegularizer: regularizer(),
  /** Shape of one input, without the batch: makes a first layer's model build at once. */
  inputShape: nullable(sizes),
  inputDim: nullable(int({ min: 0 })),
  batchInputShape: nullable(sizes),
  batchShape: nullable(sizes),
} as const;

/** Options that every layer takes. */
export type LayerOptions = OptionsOf<typeof layerSchema>;

/** The option that a config key stands for. */
export const anyField = (key: string): string => camelCase(key);
