// Metrics that are the mean of a function of targets and predictions.
import { configured, type Config } from '../config/configurable.js';
import { bool, float, int, nullable, withDefault } from '../config/fields.js';
import type { TensorLike } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';
import { accuracy } from './accuracy.js';
import { cosineSimilarity } from './correlation.js';
import * as functions from './functions.js';
import { MeanOfFunction } from './reduction.js';

const labels = {
  /** Whether predictions are logits; otherwise probabilities. Default false. */
  fromLogits: bool(false),
  /** The share of the labels that is spread evenly over all classes. Default 0. */
  labelSmoothing: withDefault(float({ min: 0, max: 1 }), 0),
} as const;
/** The axis of one vector. */
const axis = withDefault(int(), -1);

/** How often predictions are equal to targets. */
export class Accuracy extends configured(MeanOfFunction, 'Accuracy', {}) {
  static override readonly direction = 'up';

  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return accuracy(yTrue, yPred);
  }
}

/** How often predictions are on the targets' side of the threshold. */
export class BinaryAccuracy extends configured(MeanOfFunction, 'BinaryAccuracy', {
  /** Predictions above it are 1. Default 0.5. */
  threshold: withDefault(float(), 0.5),
}) {
  static override readonly direction = 'up';

  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.binaryAccuracy(yTrue, yPred, this.config);
  }
}

/** How often the class with the largest prediction is that of one-hot targets. */
export class CategoricalAccuracy extends configured(MeanOfFunction, 'CategoricalAccuracy', {}) {
  static override readonly direction = 'up';

  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.categoricalAccuracy(yTrue, yPred);
  }
}

/** How often the class with the largest prediction is the target, given as class number. */
export class SparseCategoricalAccuracy extends configured(MeanOfFunction, 'SparseCategoricalAccuracy', {}) {
  static override readonly direction = 'up';

  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.sparseCategoricalAccuracy(yTrue, yPred);
  }
}

/** How often the class of one-hot targets is among the `k` classes with the largest predictions. */
export class TopKCategoricalAccuracy extends configured(MeanOfFunction, 'TopKCategoricalAccuracy', {
  /** Default 5. */
  k: withDefault(int({ min: 1 }), 5),
}) {
  static override readonly direction = 'up';

  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.topKCategoricalAccuracy(yTrue, yPred, this.config);
  }
}

/** How often the target, given as class number, is among the `k` classes with the largest predictions. */
export class SparseTopKCategoricalAccuracy extends configured(MeanOfFunction, 'SparseTopKCategoricalAccuracy', {
  /** Default 5. */
  k: withDefault(int({ min: 1 }), 5),
  /** Whether predictions are class numbers, the most likely first, and not probabilities. Default false. */
  fromSortedIds: bool(false),
}) {
  static override readonly direction = 'up';

  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.sparseTopKCategoricalAccuracy(yTrue, yPred, this.config);
  }
  override getConfig(): Config {
    const { k, fromSortedIds } = this.config;
    return { name: this.name, dtype: this.dtype, k, ...(fromSortedIds ? { from_sorted_ids: true } : {}) };
  }
}

/** Mean of the squared errors. */
export class MeanSquaredError extends configured(MeanOfFunction, 'MeanSquaredError', {}) {
  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.meanSquaredError(yTrue, yPred);
  }
}

/** Mean of the absolute errors. */
export class MeanAbsoluteError extends configured(MeanOfFunction, 'MeanAbsoluteError', {}) {
  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.meanAbsoluteError(yTrue, yPred);
  }
}

/** Mean of the absolute errors in percent of the targets. */
export class MeanAbsolutePercentageError extends configured(MeanOfFunction, 'MeanAbsolutePercentageError', {}) {
  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.meanAbsolutePercentageError(yTrue, yPred);
  }
}

/** Mean of the squared differences of `log(y + 1)`. */
export class MeanSquaredLogarithmicError extends configured(MeanOfFunction, 'MeanSquaredLogarithmicError', {}) {
  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.meanSquaredLogarithmicError(yTrue, yPred);
  }
}

