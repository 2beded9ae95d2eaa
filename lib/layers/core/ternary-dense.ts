// TernaryDense: a dense layer that learns weights of -1, 0 and 1.
import { activation } from '../../activations/field.js';
import type { OptionsOf } from '../../config/configurable.js';
import type { QuantizationMode } from '../../config/dtype-policy.js';
import { bool, float, int, nullable } from '../../config/fields.js';
import { constraint } from '../../constraints/field.js';
import type { SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import { initializer } from '../../initializers/field.js';
import * as ops from '../../ops/index.js';
import { regularizer } from '../../regularizers/field.js';
import { InputSpec } from '../base/input-spec.js';
import { layer } from '../base/layer.js';
import type { SavedVariables } from '../base/layer-state.js';
import type { LayerOptions } from '../base/options.js';
import { readQuantizeOptions, type QuantizeOptions } from '../quantization/modes.js';
import { ternary, TernaryWeights } from '../quantization/ternary-weights.js';

const schema = {
  /** Size of the output's last axis. */
  units: int({ min: 1 }),
  /**
   * Weights of at most this size become 0, the others -1 or 1; null: half the mean of all sizes, and the product counts that mean times.
   */
  threshold: nullable(float({ min: 0 })),
  activation: activation(null),
  useBias: bool(true),
  kernelInitializer: initializer('glorot_uniform'),
  biasInitializer: initializer('zeros'),
  kernelRegularizer: regularizer(),
  biasRegularizer: regularizer(),
  activityRegularizer: regularizer(),
  kernelConstraint: constraint(),
  biasConstraint: constraint(),
} as const;

/** Options of `TernaryDense`. */
export type TernaryDenseOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * `activation(scale · x · ternary(kernel) + bias)` over the last axis, where `ternary` makes -1, 0 or 1 of each weight: weights beyond
 * `threshold` become their sign. Gradients reach the kernel as if it were multiplied as it is. By Ma et al., "The Era of 1-bit LLMs: All
 * Large Language Models are in 1.58 Bits" (2024). `layer.quantize('ternary')` keeps only what the kernel became, five weights to a byte.
 *
 * ```ts
 * const layer = new keras.layers.TernaryDense(64);
 * layer(ops.ones([4, 16])).shape; // [4, 64]
 * layer.quantize('ternary');
 * ```
 * @throws when the last axis has another size than the layer was built with.
 */
export class TernaryDense extends layer('TernaryDense', schema, ['units']) {
  static readonly samples = [{ args: [4], inputs: [[2, 3]] }];
  static override readonly quantizationModes: readonly QuantizationMode[] = ['ternary'];
  /** Weights of shape (features, units), until the layer is quantized. */
  declare kernel: Variable | null;
  /** Bias of shape (units,), unless `useBias` is false. */
  declare bias: Variable | null;
  /** @internal What stands for the kernel; null: it stays as it is. */
  quantized: TernaryWeights | null = null;

  override inputSpec: InputSpec | readonly InputSpec[] | null = new InputSpec({ minNdim: 2 });
  override supportsMasking = true;

  override build(inputShape: SymbolicShape): void {
    const { units, useBias, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, kernelConstraint, biasConstraint } =
      this.config;
    const features = inputShape.at(-1) ?? null;
    this.kernel = null;
    if (this.quantizationMode !== null) this.quantizedBuild([features, units], this.quantizationMode as QuantizationMode);
    else
      this.kernel = this.addWeight({
        name: 'kernel',
        shape: [features, units],
        initializer: kernelInitializer,
        regularizer: kernelRegularizer,
        constraint: kernelConstraint,
      });
    this.bias = useBias
      ? this.addWeight({
          name: 'bias',
          shape: [units],
          initializer: biasInitializer,
          regularizer: biasRegularizer,
          constraint: biasConstraint,
        })
      : null;
    this.inputSpec = new InputSpec({ minNdim: 2, axes: { [-1]: features } });
  }

  override call(x: Tensor): Tensor {
    const kernel = this.kernel!.value;
    const learned = ops.add(kernel, ops.stopGradient(ops.subtract(ternary(kernel, this.config.threshold), kernel)));
    const product = ops.matmul(x, learned);
    return this.finish(this.config.threshold === null ? ops.multiply(product, ops.mean(ops.abs(kernel))) : product);
  }
  override quantizedCall(x: Tensor): Tensor {
    return this.finish(this.quantized!.times(x, { product: ops.matmul }, { dtype: this.computeDtype }));
  }
  private finish(product: Tensor): Tensor {
    return this.config.activation(this.bias === null ? product : ops.add(product, this.bias));
  }

  override get isQuantized(): boolean {
    return this.quantized !== null;
  }
  /** As `Layer.quantize`, in mode `'ternary'`, which is the default. */
  override quantize(mode: QuantizationMode | QuantizeOptions | null = null, options: QuantizeOptions = {}): void {
    const given = readQuantizeOptions(`${this.label}: quantize`, mode, options);
    super.quantize({ ...given, mode: given.mode ?? (given.config === null ? 'ternary' : null) });
  }
  override quantizedBuild(shape: SymbolicShape, mode: QuantizationMode): void {
    super.quantizedBuild(shape, mode);
    this.quantized = new TernaryWeights(
      this,
      { name: 'kernel', shape: this.knownShape(shape, 'kernel'), axes: [0] },
      this.config.threshold,
    );
  }
  /** @internal */
  override quantizeWeights(mode: QuantizationMode): void {
    const before = this.kernel!;
    this.removeWeight(before);
    this.kernel = null;
    this.quantizedBuild(before.shape, mode);
    this.quantized!.assign(before.value, null);
  }

  /** Names of the variables that are saved, in their order, by quantization mode; null stands for none. */
  get variableSerializationSpec(): ReadonlyMap<string | null, readonly string[]> {
    return new Map([[null, ['kernel', 'bias']], ['ternary', ['kernel', 'bias', 'kernel_scale']]]);
  }
  /** @internal */
  override savedVariables(): SavedVariables {
    const own = new Map(this.ownVariables().map((variable) => [variable.name, variable]));
    return this.variableSerializationSpec
      .get(this.quantizationMode)!
      .map((key) => own.get(key))
      .filter((variable) => variable !== undefined)
      .map((variable) => [variable, variable]);
  }
}
