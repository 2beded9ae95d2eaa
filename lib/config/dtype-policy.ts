// Dtype policies: their classes, the global one, and finding them by names and configs.
import type { DType, DTypeLike } from '../base/dtype.js';
import { didYouMean, show } from '../base/errors.js';
import { settings } from '../base/settings.js';
import { isPlainObject } from '../base/tree.js';
import type { Config } from './configurable.js';
import type { DeserializeOptions } from './family.js';
import { DTypePolicy, type DTypePolicyName, FloatDTypePolicy, getDefaultPolicy, setDefaultPolicy } from './plain-policy.js';
import {
  AWQDTypePolicy,
  GPTQDTypePolicy,
  Int4DTypePolicy,
  isQuantizedName,
  QuantizedDTypePolicy,
  quantizedPolicy,
  QuantizedFloat8DTypePolicy,
  TernaryDTypePolicy,
} from './quantized-policies.js';
import { getRegisteredObject, isSerialized, provideMembers, serializeObject, type SerializedObject } from './registration.js';

export { DTypePolicy, type DTypePolicyName, FloatDTypePolicy } from './plain-policy.js';
export {
  AWQDTypePolicy,
  GPTQDTypePolicy,
  Int4DTypePolicy,
  QUANTIZATION_MODES,
  type QuantizationMode,
  QuantizedDTypePolicy,
  QuantizedFloat8DTypePolicy,
  type QuantizedFloat8Options,
  TernaryDTypePolicy,
} from './quantized-policies.js';

/** What stands for a policy: the policy, its name, or its config form. */
export type PolicyLike = DTypePolicyName | DTypeLike | DTypePolicy | SerializedObject;

/** The policy of layers that are made without one. Default: that of `floatx`. */
export const dtypePolicy = (): DTypePolicy => getDefaultPolicy() ?? new DTypePolicy(settings.floatx);

/** Sets the policy of layers that are made without one. @throws for what is neither a policy nor the name of one. */
export function setDtypePolicy(policy: DTypePolicyName | DTypePolicy): void {
  if (!(policy instanceof DTypePolicy) && typeof policy !== 'string')
    throw new TypeError(
      `setDtypePolicy: expected the name of a policy, such as 'mixed_float16', or a DTypePolicy, received ${show(policy)}`,
    );
  setDefaultPolicy(getPolicy(policy));
}

/** Keras's config form of a policy. */
export const serializePolicy = (policy: DTypePolicy): SerializedObject =>
  serializeObject(
    (policy as { constructor?: unknown } | null)?.constructor === undefined ? null : (policy.constructor as typeof DTypePolicy).module,
    policy,
  );

/** The policy of a config form. @throws for classes that are no policies. */
export function deserializePolicy(config: SerializedObject, { customObjects }: DeserializeOptions = {}): DTypePolicy {
  if (!isSerialized(config)) throw new TypeError(`deserialize: expected a config { class_name, config }, received ${show(config)}`);
  const custom = customObjects ?? {};
  const found =
    getRegisteredObject(config.registered_name ?? config.class_name, custom) ??
    getRegisteredObject(config.class_name, custom) ??
    CLASSES[config.class_name];
  if (typeof found !== 'function')
    throw new TypeError(
      `dtypePolicies: unknown policy class ${show(config.class_name)}${didYouMean(String(config.class_name), Object.keys(CLASSES))}`,
    );
  return (found as typeof DTypePolicy).fromConfig({ ...(config.config as Config) });
}

/**
 * A policy from a name (`'mixed_float16'`, `'int8_from_float32'`), a policy, its config form, or null for the global one.
 * @throws for names and classes that there are not.
 */
export function getPolicy(value: PolicyLike | null | undefined): DTypePolicy {
  if (value instanceof DTypePolicy) return value;
  if (value === null || value === undefined) return dtypePolicy();
  if (isSerialized(value)) return deserializePolicy(value);
  if (typeof value !== 'string')
    throw new TypeError(`expected the name of a dtype policy, a DTypePolicy or its config, received ${show(value)}`);
  return isQuantizedName(value) && value.includes('_from_') ? quantizedPolicy(value) : new DTypePolicy(value);
}

/**
 * A policy for each layer of a model, by the layer's path (`encoder/dense`), where a key may be a regular expression for the whole path:
 *
 * ```ts
 * const policies = new keras.dtypePolicies.DTypePolicyMap({ defaultPolicy: 'float32' });
 * policies.set('encoder/.*', 'mixed_bfloat16');
 * policies.get('encoder/dense').name; // 'mixed_bfloat16'
 * policies.get('decoder/dense').name; // 'float32'
 * ```
 * @throws when the default is a map itself.
 */
export class DTypePolicyMap extends DTypePolicy {
  static override readonly module: string = 'keras.dtype_policies';
  static override readonly className: string = 'DTypePolicyMap';
  readonly #given: DTypePolicyName | DTypePolicy | null;
  readonly #default: DTypePolicy;
  readonly #policies = new Map<string, DTypePolicy>();

