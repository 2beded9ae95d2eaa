// The policies of quantized layers: how they are quantized, and the policy that they had before.
import type { DTypeLike } from '../base/dtype.js';
import { didYouMean, show } from '../base/errors.js';
import { settings } from '../base/settings.js';
import type { Config } from './configurable.js';
import { DTypePolicy, type DTypePolicyName, dtypesOf, getDefaultPolicy } from './plain-policy.js';

/** What a quantized policy was before. */
type Source = DTypePolicyName | DTypeLike | null;

/** The ways of quantization that policies name. */
export const QUANTIZATION_MODES = ['int8', 'float8', 'int4', 'ternary', 'gptq', 'awq'] as const;
/** A way of quantization. */
export type QuantizationMode = (typeof QUANTIZATION_MODES)[number];

/**
 * The policy of a quantized layer: `new QuantizedDTypePolicy('int8', 'float32')`, whose name is `'int8_from_float32'`. `sourceName`, by
 * default the global policy's, says in which dtypes the layer computes and keeps the variables that are not quantized.
 * @throws for unknown modes, and for int8 that computes in float16.
 */
export class QuantizedDTypePolicy extends DTypePolicy {
  static override readonly module: string = 'keras.dtype_policies';
  static override readonly className: string = 'QuantizedDTypePolicy';
  #mode: QuantizationMode;
  #sourceName: string;

  constructor(mode: string, sourceName: Source | { sourceName?: Source } = null) {
    const given = typeof sourceName === 'object' && sourceName !== null ? (sourceName.sourceName ?? null) : sourceName;
    const source = given ?? getDefaultPolicy()?.name ?? settings.floatx;
    const { computeDtype } = dtypesOf(new.target.name, source);
    super(source as DTypePolicyName);
    if (!(QUANTIZATION_MODES as readonly string[]).includes(mode)) {
      throw new TypeError(
        `${new.target.name}: unknown quantization mode ${show(mode)}${didYouMean(mode, QUANTIZATION_MODES)}; expected one of ` +
          `${QUANTIZATION_MODES.join(', ')}`,
      );
    }
    if (computeDtype === 'float16' && mode === 'int8')
      throw new TypeError(`${new.target.name}: mode 'int8' does not go with computing in float16: its products leave the range`);
    this.#mode = mode as QuantizationMode;
    this.#sourceName = source;
    this.rename(`${mode}_from_${source}`);
  }

  override get quantizationMode(): QuantizationMode {
    return this.#mode;
  }
  /** Name of the policy before. */
  get sourceName(): string {
    return this.#sourceName;
  }
  override equals(other: unknown): boolean {
    return (
      super.equals(other) &&
      (other as QuantizedDTypePolicy).quantizationMode === this.quantizationMode &&
      (other as QuantizedDTypePolicy).sourceName === this.sourceName
    );
  }
  override getConfig(): Config {
    return { mode: this.quantizationMode, source_name: this.sourceName };
  }
  static override fromConfig(config: Config): DTypePolicy {
    return new this(config.mode as string, (config.source_name ?? null));
  }
}

/** Options of `QuantizedFloat8DTypePolicy`. */
export interface QuantizedFloat8Options {
  /** Name of the policy before; default: the global one's. */
  sourceName?: Source;
  /** How many of the last largest values the scale of a tensor is found from. Default 1024. */
  amaxHistoryLength?: number;
}

/** The policy of a layer that computes with values rounded to float8. @throws for a length that is no integer. */
export class QuantizedFloat8DTypePolicy extends QuantizedDTypePolicy {
  static override readonly className: string = 'QuantizedFloat8DTypePolicy';
  /** Length of the history where nothing else is said. */
  static readonly defaultAmaxHistoryLength = 1024;
  /** How many of the last largest values the scale of a tensor is found from. */
  readonly amaxHistoryLength: number;

  constructor(mode: string, options: QuantizedFloat8Options | Source = null) {
    const { sourceName = null, amaxHistoryLength = QuantizedFloat8DTypePolicy.defaultAmaxHistoryLength } =
      typeof options === 'object' && options !== null ? options : { sourceName: options };
    super(mode, sourceName);
    if (!Number.isInteger(amaxHistoryLength))
      throw new TypeError(`QuantizedFloat8DTypePolicy: amaxHistoryLength must be an integer, received ${show(amaxHistoryLength)}`);
    this.amaxHistoryLength = amaxHistoryLength;
  }
  override equals(other: unknown): boolean {
    return super.equals(other) && (other as QuantizedFloat8DTypePolicy).amaxHistoryLength === this.amaxHistoryLength;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), amax_history_length: this.amaxHistoryLength };
  }
  static override fromConfig(config: Config): DTypePolicy {
    const {
      mode,
      source_name: sourceName = null,
      amax_history_length: length,
    } = config as { mode: string; source_name?: Source; amax_history_length?: number };
    return new this(mode, { sourceName, ...(length === undefined ? {} : { amaxHistoryLength: length }) });
  }
}

const whole = (text: string | undefined): number | null => (text !== undefined && /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : null);
/** The group's size in a mode: -1 (one group) or positive. */
function groupSize(where: string, mode: string, size: number): number {
  if (size < -1 || size === 0)
    throw new RangeError(`${where}: the size of a group must be -1 (a single group) or positive, received ${size} in ${show(mode)}`);
  return size;
}

