// How a layer is to be quantized.
import type { Config } from '../config/configurable.js';
import { deserializeKerasObject, serializeKerasObject } from '../config/serialization.js';
import { checkOptions, show } from '../base/errors.js';
import { AbsMaxQuantizer } from './abs-max.js';
import { Quantizer } from './quantizer.js';

/** Options of `QuantizationConfig`. */
export interface QuantizationConfigOptions {
  /** Quantizes weights. Default null: as the mode does. */
  weightQuantizer?: Quantizer | null;
  /** Quantizes inputs; null: they stay as they are. Default: as the mode does. */
  activationQuantizer?: Quantizer | 'default' | null;
}
const OPTIONS = ['weightQuantizer', 'activationQuantizer'] as const;

/** Base of what says how a layer is quantized. */
export class QuantizationConfig {
  /** @internal Keras's module of the class. */
  static readonly module: string = 'keras.quantizers';
  /** @internal */
  static readonly className: string = 'QuantizationConfig';
  readonly weightQuantizer: Quantizer | null;
  readonly activationQuantizer: Quantizer | null;

  constructor(options: QuantizationConfigOptions = {}) {
    const { weightQuantizer = null, activationQuantizer = null } = options;
    for (const [name, value] of Object.entries({ weightQuantizer, activationQuantizer })) {
      if (value !== null && !(value instanceof Quantizer))
        throw new TypeError(`${new.target.name}: ${name} must be a quantizer or null, received ${show(value)}`);
    }
    this.weightQuantizer = weightQuantizer;
    this.activationQuantizer = activationQuantizer as Quantizer | null;
  }
  /** The way of quantization: `'int8'`, … @throws for the base class. */
  get mode(): string {
    throw new Error('QuantizationConfig: a class of your own must have a mode; Int8QuantizationConfig and its like have one');
  }
  /** What `fromConfig` needs. */
  getConfig(): Config {
    return {
      weight_quantizer: serializeKerasObject(this.weightQuantizer),
      activation_quantizer: serializeKerasObject(this.activationQuantizer),
    };
  }
  /** Makes one from what `getConfig` gave. */
  static fromConfig(config: Config): QuantizationConfig {
    return new this(quantizersOf(config));
  }
  /** The config's quantizer of weights; the other without a config, and where the config has none. */
  static weightQuantizerOrDefault(config: QuantizationConfig | null, otherwise: Quantizer | null): Quantizer | null {
    return config?.weightQuantizer ?? otherwise;
  }
  /** The config's quantizer of inputs, also when it is null; the other without a config. */
  static activationQuantizerOrDefault(config: QuantizationConfig | null, otherwise: Quantizer | null): Quantizer | null {
    return config === null ? otherwise : config.activationQuantizer;
  }
}
const quantizersOf = (config: Config): QuantizationConfigOptions => ({
  weightQuantizer: deserializeKerasObject(config.weight_quantizer ?? null) as Quantizer | null,
  activationQuantizer: deserializeKerasObject(config.activation_quantizer ?? null) as Quantizer | null,
});
function checkInt8(where: string, { weightQuantizer }: QuantizationConfig): void {
  if (weightQuantizer !== null && weightQuantizer.outputDtype !== 'int8')
    throw new TypeError(`${where}: weightQuantizer must give int8, received one that gives ${weightQuantizer.outputDtype}`);
}

/** Weights and, by default, inputs in int8. @throws for quantizers of weights with another dtype. */
export class Int8QuantizationConfig extends QuantizationConfig {
  static override readonly className: string = 'Int8QuantizationConfig';
  constructor(options: QuantizationConfigOptions = {}) {
    checkOptions('Int8QuantizationConfig', options, OPTIONS);
    const { weightQuantizer = null, activationQuantizer = 'default' } = options;
    super({ weightQuantizer, activationQuantizer: activationQuantizer === 'default' ? new AbsMaxQuantizer() : activationQuantizer });
    checkInt8('Int8QuantizationConfig', this);
  }
  override get mode(): string {
    return 'int8';
  }
}

/** Options of `Int4QuantizationConfig`. */
export interface Int4QuantizationConfigOptions extends QuantizationConfigOptions {
  /** So many weights of a channel have a scale and a zero point of their own; null or -1: one scale a channel. Default 128. */
  blockSize?: number | null;
}

/** Weights in int4, two to a byte. @throws for quantizers of another range, and for quantizers together with a block size. */
export class Int4QuantizationConfig extends QuantizationConfig {
  static override readonly className: string = 'Int4QuantizationConfig';
  readonly blockSize: number | null;
  constructor(options: Int4QuantizationConfigOptions = {}) {
    checkOptions('Int4QuantizationConfig', options, [...OPTIONS, 'blockSize']);
    const { weightQuantizer = null, activationQuantizer = 'default', blockSize = 128 } = options;
    super({ weightQuantizer, activationQuantizer: activationQuantizer === 'default' ? null : activationQuantizer });
    if (blockSize !== null && blockSize !== -1 && !(Number.isInteger(blockSize) && blockSize > 0))
      throw new RangeError(`Int4QuantizationConfig: blockSize must be null, -1 or a positive integer, received ${show(blockSize)}`);
    this.blockSize = blockSize;
    if (blockSize !== null && blockSize > 0 && (this.weightQuantizer !== null || this.activationQuantizer !== null)) {
      throw new Error(
        `Int4QuantizationConfig: quantizers of your own do not go with groups; give blockSize: -1, or leave them out (blockSize is ` +
          `${blockSize})`,
      );
    }
    const range = (this.weightQuantizer as AbsMaxQuantizer | null)?.valueRange;
    if (this.weightQuantizer !== null && (range?.[0] !== -8 || range[1] !== 7))
      throw new RangeError(`Int4QuantizationConfig: weightQuantizer must have valueRange [-8, 7], received ${show(range)}`);
    checkInt8('Int4QuantizationConfig', this);
  }
  override get mode(): string {
    return 'int4';
  }
  override getConfig(): Config {
    return { ...super.getConfig(), block_size: this.blockSize };
  }
  static override fromConfig(config: Config): QuantizationConfig {
    return new this({ ...quantizersOf(config), blockSize: (config.block_size ?? null) as number | null });
  }
}

/** Weights, inputs and gradients rounded to float8 in training. */
export class Float8QuantizationConfig extends QuantizationConfig {
  static override readonly className: string = 'Float8QuantizationConfig';
  constructor() {
    super();
  }
  override get mode(): string {
    return 'float8';
  }
  override getConfig(): Config {
    return {};
  }
  static override fromConfig(_config: Config): QuantizationConfig {
    return new this();
  }
}

/** Weights that are -1, 0 or 1 times a scale. */
export class TernaryQuantizationConfig extends QuantizationConfig {
  static override readonly className: string = 'TernaryQuantizationConfig';
  constructor() {
    super();
  }
  override get mode(): string {
    return 'ternary';
  }
  override getConfig(): Config {
    return {};
  }
  static override fromConfig(_config: Config): QuantizationConfig {
    return new this();
  }
}
