// HashedCrossing: combinations of values of several features, into buckets by their hashes.
import type { Config, OptionsOf } from '../../config/configurable.js';
import { getPolicy } from '../../config/dtype-policy.js';
import { int, oneOf, usedWhen, withDefault } from '../../config/fields.js';
import { toTensor } from '../../core/convert.js';
import { HostArray } from '../../core/host-array.js';
import { fingerprint64, joinFingerprints } from '../../base/hashes.js';
import { isInteger } from '../../base/dtype.js';
import { show } from '../../base/errors.js';
import { type Shape, sameShape, showShape, type SymbolicShape } from '../../base/shape.js';
import { Tensor } from '../../core/tensor.js';
import { isPlainObject } from '../../base/tree.js';
import { KerasTensor } from '../../symbolic/keras-tensor.js';
import * as ops from '../../ops/index.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { encodeCategories, shapeOfRows } from './categories.js';
import { denseOnly } from './dense-only.js';
import { partsOf, textsOf } from './host-values.js';

const schema = {
  /** Number of buckets. */
  numBins: int({ min: 1 }),
  /** `'int'`: the number of each bucket; `'one_hot'`: a row for each. */
  outputMode: usedWhen('made', withDefault(oneOf('int', 'one_hot'), 'int')),
  /** Tensors here are dense: only false. */
  sparse: denseOnly(),
} as const;

/** Options of `HashedCrossing`. */
export type HashedCrossingOptions = OptionsOf<typeof schema> & LayerOptions;

const HashedCrossingBase = layer('HashedCrossing', schema, ['numBins']);

/** What TensorFlow begins the hash of a combination with. */
const HASH_KEY = 0xdecafcaffen;

/**
 * Puts combinations of the values of at least two features (strings or integers, of shape `()`, `(batch,)` or `(batch, 1)`) into `numBins`
 * buckets by their hashes, those of TensorFlow. The dtype is int64 for `outputMode: 'int'`. It runs on the host.
 *
 * ```ts
 * const cross = new keras.layers.HashedCrossing(5);
 * cross([['A', 'B', 'A', 'B', 'A'], [101, 101, 101, 102, 102]]).tolist(); // [1, 4, 1, 1, 3]
 * ```
 * @throws for a single input, for inputs of different shapes or of others than these, and for floats.
 */
export class HashedCrossing extends HashedCrossingBase {
  static readonly samples: readonly object[] = [];

  constructor(...args: ConstructorParameters<typeof HashedCrossingBase>) {
    super(...(args as [number]));
    const given = args.at(-1) as unknown;
    if (this.config.outputMode === 'int' && (!isPlainObject(given) || (given.dtype ?? null) === null)) this.dtypePolicy = getPolicy('int64');
  }

  /** @internal */
  override get runsOnHost(): boolean {
    return true;
  }
  /** @internal Values keep their dtype. */
  protected override get convertsInputs(): boolean {
    return false;
  }

  override computeOutputShape(inputShapes: readonly SymbolicShape[]): SymbolicShape {
    const { outputMode, numBins } = this.config;
    const shape = this.shapeOfAll(inputShapes);
    return outputMode === 'int' ? shape : shapeOfRows(shape, outputMode, numBins);
  }
  override computeOutputSpec(...args: unknown[]): KerasTensor {
    const symbols = Array.isArray(args[0]) ? (args[0] as KerasTensor[]) : this.refuseInputs(args[0]);
    symbols.forEach(({ dtype }) => this.checkDType(dtype));
    return new KerasTensor(this.computeOutputShape(symbols.map(({ shape }) => shape)), this.variableDtype);
  }

  /** The shape that all inputs have. */
  private shapeOfAll(shapes: readonly SymbolicShape[]): SymbolicShape {
    const [first, ...others] = shapes;
    if (first === undefined || others.length === 0)
      throw new RangeError(`${this.label}: expects at least two inputs, received ${shapes.length}`);
    if (first.length > 2 || (first.length === 2 && first[1] !== 1))
      throw new RangeError(`${this.label}: inputs must have shape (), (batch,) or (batch, 1), received ${showShape(first)}`);
    if (!others.every((shape) => sameShape(shape, first)))
      throw new RangeError(`${this.label}: inputs must have one shape, received ${shapes.map(showShape).join(', ')}`);
    return first;
  }
  private checkDType(dtype: string): void {
    if (dtype !== 'string' && !isInteger(dtype as 'int32'))
      throw new TypeError(`${this.label}: inputs must be integers or strings, received ${dtype}`);
  }
  private refuseInputs(inputs: unknown): never {
    throw new TypeError(`${this.label}: expects an array of at least two inputs, received ${show(inputs)}`);
  }

  override call(inputs: readonly (HostArray | Tensor)[]): Tensor {
    const given: unknown = inputs;
    const isOne = given instanceof HostArray || given instanceof Tensor;
    const list = Array.isArray(given) ? (given as (HostArray | Tensor)[]) : null;
    const parts = isOne && given.ndim > 0 ? partsOf(given) : (list ?? this.refuseInputs(given));
    const shape = this.shapeOfAll(parts.map((part) => part.shape)) as Shape;
    parts.forEach(({ dtype }) => this.checkDType(dtype));
    const features = parts.map((part) => {
      const { texts } = textsOf(part, this.label);
      return texts.map((text) => (part instanceof HostArray ? fingerprint64(text) : BigInt.asUintN(64, BigInt(text))));
    });
    const { numBins, outputMode } = this.config;
    const buckets = features[0]!.map((_, i) =>
      Number(features.reduce((hash, feature) => joinFingerprints(hash, feature[i]!), HASH_KEY) % BigInt(numBins)));
    const numbers = ops.reshape(toTensor(buckets, 'int64'), shape);
    return outputMode === 'int' ? ops.cast(numbers, this.variableDtype) : encodeCategories(numbers, outputMode, numBins, this.variableDtype);
  }

  /** Keras saves a dtype's name, and no more options of all layers than the name. */
  override getConfig(): Config {
    const { trainable: _, dtype: __, name, ...own } = super.getConfig();
    return { ...own, name, dtype: this.variableDtype };
  }
}
