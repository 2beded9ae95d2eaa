// F scores: means of precision and recall.
import { configured } from '../config/configurable.js';
import { float, nullable, oneOf, withDefault } from '../config/fields.js';
import { toTensor, type TensorLike } from '../core/convert.js';
import { checkOptions } from '../base/errors.js';
import { settings } from '../base/settings.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { Metric, type UpdateArguments, type UpdateOptions } from './metric.js';

/** Sums over all samples, for each class or for all. */
interface Sums {
  readonly truePositives: Variable;
  readonly falsePositives: Variable;
  readonly falseNegatives: Variable;
  readonly labels: Variable;
}

const average = nullable(oneOf('micro', 'macro', 'weighted'));
const threshold = nullable(float({ above: 0, max: 1 }));

/** Base of the scores. Subclasses have its options. */
class FScore extends Metric {
  static override readonly direction: 'up' | 'down' | null = 'up';
  /** How the scores of the classes become one, and above what a prediction is true. */
  declare readonly config: { readonly average: 'micro' | 'macro' | 'weighted' | null; readonly threshold: number | null };
  private sums: Sums | null = null;

  /** How much more recall counts than precision. */
  get beta(): number {
    return 1;
  }

  private build(yTrue: Tensor, yPred: Tensor): Sums {
    const where = this.constructor.name;
    if (yTrue.ndim !== 2 || yPred.ndim !== 2)
      throw new RangeError(
        `${where}: expected targets and predictions of shape (samples, classes), received ${showShape(yTrue.shape)} and ` +
          `${showShape(yPred.shape)}`,
      );
    const shape = this.config.average === 'micro' ? [] : [yPred.shape[1]!];
    const make = (name: string): Variable => this.addVariable(shape, 'zeros', { name, dtype: this.dtype });
    return {
      truePositives: make('true_positives'),
      falsePositives: make('false_positives'),
      falseNegatives: make('false_negatives'),
      labels: make('intermediate_weights'),
    };
  }

  /** Predictions as 1 and 0: those above the threshold, or the largest of each row unless it is 0. */
  private decide(yPred: Tensor): Tensor {
    const { threshold } = this.config;
    if (threshold !== null) return ops.cast(ops.greater(yPred, threshold), this.dtype);
    const largest = ops.greaterEqual(yPred, ops.max(yPred, { axis: -1, keepdims: true }));
    return ops.cast(ops.logicalAnd(largest, ops.greater(ops.abs(yPred), 1e-9)), this.dtype);
  }

  override updateState(...args: UpdateArguments): void;
  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    checkOptions(this.name, options, ['sampleWeight']);
    const [t, scores] = [toTensor(yTrue, this.dtype, this.name), toTensor(yPred, this.dtype, this.name)];
    const { truePositives, falsePositives, falseNegatives, labels } = (this.sums ??= this.build(t, scores));
    const p = this.decide(scores);
    const given = options.sampleWeight ?? null;
    let weights = given === null ? null : toTensor(given, this.dtype, `${this.name}: sampleWeight`);
    while (weights !== null && weights.ndim < t.ndim) weights = ops.expandDims(weights, -1);
    const add = (sum: Variable, values: Tensor): void => {
      const weighted = weights === null ? values : ops.multiply(values, weights);
      sum.assign(ops.add(sum, ops.sum(weighted, { axis: this.config.average === 'micro' ? null : 0 })));
    };
    add(truePositives, ops.multiply(p, t));
    add(falsePositives, ops.multiply(p, ops.subtract(1, t)));
    add(falseNegatives, ops.multiply(ops.subtract(1, p), t));
    add(labels, t);
  }

  override result(): Tensor {
    if (this.sums === null) throw new Error(`${this.constructor.name}: has no result before the first updateState`);
    const { truePositives, falsePositives, falseNegatives, labels } = this.sums;
    const { average } = this.config;
    const square = this.beta ** 2;
    const over = (a: TensorLike, b: TensorLike): Tensor => ops.divide(a, ops.add(b, settings.epsilon));
    const precision = over(truePositives, ops.add(truePositives, falsePositives));
    const recall = over(truePositives, ops.add(truePositives, falseNegatives));
    const mean = over(ops.multiply(precision, recall), ops.add(ops.multiply(precision, square), recall));
    const scores = ops.multiply(mean, 1 + square);
    if (average === 'weighted') return ops.sum(ops.multiply(scores, over(labels, ops.sum(labels))));
    return average === null ? scores : ops.mean(scores);
  }
}

/**
 * `(1 + beta²) · precision · recall / (beta² · precision + recall)`, for targets (0 or 1) and predictions of shape `(samples, classes)`.
 *
 * @throws in `updateState` when one of them is no matrix.
 */
export class FBetaScore extends configured(FScore, 'FBetaScore', {
  /**
   * How the scores of the classes become one: over all entries at once, their mean, their mean weighted by the number of true labels, or
   * not at all (null, the default).
   */
  average,
  /** How much more recall counts than precision. Default 1. */
  beta: withDefault(float({ above: 0 }), 1),
  /** Predictions above it are true. Default null: the largest of each row. */
  threshold,
}) {
  static override readonly defaultName = 'fbeta_score';

  override get beta(): number {
    return this.config.beta;
  }
}

/**
 * The harmonic mean of precision and recall, for targets (0 or 1) and predictions of shape `(samples, classes)`. @throws in `updateState`
 * when one of them is no matrix.
 */
export class F1Score extends configured(FScore, 'F1Score', {
  /** As in `FBetaScore`. */
  average,
  /** As in `FBetaScore`. */
  threshold,
}) {}
