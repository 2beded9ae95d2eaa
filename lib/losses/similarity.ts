// Loss functions for directions and embeddings.
import { toTensor, type TensorLike } from '../core/convert.js';
import { checkOptions } from '../base/errors.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { setMask } from './mask.js';
import { fittedPair } from './tensors.js';

/** Options of `cosineSimilarity`. */
export interface CosineOptions {
  /** The axis, or the axes, of one vector; null: all. Default -1. */
  axis?: number | readonly number[] | null;
}

/** `-sum(yTrue * yPred)` of vectors scaled to length 1: -1 for equal directions, 1 for opposite ones. */
export function cosineSimilarity(yTrue: TensorLike, yPred: TensorLike, options: CosineOptions = {}): Tensor {
  checkOptions('cosineSimilarity', options, ['axis']);
  const { axis = -1 } = options;
  const [t, p] = fittedPair('cosineSimilarity', yTrue, yPred);
  return ops.negative(ops.sum(ops.multiply(ops.normalize(t, { axis }), ops.normalize(p, { axis })), { axis }));
}

/** Options of `circle`. */
export interface CircleOptions {
  /** Labels of the reference embeddings; null: `yTrue`. Default null. */
  refLabels?: TensorLike | null;
  /** Embeddings to compare with; null: `yPred`. Default null. */
  refEmbeddings?: TensorLike | null;
  /** Whether an embedding is not compared with itself. Default true. */
  removeDiagonal?: boolean;
  /** Scale of the similarities. Default 80. */
  gamma?: number;
  /** How far apart classes have to be. Default 0.4. */
  margin?: number;
}

/** Which pairs of labels are equal (without the diagonal, if asked), and which differ. */
function pairs(labels: Tensor, references: Tensor, removeDiagonal: boolean): [Tensor, Tensor] {
  const equal = ops.equal(ops.reshape(labels, [-1, 1]), ops.reshape(references, [1, -1]));
  const others = ops.logicalNot(ops.eye(labels.size, { M: references.size, dtype: 'bool' }));
  return [removeDiagonal ? ops.logicalAnd(equal, others) : equal, ops.logicalNot(equal)];
}

/**
 * Circle loss (Sun et al., 2020) of embeddings of length 1, with labels as class numbers: `softplus(logsumexp(positives) +
 * logsumexp(negatives))`, where each cosine distance is weighted by how far it is from its optimum. Samples without loss do not count
 * in the mean.
 */
export function circle(yTrue: TensorLike, yPred: TensorLike, options: CircleOptions = {}): Tensor {
  checkOptions('circle', options, ['refLabels', 'refEmbeddings', 'removeDiagonal', 'gamma', 'margin']);
  const { refLabels = null, refEmbeddings = null, removeDiagonal = true, gamma = 80, margin = 0.4 } = options;
  const embeddings = toTensor(yPred, null, 'circle');
  const labels = toTensor(yTrue, 'int32', 'circle');
  const references = refEmbeddings === null ? embeddings : toTensor(refEmbeddings, null, 'circle');
  const distances = ops.maximum(ops.subtract(1, ops.matmul(embeddings, ops.transpose(references))), 0);
  const [positive, negative] = pairs(labels, refLabels === null ? labels : toTensor(refLabels, 'int32', 'circle'), removeDiagonal);
  const side = (mask: Tensor, weights: Tensor, scale: number, optimum: number): Tensor => {
    const weight = ops.maximum(ops.multiply(weights, ops.cast(mask, distances.dtype)), 0);
    const term = ops.multiply(ops.multiply(weight, scale), ops.subtract(optimum, distances));
    return ops.logsumexp(ops.where(mask, term, -Infinity), { axis: 1 });
  };
  const positives = side(positive, ops.add(distances, margin), -gamma, margin);
  const negatives = side(negative, ops.subtract(1 + margin, distances), gamma, 1 - margin);
  const loss = ops.softplus(ops.add(positives, negatives));
  return setMask(loss, ops.greater(loss, 0));
}
