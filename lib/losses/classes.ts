// All losses. Each is a function of the same name around which weights and a reduction are put; the options are its function's and those of
// every loss: `name`, `reduction`, `dtype`.
import { configured } from '../config/configurable.js';
import { type Field, bool, field, float, int, intList, nullable, withDefault, withUnsavedDefault } from '../config/fields.js';
import type { Tensor } from '../core/tensor.js';
import * as functions from './functions.js';
import { FunctionLoss } from './loss-function-wrapper.js';

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
/** The axes of one sample. */
const axes: Field<number | readonly number[] | null, number | readonly number[] | null, false> = nullable(
  field<number | readonly number[]>('an axis or an array of axes', (v, where) => (Array.isArray(v) ? intList().parse(v, where) : typeof v === 'number' && Number.isInteger(v) ? v : undefined)));

/** Mean of the squared errors: `mean(square(yTrue - yPred))`. */
export class MeanSquaredError extends configured(FunctionLoss, 'MeanSquaredError', {}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.meanSquaredError(yTrue, yPred);
  }
}

/** Mean of the absolute errors: `mean(abs(yTrue - yPred))`. */
export class MeanAbsoluteError extends configured(FunctionLoss, 'MeanAbsoluteError', {}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.meanAbsoluteError(yTrue, yPred);
  }
}

/** Mean of the errors in percent of the targets: `100 * mean(abs((yTrue - yPred) / yTrue))`. */
export class MeanAbsolutePercentageError extends configured(FunctionLoss, 'MeanAbsolutePercentageError', {}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.meanAbsolutePercentageError(yTrue, yPred);
  }
}

/** Mean of the squared differences of `log(y + 1)`. */
export class MeanSquaredLogarithmicError extends configured(FunctionLoss, 'MeanSquaredLogarithmicError', {}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.meanSquaredLogarithmicError(yTrue, yPred);
  }
}

/** The cosine of the angle between targets and predictions, negated: -1 is best. */
export class CosineSimilarity extends configured(FunctionLoss, 'CosineSimilarity', {
  /** The axis of one vector. Default -1. */
  axis: withUnsavedDefault(int(), -1),
}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.cosineSimilarity(yTrue, yPred, this.config);
  }
}

/** Squares of small errors, absolute values of errors beyond `delta` (Huber, 1964). */
export class Huber extends configured(FunctionLoss, 'Huber', {
  /** Default 1. */
  delta: withUnsavedDefault(float(), 1),
}) {
  static override readonly defaultName = 'huber_loss';

  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.huber(yTrue, yPred, this.config);
  }
}

/** Mean of `log(cosh(yPred - yTrue))`. */
export class LogCosh extends configured(FunctionLoss, 'LogCosh', {}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.logCosh(yTrue, yPred);
  }
}

/** Mean of `max(1 - yTrue * yPred, 0)`, for labels -1 and 1 (or 0 and 1). */
export class Hinge extends configured(FunctionLoss, 'Hinge', {}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.hinge(yTrue, yPred);
  }
}

/** Mean of `square(max(1 - yTrue * yPred, 0))`, for labels -1 and 1 (or 0 and 1). */
export class SquaredHinge extends configured(FunctionLoss, 'SquaredHinge', {}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.squaredHinge(yTrue, yPred);
  }
}

/** `max(neg - pos + 1, 0)` with the scores of the true class and of the best other one. */
export class CategoricalHinge extends configured(FunctionLoss, 'CategoricalHinge', {}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.categoricalHinge(yTrue, yPred);
  }
}

/** Kullback-Leibler divergence `sum(yTrue * log(yTrue / yPred))`. */
export class KLDivergence extends configured(FunctionLoss, 'KLDivergence', {}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.klDivergence(yTrue, yPred);
  }
}

/** Mean of `yPred - yTrue * log(yPred)`: Poisson's negative log-likelihood, up to a constant. */
export class Poisson extends configured(FunctionLoss, 'Poisson', {}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.poisson(yTrue, yPred);
  }
}

/** Crossentropy between labels 0 and 1 and predictions, element by element. */
export class BinaryCrossentropy extends configured(FunctionLoss, 'BinaryCrossentropy', labels) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.binaryCrossentropy(yTrue, yPred, this.config);
  }
}

