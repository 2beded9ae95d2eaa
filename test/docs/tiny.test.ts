// docs/tiny.ts, the core in little, does what it says.
import { describe, expect, it } from '@jest/globals';
import * as keras from 'keratin';
import * as tiny from '../../docs/tiny.js';

const { ops } = keras;

const random = (shape: number[], seed: number): tiny.Tensor =>
  tiny.tensor(shape, ops.convertToNumpy(keras.random.normal(shape, { seed, dtype: 'float64' })) as Float64Array);
const numbers = (x: tiny.Tensor): number[] => [...x.memory!];
const x = random([5, 3], 1);
const w = random([3, 4], 2);
const b = random([4], 3);

const network = (w: tiny.Tensor, b: tiny.Tensor): tiny.Tensor => {
  const hidden = tiny.tanh(tiny.add(tiny.matmul(x, w), b));
  return tiny.mean(tiny.multiply(hidden, hidden));
};
const gradient = (w: tiny.Tensor): tiny.Tensor => tiny.valueAndGrad((v) => network(v, b), [w])[1][0];

/** Central differences of a function with one number as its value. */
function differences(fn: (x: tiny.Tensor) => number, at: tiny.Tensor): number[] {
  const step = 1e-5;
  const moved = (i: number, by: number) => tiny.tensor(at.shape, at.memory!.map((value, j) => (i === j ? value + by : value)));
  return numbers(at).map((_, i) => (fn(moved(i, step)) - fn(moved(i, -step))) / (2 * step));
}

describe('docs/tiny.ts', () => {
  it('computes what Keratin computes', () => {
    const asTensor = ({ shape, memory }: tiny.Tensor) => ops.reshape(ops.convertToTensor(memory!), [...shape]);
    const hidden = ops.tanh(ops.add(ops.matmul(asTensor(x), asTensor(w)), asTensor(b)));
    expect(network(w, b).memory![0]).toBeCloseTo(ops.mean(ops.square(hidden)).item(), 12);
  });

  it('has the gradients of central differences, the second ones too', () => {
    const [, [dw, db]] = tiny.valueAndGrad(network, [w, b]);
    differences((v) => network(v, b).memory![0], w).forEach((d, i) => expect(dw.memory![i]).toBeCloseTo(d, 8));
    differences((v) => network(w, v).memory![0], b).forEach((d, i) => expect(db.memory![i]).toBeCloseTo(d, 8));
    const sizeOfGradient = (v: tiny.Tensor) => tiny.mean(tiny.multiply(gradient(v), gradient(v)));
    const [, [second]] = tiny.valueAndGrad(sizeOfGradient, [w]);
    differences((v) => sizeOfGradient(v).memory![0], w).forEach((d, i) => expect(second.memory![i]).toBeCloseTo(d, 8));
  });

  it('gives the same bits when compiled, for each set of shapes', () => {
    const compiled = tiny.jit(gradient);
    expect(numbers(compiled(w))).toEqual(numbers(gradient(w)));
    const square = tiny.jit((v) => tiny.multiply(v, v));
    expect(numbers(square(w))).toEqual(numbers(tiny.multiply(w, w)));
    expect(numbers(square(b))).toEqual(numbers(tiny.multiply(b, b)));
  });

  it('makes equal calls once, fuses elementwise calls, and shares memory', () => {
    const graph = tiny.trace((v) => tiny.multiply(tiny.tanh(tiny.tanh(v)), tiny.add(tiny.tanh(v), 1)), [[2, 2]]);
    const names = ({ nodes }: tiny.Graph) => nodes.map(({ op }) => op.name);
    expect(names(graph)).toEqual(['tanh', 'tanh', 'tanh', 'add', 'multiply']);
    const once = tiny.eliminateCommon(graph);
    expect(names(once)).toEqual(['tanh', 'tanh', 'add', 'multiply']);
    expect(names(tiny.fuse(once))).toEqual(['tanh', 'add tanh multiply']);
    const chain = new tiny.Plan(tiny.trace((v) => tiny.transpose(tiny.transpose(tiny.transpose(tiny.transpose(v)))), [[2, 3]]));
    expect(chain.arena).toHaveLength(12); // two of the four results live at a time
    expect(numbers(chain.run([tiny.tensor([2, 3], [1, 2, 3, 4, 5, 6])])[0])).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('trains a network by a compiled step', () => {
    const inputs = tiny.tensor([4, 2], [0, 0, 0, 1, 1, 0, 1, 1]);
    const targets = tiny.tensor([4, 1], [0, 1, 1, 0]);
    const weights = [random([2, 8], 4), random([8], 5), random([8, 1], 6)].map((initial) => new tiny.Variable(initial));
    const loss = (x: tiny.Tensor, y: tiny.Tensor) => (w1: tiny.Tensor, b1: tiny.Tensor, w2: tiny.Tensor) => {
      const error = tiny.subtract(tiny.matmul(tiny.tanh(tiny.add(tiny.matmul(x, w1), b1)), w2), y);
      return tiny.mean(tiny.multiply(error, error));
    };
    const step = tiny.jit((x, y) => {
      const [value, gradients] = tiny.valueAndGrad(loss(x, y), weights.map((weight) => weight.value));
      weights.forEach((weight, i) => weight.assign(tiny.subtract(weight.value, tiny.multiply(gradients[i], 0.1))));
      return value;
    });
    const first = step(inputs, targets).memory![0];
    for (let i = 0; i < 2000; ++i) step(inputs, targets);
    expect(first).toBeGreaterThan(0.1);
    expect(step(inputs, targets).memory![0]).toBeLessThan(0.001);
  });

  it('says which sizes do not fit', () => {
    expect(() => tiny.matmul(x, x)).toThrow('matmul: inner sizes differ, received [5,3] and [5,3]');
  });
});
