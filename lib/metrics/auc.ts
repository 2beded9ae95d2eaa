// The area under a curve over all thresholds.
import { sigmoid } from '../activations/index.js';
import { array } from '../config/array-field.js';
import { configured, type Config } from '../config/configurable.js';
import { bool, field, int, nullable, withDefault, type Field } from '../config/fields.js';
import { toTensor, type TensorLike } from '../core/convert.js';
import { didYouMean, show } from '../base/errors.js';
import { settings } from '../base/settings.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { Confusion, readThresholds } from './confusion.js';
import { Metric, type UpdateArguments, type UpdateOptions } from './metric.js';
import { evenThresholds } from './trade-offs.js';

/** One of a few words, which may be written with other capitals as well. */
function word<const T extends string, const O extends string>(values: readonly T[], others: readonly O[]): Field<T | O, T, true> {
  const expects = values.map((v) => `'${v}'`).join(', ');
  return {
    ...field<T | O, T>(`one of ${expects}`, () => undefined),
    parse: (value, where) => {
      const index = values.includes(value as T) ? values.indexOf(value as T) : others.indexOf(value as O);
      if (index >= 0) return values[index]!;
      throw new TypeError(
        `${where} must be one of ${expects}, received ${show(value)}${typeof value === 'string' ? didYouMean(value, values) : ''}`,
      );
    },
  };
}

const schema = {
  /** How many thresholds from 0 to 1 approximate the curve, at least 2. Default 200. Has no effect beside `thresholds`. */
  numThresholds: nullable(int(), 200),
  /**
   * `'ROC'`: recall over the rate of false positives; `'PR'`: precision over recall; `'PRGAIN'`: the gains of both (Flach and Kull, 2015).
   */
  curve: withDefault(word(['ROC', 'PR', 'PRGAIN'], ['roc', 'pr', 'prgain']), 'ROC'),
  /** Heights between two thresholds: their middle (for `'PR'` by Davis and Goadrich's interpolation), the larger or the smaller. */
  summationMethod: withDefault(word(['interpolation', 'majoring', 'minoring'], ['Interpolation', 'Majoring', 'Minoring']), 'interpolation'),
  /**
   * Whether each column is a label with an area of its own, of which the mean counts. Default false: all entries are decisions of one kind.
   */
  multiLabel: bool(false),
  /** Number of labels with `multiLabel`. Default null: that of the first predictions. */
  numLabels: nullable(int({ min: 1 })),
  /** A weight for each label: for its area with `multiLabel`, else for its entries. */
  labelWeights: nullable(array()),
  /** Whether predictions are logits; otherwise probabilities. Default false. */
  fromLogits: bool(false),
  /** Thresholds to use instead of even ones, in [0, 1]; both ends are added. Default null. */
  thresholds: nullable(
    field<readonly number[]>('an array of numbers in [0, 1]', (v) =>
      Array.isArray(v) && v.every((t) => typeof t === 'number') ? v : undefined,
    ),
  ),
} as const;

/**
 * The area under the ROC or the precision-recall curve, approximated by sums over thresholds.
 *
 * ```ts
 * const auc = new keras.metrics.AUC({ numThresholds: 3 });
 * auc([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]).item(); // 0.75
 * ```
 * @throws for `numLabels` without `multiLabel`, for thresholds outside of [0, 1], and in `updateState` for predictions that are no matrix
 * with `multiLabel`.
 */
export class AUC extends configured(Metric, 'AUC', schema) {
  static override readonly direction = 'up';
  static override readonly numbered = true;

  /** All thresholds in ascending order, from just below 0 to just above 1. */
  readonly thresholds: readonly number[] = this.allThresholds();
  readonly #labelWeights: Tensor | null =
    this.config.labelWeights === null ? null : toTensor(this.config.labelWeights, this.dtype, 'AUC: labelWeights');
  private confusion: Confusion | null = this.initialState();

  /** How many thresholds there are, with both ends. */
  declare readonly numThresholds: number;
  static {
    Object.defineProperty(this.prototype, 'numThresholds', { get(this: AUC) { return this.thresholds.length; } });
  }

