// EinsumDense: a dense layer whose product is an einsum.
import { activation } from '../../activations/field.js';
import type { Config, OptionsOf } from '../../config/configurable.js';
import type { QuantizationMode } from '../../config/dtype-policy.js';
import { field, nullable, string } from '../../config/fields.js';
import { constraint } from '../../constraints/field.js';
import type { Shape, SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import { initializer } from '../../initializers/field.js';
import type { Initializer } from '../../initializers/initializer.js';
import { RandomInitializer } from '../../initializers/random.js';
import * as ops from '../../ops/index.js';
import { regularizer } from '../../regularizers/field.js';
import { InputSpec } from '../base/input-spec.js';
import type { CallOptions } from '../base/layer.js';
import { loraSchema } from '../base/lora.js';
import type { LayerOptions } from '../base/options.js';
import { QuantizationConfig } from '../../quantizers/quantization-config.js';
import { FlatWeights } from '../quantization/flat-weights.js';
import { GroupedWeights } from '../quantization/grouped-weights.js';
import { quantizationConfigField } from '../quantization/modes.js';
import { quantizableLayer } from '../quantization/quantizable.js';
import type { Layout, QuantizedWeights } from '../quantization/weights.js';
import { einsumShapes, type EinsumShapes } from './einsum-equation.js';
import { type EinsumScales, einsumScales } from './einsum-scales.js';

const isSize = (value: unknown): boolean => value === null || (typeof value === 'number' && Number.isInteger(value) && value >= 1);
const sizes = field<number | SymbolicShape, SymbolicShape>(
  'an integer >= 1 or an array of them (null where the input tells the size)',
  (v) => {
    if (Array.isArray(v)) return v.every(isSize) ? (v as SymbolicShape) : undefined;
    return v !== null && isSize(v) ? [v as number] : undefined;
  },
);

const schema = {
  /**
   * The product: `'abc,cd->abd'`, say, with the input's axes, the kernel's and the output's; `...` may stand for axes at one end of input
   * and output.
   */
  equation: string(),
  /** Shape of the output, without the batch and without what `...` stands for. */
  outputShape: sizes,
  activation: activation(null),
  /** Letters of the output's axes along which the bias varies; null: no bias. */
  biasAxes: nullable(string()),
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

/** Options of `EinsumDense`. */
export type EinsumDenseOptions = OptionsOf<typeof schema> & LayerOptions;

/** The initializer with the axes that make its fans, when it has such and was given none. */
function withFans<I extends object>(initial: I, { inputAxes, outputAxes }: EinsumShapes): I {
  if (!(initial instanceof RandomInitializer)) return initial;
  const config = initial.getConfig();
  if (!('input_axes' in config) || (config.input_axes !== null && config.output_axes !== null)) return initial;
  const { fromConfig } = initial.constructor as unknown as { fromConfig(this: unknown, config: Config): I };
  // The seed that was drawn when the initializer was made, so that it gives the values that it would have given.
  return fromConfig.call(initial.constructor, {
    ...config,
    seed: (initial as RandomInitializer & Initializer).seed,
    input_axes: inputAxes,
    output_axes: outputAxes,
  });
}

/**
 * `activation(einsum(equation, inputs, kernel) + bias)`: a dense layer over any axes.
 *
 * ```ts
 * const layer = new keras.layers.EinsumDense('abc,cd->abd', [null, 64], { biasAxes: 'd' });
 * layer(ops.ones([4, 10, 16])).shape; // [4, 10, 64]
 * ```
 * @throws when the equation has another form than `X,Y->Z`, `...X,Y->...Z` or `X...,Y->Z...`, or contradicts the shapes or `biasAxes`.
 */
export class EinsumDense extends quantizableLayer('EinsumDense', schema, { weights: 'kernel', others: ['bias'] }, [
  'equation',
  'outputShape',
]) {
  static readonly samples = [
    { args: ['ab,bc->ac', 4], inputs: [[2, 3]] },
    { args: ['abc,cde->abde', [3, 2, 3], { biasAxes: 'e', loraRank: 2, loraAlpha: 3 }], inputs: [[2, 3, 4]] },
    { args: ['...ab,bcd->...acd', [3, 2, 2], { biasAxes: 'cd', activation: 'tanh' }], inputs: [[2, 3, 4]] },
  ];
  static override readonly quantizationModes: readonly QuantizationMode[] = ['int8', 'float8', 'int4'];
  /** Factors of what is learned beside the kernel, with LoRA; see `enableLora`. */
  declare loraKernelA: Variable;
  declare loraKernelB: Variable;
  /** Bias, which broadcasts to the output, when `biasAxes` is given. */
  declare bias: Variable | null;

  override inputSpec: InputSpec | readonly InputSpec[] | null = null;
  #scales: EinsumScales | null = null;

  private shapes(inputShape: SymbolicShape): EinsumShapes {
    const { equation, biasAxes, outputShape } = this.config;
    return einsumShapes(equation, biasAxes, inputShape, outputShape, `EinsumDense "${this.name}"`);
  }

  override build(inputShape: SymbolicShape): void {
    const { kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, kernelConstraint, biasConstraint } = this.config;
    const shapes = this.shapes(inputShape);
    this.inputSpec = new InputSpec({ ndim: inputShape.length });
    this.addAdaptable({
      shape: shapes.kernel,
      initializer: withFans(kernelInitializer, shapes),
      regularizer: kernelRegularizer,
      constraint: kernelConstraint,
    });
    this.bias =
      shapes.bias === null
        ? null
        : this.addWeight({
            name: 'bias',
            shape: shapes.bias,
            initializer: biasInitializer,
            regularizer: biasRegularizer,
            constraint: biasConstraint,
          });
    this.adaptByOptions();
  }

  /**
   * Weights, with the axes that the equation names; with LoRA a tensor that has what was learned beside them. @throws while the layer is
   * not built.
   */
  get kernel(): Variable | Tensor {
    return this.adaptedWeight();
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return this.shapes(inputShape).output;
  }

  override call(inputs: Tensor): Tensor {
    const product = ops.einsum(this.config.equation, inputs, this.kernel);
    return this.config.activation(this.bias === null ? product : ops.add(product, this.bias));
  }

  /** The scales of int8 stand where the kernel's axes are in the output. */
  override layout(shape: Shape): Layout {
    const { kernelAxes, alignKernel, restoreKernel } = this.scales();
    return { name: 'kernel', shape, axes: kernelAxes, keep: alignKernel, spread: restoreKernel };
  }
  /** In int4 the kernel is a matrix, whose rows go over the axes that are summed over. */
  override makeQuantized(layout: Layout, mode: QuantizationMode, config: QuantizationConfig | null): QuantizedWeights {
    if (mode !== 'int4') return super.makeQuantized(layout, mode, config);
    const { name, shape, axes } = layout;
    const sizeOf = (isRow: boolean): number => shape.reduce((size, d, i) => (axes.includes(i) === isRow ? size * d : size), 1);
    const matrix = super.makeQuantized({ name, shape: [sizeOf(true), sizeOf(false)], axes: [0] }, mode, config);
    // In groups Keras leaves inputs as they are.
    const inputsQuantizer = matrix instanceof GroupedWeights ? null : QuantizationConfig.activationQuantizerOrDefault(config, null);
    return new FlatWeights(matrix, shape, inputsQuantizer);
  }
  private scales(): EinsumScales {
    return (this.#scales ??= einsumScales(this.config.equation, (this.inputSpec as InputSpec).ndim!, `EinsumDense "${this.name}"`));
  }

  override quantizedCall(inputs: Tensor, { training }: CallOptions = {}): Tensor {
    const { equation, activation: activate } = this.config;
    const { inputAxes, alignInput, inputGradient } = this.scales();
    const product = this.quantizedProduct(
      inputs,
      {
        product: (x, kernel) => ops.einsum(equation, x, kernel),
        transposed: (upstream, kernel) => inputGradient(upstream, kernel, inputs.shape),
        axes: inputAxes,
        align: alignInput,
      },
      training,
    );
    return activate(this.bias === null ? product : ops.add(product, this.quantizedBias(this.bias)));
  }

  override getConfig(): Config {
    return { activity_regularizer: null, ...super.getConfig() };
  }
}
