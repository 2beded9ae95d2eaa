// The ways of quantization: what `quantize` is asked for, and the policy that a layer has then.
import { type DTypePolicy, getPolicy, Int4DTypePolicy, QUANTIZATION_MODES, type QuantizationMode } from '../../config/dtype-policy.js';
import { field, nullable } from '../../config/fields.js';
import type { SerializedObject } from '../../config/registration.js';
import { deserializeKerasObject, serializeKerasObject } from '../../config/serialization.js';
import type { DType } from '../../base/dtype.js';
import { checkOptions, didYouMean, show } from '../../base/errors.js';
import {
  Float8QuantizationConfig, Int4QuantizationConfig, Int8QuantizationConfig, QuantizationConfig, TernaryQuantizationConfig,
} from '../../quantizers/quantization-config.js';

/** Options of `Layer.quantize`. */
export interface QuantizeOptions {
  /** The mode, where it is not given first. */
  mode?: string | null;
  /** Whether a class that extends a layer is refused, since it may compute something else. Default true. */
  typeCheck?: boolean;
  /** How to quantize; null: as the mode does by default. The name of a mode stands for that default. */
  config?: QuantizationConfig | string | null;
}

/** Thrown by layers that cannot be quantized, or not so; `Model.quantize` leaves them as they are. */
export class NotQuantizableError extends Error {
  override readonly name = 'NotQuantizableError';
}

const DEFAULTS: Readonly<Record<string, () => QuantizationConfig>> = {
  int8: () => new Int8QuantizationConfig(),
  int4: () => new Int4QuantizationConfig(),
  float8: () => new Float8QuantizationConfig(),
  ternary: () => new TernaryQuantizationConfig(),
};

/** The mode. @throws for what is none. */
export function checkMode(where: string, mode: unknown): QuantizationMode {
  if (!(QUANTIZATION_MODES as readonly unknown[]).includes(mode)) {
    throw new TypeError(
      `${where}: unknown quantization mode ${show(mode)}${didYouMean(mode, QUANTIZATION_MODES)}; expected one of ` +
        `${QUANTIZATION_MODES.join(', ')}`,
    );
  }
  return mode as QuantizationMode;
}

/**
 * What `quantize` is asked for: the config with its mode. @throws without either, for unknown modes, and for a mode that is not the
 * config's.
 */
export function resolveConfig(
  where: string,
  mode: string | null,
  config: QuantizationConfig | string | null,
): { mode: QuantizationMode; config: QuantizationConfig } {
  if (typeof config === 'string') return resolveConfig(where, config, null);
  if (mode !== null) checkMode(where, mode);
  if (config === null) {
    if (mode === null) throw new TypeError(`${where}: give a mode, such as 'int8', or a config`);
    const make = DEFAULTS[mode];
    if (make === undefined)
      throw new NotQuantizableError(
        `${where}: mode ${show(mode)} quantizes by data, which is not supported; expected one of ${Object.keys(DEFAULTS).join(', ')}`,
      );
    return { mode: mode as QuantizationMode, config: make() };
  }
  if (!(config instanceof QuantizationConfig))
    throw new TypeError(`${where}: config must be a QuantizationConfig, received ${show(config)}`);
  if (mode !== null && config.mode !== mode)
    throw new TypeError(`${where}: the mode is ${show(mode)}, but that of the config is ${show(config.mode)}; leave one of them out`);
  return { mode: checkMode(where, config.mode), config };
}

/** @throws for int8 in what computes in float16. */
export function checkFloat16(where: string, mode: QuantizationMode, computeDtype: DType): void {
  if (mode !== 'int8' || computeDtype !== 'float16') return;
  throw new TypeError(
    `${where}: mode 'int8' does not go with computing in float16: its products leave the range; use the dtype policy 'mixed_bfloat16', say`,
  );
}

/** @internal The options of `quantize`, whose first argument is the mode or the options. @throws for a config in its place. */
export function withMode<O extends QuantizeOptions>(where: string, mode: string | O | null, options: O): O {
  if (mode instanceof QuantizationConfig)
    throw new TypeError(`${where}: expected a mode first, received a ${mode.constructor.name}; give it as the option config`);
  return typeof mode === 'object' && mode !== null ? { ...options, ...mode } : { ...options, mode: mode ?? options.mode ?? null };
}

/** The arguments of `quantize`. */
export function readQuantizeOptions(
  where: string,
  mode: string | QuantizeOptions | null,
  options: QuantizeOptions,
): { mode: string | null; config: QuantizationConfig | string | null; typeCheck: boolean } {
  const given = withMode(where, mode, options);
  checkOptions(where, given, ['mode', 'typeCheck', 'config']);
  return { mode: given.mode ?? null, config: given.config ?? null, typeCheck: given.typeCheck ?? true };
}

/** So many weights share a scale and a zero point in int4, by the config or else by the policy; null: all of a channel share one scale. */
export function blockSizeOf(policy: DTypePolicy, config: QuantizationConfig | null): number | null {
  const size = config instanceof Int4QuantizationConfig ? config.blockSize : policy instanceof Int4DTypePolicy ? policy.blockSize : null;
  return size === -1 ? null : size;
}

/** The policy of a layer that was quantized. */
export function quantizedPolicyOf(before: DTypePolicy, mode: QuantizationMode, config: QuantizationConfig): DTypePolicy {
  const kind = mode === 'int4' ? `int4/${blockSizeOf(before, config) ?? -1}` : mode;
  return getPolicy(`${kind}_from_${before.name}`);
}

/** What a policy that is set on a built layer asks for. */
export const configOfPolicy = (policy: DTypePolicy): QuantizationConfig | null =>
  policy instanceof Int4DTypePolicy ? new Int4QuantizationConfig({ blockSize: policy.blockSize }) : null;

/** The option `quantizationConfig` of layers. */
export const quantizationConfigField = nullable(
  field<QuantizationConfig | SerializedObject, QuantizationConfig>(
    'a QuantizationConfig',
    (value) => {
      const config = value instanceof QuantizationConfig ? value : deserializeKerasObject(value);
      return config instanceof QuantizationConfig ? config : undefined;
    },
    { serialize: serializeKerasObject },
  ),
);
