// Counts of true and false positives and negatives at thresholds, which the metrics of binary decisions add up.
import { snakeCase } from '../base/names.js';
import { toTensor, type TensorLike } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { checkOptions, show } from '../base/errors.js';
import { settings } from '../base/settings.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import { squeezeOrExpandToSameRank } from '../losses/reduction.js';
import * as ops from '../ops/index.js';
import { Metric, type UpdateArguments, type UpdateOptions } from './metric.js';

/** What a decision about one entry can be. */
export type Outcome = 'truePositives' | 'falsePositives' | 'trueNegatives' | 'falseNegatives';
/** Weighted counts for each threshold; those that are there are kept up to date. */
type ConfusionCounts = Readonly<Partial<Record<Outcome, Variable>>>;

/** How predictions are read. */
interface ConfusionOptions {
  /** A prediction above a threshold is positive there. */
  readonly thresholds: readonly number[];
  /** Only the `topK` largest predictions of a row count; the others are below all thresholds. */
  readonly topK?: number | null;
  /** Only this entry of the last axis counts. */
  readonly classId?: number | null;
  /** Counts of shape `(thresholds, labels)` instead of `(thresholds)`. */
  readonly multiLabel?: boolean;
  /** A weight for each label. */
  readonly labelWeights?: Tensor | null;
}

/** Below all thresholds, as in Keras. */
export const NEGATIVE_INFINITY = -1e10;

/** Whether thresholds are 0, 1/(n-1), …, 1, up to `epsilon`: then a prediction's interval is computed and not searched for. */
function areEven(thresholds: readonly number[]): boolean {
  const last = thresholds.length - 1;
  return last >= 2 && thresholds.every((t, i) => Math.abs(t - i / last) <= settings.epsilon + 1e-5 * (i / last));
}

/** The thresholds that an option stands for. @throws a RangeError for one outside of [0, 1]. */
export function readThresholds(where: string, given: number | readonly number[] | null, initial: number): readonly number[] {
  if (given === null) return [initial];
  const list = typeof given === 'number' ? [given] : given;
  if (list.length === 0 || list.some((t) => !(t >= 0 && t <= 1)))
    throw new RangeError(`${where}: thresholds must be in [0, 1], received ${show(given)}`);
  return list;
}

/** `x` with entries below all thresholds but for the `k` largest of each row, the first of equal ones first. */
function keepTop(where: string, x: Tensor, k: number): Tensor {
  const classes = x.shape.at(-1) ?? 1;
  if (k > classes) throw new RangeError(`${where}: topK is ${k}, but there are only ${classes} predictions in a row`);
  const [, places] = ops.topK(x, k);
  return ops.where(ops.any(ops.oneHot(places, classes, { dtype: 'bool' }), { axis: -2 }), x, NEGATIVE_INFINITY);
}

/** The weights with the predictions' rank, when they came with one axis less or with a last axis of size 1. */
function fitWeights(weights: Tensor, rank: number): Tensor {
  const column = ops.expandDims(weights, -1);
  return column.ndim === rank + 1 ? ops.squeeze(column, { axis: -1 }) : column;
}

/** Targets, predictions and weights (or null) in the dtype of the counts and of one shape. */
interface Entries {
  readonly labels: Tensor;
  readonly scores: Tensor;
  readonly weights: Tensor | null;
}

function readEntries(
  where: string,
  yTrue: TensorLike,
  yPred: TensorLike,
  dtype: Variable['dtype'],
  options: ConfusionOptions,
  sampleWeight: TensorLike | null,
): Entries {
  const { topK = null, classId = null, labelWeights = null } = options;
  let [scores, labels] = squeezeOrExpandToSameRank(toTensor(yPred, dtype, where), toTensor(yTrue, dtype, where));
  let weights = sampleWeight === null ? null : fitWeights(toTensor(sampleWeight, dtype, `${where}: sampleWeight`), labels.ndim);
  if (topK !== null) scores = keepTop(where, scores, topK);
  if (classId !== null) {
    if (scores.ndim === 1)
      throw new RangeError(
        `${where}: with classId, predictions must have the shape (samples, classes), received ${showShape(scores.shape)}`,
      );
    if (classId >= scores.shape.at(-1)!)
      throw new RangeError(`${where}: classId is ${classId}, but predictions have ${scores.shape.at(-1)} classes`);
    const column = (x: Tensor): Tensor => ops.take(x, [classId], { axis: -1 });
    [scores, labels] = [column(scores), column(labels)];
  }
  if (labelWeights !== null)
    weights =
      weights === null ? castTo(labelWeights, dtype) : ops.multiply(ops.broadcastTo(weights, scores.shape), castTo(labelWeights, dtype));
  weights &&= ops.broadcastTo(weights, scores.shape);
  return options.multiLabel === true
    ? { labels, scores, weights }
    : { labels: flat(labels), scores: flat(scores), weights: weights && flat(weights) };
}
const flat = (x: Tensor): Tensor => ops.reshape(x, [-1]);

const add = (variable: Variable | undefined, amounts: () => Tensor): void => {
  variable?.assign(ops.add(variable, amounts()));
};

