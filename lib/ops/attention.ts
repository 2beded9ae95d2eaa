// `keras.ops.dotProductAttention`.
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { floatType, isHalf, resultType } from '../base/dtype.js';
import { show } from '../base/errors.js';
import { showShape, type Shape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { isTracedForOthers } from '../core/trace.js';
import * as p from './primitives/index.js';
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
/** A mask with the axes of the scores; null where it does not broadcast to them. */
function fourAxes(mask: Tensor, scores: Shape): Tensor | null {
  const shape = [...new Array<number>(Math.max(0, 4 - mask.ndim)).fill(1), ...mask.shape];
  return shape.length === 4 && shape.every((size, i) => size === 1 || size === scores[i]) ? p.reshape(mask, shape) : null;
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
    const factor = scale ?? 1 / Math.sqrt(depth);
    const keep = mask === null ? null : toTensor(mask, 'bool', 'dotProductAttention');
    const wide = keep && fourAxes(keep, [batch, heads, targets, k.shape[1]!]);
    // 16-bit floats round the weights, and a bias has a gradient of the size of the scores: they need the scores as a whole.
    const fits = bias === null && !isHalf(dtype) && (keep === null || wide !== null) && [q, k, v].every(({ size }) => size > 0);
    if (fits && !isTracedForOthers())
      return p.attention(q, k, v, wide, { scale: factor, causal: isCausal });
    const scores = p.attentionScores(q, k, factor);
    const biased = bias === null ? scores : p.add(scores, castTo(toTensor(bias, dtype, 'dotProductAttention'), q.dtype));
    const weights = p.softmax(p.maskedScores(biased, keep, isCausal), 3);
    return castTo(p.attentionMeans(isHalf(dtype) ? castTo(castTo(weights, dtype), q.dtype) : weights, v), dtype);
  },
  OPTIONS,
);
