// ReversibleEmbedding: an Embedding that can also be called backwards.
import { type Config, type ConfigOf, type OptionsOf, resolve, serializeFields } from '../../config/configurable.js';
import type { QuantizationMode } from '../../config/dtype-policy.js';
import { bool, field, float, nullable } from '../../config/fields.js';
import { castTo } from '../../core/copy.js';
import { type DType, type DTypeLike, standardizeDType } from '../../core/dtype.js';
import { didYouMean } from '../../core/errors.js';
import { setMask } from '../../core/mask.js';
import type { SymbolicShape } from '../../core/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import { splitCall } from '../call.js';
import type { CallOptions } from '../layer.js';
import { layerSchema } from '../options.js';
import { Embedding, type EmbeddingOptions } from './embedding.js';

const ownSchema = {
  /** Whether the way back uses the transposed vectors; otherwise it has weights of its own. */
  tieWeights: bool(true),
  /** Dtype to compute the way back in; null: the layer's compute dtype. */
  reverseDtype: nullable(field<DTypeLike, DType>('a dtype', (v) => standardizeDType(v as DTypeLike))),
  /** With a number c, the result of the way back is `c tanh(x / c)`: it stays between -c and c. */
  logitSoftCap: nullable(float()),
} as const;
const { weights: _, ...embeddingSchema } = Embedding.schema;
const known = [...Object.keys(embeddingSchema), ...Object.keys(layerSchema), ...Object.keys(ownSchema)];

/** Options of `ReversibleEmbedding`. */
export type ReversibleEmbeddingOptions = OptionsOf<typeof ownSchema> & Omit<EmbeddingOptions, 'weights'>;

/** The options that are the layer's own, and those of `Embedding`. */
function split(options: ReversibleEmbeddingOptions): { own: OptionsOf<typeof ownSchema>; rest: EmbeddingOptions } {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new TypeError(`ReversibleEmbedding: unknown option '${name}'${didYouMean(name, known)}`);
  }
  const { tieWeights, reverseDtype, logitSoftCap, ...rest } = options;
  return { own: { tieWeights, reverseDtype, logitSoftCap }, rest };
}

/**
 * An `Embedding` that also goes back: `layer(vectors, { reverse: true })` multiplies vectors of `outputDim` features by the transposed
 * embeddings, which gives a score (a logit) for each of the `inputDim` things, as language models end. Without a bias.
 *
 * ```ts
 * const layer = new keras.layers.ReversibleEmbedding(100, 32);
 * const vectors = layer(ops.ones([4, 10], { dtype: 'int32' })); // [4, 10, 32]
 * layer(vectors, { reverse: true }).shape; // [4, 10, 100]
 * ```
 * @throws as `Embedding`.
 */
export class ReversibleEmbedding extends Embedding {
  static override readonly className = 'ReversibleEmbedding';
  static override readonly samples = [{ args: [7, 3], inputs: [[2, 4]], below: 7 }, { args: [7, 3, { tieWeights: false, maskZero: true, logitSoftCap: 5 }], inputs: [[5]], below: 7 }];
  static override readonly quantizationModes: readonly QuantizationMode[] = [];
  /** Weights of the way back, of shape (outputDim, inputDim), when `tieWeights` is false. */
  declare reverseEmbeddings: Variable;
  // Private, so that it is no part of what the layer holds.
  readonly #own: ConfigOf<typeof ownSchema>;

  constructor(inputDim: number, outputDim: number, options: ReversibleEmbeddingOptions = {}) {
    const { own, rest } = split(options);
    super(inputDim, outputDim, rest);
    this.#own = resolve('ReversibleEmbedding', ownSchema, own);
  }

  override build(inputShape?: SymbolicShape): void {
    super.build(inputShape);
    const { inputDim, outputDim, embeddingsInitializer } = this.config;
    if (!this.#own.tieWeights) this.reverseEmbeddings = this.addWeight({ name: 'reverse_embeddings', shape: [outputDim, inputDim], initializer: embeddingsInitializer });
  }

  /** With `reverse: true`: from vectors to scores. */
  override call(inputs: Tensor, { reverse = false }: CallOptions & { reverse?: boolean } = {}): Tensor {
    if (reverse) return this.backwards(inputs);
    const result = super.call(inputs);
    const mask = super.computeMask(inputs);
    return mask === null ? result : setMask(result, mask);
  }

  private backwards(inputs: Tensor): Tensor {
    const { tieWeights, reverseDtype, logitSoftCap } = this.#own;
    const kernel = tieWeights ? ops.transpose(this.embeddings) : this.reverseEmbeddings.value;
    const logits = reverseDtype === null ? ops.matmul(inputs, kernel) : ops.matmul(castTo(inputs, reverseDtype), castTo(kernel, reverseDtype));
    return logitSoftCap === null ? logits : ops.multiply(ops.tanh(ops.divide(logits, logitSoftCap)), logitSoftCap);
  }

  /** Null: `call` gives its outputs their masks, forwards only. */
  override computeMask(): null {
    return null;
  }

  override computeOutputShape(inputShape: SymbolicShape, { reverse = false }: { reverse?: boolean } = {}): SymbolicShape {
    const { inputDim, outputDim } = this.config;
    return reverse ? [...inputShape.slice(0, -1), inputDim] : [...inputShape, outputDim];
  }

  /** By tracing: the shape depends on the direction, the dtype on `reverseDtype`. */
  override computeOutputSpec(...args: unknown[]): unknown {
    this.buildFrom((splitCall(args).inputs[0] as Tensor).shape);
    return this.traceSpec(args);
  }

  override getConfig(): Config {
    return { ...super.getConfig(), ...serializeFields(ownSchema, this.#own) };
  }
}
