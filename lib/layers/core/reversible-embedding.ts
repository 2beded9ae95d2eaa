// ReversibleEmbedding: an Embedding that can also be called backwards.
import {
  type AttributesOf,
  type Config,
  type ConfigOf,
  defineAttributes,
  type OptionsOf,
  readArguments,
  resolve,
  serializeFields,
} from '../../config/configurable.js';
import type { QuantizationMode } from '../../config/dtype-policy.js';
import { bool, field, float, nullable, usedWhen } from '../../config/fields.js';
import { castTo } from '../../core/cast.js';
import { type DType, type DTypeLike, isFloat, standardizeDType } from '../../base/dtype.js';
import { setMask } from '../../symbolic/mask.js';
import type { SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { type Variable, withAutocast } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import { AbsMaxQuantizer } from '../../quantizers/abs-max.js';
import { QuantizationConfig } from '../../quantizers/quantization-config.js';
import type { Quantizer } from '../../quantizers/quantizer.js';
import { splitCall } from '../base/call.js';
import type { CallOptions } from '../base/layer.js';
import { layerSchema } from '../base/options.js';
import { GroupedWeights } from '../quantization/grouped-weights.js';
import { blockSizeOf } from '../quantization/modes.js';
import type { Layout, QuantizedWeights } from '../quantization/weights.js';
import { Embedding, type EmbeddingOptions } from './embedding.js';

const ownSchema = {
  /** Whether the way back uses the transposed vectors; otherwise it has weights of its own. */
  tieWeights: usedWhen('built', bool(true)),
  /** Dtype to compute the way back in; null: the layer's compute dtype. */
  reverseDtype: nullable(field<DTypeLike, DType>('a dtype', (v) => standardizeDType(v as DTypeLike))),
  /** With a number c, the result of the way back is `c tanh(x / c)`: it stays between -c and c. */
  logitSoftCap: nullable(float()),
} as const;
const { weights: _, ...embeddingSchema } = Embedding.schema;
const known = { ...embeddingSchema, ...layerSchema, ...ownSchema };

/** Options of `ReversibleEmbedding`. */
export type ReversibleEmbeddingOptions = OptionsOf<typeof ownSchema> & Omit<EmbeddingOptions, 'weights'>;

/** The options that are the layer's own, and those of `Embedding`. */
function split(options: ReversibleEmbeddingOptions): { own: OptionsOf<typeof ownSchema>; rest: EmbeddingOptions } {
  const { tieWeights, reverseDtype, logitSoftCap, ...rest } = options;
  return { own: { tieWeights, reverseDtype, logitSoftCap }, rest };
}

/** The options that are not those of `Embedding`, as properties. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- they are defined on the prototype
export interface ReversibleEmbedding extends AttributesOf<typeof ownSchema> {}

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
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances the options as properties
export class ReversibleEmbedding extends Embedding {
  static {
    defineAttributes(this.prototype, ownSchema, 'own');
  }

  static override readonly className = 'ReversibleEmbedding';
  static override readonly samples = [
    { args: [7, 3], inputs: [[2, 4]], below: 7 },
    { args: [7, 3, { tieWeights: false, maskZero: true, logitSoftCap: 5 }], inputs: [[5]], below: 7 },
  ];
  static override readonly quantizationModes: readonly QuantizationMode[] = ['int8', 'int4'];
  /** Weights of the way back, of shape (outputDim, inputDim), when `tieWeights` is false. */
  declare reverseEmbeddings: Variable;
  /** @internal The options that are not those of `Embedding`. */
  readonly own: ConfigOf<typeof ownSchema>;
  /** What stands for the weights of the way back; null: they are tied or stay as they are. */
  #reverse: QuantizedWeights | null = null;

  constructor(inputDim: number, outputDim: number, options?: ReversibleEmbeddingOptions);
  constructor(inputDim: number, named: { outputDim: number } & ReversibleEmbeddingOptions);
  constructor(named: { inputDim: number; outputDim: number } & ReversibleEmbeddingOptions);
  constructor(...args: unknown[]) {
    const { inputDim, outputDim, ...options } = readArguments('ReversibleEmbedding', known, ['inputDim', 'outputDim'], args);
    const { own, rest } = split(options);
    super(inputDim as number, outputDim as number, rest);
    this.own = resolve('ReversibleEmbedding', ownSchema, own);
  }

  override build(inputShape?: SymbolicShape): void {
    super.build(inputShape);
    const { inputDim, outputDim, embeddingsInitializer } = this.config;
    if (!this.own.tieWeights && this.#reverse === null)
      this.reverseEmbeddings = this.addWeight({
        name: 'reverse_embeddings',
        shape: [outputDim, inputDim],
        initializer: embeddingsInitializer,
      });
  }

  /** With `reverse: true`: from vectors to scores. */
  override call(inputs: Tensor, { reverse = false }: CallOptions & { reverse?: boolean } = {}): Tensor {
    if (reverse) return this.backwards(inputs);
    return this.masked(inputs, super.call(inputs));
  }
  private masked(inputs: Tensor, result: Tensor): Tensor {
    const mask = super.computeMask(inputs);
    return mask === null ? result : setMask(result, mask);
  }

  private backwards(inputs: Tensor): Tensor {
    const { tieWeights, reverseDtype } = this.own;
    const kernel = tieWeights ? ops.transpose(this.embeddings) : this.reverseEmbeddings.value;
    return this.capped(
      reverseDtype === null ? ops.matmul(inputs, kernel) : ops.matmul(castTo(inputs, reverseDtype), castTo(kernel, reverseDtype)),
    );
  }
  private capped(logits: Tensor): Tensor {
    const { logitSoftCap } = this.own;
    return logitSoftCap === null ? logits : ops.multiply(ops.tanh(ops.divide(logits, logitSoftCap)), logitSoftCap);
  }

  // ---- quantized: the way back multiplies integers, with the weights of its own or those of the way forth ------------

  override defaultActivationQuantizer(): Quantizer {
    return new AbsMaxQuantizer({ axis: -1 });
  }
  override makeQuantized(layout: Layout, mode: QuantizationMode, config: QuantizationConfig | null): QuantizedWeights {
    const blockSize = mode === 'int4' ? blockSizeOf(this.ownPolicy, config) : null;
    if (blockSize === null) return super.makeQuantized(layout, mode, config);
    // The groups of both matrices divide a vector alike.
    const groups = this.quantized instanceof GroupedWeights ? this.quantized.groups : null;
    return new GroupedWeights(this, layout, blockSize, {
      groups,
      inputsQuantizer: QuantizationConfig.activationQuantizerOrDefault(config, this.defaultActivationQuantizer()),
    });
  }
  override quantizedBuild(shape: SymbolicShape, mode: QuantizationMode, options: { config?: QuantizationConfig | null } = {}): void {
    super.quantizedBuild(shape, mode, options);
    if (this.own.tieWeights) return;
    const { inputDim, outputDim } = this.config;
    this.#reverse = this.makeQuantized(
      { name: 'reverse_embeddings', shape: [outputDim, inputDim], axes: [0], packedAxis: 0, zeroDtype: null },
      mode,
      options.config ?? null,
    );
    this.reverseEmbeddings = this.#reverse.value;
  }
  /** @internal */
  override quantizeWeights(mode: QuantizationMode, config: QuantizationConfig): void {
    const before = this.own.tieWeights ? null : this.reverseEmbeddings;
    if (before !== null) this.removeWeight(before);
    super.quantizeWeights(mode, config);
    if (before !== null) this.#reverse!.assign(before.value, config);
  }
  override get variableSerializationSpec(): ReadonlyMap<string | null, readonly string[]> {
    const spec = super.variableSerializationSpec;
    if (this.own.tieWeights) return spec;
    const details: Readonly<Record<string, readonly string[]>> = { int8: ['_scale'], int4: ['_scale', '_zero'] };
    return new Map(
      [...spec].map(([mode, names]) => [
        mode,
        [...names, ...['', ...(details[mode ?? ''] ?? [])].map((end) => `reverse_embeddings${end}`)],
      ]),
    );
  }

  /**
   * With `reverse: true`: from vectors to scores. As in Keras, what LoRA has learned counts on the way forth only, and `reverseDtype` does
   * not count. The gradient of the vectors is that of a product of floats, where Keras has that of the rounding: 0 but for each vector's
   * largest value.
   */
  override quantizedCall(inputs: Tensor, { reverse = false }: CallOptions & { reverse?: boolean } = {}): Tensor {
    if (!reverse) return this.masked(inputs, super.quantizedCall(inputs));
    const contraction =
      this.#reverse === null
        ? {
            product: (x: Tensor, w: Tensor) => ops.matmul(x, ops.transpose(w)),
            transposed: (upstream: Tensor, w: Tensor) => ops.matmul(upstream, w),
          }
        : {
            product: (x: Tensor, w: Tensor) => ops.matmul(x, w),
            transposed: (upstream: Tensor, w: Tensor) => ops.matmul(upstream, ops.transpose(w)),
          };
    const { computeDtype: dtype } = this;
    // Scales too are read in the compute dtype, though the layer does not cast its inputs.
    return this.capped(
      withAutocast(isFloat(dtype) ? dtype : null, () =>
        (this.#reverse ?? this.quantized!).times(inputs, { ...contraction, axes: null }, { dtype }),
      ),
    );
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
    return { ...super.getConfig(), ...serializeFields(ownSchema, this.own) };
  }
}
