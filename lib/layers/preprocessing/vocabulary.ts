// Vocabularies of lookups: how they are given, read from files, and counted from data.
import { readFileSync } from 'node:fs';
import { field } from '../../config/fields.js';
import { isSafeMode } from '../../config/safe-mode.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import { HostArray } from '../../core/host-array.js';
import { show } from '../../base/errors.js';
import { Tensor } from '../../core/tensor.js';

/** A term of a vocabulary: a string, or an integer. */
export type Token = string | number;
/** Terms, or the path of a file with one on each line. */
export type Vocabulary<T extends Token = Token> = readonly T[] | string | (T extends number ? TensorLike : never);

const isToken = (value: unknown): value is Token => typeof value === 'string' || Number.isSafeInteger(value);
/** The field of a term. */
export const tokenField = field<Token>('a string or an integer', (v) => (isToken(v) ? v : undefined));
/** The field of terms, or of the path of a file with them. */
export const vocabularyField = field<Vocabulary, readonly Token[] | string>(
  'an array of terms, or the path of a file with one on each line',
  (v) => {
    if (typeof v === 'string') return v;
    if (v instanceof HostArray) return v.data;
    const terms: unknown = v instanceof Tensor || ArrayBuffer.isView(v) ? Array.from(toTensor(v as TensorLike).data, Number) : v;
    return Array.isArray(terms) && terms.every(isToken) ? terms : undefined;
  },
);
/** The field of weights of terms. */
export const weightsField = field<TensorLike, readonly number[]>('an array of numbers', (v) => {
  const weights: unknown = v instanceof Tensor || ArrayBuffer.isView(v) ? Array.from(toTensor(v as TensorLike).data, Number) : v;
  return Array.isArray(weights) && weights.every((weight) => typeof weight === 'number') ? weights : undefined;
});

/** Integers as they stand in files. @throws for other text. */
export function parseInteger(where: string, text: string): number {
  if (/^\s*[+-]?\d+\s*$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new RangeError(`${where}: expected an integer on each line of the vocabulary, received ${show(text)}`);
}

/**
 * The lines of a vocabulary file. @throws when there is no such file, and in safe mode, where a config must not name files.
 */
export function readVocabulary(where: string, file: string): string[] {
  if (isSafeMode() === true) {
    throw new Error(`${where}: the config names a vocabulary file outside of the model, ${show(file)}. If you trust its origin, give safeMode: `
      + 'false, or call keras.config.enableUnsafeDeserialization()');
  }
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`${where}: the vocabulary file ${show(file)} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const lines = text.replaceAll('\r', '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The terms that come more than once. */
export function repeatedOf(terms: readonly Token[]): Token[] {
  const seen = new Set<Token>();
  return terms.filter((term) => seen.size === seen.add(term).size);
}

const compare = (a: Token, b: Token): number =>
  (typeof a === 'number' ? a - (b as number) : Buffer.compare(Buffer.from(a), Buffer.from(b as string)));

/** How often terms occur in documents. */
export class TokenCounter {
  readonly #counts = new Map<Token, number>();
  readonly #documents = new Map<Token, number>();
  #documentCount = 0;

  /** Whether nothing was counted. */
  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }
  /** Takes documents into account. */
  add(documents: Iterable<readonly Token[]>): void {
    const count = (counts: Map<Token, number>, token: Token): unknown => counts.set(token, (counts.get(token) ?? 0) + 1);
    for (const document of documents) {
      for (const token of document) count(this.#counts, token);
      for (const token of new Set(document)) count(this.#documents, token);
      this.#documentCount += 1;
    }
  }
  /** The terms but for some: frequent ones first, those of one frequency in descending order (strings by their bytes). */
  sorted(without: readonly (Token | null)[]): Token[] {
    const counted = [...this.#counts].filter(([token]) => !without.includes(token));
    return counted.sort(([a, n], [b, m]) => m - n || compare(b, a)).map(([token]) => token);
  }
  /** The inverse document frequency of a term. */
  weightOf(token: Token): number {
    return Math.log(1 + this.#documentCount / (1 + (this.#documents.get(token) ?? 0)));
  }
}
