// Python's pickle, as far as files of NumPy arrays need it: data only, nothing in a file can name code that runs.
import type { Tensor } from '../core/tensor.js';
import { latin1, numpyGlobal, NumpyDType, PendingArray, type PickledArray } from './pickled-array.js';

/** An instruction of the pickle machine (Python's `pickletools` describes each). */
type Instruction = (machine: Machine) => void;

/**
 * A value in a pickle: dicts are maps, tuples and lists arrays, byte strings (and Python 2's strings) `Uint8Array`s, NumPy's arrays
 * tensors.
 */
export type Pickled =
  null | boolean | number | bigint | string | Uint8Array | Tensor | PickledArray | Map<unknown, unknown> | Set<unknown> | unknown[];

const MARK = Symbol('mark');
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Whole numbers are numbers where they are safe. */
const whole = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

/** A little-endian integer in two's complement of any length. */
function longOf(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return whole(BigInt.asIntN(8 * bytes.length, value));
}

/** A float as Python writes it in text. */
const floatOf = (text: string): number =>
  /^-?(inf|nan)$/.test(text) ? Number(text.replace('inf', 'Infinity').replace(/-?nan/, 'NaN')) : Number(text);

/** Stack, memo and place in the bytes. */
class Machine {
  stack: unknown[] = [];
  readonly memo = new Map<number, unknown>();
  private readonly view: DataView;
  private at = 0;

  constructor(private readonly bytes: Uint8Array, readonly name: string) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  fail(message: string): never {
    throw new Error(`${this.name}: ${message}`);
  }

  take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) this.fail('the pickle is truncated');
    return this.bytes.subarray(this.at, (this.at += length));
  }

  /** Reads by a method of `DataView`. */
  private read<T>(length: number, get: (at: number) => T): T {
    const start = this.at;
    this.take(length);
    return get(start);
  }
  byte = (): number => this.read(1, (at) => this.view.getUint8(at));
  uint16 = (): number => this.read(2, (at) => this.view.getUint16(at, true));
  int32 = (): number => this.read(4, (at) => this.view.getInt32(at, true));
  uint32 = (): number => this.read(4, (at) => this.view.getUint32(at, true));
  uint64 = (): number => Number(this.read(8, (at) => this.view.getBigUint64(at, true)));
  float64 = (): number => this.read(8, (at) => this.view.getFloat64(at));

  /** The text up to the end of the line. */
  line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0) this.fail('the pickle is truncated');
    const text = latin1(this.take(end - this.at));
    this.at++;
    return text.replace(/\r$/, '');
  }

  push(value: unknown): void {
    this.stack.push(value);
  }
  pop(): unknown {
    if (this.stack.length === 0) this.fail('the pickle takes a value from an empty stack');
    return this.stack.pop();
  }
  top(): unknown {
    return this.stack.at(-1) ?? (this.stack.length === 0 ? this.fail('the pickle looks at an empty stack') : null);
  }
  /** The values above the last mark, which goes too. */
  popMarked(): unknown[] {
    const at = this.stack.lastIndexOf(MARK);
    if (at < 0) this.fail('the pickle has no mark');
    const values = this.stack.splice(at + 1);
    this.stack.pop();
    return values;
  }
  get(key: number): void {
    if (!this.memo.has(key)) this.fail(`the pickle refers to a value that it does not have (${key})`);
    this.push(this.memo.get(key));
  }

  run(): unknown {
    for (;;) {
      const code = this.byte();
      if (code === STOP) return this.pop();
      const instruction = INSTRUCTIONS[code];
      if (instruction === undefined) this.fail(`the pickle has the unsupported instruction ${JSON.stringify(String.fromCharCode(code))}`);
      instruction(this);
    }
  }
}

const STOP = '.'.charCodeAt(0);

/** A key of a dict: Python 2's strings become strings, so that they can be looked up. */
const keyOf = (value: unknown): unknown => (value instanceof Uint8Array ? latin1(value) : value);

