// Labels and vectors for training.
import { toTensor, type TensorLike } from '../core/convert.js';
import { checkOptions, show } from '../base/errors.js';
import { isPlainObject } from '../base/tree.js';
import { Tensor } from '../core/tensor.js';
import { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';

/** Options of `toCategorical`. */
export interface ToCategoricalOptions {
  /** Number of classes. Default: the largest label and one. */
  numClasses?: number | null;
}

/**
 * Labels 0, 1, … as rows with a 1 at the label: labels of shape `(…)` or `(…, 1)` give `(…, numClasses)`, of `floatx` for a tensor
 * and of float64 for arrays. For `categorical_crossentropy`.
 *
 * ```ts
 * keras.utils.toCategorical([0, 2], 3).tolist(); // [[1, 0, 0], [0, 0, 1]]
 * ```
 * @throws a RangeError for a label outside of 0 … numClasses - 1.
 */
export function toCategorical(
  x: TensorLike,
  numClasses?: number | null | ToCategoricalOptions,
  options: ToCategoricalOptions = {},
): Tensor {
  const given: ToCategoricalOptions = isPlainObject(numClasses)
    ? numClasses
    : { ...options, numClasses: (numClasses as number | null | undefined) ?? options.numClasses ?? null };
  checkOptions('toCategorical', given, ['numClasses']);
  const wanted = given.numClasses ?? null;
  if (wanted !== null && (!Number.isInteger(wanted) || wanted < 1))
    throw new RangeError(`toCategorical: numClasses must be an integer >= 1, received ${show(wanted)}`);
  const labels = toTensor(x, 'int32', 'toCategorical');
  const { shape } = labels;
  const rows = shape.length > 1 && shape.at(-1) === 1 ? ops.reshape(labels, shape.slice(0, -1)) : labels;
  let largest = -1;
  for (const label of rows.elements as Int32Array) {
    if (label < 0 || (wanted !== null && label >= wanted))
      throw new RangeError(`toCategorical: labels must be from 0 to ${wanted === null ? 'numClasses - 1' : wanted - 1}, received ${label}`);
    if (label > largest) largest = label;
  }
  const isTensor = x instanceof Tensor || x instanceof Variable;
  return ops.oneHot(rows, wanted ?? largest + 1, { dtype: isTensor ? null : 'float64' });
}

/** Options of `normalize`. */
export interface NormalizeOptions {
  /** Axis along which the norm is taken. Default -1. */
  axis?: number;
  /** Which norm: 1, 2, … Default 2. */
  order?: number;
}
/** `x` divided by its norm along an axis; zeros stay zeros. The shape stays the same. */
export function normalize(x: TensorLike, options: NormalizeOptions = {}): Tensor {
  checkOptions('normalize', options, ['axis', 'order']);
  return ops.normalize(x, options);
}
