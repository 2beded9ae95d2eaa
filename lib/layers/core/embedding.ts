// Embedding: a vector for each of a number of things.
import type { Config, OptionsOf } from '../../config/configurable.js';
import { array } from '../../config/array-field.js';
import type { QuantizationMode } from '../../config/dtype-policy.js';
import { bool, field, int, nullable, usedWhen } from '../../config/fields.js';
import { constraint } from '../../constraints/field.js';
import type { TensorLike } from '../../core/convert.js';
import type { Shape, SymbolicShape } from '../../base/shape.js';
import { Tensor } from '../../core/tensor.js';
import { isPlainObject } from '../../base/tree.js';
import type { Variable } from '../../core/variable.js';
import { initializer } from '../../initializers/field.js';
import * as ops from '../../ops/index.js';
import { rowsAt } from '../../ops/indices.js';
import { regularizer } from '../../regularizers/field.js';
import { loraSchema } from '../base/lora.js';
import type { LayerOptions } from '../base/options.js';
import { quantizationConfigField } from '../quantization/modes.js';
import { quantizableLayer } from '../quantization/quantizable.js';
import type { Layout } from '../quantization/weights.js';

const vectors = array();
// Keras takes the tensor itself or, as setWeights does, a list of it.
const firstValues = field<TensorLike | readonly [TensorLike], TensorLike>('an array of numbers', (v, where) =>
  vectors.parse(
    Array.isArray(v) && v.length === 1 && (v[0] instanceof Tensor || (Array.isArray(v[0]) && Array.isArray(v[0][0]))) ? v[0] : v,
    where,
  ),
);

const schema = {
  /** Number of things: inputs are integers from 0 to `inputDim - 1`. */
  inputDim: int({ min: 1 }),
  /** Size of a vector. */
  outputDim: int({ min: 1 }),
  embeddingsInitializer: initializer('uniform'),
  embeddingsRegularizer: regularizer(),
  embeddingsConstraint: constraint(),
  /** Whether the input 0 stands for nothing, and is masked for the layers after this one. */
  maskZero: usedWhen('made', bool(false)),
  /** First values of the vectors, of shape (inputDim, outputDim), or an array of one such tensor. Not kept in the config. */
  weights: nullable(firstValues),
  /** Deprecated in Keras: without an effect. */
  inputLength: nullable(int()),
  ...loraSchema,
  /** How the layer is quantized, when its dtype policy is a quantized one; null: as the mode does by default. */
  quantizationConfig: quantizationConfigField,
} as const;

/** Options of `Embedding`. */
export type EmbeddingOptions = OptionsOf<typeof schema> & LayerOptions;

const indicesOf = (inputs: Tensor): Tensor => (inputs.dtype === 'int32' || inputs.dtype === 'int64' ? inputs : ops.cast(inputs, 'int32'));

const Base = quantizableLayer('Embedding', schema, { weights: 'embeddings', ignoresAlpha: true }, ['inputDim', 'outputDim']);

/**
 * Integers become learned vectors: `(…)` becomes `(…, outputDim)`.
 *
 * ```ts
 * const layer = new keras.layers.Embedding(1000, 64);
 * layer(ops.ones([4, 10], { dtype: 'int32' })).shape; // [4, 10, 64]
 * ```
 * @throws for an input outside of 0 to `inputDim - 1`, and for `weights` of another shape.
 */
export class Embedding extends Base {
  static readonly samples = [{ args: [7, 3], inputs: [[2, 4]], below: 7 }, { args: [7, 3, { maskZero: true }], inputs: [[5]], below: 7 }];
  static override readonly quantizationModes: readonly QuantizationMode[] = ['int8', 'int4'];
  /** Factors of what is learned beside the embeddings, with LoRA; see `enableLora`. */
  declare loraEmbeddingsA: Variable;
  declare loraEmbeddingsB: Variable;

  override readonly autocast: boolean = false;
  override supportsMasking = this.config.maskZero;

  constructor(...args: ConstructorParameters<typeof Base>) {
    super(...args);
    const given: object = isPlainObject(args.at(-1)) ? (args.at(-1) as object) : {};
    // The family's option of the same name tells the size of an input.
    if (!['inputShape', 'batchShape', 'batchInputShape'].some((key) => key in given))
      (this as { declaredInput: SymbolicShape | null }).declaredInput = null;
    const { weights, inputLength } = this.config;
    if (inputLength !== null) process.emitWarning(`Embedding "${this.name}": inputLength is deprecated and has no effect; leave it out`);
    if (weights === null) return;
    (this.build)();
    this.setWeights([weights]);
  }

  override build(_inputShape?: SymbolicShape): void {
    const { inputDim, outputDim, embeddingsInitializer, embeddingsRegularizer, embeddingsConstraint } = this.config;
    this.addAdaptable({
      shape: [inputDim, outputDim],
      initializer: embeddingsInitializer,
      regularizer: embeddingsRegularizer,
      constraint: embeddingsConstraint,
    });
    this.adaptByOptions();
  }

  /**
   * Vectors of shape (inputDim, outputDim); with LoRA a tensor that has what was learned beside them. @throws while the layer is not built.
   */
  get embeddings(): Variable | Tensor {
    return this.adaptedWeight();
  }

  /** Scales are shared along vectors, which are fewer than things as a rule. */
  override layout(shape: Shape): Layout {
    return { name: 'embeddings', shape, axes: [1] };
  }

  override call(inputs: Tensor): Tensor {
    return ops.cast(rowsAt('Embedding', this.embeddings, indicesOf(inputs)), this.computeDtype);
  }

  override quantizedCall(inputs: Tensor): Tensor {
    const { quantized, lora, computeDtype } = this;
    const indices = indicesOf(inputs);
    const vectors = quantized!.rows(indices, computeDtype);
    if (lora === null) return ops.cast(vectors, computeDtype);
    const learned = ops.matmul(rowsAt('Embedding', lora.a, indices), lora.b);
    return ops.cast(ops.add(vectors, ops.multiply(learned, lora.alpha / lora.rank)), computeDtype);
  }

  /** With `maskZero`: true where an input is not 0. */
  override computeMask(inputs: TensorLike): Tensor | null {
    return this.config.maskZero ? ops.notEqual(inputs, 0) : null;
  }

  override getConfig(): Config {
    const { weights: _, input_length: __, ...config } = super.getConfig();
    return { activity_regularizer: null, ...config, input_dim: this.config.inputDim };
  }
}
