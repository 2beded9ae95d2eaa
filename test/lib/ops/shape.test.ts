// Functions that move elements, against a model that computes where each one comes from.
import { describe, expect, it } from '@jest/globals';
import { jit, KerasTensor, ops, type Tensor } from 'keratin';
import { sizeOf, stridesOf, type Shape } from '#lib/base/shape.js';

const count = (shape: Shape): Tensor => ops.reshape(ops.arange(sizeOf(shape)), shape);
const list = (x: Tensor) => ([x.tolist()] as unknown[]).flat(Infinity) as number[];
/** A tensor of `shape` whose element at an index is that of `x` where `source` says. */
function model(x: Tensor, shape: Shape, source: (index: number[]) => number[]): number[] {
  const [strides, own] = [stridesOf(shape), stridesOf(x.shape)];
  const data = list(x);
  return Array.from({ length: sizeOf(shape) }, (_, flat) => {
    const place = source(strides.map((stride, i) => Math.floor(flat / stride) % shape[i]));
    return data[place.reduce((sum, at, i) => sum + at * own[i], 0)];
  });
}
const rem = (a: number, n: number) => ((a % n) + n) % n;
const x = count([2, 3, 4]);

describe('axes', () => {
  it('are reordered', () => {
    expect(list(ops.transpose(x))).toEqual(model(x, [4, 3, 2], ([a, b, c]) => [c, b, a]));
    expect(list(ops.transpose(x, [1, -1, 0]))).toEqual(model(x, [3, 4, 2], ([a, b, c]) => [c, a, b]));
    expect(ops.transpose(x, { axes: [1, 2, 0] }).shape).toEqual([3, 4, 2]);
    expect(ops.swapaxes(x, 0, -1).shape).toEqual([4, 3, 2]);
    expect(ops.moveaxis(x, 0, -1).shape).toEqual([3, 4, 2]);
    expect(ops.moveaxis(x, [0, 1], [-1, 0]).shape).toEqual([3, 4, 2]);
    expect(() => ops.transpose(x, [0, 1])).toThrow(/no order of the axes/);
  });

  it('come and go', () => {
    expect(ops.expandDims(x, [0, -1]).shape).toEqual([1, 2, 3, 4, 1]);
    expect(ops.squeeze(ops.zeros([1, 2, 1])).shape).toEqual([2]);
    expect(ops.squeeze(ops.zeros([1, 2, 1]), { axis: -1 }).shape).toEqual([1, 2]);
    expect(() => ops.squeeze(x, { axis: 0 })).toThrow(/not of size 1/);
    expect(ops.reshape(x, [4, -1]).shape).toEqual([4, 6]);
    expect(() => ops.reshape(x, [5, -1])).toThrow(/do not divide/);
    expect(() => ops.reshape(x, [5, 5])).toThrow(/24 elements are not 25/);
    expect(ops.ravel(x).shape).toEqual([24]);
  });
});

describe('repetition', () => {
  it('of elements and of the whole', () => {
    expect(list(ops.repeat(x, 2, { axis: 1 }))).toEqual(model(x, [2, 6, 4], ([a, b, c]) => [a, b >> 1, c]));
    expect(list(ops.repeat([1, 2, 3], [0, 2, 1], { axis: 0 }))).toEqual([2, 2, 3]);
    expect(list(ops.repeat([[1, 2], [3, 4]], 2))).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
    expect(list(ops.tile(x, [2, 1, 3]))).toEqual(model(x, [4, 3, 12], ([a, b, c]) => [a % 2, b, c % 4]));
    expect(ops.tile([1, 2], [2, 2]).tolist()).toEqual([[1, 2, 1, 2], [1, 2, 1, 2]]);
    expect(ops.broadcastTo([1, 2], [2, 2]).tolist()).toEqual([[1, 2], [1, 2]]);
  });
});

describe('order', () => {
  it('is reversed, rolled and turned', () => {
    expect(list(ops.flip(x, { axis: [0, 2] }))).toEqual(model(x, [2, 3, 4], ([a, b, c]) => [1 - a, b, 3 - c]));
    expect(list(ops.roll(x, [1, -1], { axis: [0, 2] }))).toEqual(model(x, [2, 3, 4], ([a, b, c]) => [rem(a - 1, 2), b, rem(c + 1, 4)]));
    expect(list(ops.roll([0, 1, 2, 3, 4], 12))).toEqual([3, 4, 0, 1, 2]);
    for (let k = -1; k < 6; k++) {
      const turned = Array.from({ length: rem(k, 4) }).reduce<Tensor>(
        (t) => ops.flip(ops.transpose(t, [1, 0]), { axis: 0 }),
        count([2, 3]),
      );
      expect(ops.rot90(count([2, 3]), { k }).tolist()).toEqual(turned.tolist());
    }
  });
});

describe('pad', () => {
  const row = ops.convertToTensor([1, 2, 3]);
  it.each([
    ['constant', [0, 0, 0, 0, 1, 2, 3, 0, 0]], ['edge', [1, 1, 1, 1, 1, 2, 3, 3, 3]], ['reflect', [1, 2, 3, 2, 1, 2, 3, 2, 1]],
    ['symmetric', [3, 3, 2, 1, 1, 2, 3, 3, 2]], ['wrap', [3, 1, 2, 3, 1, 2, 3, 1, 2]],
  ] as const)('continues by %s', (mode, expected) => expect(ops.pad(row, [4, 2], { mode }).tolist()).toEqual(expected));
  it('takes a number, a pair or a pair for each axis, in 16 bits too', () => {
    expect(ops.pad(ops.ones([1, 2]), 1).shape).toEqual([3, 4]);
    expect(
      ops
        .pad(
          ops.ones([1, 1], { dtype: 'float16' }),
          [
            [0, 1],
            [1, 0],
          ],
          { constantValues: 2.5 },
        )
        .tolist(),
    ).toEqual([
      [2.5, 1],
      [2.5, 2.5],
    ]);
    expect(() => ops.pad(row, 1, { mode: 'reflct' as never })).toThrow(/did you mean 'reflect'/);
    expect(() => ops.pad(row, -1)).toThrow(/padWidth must be an integer >= 0/);
    expect(() => ops.pad(row, 1, { mode: 'edge', constantValues: 1 })).toThrow(/constantValues/);
  });
});

