// AdditiveAttention: attention whose scores are sums.
import { type Config, configured, type OptionsOf } from '../../config/configurable.js';
import { bool } from '../../config/fields.js';
import type { SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import type { LayerOptions } from '../base/options.js';
import { Attention, sharedSchema } from './attention.js';

const schema = {
  ...sharedSchema,
  /** Whether each feature has a learned factor. */
  useScale: bool(true),
} as const;

/** Options of `AdditiveAttention`. */
export type AdditiveAttentionOptions = OptionsOf<typeof schema> & LayerOptions;

const AttentionBase = Attention as unknown as (new (options: LayerOptions) => Attention) & {
  readonly baseSchema: typeof Attention.baseSchema; readonly module: string | null; readonly builtWhenMade: boolean;
};

/**
 * Attention whose scores are `sum(scale * tanh(query + key))` over the features (Bahdanau et al., 2014). Inputs, options of the call and
 * output are those of `Attention`; queries and keys need the same number of features.
 *
 * @throws as `Attention`.
 */
export class AdditiveAttention extends configured(AttentionBase, 'AdditiveAttention', schema) {
  static readonly callDefaults = { training: false, mask: null };
  static readonly samples = [
    {
      args: [],
      inputs: [
        [2, 3, 4],
        [2, 5, 4],
      ],
    },
    {
      args: [{ useScale: false }],
      inputs: [
        [2, 3, 4],
        [2, 5, 2],
        [2, 5, 4],
      ],
    },
  ];
  /** @internal */
  protected override makeScale(inputShape: readonly SymbolicShape[]): Variable {
    return this.addWeight({ name: 'scale', shape: [inputShape[0]!.at(-1) ?? null], initializer: 'glorot_uniform' });
  }

  protected override scores(query: Tensor, key: Tensor): Tensor {
    const sums = ops.tanh(ops.add(ops.expandDims(query, -2), ops.expandDims(key, -3)));
    return ops.sum(this.scale === null ? sums : ops.multiply(this.scale, sums), { axis: -1 });
  }

  override getConfig(): Config {
    const { score_mode: _, ...config } = super.getConfig();
    return config;
  }
}
