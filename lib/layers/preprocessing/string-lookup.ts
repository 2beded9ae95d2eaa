// StringLookup: strings to numbers and back.
import { fingerprint64, sipHash64 } from '../../base/hashes.js';
import { IndexLookup, type LookupOptions } from './index-lookup.js';

/** Options of `StringLookup`. */
export type StringLookupOptions = LookupOptions;

/**
 * Makes numbers of strings by a vocabulary, or strings of numbers with `invert`. It runs on the host: in a model it stands between an
 * input of strings and the numeric part.
 *
 * ```ts
 * const lookup = new keras.layers.StringLookup({ vocabulary: ['a', 'b', 'c'] });
 * lookup([['a', 'c', 'd']]).tolist(); // [[1, 3, 0]]
 * ```
 * @throws for options that contradict each other, and for a vocabulary that repeats terms.
 */
export class StringLookup extends IndexLookup {
  static override readonly className = 'StringLookup';

  protected override bucketOf(token: string, buckets: number): number {
    const { salt } = this.config;
    const hash = salt === null ? fingerprint64(token) : sipHash64(token, [BigInt(salt[0]), BigInt(salt[1])]);
    return Number(hash % BigInt(buckets));
  }
}
