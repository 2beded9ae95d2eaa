// DepthwiseConv1D and DepthwiseConv2D.
import { configured, type ConfigOf, type OptionsOf } from '../../config/configurable.js';
import { int, type Schema, withDefault } from '../../config/fields.js';
import type { SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import type { LayerOptions, layerSchema } from '../base/options.js';
import { Convolution, convPadding, depthwiseSchema, windowSchema } from './convolution.js';

const schema = (rank: number) => ({
  ...windowSchema(rank),
  padding: convPadding('valid', 'same'),
  /** Number of output channels for each channel. Default 1. */
  depthMultiplier: withDefault(int({ min: 1 }), 1),
  ...depthwiseSchema,
});

/** Options of `DepthwiseConv1D` and `DepthwiseConv2D`. */
export type DepthwiseConvLayerOptions = OptionsOf<ReturnType<typeof schema>> & LayerOptions;

/** Base of the depthwise convolutions. */
export abstract class BaseDepthwiseConv extends Convolution {
  declare readonly config: ConfigOf<ReturnType<typeof schema>>;
  /** Weights of shape (...kernelSize, channels, depthMultiplier). */
  declare kernel: Variable;

  override build(inputShape: SymbolicShape): void {
    const { depthMultiplier, kernelSize, depthwiseInitializer, depthwiseRegularizer, depthwiseConstraint } = this.config;
    const channels = this.bindChannels(inputShape);
    this.kernel = this.addKernel('kernel', [...kernelSize, channels, depthMultiplier], {
      initializer: depthwiseInitializer,
      regularizer: depthwiseRegularizer,
      constraint: depthwiseConstraint,
    });
    this.addBias(channels * depthMultiplier);
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dilationRate, dataFormat } = this.config;
    return this.finish(ops.depthwiseConv(x, this.kernel, { strides, padding, dilationRate, dataFormat }));
  }
}
// `configured` makes instances, so it wants a class that can be made.
const Base = BaseDepthwiseConv as unknown as (new (options: LayerOptions) => BaseDepthwiseConv) & {
  readonly baseSchema: typeof layerSchema; readonly module: string | null; readonly builtWhenMade: boolean;
};
const depthwiseLayer = <const S extends Schema>(name: string, fields: S & { kernelSize: S[string] }) =>
  configured<typeof Base, S, readonly ['kernelSize']>(Base, name, fields, ['kernelSize']);

/**
 * Convolution of each channel of `(batch, steps, channels)` with `depthMultiplier` kernels of its own: `(batch, newSteps, channels *
 * depthMultiplier)`, those of the first channel first, then the bias and the activation. With `dataFormat: 'channels_first'` the channels
 * are axis 1.
 *
 * ```ts
 * new keras.layers.DepthwiseConv1D(3, { depthMultiplier: 2 })(ops.ones([2, 10, 4])).shape; // [2, 8, 8]
 * ```
 * @throws for an input that has not three axes or has another number of channels than the layer was built with, and when no window fits.
 */
export class DepthwiseConv1D extends depthwiseLayer('DepthwiseConv1D', schema(1)) {
  static readonly samples = [
    { args: [3], inputs: [[2, 7, 3]] },
    {
      args: [[2], { strides: 2, padding: 'same', depthMultiplier: 2, dataFormat: 'channels_first', activation: 'tanh' }],
      inputs: [[2, 3, 7]],
    },
  ];
  override inputSpec = this.specBeforeBuild();
}

/** As `DepthwiseConv1D`, for `(batch, rows, columns, channels)`. @throws for an input that has not four axes, and as `DepthwiseConv1D`. */
export class DepthwiseConv2D extends depthwiseLayer('DepthwiseConv2D', schema(2)) {
  static readonly samples = [
    { args: [3], inputs: [[2, 5, 6, 3]] },
    { args: [[2, 3], { dilationRate: 2, padding: 'same', depthMultiplier: 2, useBias: false }], inputs: [[2, 4, 5, 3]] },
    { args: [2, { strides: 2, depthMultiplier: 2, dataFormat: 'channels_first' }], inputs: [[2, 3, 5, 4]] },
  ];
  override inputSpec = this.specBeforeBuild();
}
