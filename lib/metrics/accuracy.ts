// How often predictions are right: functions that give 1 or 0 (as `floatx`) for each sample.
import { scalarTensor, toTensor, type TensorLike } from '../core/convert.js';
import { checkOptions } from '../base/errors.js';
import { settings } from '../base/settings.js';
import type { Tensor } from '../core/tensor.js';
import { squeezeOrExpandToSameRank } from '../losses/reduction.js';
import { fittedPair, pair } from '../losses/tensors.js';
import * as ops from '../ops/index.js';

const matches = (a: Tensor, b: Tensor): Tensor => ops.cast(ops.equal(a, b), settings.floatx);

/** Where targets and predictions are equal. */
export function accuracy(yTrue: TensorLike, yPred: TensorLike): Tensor {
  return matches(...fittedPair('accuracy', yTrue, yPred));
}

/** Where the predictions, 1 above `threshold` (default 0.5) and 0 up to it, are equal to the targets. */
export function binaryAccuracy(yTrue: TensorLike, yPred: TensorLike, options: { threshold?: number } = {}): Tensor {
  checkOptions('binaryAccuracy', options, ['threshold']);
  const [t, p] = squeezeOrExpandToSameRank(toTensor(yTrue, null, 'binaryAccuracy'), toTensor(yPred, null, 'binaryAccuracy'));
  return matches(t, ops.cast(ops.greater(p, scalarTensor(options.threshold ?? 0.5, settings.floatx)), t.dtype));
}

/** Where one-hot targets and predictions have their largest value at the same class, the last axis. */
export function categoricalAccuracy(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const p = toTensor(yPred, null, 'categoricalAccuracy');
  const classes = ops.argmax(toTensor(yTrue, null, 'categoricalAccuracy'), { axis: -1 });
  const column = classes.ndim === p.ndim;
  const result = matches(column ? ops.squeeze(classes, { axis: -1 }) : classes, ops.argmax(p, { axis: -1 }));
  return column ? ops.reshape(result, classes.shape) : result;
}

/** Where the class with the largest prediction, the last axis, is the target, given as class number. */
export function sparseCategoricalAccuracy(yTrue: TensorLike, yPred: TensorLike): Tensor {
  const [given, p] = pair('sparseCategoricalAccuracy', yTrue, yPred);
  const column = given.ndim === p.ndim && given.shape.at(-1) === 1;
  const classes = column ? ops.squeeze(given, { axis: -1 }) : given;
  const result = matches(classes, ops.cast(ops.argmax(p, { axis: -1 }), classes.dtype));
  const shaped = column ? ops.reshape(result, given.shape) : result;
  return shaped.ndim > 1 && shaped.shape.at(-1) === 1 ? ops.squeeze(shaped, { axis: -1 }) : shaped;
}

/** Options of the top-k accuracies. */
export interface TopKOptions {
  /** How many of the largest predictions count. Default 5. */
  k?: number;
}

/** Whether fewer than `k` of a row's predictions are larger than that of its target. */
function inTopK(targets: Tensor, predictions: Tensor, k: number): Tensor {
  const known = ops.where(ops.isnan(predictions), -Infinity, predictions);
  const isTarget = ops.equal(ops.expandDims(targets, -1), ops.arange(predictions.shape.at(-1)!, { dtype: 'int32' }));
  const own = ops.max(ops.where(isTarget, known, -Infinity), { axis: -1, keepdims: true });
  return ops.less(ops.sum(ops.cast(ops.greater(predictions, own), 'int32'), { axis: -1 }), k);
}

/** Applies a function of targets and rows of predictions to tensors of any rank. */
function byRow(targets: Tensor, predictions: Tensor, fn: (targets: Tensor, predictions: Tensor) => Tensor): Tensor {
  const rows = predictions.ndim > 2 ? ops.reshape(predictions, [-1, predictions.shape.at(-1)!]) : predictions;
  const found = ops.cast(fn(targets.ndim > 1 ? ops.reshape(targets, [-1]) : targets, rows), settings.floatx);
  return targets.ndim > 1 ? ops.reshape(found, targets.shape) : found;
}

/** Where the class of one-hot targets is among the `k` classes with the largest predictions. */
export function topKCategoricalAccuracy(yTrue: TensorLike, yPred: TensorLike, options: TopKOptions = {}): Tensor {
  checkOptions('topKCategoricalAccuracy', options, ['k']);
  const [t, p] = pair('topKCategoricalAccuracy', yTrue, yPred);
  return byRow(ops.argmax(t, { axis: -1 }), p, (targets, rows) => inTopK(targets, rows, options.k ?? 5));
}

/** Options of `sparseTopKCategoricalAccuracy`. */
export interface SparseTopKOptions extends TopKOptions {
  /** Whether predictions are class numbers, the most likely first, and not probabilities. Default false. */
  fromSortedIds?: boolean;
}

/** Where the target, given as class number, is among the `k` classes with the largest predictions. */
export function sparseTopKCategoricalAccuracy(yTrue: TensorLike, yPred: TensorLike, options: SparseTopKOptions = {}): Tensor {
  const where = 'sparseTopKCategoricalAccuracy';
  checkOptions(where, options, ['k', 'fromSortedIds']);
  const { k = 5, fromSortedIds = false } = options;
  const p = toTensor(yPred, null, where);
  const t = toTensor(yTrue, fromSortedIds ? p.dtype : 'int32', where);
  if (!fromSortedIds) return byRow(t, p, (targets, rows) => inTopK(targets, rows, k));
  return byRow(t, p, (targets, ids) => {
    const first = ops.slice(ids, [0, 0], [ids.shape[0]!, Math.min(k, ids.shape[1]!)]);
    return ops.any(ops.equal(ops.expandDims(targets, 1), first), { axis: 1 });
  });
}
