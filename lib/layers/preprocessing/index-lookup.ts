// IndexLookup: what StringLookup and IntegerLookup share: a vocabulary, its special tokens, and the ways to encode what is found.
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Config, OptionsOf } from '../../config/configurable.js';
import { bool, field, int, keyed, nullable, oneOf, string, withDefault } from '../../config/fields.js';
import { toTensor } from '../../core/convert.js';
import type { DType } from '../../base/dtype.js';
import { show } from '../../base/errors.js';
import { HostArray } from '../../core/host-array.js';
import { settings } from '../../base/settings.js';
import { type Shape, sizeOf, type SymbolicShape } from '../../base/shape.js';
import { KerasTensor } from '../../symbolic/keras-tensor.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

/** A term of a vocabulary. */
type Token = string;
/** Terms, or the path of a file with one on each line. */
export type Vocabulary = readonly Token[] | string;
/** What `adapt` takes: strings, nested as the shape says, or an iterable of batches of them. */
export type TokenData = HostArray | readonly unknown[] | Iterable<unknown> | AsyncIterable<unknown>;

const vocabularyField = field<Vocabulary>('an array of terms, or the path of a file with one on each line', (v) =>
  (typeof v === 'string' || (Array.isArray(v) && v.every((term) => typeof term === 'string')) ? (v) : undefined));
