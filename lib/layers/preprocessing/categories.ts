// How numbers of categories become rows: what layers with the option `outputMode` share.
import type { DType } from '../../base/dtype.js';
import { isFloat } from '../../base/dtype.js';
import type { SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';

/** `'one_hot'`: a row for each number; `'multi_hot'`, `'count'`: a row for each sample, of ones or of counts. */
export type CategoryRows = 'one_hot' | 'multi_hot' | 'count';

/** Sums of weights (or counts) of the numbers in each row of a matrix: `(rows, depth)`. Numbers outside are left out. */
function countRows(numbers: Tensor, depth: number, weights: Tensor): Tensor {
  const [rows, columns] = numbers.shape as [number, number];
  const known = ops.logicalAnd(ops.greaterEqual(numbers, 0), ops.less(numbers, depth));
  const starts = ops.reshape(ops.multiply(ops.arange(rows, { dtype: 'int32' }), depth), [rows, 1]);
  const places = ops.where(known, ops.add(numbers, starts), -1);
  const size = rows * columns;
  const sums = ops.segmentSum(ops.reshape(weights, [size]), ops.reshape(places, [size]), { numSegments: rows * depth });
  return ops.reshape(sums, [rows, depth]);
}

/**
 * Rows of `depth` entries for numbers of categories, as Keras on TensorFlow makes them. `'one_hot'`: `(…, depth)`, in the place of a last
 * axis of size 1. Otherwise `(depth,)` for one axis, `(batch, depth)` for two, and with more the second axis is that of a sample's
 * categories: `(batch, …, depth)`. Numbers below 0 and from `depth` on leave no trace.
 */
export function encodeCategories(
  given: Tensor, mode: CategoryRows, depth: number, dtype: DType, countWeights: Tensor | null = null,
): Tensor {
  const numbers = ops.cast(isFloat(given.dtype) ? ops.trunc(given) : given, 'int32');
  if (mode === 'one_hot') {
    const { shape } = numbers;
    const single = shape.length > 1 && shape.at(-1) === 1;
    const elements = shape.length === 0 ? [1] : single ? shape.slice(0, -1) : shape;
    return ops.oneHot(ops.reshape(numbers, elements), depth, { dtype });
  }
  const [batch, width, ...rest] = numbers.ndim < 2 ? [1, numbers.size] : (numbers.shape as [number, number, ...number[]]);
  const asRows = (x: Tensor): Tensor => {
    const lined = ops.reshape(x, [batch, width, ...rest]);
    const order = [0, ...rest.map((_, i) => i + 2), 1];
    return ops.reshape(ops.transpose(lined, order), [rest.reduce((a, b) => a * b, batch), width]);
  };
  const weights = countWeights ?? ops.ones(numbers.shape, { dtype });
  const counts = countRows(asRows(numbers), depth, asRows(ops.broadcastTo(weights, numbers.shape)));
  const rows = mode === 'multi_hot' ? ops.greater(counts, 0) : counts;
  return ops.cast(ops.reshape(rows, [...(numbers.ndim < 2 ? [] : [batch, ...rest]), depth]), dtype);
}

/** The shape of what `encodeCategories` makes of numbers of a shape; `depth` is null where it is not known. */
export function shapeOfRows(shape: SymbolicShape, mode: CategoryRows, depth: number | null): SymbolicShape {
  if (mode !== 'one_hot') return [...shape.slice(0, shape.length < 2 ? 0 : 1), ...shape.slice(2), depth];
  return [...(shape.length === 0 ? [1] : shape.length > 1 && shape.at(-1) === 1 ? shape.slice(0, -1) : shape), depth];
}
