// Hashes of strings that Keras puts tokens into buckets by: FarmHash's Fingerprint64 (Pike and Alakuijala, 2014), and SipHash-2-4
// (Aumasson and Bernstein, 2012) with a key. Words are BigInts of 64 bits.

const MASK = (1n << 64n) - 1n;
const wrap = (x: bigint): bigint => x & MASK;
const rotateRight = (x: bigint, by: bigint): bigint => wrap((x >> by) | (x << (64n - by)));
const rotateLeft = (x: bigint, by: bigint): bigint => rotateRight(x, 64n - by);
const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;
const encoder = new TextEncoder();

const shiftMix = (x: bigint): bigint => x ^ (x >> 47n);
function mix(u: bigint, v: bigint, factor: bigint): bigint {
  const a = shiftMix(wrap((u ^ v) * factor));
  return wrap(shiftMix(wrap((v ^ a) * factor)) * factor);
}

type Pair = readonly [bigint, bigint];
/** Reads of one string's bytes, little end first. */
class Words {
  private readonly view: DataView;
  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  word(at: number): bigint {
    return this.view.getBigUint64(at, true);
  }
  half(at: number): bigint {
    return BigInt(this.view.getUint32(at, true));
  }
  weak(at: number, first: bigint, second: bigint): Pair {
    const [w, x, y, z] = [0, 8, 16, 24].map((offset) => this.word(at + offset)) as [bigint, bigint, bigint, bigint];
    const a = wrap(first + w);
    const b = rotateRight(wrap(second + a + z), 21n);
    const c = wrap(a + x + y);
    return [wrap(c + z), wrap(b + rotateRight(c, 44n) + a)];
  }
}

function upTo16(words: Words): bigint {
  const { length } = words.bytes;
  const factor = wrap(K2 + BigInt(length) * 2n);
  if (length >= 8) {
    const a = wrap(words.word(0) + K2);
    const b = words.word(length - 8);
    return mix(wrap(rotateRight(b, 37n) * factor + a), wrap((rotateRight(a, 25n) + b) * factor), factor);
  }
  if (length >= 4) return mix(wrap(BigInt(length) + (words.half(0) << 3n)), words.half(length - 4), factor);
  if (length === 0) return K2;
  const [a, b, c] = [words.bytes[0]!, words.bytes[length >> 1]!, words.bytes[length - 1]!];
  return wrap(shiftMix(wrap(BigInt(a + (b << 8)) * K2) ^ wrap(BigInt(length + (c << 2)) * K0)) * K2);
}

function upTo64(words: Words): bigint {
  const { length } = words.bytes;
  const factor = wrap(K2 + BigInt(length) * 2n);
  const a = wrap(words.word(0) * (length <= 32 ? K1 : K2));
  const b = words.word(8);
  const c = wrap(words.word(length - 8) * factor);
  const d = wrap(words.word(length - 16) * K2);
  const y = wrap(rotateRight(wrap(a + b), 43n) + rotateRight(c, 30n) + d);
  const z = mix(y, wrap(a + rotateRight(wrap(b + K2), 18n) + c), factor);
  if (length <= 32) return z;
  const e = wrap(words.word(16) * factor);
  const f = words.word(24);
  const g = wrap((y + words.word(length - 32)) * factor);
  const h = wrap((z + words.word(length - 24)) * factor);
  return mix(wrap(rotateRight(wrap(e + f), 43n) + rotateRight(g, 30n) + h), wrap(e + rotateRight(wrap(f + a), 18n) + g), factor);
}

function longer(words: Words): bigint {
  const { length } = words.bytes;
  let [x, y, z] = [81n, wrap(81n * K1 + 113n), 0n];
  z = wrap(shiftMix(wrap(y * K2 + 113n)) * K2);
  let [v, w]: [Pair, Pair] = [[0n, 0n], [0n, 0n]];
  x = wrap(x * K2 + words.word(0));
  const round = (at: number, factor: bigint, [p, q]: readonly [bigint, bigint]): void => {
    x = wrap(rotateRight(wrap(x + y + v[0] + words.word(at + 8)), 37n) * factor);
    y = wrap(rotateRight(wrap(y + v[1] + words.word(at + 48)), 42n) * factor);
    x ^= wrap(w[1] * p);
    y = wrap(y + v[0] * q + words.word(at + 40));
    z = wrap(rotateRight(wrap(z + w[0]), 33n) * factor);
    v = words.weak(at, wrap(v[1] * factor), wrap(x + w[0]));
    w = words.weak(at + 32, wrap(z + w[1]), wrap(y + words.word(at + 16)));
    [x, z] = [z, x];
  };
  const end = Math.floor((length - 1) / 64) * 64;
  for (let at = 0; at < end; at += 64) round(at, K1, [1n, 1n]);
  const factor = wrap(K1 + ((z & 0xffn) << 1n));
  w = [wrap(w[0] + BigInt((length - 1) & 63)), w[1]];
  v = [wrap(v[0] + w[0]), v[1]];
  w = [wrap(w[0] + v[0]), w[1]];
  round(length - 64, factor, [9n, 9n]);
  return mix(wrap(mix(v[0], w[0], factor) + shiftMix(y) * K0 + z), wrap(mix(v[1], w[1], factor) + x), factor);
}

/** FarmHash's Fingerprint64 of a string's UTF-8. */
export function fingerprint64(text: string): bigint {
  const words = new Words(encoder.encode(text));
  const { length } = words.bytes;
  return length <= 16 ? upTo16(words) : length <= 64 ? upTo64(words) : longer(words);
}

/** The fingerprint of two fingerprints one after the other, as TensorFlow joins those of crossed features. */
export function joinFingerprints(first: bigint, second: bigint): bigint {
  const factor = 0xc6a4a7935bd1e995n;
  const joined = first ^ factor ^ wrap(shiftMix(wrap(second * factor)) * factor);
  return shiftMix(wrap(shiftMix(wrap(joined * factor)) * factor));
}

/** SipHash-2-4 of a string's UTF-8. */
export function sipHash64(text: string, [k0, k1]: readonly [bigint, bigint]): bigint {
  const bytes = encoder.encode(text);
  const padded = new Uint8Array(Math.floor(bytes.length / 8) * 8 + 8);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length & 0xff;
  const words = new Words(padded);
  let [a, b, c, d] = [k0 ^ 0x736f6d6570736575n, k1 ^ 0x646f72616e646f6dn, k0 ^ 0x6c7967656e657261n, k1 ^ 0x7465646279746573n];
  const round = (): void => {
    a = wrap(a + b);
    c = wrap(c + d);
    b = rotateLeft(b, 13n) ^ a;
    d = rotateLeft(d, 16n) ^ c;
    a = rotateLeft(a, 32n);
    c = wrap(c + b);
    a = wrap(a + d);
    b = rotateLeft(b, 17n) ^ c;
    d = rotateLeft(d, 21n) ^ a;
    c = rotateLeft(c, 32n);
  };
  for (let at = 0; at < padded.length; at += 8) {
    d ^= words.word(at);
    round();
    round();
    a ^= words.word(at);
  }
  c ^= 0xffn;
  for (let i = 0; i < 4; i++) round();
  return a ^ b ^ c ^ d;
}
