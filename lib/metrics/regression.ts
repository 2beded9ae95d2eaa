// Metrics of regressions that are not the mean of a function.
import { configured } from '../config/configurable.js';
import { int, nullable, oneOf, withDefault } from '../config/fields.js';
import { toTensor, type TensorLike } from '../core/convert.js';
import { checkOptions } from '../base/errors.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import { squeezeOrExpandToSameRank } from '../losses/reduction.js';
import * as ops from '../ops/index.js';
import { Metric, type UpdateArguments, type UpdateOptions } from './metric.js';
import { MeanOfFunction } from './reduction.js';

/** The square root of the mean of the squared errors. */
export class RootMeanSquaredError extends configured(MeanOfFunction, 'RootMeanSquaredError', {}) {
  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    const [t, p] = squeezeOrExpandToSameRank(toTensor(yTrue, this.dtype, this.name), toTensor(yPred, this.dtype, this.name));
    return ops.square(ops.subtract(p, t));
  }
  override result(): Tensor {
    return ops.sqrt(super.result());
  }
}

/** Sums over all samples, for each output. */
interface Sums {
  readonly squaredSum: Variable;
  readonly sum: Variable;
  readonly residual: Variable;
  readonly count: Variable;
}

/** R², the share of the targets' variance that predictions explain. Targets and predictions have the shape `[samples, outputs]`. */
export class R2Score extends configured(Metric, 'R2Score', {
  /**
   * How the scores of several outputs become one: their mean, their mean weighted by the variances, or not at all (null). Default
   * `'uniform_average'`.
   */
  classAggregation: nullable(oneOf('uniform_average', 'variance_weighted_average'), 'uniform_average'),
  /** Number of independent variables, for the adjusted R²; 0: the plain one. Default 0. */
  numRegressors: withDefault(int({ min: 0 }), 0),
}) {
  static override readonly direction = 'up';

  private readonly numSamples = this.addVariable([], 'zeros', { name: 'num_samples' });
  private sums: Sums | null = null;

  private build(yTrue: Tensor, yPred: Tensor): Sums {
    if (yTrue.ndim !== 2 || yPred.ndim !== 2)
      throw new RangeError(
        `R2Score: expected targets and predictions of shape (samples, outputs), received ${showShape(yTrue.shape)} and ` +
          `${showShape(yPred.shape)}`,
      );
    const make = (name: string) => this.addVariable([yPred.shape[1]!], 'zeros', { name });
    return { squaredSum: make('squared_sum'), sum: make('sum'), residual: make('residual'), count: make('count') };
  }

  override updateState(...args: UpdateArguments): void;
  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    checkOptions(this.name, options, ['sampleWeight']);
    const [t, p] = squeezeOrExpandToSameRank(toTensor(yTrue, this.dtype, this.name), toTensor(yPred, this.dtype, this.name));
    const { squaredSum, sum, residual, count } = (this.sums ??= this.build(t, p));
    const given = toTensor(options.sampleWeight ?? 1, this.dtype, this.name);
    const weight = ops.broadcastTo(given.ndim === 1 ? ops.expandDims(given, 1) : given, t.shape);
    const add = (variable: Variable, values: Tensor) => variable.assign(ops.add(variable, ops.sum(values, { axis: 0 })));
    const weighted = ops.multiply(t, weight);
    add(sum, weighted);
    add(squaredSum, ops.multiply(t, weighted));
    add(residual, ops.multiply(ops.square(ops.subtract(t, p)), weight));
    add(count, weight);
    add(this.numSamples, ops.cast(ops.any(ops.notEqual(weight, 0), { axis: -1 }), this.dtype));
  }

  override result(): Tensor {
    if (this.sums === null) throw new Error('R2Score: has no result before the first updateState');
    const { squaredSum, sum, residual, count } = this.sums;
    const variance = ops.subtract(squaredSum, ops.multiply(sum, ops.divide(sum, count)));
    const raw = ops.subtract(1, ops.divide(residual, variance));
    const scores = ops.where(ops.isinf(raw), 0, raw);
    return this.adjusted(this.aggregated(scores, variance));
  }

  private aggregated(scores: Tensor, variance: Tensor): Tensor {
    const { classAggregation } = this.config;
    if (classAggregation === null) return scores;
    if (classAggregation === 'uniform_average') return ops.mean(scores);
    return ops.divide(ops.sum(ops.multiply(variance, scores)), ops.sum(variance));
  }

  /** The adjusted R²; the plain one where there are too few samples for it. */
  private adjusted(score: Tensor): Tensor {
    const { numRegressors } = this.config;
    if (numRegressors === 0) return score;
    const freedom = ops.subtract(ops.subtract(this.numSamples, numRegressors), 1);
    const enough = ops.greater(freedom, 0);
    const unexplained = ops.multiply(ops.subtract(1, score), ops.subtract(this.numSamples, 1));
    return ops.where(enough, ops.subtract(1, ops.divide(unexplained, ops.where(enough, freedom, 1))), score);
  }
}
