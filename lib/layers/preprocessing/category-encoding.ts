// CategoryEncoding: numbers of categories as rows of ones or counts.
import type { Config, OptionsOf } from '../../config/configurable.js';
import { int, oneOf, withDefault } from '../../config/fields.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import { showShape, sameShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { type CallOptions, layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { encodeCategories } from './categories.js';
import { denseOnly } from './dense-only.js';

const schema = {
  /** Number of categories: the inputs are whole numbers from 0 to `numTokens - 1`. */
  numTokens: int({ min: 1 }),
  /** `'one_hot'`: a row for each number; `'multi_hot'`, `'count'` (with sums of weights): a row for each sample. */
  outputMode: withDefault(oneOf('multi_hot', 'one_hot', 'count', 'binary'), 'multi_hot'),
  /** Tensors here are dense: only false. */
  sparse: denseOnly({ saved: false }),
} as const;

/** Options of `CategoryEncoding`. */
export type CategoryEncodingOptions = OptionsOf<typeof schema> & LayerOptions;

/** How `CategoryEncoding` is called. */
export interface CategoryEncodingCall extends CallOptions {
  /** What each number adds to its count in mode `'count'`, of the shape of the inputs. Default null: 1. */
  countWeights?: TensorLike | null;
}

/**
 * Encodes numbers of categories as rows of `numTokens` entries. `'one_hot'` gives `(…, numTokens)`, in the place of a last axis of size 1;
 * `'multi_hot'` and `'count'` give `(batch, numTokens)` for inputs of shape `(batch, categories)`. Numbers outside leave no trace.
 *
 * ```ts
 * const encode = new keras.layers.CategoryEncoding(4, { outputMode: 'count' });
 * encode([[0, 1], [3, 3]]).tolist(); // [[1, 1, 0, 0], [0, 0, 0, 2]]
 * ```
 * @throws for `countWeights` in other modes than `'count'`, or of another shape than the inputs.
 */
export class CategoryEncoding extends layer('CategoryEncoding', schema, ['numTokens']) {
  static readonly samples = [
    { args: [4], inputs: [[2, 3]], below: 4 },
    { args: [4, { outputMode: 'one_hot' }], inputs: [[2, 3]], below: 4 },
    { args: [4, { outputMode: 'count' }], inputs: [[2, 3, 2]], below: 4 },
  ];
  static override readonly builtWhenMade = true;
  static readonly takes = 'tensor';

  private get mode(): 'one_hot' | 'multi_hot' | 'count' {
    const { outputMode } = this.config;
    return outputMode === 'binary' ? 'multi_hot' : outputMode;
  }

  /** @internal Numbers of categories keep their dtype. */
  protected override get convertsInputs(): boolean {
    return false;
  }

  override call(inputs: Tensor, { countWeights = null }: CategoryEncodingCall = {}): Tensor {
    if (countWeights === null) return encodeCategories(inputs, this.mode, this.config.numTokens, this.variableDtype);
    if (this.mode !== 'count') throw new TypeError(`${this.label}: countWeights are for outputMode 'count', which is '${this.mode}'`);
    const weights = toTensor(countWeights, this.variableDtype, `${this.label}: countWeights`);
    if (!sameShape(weights.shape, inputs.shape)) {
      throw new RangeError(`${this.label}: countWeights must have the shape of the inputs, ${showShape(inputs.shape)}, received `
        + showShape(weights.shape));
    }
    return encodeCategories(inputs, this.mode, this.config.numTokens, this.variableDtype, weights);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), output_mode: this.mode };
  }
}
