// GroupQueryAttention: attention with fewer heads for keys and values than for queries.
import { type Config, configured, type OptionsOf } from '../../config/configurable.js';
import { int } from '../../config/fields.js';
import { autoName } from '../../base/names.js';
import { showShape, type SymbolicShape } from '../../base/shape.js';
import { isPlainObject } from '../../base/tree.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { Softmax } from '../activations/softmax.js';
import { splitCall } from '../base/call.js';
import type { LayerOptions } from '../base/options.js';
import { Dropout } from '../regularization/dropout.js';
import { HEAD_CALL_OPTIONS, HeadAttentionBase, type HeadAttentionCallOptions, headConfig, headSchema } from './head-attention.js';

const schema = {
  /** Features of a head. */
  headDim: int({ min: 1 }),
  /** Number of heads of the query. */
  numQueryHeads: int({ min: 1 }),
  /** Number of heads of key and value, of which each serves a group of neighbouring heads of the query. */
  numKeyValueHeads: int({ min: 1 }),
  ...headSchema,
} as const;

/** Options of `GroupQueryAttention`. */
export type GroupQueryAttentionOptions = OptionsOf<typeof schema> & LayerOptions;

const Base = configured(HeadAttentionBase, 'GroupQueryAttention', schema, ['headDim', 'numQueryHeads', 'numKeyValueHeads']);
type Arguments = ConstructorParameters<typeof Base>;

/** The arguments with a name, as Keras makes it up: after its own name of the class, which is another than the exported one. */
function named(args: readonly unknown[]): Arguments {
  const last = args.at(-1);
  const options = isPlainObject(last) ? last : {};
  if (options.name !== null && options.name !== undefined) return args as Arguments;
  return [
    ...(isPlainObject(last) ? args.slice(0, -1) : args),
    { ...options, name: autoName('GroupedQueryAttention') },
  ] as unknown as Arguments;
}

/**
 * Attention whose keys and values have fewer heads than the queries (Ainslie et al., 2023). Called as `layer(query, value, { key })` on
 * shapes `(batch, targets, features)` and `(batch, sources, features)`; the output is `(batch, targets, features)`.
 *
 * ```ts
 * const layer = new keras.layers.GroupQueryAttention(16, 8, 2);
 * layer(x, x, { useCausalMask: true });
 * ```
 * @throws unless the number of query heads is a multiple of that of key and value heads, and for `flashAttention: true`.
 */
export class GroupQueryAttention extends Base {
  static readonly callOptions = HEAD_CALL_OPTIONS;
  /** @internal */
  static readonly savedAs = {
    name: 'grouped_query_attention',
    properties: { queryDense: '_query_dense', keyDense: '_key_dense', valueDense: '_value_dense', outputDense: '_output_dense', gateDense: '_gate_dense' },
  };
  static readonly samples: readonly object[] = [];
  /** @internal */
  protected readonly projectionRegularizer = this.activityRegularizer;

  constructor(...args: Arguments) {
    super(...(new.target === GroupQueryAttention ? named(args) : args));
    const { numQueryHeads, numKeyValueHeads } = this.config;
    if (numQueryHeads % numKeyValueHeads !== 0)
      throw new RangeError(
        `GroupQueryAttention: numQueryHeads must be a multiple of numKeyValueHeads, received ${numQueryHeads} and ${numKeyValueHeads}`,
      );
  }

