// What the attention layers with several heads share: their calls, their masks, and their projections.
import type { Config } from '../../config/configurable.js';
import { bool, field, float, int, nullable, withDefault } from '../../config/fields.js';
import { constraint } from '../../constraints/field.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import type { KerasTensor, OperationCall } from '../../symbolic/keras-tensor.js';
import { showShape, type SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { InitialValue } from '../../core/variable.js';
import { initializer } from '../../initializers/field.js';
import { Initializer } from '../../initializers/initializer.js';
import * as ops from '../../ops/index.js';
import { regularizer } from '../../regularizers/field.js';
import * as regularizers from '../../regularizers/index.js';
import { splitCall } from '../base/call.js';
import { EinsumDense } from '../core/einsum-dense.js';
import { type CallOptions, Layer } from '../base/layer.js';
import type { LayerOptions, layerSchema } from '../base/options.js';
import type { Softmax } from '../activations/softmax.js';
import type { Dropout } from '../regularization/dropout.js';
import { seed } from '../regularization/noise.js';
import { causalMask, windowMask } from './masks.js';

/** @internal Options of these layers beside the sizes. */
export const headSchema = {
  /** Share of the weights that are dropped in training. */
  dropout: withDefault(float({ min: 0, max: 1 }), 0),
  useBias: bool(true),
  /** Whether the attention's output is multiplied by the sigmoid of one more projection of the query. */
  useGate: bool(false),
  /** A target sees only sources less than that many places away, before or after. Null: all. */
  slidingWindow: nullable(int({ min: 1 })),
  /** Only null or false: flash attention needs an accelerator. */
  flashAttention: nullable(field<false>('false: flash attention needs an accelerator', (v) => (v === false ? v : undefined))),
  kernelInitializer: initializer('glorot_uniform'),
  biasInitializer: initializer('zeros'),
  kernelRegularizer: regularizer(),
  biasRegularizer: regularizer(),
  kernelConstraint: constraint(),
  biasConstraint: constraint(),
  /** Seed of the dropout. */
  seed: seed(),
} as const;

/** Options of the call of `MultiHeadAttention` and `GroupQueryAttention`. A mask is true where an entry counts. */
export interface HeadAttentionCallOptions extends CallOptions {
  /** Keys, of shape (batch, sources, features). Default: the values. */
  key?: Tensor | KerasTensor | null;
  /** Of shape (batch, targets). Default: the mask that the query carries. */
  queryMask?: Tensor | null;
  /** Of shape (batch, sources). Default: the mask that the value carries. */
  valueMask?: Tensor | null;
  /** Of shape (batch, sources). Default: the mask that the key carries. */
  keyMask?: Tensor | null;
  /** Which sources a target sees: of shape (batch, targets, sources), or with heads, (batch, heads, targets, sources); sizes may be 1. */
  attentionMask?: TensorLike | KerasTensor | null;
  /** Whether the weights come too, as `[outputs, weights]`. Default false. */
  returnAttentionScores?: boolean;
  /** Whether a target sees no sources after its own place. Default false. */
  useCausalMask?: boolean;
}
/** @internal What stands in `HeadAttentionCallOptions`, for the classes whose `call` takes the key before them. */
export const HEAD_CALL_OPTIONS = [
  'key',
  'queryMask',
  'valueMask',
  'keyMask',
  'attentionMask',
  'returnAttentionScores',
  'useCausalMask',
] as const;

/** What is projected with which weights; see `EinsumDense`. */
export interface Projection {
  readonly equation: string;
  readonly outputShape: SymbolicShape;
  readonly biasAxes: string;
  readonly name: string;
  readonly activation?: 'sigmoid';
}
type HeadConfig = { readonly [K in keyof typeof headSchema]: ReturnType<(typeof headSchema)[K]['parse']> };

/** New initializers, so that the projections do not get the same values. */
const fresh = (initial: InitialValue): InitialValue => (initial instanceof Initializer ? initial.clone() : initial);

/** The weights come with the outputs when they are asked for. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export interface HeadAttention {
  (query: KerasTensor, value: KerasTensor, options: HeadAttentionCallOptions & { returnAttentionScores: true }): [KerasTensor, KerasTensor];
  (query: KerasTensor, value: KerasTensor, options?: HeadAttentionCallOptions): KerasTensor;
  (query: Tensor, value: Tensor, options: HeadAttentionCallOptions & { returnAttentionScores: true }): [Tensor, Tensor];
  (query: Tensor, value: Tensor, options?: HeadAttentionCallOptions): Tensor;
}

/** Base of the attention layers with several heads. They are called on a query and a value: `layer(query, value, { key })`. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export abstract class HeadAttention extends Layer {
  /** @internal */
  static override readonly parameters: readonly string[] = ['query', 'value'];
  static override readonly maskOptions = ['queryMask', 'valueMask', 'keyMask'];
  override supportsMasking = true;
  /** Projections; `gateDense` with `useGate`. */
  declare queryDense: EinsumDense;
  declare keyDense: EinsumDense;
  declare gateDense: EinsumDense;
  declare valueDense: EinsumDense;
  declare softmax: Softmax;
  declare dropoutLayer: Dropout;
  declare outputDense: EinsumDense;
  // The shapes of the last build, by the names of Keras's parameters.
  #shapes: Record<string, SymbolicShape> | null = null;

  /** @internal The options of the layer. */
  abstract readonly config: HeadConfig;
  /** @internal What a projection's activity regularizer is. */
  protected abstract readonly projectionRegularizer: Layer['activityRegularizer'];

  // ---- calls: the key is an input that stands in the options ------------------------------------------------------------

  /** @internal */
  override invoke(...args: unknown[]): unknown {
    const { inputs, options } = this.splitArguments(args);
    const where = `${this.constructor.name} "${this.name}"`;
    if (inputs.length < 2 || inputs.length > 3)
      throw new TypeError(
        `${where}: is called on a query and a value, as layer(query, value, options), received ${inputs.length} ` +
          `input${inputs.length === 1 ? '' : 's'}`,
      );
    const { key = null, ...rest } = (options ?? {}) as HeadAttentionCallOptions;
    return super.invoke(...inputs, ...(key === null ? [] : [key]), ...(options === null ? [] : [rest]));
  }

  /** @internal Notes the key under its name, as Keras's configs have it. */
  override noteCall(args: readonly unknown[], result: unknown, recorded: OperationCall['recorded'] = {}): unknown {
    const {
      inputs: [query, value, key],
      options,
    } = splitCall(args);
    const named = key === undefined ? options : { key, ...options };
    return super.noteCall([query, value, ...(named === null ? [] : [named])], result, recorded);
  }

  /** By tracing, since the options of the call decide what comes back. */
  override computeOutputSpec(...args: unknown[]): unknown {
    const { inputs } = splitCall(args);
    const shapes = inputs.map((input) => (input as KerasTensor).shape);
    this.buildFrom(shapes[0], shapes.slice(1));
    return this.traceSpec(args);
  }

  /** @internal Notes the shapes; the key has that of the value when there is none. @throws when the sources of value and key differ. */
  protected noteShapes(
    query: SymbolicShape,
    value: SymbolicShape | undefined,
    key: SymbolicShape | null | undefined,
  ): [SymbolicShape, SymbolicShape, SymbolicShape] {
    if (value === undefined)
      throw new TypeError(`${this.constructor.name} "${this.name}": is built for the shapes of a query and a value, received one shape`);
    for (const [name, shape] of [
      ['query', query],
      ['value', value],
    ] as const) {
      if (shape.length < 3)
        throw new RangeError(
          `${this.constructor.name} "${this.name}": the ${name} must have at least 3 axes (batch, positions, features), received ` +
            `shape ${showShape(shape)}`,
        );
    }
    this.#shapes = { query_shape: query, value_shape: value, ...(key === null || key === undefined ? {} : { key_shape: key }) };
    return [query, value, this.checkSources(value, key ?? value)];
  }
  /** @internal */
  protected checkSources(value: SymbolicShape, key: SymbolicShape): SymbolicShape {
    const [a, b] = [value, key].map((shape) => shape.slice(1, -1));
    if (a!.length !== b!.length || a!.some((d, i) => d !== b![i])) {
      throw new RangeError(
        `${this.constructor.name} "${this.name}": value and key must agree in all axes but the first and the last, received shapes ` +
          `${showShape(value)} and ${showShape(key)}`,
      );
    }
    return key;
  }

  override getBuildConfig(): Config | null {
    return this.built && this.#shapes !== null ? { shapes_dict: this.#shapes } : null;
  }

  // ---- projections --------------------------------------------------------------------------------------------------

  /** @internal A projection, built. */
  protected project({ equation, outputShape, biasAxes, name, activation }: Projection, inputShape: SymbolicShape): EinsumDense {
    const { useBias, kernelInitializer, biasInitializer, kernelRegularizer, biasRegularizer, kernelConstraint, biasConstraint } =
      this.config;
    const dense = new EinsumDense(equation, outputShape, {
      name,
      biasAxes: useBias ? biasAxes : null,
      dtype: this.dtypePolicy,
      activityRegularizer: this.projectionRegularizer,
      activation: activation ?? null,
      kernelInitializer: fresh(kernelInitializer),
      biasInitializer: fresh(biasInitializer),
      kernelRegularizer,
      biasRegularizer,
      kernelConstraint,
      biasConstraint,
    });
    // The masks of query, value and key end in this layer, which heeds them: no reason to warn.
    dense.supportsMasking = true;
    dense.buildFrom(inputShape);
    return dense;
  }

  /** @internal The regularizer in a config. */
  protected serializedRegularizer(): unknown {
    return this.projectionRegularizer === null ? null : regularizers.serialize(this.projectionRegularizer);
  }

  // ---- masks --------------------------------------------------------------------------------------------------------

  /** @internal All masks in one: (batch, targets, sources), or the shape of `attentionMask`; null when there are none. */
  protected mergedMask(query: Tensor, value: Tensor, options: HeadAttentionCallOptions): Tensor | null {
    const { queryMask = null, valueMask = null, keyMask = null, attentionMask = null, useCausalMask = false } = options;
    const where = `${this.constructor.name} "${this.name}"`;
    const read = (mask: unknown, axis: number): Tensor | null =>
      mask === null ? null : ops.expandDims(toTensor(mask as TensorLike, 'bool', where), axis);
    const [targets, sources] = [query.shape[1]!, value.shape[1]!];
    const { slidingWindow } = this.config;
    const masks = [
      read(queryMask, -1),
      read(valueMask, -2),
      read(keyMask, -2),
      useCausalMask ? causalMask(targets, sources) : null,
      slidingWindow === null ? null : windowMask(targets, sources, slidingWindow),
    ].filter((mask) => mask !== null);
    const given = attentionMask === null ? null : toTensor(attentionMask as TensorLike, 'bool', where);
    if (masks.length === 0) return given;
    const own = masks.reduce((a, b) => ops.logicalAnd(a, b));
    return given === null ? own : ops.logicalAnd(given, own);
  }

  /** @internal The mask with axes of size 1 at `axis` (negative), until it has that many. */
  protected widenMask(mask: Tensor | null, rank: number, axis: number): Tensor | null {
    let wide = mask;
    while (wide !== null && wide.ndim < rank) wide = ops.expandDims(wide, axis);
    return wide;
  }
}

/** @internal The config of an attention layer: Keras does not write down what only chooses among kernels. */
export function headConfig({ flash_attention: _, ...config }: Config): Config {
  return { activity_regularizer: null, ...config };
}

/** @internal `HeadAttention` as a base of \`configured\`, which makes instances and so wants a class that can be made. */
export const HeadAttentionBase = HeadAttention as unknown as (new (options: LayerOptions) => HeadAttention) & {
  readonly baseSchema: typeof layerSchema; readonly module: string | null; readonly builtWhenMade: boolean;
};