function setItems(m: Machine, items: readonly unknown[]): void {
  const target = m.top();
  if (!(target instanceof Map) || items.length % 2 !== 0) m.fail('the pickle sets items of what is no dict');
  for (let i = 0; i < items.length; i += 2) target.set(keyOf(items[i]), items[i + 1]);
}
function appendItems(m: Machine, items: readonly unknown[]): void {
  const target = m.top();
  if (!Array.isArray(target)) m.fail('the pickle appends to what is no list');
  for (const item of items) target.push(item);
}
function tupleOf(m: Machine, length: number): void {
  const items = Array.from({ length }, () => m.pop());
  m.push(items.reverse());
}
function pushGlobal(m: Machine, module: string, name: string): void {
  m.push(
    numpyGlobal(module, name) ??
      m.fail(`refusing to unpickle ${module}.${name}: only NumPy arrays, dicts, lists, tuples, strings and numbers are read`),
  );
}
/** Calls a global: those are our own functions, see `numpyGlobal`. */
function reduce(m: Machine): void {
  const args = m.pop();
  const fn = m.pop();
  if (typeof fn !== 'function' || !Array.isArray(args)) m.fail('the pickle calls what is no function');
  m.push((fn as (name: string, ...args: unknown[]) => unknown)(m.name, ...(args as unknown[])));
}
function build(m: Machine): void {
  const state = m.pop();
  const target = m.top();
  if (!(target instanceof PendingArray) && !(target instanceof NumpyDType)) m.fail('the pickle sets the state of what is no NumPy array');
  target.setState(m.name, state);
}
function intLine(m: Machine): void {
  const text = m.line();
  if (text === '00' || text === '01') return m.push(text === '01');
  if (!/^-?\d+$/.test(text)) m.fail(`the pickle has a malformed number ${JSON.stringify(text)}`);
  m.push(whole(BigInt(text)));
}
/** A string in quotes, as Python writes it in text. */
function quoted(m: Machine): Uint8Array {
  const text = m.line();
  const plain: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, a: 7, b: 8, f: 12, v: 11, '0': 0 };
  if (!/^(['"]).*\1$/s.test(text) || text.length < 2) m.fail('the pickle has a malformed string');
  const parts = text.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)/gs, (_, escape: string) => {
    if (/^x../.test(escape)) return String.fromCharCode(parseInt(escape.slice(1), 16));
    if (/^[0-7]+$/.test(escape)) return String.fromCharCode(parseInt(escape, 8) & 255);
    return escape in plain ? String.fromCharCode(plain[escape]!) : escape;
  });
  return Uint8Array.from(parts, (character) => character.charCodeAt(0));
}
/** Python's `raw-unicode-escape`: Latin-1, with \uXXXX and \UXXXXXXXX. */
const rawUnicode = (text: string): string =>
  text.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (_, short: string | undefined, long: string) =>
    String.fromCodePoint(parseInt(short ?? long, 16)),
  );

