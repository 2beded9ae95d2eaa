// SeparableConv1D and SeparableConv2D.
import { configured, type ConfigOf, type OptionsOf } from '../../config/configurable.js';
import { int, type Schema, withDefault } from '../../config/fields.js';
import { constraint } from '../../constraints/field.js';
import type { SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import { regularizer } from '../../regularizers/field.js';
import type { LayerOptions, layerSchema } from '../base/options.js';
import { Convolution, convPadding, depthwiseSchema, weightInitializer, windowSchema } from './convolution.js';

const schema = (rank: number) => ({
  /** Number of output channels. */
  filters: int({ min: 1 }),
  ...windowSchema(rank),
  padding: convPadding('valid', 'same'),
  /** Number of channels between the two steps for each channel. Default 1. */
  depthMultiplier: withDefault(int({ min: 1 }), 1),
  ...depthwiseSchema,
  pointwiseInitializer: weightInitializer('glorot_uniform'),
  pointwiseRegularizer: regularizer(),
  pointwiseConstraint: constraint(),
});

/** Options of `SeparableConv1D` and `SeparableConv2D`. */
export type SeparableConvLayerOptions = OptionsOf<ReturnType<typeof schema>> & LayerOptions;

/** Base of the separable convolutions. */
export abstract class BaseSeparableConv extends Convolution {
  declare readonly config: ConfigOf<ReturnType<typeof schema>>;
  /** Weights of shape (...kernelSize, channels, depthMultiplier). */
  declare depthwiseKernel: Variable;
  /** Weights of shape (1, …, channels * depthMultiplier, filters). */
  declare pointwiseKernel: Variable;

  override build(inputShape: SymbolicShape): void {
    const { depthMultiplier, filters, kernelSize, depthwiseInitializer, depthwiseRegularizer, depthwiseConstraint } = this.config;
    const { pointwiseInitializer, pointwiseRegularizer, pointwiseConstraint } = this.config;
    const channels = this.bindChannels(inputShape);
    this.depthwiseKernel = this.addKernel('depthwise_kernel', [...kernelSize, channels, depthMultiplier], {
      initializer: depthwiseInitializer, regularizer: depthwiseRegularizer, constraint: depthwiseConstraint,
    });
    this.pointwiseKernel = this.addKernel('pointwise_kernel', [...kernelSize.map(() => 1), channels * depthMultiplier, filters], {
      initializer: pointwiseInitializer, regularizer: pointwiseRegularizer, constraint: pointwiseConstraint,
    });
    this.addBias(filters);
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dilationRate, dataFormat } = this.config;
    return this.finish(ops.separableConv(x, this.depthwiseKernel, this.pointwiseKernel, { strides, padding, dilationRate, dataFormat }));
  }
}
// `configured` makes instances, so it wants a class that can be made.
const Base = BaseSeparableConv as unknown as (new (options: LayerOptions) => BaseSeparableConv) & {
  readonly baseSchema: typeof layerSchema; readonly module: string | null; readonly builtWhenMade: boolean;
};
const separableLayer = <const S extends Schema>(name: string, fields: S & { filters: S[string]; kernelSize: S[string] }) =>
  configured<typeof Base, S, readonly ['filters', 'kernelSize']>(Base, name, fields, ['filters', 'kernelSize']);

/**
 * A depthwise convolution of `(batch, steps, channels)` (see `DepthwiseConv1D`), whose outputs are combined to `filters` channels at each
 * step by a convolution with windows of one step: `(batch, newSteps, filters)`, then the bias and the activation. With `dataFormat:
 * 'channels_first'` the channels are axis 1.
 *
 * ```ts
 * new keras.layers.SeparableConv1D(8, 3)(ops.ones([2, 10, 4])).shape; // [2, 8, 8]
 * ```
 * @throws for an input that has not three axes or has another number of channels than the layer was built with, and when no window fits.
 */
export class SeparableConv1D extends separableLayer('SeparableConv1D', schema(1)) {
  static readonly samples = [
    { args: [4, 3], inputs: [[2, 7, 3]] },
    {
      args: [4, [2], { strides: 2, padding: 'same', depthMultiplier: 2, dataFormat: 'channels_first', activation: 'tanh' }],
      inputs: [[2, 3, 7]],
    },
  ];
  override inputSpec = this.specBeforeBuild();
}

/** As `SeparableConv1D`, for `(batch, rows, columns, channels)`. @throws for an input that has not four axes, and as `SeparableConv1D`. */
export class SeparableConv2D extends separableLayer('SeparableConv2D', schema(2)) {
  static readonly samples = [
    { args: [4, 3], inputs: [[2, 5, 6, 3]] },
    { args: [4, [2, 3], { dilationRate: 2, padding: 'same', depthMultiplier: 2, useBias: false }], inputs: [[2, 4, 5, 2]] },
    { args: [3, 2, { strides: 2, dataFormat: 'channels_first' }], inputs: [[2, 3, 5, 4]] },
  ];
  override inputSpec = this.specBeforeBuild();
}
