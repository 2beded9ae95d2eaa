// How far values may be apart: one table, by element type and by what was done to them.
import { expect } from '@jest/globals';
import type { DType } from '#lib/base/dtype.js';
import { isFloat } from '#lib/base/dtype.js';

/** Half the distance of two neighbouring numbers near 1. */
const UNIT: Partial<Record<DType, number>> = { float16: 2 ** -11, bfloat16: 2 ** -8, float32: 2 ** -24, float64: 2 ** -53 };
/** Units by which a value may differ: the same operations on the same values; a few roundings; a sum of `terms` of them. */
export type Kind = 'exact' | 'ulp' | 'reduction';
const UNITS: Record<Kind, number> = { exact: 0, ulp: 16, reduction: 32 };

/** A relative tolerance for values of a dtype; sums of many terms err with the root of their number. */
export function tolerance(dtype: DType, kind: Kind, terms = 1): number {
  if (!isFloat(dtype)) return 0;
  return UNITS[kind] * UNIT[dtype]! * (kind === 'reduction' ? Math.sqrt(terms) : 1);
}

/** Fails unless all numbers agree within `relative`, of their own size or of 1. NaN and infinities must be the same. */
export function expectWithin(actual: ArrayLike<number>, expected: ArrayLike<number>, relative: number, where = ''): void {
  expect(actual.length).toBe(expected.length);
  const apart = Array.from(actual, (a, i) => [i, a, expected[i]] as const).filter(([, a, b]) => {
    if (Object.is(a, b) || a === b) return false;
    return !(Math.abs(a - b) <= relative * Math.max(1, Math.abs(b)));
  });
  if (apart.length > 0) {
    const [i, a, b] = apart[0];
    throw new Error(
      `${where}${apart.length} of ${actual.length} values differ by more than ${relative}; the first is number ${i}: ${a}, expected ${b}`,
    );
  }
}