  private allThresholds(): number[] {
    const { thresholds } = this.config;
    const inner =
      thresholds === null
        ? this.evenThresholds()
        : [...(thresholds.length === 0 ? [] : readThresholds('AUC', thresholds, 0))].sort((a, b) => a - b);
    return [-settings.epsilon, ...inner, 1 + settings.epsilon];
  }
  private evenThresholds(): number[] {
    const { numThresholds } = this.config;
    if (numThresholds === null || numThresholds < 2)
      throw new TypeError(`AUC: numThresholds must be an integer >= 2, received ${numThresholds}`);
    return evenThresholds(numThresholds).slice(1, -1);
  }
  private initialState(): Confusion | null {
    const { multiLabel, numLabels } = this.config;
    if (!multiLabel && numLabels !== null) throw new Error(`AUC: numLabels is for multiLabel: true only, received ${numLabels}`);
    return multiLabel && numLabels === null ? null : this.makeState(numLabels);
  }
  private makeState(labels: number | null): Confusion {
    const { multiLabel } = this.config;
    return new Confusion(this, {
      outcomes: ['truePositives', 'falsePositives', 'trueNegatives', 'falseNegatives'],
      thresholds: this.thresholds,
      multiLabel,
      ...(multiLabel ? { labels: labels! } : { labelWeights: this.#labelWeights }),
    });
  }

  override updateState(...args: UpdateArguments): void;
  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    const given = toTensor(yPred, null, this.name);
    if (this.config.multiLabel && given.ndim !== 2)
      throw new RangeError(`AUC: with multiLabel, predictions must have the shape (samples, labels), received ${showShape(given.shape)}`);
    this.confusion ??= this.makeState(given.shape[1]!);
    this.confusion.update(yTrue, this.config.fromLogits ? sigmoid(given) : given, options);
  }

  override result(): Tensor {
    if (this.confusion === null)
      throw new Error('AUC: has no result before the first updateState, which tells the number of labels; or give it as numLabels');
    const { curve, summationMethod } = this.config;
    if (curve === 'PR' && summationMethod === 'interpolation') return this.interpolatePrAuc();
    const [x, y] = this.points(this.confusion);
    const [left, right] = [this.allButLast(y), this.allButFirst(y)];
    const heights = {
      interpolation: () => ops.divide(ops.add(left, right), 2),
      minoring: () => ops.minimum(left, right),
      majoring: () => ops.maximum(left, right),
    }[summationMethod]();
    return this.total(ops.multiply(ops.subtract(this.allButLast(x), this.allButFirst(x)), heights));
  }

  /** Abscissas and ordinates at the thresholds. */
  private points(confusion: Confusion): [Tensor, Tensor] {
    const recall = confusion.share('truePositives', 'falseNegatives');
    if (this.config.curve === 'ROC') return [confusion.share('falsePositives', 'trueNegatives'), recall];
    if (this.config.curve === 'PR') return [recall, confusion.share('truePositives', 'falsePositives')];
    const { truePositives: tp, falsePositives: fp, trueNegatives: tn, falseNegatives: fn } = confusion.counts;
    const odds = ops.divideNoNan(ops.add(tp, fn), ops.add(tn, fp));
    const none = ops.equal(tp, 0);
    const gain = (wrong: typeof tp): Tensor => ops.subtract(1, ops.multiply(odds, ops.divideNoNan(wrong, tp)));
    return [ops.maximum(ops.where(none, 0, gain(fn)), 0), ops.where(none, 1, gain(fp))];
  }

  /**
   * The area under the precision-recall curve where true positives grow linearly with all positives between two thresholds
   * (Davis and Goadrich, 2006).
   */
  interpolatePrAuc(): Tensor {
    const { truePositives: tp, falsePositives: fp, falseNegatives: fn } = this.confusion!.counts;
    const positives = ops.add(tp, fp);
    const [before, after] = [this.allButLast(positives), this.allButFirst(positives)];
    const tpAfter = this.allButFirst(tp);
    const growth = ops.subtract(this.allButLast(tp), tpAfter);
    const slope = ops.divideNoNan(growth, ops.maximum(ops.subtract(before, after), 0));
    const intercept = ops.subtract(tpAfter, ops.multiply(slope, after));
    const both = ops.logicalAnd(ops.greater(before, 0), ops.greater(after, 0));
    const ratio = ops.where(both, ops.divideNoNan(before, ops.maximum(after, 0)), 1);
    const areas = ops.multiply(slope, ops.add(growth, ops.multiply(intercept, ops.log(ratio))));
    return this.total(ops.divideNoNan(areas, ops.maximum(ops.add(tpAfter, this.allButFirst(fn)), 0)));
  }

  private allButLast(x: TensorLike): Tensor {
    return ops.getItem(x, { stop: -1 });
  }
  private allButFirst(x: TensorLike): Tensor {
    return ops.getItem(x, { start: 1 });
  }
  /** The area from the areas between neighbouring thresholds: with labels, the mean over them. */
  private total(parts: Tensor): Tensor {
    if (!this.config.multiLabel) return ops.sum(parts);
    const areas = ops.sum(parts, { axis: 0 });
    if (this.labelWeights === null) return ops.mean(areas);
    return ops.divideNoNan(ops.sum(ops.multiply(areas, this.labelWeights)), ops.sum(this.labelWeights));
  }

  override getConfig(): Config {
    const { thresholds, ...config } = super.getConfig();
    return {
      ...config,
      num_thresholds: this.thresholds.length,
      ...(thresholds === null ? {} : { thresholds: this.thresholds.slice(1, -1) }),
    };
  }
}
