// Connectionist temporal classification in `keras.ops`.
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { resultType } from '../base/dtype.js';
import { didYouMean, show } from '../base/errors.js';
import { integer } from '../base/integers.js';
import { sameShape, showShape, type Shape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { publicOp } from './public.js';

/** Scores [samples, steps, classes] as floats of at least 32 bits. */
function scoresOf(where: string, name: string, x: TensorLike): Tensor {
  const tensor = toTensor(x, null, where);
  if (tensor.ndim !== 3)
    throw new RangeError(`${where}: ${name} must have the shape (samples, steps, classes), received ${showShape(tensor.shape)}`);
  return castTo(tensor, resultType(tensor.dtype, 'float32'));
}
function wholeNumbers(where: string, name: string, x: TensorLike, shape: Shape): Tensor {
  const tensor = toTensor(x, null, where);
  if (!sameShape(tensor.shape, shape))
    throw new RangeError(`${where}: ${name} must have the shape ${showShape(shape)}, received ${showShape(tensor.shape)}`);
  return castTo(tensor, 'int32');
}
function checkMask(where: string, maskIndex: unknown, classes: number): asserts maskIndex is number {
  if (typeof maskIndex !== 'number' || !Number.isInteger(maskIndex) || maskIndex < 0 || maskIndex >= classes) {
    throw new RangeError(`${where}: maskIndex must be one of the ${classes} classes, received ${show(maskIndex)}`);
  }
}

/** Options of `ctcLoss`. */
export interface CtcLossOptions {
  /** The class that stands for no label. Default 0. */
  maskIndex?: number;
}
/**
 * Minus the logarithm of the probability of each sequence of labels, summed over all ways in which it may be read from the steps (Graves et
 * al., 2006). `target` holds labels `(samples, labels)`, `output` logits `(samples, steps, classes)`, of which the first `targetLength` and
 * `outputLength` of each sample count. The loss of labels that need more steps than there are is some 100,000, as in Keras on JAX.
 */
export const ctcLoss = publicOp(
  'ctcLoss',
  (
    target: TensorLike,
    output: TensorLike,
    targetLength: TensorLike,
    outputLength: TensorLike,
    { maskIndex = 0 }: CtcLossOptions = {},
  ): Tensor => {
    const scores = scoresOf('ctcLoss', 'output', output);
    const samples = scores.shape[0]!;
    const labels = castTo(toTensor(target, null, 'ctcLoss'), 'int32');
    if (labels.ndim !== 2 || labels.shape[0] !== samples)
      throw new RangeError(`ctcLoss: target must have the shape (${samples}, labels), received ${showShape(labels.shape)}`);
    checkMask('ctcLoss', maskIndex, scores.shape[2]!);
    const lengths = [
      wholeNumbers('ctcLoss', 'targetLength', targetLength, [samples]),
      wholeNumbers('ctcLoss', 'outputLength', outputLength, [samples]),
    ] as const;
    return p.ctcLoss(p.logSoftmax(scores, 2), labels, ...lengths, maskIndex);
  },
  ['maskIndex'],
);

/** Options of `ctcDecode`. */
export interface CtcDecodeOptions {
  /** `'greedy'` takes the best class of each step, `'beam_search'` looks for the most probable labels. Default `'greedy'`. */
  strategy?: 'greedy' | 'beam_search';
  /** How many beginnings a beam search keeps. Default 100. */
  beamWidth?: number;
  /** How many label sequences a beam search gives, best first. Default 1. */
  topPaths?: number;
  /** Whether greedy decoding counts a class that is repeated without a gap once. Default true. */
  mergeRepeated?: boolean;
  /** The class that stands for no label; null: the last. Default 0. */
  maskIndex?: number | null;
}

/** The best class of each step. */
function decodeGreedily(scores: Tensor, lengths: Tensor, mask: number, mergeRepeated: boolean): [Tensor, Tensor] {
  const [samples, steps] = scores.shape as [number, number, number];
  const counts = p.less(p.iota(steps, 'int32'), p.reshape(lengths, [samples, 1]));
  const best = p.select(counts, p.max(scores, 2), constant(0, scores));
  const labels = p.ctcCollapse(p.argmax(scores, 2), lengths, mask, mergeRepeated);
  return [p.reshape(labels, [1, samples, steps]), p.reshape(p.negative(p.sum(best, 1)), [samples, 1])];
}

/**
 * The labels that logits `(samples, steps, classes)` say, of which the first `sequenceLengths` steps of each sample count. Two tensors:
 * labels, int32, of shape `(paths, samples, steps)`, filled up with -1; and scores `(samples, paths)`. With the strategy `'greedy'` there
 * is one path, whose score is minus the sum of the best logits; with `'beam_search'` scores are logarithms of probabilities, through which
 * no gradient flows.
 */
export const ctcDecode = publicOp(
  'ctcDecode',
  (inputs: TensorLike, sequenceLengths: TensorLike, options: CtcDecodeOptions = {}): [Tensor, Tensor] => {
    const { strategy = 'greedy', beamWidth = 100, topPaths = 1, mergeRepeated = true, maskIndex = 0 } = options;
    const scores = scoresOf('ctcDecode', 'inputs', inputs);
    const [samples, , classes] = scores.shape as [number, number, number];
    const lengths = wholeNumbers('ctcDecode', 'sequenceLengths', sequenceLengths, [samples]);
    const mask = maskIndex ?? classes - 1;
    checkMask('ctcDecode', mask, classes);
    if (strategy === 'greedy') return decodeGreedily(scores, lengths, mask, mergeRepeated);
    if (strategy !== 'beam_search')
      throw new TypeError(
        `ctcDecode: strategy must be 'greedy' or 'beam_search', received ` +
          `${show(strategy)}${didYouMean(strategy, ['greedy', 'beam_search'])}`,
      );
    for (const [name, value] of Object.entries({ beamWidth, topPaths })) {
      integer('ctcDecode', name, value, { min: 1 });
    }
    return p.ctcBeamSearch(p.logSoftmax(scores, 2), lengths, { mask, width: beamWidth, paths: topPaths });
  },
  ['strategy', 'beamWidth', 'topPaths', 'mergeRepeated', 'maskIndex'],
);
