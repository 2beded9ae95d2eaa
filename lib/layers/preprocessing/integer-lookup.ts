// IntegerLookup: arbitrary integers to numbers from 0 on, and back.
import type { Config } from '../../config/configurable.js';
import { type DType, isFloat } from '../../base/dtype.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { IndexLookup, type LookupOptions, type Tokens } from './index-lookup.js';
import { bucketOf } from './token-hash.js';
import { parseInteger } from './vocabulary.js';

/** Options of `IntegerLookup`. */
export type IntegerLookupOptions = Omit<LookupOptions<number>, 'encoding'>;

/** Terms in ascending order with the number of each, to be searched. */
interface Table {
  readonly of: ReadonlyMap<number, number>;
  readonly terms: Tensor;
  readonly numbers: Tensor;
}

/**
 * Makes numbers of integers by a vocabulary, or integers of numbers with `invert`: `StringLookup` for integers. Anywhere in a model it
 * looks up tensors; with `numOovIndices: 0` or `oovMethod: 'farmhash'` it runs on the host, before the numeric part.
 *
 * ```ts
 * const lookup = new keras.layers.IntegerLookup({ vocabulary: [12, 36, 1138, 42] });
 * lookup([[12, 1138, 42], [42, 1000, 36]]).tolist(); // [[1, 3, 4], [4, 0, 2]]
 * ```
 * @throws for options that contradict each other, and for a vocabulary that repeats terms.
 */
export class IntegerLookup extends IndexLookup<number> {
  static override readonly className = 'IntegerLookup';
  static override readonly samples = [
    { args: [{ vocabulary: [4, 1, 7] }], inputs: [[2, 3]], below: 10 },
    { args: [{ vocabulary: [4, 1, 7], numOovIndices: 3, maskToken: 0 }], inputs: [[2, 3]], below: 10 },
    { args: [{ vocabulary: [4, 1, 7], invert: true }], inputs: [[2, 3]], below: 10 },
  ];
  #table: Table | null = null;

  constructor(options: IntegerLookupOptions = {}) {
    const { oovToken = -1, vocabularyDtype = 'int64', ...rest } = options;
    super({ ...rest, oovToken, vocabularyDtype }, ['encoding']);
  }

  /** @internal */
  override get runsOnHost(): boolean {
    const { numOovIndices, oovMethod, invert } = this.config;
    return !invert && (numOovIndices === 0 || (numOovIndices > 1 && oovMethod === 'farmhash'));
  }
  /** @internal Integers keep their dtype. */
  protected override get convertsInputs(): boolean {
    return false;
  }
  /** @internal */
  override get inputDType(): DType {
    return 'int64';
  }
  protected override read(inputs: unknown, where: string): Tokens<number> {
    const tensor = this.integers(toTensor(inputs as TensorLike, null, where));
    return { shape: tensor.shape, data: Array.from(tensor.data, Number) };
  }
  private integers(x: Tensor): Tensor {
    return ops.cast(isFloat(x.dtype) ? ops.trunc(x) : x, 'int64');
  }
  protected override parse(line: string): number {
    return parseInteger(this.label, line);
  }
  private get table(): Table {
    if (this.#table?.of !== this.numbers) {
      const sorted = [...this.numbers].sort(([a], [b]) => a - b);
      this.#table = {
        of: this.numbers,
        terms: toTensor(sorted.map(([term]) => term), 'int64'),
        numbers: toTensor(sorted.map(([, number]) => number), 'int64'),
      };
    }
    return this.#table;
  }

  protected override numbersOf(inputs: unknown): Tensor {
    const { maskToken } = this.config;
    const x = this.integers(inputs as Tensor);
    const unknown = this.unknownNumbers(x);
    const known = this.terms.length === 0 ? unknown : this.found(x, unknown);
    return maskToken === null ? known : ops.where(ops.equal(x, Number(maskToken)), toTensor(this.maskNumber, 'int64'), known);
  }
  private found(x: Tensor, unknown: Tensor): Tensor {
    const { terms, numbers } = this.table;
    const places = ops.minimum(ops.searchsorted(terms, x), terms.size - 1);
    return ops.where(ops.equal(ops.take(terms, places), x), ops.take(numbers, places), unknown);
  }
  /** The numbers that stand for unknown terms, for each of `x` as if it were one. */
  private unknownNumbers(x: Tensor): Tensor {
    const { numOovIndices, oovMethod, salt, maskToken } = this.config;
    const start = toTensor(this.oovStart, 'int64');
    if (numOovIndices === 1) return ops.broadcastTo(start, x.shape);
    if (numOovIndices > 1 && oovMethod === 'floormod') return ops.add(ops.mod(x, toTensor(numOovIndices, 'int64')), start);
    const values = Array.from(x.data, Number);
    const buckets = values.map((token) => {
      if (numOovIndices > 1) return this.oovStart + bucketOf(token, numOovIndices, salt);
      return token === maskToken || this.numbers.has(token) ? 0 : this.refuse(token);
    });
    return ops.reshape(toTensor(buckets, 'int64'), x.shape);
  }

  protected override termsOf(given: Tensor): Tensor {
    const { maskToken, oovToken } = this.config;
    const numbers = this.integers(given);
    const unknown = toTensor(Number(oovToken ?? 0), 'int64');
    const places = ops.subtract(numbers, toTensor(this.tokenStart, 'int64'));
    const known = ops.logicalAnd(ops.greaterEqual(places, 0), ops.less(places, this.terms.length));
    const terms = this.terms.length === 0
      ? ops.broadcastTo(unknown, numbers.shape)
      : ops.where(known, ops.take(toTensor(this.terms, 'int64'), ops.where(known, places, toTensor(0, 'int64'))), unknown);
    return maskToken === null ? terms : ops.where(ops.equal(numbers, 0), toTensor(Number(maskToken), 'int64'), terms);
  }

  override getConfig(): Config {
    const { encoding: _, ...config } = super.getConfig();
    return config;
  }
}
