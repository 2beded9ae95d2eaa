// The option of layers that work along one axis or several.
import { field, type Field } from '../../config/fields.js';

const isWhole = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value);

/** An axis or an array of axes, negative from the end. */
export const axes = (): Field<number | readonly number[], number | readonly number[], true> =>
  field<number | readonly number[]>('an axis or an array of axes', (v) =>
    isWhole(v) || (Array.isArray(v) && v.length > 0 && v.every(isWhole)) ? (v as number | number[]) : undefined,
  );
