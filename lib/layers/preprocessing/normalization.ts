// Normalization: brings values to mean 0 and variance 1 by statistics that are given, or learned from data.
import type { OptionsOf } from '../../config/configurable.js';
import { bool, type Field, field, nullable, usedWhen } from '../../config/fields.js';
import { readArray } from '../../config/array-field.js';
import { castTo } from '../../core/cast.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import { isFloat } from '../../base/dtype.js';
import { settings } from '../../base/settings.js';
import { normalizeAxis, type Shape, sameShape, showShape, sizeOf, type SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { flatten } from '../../base/tree.js';
import type { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { type AdaptData, type AdaptOptions, isInMemory, numericBatches } from './adapt-data.js';

/** Nested arrays of numbers as they are in configs. */
const plain = (value: TensorLike): unknown =>
  (flatten(value).leaves.every((leaf) => typeof leaf === 'number') ? value : toTensor(value).tolist());
const statistics = (): Field<TensorLike | null, TensorLike | null, false> =>
  nullable(field<TensorLike>('a number or an array of numbers', readArray, { serialize: plain }));
const axisField: Field<number | readonly number[] | null, readonly number[], false> = {
  ...field<number | readonly number[] | null, readonly number[]>('an axis, an array of axes or null', (v) => {
    const list: unknown = v === null ? [] : Number.isSafeInteger(v) ? [v] : v;
    return Array.isArray(list) && list.every(Number.isSafeInteger) ? (list as number[]) : undefined;
  }),
  required: false,
  initial: -1,
};
const schema = {
  /** The axes whose entries have statistics of their own; null: all values share them. Default -1. */
  axis: usedWhen('built', axisField),
  /** Whether to bring values of mean 0 and variance 1 back to where they were. */
  invert: bool(false),
  /** Means, which broadcast to the sizes of `axis`; without them `adapt` finds some. */
  mean: usedWhen('made', statistics()),
  /** Variances, of the shape of the means. */
  variance: usedWhen('made', statistics()),
} as const;

/** Options of `Normalization`. */
export type NormalizationOptions = OptionsOf<typeof schema> & LayerOptions;

/** Mean, variance and number of what was seen. */
interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly count: number;
}

/** The statistics of one batch along axes. */
const momentsOf = (x: Tensor, axes: readonly number[]): Moments => ({
  mean: ops.mean(x, { axis: [...axes] }),
  variance: ops.var(x, { axis: [...axes] }),
  count: sizeOf(axes.map((axis) => x.shape[axis]!)),
});
/** The statistics of what was seen before and a batch, by the sums of squares within and between them. */
function joined(before: Moments | null, batch: Moments): Moments {
  if (before === null) return batch;
  const count = before.count + batch.count;
  const [weight, rest] = [batch.count / count, 1 - batch.count / count];
  const mean = ops.add(ops.multiply(before.mean, rest), ops.multiply(batch.mean, weight));
  const around = (part: Moments, share: number): Tensor =>
    ops.multiply(ops.add(part.variance, ops.square(ops.subtract(part.mean, mean))), share);
  return { mean, variance: ops.add(around(before, rest), around(batch, weight)), count };
}

/** The kept axes of an input, and the others. */
interface Axes {
  readonly kept: readonly number[];
  readonly reduced: readonly number[];
}

/**
 * `(x - mean) / max(√variance, keras.config.epsilon())`, or with `invert` the way back, in the layer's dtype whatever that of the inputs.
 * The shape stays the same. The statistics are given, or learned by `adapt`.
 *
 * ```ts
 * const normalize = new keras.layers.Normalization({ axis: null });
 * await normalize.adapt([1, 2, 3, 4, 5]);
 * normalize([1, 2, 3]).tolist(); // [-1.414…, -0.707…, 0]
 * ```
 * @throws for a mean without a variance or of another shape, and when the axes are none of the input or of unknown size.
 */
export class Normalization extends layer('Normalization', schema) {
  static readonly takes = 'tensor';
  static readonly samples = [
    { args: [{ mean: [0.5, 1, -1], variance: [1, 4, 0.25] }], inputs: [[2, 3]] },
    { args: [{ axis: [1, 3], mean: [[0, 1], [2, 3], [1, 1]], variance: [[1, 1], [2, 2], [3, 3]], invert: true }], inputs: [[2, 3, 2, 2]] },
    { args: [{ axis: null }], inputs: [[2, 3, 2]] },
  ];
  /** What `adapt` has learned, of the sizes of `axis`; not there where the statistics were given. */
  declare adaptMean: Variable;
  declare adaptVariance: Variable;
  /** Not used any more; older files have it. */
  declare count: Variable;
  /** The mean in the shape that it is used in; null before the layer is built. */
  declare mean: Tensor | null;
  /** The variance in the shape that it is used in; null before the layer is built. */
  declare variance: Tensor | null;
  override supportsMasking = true;
  #axes: Axes | null = null;

  constructor(options: NormalizationOptions = {}) {
    super(options);
    const { mean, variance, axis } = this.config;
    if ((mean === null) !== (variance === null))
      throw new TypeError(`${this.label}: mean and variance belong together; ${mean === null ? 'mean' : 'variance'} is missing`);
    if (mean === null || variance === null) return;
    const [a, b] = [toTensor(mean, null, `${this.label}: mean`).shape, toTensor(variance, null, `${this.label}: variance`).shape];
    if (!sameShape(a, b))
      throw new RangeError(`${this.label}: mean and variance must have one shape, received ${showShape(a)} and ${showShape(b)}`);
    if (a.length > axis.length)
      throw new RangeError(`${this.label}: mean has shape ${showShape(a)}, with more axes than the ${axis.length} of axis`);
  }

  /** The mean that was given; null: none. */
  get inputMean(): TensorLike | null {
    return this.config.mean;
  }
  /** The variance that was given; null: none. */
  get inputVariance(): TensorLike | null {
    return this.config.variance;
  }
  static {
    // The options of these names are `inputMean` and `inputVariance`, as in Keras.
    for (const [i, name] of (['mean', 'variance'] as const).entries()) {
      Object.defineProperty(Normalization.prototype, name, {
        get(this: Normalization) {
          return this.built ? this.statistics()[i] : null;
        },
        configurable: true,
      });
    }
  }

  /** The axes of inputs of this shape. @throws when they are none of it, or of unknown size. */
  private axesOf(shape: SymbolicShape): Axes {
    const kept = this.config.axis.map((axis) => normalizeAxis(axis, shape.length, this.label)).sort((a, b) => a - b);
    const unknown = kept.find((axis) => shape[axis] === null);
    if (unknown !== undefined)
      throw new RangeError(`${this.label}: axes with statistics must have known sizes, but axis ${unknown} of ${showShape(shape)} has none`);
    return { kept, reduced: shape.map((_, i) => i).filter((i) => !kept.includes(i)) };
  }

  override build(inputShape: SymbolicShape): void {
    const axes = this.axesOf(inputShape);
    this.#axes = axes;
    if (this.config.mean !== null) {
      this.checkGiven(inputShape, axes);
      return;
    }
    const shape = axes.kept.map((axis) => inputShape[axis]!);
    this.adaptMean = this.addWeight({ name: 'mean', shape, initializer: 'zeros', trainable: false });
    this.adaptVariance = this.addWeight({ name: 'variance', shape, initializer: 'ones', trainable: false });
    this.count = this.addWeight({ name: 'count', dtype: 'int64', initializer: 'zeros', trainable: false });
  }
  private checkGiven(inputShape: SymbolicShape, { kept }: Axes): void {
    const { shape } = toTensor(this.config.mean!);
    const sizes = kept.slice(kept.length - shape.length).map((axis) => inputShape[axis]!);
    if (shape.every((size, i) => size === 1 || size === sizes[i])) return;
    throw new RangeError(`${this.label}: mean of shape ${showShape(shape)} does not broadcast to the sizes ${showShape(sizes)} of axis in `
      + `inputs of shape ${showShape(inputShape)}`);
  }

  /** Mean and variance, in the compute dtype and with an axis for each of the inputs. */
  private statistics(): readonly [Tensor, Tensor] {
    const given = this.config.mean !== null;
    const { kept, reduced } = this.#axes!;
    const read = (from: TensorLike): Tensor => {
      const values = ops.cast(ops.convertToTensor(from), this.computeDtype);
      const sizes = [...new Array<number>(kept.length - values.ndim).fill(1), ...values.shape];
      const shape = new Array<number>(kept.length + reduced.length).fill(1);
      kept.forEach((axis, i) => (shape[axis] = sizes[i]!));
      return ops.reshape(values, shape);
    };
    return given ? [read(this.config.mean), read(this.config.variance!)] : [read(this.adaptMean), read(this.adaptVariance)];
  }

  override computeOutputShape(inputShape: SymbolicShape): SymbolicShape {
    return inputShape;
  }
  override call(inputs: Tensor): Tensor {
    const x = ops.cast(inputs, this.computeDtype);
    const [mean, variance] = this.statistics();
    const deviation = ops.maximum(ops.sqrt(variance), settings.epsilon);
    return this.config.invert ? ops.add(mean, ops.multiply(x, deviation)) : ops.divide(ops.subtract(x, mean), deviation);
  }

  /** Learned statistics are used as soon as they are there: nothing is left to do. */
  finalizeState(): void {
    return undefined;
  }

  /**
   * Learns mean and variance from numbers: an array or a tensor, or an iterable of batches (of which `steps` are read), whose statistics
   * are put together. What was learned before is forgotten.
   * @throws (rejects) for a layer with given statistics, for data without numbers, and for batches of other sizes; the layer is then as
   * before.
   */
  async adapt(data: AdaptData, options: AdaptOptions = {}): Promise<void> {
    const where = `${this.label}: adapt`;
    if (this.config.mean !== null) throw new Error(`${this.label}: was made with mean and variance, so that it cannot be adapted`);
    let shape: Shape | null = null;
    let total: Moments | null = null;
    // As NumPy, arrays of integers are averaged in float64; batches are read in the compute dtype, as Keras does.
    const convert = (batch: Tensor): Tensor =>
      (!isInMemory(data) ? castTo(batch, this.computeDtype) : isFloat(batch.dtype) ? batch : castTo(batch, 'float64'));
    for await (const batch of numericBatches(data, where, options)) {
      shape ??= batch.shape;
      this.checkBatch(where, batch.shape, (this.buildShapes as Shape | null) ?? shape);
      total = joined(total, momentsOf(convert(batch), this.axesOf(batch.shape).reduced));
    }
    this.buildFrom(shape);
    this.adaptMean.assign(total!.mean);
    this.adaptVariance.assign(total!.variance);
  }
  private checkBatch(where: string, shape: Shape, expected: SymbolicShape): void {
    const fits = shape.length === expected.length && this.axesOf(shape).kept.every((axis) => shape[axis] === expected[axis]);
    if (fits) return;
    throw new RangeError(`${where}: received data of shape ${showShape(shape)}, which does not fit the shape ${showShape(expected)} along axis `
      + `[${this.config.axis.join(', ')}]`);
  }
}
