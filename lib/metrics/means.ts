// Metrics that are the mean of a function of targets and predictions.
import type { Config } from '../config/configurable.js';
import { axes, bool, float, int, nullable, withDefault } from '../config/fields.js';
import { accuracy } from './accuracy.js';
import { cosineSimilarity } from './correlation.js';
import * as functions from './functions.js';
import { functionMetric } from './reduction.js';

const labels = {
  /** Whether predictions are logits; otherwise probabilities. Default false. */
  fromLogits: bool(false),
  /** The share of the labels that is spread evenly over all classes. Default 0. */
  labelSmoothing: withDefault(float({ min: 0, max: 1 }), 0),
} as const;
/** The axis of the classes. */
const axis = withDefault(int(), -1);

/** How often predictions are equal to targets. */
export class Accuracy extends functionMetric('Accuracy', accuracy) {
  static override readonly direction = 'up';
}

/** How often predictions are on the targets' side of the threshold. */
export class BinaryAccuracy extends functionMetric('BinaryAccuracy', functions.binaryAccuracy, {
  /** Predictions above it are 1. Default 0.5. */
  threshold: withDefault(float(), 0.5),
}) {
  static override readonly direction = 'up';
}

/** How often the class with the largest prediction is that of one-hot targets. */
export class CategoricalAccuracy extends functionMetric('CategoricalAccuracy', functions.categoricalAccuracy) {
  static override readonly direction = 'up';
}

/** How often the class with the largest prediction is the target, given as class number. */
export class SparseCategoricalAccuracy extends functionMetric('SparseCategoricalAccuracy', functions.sparseCategoricalAccuracy) {
  static override readonly direction = 'up';
}

/** How often the class of one-hot targets is among the `k` classes with the largest predictions. */
export class TopKCategoricalAccuracy extends functionMetric('TopKCategoricalAccuracy', functions.topKCategoricalAccuracy, {
  /** Default 5. */
  k: withDefault(int({ min: 1 }), 5),
}) {
  static override readonly direction = 'up';
}

/** How often the target, given as class number, is among the `k` classes with the largest predictions. */
export class SparseTopKCategoricalAccuracy extends functionMetric(
  'SparseTopKCategoricalAccuracy',
  functions.sparseTopKCategoricalAccuracy,
  {
    /** Default 5. */
    k: withDefault(int({ min: 1 }), 5),
    /** Whether predictions are class numbers, the most likely first, and not probabilities. Default false. */
    fromSortedIds: bool(false),
  },
) {
  static override readonly direction = 'up';
  override getConfig(): Config {
    const { k, fromSortedIds } = this.config;
    return { name: this.name, dtype: this.dtype, k, ...(fromSortedIds ? { from_sorted_ids: true } : {}) };
  }
}

/** Mean of the squared errors. */
export class MeanSquaredError extends functionMetric('MeanSquaredError', functions.meanSquaredError) {}

/** Mean of the absolute errors. */
export class MeanAbsoluteError extends functionMetric('MeanAbsoluteError', functions.meanAbsoluteError) {}

/** Mean of the absolute errors in percent of the targets. */
export class MeanAbsolutePercentageError extends functionMetric('MeanAbsolutePercentageError', functions.meanAbsolutePercentageError) {}

/** Mean of the squared differences of `log(y + 1)`. */
export class MeanSquaredLogarithmicError extends functionMetric('MeanSquaredLogarithmicError', functions.meanSquaredLogarithmicError) {}

/** Mean cosine of the angle between targets and predictions. As in Keras, the config does not keep the axis. */
export class CosineSimilarity extends functionMetric('CosineSimilarity', cosineSimilarity, {
  /** The axis, or the axes, of one vector; null: all. Default -1. */
  axis: axes(-1),
}) {
  static override readonly direction = 'up';
  override getConfig(): Config {
    return { name: this.name, dtype: this.dtype };
  }
}

/** Mean of `log(cosh(yPred - yTrue))`. */
export class LogCoshError extends functionMetric('LogCoshError', functions.logCosh) {
  static override readonly defaultName = 'logcosh';
}

/** Mean of Pearson's correlation between targets and predictions. */
export class PearsonCorrelation extends functionMetric('PearsonCorrelation', functions.pearsonCorrelation, {
  /** The axis, or the axes, of one vector; null: all. Default -1. */
  axis: axes(-1),
}) {
  static override readonly direction = 'up';
}

/** Mean of Lin's concordance correlation between targets and predictions. */
export class ConcordanceCorrelation extends functionMetric('ConcordanceCorrelation', functions.concordanceCorrelation, {
  /** The axis, or the axes, of one vector; null: all. Default -1. */
  axis: axes(-1),
}) {
  static override readonly direction = 'up';
}

/** Mean of `max(1 - yTrue * yPred, 0)`, for labels -1 and 1 (or 0 and 1). */
export class Hinge extends functionMetric('Hinge', functions.hinge) {}

/** Mean of `square(max(1 - yTrue * yPred, 0))`, for labels -1 and 1 (or 0 and 1). */
export class SquaredHinge extends functionMetric('SquaredHinge', functions.squaredHinge) {}

/** Mean of `max(neg - pos + 1, 0)` with the scores of the true class and of the best other one. */
export class CategoricalHinge extends functionMetric('CategoricalHinge', functions.categoricalHinge) {}

/** Kullback-Leibler divergence `sum(yTrue * log(yTrue / yPred))`. */
export class KLDivergence extends functionMetric('KLDivergence', functions.klDivergence) {}

/** Mean of `yPred - yTrue * log(yPred)`. */
export class Poisson extends functionMetric('Poisson', functions.poisson) {}

/** Crossentropy between labels 0 and 1 and predictions. */
export class BinaryCrossentropy extends functionMetric('BinaryCrossentropy', functions.binaryCrossentropy, labels) {}

/** Crossentropy between one-hot (or soft) labels and predicted classes. */
export class CategoricalCrossentropy extends functionMetric('CategoricalCrossentropy', functions.categoricalCrossentropy, {
  ...labels,
  /** The axis of the classes. Default -1. */
  axis,
}) {}

/** Crossentropy between labels given as class numbers and predicted classes. */
export class SparseCategoricalCrossentropy extends functionMetric(
  'SparseCategoricalCrossentropy',
  functions.sparseCategoricalCrossentropy,
  {
    /** Whether predictions are logits; otherwise probabilities. Default false. */
    fromLogits: bool(false),
    /** Entries with this label do not count; null: all count. Default null. */
    ignoreClass: nullable(int()),
    /** The axis of the classes. Default -1. */
    axis,
  },
) {}
