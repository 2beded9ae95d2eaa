// What a call may come to: a value that is whole, or an error in the user's terms.
import { createHash } from 'node:crypto';
import { Hostile } from './values.mjs';

/** Errors of the JavaScript engine, and words that only the library's own code knows: no user can act on them. */
const INTERNAL = [
  /Cannot (read|set|convert|destructure|assign|access|create|delete|perform|use|mix|define)\b(?! .*revoked)/,
  /is not (a function|iterable|a constructor|an object|extensible)$/,
  /^\S+ is not defined$/,
  /is not iterable \(/,
  /undefined \(reading/,
  /Invalid array length/,
  /Maximum call stack/,
  /Invalid typed array length/,
  /offset is out of bounds/,
  /Reduce of empty array/,
  /word \d+ of the plan/,
  /Unexpected (token|end)/,
  /Array buffer allocation/,
  /invalid (string|array) length/i,
  /Invalid time value/,
  /start offset of/,
  /byte length of/,
  /toFixed|toString\(\) radix/,
  /Class constructor/,
  /object is not/,
  /private (field|member)/,
  /BigInt(?!64|Uint64)/,
  /cyclic object|circular structure/,
  /Invalid count value/,
  /The number .* cannot be converted/,
  /Method .* called on incompatible/,
  /^compile: /,
  /^plan: /,
  /must be of type|ERR_/,
  /Iterator value/,
  /Generator is already/,
];
/** The engine's own words for what only the caller's object did. */
const CALLERS = [/(is no JSON|its header is damaged): /, /revoked/, /detached ArrayBuffer/, /Cannot convert a Symbol value/, /thrown by the argument/];

/** Null for an error that a user understands, else what is wrong with it. */
export function blame(error) {
  if (error instanceof Hostile || error?.cause instanceof Hostile) return null;
  if (!(error instanceof Error)) return `threw ${typeof error} and no Error: ${String(error)}`;
  const { message } = error;
  if (CALLERS.some((pattern) => pattern.test(message))) return null;
  if (message === '') return `an error without a message (${error.name})`;
  const found = INTERNAL.find((pattern) => pattern.test(message));
  return found === undefined ? null : `internal words: ${error.name}: ${message}`;
}

/** Visits what a call returned and gives a digest of all numbers in it. Throws when a tensor is not whole. */
export function digest(keras, value) {
  const hash = createHash('sha1');
  let left = 2000; // values are visited
  const visit = (item, depth) => {
    if (left-- < 0 || depth > 6) return;
    if (item instanceof keras.Variable) item = item.value;
    if (item instanceof keras.Tensor) {
      checkTensor(item);
      hash.update(`${item.dtype}${item.shape.join()}`);
      if (item.memory !== null) hash.update(item.memory);
    } else if (item instanceof keras.KerasTensor) {
      for (const d of item.shape)
        if (d !== null && !(Number.isSafeInteger(d) && d >= 0)) throw new Error(`a symbol of shape [${item.shape.join(', ')}]`);
    } else if (ArrayBuffer.isView(item) && !(item instanceof DataView) && item.byteLength > 0) // detached memory has none
      hash.update(new Uint8Array(item.buffer, item.byteOffset, item.byteLength));
    else if (Array.isArray(item)) for (let i = 0; i < Math.min(item.length, 64); i++) visit(item[i], depth + 1);
    else if (typeof item === 'number' || typeof item === 'boolean' || typeof item === 'bigint') hash.update(String(item));
    else if (item !== null && typeof item === 'object' && Object.getPrototypeOf(item) === Object.prototype)
      for (const key of Object.keys(item).slice(0, 64)) visit(item[key], depth + 1);
  };
  visit(value, 0);
  return hash.digest('hex').slice(0, 12);
}

function checkTensor({ shape, dtype, size, memory, spec }) {
  if (!shape.every((d) => Number.isSafeInteger(d) && d >= 0)) throw new Error(`a tensor of shape [${shape.join(', ')}]`);
  if (memory === null) return;
  if (memory.length !== spec.bytes) throw new Error(`a tensor ${dtype} of ${size} elements has ${memory.length} bytes`);
}
