// TextVectorization: texts to numbers of terms, or to rows of counts.
import type { Config, OptionsOf } from '../../config/configurable.js';
import { bool, field, int, keyed, nullable, oneOf, withDefault } from '../../config/fields.js';
import { isSerialized, type SerializedObject } from '../../config/registration.js';
import { deserializeKerasObject, serializeKerasObject } from '../../config/serialization.js';
import type { TensorLike } from '../../core/convert.js';
import { HostArray } from '../../core/host-array.js';
import type { DType } from '../../base/dtype.js';
import { settings } from '../../base/settings.js';
import { type Shape, showShape, sizeOf, type SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { KerasTensor } from '../../symbolic/keras-tensor.js';
import { layer } from '../base/layer.js';
import type { VariableStore } from '../base/layer-state.js';
import type { LayerOptions } from '../base/options.js';
import { type AdaptOptions, batchesOf, isInMemory } from './adapt-data.js';
import { denseOnly } from './dense-only.js';
import type { TokenData } from './index-lookup.js';
import { StringLookup } from './string-lookup.js';
import { ngramsOf, type Split, splitText, standardized, type Standardize } from './texts.js';
import { TokenCounter, type Vocabulary, vocabularyField, weightsField } from './vocabulary.js';

/** A field that takes some names, a function, or the config of one. */
function named<T extends string, F>(names: readonly T[], initial: T) {
  const expects = `one of ${names.map((name) => `'${name}'`).join(', ')}, a function`;
  const check = (v: unknown): T | F | undefined => {
    if (isSerialized(v)) return deserializeKerasObject(v) as F;
    return names.includes(v as T) || typeof v === 'function' ? (v as T | F) : undefined;
  };
  return nullable(field<T | F | SerializedObject, T | F>(expects, check, { serialize: serializeKerasObject }), initial);
}

const schema = {
  /** Largest size of the vocabulary, with the special terms; null: any. */
  maxTokens: nullable(int({ min: 2 })),
  /** What happens to a text first. Default `'lower_and_strip_punctuation'`, of ASCII; a function is called on each text. */
  standardize: named<Extract<Standardize, string>, Exclude<Standardize, string>>(
    ['lower_and_strip_punctuation', 'lower', 'strip_punctuation'], 'lower_and_strip_punctuation'),
  /** How a text is split into terms. Default `'whitespace'`; null: each string is a term. A function is called on each text. */
  split: named<Extract<Split, string>, Exclude<Split, string>>(['whitespace', 'character'], 'whitespace'),
  /** Makes terms of up to so many, or of so many, words in a row; null: of single ones. */
  ngrams: nullable(field<number | readonly number[]>('an integer >= 1 or an array of them', (v) =>
    ([v].flat().every((n) => Number.isInteger(n) && (n as number) > 0) ? (v as number | readonly number[]) : undefined))),
  /** `'int'`: the numbers of the terms; `'multi_hot'`, `'count'`, `'tf_idf'`: a row for each text; `'one_hot'`: one for each term. */
  outputMode: withDefault(oneOf('int', 'one_hot', 'multi_hot', 'count', 'tf_idf', 'binary', 'tf-idf'), 'int'),
  /** For `'int'`: numbers for each text, which is cut or filled up with 0; null: as many as the longest has. */
  outputSequenceLength: nullable(int({ min: 0 })),
  /** Whether rows have `maxTokens` entries, however many terms there are. Default false. */
  padToMaxTokens: bool(false),
  /** Tensors here are dense: only false. */
  sparse: denseOnly(),
  /** Tensors here have rows of one length: only false. */
  ragged: denseOnly(),
  /** The terms, or the path of a file with one on each line; without them `adapt` finds some. */
  vocabulary: nullable(vocabularyField),
  /** Weights of the terms for `'tf_idf'`. */
  idfWeights: nullable(weightsField),
  /** How bytes stand for letters: only UTF-8. */
  encoding: withDefault(oneOf('utf-8'), 'utf-8'),
  /** @internal Size of the vocabulary, as configs have it: its terms may come later from a file. */
  savedVocabularySize: keyed('vocabulary_size', nullable(int({ min: 0 }))),
} as const;

/** Options of `TextVectorization`. */
export type TextVectorizationOptions = Omit<OptionsOf<typeof schema>, 'savedVocabularySize' | 'vocabulary'> & LayerOptions & {
  /** The terms, or the path of a file with one on each line. Default null: `adapt` finds some. */
  vocabulary?: Vocabulary<string> | null | undefined;
};

/** The terms of each text, in the shape of the texts; `ragged` where texts were split. */
interface Terms {
  readonly shape: Shape;
  readonly rows: readonly (readonly string[])[];
}

/**
 * Makes numbers of texts: standardizes and splits them, and looks the terms up in a vocabulary, in which 0 is for filling up and 1 for
 * unknown terms (in the other modes than `'int'` 0 is for unknown ones). It runs on the host: in a model it stands between an input of
 * strings and
 * the numeric part.
 *
 * ```ts
 * const vectorize = new keras.layers.TextVectorization({ outputSequenceLength: 4 });
 * await vectorize.adapt(['the quick fox', 'the lazy dog']);
 * vectorize(['The dog!', 'a cat']).tolist(); // [[2, 6, 0, 0], [1, 1, 0, 0]]
 * ```
 * @throws for options that contradict each other, and for texts of more than one axis unless the last has size 1.
 */
export class TextVectorization extends layer('TextVectorization', schema) {
  static readonly samples: readonly object[] = [];
  static readonly savedAs = { properties: { lookup: '_lookup_layer' } };
  /** @internal The vocabulary. */
  readonly lookup: StringLookup;

  constructor(options: TextVectorizationOptions = {}) {
    super(options);
    const { outputMode, outputSequenceLength, maxTokens, padToMaxTokens, vocabulary, idfWeights, savedVocabularySize } = this.config;
    if (outputMode !== 'int' && outputSequenceLength !== null)
      throw new TypeError(`${this.label}: outputSequenceLength is for outputMode 'int', which is '${outputMode}'`);
    const isInt = outputMode === 'int';
    // A layer that was saved without a vocabulary may still learn one of any size.
    const size = savedVocabularySize === (isInt ? 2 : 1) ? null : savedVocabularySize;
    const given = { maxTokens, padToMaxTokens, vocabulary, idfWeights, outputMode, maskToken: '', savedVocabularySize: size };
    this.lookup = new StringLookup({ ...given, name: `${this.name}_lookup` } as ConstructorParameters<typeof StringLookup>[0]);
  }

  /** @internal */
  override get runsOnHost(): boolean {
    return true;
  }
  /** @internal What the layer reads. */
  get inputDType(): DType | 'string' {
    return 'string';
  }
  private get mode(): 'int' | 'one_hot' | 'multi_hot' | 'count' | 'tf_idf' {
    return this.lookup.getConfig().output_mode as 'int';
  }

  /** The terms by their numbers; `includeSpecialTokens: false` leaves out those for filling up and for unknown ones. */
  getVocabulary(options: { includeSpecialTokens?: boolean } = {}): string[] {
    return this.lookup.getVocabulary(options);
  }
  /** Number of terms, with the special ones. */
  vocabularySize(): number {
    return this.lookup.vocabularySize();
  }
  /** Sets the terms, from an array or from a file with one on each line. @throws as `StringLookup.setVocabulary`. */
  setVocabulary(vocabulary: Vocabulary<string>, options: { idfWeights?: TensorLike | null } = {}): void {
    this.lookup.setVocabulary(vocabulary, options);
  }

  /** The texts, standardized and split. */
  private termsOf(data: unknown, where: string): Terms {
    const { standardize, split } = this.config;
    const texts = HostArray.from(data, where);
    const clean = texts.data.map((text) => standardized(text, standardize, where));
    if (split === null) return this.unsplit(texts.shape, clean);
    const shape = texts.ndim > 1 ? texts.shape.slice(0, -1) : texts.shape;
    if (texts.ndim > 1 && texts.shape.at(-1) !== 1) {
      throw new RangeError(`${where}: texts to be split must have one axis, or a last one of size 1, received strings of shape `
        + showShape(texts.shape));
    }
    const rows = clean.map((text) => splitText(text, split, where));
    return { shape, rows: this.withNgrams(rows) };
  }
  /** Strings that are terms themselves: those of the last axis are together. */
  private unsplit(shape: Shape, strings: readonly string[]): Terms {
    if (shape.length === 0) return { shape: [], rows: [strings] };
    const width = shape.at(-1)!;
    const rows = Array.from({ length: sizeOf(shape.slice(0, -1)) }, (_, i) => strings.slice(i * width, (i + 1) * width));
    return { shape: shape.slice(0, -1), rows: this.withNgrams(rows) };
  }
  private withNgrams(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
    const { ngrams } = this.config;
    const widths = typeof ngrams === 'number' ? Array.from({ length: ngrams }, (_, i) => i + 1) : ngrams;
    return widths === null ? rows : rows.map((terms) => ngramsOf(terms, widths));
  }

  /** Forgets what `updateState` counted. */
  resetState(): void {
    this.lookup.resetState();
  }
  /** Counts the terms of a batch of texts; each text is a document. */
  updateState(data: unknown): void {
    for (const terms of this.termsOf(data, `${this.label}: adapt`).rows) this.lookup.updateState([terms]);
  }
  /** Makes the vocabulary from what was counted. */
  finalizeState(): void {
    this.lookup.finalizeState();
  }
  /**
   * Learns the vocabulary from texts: an array of them, or an iterable of batches, of which `steps` are read. What was learned before is
   * forgotten.
   * @throws (rejects) when the layer was made with a vocabulary, and for data without terms; the layer is then as before.
   */
  async adapt(data: TokenData, { steps = null }: AdaptOptions & { batchSize?: number | null } = {}): Promise<void> {
    const where = `${this.label}: adapt`;
    if (this.config.vocabulary !== null) throw new Error(`${this.label}: has a vocabulary of its own, so that it cannot be adapted`);
    const counter = new TokenCounter();
    for await (const batch of batchesOf(data, where, { steps })) {
      const texts = HostArray.from(batch, where);
      const alone = this.config.split === null && texts.ndim === 1 && isInMemory(data);
      counter.add(this.termsOf(alone ? texts.reshape([...texts.shape, 1]) : texts, where).rows);
    }
    if (counter.isEmpty) throw new RangeError(`${where}: the data is empty: there are no terms to adapt to`);
    this.lookup.learn(counter);
  }

  /** As Keras tells it: rows of texts of shape `(batch, 1)` have three axes here, though they are computed as `(batch, depth)`. */
  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    const { split, outputSequenceLength } = this.config;
    if (this.mode === 'int') return [...inputShape.slice(0, 1), outputSequenceLength];
    const terms = split !== null ? [...inputShape, null] : inputShape.length > 1 ? inputShape : [...inputShape, 1];
    const depth = this.lookup.computeOutputShape([null]).at(-1)!;
    return [...(this.mode === 'one_hot' && terms.at(-1) !== 1 ? terms : terms.slice(0, -1)), depth];
  }
  override computeOutputSpec(...args: unknown[]): KerasTensor {
    return new KerasTensor(this.computeOutputShape((args[0] as KerasTensor).shape), this.mode === 'int' ? 'int64' : settings.floatx);
  }

  override call(inputs: HostArray): Tensor {
    const { shape, rows } = this.termsOf(inputs, this.label);
    if (inputs.ndim === 0 && this.config.split === null) return this.lookUp(new HostArray([], rows[0]!));
    const longest = Math.max(0, ...rows.map((terms) => terms.length));
    if (this.mode === 'one_hot' && rows.some((terms) => terms.length !== longest))
      throw new RangeError(`${this.label}: outputMode 'one_hot' gives a row for each term, but texts have different numbers of them`);
    const width = this.config.outputSequenceLength ?? longest;
    // What fills up is the mask, which leaves no trace in counts.
    const cells = rows.flatMap((terms) => Array.from({ length: width }, (_, i) => terms[i] ?? ''));
    return this.lookUp(new HostArray([...shape, width], cells));
  }
  private lookUp(terms: HostArray): Tensor {
    return this.lookup.call(terms) as Tensor;
  }

  /** Puts the weights of terms into `store`. */
  override saveOwnVariables(store: VariableStore): void {
    this.lookup.saveOwnVariables(store);
  }
  override loadOwnVariables(store: VariableStore<TensorLike>): void {
    this.lookup.loadOwnVariables(store);
  }
  /** Writes the terms to `vocabulary.txt`, one on each line, unless the config has them. */
  async saveAssets(folder: string): Promise<void> {
    await this.lookup.saveAssets(folder);
  }
  /** Reads what `saveAssets` wrote. */
  async loadAssets(folder: string): Promise<void> {
    await this.lookup.loadAssets(folder);
  }

  /** Terms are kept in the config when they were given as an array. */
  override getConfig(): Config {
    const own = { output_mode: this.mode, vocabulary: this.lookup.inputVocabulary, vocabulary_size: this.vocabularySize() };
    return { ...super.getConfig(), ...own };
  }
}
