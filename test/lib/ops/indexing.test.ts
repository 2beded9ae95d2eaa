// Reading and writing by index, against a model of NumPy's indexing; products and crossentropies by their definitions.
import { describe, expect, it } from '@jest/globals';
import { jit, ops, vjp, type Tensor } from 'keratin';
import { sizeOf, type Shape } from '#lib/base/shape.js';
import { expectWithin } from '../../helpers/tolerance.js';

const count = (shape: Shape): Tensor => ops.reshape(ops.arange(sizeOf(shape), { dtype: 'float32' }), shape);
const list = (x: Tensor) => ([x.tolist()] as unknown[]).flat(Infinity) as number[];
const x = count([4, 5]);
const rows = x.tolist() as number[][];

describe('getItem', () => {
  it('takes places, ranges, new axes and dots', () => {
    expect(ops.getItem(x, 1).tolist()).toEqual(rows[1]);
    expect(ops.getItem(x, [-1, 2]).item()).toBe(rows[3][2]);
    expect(ops.getItem(x, ['...', 0]).tolist()).toEqual(rows.map((row) => row[0]));
    expect(ops.getItem(x, [null, 0]).shape).toEqual([1, 5]);
    expect(ops.getItem(x, [{ start: 1 }, { stop: -3, step: -1 }]).tolist()).toEqual(rows.slice(1).map((row) => [row[4], row[3]]));
    expect(ops.getItem(x, { start: 9 }).shape).toEqual([0, 5]);
    expect(x.at(-2).tolist()).toEqual(rows[2]);
  });
  it('takes tensors of places, alone or together, and masks', () => {
    const places = ops.convertToTensor([[0, 3], [-1, 1]]);
    expect(ops.getItem(x, places).shape).toEqual([2, 2, 5]);
    expect(ops.getItem(x, [places, 1]).tolist()).toEqual([[rows[0][1], rows[3][1]], [rows[3][1], rows[1][1]]]);
    expect(ops.getItem(x, [{}, ops.convertToTensor([4, 0])]).tolist()).toEqual(rows.map((row) => [row[4], row[0]]));
    expect(ops.getItem(x, ops.greater(x, 17)).tolist()).toEqual([18, 19]);
    expect(ops.getItem(count([2, 3, 4]), [0, { }, ops.convertToTensor([1, 2])]).shape).toEqual([2, 3]);
  });
  it('refuses what is outside', () => {
    expect(() => ops.getItem(x, 4)).toThrow(/out of range for an axis of size 4/);
    expect(() => ops.getItem(x, [0, 0, 0])).toThrow(/do not fit 2 axes/);
    expect(() => ops.getItem(x, { step: 0 })).toThrow(/other than 0/);
    expect(() => ops.getItem(x, ops.convertToTensor([4]))).toThrow(/4 is out of range/);
    expect(() => ops.getItem(x, [ops.convertToTensor([0]), ops.convertToTensor([5])])).toThrow(/out of range/);
  });
});

describe('take', () => {
  it('puts the axes of the indices in the place of the axis', () => {
    expect(ops.take(x, [[0, -1]], { axis: 1 }).tolist()).toEqual(rows.map((row) => [[row[0], row[4]]]));
    expect(ops.take(x, [7]).tolist()).toEqual([7]);
    expect(ops.takeAlongAxis(x, [[1], [0], [4], [-1]], { axis: 1 }).tolist()).toEqual([[1], [5], [14], [19]]);
    expect(ops.takeAlongAxis(x, [[2, 0, 1, 0, 3]], { axis: 0 }).tolist()).toEqual([[10, 1, 7, 3, 19]]);
    expect(() => ops.take(x, [4], { axis: 0 })).toThrow(/4 is out of range/);
    expect(() => ops.take(x, [0.5])).toThrow(/must be integers/);
  });
  it('adds up the gradients of places that are taken twice', () => {
    const [, pullback] = vjp((t: Tensor) => ops.take(t, [0, 0, 2]), ops.zeros([3]));
    expect(pullback([1, 2, 4])[0].tolist()).toEqual([3, 0, 4]);
  });
});

describe('slice and sliceUpdate', () => {
  it('agree for numbers and for computed starts', () => {
    const part = ops.slice(x, [1, 2], [2, 3]);
    expect(part.tolist()).toEqual([[7, 8, 9], [12, 13, 14]]);
    const dynamic = jit((t: Tensor, start: Tensor) => ops.slice(t, start, [2, 3]));
    expect(dynamic(x, ops.convertToTensor([1, 2])).tolist()).toEqual(part.tolist());
    expect(dynamic(x, ops.convertToTensor([9, -4])).tolist()).toEqual([[10, 11, 12], [15, 16, 17]]);
    const updated = ops.sliceUpdate(x, [1, 2], ops.zeros([2, 3]));
    expect(updated.at(1).tolist()).toEqual([5, 6, 0, 0, 0]);
    const update = jit((t: Tensor, start: Tensor) => ops.sliceUpdate(t, start, ops.zeros([2, 3])));
    expect(update(x, ops.convertToTensor([1, 2])).tolist()).toEqual(updated.tolist());
    expect(ops.sliceUpdate(x, [2, 0], ops.ones([1, 5])).at(2).tolist()).toEqual([1, 1, 1, 1, 1]);
    expect(() => ops.slice(x, [0, 0], [5, 1])).toThrow(/does not fit/);
    expect(() => ops.slice(x, [0], [1, 1])).toThrow(/1 start indices/);
  });
});

