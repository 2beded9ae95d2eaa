// Buckets of terms by hashes, as TensorFlow puts strings into them.
import { fingerprint64, sipHash64 } from '../../base/hashes.js';

/** The bucket of a term (an integer as its digits) among `buckets`: by FarmHash, or by SipHash with a key. */
export function bucketOf(token: string | number, buckets: number, salt: readonly [number, number] | null): number {
  const text = String(token);
  const key = (part: number): bigint => BigInt.asUintN(64, BigInt(part));
  const hash = salt === null ? fingerprint64(text) : sipHash64(text, [key(salt[0]), key(salt[1])]);
  return Number(hash % BigInt(buckets));
}
