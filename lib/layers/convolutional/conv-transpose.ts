// Conv1DTranspose, Conv2DTranspose and Conv3DTranspose.
import { configured, type ConfigOf, type OptionsOf } from '../../config/configurable.js';
import { int, nullable, type Schema } from '../../config/fields.js';
import { show } from '../../base/errors.js';
import type { SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import type { InputSpec } from '../base/input-spec.js';
import type { LayerOptions, layerSchema } from '../base/options.js';
import { sizes } from '../base/spatial-fields.js';
import { Convolution, convPadding, kernelSchema, windowSchema } from './convolution.js';

const schema = (rank: number) => ({
  /** Number of output channels. */
  filters: int({ min: 1 }),
  ...windowSchema(rank),
  padding: convPadding('valid', 'same'),
  /**
   * Elements added to the end of each spatial axis of the output, less than `strides`; null, the default: as many as `padding` asks for.
   */
  outputPadding: nullable(sizes(rank, 0)),
  ...kernelSchema,
});

/** Options of `Conv1DTranspose`, `Conv2DTranspose` and `Conv3DTranspose`. */
export type ConvTransposeLayerOptions = OptionsOf<ReturnType<typeof schema>> & LayerOptions;

/** Base of the transposed convolutions. */
export abstract class BaseConvTranspose extends Convolution {
  declare readonly config: ConfigOf<ReturnType<typeof schema>>;
  /** Weights of shape (...kernelSize, filters, channels). */
  declare kernel: Variable;

  protected override specBeforeBuild(): InputSpec {
    const { outputPadding, strides } = this.config;
    if (outputPadding?.some((extra, axis) => extra >= strides[axis]!) === true) {
      throw new RangeError(
        `${this.constructor.name}: outputPadding must be less than strides along each axis, received outputPadding ` +
          `${show(outputPadding)} and strides ${show(strides)}`,
      );
    }
    this.checkDilation();
    return super.specBeforeBuild();
  }

  override build(inputShape: SymbolicShape): void {
    const { filters, kernelSize, kernelInitializer, kernelRegularizer, kernelConstraint } = this.config;
    const channels = this.bindChannels(inputShape);
    this.kernel = this.addKernel('kernel', [...kernelSize, filters, channels], {
      initializer: kernelInitializer,
      regularizer: kernelRegularizer,
      constraint: kernelConstraint,
    });
    this.addBias(filters);
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, outputPadding, dilationRate, dataFormat } = this.config;
    return this.finish(ops.convTranspose(x, this.kernel, { strides, padding, outputPadding, dilationRate, dataFormat }));
  }
}
// `configured` makes instances, so it wants a class that can be made.
const Base = BaseConvTranspose as unknown as (new (options: LayerOptions) => BaseConvTranspose) & {
  readonly baseSchema: typeof layerSchema; readonly module: string | null; readonly builtWhenMade: boolean;
};
const transposeLayer = <const S extends Schema>(name: string, fields: S & { filters: S[string]; kernelSize: S[string] }) =>
  configured<typeof Base, S, readonly ['filters', 'kernelSize']>(Base, name, fields, ['filters', 'kernelSize']);

/**
 * Transposed convolution of `(batch, steps, channels)`: what the gradient of a `Conv1D` does, so that steps become more with `strides`
 * above 1: `(batch, newSteps, filters)`, then the bias and the activation. With `padding: 'same'` there are `steps * strides` new steps,
 * with `'valid'` `(steps - 1) * strides` and the greater of window and stride; with `outputPadding` see `ops.convTranspose`. With
 * `dataFormat: 'channels_first'` the channels are axis 1.
 *
 * ```ts
 * new keras.layers.Conv1DTranspose(8, 3, { strides: 2, padding: 'same' })(ops.ones([2, 10, 4])).shape; // [2, 20, 8]
 * ```
 * @throws for an input that has not three axes, or has another number of channels than the layer was built with.
 */
export class Conv1DTranspose extends transposeLayer('Conv1DTranspose', schema(1)) {
  static readonly samples = [
    { args: [4, 3], inputs: [[2, 5, 3]] },
    { args: [2, [3], { strides: 3, padding: 'same', outputPadding: 1, activation: 'tanh' }], inputs: [[2, 4, 3]] },
    { args: [4, 2, { dilationRate: 2, dataFormat: 'channels_first', useBias: false }], inputs: [[2, 3, 4]] },
  ];
  override inputSpec = this.specBeforeBuild();
}

/**
 * As `Conv1DTranspose`, for `(batch, rows, columns, channels)`.
 *
 * ```ts
 * new keras.layers.Conv2DTranspose(64, 4, { strides: 2, padding: 'same' })(ops.ones([1, 7, 7, 128])).shape; // [1, 14, 14, 64]
 * ```
 * @throws for an input that has not four axes, or has another number of channels than the layer was built with.
 */
export class Conv2DTranspose extends transposeLayer('Conv2DTranspose', schema(2)) {
  static readonly samples = [
    { args: [4, 3, { strides: 2, padding: 'same' }], inputs: [[2, 3, 4, 3]] },
    { args: [2, [2, 3], { strides: [2, 3], outputPadding: [1, 0], dataFormat: 'channels_first' }], inputs: [[2, 3, 3, 2]] },
  ];
  override inputSpec = this.specBeforeBuild();
}

/**
 * As `Conv1DTranspose`, for `(batch, depth, rows, columns, channels)`. @throws for an input that has not five axes, or has another number
 * of channels than the layer was built with.
 */
export class Conv3DTranspose extends transposeLayer('Conv3DTranspose', schema(3)) {
  static readonly samples = [
    { args: [2, 2], inputs: [[1, 2, 3, 2, 2]] },
    { args: [2, [1, 2, 2], { strides: 2, padding: 'same', dataFormat: 'channels_first' }], inputs: [[1, 2, 2, 2, 3]] },
  ];
  override inputSpec = this.specBeforeBuild();
}
