// Conv1D, Conv2D and Conv3D.
import { configured, type ConfigOf, type OptionsOf } from '../../config/configurable.js';
import { int, type Schema, withDefault } from '../../config/fields.js';
import type { SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import type { InputSpec } from '../base/input-spec.js';
import { adaptable, loraSchema } from '../base/lora.js';
import type { LayerOptions, layerSchema } from '../base/options.js';
import { Convolution, convPadding, kernelOptions, kernelSchema, windowSchema } from './convolution.js';

/** Options besides the padding. */
const filterSchema = (rank: number) => ({
  /** Number of output channels. */
  filters: int({ min: 1 }),
  ...windowSchema(rank),
  /** Number of groups that channels and filters are divided into: each group of filters sees its group of channels. Default 1. */
  groups: withDefault(int({ min: 1 }), 1),
  ...kernelSchema,
  ...loraSchema,
});
const schema = (rank: number) => ({ ...filterSchema(rank), padding: convPadding('valid', 'same') });
const sequenceSchema = { ...filterSchema(1), padding: convPadding('valid', 'same', 'causal') };

/** Options of `Conv1D`. */
export type Conv1DOptions = OptionsOf<typeof sequenceSchema> & LayerOptions;
/** Options of `Conv2D` and `Conv3D`. */
export type ConvLayerOptions = OptionsOf<ReturnType<typeof schema>> & LayerOptions;

/** Base of the convolutions with filters over all channels of a group. */
export abstract class BaseConv extends adaptable(Convolution) {
  declare readonly config: ConfigOf<typeof sequenceSchema>;
  /** Factors of what is learned beside the kernel, with LoRA; see `enableLora`. */
  declare loraKernelA: Variable;
  declare loraKernelB: Variable;

  protected override specBeforeBuild(): InputSpec {
    const { filters, groups } = this.config;
    if (filters % groups !== 0)
      throw new RangeError(
        `${this.constructor.name}: filters must be a multiple of groups, received filters ${filters} and groups ${groups}`,
      );
    this.checkDilation();
    return super.specBeforeBuild();
  }

  override build(inputShape: SymbolicShape): void {
    const { filters, groups, kernelSize, kernelInitializer, kernelRegularizer, kernelConstraint } = this.config;
    const channels = this.bindChannels(inputShape);
    if (channels % groups !== 0)
      throw new RangeError(
        `${this.label}: the number of channels must be a multiple of groups, received ${channels} channels and groups ${groups}`,
      );
    this.addAdaptable(
      kernelOptions([...kernelSize, channels / groups, filters], {
        initializer: kernelInitializer,
        regularizer: kernelRegularizer,
        constraint: kernelConstraint,
      }),
    );
    this.addBias(filters);
    this.adaptByOptions();
  }

  /**
   * Weights of shape (...kernelSize, channels / groups, filters); with LoRA a tensor that has what was learned beside them. @throws while
   * the layer is not built.
   */
  get kernel(): Variable | Tensor {
    return this.adaptedWeight();
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dilationRate, dataFormat } = this.config;
    if (padding !== 'causal') return this.finish(ops.conv(x, this.kernel, { strides, padding, dilationRate, dataFormat }));
    const before = [[dilationRate[0]! * (this.config.kernelSize[0]! - 1), 0], [0, 0]] as const;
    const padded = ops.pad(x, [[0, 0], ...(dataFormat === 'channels_last' ? before : [before[1], before[0]])]);
    return this.finish(ops.conv(padded, this.kernel, { strides, dilationRate, dataFormat }));
  }
}
// `configured` makes instances, so it wants a class that can be made.
const Base = BaseConv as unknown as (new (options: LayerOptions) => BaseConv) & {
  readonly baseSchema: typeof layerSchema;
  readonly module: string | null;
  readonly builtWhenMade: boolean;
};
const convLayer = <const S extends Schema>(name: string, fields: S & { filters: S[string]; kernelSize: S[string] }) =>
  configured<typeof Base, S, readonly ['filters', 'kernelSize']>(Base, name, fields, ['filters', 'kernelSize']);

/**
 * Convolution of `(batch, steps, channels)` with `filters` kernels, each over `kernelSize` steps and all channels of its group: `(batch,
 * newSteps, filters)`, then the bias and the activation. Padding `'causal'` puts zeros before the first step only, so that an output
 * depends on no later step. With `dataFormat: 'channels_first'` the channels are axis 1.
 *
 * ```ts
 * new keras.layers.Conv1D(8, 3, { padding: 'causal' })(ops.ones([2, 10, 4])).shape; // [2, 10, 8]
 * ```
 * @throws for an input that has not three axes or has another number of channels than the layer was built with, and when no window fits.
 */
export class Conv1D extends convLayer('Conv1D', sequenceSchema) {
  static readonly samples = [
    { args: [4, 3], inputs: [[2, 7, 3]] },
    { args: [4, 3, { padding: 'causal', dilationRate: 2, activation: 'tanh' }], inputs: [[2, 7, 3]] },
    { args: [4, [2], { strides: 2, padding: 'same', dataFormat: 'channels_first', groups: 2 }], inputs: [[2, 4, 7]] },
  ];
  override inputSpec = this.specBeforeBuild();
}

/**
 * Convolution of `(batch, rows, columns, channels)` with `filters` kernels, each over a window of `kernelSize` and all channels of its
 * group: `(batch, newRows, newColumns, filters)`, then the bias and the activation. With `dataFormat: 'channels_first'` the channels are
 * axis 1.
 *
 * ```ts
 * new keras.layers.Conv2D(32, [3, 3], { activation: 'relu' })(ops.ones([1, 28, 28, 1])).shape; // [1, 26, 26, 32]
 * ```
 * @throws for an input that has not four axes or has another number of channels than the layer was built with, and when no window fits.
 */
export class Conv2D extends convLayer('Conv2D', schema(2)) {
  static readonly samples = [
    { args: [4, 3], inputs: [[2, 6, 5, 3]] },
    { args: [4, [3, 2], { strides: [1, 2], padding: 'same', useBias: false, activation: 'elu' }], inputs: [[2, 5, 6, 3]] },
    { args: [4, 2, { dilationRate: 2, dataFormat: 'channels_first', groups: 2 }], inputs: [[2, 2, 5, 4]] },
    { args: [4, 2, { loraRank: 2, loraAlpha: 3 }], inputs: [[2, 4, 4, 3]] },
  ];
  override inputSpec = this.specBeforeBuild();
}

/** As `Conv2D`, for `(batch, depth, rows, columns, channels)`. @throws for an input that has not five axes, and as `Conv2D`. */
export class Conv3D extends convLayer('Conv3D', schema(3)) {
  static readonly samples = [
    { args: [3, 2], inputs: [[2, 3, 4, 3, 2]] },
    { args: [2, [1, 2, 3], { strides: 2, padding: 'same', dataFormat: 'channels_first', groups: 2 }], inputs: [[1, 2, 3, 4, 3]] },
  ];
  override inputSpec = this.specBeforeBuild();
}
