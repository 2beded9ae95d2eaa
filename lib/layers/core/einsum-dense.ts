// EinsumDense: a dense layer whose product is an einsum.
import { activation } from '../../activations/field.js';
import type { Config, OptionsOf } from '../../config/configurable.js';
import { field, nullable, string, withDefault } from '../../config/fields.js';
import { constraint } from '../../constraints/field.js';
import type { SymbolicShape } from '../../core/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import { initializer } from '../../initializers/field.js';
import type { Initializer } from '../../initializers/initializer.js';
import { RandomInitializer } from '../../initializers/random.js';
import * as ops from '../../ops/index.js';
import { regularizer } from '../../regularizers/field.js';
import { InputSpec } from '../input-spec.js';
import { adaptableLayer, loraSchema } from '../lora.js';
import type { LayerOptions } from '../options.js';
import { einsumShapes, type EinsumShapes } from './einsum-equation.js';

const isSize = (value: unknown): boolean => value === null || (typeof value === 'number' && Number.isInteger(value) && value >= 1);
const sizes = field<number | SymbolicShape, SymbolicShape>('an integer >= 1 or an array of them (null where the input tells the size)', (v) => {
  if (Array.isArray(v)) return v.every(isSize) ? (v as SymbolicShape) : undefined;
  return v !== null && isSize(v) ? [v as number] : undefined;
});

const schema = {
  /** The product: `'abc,cd->abd'`, say, with the input's axes, the kernel's and the output's; `...` may stand for axes at one end of input and output. */
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
  /** Part of Keras's config; null: the layer is not quantized. */
  quantizationConfig: withDefault(field<null>('null', (v) => (v === null ? null : undefined)), null),
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
  return fromConfig.call(initial.constructor, { ...config, seed: (initial as RandomInitializer & Initializer).seed, input_axes: inputAxes, output_axes: outputAxes });
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
export class EinsumDense extends adaptableLayer('EinsumDense', schema, 'kernel', ['equation', 'outputShape']) {
  static readonly samples = [
    { args: ['ab,bc->ac', 4], inputs: [[2, 3]] },
    { args: ['abc,cde->abde', [3, 2, 3], { biasAxes: 'e', loraRank: 2, loraAlpha: 3 }], inputs: [[2, 3, 4]] },
    { args: ['...ab,bcd->...acd', [3, 2, 2], { biasAxes: 'cd', activation: 'tanh' }], inputs: [[2, 3, 4]] },
  ];
  /** Factors of what is learned beside the kernel, with LoRA; see `enableLora`. */
  declare loraKernelA: Variable;
  declare loraKernelB: Variable;
  /** Bias, which broadcasts to the output, when `biasAxes` is given. */
  declare bias: Variable | null;

  override inputSpec: InputSpec | readonly InputSpec[] | null = null;

  private shapes(inputShape: SymbolicShape): EinsumShapes {
    const { equation, biasAxes, outputShape } = this.config;
    return einsumShapes(equation, biasAxes, inputShape, outputShape, `EinsumDense "${this.name}"`);
  }

  override build(inputShape: SymbolicShape): void {
    const { kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, kernelConstraint, biasConstraint } = this.config;
    const shapes = this.shapes(inputShape);
    this.inputSpec = new InputSpec({ ndim: inputShape.length });
    this.addAdaptable({ shape: shapes.kernel, initializer: withFans(kernelInitializer, shapes), regularizer: kernelRegularizer, constraint: kernelConstraint });
    this.bias = shapes.bias === null ? null
      : this.addWeight({ name: 'bias', shape: shapes.bias, initializer: biasInitializer, regularizer: biasRegularizer, constraint: biasConstraint });
    this.adaptByOptions();
  }

  /** Weights, with the axes that the equation names; with LoRA a tensor that has what was learned beside them. @throws while the layer is not built. */
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

  override getConfig(): Config {
    return { activity_regularizer: null, ...super.getConfig() };
  }
}
