// Convolution: base of the convolutional layers, and the options that they share.
import type { Config, ConfigOf } from '../../config/configurable.js';
import { activation } from '../../activations/field.js';
import { bool, type Field, field, nullable, withDefault } from '../../config/fields.js';
import { constraint } from '../../constraints/field.js';
import { show } from '../../base/errors.js';
import { showShape, type SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import { initializer } from '../../initializers/field.js';
import type { InitializerLike } from '../../initializers/lookup.js';
import * as ops from '../../ops/index.js';
import { regularizer } from '../../regularizers/field.js';
import { dataFormat } from '../base/data-format.js';
import { InputSpec } from '../base/input-spec.js';
import { type AddWeightOptions, Layer } from '../base/layer.js';
import { sizes } from '../base/spatial-fields.js';

/** Padding of a layer whose windows are `'valid'` or `'same'`, or one more; in lower or upper case, saved in lower case. */
export function convPadding<P extends string>(...known: readonly P[]): Field<P, P, false> {
  const names = known.map((name) => `'${name}'`);
  return {
    ...field<P>(`${names.slice(0, -1).join(', ')} or ${names.at(-1)}`, (value) =>
      known.find((name) => typeof value === 'string' && name === value.toLowerCase()),
    ),
    required: false,
    initial: known[0]!,
  };
}
/** An initializer; null means the one that `addWeight` takes by itself. */
export const weightInitializer = (initial: InitializerLike) => nullable(initializer(initial), initial);

/** Options of every convolutional layer over `rank` spatial axes, besides its kernels. */
export const windowSchema = (rank: number) => ({
  /** Size of a window: one number for all spatial axes, or one for each. */
  kernelSize: sizes(rank),
  /** How far windows are apart, as `kernelSize`. Default 1. */
  strides: withDefault(sizes(rank), 1),
  dataFormat: dataFormat(),
  /** How far the elements of a window are apart, as `kernelSize`. Default 1. */
  dilationRate: withDefault(sizes(rank), 1),
  activation: activation(null),
  useBias: bool(true),
  biasInitializer: weightInitializer('zeros'),
  biasRegularizer: regularizer(),
  biasConstraint: constraint(),
});
/** Options of a layer with one kernel. */
export const kernelSchema = {
  kernelInitializer: weightInitializer('glorot_uniform'),
  kernelRegularizer: regularizer(),
  kernelConstraint: constraint(),
} as const;
/** Options of a layer with a kernel for each channel. */
export const depthwiseSchema = {
  depthwiseInitializer: weightInitializer('glorot_uniform'),
  depthwiseRegularizer: regularizer(),
  depthwiseConstraint: constraint(),
} as const;

/** Initializer, regularizer and constraint of a weight. */
type WeightRules = Pick<AddWeightOptions, 'regularizer' | 'constraint'> & { initializer: InitializerLike | null };

/** Options of `addWeight` for a kernel of this shape, with the initializer of layers where none is given. */
export const kernelOptions = (shape: readonly number[], { initializer: initial, ...rules }: WeightRules): AddWeightOptions => ({
  shape,
  ...rules,
  ...(initial === null ? {} : { initializer: initial }),
});

/** Base of the convolutional layers: checks, the bias and the activation. */
export abstract class Convolution extends Layer {
  declare readonly config: ConfigOf<ReturnType<typeof windowSchema>>;
  /** Bias of shape (output channels,), unless `useBias` is false. */
  declare bias: Variable | null;

  /** Number of spatial axes. */
  get rank(): number {
    return this.config.kernelSize.length;
  }

  /** The spec of inputs before the number of channels is known. Throws for options that do not go together. */
  protected specBeforeBuild(): InputSpec {
    return new InputSpec({ minNdim: this.config.kernelSize.length + 2 });
  }
  /** Throws for strides and dilation in one layer. */
  protected checkDilation(): void {
    const { strides, dilationRate } = this.config;
    if (Math.max(...strides) === 1 || Math.max(...dilationRate) === 1) return;
    throw new RangeError(
      `${this.constructor.name}: strides > 1 and dilationRate > 1 do not go together, received strides ${show(strides)} and ` +
        `dilationRate ${show(dilationRate)}`,
    );
  }

  /** Number of channels of inputs of this shape, to which the layer is bound from then on. */
  protected bindChannels(inputShape: SymbolicShape): number {
    const { kernelSize, dataFormat: format } = this.config;
    if (inputShape.length !== kernelSize.length + 2) {
      throw new RangeError(
        `${this.label}: expected inputs with ${kernelSize.length + 2} axes (a batch axis, ${kernelSize.length} spatial and the ` +
          `channels), received shape ${showShape(inputShape)}`,
      );
    }
    const axis = format === 'channels_last' ? -1 : 1;
    const channels = inputShape.at(axis) ?? null;
    if (channels === null)
      throw new RangeError(
        `${this.label}: the number of channels (axis ${axis} with dataFormat '${format}') must be known, received shape ` +
          `${showShape(inputShape)}`,
      );
    this.inputSpec = new InputSpec({ minNdim: kernelSize.length + 2, axes: { [axis]: channels } });
    return channels;
  }

  /** Adds a kernel of this shape, with the initializer of layers where none is given. */
  protected addKernel(name: string, shape: readonly number[], rules: WeightRules): Variable {
    return this.addWeight({ name, ...kernelOptions(shape, rules) });
  }
  /** Adds the bias, one number for each filter, unless `useBias` is false. */
  protected addBias(size: number): void {
    const { useBias, biasInitializer, biasRegularizer, biasConstraint } = this.config;
    this.bias = useBias
      ? this.addKernel('bias', [size], { initializer: biasInitializer, regularizer: biasRegularizer, constraint: biasConstraint })
      : null;
  }

  /** Adds the bias along the channels, and applies the activation. */
  protected finish(y: Tensor): Tensor {
    return this.config.activation(this.bias === null ? y : ops.add(y, this.alongChannels(this.bias)));
  }
  private alongChannels(bias: Variable): Variable | Tensor {
    const { dataFormat: format, kernelSize } = this.config;
    return format === 'channels_last' ? bias : ops.reshape(bias, [-1, ...kernelSize.map(() => 1)]);
  }

  override getConfig(): Config {
    return { activity_regularizer: null, ...super.getConfig() };
  }
}
