// Quantizer: base of what brings tensors to few bits.
import { Configurable, type Config } from '../config/configurable.js';
import { checkOptions } from '../base/errors.js';
import type { TensorLike } from '../core/convert.js';
import type { DTypeLike } from '../base/dtype.js';

/** Options of `Quantizer`. */
export interface QuantizerOptions {
  /** Dtype of quantized tensors. Default `'int8'`. */
  outputDtype?: DTypeLike;
}

/** A quantizer is called like a function on the tensor to quantize. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export interface Quantizer {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a quantizer of your own returns what its users take
  (x: TensorLike, options?: any): any;
}

/**
 * Base of all quantizers. One of your own overrides `invoke(x)`, which returns the quantized tensor and its scale. This one returns what it
 * gets.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export class Quantizer extends Configurable {
  /** @internal Keras's module of the class. */
  static readonly module: string = 'keras.quantizers';
  /** @internal */
  static readonly className: string = 'Quantizer';
  /** Dtype of quantized tensors. */
  readonly outputDtype: DTypeLike;

  constructor(options: QuantizerOptions = {}) {
    super();
    checkOptions(new.target.name, options, ['outputDtype']);
    this.outputDtype = options.outputDtype ?? 'int8';
  }
  override invoke(x: unknown, ..._rest: unknown[]): unknown {
    return x;
  }
  /** @throws always: a quantizer of your own that is to be saved overrides it. */
  override getConfig(): Config {
    throw new Error(`${this.constructor.name}: has no getConfig()`);
  }
}