/** Counts by comparing every prediction with every threshold. */
function compareAll(
  counts: ConfusionCounts,
  { labels, scores, weights }: Entries,
  thresholds: readonly number[],
  dtype: Variable['dtype'],
): void {
  const places = [thresholds.length, ...scores.shape.map(() => 1)];
  const limits = ops.reshape(toTensor(thresholds, dtype), places);
  const positive = ops.greater(ops.expandDims(scores, 0), limits);
  const label = ops.expandDims(ops.cast(labels, 'bool'), 0);
  const total = (isLabel: Tensor, isPositive: Tensor): Tensor => {
    const both = ops.logicalAnd(isLabel, isPositive);
    return ops.sum(weights === null ? ops.cast(both, dtype) : ops.where(both, ops.expandDims(weights, 0), 0), { axis: 1 });
  };
  const [negative, other] = [ops.logicalNot(positive), ops.logicalNot(label)];
  const cases: Record<Outcome, readonly [Tensor, Tensor]> = {
    truePositives: [label, positive],
    falsePositives: [other, positive],
    trueNegatives: [other, negative],
    falseNegatives: [label, negative],
  };
  for (const [outcome, [isLabel, isPositive]] of Object.entries(cases)) add(counts[outcome as Outcome], () => total(isLabel, isPositive));
}

/**
 * Counts for even thresholds: the weights are added up in the interval between two thresholds that each prediction falls into; what is
 * above a threshold is then in its interval or in a higher one.
 */
function countIntervals(counts: ConfusionCounts, entries: Entries, thresholds: readonly number[], dtype: Variable['dtype']): void {
  const { labels, scores, weights } = entries;
  const size = thresholds.length;
  const label = ops.cast(ops.cast(labels, 'bool'), dtype);
  const one = weights ?? ops.onesLike(label);
  const [ofTrue, ofFalse] = [ops.multiply(label, one), ops.multiply(ops.subtract(1, label), one)];
  const interval = ops.subtract(ops.ceil(ops.multiply(ops.clip(scores, 0, 1), size - 1)), 1);
  // Thresholds that begin below 0 have everything above the first one. Row 0 is for what is above none.
  const least = thresholds[0]! < 0 || thresholds[size - 1]! > 1 ? 0 : -1;
  const row = ops.add(ops.cast(ops.clip(ops.nanToNum(interval), least, size - 1), 'int32'), 1);
  const above = ops.triu(ops.ones([size, size + 1], { dtype }), { k: 1 });
  const width = scores.ndim === 1 ? 1 : scores.shape[1]!;
  const column = ops.broadcastTo(ops.arange(width, { dtype: 'int32' }), [scores.shape[0]!, width]);
  const places = ops.stack([ops.reshape(row, [-1]), ops.reshape(column, [-1])], { axis: -1 });
  const cumulate = (amounts: Tensor): Tensor => {
    const sums = ops.matmul(above, ops.scatter(places, ops.reshape(amounts, [-1]), [size + 1, width]));
    return scores.ndim === 1 ? ops.reshape(sums, [size]) : sums;
  };
  const [tp, fp] = [cumulate(ofTrue), cumulate(ofFalse)];
  add(counts.truePositives, () => tp);
  add(counts.falsePositives, () => fp);
  add(counts.trueNegatives, () => ops.subtract(ops.sum(ofFalse, { axis: 0 }), fp));
  add(counts.falseNegatives, () => ops.subtract(ops.sum(ofTrue, { axis: 0 }), tp));
}

/** What a metric counts, and how. */
export interface ConfusionSettings extends ConfusionOptions {
  readonly outcomes: readonly Outcome[];
  /** Name of the only count's variable. Default: that of the outcome. */
  readonly name?: string;
  /** Number of labels with `multiLabel`. */
  readonly labels?: number;
}

/** The state of a metric that counts outcomes: a variable for each, of the metric's own. */
export class Confusion {
  readonly counts: Readonly<Record<Outcome, Variable>>;
  private readonly even: boolean;

  constructor(private readonly metric: Metric, readonly settings: ConfusionSettings) {
    const { outcomes, thresholds, labels, name } = settings;
    this.even = areEven(thresholds);
    const shape = labels === undefined ? [thresholds.length] : [thresholds.length, labels];
    this.counts = Object.fromEntries(
      outcomes.map((outcome) => [outcome, metric.addVariable(shape, 'zeros', { name: name ?? snakeCase(outcome) })]),
    ) as Record<Outcome, Variable>;
  }

  /**
   * Adds the outcomes of a batch. Targets count as true where they are not 0.
   * @throws a RangeError when `topK` or `classId` do not fit the predictions.
   */
  update(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions): void {
    const { name } = this.metric;
    checkOptions(name, options, ['sampleWeight']);
    const { dtype } = Object.values(this.counts)[0]!;
    const entries = readEntries(name, yTrue, yPred, dtype, this.settings, options.sampleWeight ?? null);
    (this.even ? countIntervals : compareAll)(this.counts, entries, this.settings.thresholds, dtype);
  }

  /** The share of the first count in both, for each threshold; 0 where both are 0. */
  share(part: Outcome, rest: Outcome): Tensor {
    const { [part]: a, [rest]: b } = this.counts;
    return ops.divideNoNan(a, ops.add(a, b));
  }
}

/** The value itself when there is one threshold, else all. */
export const perThreshold = (values: Tensor | Variable): Tensor =>
  values.size === 1 ? ops.reshape(values, []) : ops.convertToTensor(values);

/** A metric whose state is such counts, which it adds up from targets and predictions. */
export class ConfusionMetric extends Metric {
  static override readonly numbered = true;
  /** @internal Made by the class itself, from its options. */
  declare readonly confusion: Confusion;

  /** Above which predictions are positive, each with a result of its own. */
  get thresholds(): readonly number[] {
    return this.confusion.settings.thresholds;
  }

  override updateState(...args: UpdateArguments): void;
  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    this.confusion.update(yTrue, yPred, options);
  }
}