describe('joining and cutting', () => {
  it('are inverse', () => {
    for (const axis of [0, 1, -1]) {
      expect(ops.concatenate(ops.split(x, [1, 2], { axis }), { axis }).tolist()).toEqual(x.tolist());
      expect(ops.concatenate(ops.arraySplit(x, 3, { axis }), { axis }).tolist()).toEqual(x.tolist());
      expect(ops.stack(ops.unstack(x, { axis }), { axis }).tolist()).toEqual(x.tolist());
    }
    expect(ops.arraySplit(ops.arange(7), 3).map((part) => part.size)).toEqual([3, 2, 2]);
    expect(() => ops.split(x, 2, { axis: 1 })).toThrow(/size 3 does not divide into 2/);
    expect(ops.split(ops.arange(3), [5]).map((part) => part.size)).toEqual([3, 0]);
  });
  it('bring dtypes and few axes together', () => {
    expect(ops.concatenate([[1, 2], ops.convertToTensor([0.5])])).toMatchObject({ dtype: 'float32', shape: [3] });
    expect(ops.hstack([[1, 2], [3]]).tolist()).toEqual([1, 2, 3]);
    expect(ops.vstack([[1, 2], [3, 4]]).tolist()).toEqual([[1, 2], [3, 4]]);
    expect(ops.columnStack([[1, 2], [3, 4]]).tolist()).toEqual([[1, 3], [2, 4]]);
    expect(ops.dstack([[1, 2], [3, 4]]).shape).toEqual([1, 2, 2]);
    expect(() => ops.concatenate([ops.ones([2, 3]), ops.ones([2, 4])])).toThrow(/shapes must agree/);
    expect(() => ops.stack([[1], [1, 2]])).toThrow(/one shape/);
    expect(() => ops.concatenate([])).toThrow(/at least one/);
  });
});

describe('makers', () => {
  it('count and space', () => {
    expect(ops.arange(3)).toMatchObject({ dtype: 'int32', shape: [3] });
    expect(ops.arange(1, 2, 0.25).tolist()).toEqual([1, 1.25, 1.5, 1.75]);
    expect(ops.arange(5, { stop: 0, step: -2 }).tolist()).toEqual([5, 3, 1]);
    expect(ops.arange(3, { dtype: 'float64' }).dtype).toBe('float64');
    expect(ops.linspace(0, 1, { num: 5 }).tolist()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(ops.linspace(0, 1, { num: 4, endpoint: false, retstep: true })[1].item()).toBe(0.25);
    expect(ops.linspace([0, 1], [1, 3], { num: 3, axis: 1 }).tolist()).toEqual([[0, 0.5, 1], [1, 2, 3]]);
    expect(ops.linspace(0, 3, { num: 3, dtype: 'int32' }).tolist()).toEqual([0, 1, 3]);
  });
  it('make matrices', () => {
    expect(ops.eye(2, { M: 3, k: 1 }).tolist()).toEqual([[0, 1, 0], [0, 0, 1]]);
    expect(ops.tri(2, { M: 3 }).tolist()).toEqual([[1, 0, 0], [1, 1, 0]]);
    expect(ops.tril(ops.ones([2, 2, 2])).tolist()).toEqual([[[1, 0], [1, 1]], [[1, 0], [1, 1]]]);
    expect(ops.diag(ops.diag([1, 2, 3], { k: -1 }), { k: -1 }).tolist()).toEqual([1, 2, 3]);
    expect(ops.trace(count([3, 3])).item()).toBe(12);
    expect(ops.meshgrid([1, 2, 3], [4, 5]).map((t) => t.shape)).toEqual([[2, 3], [2, 3]]);
    expect(ops.meshgrid([1, 2, 3], [4, 5], { indexing: 'ij' }).map((t) => t.shape)).toEqual([[3, 2], [3, 2]]);
    expect(ops.full([2], 7).tolist()).toEqual([7, 7]);
    expect(() => ops.zeros([2, -1])).toThrow(/at least 0/);
  });
});

describe('symbols', () => {
  it('keep unknown sizes apart', () => {
    const k = new KerasTensor([null, 6], 'float32');
    expect(ops.reshape(k, [-1, 2, 3]).shape).toEqual([null, 2, 3]);
    expect(ops.concatenate([k, k], { axis: 1 }).shape).toEqual([null, 12]);
    expect(k.add(1).sum({ axis: 0 }).shape).toEqual([6]);
    expect(k.split(2, { axis: 1 }).map((part) => part.shape)).toEqual([[null, 3], [null, 3]]);
  });
  it('and traced tensors give the same', () => {
    const fn = (t: Tensor) => ops.flip(ops.pad(ops.transpose(t), 1, { mode: 'edge' }));
    expect(jit(fn)(x).tolist()).toEqual(fn(x).tolist());
  });
});
