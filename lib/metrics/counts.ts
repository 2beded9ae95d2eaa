// Metrics that are counts of outcomes at thresholds, or shares of such counts: precision and recall.
import { configured } from '../config/configurable.js';
import { field, int, nullable } from '../config/fields.js';
import type { Tensor } from '../core/tensor.js';
import { Confusion, ConfusionMetric, NEGATIVE_INFINITY, type Outcome, perThreshold, readThresholds } from './confusion.js';
import type { Metric } from './metric.js';

type Thresholds = number | readonly number[];
const thresholdsField = nullable(field<Thresholds>('a number in [0, 1] or an array of them', (v) =>
  typeof v === 'number' || (Array.isArray(v) && v.length > 0 && v.every((t) => typeof t === 'number')) ? (v as Thresholds) : undefined));

const thresholds = {
  /** A prediction above it is positive; with several there is a result for each. Default null: 0.5. */
  thresholds: thresholdsField,
} as const;

/** The state of a metric that counts one outcome. */
const single = (metric: Metric & { readonly config: { readonly thresholds: Thresholds | null } }, outcome: Outcome): Confusion =>
  new Confusion(metric, {
    outcomes: [outcome],
    name: 'accumulator',
    thresholds: readThresholds(metric.constructor.name, metric.config.thresholds, 0.5),
  });

/** A metric that is the count of one outcome. */
function count(className: string, outcome: Outcome) {
  const Base = configured(ConfusionMetric, className, thresholds);
  class Count extends Base {
    override readonly confusion = single(this, outcome);

    override result(): Tensor {
      return perThreshold(this.confusion.counts[outcome]);
    }
  }
  return Count as typeof Base;
}

/**
 * The (weighted) number of true targets that are predicted as true. A result for each threshold when there are several. @throws a
 * RangeError for thresholds outside of [0, 1].
 */
export class TruePositives extends count('TruePositives', 'truePositives') {}

/**
 * The (weighted) number of false targets that are predicted as true. A result for each threshold when there are several. @throws a
 * RangeError for thresholds outside of [0, 1].
 */
export class FalsePositives extends count('FalsePositives', 'falsePositives') {}

/**
 * The (weighted) number of false targets that are predicted as false. A result for each threshold when there are several. @throws a
 * RangeError for thresholds outside of [0, 1].
 */
export class TrueNegatives extends count('TrueNegatives', 'trueNegatives') {}

/**
 * The (weighted) number of true targets that are predicted as false. A result for each threshold when there are several. @throws a
 * RangeError for thresholds outside of [0, 1].
 */
export class FalseNegatives extends count('FalseNegatives', 'falseNegatives') {}

const shares = {
  /** A prediction above it is positive; with several there is a result for each. Default null: 0.5, and none with `topK`. */
  thresholds: thresholdsField,
  /** Only the so many largest predictions of each row can be positive. Default null: all. */
  topK: nullable(int({ min: 1 })),
  /** The only class that counts, a place in the last axis. Default null: all. */
  classId: nullable(int({ min: 0 })),
} as const;
type Share = Metric & {
  readonly config: { readonly thresholds: Thresholds | null; readonly topK: number | null; readonly classId: number | null };
};

/** The state of a metric that relates the true positives to another count. */
function shareOf(metric: Share, rest: Outcome): Confusion {
  const { thresholds: given, topK, classId } = metric.config;
  const limits = readThresholds(metric.constructor.name, given, topK === null ? 0.5 : NEGATIVE_INFINITY);
  return new Confusion(metric, { outcomes: ['truePositives', rest], thresholds: limits, topK, classId });
}

/**
 * The (weighted) share of what is predicted as true that is true; 0 when there is nothing. A result for each threshold when there are
 * several.
 * @throws a RangeError for thresholds outside of [0, 1], and in `updateState` when `topK` or `classId` do not fit the predictions.
 */
export class Precision extends configured(ConfusionMetric, 'Precision', shares) {
  static override readonly direction = 'up';
  /** @internal */
  override readonly confusion = shareOf(this, 'falsePositives');

  override result(): Tensor {
    return perThreshold(this.confusion.share('truePositives', 'falsePositives'));
  }
}

/**
 * The (weighted) share of what is true that is predicted as true; 0 when there is nothing. A result for each threshold when there are
 * several.
 * @throws a RangeError for thresholds outside of [0, 1], and in `updateState` when `topK` or `classId` do not fit the predictions.
 */
export class Recall extends configured(ConfusionMetric, 'Recall', shares) {
  static override readonly direction = 'up';
  /** @internal */
  override readonly confusion = shareOf(this, 'falseNegatives');

  override result(): Tensor {
    return perThreshold(this.confusion.share('truePositives', 'falseNegatives'));
  }
}
