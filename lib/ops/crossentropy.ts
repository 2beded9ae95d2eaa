// Crossentropies of `keras.ops`, between labels and predictions.
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { floatType, isHalf } from '../base/dtype.js';
import { settings } from '../base/settings.js';
import { normalizeAxis, sameShape, showShape, sizeOf } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { publicOp } from './public.js';
import { Variable } from '../core/variable.js';

/** Options of the crossentropies over classes. */
export interface CrossentropyOptions {
  /** Whether `output` holds logits; otherwise probabilities. Default false. */
  fromLogits?: boolean;
  /** The axis of the classes. Default -1. */
  axis?: number;
}

const warned = new Set<string>();
function warnOnce(message: string): void {
  if (warned.has(message)) return;
  warned.add(message);
  process.emitWarning(message);
}

/** What a prediction was made from by a softmax or sigmoid activation, when it is known, since logits lose nothing to rounding. */
function logitsOf(output: Tensor, fromLogits: boolean, activation: string, fn: string): readonly [Tensor, boolean] {
  if (output.kerasLogits === undefined) return [output, fromLogits];
  if (fromLogits) {
    warnOnce(
      `"\`${fn}\` received \`from_logits=True\`, but the \`output\` argument was produced by a ${activation} activation ` +
        'and thus does not represent logits. Was this intended?',
    );
  }
  return [output.kerasLogits, true];
}

/** A prediction as a tensor that the kernels take: 16-bit floats widened, integers made floats. The logits come along. */
function prediction(
  where: string,
  value: TensorLike,
  fromLogits: boolean,
  activation: string,
  fn: string,
): { output: Tensor; isLogits: boolean; dtype: Tensor['dtype'] } {
  const tensor = value instanceof Variable ? value.value : toTensor(value, null, where);
  const [raw, isLogits] = logitsOf(tensor, fromLogits, activation, fn);
  const dtype = floatType(tensor.dtype);
  const own = floatType(raw.dtype);
  return { output: castTo(raw, isHalf(own) ? 'float32' : own), isLogits, dtype };
}

/** Probabilities kept off 0 and 1 by epsilon, so that their logarithms are finite. */
const clipped = (x: Tensor): Tensor => p.clip(x, constant(settings.epsilon, x), constant(1 - settings.epsilon, x));

function checkShapes(where: string, target: Tensor, output: Tensor, hint = ''): void {
  if (!sameShape(target.shape, output.shape)) {
    throw new RangeError(
      `${where}: target and output must have the same shape, received ${showShape(target.shape)} and ${showShape(output.shape)}${hint}`,
    );
  }
}

/** The tensor with one axis last, as rows. */
function rowsAlong(x: Tensor, axis: number): Tensor {
  const perm = [...x.shape.keys()].filter((i) => i !== axis).concat(axis);
  const classes = x.shape[axis]!;
  return p.reshape(p.transpose(x, perm), [x.size === 0 ? sizeOf(x.shape.filter((_, i) => i !== axis)) : x.size / classes, classes]);
}

/**
 * `-sum(target * log(output))` over the classes, for labels given as probabilities (one-hot or soft). The result has the shape without
 * the axis of the classes. Probabilities are divided by their sum first.
 */
