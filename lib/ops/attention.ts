// `keras.ops.dotProductAttention`.
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { floatType, isHalf, resultType } from '../base/dtype.js';
import { show } from '../base/errors.js';
import { showShape, type Shape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { publicOp } from './public.js';

/** Options of `dotProductAttention`. */
export interface DotProductAttentionOptions {
  /** Added to the scores; broadcasts to `(batch, heads, targets, sources)`. Default null. */
  bias?: TensorLike | null;
  /** Where it does not hold, sources get no weight; broadcasts like the bias. Default null. */
  mask?: TensorLike | null;
  /** Factor of the scores. Default null: one over the root of the depth of the keys. */
  scale?: number | null;
  /** Whether a target sees no sources after its own place. Default false. */
  isCausal?: boolean;
  /** Only null or false, as Keras on a CPU: flash attention is for its accelerators. */
  flashAttention?: boolean | null;
  /** Only null, as Keras except on a TPU. */
  attnLogitsSoftCap?: number | null;
}
const OPTIONS = ['bias', 'mask', 'scale', 'isCausal', 'flashAttention', 'attnLogitsSoftCap'] as const;

/** Low enough to give no weight, and finite, so that a target without sources is no NaN (as in JAX). */
const EXCLUDED = -0.7 * 3.4028234663852886e38;

function checkShapes(query: Shape, key: Shape, value: Shape): void {
  const shapes = `query ${showShape(query)}, key ${showShape(key)}, value ${showShape(value)}`;
  if ([query, key, value].some((shape) => shape.length !== 4))
    throw new RangeError(`dotProductAttention: expected inputs of rank 4, (batch, time, heads, depth), received ${shapes}`);
  if (query[0] !== key[0] || query[3] !== key[3])
    throw new RangeError(`dotProductAttention: query and key must agree in batch and depth, received ${shapes}`);
  if (key.slice(0, 3).some((size, i) => size !== value[i]))
    throw new RangeError(`dotProductAttention: key and value must agree in batch, time and heads, received ${shapes}`);
  if (query[2]! % key[2]! !== 0)
    throw new RangeError(`dotProductAttention: the number of query heads must be a multiple of that of the key heads, received ${shapes}`);
}
/** The scores with those of excluded sources replaced. */
function masked(scores: Tensor, mask: TensorLike | null, isCausal: boolean): Tensor {
  if (mask === null && !isCausal) return scores;
  const [targets, sources] = scores.shape.slice(-2) as [number, number];
  const causal = isCausal ? p.greaterEqual(p.reshape(p.iota(targets, 'int32'), [targets, 1]), p.iota(sources, 'int32')) : null;
  const given = mask === null ? null : toTensor(mask, 'bool', 'dotProductAttention');
  const keep = given === null ? causal! : causal === null ? given : p.logicalAnd(given, causal);
  return p.select(keep, scores, constant(EXCLUDED, scores));
}

/**
 * Attention by scaled dot products: `softmax(query · key' * scale + bias) · value` over the sources. Shapes: query `(batch, targets, heads,
 * depth)`, key `(batch, sources, keyHeads, depth)`, value `(batch, sources, keyHeads, valueDepth)`; the result is `(batch, targets, heads,
 * valueDepth)`. With fewer key heads than heads, each serves a group of neighbouring ones. Scores are computed in float32 at least.
 */
export const dotProductAttention = publicOp(
  'dotProductAttention',
  (query: TensorLike, key: TensorLike, value: TensorLike, options: DotProductAttentionOptions = {}): Tensor => {
    const { bias = null, mask = null, scale = null, isCausal = false, flashAttention = null, attnLogitsSoftCap = null } = options;
    if (flashAttention === true) throw new Error('dotProductAttention: flashAttention: true needs an accelerator; use null or false');
    if (attnLogitsSoftCap !== null)
      throw new Error(`dotProductAttention: attnLogitsSoftCap is for TPUs only, expected null, received ${show(attnLogitsSoftCap)}`);
    const given = [query, key, value].map((x) => toTensor(x, null, 'dotProductAttention')) as [Tensor, Tensor, Tensor];
    const dtype = floatType(resultType(...given.map((t) => t.dtype)));
    const [q, k, v] = given.map((t) => castTo(t, isHalf(dtype) ? 'float32' : dtype)) as [Tensor, Tensor, Tensor];
    checkShapes(q.shape, k.shape, v.shape);
    const [batch, targets, heads, depth] = q.shape as [number, number, number, number];
    const [, sources, keyHeads, valueDepth] = v.shape as [number, number, number, number];
    const group = heads / keyHeads;

    // (batch, key head, member of its group, target, source), read where the inputs lie: heads are not moved before time.
    const queries = p.reshape(q, [batch, targets, keyHeads, group, depth]);
    const keys = p.reshape(k, [batch, sources, keyHeads, 1, depth]);
    const products = p.matmulPermuted(queries, [0, 2, 3, 1, 4], keys, [0, 2, 3, 4, 1]);
    const scaled = p.multiply(p.reshape(products, [batch, heads, targets, sources]), constant(scale ?? 1 / Math.sqrt(depth), q));
    const biased = bias === null ? scaled : p.add(scaled, castTo(toTensor(bias, dtype, 'dotProductAttention'), q.dtype));
    const weights = p.softmax(masked(biased, mask, isCausal), 3);
    const rounded = isHalf(dtype) ? castTo(castTo(weights, dtype), q.dtype) : weights;
    const values = p.reshape(v, [batch, sources, keyHeads, 1, valueDepth]);
    const mixed = p.matmulPermuted(
      p.reshape(rounded, [batch, keyHeads, group, targets, sources]),
      [0, 1, 2, 3, 4],
      values,
      [0, 2, 3, 1, 4],
    );
    return castTo(p.transpose(p.reshape(mixed, [batch, heads, targets, valueDepth]), [0, 2, 1, 3]), dtype);
  },
  OPTIONS,
);
