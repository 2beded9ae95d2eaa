// All losses. Each is a function of the same name around which weights and a reduction are put; the options are its function's and those of
// every loss: `name`, `reduction`, `dtype`.
import { axes, bool, field, float, int, nullable, withDefault, withUnsavedDefault } from '../config/fields.js';
import * as functions from './functions.js';
import { functionLoss } from './loss-function-wrapper.js';

export { LossFunctionWrapper } from './loss-function-wrapper.js';
export { Loss } from './loss.js';

const labels = {
  /** Whether predictions are logits; otherwise probabilities. Default false. */
  fromLogits: bool(false),
  /** The share of the labels that is spread evenly over all classes. Default 0. */
  labelSmoothing: withDefault(float({ min: 0, max: 1 }), 0),
  /** Default -1. */
  axis: withDefault(int(), -1),
} as const;

/** Mean of the squared errors: `mean(square(yTrue - yPred))`. */
export class MeanSquaredError extends functionLoss('MeanSquaredError', functions.meanSquaredError) {}

/** Mean of the absolute errors: `mean(abs(yTrue - yPred))`. */
export class MeanAbsoluteError extends functionLoss('MeanAbsoluteError', functions.meanAbsoluteError) {}

/** Mean of the errors in percent of the targets: `100 * mean(abs((yTrue - yPred) / yTrue))`. */
export class MeanAbsolutePercentageError extends functionLoss('MeanAbsolutePercentageError', functions.meanAbsolutePercentageError) {}

/** Mean of the squared differences of `log(y + 1)`. */
export class MeanSquaredLogarithmicError extends functionLoss('MeanSquaredLogarithmicError', functions.meanSquaredLogarithmicError) {}

/** The cosine of the angle between targets and predictions, negated: -1 is best. */
export class CosineSimilarity extends functionLoss('CosineSimilarity', functions.cosineSimilarity, {
  /** The axis, or the axes, of one vector; null: all. Default -1. */
  axis: withUnsavedDefault(axes(-1), -1),
}) {}

/** Squares of small errors, absolute values of errors beyond `delta` (Huber, 1964). */
export class Huber extends functionLoss('Huber', functions.huber, {
  /** Default 1. */
  delta: withUnsavedDefault(float(), 1),
}) {
  static override readonly defaultName = 'huber_loss';
}

/** Mean of `log(cosh(yPred - yTrue))`. */
export class LogCosh extends functionLoss('LogCosh', functions.logCosh) {}

/** Mean of `max(1 - yTrue * yPred, 0)`, for labels -1 and 1 (or 0 and 1). */
export class Hinge extends functionLoss('Hinge', functions.hinge) {}

/** Mean of `square(max(1 - yTrue * yPred, 0))`, for labels -1 and 1 (or 0 and 1). */
export class SquaredHinge extends functionLoss('SquaredHinge', functions.squaredHinge) {}

/** `max(neg - pos + 1, 0)` with the scores of the true class and of the best other one. */
export class CategoricalHinge extends functionLoss('CategoricalHinge', functions.categoricalHinge) {}

/** Kullback-Leibler divergence `sum(yTrue * log(yTrue / yPred))`. */
export class KLDivergence extends functionLoss('KLDivergence', functions.klDivergence) {}

/** Mean of `yPred - yTrue * log(yPred)`: Poisson's negative log-likelihood, up to a constant. */
export class Poisson extends functionLoss('Poisson', functions.poisson) {}

/** Crossentropy between labels 0 and 1 and predictions, element by element. */
export class BinaryCrossentropy extends functionLoss('BinaryCrossentropy', functions.binaryCrossentropy, { ...labels, axis: axes(-1) }) {}

/** Binary crossentropy that takes weight from what is classified well (Lin et al., 2018). */
export class BinaryFocalCrossentropy extends functionLoss('BinaryFocalCrossentropy', functions.binaryFocalCrossentropy, {
  ...labels,
  /** The axis, or the axes, of the mean; null: all. Default -1. */
  axis: axes(-1),
  /** Whether the classes are weighted by `alpha`. Default false. */
  applyClassBalancing: bool(false),
  /** Weight of class 1; that of class 0 is `1 - alpha`. Default 0.25. */
  alpha: withDefault(float(), 0.25),
  /** Default 2. */
  gamma: withDefault(float(), 2),
}) {}

/** Crossentropy between one-hot (or soft) labels and predicted classes. */
export class CategoricalCrossentropy extends functionLoss('CategoricalCrossentropy', functions.categoricalCrossentropy, labels) {}

/** Categorical crossentropy that takes weight from what is classified well (Lin et al., 2018). */
export class CategoricalFocalCrossentropy extends functionLoss('CategoricalFocalCrossentropy', functions.categoricalFocalCrossentropy, {
  ...labels,
  /** Weight of the classes; an array has one for each. Default 0.25. */
  alpha: withDefault(field<number | readonly number[]>('a number or an array of numbers', (v) =>
    (typeof v === 'number' || (Array.isArray(v) && v.every((n) => typeof n === 'number')) ? v : undefined)), 0.25),
  /** Default 2. */
  gamma: withDefault(float(), 2),
}) {}

/** Crossentropy between labels given as class numbers and predicted classes. */
export class SparseCategoricalCrossentropy extends functionLoss('SparseCategoricalCrossentropy', functions.sparseCategoricalCrossentropy, {
  /** Whether predictions are logits; otherwise probabilities. Default false. */
  fromLogits: bool(false),
  /** Entries with this label do not count; null: all count. Default null. */
  ignoreClass: nullable(int()),
  /** The axis of the classes. Default -1. */
  axis: withUnsavedDefault(int(), -1),
}) {}

/** Connectionist temporal classification, for sequences of labels whose places are not known (Graves et al., 2006). */
export class CTC extends functionLoss('CTC', functions.ctc) {}

/** `1 - 2 |A and B| / (|A| + |B|)`, for masks of images. */
export class Dice extends functionLoss('Dice', functions.dice, {
  /** The axes of one image; null: all. Default null. */
  axis: axes(null),
}) {}

/** `1 - tp / (tp + alpha * fp + beta * fn)`, for masks of images (Salehi et al., 2017). */
export class Tversky extends functionLoss('Tversky', functions.tversky, {
  /** Weight of the false positives. Default 0.5. */
  alpha: withDefault(float(), 0.5),
  /** Weight of the false negatives. Default 0.5. */
  beta: withDefault(float(), 0.5),
  /** The axes of one image; null: all. Default null. */
  axis: axes(null),
}) {}

/** Circle loss of embeddings of length 1, with labels as class numbers (Sun et al., 2020). */
export class Circle extends functionLoss('Circle', functions.circle, {
  /** Scale of the similarities. Default 80. */
  gamma: withDefault(float(), 80),
  /** How far apart classes have to be. Default 0.4. */
  margin: withDefault(float(), 0.4),
  /** Whether an embedding is not compared with itself. Default true. */
  removeDiagonal: bool(true),
}) {}

/** `(1 - p^q) / q` with the probability of the true class: robust against wrong labels (Zhang & Sabuncu, 2018). */
export class CategoricalGeneralizedCrossEntropy extends functionLoss(
  'CategoricalGeneralizedCrossEntropy',
  functions.categoricalGeneralizedCrossEntropy,
  {
    /** Above 0 and below 1. Default 0.5. */
    q: withDefault(float({ above: 0, below: 1 }), 0.5),
  },
) {}
