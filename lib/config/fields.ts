// Fields: the options of a class, each with its check, its default and its form in Keras's config. From a schema of fields follow
// the options type, the errors, `getConfig` and `fromConfig`.
import type { DType } from '../base/dtype.js';
import { didYouMean, show } from '../base/errors.js';
import { settings } from '../base/settings.js';
import { type DTypePolicy, type DTypePolicyName, getPolicy } from './dtype-policy.js';
import type { SerializedObject } from './registration.js';

/** One option. `In` is what a user may give, `Out` what the class sees. */
export interface Field<In, Out = In, Required extends boolean = boolean> {
  /** True when there is no default. */
  readonly required: Required;
  /** The default. */
  readonly initial?: In;
  /** What is accepted, in words. */
  readonly expects: string;
  /** Key in the config, where it is not the option's name in snake_case. */
  readonly key?: string;
  /** When the option is used up, so that it cannot be set afterwards: when the object is made, or when its weights or slots are. */
  readonly usedWhen?: 'made' | 'built';
  /** Checks and converts. `where` names class and option. Throws a TypeError or RangeError. */
  parse(value: unknown, where: string): Out;
  /** The value in a config; undefined leaves it out. */
  serialize(value: Out): unknown;
}
/** Fields by option name. */
export type Schema = Readonly<Record<string, Field<any, any>>>; // eslint-disable-line @typescript-eslint/no-explicit-any -- any field
/** What a user may give for a field. */
export type InOf<F> = F extends Field<infer In, unknown> ? In : never;
/** What the class sees of a field. */
export type OutOf<F> = F extends Field<any, infer Out> ? Out : never; // eslint-disable-line @typescript-eslint/no-explicit-any -- any field

/** Makes a field from a check that returns the converted value, or undefined when the value does not fit. */
export function field<In, Out = In>(
  expects: string,
  check: (value: unknown, where: string) => Out | undefined,
  options: { serialize?: (value: Out) => unknown; key?: string } = {},
): Field<In, Out, true> {
  return {
    required: true,
    expects,
    parse: (value, where) => {
      const parsed = check(value, where);
      if (parsed === undefined) throw new TypeError(`${where} must be ${expects}, received ${show(value)}`);
      return parsed;
    },
    serialize: options.serialize ?? ((value) => value),
    ...(options.key === undefined ? {} : { key: options.key }),
  };
}

/** The field with a default. */
export const withDefault = <In, Out>(inner: Field<In, Out>, initial: In): Field<In, Out, false> => ({ ...inner, required: false, initial });
/** A field with a plain default that configs have only when it is another: Keras does not save such an option at all. */
export const withUnsavedDefault = <In, Out>(inner: Field<In, Out>, initial: In): Field<In, Out, false> => ({
  ...withDefault(inner, initial),
  serialize: (value) => (Object.is(value, initial) ? undefined : inner.serialize(value)),
});
/** The field of an option that is used up when the object is made, or when its weights or slots are. */
export const usedWhen = <In, Out, R extends boolean>(when: 'made' | 'built', inner: Field<In, Out, R>): Field<In, Out, R> => ({
  ...inner,
  usedWhen: when,
});
/** The field under another key in the config. */
export const keyed = <In, Out, R extends boolean>(key: string, inner: Field<In, Out, R>): Field<In, Out, R> => ({ ...inner, key });
/** The field that also takes `null`, which is its default. */
export const nullable = <In, Out>(inner: Field<In, Out>, initial: In | null = null): Field<In | null, Out | null, false> => ({
  ...inner,
  required: false,
  initial,
  expects: `${inner.expects} or null`,
  parse: (value, where) => (value === null ? null : inner.parse(value, where)),
  serialize: (value) => (value === null ? null : inner.serialize(value)),
});

/** Bounds of a number: `min` and `max` are allowed values, `above` and `below` are not. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  readonly below?: number;
}
function boundsText({ min, max, above, below }: Bounds): string {
  const parts = [
    min === undefined ? '' : `>= ${min}`, above === undefined ? '' : `> ${above}`,
    max === undefined ? '' : `<= ${max}`, below === undefined ? '' : `< ${below}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : ` ${parts.join(' and ')}`;
}
const inBounds = (n: number, { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity }: Bounds) =>
  n >= min && n <= max && (n > above || above === -Infinity) && (n < below || below === Infinity);

/** A whole number. */
export const int = (bounds: Bounds = {}): Field<number, number, true> =>
  field(`an integer${boundsText(bounds)}`, (v) =>
    typeof v === 'number' && Number.isSafeInteger(v) && inBounds(v, bounds) ? v : undefined,
  );
/** A number. */
export const float = (bounds: Bounds = {}): Field<number, number, true> =>
  field(`a number${boundsText(bounds)}`, (v) => (typeof v === 'number' && !Number.isNaN(v) && inBounds(v, bounds) ? v : undefined));
/** A boolean with a default. */
export const bool = (initial: boolean): Field<boolean, boolean, false> =>
  withDefault(field('true or false', (v) => (typeof v === 'boolean' ? v : undefined)), initial);
/** A string. */
export const string = (): Field<string, string, true> => field('a string', (v) => (typeof v === 'string' ? v : undefined));
/** One of a few strings. */
export function oneOf<const T extends string>(...values: readonly T[]): Field<T, T, true> {
  const expects = values.map((v) => `'${v}'`).join(', ');
  return {
    ...field<T>(`one of ${expects}`, () => undefined),
    parse: (value, where) => {
      if (values.includes(value as T)) return value as T;
      throw new TypeError(
        `${where} must be one of ${expects}, received ${show(value)}${typeof value === 'string' ? didYouMean(value, values) : ''}`,
      );
    },
  };
}
/** An array of whole numbers (or null where `unknown`), such as a shape. */
export const intList = (bounds: Bounds = {}): Field<readonly number[], readonly number[], true> =>
  field(`an array of integers${boundsText(bounds)}`, (v) =>
    Array.isArray(v) && v.every((n) => typeof n === 'number' && Number.isSafeInteger(n) && inBounds(n, bounds))
      ? (v as number[])
      : undefined,
  );
/** What `axis` takes where it may be several: an axis, an array of axes, or null for all of them. */
type Axes = number | readonly number[] | null;
/** An axis, an array of axes, or null for all of them. */
export const axes = (initial: Axes): Field<Axes, Axes, false> =>
  nullable(
    field<number | readonly number[]>('an axis or an array of axes', (v) =>
      Number.isSafeInteger(v) || (Array.isArray(v) && v.every((axis) => Number.isSafeInteger(axis)))
        ? (v as number | readonly number[])
        : undefined,
    ),
    initial,
  );
/** The dtype to compute in, as losses and metrics have it: that of a dtype policy; `floatx` by default. */
export const computeDtype: Field<DTypePolicyName | 'float' | DTypePolicy | SerializedObject | null, DType, false> = {
  required: false,
  initial: null,
  expects: 'a dtype or a DTypePolicy',
  parse: (value) => getPolicy((value ?? settings.floatx) as DTypePolicyName).computeDtype,
  serialize: (value) => value,
};
