// Reads what real Keras was recorded to compute: the files of test/fixtures/recorded. The docstring of the module of the same
// name in test/fixtures/recorder says what a case holds.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** An array of a recording. `bool` data is bytes of 0 and 1; `int64` data is a `BigInt64Array`. */
export interface RecordedArray {
  dtype: 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'bool';
  shape: number[];
  data: Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;
}

/** A Keras object to be made: `keras.<symbol>` called with its required arguments in order and its options (Keras's names). */
export interface Spec {
  symbol: string;
  args: unknown[];
  options: Record<string, unknown>;
}

const folder = new URL('../../../test/fixtures/recorded/', import.meta.url); // seen from build/test/helpers

const dtypes = {
  F32: ['float32', Float32Array],
  F64: ['float64', Float64Array],
  I32: ['int32', Int32Array],
  I64: ['int64', BigInt64Array],
  U8: ['uint8', Uint8Array],
  BOOL: ['bool', Uint8Array],
} as const;

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
    return [name, { dtype: type, shape, data: new TypedArray(buffer) }] as const;
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
