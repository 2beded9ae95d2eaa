// Conv1D, Conv2D and Conv3D.
import { type Config, configured, type ConfigOf, type OptionsOf } from '../../config/configurable.js';
import { float, int, nullable, type Schema, withDefault } from '../../config/fields.js';
import { checkOptions, show } from '../../core/errors.js';
import type { SymbolicShape } from '../../core/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import type { InitializerLike } from '../../initializers/lookup.js';
import * as ops from '../../ops/index.js';
import type { InputSpec } from '../input-spec.js';
import type { LayerOptions, layerSchema } from '../options.js';
import { Convolution, convPadding, kernelSchema, windowSchema } from './convolution.js';

/** Options besides the padding. */
const filterSchema = (rank: number) => ({
  /** Number of output channels. */
  filters: int({ min: 1 }),
  ...windowSchema(rank),
  /** Number of groups that channels and filters are divided into: each group of filters sees its group of channels. Default 1. */
  groups: withDefault(int({ min: 1 }), 1),
  ...kernelSchema,
  /** Rank of a trained correction of the kernel, which itself is not trained then; null, the default: none. See `enableLora`. */
  loraRank: nullable(int({ min: 1 })),
  /** The correction is scaled by `loraAlpha / loraRank`. Default: `loraRank`. */
  loraAlpha: nullable(float()),
});
const schema = (rank: number) => ({ ...filterSchema(rank), padding: convPadding('valid', 'same') });
const sequenceSchema = { ...filterSchema(1), padding: convPadding('valid', 'same', 'causal') };

/** Options of `Conv1D`. */
export type Conv1DOptions = OptionsOf<typeof sequenceSchema> & LayerOptions;
/** Options of `Conv2D` and `Conv3D`. */
export type ConvLayerOptions = OptionsOf<ReturnType<typeof schema>> & LayerOptions;

/** Options of `enableLora`. */
export interface EnableLoraOptions {
  /** The correction is scaled by `loraAlpha / rank`. Default: `rank`. */
  loraAlpha?: number | null;
  /** Initializer of the first factor. Default `'he_uniform'`. */
  aInitializer?: InitializerLike;
  /** Initializer of the second factor. Default `'zeros'`: the layer computes what it did before. */
  bInitializer?: InitializerLike;
}

/** Base of the convolutions with filters over all channels of a group. */
export abstract class BaseConv extends Convolution {
  declare readonly config: ConfigOf<typeof sequenceSchema>;
  /** Factors of the correction of the kernel, of shapes (...kernelSize, channels / groups, rank) and (rank, filters); see `enableLora`. */
  declare loraKernelA: Variable;
  declare loraKernelB: Variable;
  #kernel: Variable | null = null;
  #lora: { rank: number; alpha: number } | null = null;

  protected override specBeforeBuild(): InputSpec {
    const { filters, groups } = this.config;
    if (filters % groups !== 0) throw new RangeError(`${this.constructor.name}: filters must be a multiple of groups, received filters ${filters} and groups ${groups}`);
    this.checkDilation();
    return super.specBeforeBuild();
  }

  override build(inputShape: SymbolicShape): void {
    const { filters, groups, kernelSize, kernelInitializer, kernelRegularizer, kernelConstraint, loraRank, loraAlpha } = this.config;
    const channels = this.bindChannels(inputShape);
    if (channels % groups !== 0) throw new RangeError(`${this.label}: the number of channels must be a multiple of groups, received ${channels} channels and groups ${groups}`);
    this.#kernel = this.addKernel('kernel', [...kernelSize, channels / groups, filters], { initializer: kernelInitializer, regularizer: kernelRegularizer, constraint: kernelConstraint });
    this.addBias(filters);
    if (loraRank !== null) this.enableLora(loraRank, { loraAlpha });
  }