describe('scatter', () => {
  const places = [[1], [3], [1]];
  it('adds into zeros', () => {
    expect(ops.scatter(places, [1, 2, 4], [5]).tolist()).toEqual([0, 5, 0, 2, 0]);
    expect(ops.scatter([[0, 1]], ops.convertToTensor([2.5], { dtype: 'float16' }), [2, 2])).toMatchObject({
      dtype: 'float16',
      shape: [2, 2],
    });
    expect(() => ops.scatter([[5]], [1], [5])).toThrow(/out of range/);
  });
  it.each([
    [null, [1, 5, 1, 3]],
    ['add', [1, 9, 1, 4]],
    ['max', [1, 5, 1, 3]],
    ['min', [1, 1, 1, 1]],
    ['mul', [1, 15, 1, 3]],
  ] as const)('combines by %s', (reduction, expected) => {
    expect(ops.scatterUpdate(ops.ones([4]), places, [3, 3, 5], { reduction }).tolist()).toEqual(expected);
  });
  it('names the nearest reduction', () =>
    expect(() => ops.scatterUpdate([1], [[0]], [1], { reduction: 'mull' as never })).toThrow(/did you mean 'mul'/));
});

describe('classes', () => {
  it('become vectors', () => {
    expect(ops.oneHot([0, 2, -1, 3], 3).tolist()).toEqual([[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]]);
    expect(ops.oneHot([[0], [1]], 2, { axis: 0, dtype: 'int8' })).toMatchObject({ shape: [2, 2, 1], dtype: 'int8' });
    expect(ops.multiHot([[0, 2], [1, 1]], { numClasses: 3 }).tolist()).toEqual([[1, 0, 1], [0, 1, 0]]);
    expect(() => ops.oneHot([0], 2, { sparse: true })).toThrow(/sparse/);
    expect(ops.unravelIndex([5, -1], [2, 3]).map((t) => t.tolist())).toEqual([[1, 1], [2, 2]]);
  });
});

describe('products', () => {
  const [a, b] = [count([2, 3]), count([3, 4])];
  it('agree with each other', () => {
    const product = (i: number, j: number) => [0, 1, 2].reduce((sum, k) => sum + (i * 3 + k) * (k * 4 + j), 0);
    const expected = [0, 1].map((i) => [0, 1, 2, 3].map((j) => product(i, j)));
    for (const result of [
      ops.matmul(a, b),
      ops.dot(a, b),
      ops.tensordot(a, b, { axes: 1 }),
      ops.inner(a, ops.transpose(b)),
      ops.tensordot(a, b, { axes: [[1], [0]] }),
    ])
      expect(result.tolist()).toEqual(expected);
    expect(ops.matmul(count([5, 2, 3]), b).shape).toEqual([5, 2, 4]);
    expect(ops.matmul(count([5, 1, 2, 3]), count([7, 3, 4])).shape).toEqual([5, 7, 2, 4]);
    expect(ops.matmul([1, 2, 3], b).tolist()).toEqual([32, 38, 44, 50]);
    expect(ops.matmul([1, 2], [3, 4]).item()).toBe(11);
    expect(ops.vdot(a, a).item()).toBe(55);
    expect(ops.outer([1, 2], [3, 4]).tolist()).toEqual([[3, 4], [6, 8]]);
    expect(ops.kron([1, 2], [1, 10]).tolist()).toEqual([1, 10, 2, 20]);
  });
  it('widen 16-bit floats and int8, and report sizes that do not fit', () => {
    expect(ops.matmul(a.cast('float16'), b.cast('float16')).dtype).toBe('float16');
    expect(ops.matmul(a.cast('int8'), b.cast('int8'))).toMatchObject({ dtype: 'int32' });
    expect(ops.matmul(a.cast('bool'), b.cast('bool')).dtype).toBe('bool');
    expect(() => ops.matmul(a, a)).toThrow(/inner sizes 3 and 2 differ/);
    expect(() => ops.matmul(a, 1)).toThrow(/at least one axis/);
  });
});

