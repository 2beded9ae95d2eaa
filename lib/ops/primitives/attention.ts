// Attention by scaled dot products: a kernel that keeps no scores, and what it equals, by which it is differentiated further. Shapes: query
// (batch, targets, heads, depth), key (batch, sources, keyHeads, depth), value (batch, sources, keyHeads, valueDepth); neighbouring heads
// share those of the keys. Scores are (batch, heads, targets, sources).
import { broadcastStrides, type Spec, specOf } from '../../base/shape.js';
import { bind } from '../../core/bind.js';
import { defineOp, type Op } from '../../core/op.js';
import type { Tensor } from '../../core/tensor.js';
import { sum } from './broadcast.js';
import { divide, exp, greaterEqual, logicalAnd, multiply, select, subtract } from './elementwise.js';
import { gradientsBy, operandsOf, present, stack, taker, unstack } from './kernel-ops.js';
import { matmulPermuted } from './matmul.js';
import { type Case, constant, primitive } from './primitive.js';
import { max } from './reduce.js';
import { concatenate, iota, reshape, slice, transpose } from './shape.js';

/** Low enough to give no weight, and finite, so that a target without sources is no NaN (as in JAX). */
const EXCLUDED = -0.7 * 3.4028234663852886e38;

/** The scores of queries and keys, times `scale`. */
export function attentionScores(query: Tensor, key: Tensor, scale: number): Tensor {
  const [batch, targets, heads, depth] = query.shape as [number, number, number, number];
  const [, sources, keyHeads] = key.shape as [number, number, number];
  // (batch, key head, member of its group, target, source), read where the inputs lie: heads are not moved before time.
  const queries = reshape(query, [batch, targets, keyHeads, heads / keyHeads, depth]);
  const keys = reshape(key, [batch, sources, keyHeads, 1, depth]);
  const products = matmulPermuted(queries, [0, 2, 3, 1, 4], keys, [0, 2, 3, 4, 1]);
  return multiply(reshape(products, [batch, heads, targets, sources]), constant(scale, query));
}
/** The means of the values (batch, targets, heads, valueDepth) by weights that have the shape of the scores. */
export function attentionMeans(weights: Tensor, value: Tensor): Tensor {
  const [batch, heads, targets, sources] = weights.shape as [number, number, number, number];
  const [keyHeads, valueDepth] = value.shape.slice(2) as [number, number];
  const values = reshape(value, [batch, sources, keyHeads, 1, valueDepth]);
  const grouped = reshape(weights, [batch, keyHeads, heads / keyHeads, targets, sources]);
  const mixed = matmulPermuted(grouped, [0, 1, 2, 3, 4], values, [0, 2, 3, 1, 4]);
  return transpose(reshape(mixed, [batch, heads, targets, valueDepth]), [0, 2, 1, 3]);
}
/** Which scores count, broadcasting to them; null: all. */
function kept(mask: Tensor | null, causal: boolean, [targets, sources]: readonly [number, number]): Tensor | null {
  if (!causal) return mask;
  const before = greaterEqual(reshape(iota(targets, 'int32'), [targets, 1]), iota(sources, 'int32'));
  return mask === null ? before : logicalAnd(mask, before);
}
/** The scores with those replaced that do not count. */
export function maskedScores(scores: Tensor, mask: Tensor | null, causal: boolean): Tensor {
  const keep = kept(mask, causal, scores.shape.slice(2) as [number, number]);
  return keep === null ? scores : select(keep, scores, constant(EXCLUDED, scores));
}

interface AttentionAttrs {
  readonly [key: string]: boolean | number;
  readonly scale: number;
  readonly causal: boolean;
  readonly masked: boolean;
}
/** Rows of numbers of targets (batch, heads, targets) as columns beside scores. */
const beside = (x: Tensor): Tensor => reshape(x, [...x.shape, 1]);

/** Inputs and outputs of the op, with the scores as a whole. */
function byScores(inputs: readonly Tensor[], { scale, causal, masked }: AttentionAttrs): Tensor[] {
  const take = taker(inputs);
  const [query, key, value, mask] = [take(), take(), take(), take(masked)];
  const scores = maskedScores(attentionScores(query, key, scale), mask, causal);
  const largest = max(scores, 3);
  const terms = exp(subtract(scores, beside(largest)));
  const total = sum(terms, 3);
  return [attentionMeans(divide(terms, beside(total)), value), stack([largest, total])];
}
/** Inputs and outputs of the gradient, with the scores as a whole. */
function backByScores(inputs: readonly Tensor[], { scale, causal, masked }: AttentionAttrs): Tensor[] {
  const take = taker(inputs);
  const [query, key, value, mask, stats, by] = [take(), take(), take(), take(masked), take(), take()];
  const [largest, total, product] = unstack(stats).map(beside) as [Tensor, Tensor, Tensor];
  const scores = maskedScores(attentionScores(query, key, scale), mask, causal);
  const weights = divide(exp(subtract(scores, largest)), total);
  const slopes = multiply(multiply(weights, subtract(attentionScores(by, value, 1), product)), constant(scale, query));
  const keep = kept(mask, causal, scores.shape.slice(2) as [number, number]);
  const byScore = keep === null ? slopes : select(keep, slopes, constant(0, slopes));
  const pair = concatenate([sourceMeans(byScore, query, key), sourceMeans(weights, by, value)], 3);
  return [attentionMeans(byScore, key), pair];
}
/** For each source the sum over targets of `x` (batch, targets, heads, size) times weights; those of a group are added up, as in `like`. */
function sourceMeans(weights: Tensor, x: Tensor, like: Tensor): Tensor {
  const [batch, heads, , sources] = weights.shape as [number, number, number, number];
  const [keyHeads, size] = [like.shape[2]!, x.shape[3]!];
  const turned = matmulPermuted(weights, [0, 1, 3, 2], x, [0, 2, 1, 3]);
  const groups = sum(reshape(turned, [batch, keyHeads, heads / keyHeads, sources * size]), 2);
  return transpose(reshape(groups, [batch, keyHeads, sources, size]), [0, 2, 1, 3]);
}

