// DTypePolicy: in which dtype a layer keeps its variables and in which it computes.
import type { TensorLike } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import type { DType, DTypeLike } from '../base/dtype.js';
import { DTYPES, isFloat, standardizeDType } from '../base/dtype.js';
import { didYouMean, show } from '../base/errors.js';
import { KerasTensor } from '../symbolic/keras-tensor.js';
import { settings } from '../base/settings.js';
import { Tensor } from '../core/tensor.js';
import { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import type { Config } from './configurable.js';

const MIXED = ['mixed_float16', 'mixed_bfloat16'] as const;

/** Name of a policy: a dtype, one of the mixed ones, or that of a quantized one: `'int8_from_float32'`. */
export type DTypePolicyName = DType | (typeof MIXED)[number] | `${string}_from_${string}`;

let defaultPolicy: DTypePolicy | null = null;
/** @internal The policy that was set for layers without one; null: that of `floatx`. */
export const getDefaultPolicy = (): DTypePolicy | null => defaultPolicy;
/** @internal */
export function setDefaultPolicy(policy: DTypePolicy | null): void {
  defaultPolicy = policy;
}

/** The dtypes that a name of a plain policy stands for. @throws a TypeError for other names. */
export function dtypesOf(where: string, name: unknown): { name: string; computeDtype: DType; variableDtype: DType } {
  if ((MIXED as readonly unknown[]).includes(name))
    return { name: name as string, computeDtype: (name as string).slice('mixed_'.length) as DType, variableDtype: 'float32' };
  if (name !== 'float' && name !== 'int' && !(DTYPES as readonly unknown[]).includes(name)) {
    throw new TypeError(
      `${where}: unknown policy ${show(name)}${typeof name === 'string' ? didYouMean(name, [...DTYPES, ...MIXED]) : ''}; expected ` +
        `'mixed_float16', 'mixed_bfloat16' or the name of a dtype`,
    );
  }
  const dtype = standardizeDType(name as DTypeLike);
  return { name: dtype, computeDtype: dtype, variableDtype: dtype };
}

/**
 * In which dtype a layer keeps its variables (`variableDtype`) and in which it computes (`computeDtype`). `'mixed_float16'` and
 * `'mixed_bfloat16'` keep float32 variables.
 *
 * ```ts
 * keras.config.setDtypePolicy('mixed_bfloat16');
 * new keras.layers.Dense(10).dtypePolicy.computeDtype; // 'bfloat16'
 * new keras.layers.Dense(10, { dtype: 'float32' }).dtypePolicy.name; // 'float32'
 * ```
 */
export class DTypePolicy {
  /** @internal Keras's module of the class. */
  static readonly module: string = 'keras';
  /** @internal */
  static readonly className: string = 'DTypePolicy';
  #name: string;
  #dtypes: { readonly computeDtype: DType; readonly variableDtype: DType };

  /**
   * @param name default: the name of the global policy.
   * @throws a TypeError when `name` is no dtype and no policy.
   */
  constructor(name: DTypePolicyName | DTypeLike | null = null) {
    const { name: own, ...dtypes } = dtypesOf(new.target.name, name ?? defaultPolicy?.name ?? settings.floatx);
    this.#name = own;
    this.#dtypes = dtypes;
  }

  /** Name of the policy. */
  get name(): string {
    return this.#name;
  }
  /** @internal */
  protected rename(name: string): void {
    this.#name = name;
  }
  /** Dtype of the computation. */
  get computeDtype(): DType {
    return this.#dtypes.computeDtype;
  }
  /** Dtype of the variables. */
  get variableDtype(): DType {
    return this.#dtypes.variableDtype;
  }
  /** How a layer of this policy is quantized; null: not at all. */
  get quantizationMode(): string | null {
    return null;
  }

  /**
   * `x` in `dtype` where it is a float tensor, a symbol or an array of another float dtype and `autocast` holds; anything else as it is.
   */
  convertInput(x: unknown, autocast: boolean, dtype: DTypeLike): unknown {
    const wanted = standardizeDType(dtype);
    const differs = (own: DType): boolean => autocast && isFloat(own) && own !== wanted;
    if (x instanceof KerasTensor) return differs(x.dtype) ? ops.cast(x, wanted) : x;
    if (x instanceof Tensor) return differs(x.dtype) ? castTo(x, wanted) : x;
    if (x instanceof Variable) return differs(x.dtype) ? castTo(x.value, wanted) : x;
    return ArrayBuffer.isView(x) ? this.convertInput(ops.convertToTensor(x as TensorLike), autocast, dtype) : x;
  }

  /** Whether the other is a policy of the same class, name and options. */
  equals(other: unknown): boolean {
    return other instanceof DTypePolicy && kindOf(other) === kindOf(this) && other.name === this.name;
  }

  /** What `fromConfig` needs. */
  getConfig(): Config {
    return { name: this.name };
  }
  /** Makes a policy from its config. */
  static fromConfig(config: Config): DTypePolicy {
    return new this(config.name as DTypePolicyName);
  }
  /** The class and the name, `<DTypePolicy "mixed_float16">`: what messages show. */
  toString(): string {
    return `<${kindOf(this).name} "${this.name}">`;
  }
}

/** As `DTypePolicy`, and equal to one. */
export class FloatDTypePolicy extends DTypePolicy {
  static override readonly className: string = 'FloatDTypePolicy';
}

/** The class of a policy; the two plain ones are one. */
const kindOf = (policy: DTypePolicy): typeof DTypePolicy =>
  policy.constructor === FloatDTypePolicy ? DTypePolicy : (policy.constructor as typeof DTypePolicy);
