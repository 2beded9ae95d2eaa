// Quantization by the largest absolute value: symmetric, with a scale for each slice; and by groups, with a zero point.
import { checkOptions, show } from '../base/errors.js';
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import type { DTypeLike } from '../base/dtype.js';
import { standardizeDType } from '../base/dtype.js';
import { integer, integers } from '../base/integers.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import type { Config } from '../config/configurable.js';
import * as ops from '../ops/index.js';
import { Quantizer } from './quantizer.js';

/** Options of `absMaxQuantize`. */
export interface AbsMaxQuantizeOptions {
  /** The smallest and the largest quantized number. Default `[-127, 127]`. */
  valueRange?: readonly [number, number];
  /** Dtype of the result. Default `'int8'`. */
  dtype?: DTypeLike;
  /** Keeps the scale of zeros finite. Default 1e-7. */
  epsilon?: number;
  /** Whether to compute as Keras does in NumPy: bfloat16 in float32. Default false. */
  toNumpy?: boolean;
}
const OPTIONS = ['valueRange', 'dtype', 'epsilon', 'toNumpy'] as const;

/** @throws for what are no two numbers. */
function checkedRange(where: string, range: readonly [number, number]): readonly [number, number] {
  if (!Array.isArray(range) || range.length !== 2 || !Array.from(range as unknown[]).every((bound) => typeof bound === 'number'))
    throw new TypeError(`${where}: valueRange must be an array of two numbers, received ${show(range)}`);
  return range;
}
const EPSILON = 1e-7;

/** A tensor in the dtype that NumPy computes in. */
const asNumPy = (x: Tensor, toNumpy: boolean): Tensor => (toNumpy && x.dtype === 'bfloat16' ? ops.cast(x, 'float32') : x);

/**
 * `[round(x · scale), scale]` with `scale = valueRange[1] / (max|x| + epsilon)`, the largest along `axis`, which stays as an axis of size
 * 1. Dividing by the scale gives `x` back, but for the rounding.
 */
export function absMaxQuantize(
  inputs: TensorLike,
  axis: number | readonly number[],
  options: AbsMaxQuantizeOptions = {},
): [Tensor, Tensor] {
  checkOptions('absMaxQuantize', options, OPTIONS);
  const { valueRange = [-127, 127], dtype = 'int8', epsilon = EPSILON, toNumpy = false } = options;
  const [low, high] = checkedRange('absMaxQuantize', valueRange);
  const given = toTensor(inputs, null, 'absMaxQuantize');
  const x = asNumPy(given, toNumpy);
  const scale = ops.cast(ops.divide(high, ops.add(ops.max(ops.abs(x), { axis: axis as number[], keepdims: true }), epsilon)), x.dtype);
  const outputs = ops.clip(ops.round(ops.multiply(x, scale)), low, high);
  return [ops.cast(outputs, dtype), ops.cast(scale, given.dtype)];
}

/** Options of `absMaxQuantizeGroupedWithZeroPoint`. */
export interface GroupedQuantizeOptions extends Omit<AbsMaxQuantizeOptions, 'toNumpy'> {
  /**
   * Whether to compute as Keras does in NumPy: bfloat16 in float32, rows that fill up the last group count as zeros for its extent, and a
   * group of equal values is divided by `epsilon`; otherwise a last group that is the only one is not filled up, and equal values get an
   * extent of 2. Default false.
   */
  toNumpy?: boolean;
}

/** Rows in groups of `size`: `(rows, columns)` becomes `(groups, size, columns)`, filled up with zeros. */
function grouped(x: Tensor, size: number): Tensor {
  const [rows, columns] = x.shape as [number, number];
  const groups = Math.ceil(rows / size);
  const filled = groups * size === rows ? x : ops.pad(x, [[0, groups * size - rows], [0, 0]]);
  return ops.reshape(filled, [groups, size, columns]);
}

/** Smallest and largest values of the groups, with Keras's treatment of edges. */
function extents(x: Tensor, size: number, toNumpy: boolean): [Tensor, Tensor] {
  const [rows, columns] = x.shape as [number, number];
  const parts = !toNumpy && rows <= size ? ops.reshape(x, [1, rows, columns]) : grouped(x, size);
  const [low, high] = [ops.min(parts, { axis: 1 }), ops.max(parts, { axis: 1 })];
  if (toNumpy) return [low, high];
  const flat = ops.equal(low, high);
  return [ops.where(flat, ops.subtract(low, 1), low), ops.where(flat, ops.add(high, 1), high)];
}

/**
 * Quantizes the columns of a matrix in groups of `blockSize` rows, each with a scale and a zero point: `[quantized, scale, zeroPoint]` of
 * shapes (rows, columns), (groups, columns) and (groups, columns). `(quantized - zeroPoint) · scale` gives the matrix back. `valueRange` is
 * `[-8, 7]` by default.
 * @throws for what is no matrix, and for group sizes below 1.
 */
