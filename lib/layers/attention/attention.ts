// Attention: looks up values by how well their keys fit queries.
import type { OptionsOf } from '../../config/configurable.js';
import { bool, float, oneOf, withDefault } from '../../config/fields.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import { show } from '../../base/errors.js';
import type { KerasTensor } from '../../symbolic/keras-tensor.js';
import type { SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import * as random from '../../random/index.js';
import { type CallOptions, layer } from '../base/layer.js';
import { layerSchema, type LayerOptions } from '../base/options.js';
import { seed, seedGenerator } from '../regularization/noise.js';
import { causalMask } from './masks.js';

/** @internal Options that the layers of this kind share. */
export const sharedSchema = {
  /** Whether a learned number scales the scores. */
  useScale: bool(false),
  /** Share of the weights that are dropped in training. */
  dropout: withDefault(float({ min: 0, max: 1 }), 0),
  seed: seed(),
} as const;
const schema = {
  /** Whether a learned number scales the scores. */
  useScale: sharedSchema.useScale,
  /** How the score of a query and a key is made: their product, or the sum of the tanh of their sum. */
  scoreMode: withDefault(oneOf('dot', 'concat'), 'dot'),
  dropout: sharedSchema.dropout,
  seed: sharedSchema.seed,
} as const;

/** Options of `Attention`. */
export type AttentionOptions = OptionsOf<typeof schema> & LayerOptions;

/** Options of the call of `Attention` and `AdditiveAttention`. */
export interface AttentionCallOptions extends CallOptions {
  /**
   * `[queryMask, valueMask]` of shapes (batch, targets) and (batch, sources): outputs of queries that do not count are 0, values that do
   * not count get no weight.
   */
  mask?: (Tensor | null)[] | null | undefined;
  /** Whether the weights come too, as `[outputs, weights]`. Default false. */
  returnAttentionScores?: boolean;
  /** Whether a query sees no values after its own place. Default false. */
  useCausalMask?: boolean;
}

/**
 * Attention by dot products (Luong et al., 2015). Called on `[query, value]` or `[query, value, key]` of shapes `(batch, targets,
 * features)`, `(batch, sources, valueFeatures)` and `(batch, sources, features)`; the keys are the values when there are none. The output,
 * of shape `(batch, targets, valueFeatures)`, has for each query the mean of the values, weighted by the softmax of its scores.
 *
 * ```ts
 * const layer = new keras.layers.Attention();
 * layer([query, value], { useCausalMask: true });
 * ```
 * @throws for something else than an array of two or three inputs, and such masks.
 */
export class Attention extends layer('Attention', schema) {
  static readonly callDefaults = { training: false, mask: null };
  /** @internal For the layers that extend this one: their options are this one's too. */
  static override readonly baseSchema = { ...layerSchema, ...sharedSchema };
  static readonly samples: readonly { readonly args: readonly unknown[]; readonly inputs: readonly (readonly number[])[] }[] = [
    {
      args: [],
      inputs: [
        [2, 3, 4],
        [2, 5, 4],
      ],
    },
    {
      args: [{ useScale: true, scoreMode: 'concat' }],
      inputs: [
        [2, 3, 4],
        [2, 5, 2],
        [2, 5, 4],
      ],
    },
  ];
  /** Factor of the scores (inside of the tanh, when they are concatenated), with `useScale`. */
  declare scale: Variable | null;
  /** Factor of scores of mode `'concat'`. */
  declare concatScoreWeight: Variable | null;
  /** State of the dropout's draws. */
  seedGenerator = seedGenerator(this.config.dropout, this.config.seed);

  /** @internal */
  protected override optionChanging(name: string, value: unknown): void {
    super.optionChanging(name, value);
    if (name === 'dropout') this.seedGenerator ??= seedGenerator(value as number, this.config.seed);
  }

  /** @throws unless there are two or three inputs. */
  private checkInputs(inputs: unknown, what: string): void {
    const where = `${this.constructor.name} "${this.name}"`;
    const fits =
      Array.isArray(inputs) &&
      (inputs.length === 2 || inputs.length === 3) &&
      inputs.every((item) => typeof item === 'object' && item !== null);
    if (!fits)
      throw new TypeError(
        `${where}: is called on an array [query, value] or [query, value, key], received ${what} ${Array.isArray(inputs) ? `an array of ${inputs.length}` : show(inputs)}`,
      );
  }
  private checkMask(mask: unknown): void {
    if (mask === null || mask === undefined || (Array.isArray(mask) && (mask.length === 2 || mask.length === 3))) return;
    throw new TypeError(`${this.constructor.name} "${this.name}": mask must be an array [queryMask, valueMask], received ${show(mask)}`);
  }

  override build(inputShape: unknown): void {
    this.checkInputs(inputShape, 'the shape of');
    this.scale = this.config.useScale ? this.makeScale(inputShape as readonly SymbolicShape[]) : null;
    this.concatScoreWeight =
      this.config.scoreMode === 'concat' ? this.addWeight({ name: 'concat_score_weight', shape: [], initializer: 'ones' }) : null;
  }

  /** @internal The learned factor of the scores. */
  protected makeScale(_inputShape: readonly SymbolicShape[]): Variable {
    return this.addWeight({ name: 'scale', shape: [], initializer: 'ones' });
  }
  /** Scores of shape (batch, targets, sources). */
  protected scores(query: Tensor, key: Tensor): Tensor {
    if (this.concatScoreWeight === null) {
      const products = ops.matmul(query, ops.swapaxes(key, -2, -1));
      return this.scale === null ? products : ops.multiply(products, this.scale);
    }
    const sums = ops.add(ops.expandDims(query, -2), ops.expandDims(key, -3));
    return ops.multiply(
      this.concatScoreWeight,
      ops.sum(ops.tanh(this.scale === null ? sums : ops.multiply(this.scale, sums)), { axis: -1 }),
    );
  }

  private scoreMask(scores: Tensor, valueMask: Tensor | null, useCausalMask: boolean): Tensor | null {
    const values = valueMask === null ? null : ops.expandDims(valueMask, -2);
    if (!useCausalMask) return values;
    const causal = causalMask(scores.shape.at(-2)!, scores.shape.at(-1)!);
    return values === null ? causal : ops.logicalAnd(values, causal);
  }

  private weigh(scores: Tensor, keep: Tensor | null, training: boolean): Tensor {
    // A step down that leaves weights of nothing, in the range of float16 too.
    const kept = keep === null ? scores : ops.where(keep, scores, ops.subtract(scores, scores.dtype === 'float16' ? 65504 : 1e9));
    const weights = ops.softmax(kept, { axis: -1 });
    return training && this.seedGenerator !== null ? random.dropout(weights, this.config.dropout, { seed: this.seedGenerator }) : weights;
  }

  override call(
    inputs: unknown,
    { mask = null, training, returnAttentionScores = false, useCausalMask = false }: AttentionCallOptions = {},
  ): Tensor | [Tensor, Tensor] {
    this.checkInputs(inputs, 'inputs');
    this.checkMask(mask);
    const [query, value, key = value] = inputs as [Tensor, Tensor, Tensor?];
    const [queryMask, valueMask] = [0, 1].map((i) =>
      mask?.[i] === null || mask?.[i] === undefined ? null : toTensor(mask[i] as TensorLike, 'bool', `${this.constructor.name}: mask`),
    );
    const scores = this.scores(query, key);
    const weights = this.weigh(scores, this.scoreMask(scores, valueMask!, useCausalMask), training === true);
    const mixed = ops.matmul(weights, value);
    const outputs = queryMask === null ? mixed : ops.where(ops.expandDims(queryMask!, -1), mixed, 0);
    return returnAttentionScores ? [outputs, weights] : outputs;
  }

  /** The mask of the queries. */
  override computeMask(inputs: unknown, mask: unknown): Tensor | KerasTensor | null {
    this.checkInputs(inputs, 'inputs');
    this.checkMask(mask);
    return (mask as (Tensor | null)[] | null | undefined)?.[0] ?? null;
  }
}