/** Binary crossentropy that takes weight from what is classified well (Lin et al., 2018). */
export class BinaryFocalCrossentropy extends configured(FunctionLoss, 'BinaryFocalCrossentropy', {
  ...labels,
  /** Whether the classes are weighted by `alpha`. Default false. */
  applyClassBalancing: bool(false),
  /** Weight of class 1; that of class 0 is `1 - alpha`. Default 0.25. */
  alpha: withDefault(float(), 0.25),
  /** Default 2. */
  gamma: withDefault(float(), 2),
}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.binaryFocalCrossentropy(yTrue, yPred, this.config);
  }
}

/** Crossentropy between one-hot (or soft) labels and predicted classes. */
export class CategoricalCrossentropy extends configured(FunctionLoss, 'CategoricalCrossentropy', labels) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.categoricalCrossentropy(yTrue, yPred, this.config);
  }
}

/** Categorical crossentropy that takes weight from what is classified well (Lin et al., 2018). */
export class CategoricalFocalCrossentropy extends configured(FunctionLoss, 'CategoricalFocalCrossentropy', {
  ...labels,
  /** Weight of the classes; an array has one for each. Default 0.25. */
  alpha: withDefault(field<number | readonly number[]>('a number or an array of numbers', (v) =>
    (typeof v === 'number' || (Array.isArray(v) && v.every((n) => typeof n === 'number')) ? v : undefined)), 0.25),
  /** Default 2. */
  gamma: withDefault(float(), 2),
}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.categoricalFocalCrossentropy(yTrue, yPred, this.config);
  }
}

/** Crossentropy between labels given as class numbers and predicted classes. */
export class SparseCategoricalCrossentropy extends configured(FunctionLoss, 'SparseCategoricalCrossentropy', {
  /** Whether predictions are logits; otherwise probabilities. Default false. */
  fromLogits: bool(false),
  /** Entries with this label do not count; null: all count. Default null. */
  ignoreClass: nullable(int()),
  /** The axis of the classes. Default -1. */
  axis: withUnsavedDefault(int(), -1),
}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.sparseCategoricalCrossentropy(yTrue, yPred, this.config);
  }
}

/** Connectionist temporal classification, for sequences of labels whose places are not known (Graves et al., 2006). */
export class CTC extends configured(FunctionLoss, 'CTC', {}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.ctc(yTrue, yPred);
  }
}

/** `1 - 2 |A and B| / (|A| + |B|)`, for masks of images. */
export class Dice extends configured(FunctionLoss, 'Dice', {
  /** The axes of one image; null: all. Default null. */
  axis: axes,
}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.dice(yTrue, yPred, this.config);
  }
}

/** `1 - tp / (tp + alpha * fp + beta * fn)`, for masks of images (Salehi et al., 2017). */
export class Tversky extends configured(FunctionLoss, 'Tversky', {
  /** Weight of the false positives. Default 0.5. */
  alpha: withDefault(float(), 0.5),
  /** Weight of the false negatives. Default 0.5. */
  beta: withDefault(float(), 0.5),
  /** The axes of one image; null: all. Default null. */
  axis: axes,
}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.tversky(yTrue, yPred, this.config);
  }
}

/** Circle loss of embeddings of length 1, with labels as class numbers (Sun et al., 2020). */
export class Circle extends configured(FunctionLoss, 'Circle', {
  /** Scale of the similarities. Default 80. */
  gamma: withDefault(float(), 80),
  /** How far apart classes have to be. Default 0.4. */
  margin: withDefault(float(), 0.4),
  /** Whether an embedding is not compared with itself. Default true. */
  removeDiagonal: bool(true),
}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.circle(yTrue, yPred, this.config);
  }
}

/** `(1 - p^q) / q` with the probability of the true class: robust against wrong labels (Zhang & Sabuncu, 2018). */
export class CategoricalGeneralizedCrossEntropy extends configured(FunctionLoss, 'CategoricalGeneralizedCrossEntropy', {
  /** Above 0 and below 1. Default 0.5. */
  q: withDefault(float({ above: 0, below: 1 }), 0.5),
}) {
  override compute(yTrue: Tensor, yPred: Tensor): Tensor {
    return functions.categoricalGeneralizedCrossEntropy(yTrue, yPred, this.config);
  }
}