const weightsField = field<readonly number[]>('an array of numbers', (v) => {
  const weights: unknown = ArrayBuffer.isView(v) ? Array.from(v as Float32Array) : v;
  return Array.isArray(weights) && weights.every((weight) => typeof weight === 'number') ? weights : undefined;
});
const saltField = field<number | readonly [number, number], readonly [number, number]>('an integer or two', (v) => {
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
  /** What stands for unknown terms when numbers become terms. Default `'[UNK]'`. */
  oovToken: nullable(string(), '[UNK]'),
  /** A term that becomes 0, or nothing where terms are counted; null: none. */
  maskToken: nullable(string()),
  /** `'int'`: the number of each term; `'one_hot'`: a row for each; `'multi_hot'`, `'count'`, `'tf_idf'`: a row for each sample. */
  outputMode: withDefault(oneOf('int', 'one_hot', 'multi_hot', 'count', 'tf_idf', 'binary', 'tf-idf'), 'int'),
  /** Tensors here are dense: only false. */
  sparse: bool(false),
  /** Whether rows have `maxTokens` entries, however many terms there are. Default false. */
  padToMaxTokens: bool(false),
  /** Weights of the terms for `'tf_idf'`. */
  idfWeights: nullable(weightsField),
  /** The terms; without them `adapt` finds some. */
  vocabulary: nullable(vocabularyField),
  /** @internal Size of the vocabulary, as configs have it; it follows from the terms. */
  savedVocabularySize: keyed('vocabulary_size', nullable(int({ min: 0 }))),
  /** How whole numbers that are unknown are spread over several indices. */
  oovMethod: withDefault(oneOf('floormod', 'farmhash'), 'floormod'),
  /** Key of the hash that spreads unknown terms; null: a hash without one. */
  salt: nullable(saltField),
  /** How bytes stand for letters: only UTF-8. */
  encoding: withDefault(oneOf('utf-8'), 'utf-8'),
} as const;

/** Options of lookups. */
export type LookupOptions = OptionsOf<typeof lookupSchema> & LayerOptions;

/** Looks terms up in a vocabulary. It runs on the host: what is looked up may be strings. */
export abstract class IndexLookup extends layer('IndexLookup', lookupSchema) {
  static readonly runsOnHost = true;
  static readonly samples: readonly object[] = [];
  static override readonly builtWhenMade = true;
  readonly #hasGivenVocabulary: boolean = this.config.vocabulary !== null;
  #terms: readonly Token[] = [];
  #numbers: ReadonlyMap<Token, number> = new Map();
  #weights: Float32Array | null = null;
  #counts = new Map<Token, number>();
  #documents = new Map<Token, number>();
  #documentCount = 0;

  constructor(options: LookupOptions = {}) {
    super(options);
    const { config } = this;
    const fail = (text: string): never => {
      throw new TypeError(`${this.label}: ${text}`);
    };
    if (config.sparse) fail('tensors here are dense: sparse must be false');
    if (config.padToMaxTokens && config.maxTokens === null) fail('padToMaxTokens needs maxTokens');
    if (config.invert && this.mode !== 'int') fail(`outputMode must be 'int' with invert, received ${show(this.mode)}`);
    if (config.idfWeights !== null && this.mode !== 'tf_idf') fail(`idfWeights are for outputMode 'tf_idf', received ${show(this.mode)}`);
    if (config.vocabulary !== null) this.setVocabulary(config.vocabulary, { idfWeights: config.idfWeights });
  }

  /** How a term is hashed to one of several indices for unknown ones. */
  protected abstract bucketOf(token: Token, buckets: number): number;

  /** The terms (or their file) that the layer was made with; null: none. */
  get inputVocabulary(): Vocabulary | null {
    return this.config.vocabulary;
  }
  /** What the terms are. */
  get vocabularyDtype(): 'string' {
    return 'string';
  }
  /** The weights of terms that the layer was made with; null: none. */
  get inputIdfWeights(): readonly number[] | null {
    return this.config.idfWeights;
  }
  private get mode(): 'int' | 'one_hot' | 'multi_hot' | 'count' | 'tf_idf' {
    const { outputMode } = this.config;
    return outputMode === 'binary' ? 'multi_hot' : outputMode === 'tf-idf' ? 'tf_idf' : outputMode;
  }
  /** @internal What the layer reads. */
  get inputDType(): DType | 'string' {
    return this.config.invert ? 'int64' : 'string';
  }
  /** Number of the first index for unknown terms. */
  private get oovStart(): number {
    return this.config.maskToken !== null && this.mode === 'int' ? 1 : 0;
  }
  private get tokenStart(): number {
    return this.oovStart + this.config.numOovIndices;
  }
  private get specialTokens(): (Token | null)[] {
    const { maskToken, oovToken, numOovIndices } = this.config;
    return [...new Array<Token | null>(this.oovStart).fill(maskToken), ...new Array<Token | null>(numOovIndices).fill(oovToken)];
  }
  private get depth(): number {
    return this.config.padToMaxTokens ? this.config.maxTokens! : this.vocabularySize();
  }

  /** The terms by their numbers; `includeSpecialTokens: false` leaves out the mask and those for unknown terms. */
  getVocabulary({ includeSpecialTokens = true }: { includeSpecialTokens?: boolean } = {}): string[] {
    return [...(includeSpecialTokens ? (this.specialTokens as string[]) : []), ...this.#terms];
  }
  /** Number of terms, with the special ones. */
  vocabularySize(): number {
    return this.tokenStart + this.#terms.length;
  }

  /**
   * Sets the terms, from an array or from a file with one on each line. They may begin with the special tokens.
   * @throws when there are none, for repeated terms, for special tokens elsewhere, and for more than `maxTokens`.
   */
  setVocabulary(vocabulary: Vocabulary, { idfWeights = null }: { idfWeights?: readonly number[] | null } = {}): void {
    const { maskToken, oovToken, maxTokens, invert } = this.config;
    const given = typeof vocabulary === 'string' ? readTerms(vocabulary) : vocabulary;
    const fail = (text: string): never => {
      throw new RangeError(`${this.label}: ${text}`);
    };
    if (given.length === 0) fail('the vocabulary is empty');
    if (this.mode === 'tf_idf' && idfWeights === null) fail("outputMode 'tf_idf' needs idfWeights beside the vocabulary");
    if (this.mode !== 'tf_idf' && idfWeights !== null) fail(`idfWeights are for outputMode 'tf_idf', received ${show(this.mode)}`);
    const special = this.specialTokens;
    const found = special.length <= given.length && special.every((token, i) => token === given[i]);
    const terms = found ? given.slice(special.length) : given;
    const repeated = repeatedOf(terms);
    if (repeated.length > 0) fail(`the vocabulary has terms more than once: ${repeated.slice(0, 10).map(show).join(', ')}`);
    const order = `special tokens may stand at the start of the vocabulary alone, in the order ${show(special)}`;
    const place = (token: string): string => `${order}; ${show(token)} is at ${given.lastIndexOf(token)}`;
    if (maskToken !== null && terms.includes(maskToken)) fail(place(maskToken));
    if (invert && oovToken !== null && terms.includes(oovToken)) fail(place(oovToken));
    if (maxTokens !== null && special.length + terms.length > maxTokens) {
      fail(`the vocabulary has ${special.length + terms.length} terms with the special ones, and maxTokens is ${maxTokens}`);
    }
    if (idfWeights !== null && idfWeights.length !== given.length) {
      fail(`expected ${given.length} idfWeights, one for each term, received ${idfWeights.length}`);
    }
    this.use(terms);
    if (idfWeights !== null) this.weigh(idfWeights, found ? 0 : special.length);
  }

  private use(terms: readonly Token[]): void {
    this.#terms = [...terms];
    this.#numbers = new Map(terms.map((term, i) => [term, i + this.tokenStart]));
  }
  /** Keeps the weights of terms; those of unknown terms before them are the mean. */
  private weigh(weights: readonly number[], front: number): void {
    const mean = weights.reduce((a, b) => a + b, 0) / weights.length;
    this.#weights = new Float32Array(Math.max(this.depth, front + weights.length));
    this.#weights.set([...new Array<number>(front).fill(mean), ...weights]);
  }

  /** Forgets what `updateState` counted. */
  resetState(): void {
    this.#counts.clear();
    this.#documents.clear();
    this.#documentCount = 0;
  }

  /** Counts the terms of a batch; a single row is one document. */
  updateState(data: unknown): void {
    if (this.#hasGivenVocabulary) throw new Error(`${this.label}: has a vocabulary of its own, so that it cannot be adapted`);
    const batch = HostArray.from(data, `${this.label}: adapt`);
    const width = batch.ndim < 2 ? batch.data.length : sizeOf(batch.shape.slice(1));
    const count = (counts: Map<Token, number>, tokens: Iterable<Token>): void => {
      for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
    };
    count(this.#counts, batch.data);
    if (this.mode !== 'tf_idf' || width === 0) return;
    for (let at = 0; at < batch.data.length; at += width) count(this.#documents, new Set(batch.data.slice(at, at + width)));
    this.#documentCount += batch.data.length / width;
  }

  /** Makes the vocabulary from what was counted: frequent terms first, those of one frequency in descending order of their bytes. */
  finalizeState(): void {
    const { maskToken, oovToken, maxTokens } = this.config;
    for (const token of [maskToken, oovToken]) if (token !== null) this.#counts.delete(token);
    if (this.#counts.size === 0) return;
    const sorted = [...this.#counts].map(([token, count]) => ({ token, count, bytes: Buffer.from(token) }));
    sorted.sort((a, b) => b.count - a.count || Buffer.compare(b.bytes, a.bytes));
    this.use(sorted.slice(0, maxTokens === null ? sorted.length : Math.max(0, maxTokens - this.tokenStart)).map(({ token }) => token));
    if (this.mode === 'tf_idf') {
      this.weigh(this.#terms.map((token) => Math.log(1 + this.#documentCount / (1 + (this.#documents.get(token) ?? 0)))), this.tokenStart);
    }
    this.resetState();
  }

  /**
   * Learns the vocabulary from data: arrays of strings, or an iterable of batches of them, of which `steps` are read.
   * @throws when the layer was made with a vocabulary.
   */
  async adapt(data: TokenData, { steps = null }: { steps?: number | null } = {}): Promise<void> {
    this.resetState();
    if (data instanceof HostArray || Array.isArray(data)) {
      const all = HostArray.from(data, `${this.label}: adapt`);
      this.updateState(all.ndim === 1 ? all.reshape([...all.shape, 1]) : all);
    } else {
      let read = 0;
      for await (const batch of data as AsyncIterable<unknown>) {
        if (steps !== null && read++ >= steps) break;
        this.updateState(batch);
      }
    }
    this.finalizeState();
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    if (this.mode === 'int') return inputShape;
    if (this.mode === 'one_hot' && !(inputShape.length > 1 && inputShape.at(-1) === 1)) return [...inputShape, this.depth];
    return [...inputShape.slice(0, -1), this.depth];
  }
  override computeOutputSpec(...args: unknown[]): KerasTensor {
    const dtype = this.mode !== 'int' ? settings.floatx : this.config.invert ? ('string' as DType) : 'int64';
    return new KerasTensor(this.computeOutputShape((args[0] as KerasTensor).shape), dtype);
  }

  override call(inputs: HostArray | Tensor): Tensor | HostArray {
    if (this.config.invert) return this.termsOf(inputs as Tensor);
    const { shape, data } = HostArray.from(inputs, this.label);
    const numbers = data.map((token) => this.numberOf(token));
    return this.mode === 'int' ? ops.reshape(toTensor(numbers, 'int64'), shape) : this.encode(shape, numbers);
  }

  private termsOf(numbers: Tensor): HostArray {
    const { maskToken, oovToken } = this.config;
    const terms = Array.from(ops.reshape(numbers, [-1]).tolist() as number[], (n) =>
      (n === 0 && maskToken !== null ? maskToken : (this.#terms[n - this.tokenStart] ?? oovToken ?? '')));
    return new HostArray(numbers.shape, terms);
  }

  /** The number of a term; -1 for the mask, where it is left out. */
  private numberOf(token: Token): number {
    const { maskToken, numOovIndices } = this.config;
    if (token === maskToken) return this.mode === 'int' ? 0 : -1;
    const known = this.#numbers.get(token);
    if (known !== undefined) return known;
    if (numOovIndices === 0) {
      throw new RangeError(`${this.label}: with numOovIndices: 0 all inputs must be in the vocabulary, received ${show(token)}; `
        + 'consider numOovIndices: 1');
    }
    return this.oovStart + (numOovIndices === 1 ? 0 : this.bucketOf(token, numOovIndices));
  }

  private encode(shape: Shape, numbers: readonly number[]): Tensor {
    const { depth, mode } = this;
    const single = mode === 'one_hot';
    const elements = shape.length === 0 ? [1] : shape;
    const lead = !single || (shape.length > 1 && shape.at(-1) === 1) ? shape.slice(0, -1) : elements;
    const width = single ? 1 : (shape.at(-1) ?? 1);
    const rows = new Array<number>(sizeOf(lead) * depth).fill(0);
    numbers.forEach((number, i) => {
      if (number < 0) return;
      const at = Math.floor(i / width) * depth + number;
      rows[at] = mode === 'multi_hot' || single ? 1 : rows[at]! + 1;
    });
    const counts = ops.reshape(toTensor(rows, 'int64'), [...lead, depth]);
    if (mode !== 'tf_idf') return counts;
    if (this.#weights === null) throw new Error(`${this.label}: has no idfWeights yet; call adapt, or setVocabulary with them`);
    return ops.multiply(ops.cast(counts, settings.floatx), toTensor(this.#weights, settings.floatx));
  }

  /** Whether the config has the terms. */
  private get isInConfig(): boolean {
    return Array.isArray(this.config.vocabulary);
  }
  /** Writes the terms to `vocabulary.txt`, one on each line, unless the config has them. */
  async saveAssets(folder: string): Promise<void> {
    if (!this.isInConfig) await writeFile(path.join(folder, 'vocabulary.txt'), this.getVocabulary().join('\n'));
  }
  /** Reads what `saveAssets` wrote. */
  async loadAssets(folder: string): Promise<void> {
    if (this.isInConfig) return;
    const text = await readFile(path.join(folder, 'vocabulary.txt'), 'utf8');
    const terms = text.split('\n').slice(this.tokenStart);
    if (text !== '' && terms.length > 0) this.use(terms);
  }

  /** The policy stays as it was given; terms are kept in the config when they were given as an array. */
  override getConfig(): Config {
    const config = super.getConfig();
    const { vocabulary, outputMode } = this.config;
    return {
      ...config,
      output_mode: outputMode === 'binary' || outputMode === 'tf-idf' ? this.mode : outputMode,
      vocabulary: typeof vocabulary === 'string' ? null : vocabulary,
      vocabulary_size: this.#terms.length === 0 ? null : this.vocabularySize(),
    };
  }
}

/** The terms that come more than once. */
function repeatedOf(terms: readonly Token[]): Token[] {
  const seen = new Set<Token>();
  return terms.filter((term) => seen.size === seen.add(term).size);
}

function readTerms(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split(/\r?\n/);
  while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  return lines;
}
