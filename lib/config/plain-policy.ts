// Dtype policies: in which dtype a layer keeps its variables and in which it computes.
import type { DType, DTypeLike } from '../core/dtype.js';
import { DTYPES, standardizeDType } from '../core/dtype.js';
import { didYouMean, show } from '../core/errors.js';
import { settings } from '../core/settings.js';
import type { Config } from './configurable.js';
import type { SerializedObject } from './registration.js';

/** Name of a policy: a dtype, or one of the mixed ones. */
export type DTypePolicyName = DType | 'mixed_float16' | 'mixed_bfloat16';

/**
 * In which dtype a layer keeps its variables (`variableDtype`) and in which it computes (`computeDtype`). `'mixed_float16'` and
 * `'mixed_bfloat16'` keep float32 variables.
 */
export class DTypePolicy {
  readonly name: string;
  readonly computeDtype: DType;
  readonly variableDtype: DType;
  /** How a layer of this policy is quantized; null: not at all. */
  readonly quantizationMode: string | null = null;

  /** @throws a TypeError when `name` is no dtype and no policy. */
  constructor(name: DTypePolicyName | DTypeLike | null = null) {
    const given = name ?? getDefaultPolicyName();
    const mixed = /^mixed_(float16|bfloat16)$/.exec(given);
    if (mixed === null && given !== 'float' && given !== 'int' && !(DTYPES as readonly string[]).includes(given)) {
      throw new TypeError(`DTypePolicy: unknown policy ${show(name)}${didYouMean(given, [...DTYPES, 'mixed_float16', 'mixed_bfloat16'])}`);
    }
    this.name = mixed === null ? standardizeDType(given as DTypeLike) : given;
    this.computeDtype = mixed === null ? (this.name as DType) : (mixed[1] as DType);
    this.variableDtype = mixed === null ? (this.name as DType) : 'float32';
  }

  getConfig(): Config {
    return { name: this.name };
  }
  /** Makes a policy from its config. */
  static fromConfig(config: Config): DTypePolicy {
    return new DTypePolicy(config.name as DTypePolicyName);
  }
}

let defaultPolicy: DTypePolicyName | null = null;
const getDefaultPolicyName = (): DTypePolicyName => defaultPolicy ?? settings.floatx;

/** The policy of layers that are made without one. Default: that of `floatx`. */
export const dtypePolicy = (): DTypePolicy => new DTypePolicy(getDefaultPolicyName());
/** Sets the policy of layers that are made without one. */
export function setDtypePolicy(policy: DTypePolicyName | DTypePolicy): void {
  defaultPolicy = (policy instanceof DTypePolicy ? policy : new DTypePolicy(policy)).name as DTypePolicyName;
}

/** Keras's config form of a policy. */
export const serializePolicy = (policy: DTypePolicy): SerializedObject => ({
  module: 'keras', class_name: 'DTypePolicy', config: policy.getConfig(), registered_name: null,
});
/** A policy from a name, a policy, its config form, or null for the default one. */
export function getPolicy(value: DTypePolicyName | DTypeLike | DTypePolicy | SerializedObject | null | undefined): DTypePolicy {
  if (value instanceof DTypePolicy) return value;
  if (value === null || value === undefined) return dtypePolicy();
  if (typeof value === 'object') return DTypePolicy.fromConfig(value.config as Config);
  return new DTypePolicy(value);
}