/** The integers of both kernels. */
function intsOf(inputs: readonly Spec[], { causal, masked }: AttentionAttrs): number[] {
  const [query, key, value, mask] = inputs as [Spec, Spec, Spec, Spec];
  const [batch, targets, heads, depth] = query.shape as [number, number, number, number];
  const [, sources, keyHeads] = key.shape as [number, number, number];
  const strides = masked ? broadcastStrides(mask.shape, [batch, heads, targets, sources]) : [];
  return [batch, targets, sources, heads, keyHeads, depth, value.shape[3]!, Number(causal), Number(masked), ...strides];
}
const scoresOf = ([query, key]: readonly Spec[]): number => query!.shape[0]! * query!.shape[1]! * query!.shape[2]! * key!.shape[1]!;

const gradientOp: Op<AttentionAttrs> = defineOp('attention_gradient', {
  infer: ([query, key, value]) => {
    const [batch, sources, keyHeads, depth] = key!.shape as [number, number, number, number];
    return [query!, specOf(query!.dtype, [batch, sources, keyHeads, depth + value!.shape[3]!])];
  },
  vjp: (grads, { inputs, attrs }) => gradientsBy('attention', (values) => backByScores(values, attrs), inputs, grads),
  lower: ({ inputs, outputs, attrs }) => [{
    kernel: 'attention_gradient', dtype: inputs[0]!.dtype, operands: operandsOf(inputs, outputs), ints: intsOf(inputs, attrs),
    floats: [attrs.scale],
  }],
  cost: ({ inputs }) => scoresOf(inputs) * (3 * inputs[0]!.shape[3]! + 2 * inputs[2]!.shape[3]!),
});
/** Gradients of query, key and value, from what the op gave and the gradient of its output. */
function gradients(inputs: readonly Tensor[], [y, stats]: readonly Tensor[], dy: Tensor, attrs: AttentionAttrs): Tensor[] {
  const product = transpose(sum(multiply(y!, dy), 3), [0, 2, 1]);
  const known = concatenate([stats!, reshape(product, [1, ...product.shape])], 0);
  const [dq, pair] = bind(gradientOp, [...inputs, known, dy], attrs) as [Tensor, Tensor];
  const [batch, sources, keyHeads, both] = pair.shape as [number, number, number, number];
  const depth = dq.shape[3]!;
  const part = (start: number, size: number) => slice(pair, [0, 0, 0, start], [batch, sources, keyHeads, size]);
  return [dq, part(0, depth), part(depth, both - depth)];
}

const op: Op<AttentionAttrs> = defineOp('attention', {
  infer: ([query, , value]) => {
    const [batch, targets, heads] = query!.shape as [number, number, number];
    return [specOf(query!.dtype, [batch, targets, heads, value!.shape[3]!]), specOf(query!.dtype, [2, batch, heads, targets])];
  },
  vjp: ([dy, byStats], { inputs, outputs, attrs }) => {
    // The statistics have a gradient in derivatives of gradients alone.
    if (byStats) return gradientsBy('attention', (values) => byScores(values, attrs), inputs, [dy!, byStats]);
    return [...gradients(inputs, outputs, dy!, attrs), ...(attrs.masked ? [null] : [])];
  },
  lower: ({ inputs, outputs, attrs }) => [{
    kernel: 'attention', dtype: inputs[0]!.dtype, operands: operandsOf(inputs, outputs), ints: intsOf(inputs, attrs), floats: [attrs.scale],
  }],
  cost: ({ inputs }) => scoresOf(inputs) * (inputs[0]!.shape[3]! + inputs[2]!.shape[3]!),
});

const sample = (keyHeads: number, causal: boolean, mask: readonly number[] | null): Case<AttentionAttrs> => ({
  inputs: [
    { shape: [2, 3, 2, 3] },
    { shape: [2, 4, keyHeads, 3] },
    { shape: [2, 4, keyHeads, 2] },
    ...(mask === null ? [] : [{ shape: mask, kind: 'bool' as const }]),
  ],
  attrs: { scale: 0.7, causal, masked: mask !== null },
});
/**
 * `softmax(query · key' * scale)` over the sources that count, times the values: those of a bool mask that broadcasts to the scores and,
 * with `causal`, those that are not after the target. A target without any has the mean of all values.
 */
export const attention = primitive(op, [
  sample(2, false, null),
  sample(1, true, null),
  sample(1, false, [2, 1, 3, 4]),
  sample(2, false, [1, 2, 1, 4]),
], (run) => (query: Tensor, key: Tensor, value: Tensor, mask: Tensor | null, attrs: { scale: number; causal: boolean }): Tensor =>
  run(present([query, key, value, mask]), { ...attrs, masked: mask !== null }));
