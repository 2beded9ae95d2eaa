// Crossentropies and their relatives: losses for classes.
import { toTensor, type TensorLike } from '../core/convert.js';
import { checkOptions, show } from '../base/errors.js';
import { settings } from '../base/settings.js';
import { normalizeAxis, showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { setMask } from './mask.js';
import { pair } from './tensors.js';

/** Options of the crossentropies. */
export interface LabelOptions {
  /** Whether `yPred` holds logits; otherwise probabilities. Default false. */
  fromLogits?: boolean;
  /** The share of the labels that is spread evenly over all classes. Default 0. */
  labelSmoothing?: number;
  /** For binary classes the axis, or the axes, of the mean (null: all); for others the axis of the classes. Default -1. */
  axis?: number | readonly number[] | null;
}
const LABEL_OPTIONS = ['fromLogits', 'labelSmoothing', 'axis'] as const;

/** `x * scale + offset`. */
const affine = (x: Tensor, scale: number, offset: number): Tensor => ops.add(ops.multiply(x, scale), offset);
const smoothBinary = (labels: Tensor, share: number): Tensor => (share === 0 ? labels : affine(labels, 1 - share, share / 2));

/** Mean over `axis` of `-yTrue * log(yPred) - (1 - yTrue) * log(1 - yPred)`. */
export function binaryCrossentropy(yTrue: TensorLike, yPred: TensorLike, options: LabelOptions = {}): Tensor {
  checkOptions('binaryCrossentropy', options, LABEL_OPTIONS);
  const { fromLogits = false, labelSmoothing = 0, axis = -1 } = options;
  const [t, p] = pair('binaryCrossentropy', yTrue, yPred);
  return ops.mean(ops.binaryCrossentropy(smoothBinary(t, labelSmoothing), p, { fromLogits }), { axis });
}

/** Options of `binaryFocalCrossentropy`. */
export interface BinaryFocalOptions extends LabelOptions {
  /** Whether the classes are weighted by `alpha`. Default false. */
  applyClassBalancing?: boolean;
  /** Weight of class 1; that of class 0 is `1 - alpha`. Default 0.25. */
  alpha?: number;
  /** Power of the factor that takes weight from what is classified well. Default 2. */
  gamma?: number;
}

/** Binary crossentropy times `(1 - p)^gamma`, where `p` is the probability given to the true class (Lin et al., 2018). */
export function binaryFocalCrossentropy(yTrue: TensorLike, yPred: TensorLike, options: BinaryFocalOptions = {}): Tensor {
  checkOptions('binaryFocalCrossentropy', options, [...LABEL_OPTIONS, 'applyClassBalancing', 'alpha', 'gamma']);
  const { applyClassBalancing = false, alpha = 0.25, gamma = 2, fromLogits = false, labelSmoothing = 0, axis = -1 } = options;
  const [given, output] = pair('binaryFocalCrossentropy', yTrue, yPred);
  const t = smoothBinary(given, labelSmoothing);
  const p = fromLogits ? ops.sigmoid(output) : output;
  const crossentropy = ops.binaryCrossentropy(t, p);
  const other = ops.subtract(1, t);
  const right = ops.add(ops.multiply(t, p), ops.multiply(other, ops.subtract(1, p)));
  let loss = ops.multiply(ops.power(ops.subtract(1, right), gamma), crossentropy);
  if (applyClassBalancing) loss = ops.multiply(ops.add(ops.multiply(t, alpha), ops.multiply(other, 1 - alpha)), loss);
  return ops.mean(loss, { axis });
}

/** The labels smoothed over the classes, and the axis of the classes from the front. */
function categorical(
  where: string,
  labels: Tensor,
  predictions: Tensor,
  { labelSmoothing = 0, axis = -1 }: LabelOptions,
): [Tensor, number] {
  const along = normalizeAxis(axis as number, predictions.ndim, where);
  const classes = predictions.shape[along]!;
  if (classes === 1) {
    process.emitWarning(
      `${where}: expected yPred of shape (batch size, classes) with more than one class, received ${showShape(predictions.shape)}; ` +
        `for two classes use binaryCrossentropy`,
    );
  }
  return [labelSmoothing === 0 ? labels : affine(labels, 1 - labelSmoothing, labelSmoothing / classes), along];
}

/** `-sum(yTrue * log(yPred))` over the classes, for one-hot or soft labels. */
export function categoricalCrossentropy(yTrue: TensorLike, yPred: TensorLike, options: LabelOptions = {}): Tensor {
  checkOptions('categoricalCrossentropy', options, LABEL_OPTIONS);
  const [given, p] = pair('categoricalCrossentropy', yTrue, yPred);
  const [t, axis] = categorical('categoricalCrossentropy', given, p, options);
  return ops.categoricalCrossentropy(t, p, { fromLogits: options.fromLogits ?? false, axis });
}

/** Options of `categoricalFocalCrossentropy`. */
export interface CategoricalFocalOptions extends LabelOptions {
  /** Weight of the classes; an array has one for each. Default 0.25. */
  alpha?: number | readonly number[];
  /** Power of the factor that takes weight from what is classified well. Default 2. */
  gamma?: number;
}

/** `-sum(alpha * (1 - yPred)^gamma * yTrue * log(yPred))` over the classes (Lin et al., 2018). */
export function categoricalFocalCrossentropy(yTrue: TensorLike, yPred: TensorLike, options: CategoricalFocalOptions = {}): Tensor {
  const where = 'categoricalFocalCrossentropy';
  checkOptions(where, options, [...LABEL_OPTIONS, 'alpha', 'gamma']);
  const { alpha = 0.25, gamma = 2, fromLogits = false } = options;
  const [given, scores] = pair(where, yTrue, yPred);
  const [t, axis] = categorical(where, given, scores, options);
  const p = fromLogits ? ops.softmax(scores, { axis }) : scores;
  const share = ops.clip(ops.divide(p, ops.sum(p, { axis, keepdims: true })), settings.epsilon, 1 - settings.epsilon);
  const crossentropy = ops.negative(ops.multiply(t, ops.log(share)));
  const weight = ops.multiply(ops.power(ops.subtract(1, share), gamma), alpha);
  return ops.sum(ops.multiply(weight, crossentropy), { axis });
}

/** Options of `sparseCategoricalCrossentropy`. */
export interface SparseLabelOptions {
  /** Whether `yPred` holds logits; otherwise probabilities. Default false. */
  fromLogits?: boolean;
  /** Entries with this label do not count; null: all count. Default null. */
  ignoreClass?: number | null;
  /** The axis of the classes. Default -1. */
  axis?: number;
}

/** `-log(yPred[yTrue])`, for labels given as class numbers. A label outside of the classes is an error, unless it is `ignoreClass`. */
export function sparseCategoricalCrossentropy(yTrue: TensorLike, yPred: TensorLike, options: SparseLabelOptions = {}): Tensor {
  const where = 'sparseCategoricalCrossentropy';
  checkOptions(where, options, ['fromLogits', 'ignoreClass', 'axis']);
  const { fromLogits = false, ignoreClass = null, axis = -1 } = options;
  const p = toTensor(yPred, null, where);
  const along = normalizeAxis(axis, p.ndim, where);
  const given = toTensor(yTrue, null, where);
  const labels = given.ndim === p.ndim && given.shape[along] === 1 ? ops.squeeze(given, { axis: along }) : given;
  if (ignoreClass === null) return ops.sparseCategoricalCrossentropy(labels, p, { fromLogits, axis });
  const counts = ops.notEqual(labels, toTensor(ignoreClass, p.dtype));
  const losses = ops.sparseCategoricalCrossentropy(ops.where(counts, labels, 0), ops.where(ops.expandDims(counts, along), p, 0), {
    fromLogits,
    axis,
  });
  const mask = ops.reshape(counts, losses.shape);
  return setMask(ops.where(mask, losses, 0), mask);
}

/**
 * `(1 - p^q) / q`, where `p` is the probability given to the true class, and `q` is between 0 and 1 (Zhang & Sabuncu, 2018). Labels are
 * class numbers.
 */
export function categoricalGeneralizedCrossEntropy(yTrue: TensorLike, yPred: TensorLike, q: number | { q: number }): Tensor {
  const where = 'categoricalGeneralizedCrossEntropy';
  const power = typeof q === 'object' && q !== null ? q.q : q;
  if (!(power > 0 && power < 1)) throw new RangeError(`${where}: q must be a number > 0 and < 1, received ${show(power)}`);
  const p = toTensor(yPred, null, where);
  const hot = ops.oneHot(toTensor(yTrue, 'int32', where), p.shape.at(-1)!, { dtype: p.dtype });
  const right = ops.sum(ops.multiply(p, hot), { axis: -1 });
  return ops.divide(ops.subtract(1, ops.power(right, power)), power);
}
