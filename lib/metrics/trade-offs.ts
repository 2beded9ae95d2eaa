// Metrics that tell the best of one quantity over the thresholds at which another one is large enough.
import { listLength } from '../base/integers.js';
import { configured } from '../config/configurable.js';
import { float, int, nullable, withDefault } from '../config/fields.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { Confusion, ConfusionMetric } from './confusion.js';
import type { Metric } from './metric.js';

const common = {
  /** The only class that counts, a place in the last axis. Default null: all. */
  classId: nullable(int({ min: 0 })),
  /** How many thresholds are tried, evenly from 0 to 1; 1: only 0.5. Default 200. */
  numThresholds: withDefault(int({ min: 1 }), 200),
} as const;
/** A share that must be reached. */
const least = float({ min: 0, max: 1 });

type TradeOff = Metric & { readonly config: { readonly classId: number | null; readonly numThresholds: number } };

/** Even thresholds from 0 to 1. */
export const evenThresholds = (count: number): number[] =>
  Array.from({ length: listLength('metric', 'numThresholds', count) }, (_, i) => i / (count - 1));

/** The state of such a metric. */
function stateOf(metric: TradeOff): Confusion {
  const { numThresholds, classId } = metric.config;
  const thresholds = numThresholds === 1 ? [0.5] : evenThresholds(numThresholds);
  return new Confusion(metric, { outcomes: ['truePositives', 'falsePositives', 'trueNegatives', 'falseNegatives'], thresholds, classId });
}
const recallOf = (confusion: Confusion): Tensor => confusion.share('truePositives', 'falseNegatives');
const precisionOf = (confusion: Confusion): Tensor => confusion.share('truePositives', 'falsePositives');
const specificityOf = (confusion: Confusion): Tensor => confusion.share('trueNegatives', 'falsePositives');

/** The largest of `values` where `condition` is at least `limit`; 0 when it is nowhere. */
const bestWhere = (values: Tensor, condition: Tensor, limit: number): Tensor =>
  ops.max(ops.where(ops.greaterEqual(condition, limit), values, 0), { initial: 0 });

/**
 * The largest sensitivity (share of the true targets that are predicted as true) among thresholds with a specificity (share of the false
 * targets that are predicted as false) of at least `specificity`; 0 when there is none.
 */
export class SensitivityAtSpecificity extends configured(ConfusionMetric, 'SensitivityAtSpecificity', { ...common, specificity: least }, [
  'specificity',
]) {
  static override readonly direction = 'up';
  /** @internal */
  override readonly confusion = stateOf(this);

  override result(): Tensor {
    return bestWhere(recallOf(this.confusion), specificityOf(this.confusion), this.config.specificity);
  }
}

/**
 * The largest specificity (share of the false targets that are predicted as false) among thresholds with a sensitivity (share of the true
 * targets that are predicted as true) of at least `sensitivity`; 0 when there is none.
 */
export class SpecificityAtSensitivity extends configured(ConfusionMetric, 'SpecificityAtSensitivity', { ...common, sensitivity: least }, [
  'sensitivity',
]) {
  static override readonly direction = 'up';
  /** @internal */
  override readonly confusion = stateOf(this);

  override result(): Tensor {
    return bestWhere(specificityOf(this.confusion), recallOf(this.confusion), this.config.sensitivity);
  }
}

/**
 * The largest precision among thresholds with a recall of at least `recall`; 0 when there is none.
 */
export class PrecisionAtRecall extends configured(ConfusionMetric, 'PrecisionAtRecall', { ...common, recall: least }, ['recall']) {
  static override readonly direction = 'up';
  /** @internal */
  override readonly confusion = stateOf(this);

  override result(): Tensor {
    return bestWhere(precisionOf(this.confusion), recallOf(this.confusion), this.config.recall);
  }
}

/**
 * The largest recall among thresholds with a precision of at least `precision`; 0 when there is none.
 */
export class RecallAtPrecision extends configured(ConfusionMetric, 'RecallAtPrecision', { ...common, precision: least }, ['precision']) {
  static override readonly direction = 'up';
  /** @internal */
  override readonly confusion = stateOf(this);

  override result(): Tensor {
    return bestWhere(recallOf(this.confusion), precisionOf(this.confusion), this.config.precision);
  }
}