export const categoricalCrossentropy = publicOp(
  'categoricalCrossentropy',
  (target: TensorLike, output: TensorLike, { fromLogits = false, axis = -1 }: CrossentropyOptions = {}): Tensor => {
    const where = 'categoricalCrossentropy';
    const { output: scores, isLogits, dtype } = prediction(where, output, fromLogits, 'Softmax', 'categorical_crossentropy');
    const labels = toTensor(target, scores.dtype, where);
    if (labels.ndim < 1) throw new RangeError(`${where}: target and output must have at least one axis`);
    const lead = scores.shape.slice(0, -1);
    const areNumbers = sameShape(labels.shape, lead) || sameShape(labels.shape, [...lead, 1]);
    checkShapes(
      where,
      labels,
      scores,
      areNumbers
        ? '; labels that are class numbers are for sparseCategoricalCrossentropy, or made one-hot by keras.utils.toCategorical'
        : '',
    );
    const along = normalizeAxis(axis, scores.ndim, where);
    const shape = scores.shape.filter((_, i) => i !== along);
    if (isLogits) {
      const [loss] = p.softmaxCrossentropy(rowsAlong(scores, along), rowsAlong(labels, along));
      return castTo(p.reshape(loss!, shape), dtype);
    }
    const kept = scores.shape.map((d, i) => (i === along ? 1 : d));
    const share = p.divide(scores, p.reshape(p.sum(scores, along), kept));
    return castTo(p.negative(p.sum(p.multiply(labels, p.log(clipped(share))), along)), dtype);
  },
  ['fromLogits', 'axis'],
);

/**
 * `-log(output[target])` for labels given as class numbers; the classes are the last axis. The labels may have a last axis of size 1.
 * Probabilities are divided by their sum first. A label outside of the classes is an error.
 */
export const sparseCategoricalCrossentropy = publicOp(
  'sparseCategoricalCrossentropy',
  (target: TensorLike, output: TensorLike, { fromLogits = false, axis = -1 }: CrossentropyOptions = {}): Tensor => {
    const where = 'sparseCategoricalCrossentropy';
    const { output: scores, isLogits, dtype } = prediction(where, output, fromLogits, 'Softmax', 'sparse_categorical_crossentropy');
    if (scores.ndim < 1) throw new RangeError(`${where}: output must have at least one axis`);
    if (normalizeAxis(axis, scores.ndim, where) !== scores.ndim - 1)
      throw new RangeError(`${where}: the classes must be the last axis, received axis ${axis} of ${showShape(scores.shape)}`);
    const given = toTensor(target, 'int32', where);
    const lead = scores.shape.slice(0, -1);
    const labels = given.ndim === scores.ndim && given.shape.at(-1) === 1 ? p.reshape(given, given.shape.slice(0, -1)) : given;
    if (!sameShape(labels.shape, lead)) {
      throw new RangeError(
        `${where}: target must have the shape of output without the classes, received ${showShape(given.shape)} and ` +
          `${showShape(scores.shape)}${sameShape(given.shape, scores.shape) ? '; one-hot labels are for categoricalCrossentropy' : ''}`,
      );
    }
    const logits = isLogits ? scores : p.log(clipped(scores));
    const [loss] = p.sparseSoftmaxCrossentropy(rowsAlong(logits, scores.ndim - 1), p.reshape(labels, [labels.size]));
    return castTo(p.reshape(loss!, lead), dtype);
  },
  ['fromLogits', 'axis'],
);

/** `-target * log(output) - (1 - target) * log(1 - output)`, element by element, for labels and predictions of one shape. */
export const binaryCrossentropy = publicOp(
  'binaryCrossentropy',
  (target: TensorLike, output: TensorLike, { fromLogits = false }: { fromLogits?: boolean } = {}): Tensor => {
    const where = 'binaryCrossentropy';
    const { output: scores, isLogits, dtype } = prediction(where, output, fromLogits, 'Sigmoid', 'binary_crossentropy');
    const labels = toTensor(target, scores.dtype, where);
    checkShapes(where, labels, scores);
    if (isLogits) {
      // max(x, 0) - x·z + log(1 + exp(-|x|)): no term overflows.
      const tail = p.log1p(p.exp(p.negative(p.absolute(scores))));
      return castTo(p.add(p.subtract(p.maximum(scores, constant(0, scores)), p.multiply(scores, labels)), tail), dtype);
    }
    const share = clipped(scores);
    const one = constant(1, share);
    const hits = p.multiply(labels, p.log(share));
    const misses = p.multiply(p.subtract(one, labels), p.log(p.subtract(one, share)));
    return castTo(p.negative(p.add(hits, misses)), dtype);
  },
  ['fromLogits'],
);
