// IndexLookup: what StringLookup and IntegerLookup share: a vocabulary, its special tokens, and the ways to encode what is found.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { noteChange } from '../../config/changes.js';
import type { Config, OptionsOf } from '../../config/configurable.js';
import { bool, field, int, keyed, nullable, oneOf, withDefault } from '../../config/fields.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import { checkBytes } from '../../core/memory.js';
import type { DType } from '../../base/dtype.js';
import { didYouMean, show } from '../../base/errors.js';
import { listLength } from '../../base/integers.js';
import { settings } from '../../base/settings.js';
import { type Shape, type SymbolicShape } from '../../base/shape.js';
import { KerasTensor } from '../../symbolic/keras-tensor.js';
import type { HostArray } from '../../core/host-array.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { layer } from '../base/layer.js';
import type { VariableStore } from '../base/layer-state.js';
import type { LayerOptions } from '../base/options.js';
import { type AdaptOptions, batchesOf, isInMemory } from './adapt-data.js';
import { type CategoryRows, encodeCategories, shapeOfRows } from './categories.js';
import { denseOnly } from './dense-only.js';
import { repeatedOf, readVocabulary, type Token, TokenCounter, tokenField, type Vocabulary, vocabularyField, weightsField } from './vocabulary.js';

/** What `adapt` takes: terms, nested as the shape says, or an iterable of batches of them. */
export type TokenData = HostArray | TensorLike | readonly unknown[] | Iterable<unknown> | AsyncIterable<unknown>;

/** A key of hashes: two integers, or one for both. */
export const saltField = field<number | readonly [number, number], readonly [number, number]>('an integer or two', (v) => {
  const pair: unknown[] = Array.isArray(v) ? v : [v, v];
  return pair.length === 2 && pair.every(Number.isInteger) ? (pair as [number, number]) : undefined;
});

/** Options of lookups, in the order of Keras's configs. */
const lookupSchema = {
  /** Whether numbers become terms, and not terms numbers. Default false. */
  invert: bool(false),
  /** Largest size of the vocabulary, with the special tokens; null: any. */
  maxTokens: nullable(int({ min: 2 })),
  /** As many numbers stand for terms that are not in the vocabulary. With 0 such terms are an error. Default 1. */
  numOovIndices: withDefault(int({ min: 0 }), 1),
  /** What stands for unknown terms when numbers become terms. Default `'[UNK]'` for strings, -1 for integers. */
  oovToken: nullable(tokenField, '[UNK]'),
  /** A term that becomes 0, or nothing where terms are counted; null: none. */
  maskToken: nullable(tokenField),
  /** `'int'`: the number of each term; `'one_hot'`: a row for each; `'multi_hot'`, `'count'`, `'tf_idf'`: a row for each sample. */
  outputMode: withDefault(oneOf('int', 'one_hot', 'multi_hot', 'count', 'tf_idf', 'binary', 'tf-idf'), 'int'),
  /** Tensors here are dense: only false. */
  sparse: denseOnly(),
  /** Whether rows have `maxTokens` entries, however many terms there are. Default false. */
  padToMaxTokens: bool(false),
  /** What terms are: `'int64'` for integers. */
  vocabularyDtype: withDefault(oneOf('string', 'int64'), 'string'),
  /** Weights of the terms for `'tf_idf'`. */
  idfWeights: nullable(weightsField),
  /** The terms; without them `adapt` finds some. */
  vocabulary: nullable(vocabularyField),
  /** @internal Size of the vocabulary, as configs have it: its terms may come later from a file. */
  savedVocabularySize: keyed('vocabulary_size', nullable(int({ min: 0 }))),
  /** How integers that are unknown are spread over several indices: by their remainders or by hashes. Strings have hashes. */
  oovMethod: withDefault(oneOf('floormod', 'farmhash'), 'floormod'),
  /** Key of the hash that spreads unknown terms; null: a hash without one. */
  salt: nullable(saltField),
  /** How bytes stand for letters: only UTF-8. */
  encoding: withDefault(oneOf('utf-8'), 'utf-8'),
} as const;

