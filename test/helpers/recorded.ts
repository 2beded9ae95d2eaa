// Comparing with recordings: tensors from recorded arrays, options in Keratin's spelling, values within a tolerance.
import { expect } from '@jest/globals';
import { camelCase } from '#lib/config/configurable.js';
import type { Tensor } from '#lib/core/tensor.js';
import { ops } from 'keratin';
import type { RecordedArray, Spec } from './fixtures.js';

/** A tensor with the values of a recorded array. */
export const tensorOf = ({ dtype, shape, data }: RecordedArray): Tensor => ops.reshape(ops.convertToTensor(data, { dtype }), shape);
/** What a recorded argument stands for: an array is a tensor, other values are themselves. */
export const argumentOf = (value: unknown): unknown => (typeof value === 'object' && value !== null && 'data' in value ? tensorOf(value as RecordedArray) : value);
/** Options with Keras's names in camelCase. */
export const camelKeys = (options: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(options).map(([key, value]) => [camelCase(key), value]));

/** The object of a spec, made of a family's exports. */
export function make<T>(family: object, { symbol, args, options }: Spec): T {
  const Class = (family as Record<string, unknown>)[symbol.split('.').at(-1)!] as new (...args: unknown[]) => T;
  return new Class(...args, camelKeys(options));
}

/** How far numbers may be apart: `absolute + relative * |expected|`. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}
/** For float32 results of a few operations, from two libraries. */
export const FLOAT32: Tolerance = { relative: 2e-5, absolute: 2e-6 };

/** Expects a tensor of the recorded shape and dtype, and of values within the tolerance. */
export function expectClose(actual: Tensor, expected: RecordedArray, tolerance: Tolerance = FLOAT32): void {
  expect({ shape: actual.shape, dtype: actual.dtype }).toEqual({ shape: expected.shape, dtype: expected.dtype });
  expectNumbersClose(Array.from(actual.data, Number), Array.from(expected.data, Number), tolerance);
}

/** Expects numbers within the tolerance; NaN is expected where NaN is. */
export function expectNumbersClose(actual: readonly number[], expected: readonly number[], { relative, absolute }: Tolerance = FLOAT32): void {
  expect(actual.length).toBe(expected.length);
  const far = expected.flatMap((e, i) => {
    const a = actual[i];
    const same = Object.is(a, e) || a === e || Math.abs(a - e) <= absolute + relative * Math.abs(e);
    return same && (Number.isFinite(a) || Object.is(a, e)) ? [] : [{ index: i, actual: a, expected: e }];
  });
  expect(far).toEqual([]);
}
