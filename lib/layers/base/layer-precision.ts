// LayerPrecision: the dtypes of a layer, by its policy, and its quantization.
import { type DTypePolicy, DTypePolicyMap, getPolicy, type PolicyLike, type QuantizationMode } from '../../config/dtype-policy.js';
import { type DType, type FloatDType, isFloat } from '../../base/dtype.js';
import type { SymbolicShape } from '../../base/shape.js';
import type { QuantizationConfig } from '../../quantizers/quantization-config.js';
import { LayerState } from './layer-state.js';
import { checkMode, configOfPolicy, NotQuantizableError, type QuantizeOptions } from '../quantization/modes.js';
import { checkQuantizable, quantizeLayer } from '../quantization/quantize-layer.js';

/** The part of `Layer` that says in which dtypes it computes and keeps its variables, and brings its weights to few bits. */
export abstract class LayerPrecision extends LayerState {
  /** @internal The modes that the class itself can be quantized in; classes that extend it compute something of their own. */
  static readonly quantizationModes: readonly QuantizationMode[] = [];

  /** Whether float inputs are cast to the compute dtype. */
  readonly autocast: boolean;
  #policy: DTypePolicy;

  constructor({ policy, autocast, ...options }: { name: string; trainable: boolean; policy: DTypePolicy; autocast: boolean }) {
    super(options);
    this.#policy = policy;
    this.autocast = autocast;
  }

  // ---- dtypes ------------------------------------------------------------------------------------------------------

  /** Where it computes and keeps its variables; see `DTypePolicy`. A quantized policy that is set on a built layer quantizes it. */
  get dtypePolicy(): DTypePolicy {
    return this.#policy;
  }
  set dtypePolicy(value: DTypePolicy | PolicyLike | null) {
    const policy = getPolicy(value);
    if (this.#policy instanceof DTypePolicyMap && this.path !== null) {
      if (this.#policy.has(this.path)) this.#policy.delete(this.path);
      this.#policy.set(this.path, policy);
    } else this.#policy = policy;
    if (policy.quantizationMode !== null && this.built && !this.isQuantized)
      this.quantize(policy.quantizationMode as QuantizationMode, { config: configOfPolicy(policy) });
  }
  /** @internal The policy, in a map that of the layer's path. */
  get ownPolicy(): DTypePolicy {
    return this.#policy instanceof DTypePolicyMap && this.path !== null ? this.#policy.get(this.path) : this.#policy;
  }
  /** Dtype of the computation. */
  get computeDtype(): DType {
    return this.ownPolicy.computeDtype;
  }
  /** Dtype of the weights. */
  get variableDtype(): DType {
    return this.ownPolicy.variableDtype;
  }
  /** As `variableDtype`. */
  get dtype(): DType {
    return this.ownPolicy.variableDtype;
  }
  /** How the layer is quantized; null: not at all. */
  get quantizationMode(): string | null {
    return this.ownPolicy.quantizationMode;
  }

  /** The dtype in which calls of the layer read variables, where those around them read them in `outer`; null: their own. */
  protected autocastWithin(outer: FloatDType | null): FloatDType | null {
    if (this.computeDtype === this.variableDtype) return outer;
    return this.autocast && isFloat(this.computeDtype) ? this.computeDtype : null;
  }

  // ---- quantization ------------------------------------------------------------------------------------------------

  /** @internal Whether quantized weights have taken the place of the others. */
  get isQuantized(): boolean {
    return false;
  }
  /**
   * Brings the weights to few bits, in place: `layer.quantize('int8')`. Afterwards the layer's policy is `int8_from_float32`, say.
   * @throws for unknown modes, for layers that cannot be quantized so or were not built or were quantized before, and for int8 in a layer
   * that computes in float16.
   */
  quantize(mode: QuantizationMode | QuantizeOptions | null = null, options: QuantizeOptions = {}): void {
    quantizeLayer(this, mode, options);
  }
  /** @internal Puts quantized weights in the place of the others. Layers that have quantization modes define it. */
  quantizeWeights(mode: QuantizationMode, _config: QuantizationConfig): void {
    checkQuantizable(this, mode);
  }
  /** Makes the variables of quantized weights of this shape. @throws for layers that have none. */
  quantizedBuild(_shape: SymbolicShape, mode: QuantizationMode, _options: { config?: QuantizationConfig | null } = {}): void {
    checkQuantizable(this, checkMode(`${this.label}: quantizedBuild`, mode));
  }
  /** What a quantized layer computes. @throws for layers that cannot be quantized. */
  quantizedCall(..._args: unknown[]): unknown {
    throw new NotQuantizableError(`${this.label}: it computes nothing in mode '${this.quantizationMode}'`);
  }
  /** @internal @throws for a quantized policy of a layer that computes nothing then. */
  protected checkPolicy(): void {
    if (this.quantizationMode !== null && this.quantizedCall === LayerPrecision.prototype.quantizedCall)
      checkQuantizable(this, this.quantizationMode);
  }
}