/** All options of lookups, each of which leaves out what is not for its terms. */
export type AnyLookupOptions = OptionsOf<typeof lookupSchema> & LayerOptions;
/** Options of lookups of strings, or of integers. */
export type LookupOptions<T extends Token> = Omit<AnyLookupOptions, 'oovToken' | 'maskToken' | 'vocabulary' | 'savedVocabularySize'> & {
  /** What stands for unknown terms when numbers become terms. Default `'[UNK]'` for strings, -1 for integers. */
  oovToken?: T | null | undefined;
  /** A term that becomes 0, or nothing where terms are counted. Default null: none. */
  maskToken?: T | null | undefined;
  /** The terms, or the path of a file with one on each line. Default null: `adapt` finds some. */
  vocabulary?: Vocabulary<T> | null | undefined;
};

/** Terms in a shape. */
export interface Tokens<T extends Token> {
  readonly shape: Shape;
  readonly data: readonly T[];
}

/** Looks terms up in a vocabulary. */
export abstract class IndexLookup<T extends Token = Token> extends layer('IndexLookup', lookupSchema) {
  static readonly samples: readonly object[] = [];
  static override readonly builtWhenMade = true;
  static readonly takes = 'tensor';
  readonly #hasGivenVocabulary: boolean;
  #terms: readonly T[] = [];
  /** The numbers of the terms, from `start` on. */
  #numbers: { readonly start: number; readonly of: ReadonlyMap<T, number> } | null = null;
  /** Number of terms with the special ones, which a config may tell before they are read; null: not known yet. */
  #size: number | null;
  #weights: Float32Array | null = null;
  #counter = new TokenCounter();

  constructor(options: AnyLookupOptions, foreign: readonly (keyof AnyLookupOptions)[]) {
    super(options);
    const wrong = foreign.find((key) => options[key] !== undefined && options[key] !== lookupSchema[key as 'encoding'].initial);
    if (wrong !== undefined)
      throw new TypeError(`${new.target.name}: unknown option '${wrong}'${didYouMean(wrong, Object.keys(lookupSchema).filter((key) => !foreign.includes(key as 'encoding')))}`);
    const { config } = this;
    this.#hasGivenVocabulary = config.vocabulary !== null;
    this.#size = config.savedVocabularySize;
    this.checkOptions();
    if (config.vocabulary !== null) this.setVocabulary(config.vocabulary as Vocabulary<T>, { idfWeights: config.idfWeights });
  }
  private checkOptions(): void {
    const { invert, padToMaxTokens, maxTokens, idfWeights, salt, oovMethod, oovToken, maskToken } = this.config;
    const fail = (text: string): never => {
      throw new TypeError(`${this.label}: ${text}`);
    };
    if (padToMaxTokens && maxTokens === null) fail('padToMaxTokens needs maxTokens');
    if (invert && this.mode !== 'int') fail(`outputMode must be 'int' with invert, received ${show(this.mode)}`);
    if (idfWeights !== null && this.mode !== 'tf_idf') fail(`idfWeights are for outputMode 'tf_idf', received ${show(this.mode)}`);
    if (salt !== null && this.vocabularyDtype !== 'string' && oovMethod !== 'farmhash') fail("salt is for oovMethod 'farmhash'");
    for (const [name, token] of [['oovToken', oovToken], ['maskToken', maskToken]] as const)
      if (token !== null) this.checkTerms(name, [token]);
  }
  private checkTerms(what: string, terms: readonly Token[]): void {
    const [type, expected] = this.vocabularyDtype === 'string' ? ['string', 'strings'] : ['number', 'integers'];
    const wrong = terms.find((term) => typeof term !== type);
    if (wrong !== undefined) throw new TypeError(`${this.label}: ${what}: expected ${expected}, received ${show(wrong)}`);
  }

  /** @internal What the layer reads. */
  abstract get inputDType(): DType | 'string';
  /** The terms of an input in their shape. @throws for what holds others. */
  protected abstract read(inputs: unknown, where: string): Tokens<T>;
  /** A term of a line of a file. */
  protected abstract parse(line: string): T;
  /** Numbers of terms, with 0 for the mask (-1 where it is left out); `unknown` are the buckets of unknown ones. */
  protected abstract numbersOf(inputs: unknown): Tensor;
  /** Terms of numbers. */
  protected abstract termsOf(numbers: Tensor): HostArray | Tensor;

