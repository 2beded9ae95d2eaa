// MultiHeadAttention: attention of the Transformer.
import { type Config, configured, type OptionsOf } from '../../config/configurable.js';
import { field, int, nullable } from '../../config/fields.js';
import type { SymbolicShape } from '../../base/shape.js';
import { setMask } from '../../symbolic/mask.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { Softmax } from '../activations/softmax.js';
import type { splitCall } from '../base/call.js';
import type { LayerOptions } from '../base/options.js';
import { Dropout } from '../regularization/dropout.js';
import {
  HEAD_CALL_OPTIONS,
  HeadAttentionBase,
  type HeadAttentionCallOptions,
  headConfig,
  headSchema,
  type Projection,
} from './head-attention.js';

const whole = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value);
const axes = field<number | readonly number[], readonly number[]>('an axis or an array of axes', (v) =>
  whole(v) ? [v as number] : Array.isArray(v) && v.length > 0 && v.every(whole) ? (v as number[]) : undefined);
const sizes = field<number | readonly number[], readonly number[]>('an integer >= 1 or an array of them', (v) => {
  const list = whole(v) ? [v as number] : v;
  return Array.isArray(list) && list.every((d) => whole(d) && (d as number) >= 1) ? (list as number[]) : undefined;
});

const schema = {
  /** Number of heads. */
  numHeads: int({ min: 1 }),
  /** Features of a head's queries and keys. */
  keyDim: int({ min: 1 }),
  /** Features of a head's values. Null: as `keyDim`. */
  valueDim: nullable(int({ min: 1 })),
  /** Shape of the output, without batch and targets. Null: the features of the query. */
  outputShape: nullable(sizes),
  /** The axes of query and value that attention goes over. Null: all but the first and the last. */
  attentionAxes: nullable(axes),
  ...headSchema,
} as const;

/** Options of `MultiHeadAttention`. */
export type MultiHeadAttentionOptions = OptionsOf<typeof schema> & LayerOptions;

const letters = (from: number, count: number): string => String.fromCharCode(...Array.from({ length: count }, (_, i) => 97 + from + i));
/** Equation that turns the last `bound` of a tensor's axes into `outputs` new ones, and the letters of these. */
function projection(free: number, bound: number, outputs: number): { equation: string; biasAxes: string } {
  const [kept, summed, made] = [letters(0, free), letters(free, bound), letters(free + bound, outputs)];
  return { equation: `${kept}${summed},${summed}${made}->${kept}${made}`, biasAxes: made };
}
/** Equations of the scores and of the mean, for projected tensors of this rank: (batch, …, heads, features). */
function attentionEquations(rank: number, axes: readonly number[]): { scores: string; mean: string; rank: number } {
  const target = letters(0, rank);
  let next = rank;
  const source = [...target].map((letter, i) => (axes.includes(i) ? letters(next++, 1) : letter)).join('');
  const batch = [...target].filter((_, i) => !axes.includes(i) && i !== rank - 1).join('');
  const product = batch + axes.map((i) => target[i]!).join('') + axes.map((i) => source[i]!).join('');
  return { scores: `${source},${target}->${product}`, mean: `${product},${source}->${target}`, rank: product.length };
}

const Base = configured(HeadAttentionBase, 'MultiHeadAttention', schema, ['numHeads', 'keyDim']);

/**
 * Attention with several heads (Vaswani et al., 2017): query, value and key are projected for each head, `softmax(query · key / √keyDim)`
 * weighs the values, and a last projection mixes the heads. Called as `layer(query, value, { key })` on shapes `(batch, targets, features)`
 * and `(batch, sources, features)`, also with further axes; the output is `(batch, targets, features)`. `layer(x, x)` is self-attention.
 *
 * As in Keras the mask of the query is the one that it carries: one in the option `queryMask` is not looked at.
 *
 * ```ts
 * const layer = new keras.layers.MultiHeadAttention(2, 16);
 * layer(x, x, { useCausalMask: true });
 * ```
 * @throws when value and key have other sources, and for `flashAttention: true`.
 */
export class MultiHeadAttention extends Base {
  static readonly callOptions = HEAD_CALL_OPTIONS;
  static readonly samples: readonly object[] = [];
  /** @internal The regularizer is that of the projections' outputs, and not of this layer's. */
  protected readonly projectionRegularizer = this.activityRegularizer;

  #axes: readonly number[] | null = this.config.attentionAxes;
  #equations = { scores: '', mean: '', rank: 0 };

  constructor(...args: ConstructorParameters<typeof Base>) {
    super(...args);
    this.activityRegularizer = null;
  }

