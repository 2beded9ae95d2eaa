// SpectralNormalization: keeps the largest singular value of a layer's weights at 1.
import { byPosition } from '../../base/keywords.js';
import { type Config, resolve, serializeFields } from '../../config/configurable.js';
import { int, withDefault } from '../../config/fields.js';
import type { SerializedObject } from '../../config/registration.js';
import type { SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { Variable } from '../../core/variable.js';
import { TruncatedNormal } from '../../initializers/random.js';
import * as ops from '../../ops/index.js';
import { Wrapper, type WrapperOptions } from '../core/wrapper.js';
import { InputSpec } from '../base/input-spec.js';
import type { CallOptions, Layer } from '../base/layer.js';

const ownSchema = {
  /** Steps of the power iteration in each call. */
  powerIterations: withDefault(int({ min: 1 }), 1),
} as const;

/** Options of `SpectralNormalization`. */
export type SpectralNormalizationOptions = WrapperOptions & {
  /** Steps of the power iteration in each call in training. Default 1. */
  powerIterations?: number;
};

/**
 * Calls a layer whose weights it has divided by their spectral norm, the largest singular value of the kernel as a matrix whose columns are
 * its last axis (Miyato et al., 2018): in training each call approximates that value by power iteration, and replaces the layer's `kernel`,
 * or its `embeddings`; in inference the layer is used as it is. The output has the dtype of the inputs.
 *
 * ```ts
 * const layer = new keras.layers.SpectralNormalization(new keras.layers.Dense(10), { powerIterations: 2 });
 * ```
 * @throws when the layer has neither `kernel` nor `embeddings`.
 */
export class SpectralNormalization extends Wrapper {
  static readonly callDefaults = { training: false };
  static readonly takes = 'tensor';
  static override readonly className = 'SpectralNormalization';
  static override readonly samples = [
    {
      args: [{ module: 'keras.layers', class_name: 'Dense', config: { units: 4 }, registered_name: null }, { powerIterations: 2 }],
      inputs: [[2, 3]],
    },
  ];
  /** The weights that are normalized: those of the layer. */
  declare kernel: Variable;
  /** Approximates the first right singular vector of the kernel; shape (1, columns). */
  declare vectorU: Variable;
  readonly #own: { readonly powerIterations: number };

  override inputSpec: InputSpec | readonly InputSpec[] | null = null;

  constructor(layer: Layer | SerializedObject, options?: SpectralNormalizationOptions);
  constructor(named: { layer: Layer | SerializedObject } & SpectralNormalizationOptions);
  constructor(...args: unknown[]) {
    const [layer, { powerIterations, ...options } = {}] = byPosition('SpectralNormalization', args, ['layer']) as [
      Layer | SerializedObject,
      SpectralNormalizationOptions?,
    ];
    super(layer, options);
    this.#own = resolve('SpectralNormalization', ownSchema, { powerIterations });
  }

  /** Steps of the power iteration in each call. */
  get powerIterations(): number {
    return this.#own.powerIterations;
  }

  override build(inputShape: SymbolicShape): void {
    super.build(inputShape);
    this.inputSpec = new InputSpec({ minNdim: 1, axes: { [-1]: inputShape.at(-1) ?? null } });
    const { kernel, embeddings } = this.layer as Layer & { kernel?: unknown; embeddings?: unknown };
    const found = [kernel, embeddings].find((weight) => weight instanceof Variable);
    if (found === undefined)
      throw new TypeError(
        `SpectralNormalization "${this.name}": ${this.layer.typeName} "${this.layer.name}" has neither a kernel nor embeddings to ` +
          `normalize`,
      );
    this.kernel = found;
    this.vectorU = this.addWeight({
      name: 'vector_u',
      shape: [1, found.shape.at(-1)!],
      initializer: new TruncatedNormal({ stddev: 0.02 }),
      trainable: false,
      dtype: found.dtype,
    });
  }

  override takesSamplesApart(training: boolean): boolean {
    return !training && this.layer.takesSamplesApart(training);
  }

  override call(inputs: Tensor, { training }: CallOptions = {}): Tensor {
    if (training === true) {
      const [vector, kernel] = this.normalizedWeights();
      const isZero = ops.all(ops.equal(this.kernel.value, 0));
      // The weights are set, as TensorFlow sets them: their gradient is that of what they are now.
      const assign = (variable: Variable, value: Tensor): Tensor =>
        variable.assign(ops.stopGradient(ops.where(isZero, variable.value, value)));
      assign(this.vectorU, vector);
      assign(this.kernel, kernel);
    }
    return ops.cast(this.layer(inputs), inputs.dtype);
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return this.layer.computeOutputShape(inputShape) as SymbolicShape;
  }

  /** The next `vectorU`, and the kernel divided by its spectral norm. */
  normalizedWeights(): [vectorU: Tensor, kernel: Tensor] {
    const { value } = this.kernel;
    const weights = ops.reshape(value, [-1, value.shape.at(-1)!]);
    const unit = (x: Tensor): Tensor => ops.normalize(x, { axis: null });
    let u: Tensor = this.vectorU.value;
    let v = u;
    for (let i = 0; i < this.powerIterations; i++) {
      v = unit(ops.matmul(u, ops.transpose(weights)));
      u = unit(ops.matmul(v, weights));
    }
    const norm = ops.matmul(ops.matmul(ops.stopGradient(v), weights), ops.transpose(ops.stopGradient(u)));
    return [
      ops.cast(ops.stopGradient(u), this.vectorU.dtype),
      ops.cast(ops.reshape(ops.divide(value, norm), value.shape), this.kernel.dtype),
    ];
  }

  override getConfig(): Config {
    return { ...super.getConfig(), ...serializeFields(ownSchema, this.#own) };
  }
}