  /** The terms that the layer was made with; null: none, or a file. */
  get inputVocabulary(): readonly Token[] | null {
    return typeof this.config.vocabulary === 'string' ? null : this.config.vocabulary;
  }
  /** The weights of terms that the layer was made with; null: none. */
  get inputIdfWeights(): readonly number[] | null {
    return this.config.idfWeights;
  }
  private get mode(): 'int' | 'one_hot' | 'multi_hot' | 'count' | 'tf_idf' {
    const { outputMode } = this.config;
    return outputMode === 'binary' ? 'multi_hot' : outputMode === 'tf-idf' ? 'tf_idf' : outputMode;
  }
  /** How rows are made; weights come to counts afterwards. */
  private get rows(): CategoryRows {
    return this.mode === 'tf_idf' ? 'count' : (this.mode as CategoryRows);
  }
  /** Number of the first index for unknown terms. */
  protected get oovStart(): number {
    return this.config.maskToken !== null && this.mode === 'int' ? 1 : 0;
  }
  /** @internal The number of the first term. */
  protected get tokenStart(): number {
    return this.oovStart + this.config.numOovIndices;
  }
  /** The number of the mask: 0, or -1 where it leaves no trace. */
  protected get maskNumber(): number {
    return this.mode === 'int' ? 0 : -1;
  }
  /** @internal The terms in the order of their numbers. */
  protected get terms(): readonly T[] {
    return this.#terms;
  }
  /** @internal The numbers of the terms. */
  protected get numbers(): ReadonlyMap<T, number> {
    const start = this.tokenStart; // options that it follows from can be set
    if (this.#numbers?.start !== start) this.#numbers = { start, of: new Map(this.#terms.map((term, i) => [term, i + start])) };
    return this.#numbers.of;
  }
  /** The mask and what stands for unknown terms, as far as they are among the first `count` numbers. */
  private specialTokens(count = this.tokenStart): (T | null)[] {
    const { maskToken, oovToken } = this.config;
    const length = listLength(this.label, 'the number of special tokens', Math.min(count, this.tokenStart));
    return Array.from({ length }, (_, i) => (i < this.oovStart ? maskToken : oovToken) as T | null);
  }
  /** Size of rows; null while it is not known. */
  private get depth(): number | null {
    return this.config.padToMaxTokens ? this.config.maxTokens! : this.#size;
  }

  /** The terms by their numbers; `includeSpecialTokens: false` leaves out the mask and those for unknown terms. */
  getVocabulary({ includeSpecialTokens = true }: { includeSpecialTokens?: boolean } = {}): T[] {
    return [...(includeSpecialTokens ? (this.specialTokens() as T[]) : []), ...this.#terms];
  }
  /** Number of terms, with the special ones. */
  vocabularySize(): number {
    return this.tokenStart + this.#terms.length;
  }

  /**
   * Sets the terms, from an array or from a file with one on each line. Those of an array may begin with the special tokens.
   * @throws when there are none, for repeated terms, for special tokens elsewhere, for more than `maxTokens`, and for another number of
   * terms than before where rows have an entry for each.
   */
  setVocabulary(vocabulary: Vocabulary<T>, { idfWeights = null }: { idfWeights?: TensorLike | null } = {}): void {
    const where = `${this.label}: vocabulary`;
    const weights = idfWeights === null ? null : weightsField.parse(idfWeights, `${this.label}: idfWeights`);
    const fail = (text: string): never => {
      throw new RangeError(`${this.label}: ${text}`);
    };
    if (this.mode === 'tf_idf' && typeof vocabulary === 'string') fail("outputMode 'tf_idf' needs terms with weights, not a vocabulary file");
    if (this.mode === 'tf_idf' && weights === null) fail("outputMode 'tf_idf' needs idfWeights beside the vocabulary");
    if (this.mode !== 'tf_idf' && weights !== null) fail(`idfWeights are for outputMode 'tf_idf', received ${show(this.mode)}`);
    const isFile = typeof vocabulary === 'string';
    const given = isFile
      ? readVocabulary(where, vocabulary).map((line) => this.parse(line))
      : (vocabularyField.parse(vocabulary, where) as readonly T[]);
    if (given.length === 0) fail('the vocabulary is empty');
    this.checkTerms('vocabulary', given);
    const front = this.tokenStart;
    const found = !isFile && front <= given.length && this.specialTokens().every((token, i) => token === given[i]);
    const terms = found ? given.slice(front) : given;
    this.checkVocabulary(given, terms);
    if (weights !== null && weights.length !== given.length)
      fail(`expected ${given.length} idfWeights, one for each term, received ${weights.length}`);
    this.use(terms);
    if (weights !== null) this.weigh(weights, found ? 0 : front);
  }
  private checkVocabulary(given: readonly T[], terms: readonly T[]): void {
    const { maskToken, oovToken, maxTokens, invert } = this.config;
    const fail = (text: string): never => {
      throw new RangeError(`${this.label}: ${text}`);
    };
    const repeated = repeatedOf(terms);
    if (repeated.length > 0) fail(`the vocabulary has terms more than once: ${repeated.slice(0, 10).map(show).join(', ')}`);
    const order = `special tokens may stand at the start of the vocabulary alone, in the order ${show(this.specialTokens(10))}`;
    const place = (token: Token): string => `${order}; ${show(token)} is at ${given.lastIndexOf(token as T)}`;
    if (maskToken !== null && terms.includes(maskToken as T)) fail(place(maskToken));
    if (invert && oovToken !== null && terms.includes(oovToken as T)) fail(place(oovToken));
    const size = this.tokenStart + terms.length;
    if (maxTokens !== null && size > maxTokens) fail(`the vocabulary has ${size} terms with the special ones, and maxTokens is ${maxTokens}`);
  }

  private use(terms: readonly T[]): void {
    const size = this.tokenStart + terms.length;
    if (this.mode !== 'int' && !this.config.padToMaxTokens && this.#size !== null && this.#size !== size) {
      throw new RangeError(`${this.label}: rows have an entry for each of ${this.#size} terms, and the new vocabulary has ${size} with the special `
        + 'ones; give padToMaxTokens: true, or make another layer');
    }
    this.#terms = [...terms];
    this.#numbers = null;
    this.#size = size;
    noteChange();
  }
  /** Keeps the weights of terms; those of unknown terms before them are the mean. */
  private weigh(weights: readonly number[], front: number): void {
    const mean = weights.reduce((a, b) => a + b, 0) / weights.length;
    const length = Math.max(this.depth ?? 0, front + weights.length);
    checkBytes(4 * length);
    this.#weights = new Float32Array(length);
    this.#weights.fill(mean, 0, front).set(weights, front);
  }

  /** Forgets what `updateState` counted. */
  resetState(): void {
    this.#counter = new TokenCounter();
  }
  /** Counts the terms of a batch, a document in each row; a batch of one axis is one document. */
  updateState(data: unknown): void {
    this.checkAdaptable();
    this.countInto(this.#counter, this.read(data, `${this.label}: adapt`));
  }
  private checkAdaptable(): void {
    if (this.#hasGivenVocabulary) throw new Error(`${this.label}: has a vocabulary of its own, so that it cannot be adapted`);
  }
  private countInto(counter: TokenCounter, { shape, data }: Tokens<T>): void {
    const documents = shape.length < 2 ? 1 : shape[0]!;
    const width = documents === 0 ? 0 : data.length / documents;
    counter.add(Array.from({ length: documents }, (_, i) => data.slice(i * width, (i + 1) * width)));
  }
  /** Makes the vocabulary from what was counted: frequent terms first, those of one frequency in descending order. */
  finalizeState(): void {
    if (!this.#counter.isEmpty) this.learn(this.#counter);
    this.resetState();
  }
  /** @internal Takes the vocabulary from a counter. */
  learn(counter: TokenCounter): void {
    const { maskToken, oovToken, maxTokens } = this.config;
    const terms = counter.sorted([maskToken, oovToken]) as T[];
    this.use(terms.slice(0, maxTokens === null ? terms.length : Math.max(0, maxTokens - this.tokenStart)));
    if (this.mode === 'tf_idf') this.weigh(this.#terms.map((token) => Math.fround(counter.weightOf(token))), this.tokenStart);
  }

  /**
   * Learns the vocabulary from data: an array of terms, each of whose rows is a document, or an iterable of batches, of which `steps` are
   * read. What was learned before is forgotten.
   * @throws (rejects) when the layer was made with a vocabulary, and for data without terms; the layer is then as before.
   */
  async adapt(data: TokenData, options: AdaptOptions = {}): Promise<void> {
    this.checkAdaptable();
    const where = `${this.label}: adapt`;
    const counter = new TokenCounter();
    for await (const batch of batchesOf(data, where, options)) {
      const { shape, data: terms } = this.read(batch, where);
      this.countInto(counter, { shape: shape.length === 1 && isInMemory(data) ? [...shape, 1] : shape, data: terms });
    }
    if (counter.isEmpty) throw new RangeError(`${where}: the data is empty: there is nothing to adapt to`);
    this.learn(counter);
    this.resetState();
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return this.mode === 'int' ? inputShape : shapeOfRows(inputShape, this.rows, this.depth);
  }
  override computeOutputSpec(...args: unknown[]): KerasTensor {
    const terms = this.vocabularyDtype as DType;
    const dtype = this.mode !== 'int' ? settings.floatx : this.config.invert ? terms : 'int64';
    return new KerasTensor(this.computeOutputShape((args[0] as KerasTensor).shape), dtype);
  }

  override call(inputs: HostArray | Tensor): Tensor | HostArray {
    if (this.config.invert) return this.termsOf(inputs as Tensor);
    const numbers = this.numbersOf(inputs);
    return this.mode === 'int' ? numbers : this.encode(numbers);
  }
  private encode(numbers: Tensor): Tensor {
    const { depth, mode } = this;
    if (depth === null || this.#terms.length + this.config.numOovIndices === 0)
      throw new Error(`${this.label}: has no vocabulary yet; call adapt, or give vocabulary`);
    const rows = encodeCategories(numbers, this.rows, depth, 'int64');
    if (mode !== 'tf_idf') return rows;
    if (this.#weights === null) throw new Error(`${this.label}: has no idfWeights yet; call adapt, or setVocabulary with them`);
    return ops.multiply(ops.cast(rows, settings.floatx), toTensor(this.#weights, settings.floatx));
  }
  /** @throws for a term that has no number. */
  protected refuse(token: T): never {
    throw new RangeError(`${this.label}: with numOovIndices: 0 all inputs must be in the vocabulary, received ${show(token)}; `
      + 'consider numOovIndices: 1');
  }

  /** Puts the weights of terms into `store`. */
  override saveOwnVariables(store: VariableStore): void {
    if (this.#weights !== null) store.idf_weights = toTensor(this.#weights, settings.floatx);
  }
  override loadOwnVariables(store: VariableStore<TensorLike>): void {
    if (store.idf_weights !== undefined) this.#weights = Float32Array.from(toTensor(store.idf_weights, 'float32').data, Number);
  }
  /** Writes the terms to `vocabulary.txt`, one on each line, unless the config has them. */
  async saveAssets(folder: string): Promise<void> {
    if (this.inputVocabulary === null) await writeFile(path.join(folder, 'vocabulary.txt'), this.getVocabulary().join('\n'));
  }
  /** Reads what `saveAssets` wrote. */
  async loadAssets(folder: string): Promise<void> {
    if (this.inputVocabulary !== null) return;
    const text = await readFile(path.join(folder, 'vocabulary.txt'), 'utf8');
    const lines = text.split(/\r?\n/).slice(this.tokenStart);
    while (lines.at(-1) === '') lines.pop();
    if (lines.length > 0) this.use(lines.map((line) => this.parse(line)));
  }

  /** Nothing: what the layer computes does not depend on the shapes of its inputs. */
  override getBuildConfig(): Config {
    return {};
  }
  /** The policy stays as it was given; terms are kept in the config when they were given as an array. */
  override getConfig(): Config {
    return { ...super.getConfig(), output_mode: this.mode, vocabulary: this.inputVocabulary, vocabulary_size: this.#size };
  }
}