  /** Features of a head's values. */
  declare readonly valueDim: number;
  /** The axes that attention goes over; null while they follow from inputs that are not known yet. */
  declare readonly attentionAxes: readonly number[] | null;
  static {
    const resolved = {
      valueDim: { get(this: MultiHeadAttention) { return this.config.valueDim ?? this.config.keyDim; } },
      attentionAxes: { get(this: MultiHeadAttention) { return this.#axes; } },
    };
    Object.defineProperties(this.prototype, resolved);
  }

  /** The inputs and the options of a call, without `queryMask`: the mask that the query carries takes its place. */
  protected override splitArguments(args: readonly unknown[]): ReturnType<typeof splitCall> {
    const { inputs, options } = super.splitArguments(args);
    return { inputs, options: options?.queryMask === undefined ? options : { ...options, queryMask: null } };
  }

  private heads(rank: number, size: number, name: string): Projection {
    const free = Array.from({ length: rank - 2 }, () => null);
    return { ...projection(rank - 1, 1, 2), outputShape: [...free, this.numHeads, size], name };
  }

  override build(queryShape: SymbolicShape, valueShape?: SymbolicShape, keyShape?: SymbolicShape | null): void {
    const [query, value, key] = this.noteShapes(queryShape, valueShape, keyShape);
    this.queryDense = this.project(this.heads(query.length, this.keyDim, 'query'), query);
    this.keyDense = this.project(this.heads(key.length, this.keyDim, 'key'), key);
    if (this.config.useGate)
      this.gateDense = this.project({ ...this.heads(query.length, this.valueDim, 'gate'), activation: 'sigmoid' }, query);
    this.valueDense = this.project(this.heads(value.length, this.valueDim, 'value'), value);
    this.buildAttention(value.length + 1);
    const output = this.config.outputShape ?? [query.at(-1) ?? null];
    const free = Array.from({ length: query.length - 2 }, () => null);
    this.outputDense = this.project(
      { ...projection(query.length - 1, 2, output.length), outputShape: [...free, ...output], name: 'attention_output' },
      [...query.slice(0, -1), this.numHeads, this.valueDim],
    );
  }

  private buildAttention(rank: number): void {
    const axes =
      this.config.attentionAxes?.map((axis) => (axis >= 0 ? axis : rank - 1 + axis)) ?? Array.from({ length: rank - 3 }, (_, i) => i + 1);
    this.#axes = axes;
    this.#equations = attentionEquations(rank, axes);
    const { rank: scoresRank } = this.#equations;
    this.softmax = new Softmax({ axis: axes.map((_, i) => scoresRank - axes.length + i), dtype: this.dtypePolicy });
    this.dropoutLayer = new Dropout(this.dropout, { dtype: this.dtypePolicy, seed: this.config.seed });
  }

  override call(query: Tensor, value: Tensor, ...rest: unknown[]): Tensor | [Tensor, Tensor] {
    const options = rest.at(-1) as HeadAttentionCallOptions;
    const key = rest.length > 1 ? (rest[0] as Tensor) : value;
    const mask = this.mergedMask(query, value, options);
    const gate = this.config.useGate ? this.gateDense(query) : null;
    const heads = [this.queryDense(query), this.keyDense(key), this.valueDense(value)] as [Tensor, Tensor, Tensor];
    const [mixed, weights] = this.attend(...heads, mask, options);
    const outputs = this.outputDense(gate === null ? mixed : ops.multiply(mixed, gate));
    const { queryMask = null, returnAttentionScores = false } = options;
    if (queryMask !== null) setMask(outputs, queryMask);
    return returnAttentionScores ? [outputs, weights!] : outputs;
  }

  /** The heads' means of the values, and the weights where they were computed apart. */
  private attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | null,
    { training, returnAttentionScores = false }: HeadAttentionCallOptions,
  ): [Tensor, Tensor | null] {
    const scale = 1 / Math.sqrt(this.keyDim);
    const axis = -2 * this.#axes!.length - 1;
    if (this.dropout === 0 && !returnAttentionScores && query.ndim === 4) {
      return [
        ops.dotProductAttention(query, key, value, {
          mask: this.widenMask(mask, 4, axis),
          scale,
          flashAttention: this.config.flashAttention,
        }),
        null,
      ];
    }
    const scores = ops.einsum(this.#equations.scores, key, ops.multiply(query, scale));
    const weights = this.softmax(scores, { mask: this.widenMask(mask, scores.ndim, axis) });
    const kept = this.dropout > 0 ? this.dropoutLayer(weights, { training }) : weights;
    return [ops.einsum(this.#equations.mean, kept, value), weights];
  }

  /** Shape of the output. @throws when the sources of value and key differ. */
  override computeOutputShape(
    queryShape: SymbolicShape,
    valueShape?: SymbolicShape,
    keyShape?: SymbolicShape | { keyShape?: SymbolicShape | null } | null,
  ): SymbolicShape {
    const key = Array.isArray(keyShape)
      ? (keyShape as SymbolicShape)
      : ((keyShape as { keyShape?: SymbolicShape | null } | null | undefined)?.keyShape ?? null);
    if (valueShape !== undefined && key !== null) this.checkSources(valueShape, key);
    return this.config.outputShape === null ? [...queryShape] : [...queryShape.slice(0, -1), ...this.config.outputShape];
  }

  override getConfig(): Config {
    const own = { value_dim: this.valueDim, attention_axes: this.attentionAxes, activity_regularizer: this.serializedRegularizer() };
    return { ...headConfig(super.getConfig()), ...own };
  }
}
