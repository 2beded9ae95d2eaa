// Dense: the fully connected layer.
import { activation } from '../../activations/field.js';
import { bool, int } from '../../config/fields.js';
import { constraint } from '../../constraints/field.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import { initializer } from '../../initializers/field.js';
import * as ops from '../../ops/index.js';
import { regularizer } from '../../regularizers/field.js';
import type { OptionsOf } from '../../config/configurable.js';
import type { QuantizationMode } from '../../config/dtype-policy.js';
import { InputSpec } from '../base/input-spec.js';
import type { CallOptions } from '../base/layer.js';
import { loraSchema } from '../base/lora.js';
import type { LayerOptions } from '../base/options.js';
import { quantizationConfigField } from '../quantization/modes.js';
import { quantizableLayer } from '../quantization/quantizable.js';

const schema = {
  /** Size of the output's last axis. */
  units: int({ min: 1 }),
  activation: activation(null),
  useBias: bool(true),
  kernelInitializer: initializer('glorot_uniform'),
  biasInitializer: initializer('zeros'),
  kernelRegularizer: regularizer(),
  biasRegularizer: regularizer(),
  kernelConstraint: constraint(),
  biasConstraint: constraint(),
  ...loraSchema,
  /** How the layer is quantized, when its dtype policy is a quantized one; null: as the mode does by default. */
  quantizationConfig: quantizationConfigField,
} as const;

/** Options of `Dense`. */
export type DenseOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * `activation(x · kernel + bias)` over the last axis: `(…, features)` becomes `(…, units)`.
 *
 * ```ts
 * const layer = new keras.layers.Dense(32, { activation: 'relu' });
 * layer(ops.ones([4, 16])).shape; // [4, 32]
 * ```
 * @throws when the last axis has another size than the layer was built with.
 */
export class Dense extends quantizableLayer('Dense', schema, { weights: 'kernel', others: ['bias'], ignoresAlpha: true }, ['units']) {
  static readonly samples = [{ args: [4], inputs: [[2, 3]] }, { args: [4, { activation: 'relu', useBias: false }], inputs: [[2, 5, 3]] }];
  static override readonly quantizationModes: readonly QuantizationMode[] = ['int8', 'float8', 'int4', 'ternary'];
  /** Factors of what is learned beside the kernel, with LoRA; see `enableLora`. */
  declare loraKernelA: Variable;
  declare loraKernelB: Variable;
  /** Bias of shape (units,), unless `useBias` is false. */
  declare bias: Variable | null;

  override inputSpec: InputSpec | readonly InputSpec[] | null = new InputSpec({ minNdim: 2 });
  override supportsMasking = true;

  override build(inputShape: readonly (number | null)[]): void {
    const { units, useBias, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, kernelConstraint, biasConstraint } =
      this.config;
    const features = inputShape.at(-1) ?? null;
    this.addAdaptable({
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
    this.adaptByOptions();
  }

  /** Weights of shape (features, units); with LoRA a tensor that has what was learned beside them. @throws while the layer is not built. */
  get kernel(): Variable | Tensor {
    return this.adaptedWeight();
  }

  override call(x: Tensor): Tensor {
    const y = ops.matmul(x, this.kernel);
    const biased = this.bias === null ? y : ops.add(y, this.bias);
    return this.config.activation(biased);
  }

  override quantizedCall(x: Tensor, { training }: CallOptions = {}): Tensor {
    const y = this.quantizedProduct(
      x,
      { product: ops.matmul, transposed: (upstream, kernel) => ops.matmul(upstream, ops.transpose(kernel)) },
      training,
    );
    const biased = this.bias === null ? y : ops.add(y, this.quantizedBias(this.bias));
    return this.config.activation(biased);
  }
}