  constructor({
    defaultPolicy = null,
    policyMap = null,
  }: { defaultPolicy?: PolicyLike | null; policyMap?: Readonly<Record<string, PolicyLike>> | null } = {}) {
    if (defaultPolicy instanceof DTypePolicyMap) throw new TypeError('DTypePolicyMap: defaultPolicy cannot be a map itself');
    if (policyMap !== null && !isPlainObject(policyMap))
      throw new TypeError(`DTypePolicyMap: policyMap must be an object of policies by path, received ${show(policyMap)}`);
    const found = getPolicy(defaultPolicy);
    super('float32');
    this.#given = defaultPolicy === null ? null : typeof defaultPolicy === 'string' ? (defaultPolicy as DTypePolicyName) : found;
    this.#default = found;
    for (const [path, policy] of Object.entries(policyMap ?? {})) this.set(path, policy);
  }

  /** The policy of paths that no key fits. */
  get defaultPolicy(): DTypePolicy {
    return this.#default;
  }
  override get name(): string {
    return `map_${this.#default.name}`;
  }
  override get computeDtype(): DType {
    return this.#default.computeDtype;
  }
  override get variableDtype(): DType {
    return this.#default.variableDtype;
  }
  override get quantizationMode(): string | null {
    return this.#default.quantizationMode;
  }
  /** Number of keys. */
  get length(): number {
    return this.#policies.size;
  }

  /** The policy of a path: of the key that it is, of the only expression that it fits, or the default. @throws where it fits several. */
  get(path: string): DTypePolicy {
    const exact = this.#policies.get(path);
    if (exact !== undefined) return exact;
    const fitting = [...this.#policies.keys()].filter((key) => new RegExp(`^(?:${key})$`, 'u').test(path));
    if (fitting.length > 1)
      throw new Error(
        `DTypePolicyMap: the path ${show(path)} fits several keys, ${fitting.map(show).join(' and ')}; write them so that it fits one`,
      );
    return fitting.length === 1 ? this.#policies.get(fitting[0]!)! : this.#default;
  }
  /** Adds a key. @throws for a key that is there already, and for what is no policy. */
  set(path: string, policy: PolicyLike): this {
    if (this.#policies.has(path))
      throw new Error(`DTypePolicyMap: the key ${show(path)} is there already, with ${String(this.#policies.get(path))}; delete it first`);
    this.#policies.set(path, getPolicy(policy));
    return this;
  }
  /** Takes a key away and gives its policy. @throws for a key that is not there. */
  delete(path: string): DTypePolicy {
    const policy = this.#policies.get(path);
    if (policy === undefined) throw new Error(`DTypePolicyMap: there is no key ${show(path)}`);
    this.#policies.delete(path);
    return policy;
  }
  /** Whether it is a key; expressions are not looked at. */
  has(path: string): boolean {
    return this.#policies.has(path);
  }
  /** The keys, in the order they were added. */
  keys(): IterableIterator<string> {
    return this.#policies.keys();
  }
  /** Keys with their policies. */
  entries(): IterableIterator<[string, DTypePolicy]> {
    return this.#policies.entries();
  }
  /** The keys, in the order they were added: `for (const path of map)`. */
  [Symbol.iterator](): IterableIterator<string> {
    return this.keys();
  }

  /** Without a default policy of its own, the policies are written without names, to follow the global policy of whoever reads them. */
  override getConfig(): Config {
    const own = this.#given;
    const policies = [...this.entries()].map(([path, policy]) => {
      const form = serializePolicy(policy);
      if (own === null) for (const key of ['name', 'source_name']) if (key in (form.config as Config)) (form.config as Config)[key] = null;
      return [path, form] as const;
    });
    return { default_policy: own instanceof DTypePolicy ? serializePolicy(own) : own, policy_map: Object.fromEntries(policies) };
  }
  static override fromConfig(config: Config): DTypePolicyMap {
    const { default_policy: defaultPolicy = null, policy_map: policyMap = null } = config as {
      default_policy?: PolicyLike | null;
      policy_map?: Record<string, PolicyLike> | null;
    };
    return new this({ defaultPolicy, policyMap });
  }
  override toString(): string {
    return `<DTypePolicyMap default_policy=${this.#default.name}, mapping=[${[...this.entries()].map(([path, { name }]) => `('${path}', '${name}')`).join(', ')}]>`;
  }
}

const CLASSES: Readonly<Record<string, unknown>> = {
  DTypePolicy,
  FloatDTypePolicy,
  QuantizedDTypePolicy,
  QuantizedFloat8DTypePolicy,
  Int4DTypePolicy,
  GPTQDTypePolicy,
  AWQDTypePolicy,
  TernaryDTypePolicy,
  DTypePolicyMap,
};
provideMembers('keras', CLASSES);
provideMembers('keras.dtype_policies', CLASSES);
