// Texts that tell values apart: what the keys of caches are made of.
import { isPlainObject } from './tree.js';

const objects = new WeakMap<object, number>();
const symbols = new Map<symbol, number>();
let next = 1;

/** A text for an object, function or symbol that no other one has. */
export function identityText(value: object | symbol): string {
  const numbers = (typeof value === 'symbol' ? symbols : objects) as Map<object | symbol, number>;
  let number = numbers.get(value);
  if (number === undefined) numbers.set(value, (number = next++));
  return `#${number}`;
}

function listText(values: ArrayLike<unknown>, other: (value: object | symbol) => string): string {
  let text = '[';
  for (let i = 0; i < values.length; i++) text += `${keyText(values[i], other)},`;
  return `${text}]`;
}

/**
 * A text that two values share only if they are the same: NaN, the infinities and both zeros are told apart; arrays, typed arrays and plain
 * objects go by their contents; `other` gives the text of everything else, by default one for each object.
 */
export function keyText(value: unknown, other: (value: object | symbol) => string = identityText): string {
  switch (typeof value) {
    case 'number': return Object.is(value, -0) ? '-0' : String(value);
    case 'string': return JSON.stringify(value);
    case 'bigint': return `${value}n`;
    case 'boolean': case 'undefined': return String(value);
    case 'symbol': case 'function': return other(value);
    default:
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return listText(value, other);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return `${value.constructor.name}${listText(value as Uint8Array, other)}`;
  if (!isPlainObject(value)) return other(value as object);
  let text = '{';
  for (const name of Object.keys(value)) text += `${JSON.stringify(name)}:${keyText(value[name], other)},`;
  return `${text}}`;
}
