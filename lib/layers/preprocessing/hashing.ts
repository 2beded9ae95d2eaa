// Hashing: strings or integers into buckets by their hashes.
import type { OptionsOf } from '../../config/configurable.js';
import { getPolicy } from '../../config/dtype-policy.js';
import { field, int, nullable, oneOf, usedWhen, withDefault } from '../../config/fields.js';
import { toTensor } from '../../core/convert.js';
import type { HostArray } from '../../core/host-array.js';
import type { DType } from '../../base/dtype.js';
import { settings } from '../../base/settings.js';
import type { SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { isPlainObject } from '../../base/tree.js';
import { KerasTensor } from '../../symbolic/keras-tensor.js';
import * as ops from '../../ops/index.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { encodeCategories, shapeOfRows } from './categories.js';
import { denseOnly } from './dense-only.js';
import { textsOf } from './host-values.js';
import { saltField } from './index-lookup.js';
import { bucketOf } from './token-hash.js';

const schema = {
  /** Number of buckets, with that of `maskValue`. */
  numBins: int({ min: 1 }),
  /** Key of the hash (SipHash): an integer or two; null: a hash without one (FarmHash). */
  salt: nullable(saltField),
  /** The value that has bucket 0 for itself; null: none. */
  maskValue: nullable(field<string | number>('a string or a number', (v) => (typeof v === 'string' || typeof v === 'number' ? v : undefined))),
  /** `'int'`: the number of each bucket; `'one_hot'`: a row for each value; `'multi_hot'`, `'count'`: a row for each sample. */
  outputMode: usedWhen('made', withDefault(oneOf('int', 'one_hot', 'multi_hot', 'count'), 'int')),
  /** Tensors here are dense: only false. */
  sparse: denseOnly(),
} as const;

/** Options of `Hashing`. */
export type HashingOptions = OptionsOf<typeof schema> & LayerOptions;

const HashingBase = layer('Hashing', schema, ['numBins']);

/**
 * Puts strings or integers into `numBins` buckets by their hashes, those of TensorFlow. Numbers are hashed as their digits, floats without
 * their fractions. The dtype is int64 for `outputMode: 'int'`, and else `floatx`. It runs on the host: in a model it stands between an
 * input and the numeric part.
 *
 * ```ts
 * const hash = new keras.layers.Hashing(3);
 * hash([['A'], ['B'], ['C'], ['D'], ['E']]).tolist(); // [[1], [0], [1], [1], [2]]
 * ```
 * @throws for `outputMode: 'int'` with another dtype than int32 and int64.
 */
export class Hashing extends HashingBase {
  static readonly samples: readonly object[] = [];

  constructor(...args: ConstructorParameters<typeof HashingBase>) {
    super(...(args as [number]));
    const given = args.at(-1) as unknown;
    const isInt = this.config.outputMode === 'int';
    if (!isPlainObject(given) || (given.dtype ?? null) === null) this.dtypePolicy = getPolicy(isInt ? 'int64' : settings.floatx);
    if (isInt && this.variableDtype !== 'int32' && this.variableDtype !== 'int64')
      throw new TypeError(`${this.label}: with outputMode 'int' dtype must be 'int32' or 'int64', received '${this.variableDtype}'`);
  }

  /** @internal */
  override get runsOnHost(): boolean {
    return true;
  }
  /** @internal Values keep their dtype. */
  protected override get convertsInputs(): boolean {
    return false;
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    const { outputMode, numBins } = this.config;
    return outputMode === 'int' ? inputShape : shapeOfRows(this.withoutUnit(inputShape), outputMode, numBins);
  }
  /** For `'one_hot'` a last axis of size 1 gives way to the row. */
  private withoutUnit<D extends number | null>(shape: readonly D[]): readonly D[] {
    return this.config.outputMode === 'one_hot' && shape.at(-1) === 1 ? shape.slice(0, -1) : shape;
  }
  override computeOutputSpec(...args: unknown[]): KerasTensor {
    return new KerasTensor(this.computeOutputShape((args[0] as KerasTensor).shape), this.variableDtype);
  }

  override call(inputs: HostArray | Tensor): Tensor {
    const { numBins, maskValue, salt, outputMode } = this.config;
    const { shape, texts, values } = textsOf(inputs, this.label);
    const masked = maskValue !== null && numBins > 1;
    const buckets = texts.map((text, i) =>
      (!masked ? bucketOf(text, numBins, salt) : values[i] === maskValue ? 0 : 1 + bucketOf(text, numBins - 1, salt)));
    const numbers = ops.reshape(toTensor(buckets, 'int64'), this.withoutUnit(shape));
    const dtype: DType = this.variableDtype;
    return outputMode === 'int' ? ops.cast(numbers, dtype) : encodeCategories(numbers, outputMode, numBins, dtype);
  }
}
