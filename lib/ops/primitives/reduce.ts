// Primitives that reduce a run of neighbouring axes; other axes are moved together first by the callers.
import { defineOp } from '../../core/op.js';
import { input, output } from '../../core/program.js';
import type { Spec } from '../../base/shape.js';
import { specOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { castTo } from '../../core/cast.js';
import { add, divide, equal, exp, multiply, select, subtract } from './elementwise.js';
import { constant, primitive, primitives } from './primitive.js';
import { reduction, restore, split, sum, type AxisRun, type Rule } from './broadcast.js';
import { iota, reshape } from './shape.js';

/** The gradient shared equally among all elements that attain the extreme, as in JAX. */
const extremum: Rule = (dy, x, y, { axis, count }) => {
  const hits = castTo(equal(x, y), x.dtype);
  const number = reshape(sum(hits, axis, count), y.shape);
  return multiply(hits, divide(dy, number));
};

export const prod = reduction('prod', (dy, x, _, { axis, count }) => {
  // The product of the others: with one zero only that element has a gradient, with two none has.
  const zero = equal(x, constant(0, x));
  const others = select(zero, constant(1, x), x);
  const shape = dy.shape;
  const product = reshape(prod(others, axis, count), shape);
  const zeros = reshape(sum(castTo(zero, x.dtype), axis, count), shape);
  const none = constant(0, x);
  const share = select(equal(zeros, none), divide(product, others), none);
  const single = select(equal(zeros, constant(1, x)), product, none);
  return multiply(dy, select(zero, single, share));
});
export const max = reduction('max', extremum);
export const min = reduction('min', extremum);
/** Index of the first largest element along the axes, int32. */
export const argmax = reduction('argmax', null, () => 'int32');
/** Index of the first smallest element along the axes, int32. */
export const argmin = reduction('argmin', null, () => 'int32');
/** `log(sum(exp(x)))` without overflow. */
export const logsumexp = reduction('logsumexp', (dy, x, y) => multiply(dy, exp(subtract(x, y))));

/** Softmax and its logarithm over a run of axes; the shape stays. */
function normalizer(name: string, rule: (dy: Tensor, y: Tensor, total: (t: Tensor) => Tensor) => Tensor) {
  const op = defineOp(name, {
    infer: ([x], _: AxisRun) => [x!],
    vjp: ([dy], { outputs: [y], attrs }) => [rule(dy!, y!, (t) => restore(sum(t, attrs.axis, attrs.count), t, attrs))],
    lower: ({ inputs: [x], attrs }) => [{ kernel: name, dtype: x!.dtype, operands: [input(0), output(0)], ints: split(x!.shape, attrs) }],
  });
  return primitive(op, [
    { inputs: [{ shape: [3, 7] }], attrs: { axis: 1, count: 1 } },
    { inputs: [{ shape: [3, 4, 2] }], attrs: { axis: 1, count: 1 } },
  ], (run) => (x: Tensor, axis: number, count = 1): Tensor => run([x], { axis, count }));
}
export const softmax = normalizer('softmax', (dy, y, total) => multiply(y, subtract(dy, total(multiply(dy, y)))));
export const logSoftmax = normalizer('log_softmax', (dy, y, total) => subtract(dy, multiply(exp(y), total(dy))));

const lossSpecs = (logits: Spec): readonly Spec[] => [specOf(logits.dtype, logits.shape.slice(0, 1)), logits];
const column = (t: Tensor): Tensor => reshape(t, [t.shape[0]!, 1]);
const rowSum = (t: Tensor): Tensor => column(sum(t, 1));

/** The part of the gradient that comes through the probabilities that a crossentropy gives besides the loss. */
const throughProbabilities = (dp: Tensor, p: Tensor): Tensor => multiply(p, subtract(dp, rowSum(multiply(dp, p))));
const total = (...parts: readonly (Tensor | null)[]): Tensor | null =>
  parts.filter((part) => part !== null).reduce<Tensor | null>((a, b) => (a === null ? b : add(a, b)), null);

const crossentropyOp = defineOp('softmax_crossentropy', {
  infer: ([logits]) => lossSpecs(logits!),
  vjp: ([dLoss = null, dp = null], { inputs: [logits, labels], outputs: [, p] }) => {
    const own = dLoss && multiply(column(dLoss), subtract(multiply(p!, rowSum(labels!)), labels!));
    return [
      total(own, dp && throughProbabilities(dp, p!)),
      dLoss && multiply(column(dLoss), multiply(constant(-1, logits!), logSoftmax(logits!, 1))),
    ];
  },
  lower: ({ inputs: [logits] }) => [{
    kernel: 'softmax_crossentropy', dtype: logits!.dtype, operands: [input(0), input(1), output(0), output(1)], ints: logits!.shape,
  }],
});
/** Crossentropy of rows of logits with rows of label probabilities: the losses, and the softmax of the logits. */
export const softmaxCrossentropy = primitives(crossentropyOp, [{ inputs: [{ shape: [3, 5] }, { shape: [3, 5], low: 0, high: 0.4 }] }],
  (run) => (logits: Tensor, labels: Tensor): Tensor[] => run([logits, labels]));

const sparseOp = defineOp('sparse_softmax_crossentropy', {
  infer: ([logits]) => lossSpecs(logits!),
  vjp: ([dLoss = null, dp = null], { inputs: [logits, labels], outputs: [, p] }) => {
    const hot = equal(column(labels!), reshape(iota(logits!.shape[1]!, 'int32'), [1, logits!.shape[1]!]));
    const own = dLoss && multiply(column(dLoss), select(hot, subtract(p!, constant(1, p!)), p!));
    return [total(own, dp && throughProbabilities(dp, p!)), null];
  },
  lower: ({ inputs: [logits] }) => [{
    kernel: 'sparse_softmax_crossentropy', dtype: logits!.dtype, operands: [input(0), input(1), output(0), output(1)], ints: logits!.shape,
  }],
  mayFault: true,
});
/** `softmaxCrossentropy` with one int32 class a row. A label outside of the classes stops the run. */
export const sparseSoftmaxCrossentropy = primitives(sparseOp, [{ inputs: [{ shape: [3, 5] }, { shape: [3], kind: 'index', high: 5 }] }],
  (run) => (logits: Tensor, labels: Tensor): Tensor[] => run([logits, labels]));
