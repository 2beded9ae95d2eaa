// Whole numbers as parameters: the one way in which integers, sizes and lists of them are read and refused.
import { show } from './errors.js';

/** Least and largest value that a parameter takes. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
}

const rangeText = ({ min, max }: Range): string =>
  min !== undefined && max !== undefined
    ? ` from ${min} to ${max}`
    : `${min === undefined ? '' : ` >= ${min}`}${max === undefined ? '' : ` <= ${max}`}`;
const isWhole = (value: unknown, { min = -Infinity, max = Infinity }: Range): value is number =>
  Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;

function refuse(where: string, name: string, value: unknown, range: Range, expected = `an integer${rangeText(range)}`): never {
  const Kind = typeof value === 'number' ? RangeError : TypeError;
  throw new Kind(`${where}: ${name} must be ${expected}, received ${show(value)}`);
}

/**
 * A whole number. Fractions, NaN, strings, booleans and other objects are refused, and integers that a double does not hold exactly. -0
 * becomes 0.
 * @throws a RangeError for a number that does not fit, a TypeError for anything else.
 */
export function integer(where: string, name: string, value: unknown, range: Range = {}): number {
  if (!isWhole(value, range)) refuse(where, name, value, range);
  return value + 0;
}

/** A whole number or null; undefined is null too. */
export const optionalInteger = (where: string, name: string, value: unknown, range: Range = {}): number | null =>
  value === null || value === undefined ? null : integer(where, name, value, range);

/** A list of whole numbers, from an array of them or a single one. Holes in the array are refused. */
export function integers(where: string, name: string, value: unknown, range: Range = {}): number[] {
  if (typeof value === 'number') return [integer(where, name, value, range)];
  const expected = `an integer${rangeText(range)} or an array of them`;
  if (!Array.isArray(value)) refuse(where, name, value, range, expected);
  const list = Array.from(value as unknown[]);
  for (const entry of list) if (!isWhole(entry, range)) refuse(where, name, typeof entry === 'number' ? list : [...list], range, expected);
  return list.map((entry) => (entry as number) + 0);
}

/** Entries that a list made for a user's number may have: more would fill the memory of JavaScript. */
export const LONGEST_LIST = 2 ** 20;
/** The number of entries of a list of JavaScript objects. @throws a RangeError for more than `LONGEST_LIST`. */
export const listLength = (where: string, name: string, value: unknown, min = 0): number =>
  integer(where, name, value, { min, max: LONGEST_LIST });
