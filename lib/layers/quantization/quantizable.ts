// Layers around a matrix of weights that can be kept in few bits, also with what LoRA learns beside it.
import { configured } from '../../config/configurable.js';
import { QuantizedFloat8DTypePolicy, type QuantizationMode } from '../../config/dtype-policy.js';
import type { Schema } from '../../config/fields.js';
import type { Shape, SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import { AbsMaxQuantizer } from '../../quantizers/abs-max.js';
import { QuantizationConfig } from '../../quantizers/quantization-config.js';
import type { Quantizer } from '../../quantizers/quantizer.js';
import { type AddWeightOptions, Layer } from '../base/layer.js';
import type { SavedVariables } from '../base/layer-state.js';
import { type Adaptable, adaptable, type AdaptedWeights, adaptedOf, correction, type EnableLoraOptions } from '../base/lora.js';
import type { LayerOptions, layerSchema } from '../base/options.js';
import { ChannelWeights } from './channel-weights.js';
import { Float8Weights } from './float8-weights.js';
import { GroupedWeights } from './grouped-weights.js';
import { blockSizeOf, NotQuantizableError } from './modes.js';
import { TernaryWeights } from './ternary-weights.js';
import type { Contraction, Layout, QuantizedWeights } from './weights.js';

/** Variables of each mode besides the matrix, in Keras's order. */
const DETAILS: Readonly<Record<string, (name: string) => readonly string[]>> = {
  int8: (name) => [`${name}_scale`],
  int4: (name) => [`${name}_scale`, `${name}_zero`, 'g_idx'],
  float8: (name) => ['inputs', name, 'outputs_grad'].flatMap((range) => [`${range}_scale`, `${range}_amax_history`]),
  ternary: (name) => [`${name}_scale`],
};
/** Modes in which the product of inputs and weights has nothing beside it. */
const WITHOUT_LORA: readonly (string | null)[] = ['float8', 'ternary'];

/** What layers have whose weights can be quantized. */
export interface Quantizable extends Adaptable {
  /** @internal What stands for the weights; null: they stay as they are. */
  quantized: QuantizedWeights | null;
  /** How the layer was quantized, or is to be when it is built; null: as the mode does by default. */
  readonly quantizationConfig: QuantizationConfig | null;
  /** Names of the variables that are saved, in their order, by quantization mode; null stands for none. */
  readonly variableSerializationSpec: ReadonlyMap<string | null, readonly string[]>;
  /** @internal Shape and axes of the weights in a mode. */
  layout(shape: Shape, mode: QuantizationMode): Layout;
  /** @internal What inputs are quantized with without a config; null: they are not. */
  defaultActivationQuantizer(mode: QuantizationMode): Quantizer | null;
  /** @internal What is to stand for weights. */
  makeQuantized(layout: Layout, mode: QuantizationMode, config: QuantizationConfig | null): QuantizedWeights;
  /** @internal The product of inputs with the quantized weights, and with what was learned beside them. */
  quantizedProduct(inputs: Tensor, contraction: Contraction, training: boolean | null | undefined): Tensor;
  /** @internal The bias in the precision of the mode. */
  quantizedBias(bias: Variable): Variable | Tensor;
}

/** The options that such a layer has. */
interface Configured {
  readonly quantizationConfig: QuantizationConfig | null;
}
const configOf = (layer: object): Configured => (layer as { config: Configured }).config;

/**
 * @internal The base of layers whose weights can be adapted, and quantized in the class's `quantizationModes`. The layer defines `layout`,
 * when its scales are not shared along the first axis alone, and `quantizedCall`.
 */
export abstract class QuantizableLayer extends adaptable(Layer) implements Quantizable {
  quantized: QuantizedWeights | null = null;

  override get isQuantized(): boolean {
    return this.quantized !== null;
  }
  get quantizationConfig(): QuantizationConfig | null {
    return configOf(this).quantizationConfig;
  }
  get variableSerializationSpec(): ReadonlyMap<string | null, readonly string[]> {
    const { quantizationModes: modes } = this.constructor as typeof Layer;
    const { name, others } = adaptedOf(this);
    return new Map([[null, [name, ...others]], ...modes.map((mode) => [mode, [name, ...others, ...DETAILS[mode]!(name)]] as const)]);
  }

  layout(shape: Shape, _mode: QuantizationMode): Layout {
    return { name: adaptedOf(this).name, shape, axes: [0] };
  }
  defaultActivationQuantizer(mode: QuantizationMode): Quantizer | null {
    return mode === 'int8' ? new AbsMaxQuantizer() : null;
  }
  makeQuantized(layout: Layout, mode: QuantizationMode, config: QuantizationConfig | null): QuantizedWeights {
    const policy = this.ownPolicy;
    const inputs = QuantizationConfig.activationQuantizerOrDefault(config, this.defaultActivationQuantizer(mode));
    if (mode === 'ternary') return new TernaryWeights(this, layout);
    if (mode === 'float8') {
      const { amaxHistoryLength } =
        policy instanceof QuantizedFloat8DTypePolicy ? policy : { amaxHistoryLength: QuantizedFloat8DTypePolicy.defaultAmaxHistoryLength };
      return new Float8Weights(this, layout, amaxHistoryLength, () => this.weight!);
    }
    if (mode === 'int8') return new ChannelWeights(this, layout, 8, inputs);
    const blockSize = blockSizeOf(policy, config);
    return blockSize === null ? new ChannelWeights(this, layout, 4, inputs) : new GroupedWeights(this, layout, blockSize);
  }

  override addAdaptable(options: Omit<AddWeightOptions, 'name'>): Variable {
    const { quantizationMode: mode } = this;
    if (mode !== null) this.quantizedBuild(options.shape!, mode as QuantizationMode, { config: this.quantizationConfig });
    return this.weight ?? super.addAdaptable(options);
  }
  override quantizedBuild(
    shape: SymbolicShape,
    mode: QuantizationMode,
    { config = null }: { config?: QuantizationConfig | null } = {},
  ): void {
    super.quantizedBuild(shape, mode);
    this.quantized = this.makeQuantized(this.layout(this.knownShape(shape, adaptedOf(this).name), mode), mode, config);
    // Float8 has ranges beside the weights; the others have weights of their own.
    if (mode !== 'float8') this.weight = this.quantized.value;
  }
  override quantizeWeights(mode: QuantizationMode, config: QuantizationConfig): void {
    if (this.lora !== null) this.checkLora(mode);
    const before = this.weight!;
    const { value, shape } = before;
    if (mode !== 'float8') this.removeWeight(before);
    Object.assign(this, { config: { ...configOf(this), quantizationConfig: config } });
    this.quantizedBuild(shape, mode, { config });
    this.quantized!.assign(value, config);
  }

  private checkLora(mode: string | null): void {
    if (WITHOUT_LORA.includes(mode))
      throw new NotQuantizableError(`${this.label}: LoRA does not go with the quantization mode '${mode}'; quantize in int8 or int4`);
  }
  override enableLora(rank: number, options: EnableLoraOptions = {}): void {
    this.checkLora(this.quantizationMode);
    super.enableLora(rank, options);
  }
  override adaptedShape(): Shape {
    return this.quantized?.layout.shape ?? super.adaptedShape();
  }
  override adaptedWeight(): Variable | Tensor {
    const { quantized, lora } = this;
    if (quantized === null) return super.adaptedWeight();
    const numbers = quantized.numbers();
    return lora === null ? numbers : ops.cast(ops.add(numbers, correction(lora)), this.computeDtype);
  }

  quantizedProduct(inputs: Tensor, contraction: Contraction, training: boolean | null | undefined): Tensor {
    const { lora, computeDtype: dtype } = this;
    const y = this.quantized!.times(inputs, contraction, { dtype, training });
    if (lora === null) return y;
    const learned = ops.matmul(contraction.product(inputs, lora.a.value), lora.b);
    return ops.cast(ops.add(y, ops.multiply(learned, lora.alpha / lora.rank)), dtype);
  }
  quantizedBias(bias: Variable): Variable | Tensor {
    return this.quantizationMode === 'float8' && this.computeDtype === 'float32' ? ops.cast(ops.cast(bias, 'bfloat16'), bias.dtype) : bias;
  }

  /** @internal The variables of the mode; what LoRA has learned goes into them. */
  override savedVariables(): SavedVariables {
    const { quantized, lora, quantizationMode: mode } = this;
    if (quantized === null) return super.savedVariables();
    const merged = lora === null ? null : quantized.quantize(ops.add(quantized.float(this.variableDtype), correction(lora)), null);
    const own = new Map(this.ownVariables().map((variable) => [variable.name, variable]));
    return this.variableSerializationSpec
      .get(mode)!
      .map((key) => own.get(key))
      .filter((variable) => variable !== undefined)
      .map((variable) => [variable, merged?.get(variable) ?? variable]);
  }
}

/**
 * @internal `layer` of layer.ts, for a layer around weights that can be quantized and adapted. `others` are the names of its other
 * variables.
 */
export function quantizableLayer<const S extends Schema, const P extends readonly (keyof S & string)[] = []>(
  className: string,
  schema: S,
  { weights, others = [], ignoresAlpha = false }: { weights: AdaptedWeights['name']; others?: readonly string[]; ignoresAlpha?: boolean },
  positional?: P,
) {
  abstract class Base extends QuantizableLayer {
    static override readonly adapted: AdaptedWeights = { name: weights, others, ignoresAlpha };
  }
  // `configured` makes instances, so it wants a class that can be made; subclasses supply `call`.
  type Made = (new (options: LayerOptions) => Layer & Quantizable) &
    Pick<typeof Layer, 'baseSchema' | 'module' | 'builtWhenMade' | 'quantizationModes'> & { readonly baseSchema: typeof layerSchema };
  return configured<Made, S, P>(Base as unknown as Made, className, schema, positional);
}
