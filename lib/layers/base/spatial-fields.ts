// Options of layers over sequences, images and volumes that have one value, or some, for each spatial axis.
import { type Field, field } from '../../config/fields.js';
import type { Padding } from '../../ops/spatial.js';

const isWhole = (value: unknown, least: number): value is number => typeof value === 'number' && Number.isInteger(value) && value >= least;
const several = (rank: number): string => (rank === 1 ? 'an array of one' : `an array of ${rank} of them`);

/** A whole number, of at least `least`, for all of `rank` axes, or one for each. The layer sees one for each. */
export const sizes = (rank: number, least = 1): Field<number | readonly number[], readonly number[], true> =>
  field(`an integer >= ${least} or ${several(rank)}`, (value) => {
    const list: unknown = typeof value === 'number' ? new Array<number>(rank).fill(value) : value;
    return Array.isArray(list) && list.length === rank && list.every((n) => isWhole(n, least)) ? (list) : undefined;
  });

/** Whether windows lie within the input or over its borders; in lower or upper case. */
export const windowPadding = (): Field<Padding, Padding, false> => ({
  ...field<Padding>("'valid' or 'same'", (value) =>
    typeof value === 'string' && ['valid', 'same'].includes(value.toLowerCase()) ? (value as Padding) : undefined,
  ),
  required: false,
  initial: 'valid',
});

/** How much of one axis: at the start and at the end. */
export type Ends = readonly [number, number];
/** What `ends` takes for one axis: both ends together, or start and end. */
export type EndsLike = number | readonly [number, number] | readonly number[];
function endsOf(value: unknown): Ends | undefined {
  if (isWhole(value, 0)) return [value, value];
  return Array.isArray(value) && value.length === 2 && value.every((n) => isWhole(n, 0))
    ? [value[0] as number, value[1] as number]
    : undefined;
}
/** Whole numbers for the two ends of the only spatial axis: one for both, or start and end. */
export const ends = (initial: EndsLike): Field<EndsLike, Ends, false> => ({
  ...field<EndsLike, Ends>('an integer >= 0 or an array of 2 of them (start, end)', endsOf),
  required: false,
  initial,
});
/** Whole numbers for the ends of each of `rank` axes: one for all, or for each axis one for both ends, or start and end. */
export const endsOfAxes = (
  rank: number,
  initial: number | readonly EndsLike[],
): Field<number | readonly EndsLike[], readonly Ends[], false> => ({
  ...field<number | readonly EndsLike[], readonly Ends[]>(
    `an integer >= 0, or an array of ${rank} with an integer >= 0 or an array of 2 of them (start, end) for each axis`,
    (value) => {
      const list: unknown = typeof value === 'number' ? new Array<number>(rank).fill(value) : value;
      if (!Array.isArray(list) || list.length !== rank) return undefined;
      const pairs = list.map(endsOf);
      return pairs.every((pair) => pair !== undefined) ? pairs : undefined;
    },
  ),
  required: false,
  initial,
});

/** The first spatial axis of a batch. */
export const firstSpatial = (format: 'channels_last' | 'channels_first'): 1 | 2 => (format === 'channels_first' ? 2 : 1);