/**
 * The policy of a layer with int4 weights: mode `'int4/<block size>'`, where -1 stands for one scale a channel. @throws for other modes.
 */
export class Int4DTypePolicy extends QuantizedDTypePolicy {
  static override readonly className: string = 'Int4DTypePolicy';
  readonly mode: string = 'int4';
  /** So many weights of a channel have a scale of their own; -1: all of them one. */
  readonly blockSize: number;

  constructor(mode: string, sourceName: Source | { sourceName?: Source } = null) {
    const parts = String(mode).split('/');
    const size = parts[1] === 'None' ? -1 : whole(parts[1]);
    if (parts.length !== 2 || parts[0] !== 'int4' || size === null)
      throw new TypeError(`Int4DTypePolicy: mode must be 'int4/<block size>', received ${show(mode)}`);
    groupSize('Int4DTypePolicy', mode, size);
    super('int4', sourceName);
    this.blockSize = size;
    this.rename(`int4/${size}_from_${this.sourceName}`);
  }
  override equals(other: unknown): boolean {
    return super.equals(other) && (other as Int4DTypePolicy).blockSize === this.blockSize;
  }
  override getConfig(): Config {
    return { ...super.getConfig(), mode: `int4/${this.blockSize}` };
  }
}

/** A policy whose mode says with how many bits, and in groups of how many, weights were quantized by what a layer was seen to compute. */
class CalibratedDTypePolicy extends QuantizedDTypePolicy {
  readonly mode: string;
  /** Bits of a weight. */
  readonly weightBits: number;
  /** So many weights have a scale of their own; -1: all of them one. */
  readonly groupSize: number;

  constructor(where: string, base: string, bits: readonly number[], mode: string, sourceName: Source | { sourceName?: Source }) {
    const parts = String(mode).split('/');
    const [weightBits, size] = [whole(parts[1]), whole(parts[2])];
    if (parts.length !== 3 || parts[0] !== base || weightBits === null || size === null)
      throw new TypeError(`${where}: mode must be '${base}/<weight bits>/<group size>', received ${show(mode)}`);
    if (!bits.includes(weightBits))
      throw new RangeError(`${where}: the weights may have ${bits.join(', ')} bits, received ${weightBits} in ${show(mode)}`);
    groupSize(where, mode, size);
    super(base, sourceName);
    this.mode = base;
    this.weightBits = weightBits;
    this.groupSize = size;
    this.rename(`${mode}_from_${this.sourceName}`);
  }
  override equals(other: unknown): boolean {
    return (
      super.equals(other) &&
      (other as CalibratedDTypePolicy).weightBits === this.weightBits &&
      (other as CalibratedDTypePolicy).groupSize === this.groupSize
    );
  }
  override getConfig(): Config {
    return { ...super.getConfig(), mode: `${this.mode}/${this.weightBits}/${this.groupSize}` };
  }
}

/** The policy of a layer that GPTQ has quantized: mode `'gptq/<weight bits>/<group size>'`, bits 2, 3, 4 or 8. @throws for other modes. */
export class GPTQDTypePolicy extends CalibratedDTypePolicy {
  static override readonly className: string = 'GPTQDTypePolicy';
  constructor(mode: string, sourceName: Source | { sourceName?: Source } = null) {
    super('GPTQDTypePolicy', 'gptq', [2, 3, 4, 8], mode, sourceName);
  }
  static override fromConfig(config: Config): DTypePolicy {
    return new GPTQDTypePolicy(config.mode as string, (config.source_name ?? null));
  }
}

/** The policy of a layer that AWQ has quantized: mode `'awq/4/<group size>'`. @throws for other modes. */
export class AWQDTypePolicy extends CalibratedDTypePolicy {
  static override readonly className: string = 'AWQDTypePolicy';
  constructor(mode: string, sourceName: Source | { sourceName?: Source } = null) {
    super('AWQDTypePolicy', 'awq', [4], mode, sourceName);
  }
  static override fromConfig(config: Config): DTypePolicy {
    return new AWQDTypePolicy(config.mode as string, (config.source_name ?? null));
  }
}

/** The policy of a layer whose weights are -1, 0 and 1 times a scale. */
export class TernaryDTypePolicy extends QuantizedDTypePolicy {
  static override readonly className: string = 'TernaryDTypePolicy';
}

/** True for the name of a quantized policy. */
export const isQuantizedName = (name: string): boolean => QUANTIZATION_MODES.some((mode) => name.startsWith(mode));

/** The policy of a name like `'int4/128_from_float32'`. @throws for other names. */
export function quantizedPolicy(name: string): QuantizedDTypePolicy {
  const parts = name.split('_from_');
  if (parts.length !== 2)
    throw new TypeError(`DTypePolicy: the name of a quantized policy must be '<mode>_from_<policy before>', received ${show(name)}`);
  const [mode, source] = parts as [string, DTypePolicyName];
  if (name.startsWith('int4') && mode.includes('/')) return new Int4DTypePolicy(mode, source);
  if (name.startsWith('ternary')) return new TernaryDTypePolicy(mode, source);
  if (name.startsWith('gptq')) return new GPTQDTypePolicy(mode, source);
  if (name.startsWith('awq')) return new AWQDTypePolicy(mode, source);
  if (name.startsWith('float8')) return new QuantizedFloat8DTypePolicy(mode, source);
  return new QuantizedDTypePolicy(mode, source);
}