export function absMaxQuantizeGroupedWithZeroPoint(
  inputs: TensorLike,
  blockSize: number,
  options: GroupedQuantizeOptions = {},
): [Tensor, Tensor, Tensor] {
  const where = 'absMaxQuantizeGroupedWithZeroPoint';
  checkOptions(where, options, OPTIONS);
  const { valueRange = [-8, 7], dtype = 'int8', epsilon = EPSILON, toNumpy = false } = options;
  const [low, high] = checkedRange(where, valueRange);
  const given = toTensor(inputs, null, where);
  const x = asNumPy(given, toNumpy);
  if (x.ndim !== 2) throw new RangeError(`${where}: expected a matrix, received shape ${showShape(x.shape)}`);
  integer(where, 'blockSize', blockSize, { min: 1 });
  const [least, most] = extents(x, blockSize, toNumpy);
  const levels = toNumpy ? high - low : 2 ** Math.trunc(Math.log2(high - low + 1)) - 1;
  const quotient = ops.divide(ops.add(ops.subtract(most, least), epsilon), levels);
  const scale = toNumpy ? quotient : ops.where(ops.lessEqual(quotient, 0), 1e-8, quotient);
  const zero = ops.clip(ops.add(ops.round(ops.divide(ops.negative(least), scale)), low), low, high);
  const spread = (t: Tensor): Tensor => ops.expandDims(t, 1);
  const rounded = ops.clip(ops.add(ops.round(ops.divide(grouped(x, blockSize), spread(scale))), spread(zero)), low, high);
  const [rows, columns] = x.shape as [number, number];
  const quantized = ops.slice(ops.reshape(ops.cast(rounded, dtype), [-1, columns]), [0, 0], [rows, columns]);
  return [quantized, ops.cast(scale, given.dtype), ops.cast(zero, 'int8')];
}

/** Options of `AbsMaxQuantizer`. */
export interface AbsMaxQuantizerOptions {
  /** The axis along which the largest value is looked for, where a call does not say. Default null: the last. */
  axis?: number | readonly number[] | null;
  /** The smallest and the largest quantized number. Default `[-127, 127]`. */
  valueRange?: readonly [number, number];
  /** Keeps the scale of zeros finite. Default 1e-7. */
  epsilon?: number;
  /** Dtype of quantized tensors. Default `'int8'`. */
  outputDtype?: DTypeLike;
}

/**
 * Quantizes by the largest absolute value; see `absMaxQuantize`.
 *
 * ```ts
 * const [quantized, scale] = new keras.quantizers.AbsMaxQuantizer({ axis: 0 })(weights);
 * ```
 * @throws for int8 and numbers beyond its range.
 */
export class AbsMaxQuantizer extends Quantizer {
  static override readonly className: string = 'AbsMaxQuantizer';
  readonly axis: readonly number[] | null;
  readonly valueRange: readonly [number, number];
  readonly epsilon: number;

  constructor(options: AbsMaxQuantizerOptions = {}) {
    checkOptions('AbsMaxQuantizer', options, ['axis', 'valueRange', 'epsilon', 'outputDtype']);
    const { axis = null, valueRange = [-127, 127], epsilon = EPSILON, outputDtype = 'int8' } = options;
    super({ outputDtype });
    checkedRange('AbsMaxQuantizer', valueRange);
    if (standardizeDType(outputDtype) === 'int8' && (valueRange[0] < -128 || valueRange[1] > 127))
      throw new RangeError(`AbsMaxQuantizer: int8 holds -128 to 127, received valueRange ${show(valueRange)}`);
    this.axis =
      axis === null
        ? null
        : typeof axis === 'number'
          ? [integer('AbsMaxQuantizer', 'axis', axis)]
          : integers('AbsMaxQuantizer', 'axis', axis);
    this.valueRange = [valueRange[0], valueRange[1]];
    this.epsilon = epsilon;
  }

  /** @internal */
  override invoke(
    x: TensorLike,
    { axis = null, toNumpy = false }: { axis?: number | readonly number[] | null; toNumpy?: boolean } = {},
  ): [Tensor, Tensor] {
    return absMaxQuantize(x, axis ?? this.axis ?? -1, {
      valueRange: this.valueRange,
      dtype: this.outputDtype,
      epsilon: this.epsilon,
      toNumpy,
    });
  }

  override getConfig(): Config {
    return {
      value_range: [...this.valueRange],
      epsilon: this.epsilon,
      output_dtype: this.outputDtype,
      ...(this.axis === null ? {} : { axis: [...this.axis] }),
    };
  }
}
