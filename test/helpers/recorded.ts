// Comparing with recordings: tensors from recorded arrays, options in Keratin's spelling, values within a tolerance.
import { camelCase, camelKeys } from '#lib/base/names.js';
import { expect } from '@jest/globals';
import type { Tensor } from '#lib/core/tensor.js';
import { isPlainObject } from '#lib/base/tree.js';
import { ops } from 'keratin';
import type { RecordedArray, Spec } from './fixtures.js';

/** A tensor with the values of a recorded array. */
export const tensorOf = ({ dtype, shape, data }: RecordedArray): Tensor =>
  dtype === 'complex64'
    ? ops.viewAsComplex(ops.reshape(ops.convertToTensor(data), [...shape, 2]))
    : ops.reshape(ops.convertToTensor(data, { dtype }), shape);
/** What a recorded argument stands for: an array is a tensor, other values are themselves. */
export function argumentOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(argumentOf);
  if (isRecordedArray(value)) return tensorOf(value);
  return isPlainObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, argumentOf(item)])) : value;
}
const isRecordedArray = (value: unknown): value is RecordedArray => typeof value === 'object' && value !== null && 'data' in value;
export { camelKeys };

const isSpec = (value: unknown): value is Spec => isPlainObject(value) && 'symbol' in value;
/** The object of a spec, made of a family's exports; so are specs among its arguments. */
export function make<T>(family: object, { symbol, args, options }: Spec): T {
  const Class = (family as Record<string, unknown>)[symbol.split('.').at(-1)!] as new (...args: unknown[]) => T;
  const made = (value: unknown): unknown => (Array.isArray(value) ? value.map(made) : isSpec(value) ? make(family, value) : value);
  return new Class(...args.map(made), camelKeys(Object.fromEntries(Object.entries(options).map(([key, value]) => [key, made(value)]))));
}

/** The function `<symbol>` of the package, or of an object, called with arguments by position and options by Keras's names. */
export function callRecorded(keras: object, symbol: string, args: readonly unknown[], options: Record<string, unknown>): unknown {
  const path = symbol.split('.').map((part) => camelCase(part));
  const owner = path.slice(0, -1).reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], keras) as Record<
    string,
    (...args: unknown[]) => unknown
  >;
  const fn = (...given: unknown[]) => owner[path.at(-1)!](...given);
  const named = camelKeys(Object.fromEntries(Object.entries(options).map(([key, value]) => [key, argumentOf(value)])));
  return Object.keys(named).length === 0 ? fn(...args) : fn(...args, named);
}

/** How far numbers may be apart: `absolute + relative * |expected|`. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}
/** For float32 results of a few operations, from two libraries. */
export const FLOAT32: Tolerance = { relative: 2e-5, absolute: 2e-6 };

/** For results of 16 bits: two roundings. */
const HALF: Partial<Record<string, Tolerance>> = {
  float16: { relative: 2 ** -9, absolute: 2 ** -11 },
  bfloat16: { relative: 2 ** -6, absolute: 2 ** -8 },
};

/** Expects a tensor of the recorded shape and dtype, and of values within the tolerance. */
export function expectClose(actual: Tensor, expected: RecordedArray, tolerance: Tolerance = FLOAT32): void {
  expect({ shape: actual.shape, dtype: actual.dtype }).toEqual({ shape: expected.shape, dtype: expected.dtype });
  const half = HALF[actual.dtype];
  const { data } = half ? ops.cast(actual, 'float32') : actual;
  expectNumbersClose(Array.from(data, Number), Array.from(expected.data, Number), half ?? tolerance);
}

/** Expects numbers within the tolerance; NaN is expected where NaN is. */
export function expectNumbersClose(
  actual: readonly number[],
  expected: readonly number[],
  { relative, absolute }: Tolerance = FLOAT32,
): void {
  expect(actual.length).toBe(expected.length);
  const far = expected.flatMap((e, i) => {
    const a = actual[i];
    const same = Object.is(a, e) || a === e || Math.abs(a - e) <= absolute + relative * Math.abs(e);
    return same && (Number.isFinite(a) || Object.is(a, e)) ? [] : [{ index: i, actual: a, expected: e }];
  });
  expect(far).toEqual([]);
}

/** Expects what one leaf of a recorded result was: a tensor within the tolerance, or another value as it is. */
export function expectResult(actual: unknown, expected: unknown, tolerance?: Tolerance): void {
  if (isRecordedArray(expected)) expectClose(actual as Tensor, expected, tolerance);
  else expect(actual).toEqual(expected);
}
