// InputLayer and Input: where data enter a model.
import type { Config } from '../../config/configurable.js';
import type { DType, DTypeLike } from '../../base/dtype.js';
import { checkOptions, show } from '../../base/errors.js';
import { KerasTensor, standardizeSymbolDType } from '../../symbolic/keras-tensor.js';
import { sameShape, type SymbolicShape } from '../../base/shape.js';
import { Layer } from '../base/layer.js';

/** Options of `Input` beside the shape. */
export interface InputOptions {
  /** Shape of one sample, without the batch; null where a size may vary. */
  shape?: SymbolicShape | null;
  /** Number of samples in a batch; null, the default, when any number may come. */
  batchSize?: number | null;
  /** Shape with the batch, in place of `shape` and `batchSize`. */
  batchShape?: SymbolicShape | null;
  /** Element type, or `'string'`. Default: `floatx`. */
  dtype?: DTypeLike | 'string' | null;
  /** Tensors here are dense: only false. */
  sparse?: boolean | null;
  /** Tensors here are rectangular: only false. */
  ragged?: boolean | null;
  /** Whether null may come in the input's place. Default false. */
  optional?: boolean;
  /** Name; by default `input_layer` with a number. */
  name?: string | null;
}
/** Options of `InputLayer`. */
export interface InputLayerOptions extends InputOptions {
  /** A symbol to use as the input, in place of a new one. */
  inputTensor?: KerasTensor | null;
}
const OPTIONS = ['shape', 'batchSize', 'batchShape', 'dtype', 'sparse', 'ragged', 'optional', 'name', 'inputTensor'] as const;

function checkSizes(name: string, sizes: SymbolicShape): SymbolicShape {
  const fits = Array.isArray(sizes) && sizes.every((d) => d === null || (typeof d === 'number' && Number.isInteger(d) && d >= 0));
  if (!fits) throw new TypeError(`InputLayer: ${name} must be an array of integers >= 0 (null where unknown), received ${show(sizes)}`);
  return sizes;
}

function wholeShape({ shape = null, batchSize = null, batchShape = null }: InputLayerOptions): SymbolicShape | null {
  if (batchShape !== null) {
    if (shape !== null) throw new TypeError('InputLayer: give shape or batchShape, not both');
    if (batchSize !== null) throw new TypeError('InputLayer: give batchSize or batchShape, not both');
    return checkSizes('batchShape', batchShape);
  }
  return shape === null ? null : [...checkSizes('batchSize', [batchSize]), ...checkSizes('shape', shape)];
}

/** The given symbol, when it agrees with the other options. */
function checkedSymbol(symbol: KerasTensor, options: InputLayerOptions): KerasTensor {
  if (!(symbol instanceof KerasTensor)) throw new TypeError(`InputLayer: inputTensor must be a KerasTensor, received ${show(symbol)}`);
  const { batchSize = null, dtype = null } = options;
  const shape = wholeShape({ ...options, batchSize: batchSize ?? (options.batchShape ? null : (symbol.shape[0] ?? null)) });
  const differs = (shape !== null && !sameShape(shape, symbol.shape)) || (batchSize !== null && symbol.shape[0] !== batchSize) ||
    (dtype !== null && symbol.dtype !== standardizeSymbolDType(dtype));
  if (differs) throw new RangeError('InputLayer: the other options contradict the shape or dtype of inputTensor');
  return symbol;
}

/**
 * The layer of a model's input: it has a symbol as its output and computes nothing. `keras.Input` makes one and gives the symbol.
 *
 * @throws without a shape, with `shape` or `batchSize` beside `batchShape`, and for sparse or ragged inputs.
 */
export class InputLayer extends Layer {
  static readonly className = 'InputLayer';
  /** It takes no data, so there is nothing to call it with. */
  static readonly samples = [];
  /** Shape with the batch. */
  readonly batchShape: SymbolicShape;
  /** The symbol that stands for the data. */
  override readonly output: KerasTensor;
  /** Whether null may come in the input's place. */
  readonly optional: boolean;

  constructor(options: InputLayerOptions = {}) {
    checkOptions('InputLayer', options, OPTIONS);
    const { dtype = null, sparse, ragged, optional = false, name = null, inputTensor = null } = options;
    super({ name });
    if (sparse === true || ragged === true)
      throw new TypeError(`InputLayer: ${sparse === true ? 'sparse' : 'ragged'} inputs do not exist here; give a dense tensor`);
    const shape = wholeShape(options);
    if (shape === null && inputTensor === null) throw new TypeError('InputLayer: the option shape is required');
    const made = () => new KerasTensor(shape!, standardizeSymbolDType(dtype), { name });
    this.output = inputTensor === null ? made() : checkedSymbol(inputTensor, options);
    this.batchShape = this.output.shape;
    this.optional = optional;
    if (this.output.history === null) this.noteCall([], this.output);
    this.built = true;
  }

  /** Element type of the input. */
  override get dtype(): DType {
    return this.output.dtype;
  }

  override call(): never {
    throw new Error(`InputLayer "${this.name}": is where data enter a model, it cannot be called`);
  }

  override getConfig(): Config {
    return { batch_shape: this.batchShape, dtype: this.dtype, sparse: false, ragged: false, name: this.name, optional: this.optional };
  }
}

/**
 * A symbol for a model's input, of shape `(batchSize, ...shape)`.
 *
 * ```ts
 * const x = keras.Input([784]); // shape [null, 784]
 * const y = new keras.layers.Dense(10)(x); // shape [null, 10]
 * ```
 * @throws as `InputLayer`.
 */
export function Input(shape: SymbolicShape | null, options?: InputOptions & { tensor?: KerasTensor | null }): KerasTensor;
export function Input(options: InputOptions & { tensor?: KerasTensor | null }): KerasTensor;
export function Input(first: SymbolicShape | InputOptions | null, rest: InputOptions & { tensor?: KerasTensor | null } = {}): KerasTensor {
  if (first !== null && typeof first !== 'object')
    throw new TypeError(`Input: expected the shape of a sample, such as [${show(first)}], or options, received ${show(first)}`);
  const given = first === null || Array.isArray(first) ? { shape: first as SymbolicShape | null, ...rest } : { ...first, ...rest };
  const { tensor = null, ...options } = given as InputOptions & { tensor?: KerasTensor | null };
  return new InputLayer({ ...options, inputTensor: tensor }).output;
}
