// `dotProductAttention` by one kernel against the scores as a whole.
import { describe, it } from '@jest/globals';
import type { Tensor } from '#lib/core/tensor.js';
import { vjp } from '#lib/ops/autodiff.js';
import * as ops from '#lib/ops/index.js';
import * as p from '#lib/ops/primitives/index.js';
import { draw, numbers, values } from '../../helpers/ops.js';
import { expectWithin } from '../../helpers/tolerance.js';

interface Case {
  sizes: [batch: number, targets: number, sources: number, heads: number, keyHeads: number, depth: number, valueDepth: number];
  isCausal?: boolean;
  mask?: number[];
}
const cases: Case[] = [
  { sizes: [2, 3, 4, 2, 2, 3, 5] },
  { sizes: [1, 150, 300, 2, 1, 8, 8], isCausal: true },
  { sizes: [1, 300, 150, 4, 2, 5, 3], isCausal: true, mask: [1, 1, 300, 150] },
  { sizes: [3, 20, 270, 2, 2, 4, 4], mask: [3, 1, 1, 270] },
  { sizes: [2, 60, 60, 2, 1, 16, 16], mask: [2, 2, 60, 1] },
  { sizes: [2, 7, 9, 2, 2, 4, 4], mask: [9] },
];
function drawn({ sizes: [batch, targets, sources, heads, keyHeads, depth, valueDepth], mask }: Case, dtype: 'float32' | 'float64') {
  const next = numbers(2);
  const inputs = [
    draw({ shape: [batch, targets, heads, depth] }, dtype, next),
    draw({ shape: [batch, sources, keyHeads, depth] }, dtype, next),
    draw({ shape: [batch, sources, keyHeads, valueDepth] }, dtype, next),
  ];
  return { inputs, mask: mask === undefined ? null : draw({ shape: mask, kind: 'bool' }, dtype, next) };
}
type Attend = (query: Tensor, key: Tensor, value: Tensor) => Tensor;
const outcome = (attend: Attend, inputs: Tensor[]): Tensor[] => {
  const [output, pullback] = vjp((query: Tensor, key: Tensor, value: Tensor) => attend(query, key, value), ...inputs) as [
    Tensor,
    (by: Tensor) => Tensor[],
  ];
  return [output, ...pullback(draw({ shape: output.shape, low: -1, high: 1 }, output.dtype, numbers(6)))];
};

describe('dotProductAttention', () => {
  it.each(cases)('gives what softmax and products give, and their gradients: %j', (which) => {
    for (const [dtype, bound] of [['float64', 1e-12], ['float32', 2e-5]] as const) {
      const { inputs, mask } = drawn(which, dtype);
      const isCausal = which.isCausal ?? false;
      const whole: Attend = (query, key, value) =>
        p.attentionMeans(p.softmax(p.maskedScores(p.attentionScores(query, key, 0.4), mask, isCausal), 3), value);
      const expected = outcome(whole, inputs);
      const actual = outcome((query, key, value) => ops.dotProductAttention(query, key, value, { mask, isCausal, scale: 0.4 }), inputs);
      actual.forEach((tensor, i) => expectWithin(values(tensor), values(expected[i]), bound, `${dtype} ${i}: `));
    }
  });
});
