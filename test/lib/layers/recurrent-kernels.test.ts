// LSTM and GRU by one kernel against the calls of their cells.
import { describe, expect, it } from '@jest/globals';
import type { Tensor } from '#lib/core/tensor.js';
import { vjp } from '#lib/ops/autodiff.js';
import * as layers from '#lib/layers/index.js';
import * as ops from '#lib/ops/index.js';
import { draw, numbers, values } from '../../helpers/ops.js';
import { expectWithin } from '../../helpers/tolerance.js';

type Options = layers.LSTMOptions & layers.GRUOptions;
const kinds: [name: string, make: (options: Options) => layers.LSTM | layers.GRU, states: number][] = [
  ['LSTM', (options) => new layers.LSTM(5, options), 2],
  ['GRU', (options) => new layers.GRU(5, options), 1],
  ['GRU with the reset before the product', (options) => new layers.GRU(5, { ...options, resetAfter: false }), 1],
];
const options: [string, Options][] = [
  ['defaults', {}],
  ['sequences', { returnSequences: true, useBias: false }],
  ['backwards', { returnSequences: true, goBackwards: true }],
  ['zero outputs', { returnSequences: true, zeroOutputForMask: true }],
  ['backwards, zero last output', { goBackwards: true, zeroOutputForMask: true }],
  ['float64', { dtype: 'float64' }],
];
const SHAPE = [4, 6, 3];

describe.each(kinds)('%s', (_, make, count) => {
  const dtypeOf = ({ dtype }: Options) => (dtype === 'float64' ? 'float64' : 'float32');
  /** Outputs, states and gradients, by one kernel and, unrolled, by the cell. */
  function both(config: Options, call: (layer: layers.LSTM | layers.GRU, x: Tensor) => Tensor[]): Tensor[][] {
    const x = draw({ shape: SHAPE }, dtypeOf(config), numbers(4));
    const [layer, unrolled] = [make({ ...config, seed: 3 }), make({ ...config, seed: 3, unroll: true })];
    layer.build(SHAPE);
    unrolled.build(SHAPE);
    layer.weights.forEach((weight, i) => weight.assign(draw({ shape: weight.shape, low: -1, high: 1 }, dtypeOf(config), numbers(i + 9))));
    unrolled.setWeights(layer.getWeights());
    return [layer, unrolled].map((each) => {
      const [outputs, pullback] = vjp((input: Tensor) => call(each, input), x) as [Tensor[], (by: Tensor[]) => Tensor[]];
      return [...outputs, ...pullback(outputs.map((output) => ops.cos(ops.multiply(3, output))))];
    });
  }
  const expectSame = ([actual, expected]: Tensor[][]) => {
    expect(actual.map(({ spec }) => spec)).toEqual(expected.map(({ spec }) => spec));
    actual.forEach((tensor, i) => expectWithin(values(tensor), values(expected[i]), 1e-5, `${i}: `));
  };

  it.each(options)('gives what its cell gives: %s', (__, config) => {
    const initialState = Array.from({ length: count }, (___, i) => draw({ shape: [4, 5] }, dtypeOf(config), numbers(i + 2)));
    const mask = ops.array([[1, 1, 0, 1, 0, 0], [0, 1, 1, 0, 1, 1], [0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]], { dtype: 'bool' });
    const call = (extra: object) => (layer: layers.LSTM | layers.GRU, x: Tensor) => layer(x, extra) as unknown as Tensor[];
    expectSame(both({ ...config, returnState: true }, call({})));
    expectSame(both({ ...config, returnState: true }, call({ mask })));
    expectSame(both({ ...config, returnState: true }, call({ mask: ops.expandDims(mask, -1), initialState })));
  });

  it.each([0, 0.4])('drops the same inputs in all steps, and states of share %d', (recurrentDropout) => {
    const config = { dropout: 0.5, recurrentDropout, returnSequences: true };
    expectSame(both(config, (layer, x) => [layer(x, { training: true })] as Tensor[]));
  });

  it('calls its cell where that does something else', () => {
    for (const config of [{ activation: 'relu' }, { recurrentActivation: 'hard_sigmoid' }, { dtype: 'mixed_bfloat16' }] as Options[])
      expectSame(both({ ...config, returnState: true }, (layer, x) => {
        const outputs = layer(x) as unknown as Tensor[];
        return outputs.map((output) => ops.cast(output, 'float32'));
      }));
  });
});

it('a class made of a cell has its own steps', () => {
  class Doubled extends layers.LSTMCell {
    override call(...args: Parameters<layers.LSTMCell['call']>): ReturnType<layers.LSTMCell['call']> {
      const [output, states] = super.call(...args);
      return [ops.multiply(2, output), states];
    }
  }
  const [plain, doubled] = [new layers.RNN(new layers.LSTMCell(2, { seed: 1 })), new layers.RNN(new Doubled(2, { seed: 1 }))];
  const x = draw({ shape: [2, 3, 2] }, 'float32', numbers(1));
  const y = plain(x);
  doubled.build([2, 3, 2]);
  doubled.setWeights(plain.getWeights());
  expectWithin(values(doubled(x)), values(ops.multiply(2, y)), 1e-5, '');
});
