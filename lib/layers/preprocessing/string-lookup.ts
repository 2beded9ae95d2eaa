// StringLookup: strings to numbers and back.
import type { Config } from '../../config/configurable.js';
import type { DType } from '../../base/dtype.js';
import { HostArray } from '../../core/host-array.js';
import { toTensor } from '../../core/convert.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { IndexLookup, type LookupOptions, type Tokens } from './index-lookup.js';
import { bucketOf } from './token-hash.js';

/** Options of `StringLookup`. */
export type StringLookupOptions = Omit<LookupOptions<string>, 'vocabularyDtype'>;

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
export class StringLookup extends IndexLookup<string> {
  static override readonly className = 'StringLookup';

  constructor(options: StringLookupOptions = {}) {
    super(options, ['vocabularyDtype']);
  }

  /** @internal */
  override get runsOnHost(): boolean {
    return true;
  }
  /** @internal */
  override get inputDType(): DType | 'string' {
    return this.config.invert ? 'int64' : 'string';
  }
  protected override read(inputs: unknown, where: string): Tokens<string> {
    return HostArray.from(inputs, where);
  }
  protected override parse(line: string): string {
    return line;
  }

  protected override numbersOf(inputs: unknown): Tensor {
    const { shape, data } = this.read(inputs, this.label);
    const { maskToken, numOovIndices, salt } = this.config;
    const numbers = data.map((token) => {
      if (token === maskToken) return this.maskNumber;
      const known = this.numbers.get(token);
      if (known !== undefined) return known;
      if (numOovIndices === 0) this.refuse(token);
      return this.oovStart + (numOovIndices === 1 ? 0 : bucketOf(token, numOovIndices, salt));
    });
    return ops.reshape(toTensor(numbers, 'int64'), shape);
  }
  protected override termsOf(numbers: Tensor): HostArray {
    const { maskToken, oovToken } = this.config;
    const values = Array.from(ops.cast(numbers, 'int64').data, Number);
    const terms = values.map((n) => (n === 0 && maskToken !== null ? maskToken : (this.terms[n - this.tokenStart] ?? oovToken ?? '')));
    return new HostArray(numbers.shape, terms as string[]);
  }

  override getConfig(): Config {
    const { vocabulary_dtype: _, ...config } = super.getConfig();
    return config;
  }
}