  override build(queryShape: SymbolicShape, valueShape?: SymbolicShape, keyShape?: SymbolicShape | null): void {
    const [query, value, key] = this.noteShapes(queryShape, valueShape, keyShape);
    const { headDim, numQueryHeads, numKeyValueHeads, useGate, dropout, seed } = this.config;
    const queries = { equation: 'bqm,muh->bquh', outputShape: [null, numQueryHeads, headDim], biasAxes: 'uh' };
    const sources = { equation: 'bkm,mvh->bkvh', outputShape: [null, numKeyValueHeads, headDim], biasAxes: 'vh' };
    this.queryDense = this.project({ ...queries, name: 'query' }, query);
    this.keyDense = this.project({ ...sources, name: 'key' }, key);
    if (useGate) this.gateDense = this.project({ ...queries, name: 'gate', activation: 'sigmoid' }, query);
    this.valueDense = this.project({ ...sources, name: 'value' }, value);
    this.softmax = new Softmax({ axis: -1, dtype: this.dtypePolicy });
    this.dropoutLayer = new Dropout(dropout, { dtype: this.dtypePolicy, seed });
    this.outputDense = this.project(
      { equation: 'bquh,uhm->bqm', outputShape: [null, query.at(-1) ?? null], biasAxes: 'm', name: 'attention_output' },
      [null, null, numQueryHeads, headDim],
    );
  }

  override call(query: Tensor, value: Tensor, ...rest: unknown[]): Tensor | [Tensor, Tensor] {
    const options = rest.at(-1) as HeadAttentionCallOptions;
    const key = rest.length > 1 ? (rest[0] as Tensor) : value;
    const mask = this.mergedMask(query, value, options);
    const gate = this.config.useGate ? this.gateDense(query) : null;
    const heads = [this.queryDense(query), this.keyDense(key), this.valueDense(value)] as [Tensor, Tensor, Tensor];
    const [mixed, weights] = this.attend(...heads, this.widenMask(mask, 4, -3), options);
    const outputs = this.outputDense(gate === null ? mixed : ops.multiply(mixed, gate));
    return options.returnAttentionScores === true ? [outputs, weights!] : outputs;
  }

  /** The heads' means of the values, and the weights where they were computed apart. */
  private attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | null,
    { training, returnAttentionScores = false }: HeadAttentionCallOptions,
  ): [Tensor, Tensor | null] {
    const { headDim, numQueryHeads, numKeyValueHeads, dropout, flashAttention } = this.config;
    const scale = 1 / Math.sqrt(headDim);
    if (dropout === 0 && !returnAttentionScores) return [ops.dotProductAttention(query, key, value, { mask, scale, flashAttention }), null];
    const [keys, values] = [key, value].map((x) => ops.repeat(x, numQueryHeads / numKeyValueHeads, { axis: 2 })) as [Tensor, Tensor];
    const scores = ops.einsum('bquh,bkuh->buqk', ops.multiply(query, scale), keys);
    const weights = this.softmax(scores, { mask });
    const kept = dropout > 0 ? this.dropoutLayer(weights, { training }) : weights;
    return [ops.einsum('buqk,bkuh->bquh', kept, values), weights];
  }

  /** Shape of the output: that of the query. @throws when query and value differ in their features, or value and key in their sources. */
  override computeOutputShape(
    queryShape: SymbolicShape,
    valueShape?: SymbolicShape,
    keyShape?: SymbolicShape | { keyShape?: SymbolicShape | null } | null,
  ): SymbolicShape {
    const key = Array.isArray(keyShape)
      ? (keyShape as SymbolicShape)
      : ((keyShape as { keyShape?: SymbolicShape | null } | null | undefined)?.keyShape ?? null);
    if (valueShape !== undefined) {
      if (queryShape.at(-1) !== valueShape.at(-1))
        throw new RangeError(
          `GroupQueryAttention "${this.name}": query and value must have the same number of features, received shapes ` +
            `${showShape(queryShape)} and ${showShape(valueShape)}`,
        );
      if (key !== null) this.checkSources(valueShape, key);
    }
    return [...queryShape];
  }

  override computeOutputSpec(...args: unknown[]): unknown {
    const shapes = splitCall(args).inputs.map((input) => (input as Tensor).shape);
    this.computeOutputShape(shapes[0]!, shapes[1], shapes[2] ?? null);
    return super.computeOutputSpec(...args);
  }

  override getConfig(): Config {
    return { ...headConfig(super.getConfig()), activity_regularizer: this.serializedRegularizer() };
  }
}