/** Mean cosine of the angle between targets and predictions. As in Keras, the config does not keep the axis. */
export class CosineSimilarity extends configured(MeanOfFunction, 'CosineSimilarity', {
  /** Default -1. */
  axis,
}) {
  static override readonly direction = 'up';

  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return cosineSimilarity(yTrue, yPred, this.config);
  }
  override getConfig(): Config {
    return { name: this.name, dtype: this.dtype };
  }
}

/** Mean of `log(cosh(yPred - yTrue))`. */
export class LogCoshError extends configured(MeanOfFunction, 'LogCoshError', {}) {
  static override readonly defaultName = 'logcosh';

  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.logCosh(yTrue, yPred);
  }
}

/** Mean of Pearson's correlation between targets and predictions. */
export class PearsonCorrelation extends configured(MeanOfFunction, 'PearsonCorrelation', {
  /** Default -1. */
  axis,
}) {
  static override readonly direction = 'up';

  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.pearsonCorrelation(yTrue, yPred, this.config);
  }
}

/** Mean of Lin's concordance correlation between targets and predictions. */
export class ConcordanceCorrelation extends configured(MeanOfFunction, 'ConcordanceCorrelation', {
  /** Default -1. */
  axis,
}) {
  static override readonly direction = 'up';

  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.concordanceCorrelation(yTrue, yPred, this.config);
  }
}

/** Mean of `max(1 - yTrue * yPred, 0)`, for labels -1 and 1 (or 0 and 1). */
export class Hinge extends configured(MeanOfFunction, 'Hinge', {}) {
  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.hinge(yTrue, yPred);
  }
}

/** Mean of `square(max(1 - yTrue * yPred, 0))`, for labels -1 and 1 (or 0 and 1). */
export class SquaredHinge extends configured(MeanOfFunction, 'SquaredHinge', {}) {
  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.squaredHinge(yTrue, yPred);
  }
}

/** Mean of `max(neg - pos + 1, 0)` with the scores of the true class and of the best other one. */
export class CategoricalHinge extends configured(MeanOfFunction, 'CategoricalHinge', {}) {
  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.categoricalHinge(yTrue, yPred);
  }
}

/** Kullback-Leibler divergence `sum(yTrue * log(yTrue / yPred))`. */
export class KLDivergence extends configured(MeanOfFunction, 'KLDivergence', {}) {
  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.klDivergence(yTrue, yPred);
  }
}

/** Mean of `yPred - yTrue * log(yPred)`. */
export class Poisson extends configured(MeanOfFunction, 'Poisson', {}) {
  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.poisson(yTrue, yPred);
  }
}

/** Crossentropy between labels 0 and 1 and predictions. */
export class BinaryCrossentropy extends configured(MeanOfFunction, 'BinaryCrossentropy', labels) {
  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.binaryCrossentropy(yTrue, yPred, this.config);
  }
}

/** Crossentropy between one-hot (or soft) labels and predicted classes. */
export class CategoricalCrossentropy extends configured(MeanOfFunction, 'CategoricalCrossentropy', {
  ...labels,
  /** The axis of the classes. Default -1. */
  axis,
}) {
  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.categoricalCrossentropy(yTrue, yPred, this.config);
  }
}

/** Crossentropy between labels given as class numbers and predicted classes. */
export class SparseCategoricalCrossentropy extends configured(MeanOfFunction, 'SparseCategoricalCrossentropy', {
  /** Whether predictions are logits; otherwise probabilities. Default false. */
  fromLogits: bool(false),
  /** Entries with this label do not count; null: all count. Default null. */
  ignoreClass: nullable(int()),
  /** The axis of the classes. Default -1. */
  axis,
}) {
  override compute(yTrue: TensorLike, yPred: TensorLike): Tensor {
    return functions.sparseCategoricalCrossentropy(yTrue, yPred, this.config);
  }
}
