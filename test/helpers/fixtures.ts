// Reads what real Keras was recorded to compute: the files of test/fixtures/recorded. The docstring of the module of the same
// name in test/fixtures/recorder says what a case holds.
import type { DType, TypedArray } from '#lib/base/dtype.js';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** An array of a recording. `bool` data is bytes of 0 and 1; 16-bit floats are 32-bit ones of the same values; complex ones are pairs. */
export interface RecordedArray {
  dtype: Exclude<DType, 'complex128'>;
  shape: number[];
  data: TypedArray;
}

/** A Keras object to be made: `keras.<symbol>` called with its required arguments in order and its options (Keras's names). */
export interface Spec {
  symbol: string;
  args: unknown[];
  options: Record<string, unknown>;
}

const folder = new URL('../../../test/fixtures/recorded/', import.meta.url); // seen from build/test/helpers

const dtypes = {
  BOOL: ['bool', Uint8Array],
  U8: ['uint8', Uint8Array],
  U16: ['uint16', Uint16Array],
  U32: ['uint32', Uint32Array],
  U64: ['uint64', BigUint64Array],
  I8: ['int8', Int8Array],
  I16: ['int16', Int16Array],
  I32: ['int32', Int32Array],
  I64: ['int64', BigInt64Array],
  F16: ['float16', Uint16Array],
  BF16: ['bfloat16', Uint16Array],
  F32: ['float32', Float32Array],
  F64: ['float64', Float64Array],
  C64: ['complex64', Float32Array],
} as const;

/** Readers of the bits of 16-bit floats. */
const widened: Record<string, (bits: number) => number> = {
  bfloat16: (bits) => new Float32Array(Uint32Array.of(bits << 16).buffer)[0],
  float16(bits) {
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
  },
};

interface Entry {
  dtype: keyof typeof dtypes;
  shape: number[];
  data_offsets: [number, number];
}

/** Reads the arrays of a safetensors file: an 8-byte length, a JSON header of that length, the data. */
function readArrays(file: URL): Map<string, RecordedArray> {
  if (!existsSync(file)) return new Map();
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, Entry>;
  const arrays = Object.entries(header).map(([name, { dtype, shape, data_offsets: [from, to] }]) => {
    const [type, TypedArray] = dtypes[dtype];
    const { buffer } = new Uint8Array(bytes.subarray(start + from, start + to)); // a copy, aligned for every type
    const data = new TypedArray(buffer);
    const wide = widened[type];
    return [name, { dtype: type, shape, data: wide ? Float32Array.from(data as Uint16Array, wide) : data }] as const;
  });
  return new Map(arrays);
}

/** The cases of a recording, with their arrays and their numbers that JSON lacks (NaN, infinities) in place. */
export function readFixture<Case extends { name: string }>(name: string): Case[] {
  const arrays = readArrays(new URL(`${name}.safetensors`, folder));
  const revive = (_key: string, value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if ('$number' in value) return { nan: NaN, inf: Infinity, '-inf': -Infinity }[value.$number as 'nan' | 'inf' | '-inf'];
    if ('$tensor' in value) return arrays.get(value.$tensor as string);
    return value;
  };
  const text = readFileSync(new URL(`${name}.json`, folder), 'utf8');
  return (JSON.parse(text, revive) as { cases: Case[] }).cases;
}

/** The names of the recordings that begin with `prefix`. */
export const fixtureNames = (prefix: string): string[] =>
  readdirSync(folder)
    .filter((file) => file.startsWith(prefix) && file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