  /** Weights of shape (...kernelSize, channels / groups, filters); with LoRA the sum of the weights and their correction. @throws while the layer is not built. */
  get kernel(): Variable | Tensor {
    if (this.#kernel === null) throw new Error(`${this.label}: it has a kernel after it was built; call it on data, or call build(inputShape) first`);
    if (this.#lora === null) return this.#kernel;
    const correction = ops.multiply(ops.matmul(this.loraKernelA, this.loraKernelB), this.#lora.alpha / this.#lora.rank);
    return ops.cast(ops.add(this.#kernel, correction), this.computeDtype);
  }
  /** Whether the kernel has a trained correction. */
  get loraEnabled(): boolean {
    return this.#lora !== null;
  }
  /** Rank of the correction of the kernel; null without one. */
  get loraRank(): number | null {
    return this.#lora?.rank ?? this.config.loraRank;
  }
  /** The correction of the kernel is scaled by this number over the rank; null without one. */
  get loraAlpha(): number | null {
    return this.#lora?.alpha ?? this.config.loraAlpha ?? this.config.loraRank;
  }

  /**
   * Low-rank adaptation (Hu et al., 2021): the kernel is not trained any more, but a correction of it, the product of two small weights `loraKernelA` and
   * `loraKernelB`, in float32.
   * @throws while the layer is not built, for a layer with a constraint of the kernel, and when called twice.
   */
  enableLora(rank: number, options: EnableLoraOptions = {}): void {
    checkOptions(`${this.label}: enableLora`, options, ['loraAlpha', 'aInitializer', 'bInitializer']);
    const { loraAlpha = null, aInitializer = 'he_uniform', bInitializer = 'zeros' } = options;
    if (!Number.isInteger(rank) || rank < 1) throw new TypeError(`${this.label}: enableLora: rank must be an integer >= 1, received ${show(rank)}`);
    const kernel = this.#kernel;
    if (kernel === null) throw new Error(`${this.label}: enableLora needs a built layer; call it on data, or call build(inputShape) first`);
    if (this.config.kernelConstraint !== null) throw new Error(`${this.label}: LoRA does not go together with a constraint of the kernel; leave out kernelConstraint`);
    if (this.#lora !== null) throw new Error(`${this.label}: LoRA is enabled already`);
    const rules = { dtype: 'float32', regularizer: this.config.kernelRegularizer } as const;
    this.loraKernelA = this.addWeight({ name: 'lora_kernel_a', shape: [...kernel.shape.slice(0, -1), rank], initializer: aInitializer, ...rules });
    this.loraKernelB = this.addWeight({ name: 'lora_kernel_b', shape: [rank, this.config.filters], initializer: bInitializer, ...rules });
    kernel.trainable = false;
    this.#lora = { rank, alpha: loraAlpha ?? rank };
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dilationRate, dataFormat } = this.config;
    if (padding !== 'causal') return this.finish(ops.conv(x, this.kernel, { strides, padding, dilationRate, dataFormat }));
    const before = [[dilationRate[0]! * (this.config.kernelSize[0]! - 1), 0], [0, 0]] as const;
    const padded = ops.pad(x, [[0, 0], ...(dataFormat === 'channels_last' ? before : [before[1], before[0]])]);
    return this.finish(ops.conv(padded, this.kernel, { strides, dilationRate, dataFormat }));
  }

  /** The config, with rank and scale of the correction where there is one. */
  protected withLora({ lora_rank: _, lora_alpha: __, ...config }: Config): Config {
    return this.loraRank === null ? config : { ...config, lora_rank: this.loraRank, lora_alpha: this.loraAlpha };
  }
}
// `configured` makes instances, so it wants a class that can be made.
const Base = BaseConv as unknown as (new (options: LayerOptions) => BaseConv) & { readonly baseSchema: typeof layerSchema; readonly module: string | null; readonly builtWhenMade: boolean };
const convLayer = <const S extends Schema>(name: string, fields: S & { filters: S[string]; kernelSize: S[string] }) =>
  configured<typeof Base, S, readonly ['filters', 'kernelSize']>(Base, name, fields, ['filters', 'kernelSize']);

/**
 * Convolution of `(batch, steps, channels)` with `filters` kernels, each over `kernelSize` steps and all channels of its group: `(batch, newSteps, filters)`,
 * then the bias and the activation. Padding `'causal'` puts zeros before the first step only, so that an output depends on no later step.
 * With `dataFormat: 'channels_first'` the channels are axis 1.
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

  override getConfig(): Config {
    return this.withLora(super.getConfig());
  }
}

/**
 * Convolution of `(batch, rows, columns, channels)` with `filters` kernels, each over a window of `kernelSize` and all channels of its group:
 * `(batch, newRows, newColumns, filters)`, then the bias and the activation. With `dataFormat: 'channels_first'` the channels are axis 1.
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

  override getConfig(): Config {
    return this.withLora(super.getConfig());
  }
}

/** As `Conv2D`, for `(batch, depth, rows, columns, channels)`. @throws for an input that has not five axes, and as `Conv2D`. */
export class Conv3D extends convLayer('Conv3D', schema(3)) {
  static readonly samples = [
    { args: [3, 2], inputs: [[2, 3, 4, 3, 2]] },
    { args: [2, [1, 2, 3], { strides: 2, padding: 'same', dataFormat: 'channels_first', groups: 2 }], inputs: [[1, 2, 3, 4, 3]] },
  ];
  override inputSpec = this.specBeforeBuild();

  override getConfig(): Config {
    return this.withLora(super.getConfig());
  }
}
