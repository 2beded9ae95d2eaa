// Texts to terms, as TensorFlow does it: standardizing, splitting, n-grams.

/** How a text is standardized: ASCII letters in lower case, ASCII punctuation left out, both; or a function of the text. */
export type Standardize = 'lower_and_strip_punctuation' | 'lower' | 'strip_punctuation' | ((text: string) => string);
/** How a text is split: at ASCII white space, into code points; or a function of the text. */
export type Split = 'whitespace' | 'character' | ((text: string) => readonly string[]);

const PUNCTUATION = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/g;
const WHITE_SPACE = /[ \t\n\v\f\r]+/;

/** The standardized text. @throws when a function gives no string. */
export function standardized(text: string, how: Standardize | null, where: string): string {
  if (how === null) return text;
  if (typeof how === 'function') {
    const result: unknown = how(text);
    if (typeof result !== 'string') throw new TypeError(`${where}: standardize must return a string, received ${typeof result}`);
    return result;
  }
  const lowered = how === 'strip_punctuation' ? text : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return how === 'lower' ? lowered : lowered.replace(PUNCTUATION, '');
}

/** The terms of a text. @throws when a function gives no array of strings. */
export function splitText(text: string, how: Split, where: string): readonly string[] {
  if (how === 'whitespace') return text.split(WHITE_SPACE).filter((term) => term !== '');
  if (how === 'character') return Array.from(text);
  const result: unknown = how(text);
  if (!Array.isArray(result) || !result.every((term) => typeof term === 'string'))
    throw new TypeError(`${where}: split must return an array of strings, received ${typeof result}`);
  return result;
}

/** Runs of terms of each width, joined by spaces: those of the first width, then those of the next. */
export const ngramsOf = (terms: readonly string[], widths: readonly number[]): string[] =>
  widths.flatMap((width) =>
    Array.from({ length: Math.max(0, terms.length - width + 1) }, (_, i) => terms.slice(i, i + width).join(' ')));
