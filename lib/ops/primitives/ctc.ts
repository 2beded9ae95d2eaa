// Connectionist temporal classification: the loss, its gradient and the product of its second derivatives with a direction.
import { bind1 } from '../../core/bind.js';
import { defineOp, type Op } from '../../core/op.js';
import type { Instruction } from '../../core/program.js';
import { input, output } from '../../core/program.js';
import { specOf, type Spec } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { multiply } from './elementwise.js';
import { primitive, primitives } from './primitive.js';
import { reshape } from './shape.js';

type MaskAttrs = { mask: number };
const spread = (dy: Tensor): Tensor => reshape(dy, [dy.shape[0]!, 1, 1]);
/**
 * The instruction of a kernel whose inputs are `scores` tensors of shape [samples, steps, classes], then targets, their lengths and the
 * steps.
 */
function instruction(kernel: string, inputs: readonly Spec[], mask: number): Instruction[] {
  const operands = [...inputs.map((_, i) => input(i)), output(0)];
  const labels = inputs.at(-3)!.shape[1]!;
  return [{ kernel, dtype: inputs[0]!.dtype, operands, ints: [...inputs[0]!.shape, labels, mask] }];
}

const curvatureOp: Op<MaskAttrs> = defineOp('ctc_curvature', {
  infer: ([scores]) => [scores!],
  vjp: () => {
    throw new Error('ctcLoss: there is no derivative of third order');
  },
  lower: ({ inputs, attrs: { mask } }) => instruction('ctc_curvature', inputs, mask),
});
const gradientOp: Op<MaskAttrs> = defineOp('ctc_gradient', {
  infer: ([scores]) => [scores!],
  // The matrix of second derivatives is symmetric.
  vjp: ([dy], { inputs: [scores, ...rest], attrs }) => [bind1(curvatureOp, [scores!, dy!, ...rest], attrs), null, null, null],
  lower: ({ inputs, attrs: { mask } }) => instruction('ctc_gradient', inputs, mask),
});
const lossOp: Op<MaskAttrs> = defineOp('ctc_loss', {
  infer: ([scores]) => [specOf(scores!.dtype, scores!.shape.slice(0, 1))],
  vjp: ([dy], { inputs, attrs }) => [multiply(spread(dy!), bind1(gradientOp, inputs, attrs)), null, null, null],
  lower: ({ inputs, attrs: { mask } }) => instruction('ctc_loss', inputs, mask),
});
/**
 * Minus the logarithm of the probability of int32 targets [samples, labels] given log-probabilities [samples, steps, classes], of which the
 * first `targetLength` labels and `steps` steps count; `mask` is the class of the gaps. Labels outside of the classes have the score 0.
 */
export const ctcLoss = primitive(
  lossOp,
  [
    {
      inputs: [
        { shape: [3, 7, 4], low: -3, high: 0 },
        { shape: [3, 3], kind: 'index', high: 4 },
        { shape: [3], kind: 'index', high: 4 },
        { shape: [3], kind: 'index', high: 8 },
      ],
      attrs: { mask: 0 },
    },
    {
      inputs: [
        { shape: [1, 20, 6], low: -3, high: 0 },
        { shape: [1, 9], kind: 'index', high: 6 },
        { shape: [1], kind: 'index', high: 10 },
        { shape: [1], kind: 'index', high: 21 },
      ],
      attrs: { mask: 5 },
    },
  ],
  (run) =>
    (scores: Tensor, target: Tensor, targetLength: Tensor, steps: Tensor, mask: number): Tensor =>
      run([scores, target, targetLength, steps], { mask }),
);

const collapseOp: Op<{ mask: number; merge: boolean }> = defineOp('ctc_collapse', {
  infer: ([classes]) => [classes!],
  vjp: null,
  lower: ({ inputs: [classes], attrs: { mask, merge } }) => [{
    kernel: 'ctc_collapse', dtype: 'int32', operands: [input(0), input(1), output(0)], ints: [...classes!.shape, mask, Number(merge)],
  }],
});
/** The int32 classes [samples, steps] of the first steps of each sample without gaps, and without repetitions if asked for, then -1. */
export const ctcCollapse = primitive(
  collapseOp,
  [
    {
      inputs: [
        { shape: [3, 6], kind: 'index', high: 3 },
        { shape: [3], kind: 'index', high: 7 },
      ],
      attrs: { mask: 0, merge: true },
    },
  ],
  (run) =>
    (classes: Tensor, lengths: Tensor, mask: number, merge: boolean): Tensor =>
      run([classes, lengths], { mask, merge }),
);

type SearchAttrs = { mask: number; width: number; paths: number };
const beamSearchOp: Op<SearchAttrs> = defineOp('ctc_beam_search', {
  infer: ([scores], { paths }: SearchAttrs) => {
    const [samples, steps] = scores!.shape as [number, number, number];
    return [specOf('int32', [paths, samples, steps]), specOf(scores!.dtype, [samples, paths])];
  },
  vjp: null,
  lower: ({ inputs: [scores], attrs: { mask, width, paths } }) => [
    {
      kernel: 'ctc_beam_search',
      dtype: scores!.dtype,
      operands: [input(0), input(1), output(0), output(1)],
      ints: [...scores!.shape, mask, width, paths],
    },
  ],
});
/**
 * The most probable labels [paths, samples, steps] and their log-probabilities [samples, paths], from log-probabilities [samples, steps,
 * classes].
 */
export const ctcBeamSearch = primitives(beamSearchOp, [
  { inputs: [{ shape: [2, 6, 4], low: -3, high: 0 }, { shape: [2], kind: 'index', high: 7 }], attrs: { mask: 0, width: 5, paths: 2 } },
], (run) => (scores: Tensor, lengths: Tensor, attrs: SearchAttrs): [Tensor, Tensor] => run([scores, lengths], attrs) as [Tensor, Tensor]);