/** The instructions by their characters, or by numbers from protocol 2 on. */
const TABLE: Readonly<Record<string, Instruction>> = {
  '(': (m) => m.push(MARK),
  '0': (m) => void m.pop(),
  '1': (m) => void m.popMarked(),
  '2': (m) => m.push(m.top()),
  N: (m) => m.push(null),
  '\x88': (m) => m.push(true),
  '\x89': (m) => m.push(false),
  I: intLine,
  L: (m) => m.push(whole(BigInt(m.line().replace(/L$/, '')))),
  J: (m) => m.push(m.int32()),
  K: (m) => m.push(m.byte()),
  M: (m) => m.push(m.uint16()),
  '\x8a': (m) => m.push(longOf(m.take(m.byte()))),
  '\x8b': (m) => m.push(longOf(m.take(m.uint32()))),
  F: (m) => m.push(floatOf(m.line())),
  G: (m) => m.push(m.float64()),
  S: (m) => m.push(quoted(m)),
  T: (m) => m.push(m.take(m.uint32())),
  U: (m) => m.push(m.take(m.byte())),
  B: (m) => m.push(m.take(m.uint32())),
  C: (m) => m.push(m.take(m.byte())),
  '\x8e': (m) => m.push(m.take(m.uint64())),
  '\x96': (m) => m.push(m.take(m.uint64())),
  V: (m) => m.push(rawUnicode(m.line())),
  X: (m) => m.push(utf8.decode(m.take(m.uint32()))),
  '\x8c': (m) => m.push(utf8.decode(m.take(m.byte()))),
  '\x8d': (m) => m.push(utf8.decode(m.take(m.uint64()))),
  '\x98': () => undefined, // READONLY_BUFFER: bytes here are never written
  ']': (m) => m.push([]),
  '}': (m) => m.push(new Map()),
  '\x8f': (m) => m.push(new Set()),
  ')': (m) => m.push([]),
  l: (m) => m.push(m.popMarked()),
  t: (m) => m.push(m.popMarked()),
  '\x85': (m) => tupleOf(m, 1),
  '\x86': (m) => tupleOf(m, 2),
  '\x87': (m) => tupleOf(m, 3),
  d: (m) => {
    const items = m.popMarked();
    m.push(new Map());
    setItems(m, items);
  },
  a: (m) => appendItems(m, [m.pop()]),
  e: (m) => appendItems(m, m.popMarked()),
  s: (m) => {
    const value = m.pop();
    setItems(m, [m.pop(), value]);
  },
  u: (m) => setItems(m, m.popMarked()),
  '\x90': (m: Machine) => {
    const items = m.popMarked();
    const target = m.top();
    if (!(target instanceof Set)) m.fail('the pickle adds to what is no set');
    for (const item of items) target.add(keyOf(item));
  },
  '\x91': (m) => m.push(new Set(m.popMarked().map(keyOf))),
  g: (m) => m.get(Number(m.line())),
  h: (m) => m.get(m.byte()),
  j: (m) => m.get(m.uint32()),
  p: (m) => void m.memo.set(Number(m.line()), m.top()),
  q: (m) => void m.memo.set(m.byte(), m.top()),
  r: (m) => void m.memo.set(m.uint32(), m.top()),
  '\x94': (m) => void m.memo.set(m.memo.size, m.top()),
  c: (m) => pushGlobal(m, m.line(), m.line()),
  '\x93': (m) => {
    const name = m.pop();
    pushGlobal(m, String(m.pop()), String(name));
  },
  R: reduce,
  b: build,
  '\x80': (m) => {
    const protocol = m.byte();
    if (protocol > 5) m.fail(`cannot read a pickle of protocol ${protocol}, only up to 5`);
  },
  '\x95': (m) => void m.uint64(), // FRAME: its length
};
const INSTRUCTIONS: readonly (Instruction | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  Object.hasOwn(TABLE, String.fromCharCode(code)) ? TABLE[String.fromCharCode(code)] : undefined);

/** Pickled arrays were completed after lists and dicts took them up: replaces them by what they became. */
function finish(value: unknown, seen: Map<unknown, unknown>): unknown {
  if (value instanceof PendingArray) {
    if (seen.get(value) === MARK) throw new Error('the pickle has a NumPy array that contains itself');
    if (!seen.has(value)) {
      seen.set(value, MARK);
      seen.set(value, value.finish((item) => finish(item, seen)));
    }
    return seen.get(value);
  }
  if (typeof value !== 'object' || value === null || seen.has(value)) return value;
  if (Array.isArray(value)) {
    seen.set(value, value);
    for (let i = 0; i < value.length; i++) if (typeof value[i] === 'object') value[i] = finish(value[i], seen);
  } else if (value instanceof Map) {
    seen.set(value, value);
    for (const [key, item] of value) value.set(key, finish(item, seen));
  }
  return value;
}

/**
 * Reads a pickle of protocol 0 to 5 of numbers, strings, bytes, tuples, lists, dicts, sets and NumPy arrays and scalars. Dicts are maps,
 * whose keys are strings where Python has byte strings (all of Python 2's strings are such). Arrays of numbers are tensors, those of
 * objects `PickledArray`s. `name` opens error messages.
 * @throws for anything else that the pickle names, and for malformed or truncated ones.
 */
export function unpickle(bytes: Uint8Array, name: string): Pickled {
  return finish(new Machine(bytes, name).run(), new Map()) as Pickled;
}