describe('crossentropies', () => {
  const logits = ops.convertToTensor([[2, -1, 0.5], [1000, -1000, 0]]);
  const soft = ops.convertToTensor([[0.25, 0.5, 0.25], [1, 0, 0]]);
  const hard = ops.convertToTensor([1, 0]);
  const logProb = (row: number[], i: number) =>
    row[i] - Math.max(...row) - Math.log(row.reduce((s, v) => s + Math.exp(v - Math.max(...row)), 0));
  const table = logits.tolist() as number[][];

  it('have the values of their definition', () => {
    const byHand = table.map((row, r) => -(soft.tolist() as number[][])[r].reduce((s, w, i) => s + (w === 0 ? 0 : w * logProb(row, i)), 0));
    expectWithin(list(ops.categoricalCrossentropy(soft, logits, { fromLogits: true })), byHand, 1e-6);
    expectWithin(
      list(ops.sparseCategoricalCrossentropy(hard, logits, { fromLogits: true })),
      table.map((row, r) => -logProb(row, [1, 0][r])),
      1e-6,
    );
    expectWithin(
      list(ops.categoricalCrossentropy(ops.transpose(soft), ops.transpose(logits), { fromLogits: true, axis: 0 })),
      byHand,
      1e-6,
    );
    expectWithin(list(ops.categoricalCrossentropy([[1, 0]], [[0.25, 0.25]])), [Math.LN2], 1e-6);
    expectWithin(list(ops.binaryCrossentropy([1, 0, 0.5], [0.25, 0.25, 0.5])), [Math.log(4), -Math.log(0.75), Math.LN2], 1e-6);
    expectWithin(list(ops.binaryCrossentropy([1, 0], [-1000, -1000], { fromLogits: true })), [1000, 0], 1e-6);
  });
  it('use the logits of an activation when they are known', () => {
    const output = ops.softmax(logits);
    output.kerasLogits = logits;
    expect(list(ops.categoricalCrossentropy(soft, output))).toEqual(list(ops.categoricalCrossentropy(soft, logits, { fromLogits: true })));
    expect(list(ops.sparseCategoricalCrossentropy(hard, output))).toEqual(
      list(ops.sparseCategoricalCrossentropy(hard, logits, { fromLogits: true })),
    );
  });
  it('have the gradient of softmax minus labels', () => {
    const [, pullback] = vjp((t: Tensor) => ops.sum(ops.sparseCategoricalCrossentropy(hard, t, { fromLogits: true })), logits);
    expectWithin(list(pullback(1)[0]), list(ops.subtract(ops.softmax(logits), ops.oneHot(hard, 3))), 1e-6);
  });
  it('refuse labels and shapes that do not fit', () => {
    expect(() => ops.sparseCategoricalCrossentropy([3, 0], logits, { fromLogits: true })).toThrow(/3 is out of range/);
    expect(() => ops.sparseCategoricalCrossentropy([0], logits)).toThrow(/without the classes/);
    expect(() => ops.categoricalCrossentropy([1, 0], logits)).toThrow(/same shape/);
    expect(() => ops.binaryCrossentropy([1], [0.5, 0.5])).toThrow(/same shape/);
  });
});

describe('normalisation', () => {
  it('gives mean 0 and variance 1, or norm 1', () => {
    const y = count([3, 4]);
    const [mean, variance] = ops.moments(ops.layerNormalization(y, { epsilon: 0 }), [1]);
    expectWithin(list(mean), [0, 0, 0], 1e-6);
    expectWithin(list(variance), [1, 1, 1], 1e-5);
    expectWithin(list(ops.mean(ops.square(ops.rmsNormalization(y, { epsilon: 0 })), { axis: 1 })), [1, 1, 1], 1e-5);
    expectWithin(list(ops.sum(ops.square(ops.normalize(y)), { axis: 1 })), [1, 1, 1], 1e-5);
    expectWithin(list(ops.sum(ops.abs(ops.normalize(y, { order: 1, axis: 0 })), { axis: 0 })), [1, 1, 1, 1], 1e-5);
    expectWithin(list(ops.batchNormalization([[1, 4]], [1, 2], [4, 1], 1, { epsilon: 0, scale: [2, 3], offset: [5, 6] })), [5, 12], 1e-6);
    expect(() => ops.normalize(y, { order: 1.5 })).toThrow(/order must be an integer/);
  });
});

it('negative indices have the gradients of the entries that they name', () => {
  const pull = (pick: (t: Tensor) => Tensor): number[] => {
    const [picked, pullback] = vjp(pick, x);
    return list(pullback(ops.ones(picked.shape))[0]);
  };
  expect(pull((t) => ops.take(t, [-1, 1, -4], { axis: 0 }))).toEqual([1, 1, 0, 1].flatMap((n) => Array.from({ length: 5 }, () => n)));
  expect(pull((t) => ops.takeAlongAxis(t, [[-1]], { axis: 1 }))).toEqual(rows.flatMap(() => [0, 0, 0, 0, 1]));
});
