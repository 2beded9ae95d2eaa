// What recordings of Keras do not tell about functions that order, count and accumulate: ties, NaN, compiled and symbolic calls, gradients
// at zeros, errors.
import { describe, expect, it } from '@jest/globals';
import { Input, jit, ops, vjp, type Tensor } from 'keratin';
import { checkGradient, draw, numbers, values } from '../../helpers/ops.js';

const f32 = (...data: number[]): Tensor => ops.convertToTensor(Float32Array.from(data));
const i32 = (...data: number[]): Tensor => ops.convertToTensor(Int32Array.from(data));
const f64 = (shape: number[], low = -2, high = 2): Tensor => draw({ shape, low, high }, 'float64', numbers(5));
const gradient = (fn: (x: Tensor) => Tensor, x: Tensor, dy: Tensor): number[] => {
  const [, pullback] = vjp(fn, x);
  return values((pullback(dy) as readonly Tensor[])[0]);
};

describe('sort', () => {
  it('puts NaN last and keeps the order and the signs of zeros', () => {
    const x = f32(0, NaN, -1, -0, Infinity, 0, -Infinity, NaN);
    const sorted = [...ops.sort(x).data];
    expect(sorted.slice(0, 6)).toEqual([-Infinity, -1, 0, -0, 0, Infinity]);
    expect(sorted.slice(6)).toEqual([NaN, NaN]);
    expect([...ops.argsort(x).data]).toEqual([6, 2, 0, 3, 5, 4, 1, 7]);
  });
  it('sorts 16-bit floats and bools', () => {
    for (const dtype of ['float16', 'bfloat16'] as const) {
      const x = ops.cast(f32(3, -1, NaN, 0.5, -2), dtype);
      expect(values(ops.sort(x))).toEqual([-2, -1, 0.5, 3, NaN]);
      expect(gradient((t) => ops.sort(t), x, ops.cast(f32(1, 2, 3, 4, 5), dtype))).toEqual([4, 2, 5, 3, 1]);
    }
    expect(ops.sort(ops.convertToTensor([true, false, true])).tolist()).toEqual([false, true, true]);
  });
  it('works compiled and on symbols', () => {
    const x = f64([3, 5]);
    expect(values(jit((t: Tensor) => ops.sort(t, { axis: 0 }))(x))).toEqual(values(ops.sort(x, { axis: 0 })));
    expect(ops.sort(Input({ shape: [7] })).shape).toEqual([null, 7]);
  });
  it('names the axis that is not there', () => expect(() => ops.sort(f32(1), { axis: 1 })).toThrow(/sort: axis 1 is out of bounds/));
});

describe('argpartition', () => {
  it('gives the smallest in ascending order and the others as they stand', () => {
    expect([...ops.argpartition(i32(5, 1, 4, 1, 3), 1).data]).toEqual([1, 3, 0, 2, 4]);
    expect([...ops.argpartition(i32(5, 1, 4, 1, 3), -1).data]).toEqual([1, 3, 4, 2, 0]);
    expect(() => ops.argpartition(i32(1, 2), 2)).toThrow('argpartition: kth must be an integer from -2 to 1');
  });
});

describe('topK', () => {
  it('gives the first of equal elements first', () => {
    const [top, places] = ops.topK(i32(3, 7, 3, 7, 1), 3);
    expect([[...top.data], [...places.data]]).toEqual([[7, 7, 3], [1, 3, 0]]);
    expect(ops.topK(i32(1, 2), 0)[0].shape).toEqual([0]);
    expect(() => ops.topK(i32(1, 2), 3)).toThrow('k must be an integer from 0 to 2');
  });
  it('finds a few among many', () => {
    const data = Float32Array.from({ length: 20000 }, numbers(11));
    const order = [...data.keys()].sort((a, b) => data[b] - data[a]);
    for (const k of [1, 10, 700]) expect([...ops.topK(ops.convertToTensor(data), k)[1].data]).toEqual(order.slice(0, k));
  });
});

describe('inTopK', () => {
  it('takes no target outside of the classes and no NaN', () => {
    const scores = ops.convertToTensor([[0.1, 0.9, NaN], [0.1, 0.9, 0.5], [0.1, 0.9, 0.5]]);
    expect(ops.inTopK(i32(2, 3, 2), scores, 2).tolist()).toEqual([false, false, true]);
  });
});

describe('quantile', () => {
  it('checks its method and q', () => {
    expect(() => ops.quantile(f32(1, 2), 0.5, { method: 'liner' as 'linear' })).toThrow("did you mean 'linear'");
    expect(() => ops.quantile(f32(1, 2), ops.ones([1, 1]))).toThrow('q must be a number or have one axis');
    expect(() => ops.median(ops.zeros([0, 2]), { axis: 0 })).toThrow('median: no elements');
  });
  it('has the inverse of the distribution function', () => {
    expect(values(ops.quantile(f32(4, 1, 3, 2), f32(0, 0.25, 0.26, 1), { method: 'inverted_cdf' }))).toEqual([1, 1, 2, 4]);
  });
  it('has gradients in x and in q', () => {
    checkGradient(
      (x, q) => [ops.quantile(x, q, { axis: 1 })],
      [f64([3, 7]), ops.convertToTensor([0.2, 0.7], { dtype: 'float64' })],
      1e-6,
      'quantile',
    );
    checkGradient((x) => [ops.median(x, { axis: 0 })], [f64([4, 3])], 1e-6, 'median');
  });
  it('works compiled and on symbols', () => {
    const x = f64([4, 6]);
    expect(values(jit((t: Tensor) => ops.quantile(t, 0.3, { axis: 1 }))(x))).toEqual(values(ops.quantile(x, 0.3, { axis: 1 })));
    expect(ops.median(Input({ shape: [5, 2] }), { axis: 1 }).shape).toEqual([null, 2]);
  });
});

describe('cumprod', () => {
  it.each([[[2, 0, 3, 4]], [[0, 2, 0, 3]], [[0, 0, 1, 2]], [[1, 2, 3, 0]]])('has the gradient beside zeros: %j', (data) => {
    const x = ops.convertToTensor(data, { dtype: 'float64' });
    checkGradient((t) => [ops.cumprod(t)], [x], 1e-6, 'cumprod');
    checkGradient((t) => [ops.segmentProd(t, i32(0, 0, 0, 0), { numSegments: 1 })], [x], 1e-6, 'segmentProd');
  });
  it('has bool results', () => {
    expect(ops.cumsum(i32(0, 1, -1), { dtype: 'bool' }).tolist()).toEqual([false, true, true]);
    expect(ops.cumprod(i32(2, -3, 0), { dtype: 'bool' }).tolist()).toEqual([true, true, false]);
  });
});

describe('segments', () => {
  const ids = i32(0, 5, 1, -1, 0);
  it('leave out ids outside and begin with the identity', () => {
    const x = f32(1, 2, 3, 4, 5);
    expect(values(ops.segmentSum(x, ids, { numSegments: 3 }))).toEqual([6, 3, 0]);
    expect(values(ops.segmentMax(x, ids, { numSegments: 3 }))).toEqual([5, 3, -Infinity]);
    expect(values(ops.segmentMin(i32(1, 2, 3, 4, 5), ids, { numSegments: 3 }))).toEqual([1, 3, 2147483647]);
    expect(ops.segmentMax(ops.cast(x, 'int64'), ids, { numSegments: 3 }).data[2]).toBe(-(2n ** 63n));
    expect(ops.segmentProd(ops.convertToTensor([true, false, true, true, false]), ids, { numSegments: 3 }).tolist()).toEqual([
      false,
      true,
      true,
    ]);
  });
  it('count the segments when they can', () => {
    expect(ops.segmentSum(f32(1, 2, 3), i32(1, 0, 3)).shape).toEqual([4]);
    expect(() => jit((i: Tensor) => ops.segmentSum(f32(1, 2, 3), i))(i32(1, 0, 3))).toThrow('give numSegments');
    expect(() => ops.segmentSum(f32(1, 2, 3), i32(1, 0))).toThrow('one for each entry');
  });
});

describe('what depends on data', () => {
  it('says so when compiled', () => {
    expect(() => jit((x: Tensor) => ops.unique(x))(i32(1, 2))).toThrow('unique: the shape of the result depends on the values');
    expect(() => jit((x: Tensor) => ops.bincount(x))(i32(1, 2))).toThrow('bincount: the shape of the result depends on the values');
  });
  it('compiles with a size', () => {
    const [found, counts] = jit((x: Tensor) => ops.unique(x, { size: 4, fillValue: -1, returnCounts: true }))(i32(5, 2, 5, 9));
    expect([values(found), values(counts)]).toEqual([[2, 5, 9, -1], [1, 2, 1, 0]]);
    expect(ops.unique(Input({ batchShape: [6], dtype: 'int32' }), { size: 2 }).shape).toEqual([2]);
  });
  it('keeps NaN apart in unique', () => expect(values(ops.unique(f32(NaN, 1, NaN, 1)))).toEqual([1, NaN, NaN]));
  it('checks bincount and histogram', () => {
    expect(() => ops.bincount(f32(1))).toThrow('expected integers');
    expect(() => ops.bincount(i32(1), { sparse: true })).toThrow('sparse');
    expect(() => ops.histogram(f32(1), { bins: 1.5 })).toThrow('bins must be an integer');
    expect(() => ops.histogram(f32(1), { range: [2, 1] })).toThrow('must not be less');
    expect(values(ops.histogram(f32(2, 2), { bins: 2 })[1])).toEqual([1.5, 2, 2.5]);
  });
});

describe('searching', () => {
  it('counts NaN as largest, and follows bins that descend', () => {
    expect([...ops.searchsorted(f32(1, 2, NaN), f32(NaN, 3, 1), { side: 'right' }).data]).toEqual([3, 2, 1]);
    expect([...ops.digitize(f32(0, 1.5, 5), f32(3, 2, 1)).data]).toEqual([3, 2, 0]);
    expect(() => ops.searchsorted(ops.ones([2, 2]), f32(1))).toThrow('must have one axis');
  });
  it('finds members', () => {
    expect(ops.isin(f32(1, NaN, -0), f32(NaN, 0)).tolist()).toEqual([false, false, true]);
    expect(ops.isin(f32(1, 2), ops.zeros([0]), { invert: true }).tolist()).toEqual([true, true]);
  });
});

describe('vectors', () => {
  it('have gradients', () => {
    checkGradient((a, b) => [ops.cross(a, b)], [f64([2, 3]), f64([2, 3], 0, 1)], 1e-6, 'cross');
    checkGradient((a, b) => [ops.correlate(a, b, { mode: 'same' })], [f64([7]), f64([4], 0, 1)], 1e-6, 'correlate');
    checkGradient((a) => [ops.corrcoef(a)], [f64([3, 6])], 1e-5, 'corrcoef');
    checkGradient((a) => [ops.vander(a)], [f64([3])], 1e-6, 'vander');
    checkGradient((y, x) => [ops.trapezoid(y, { x })], [f64([2, 5]), f64([2, 5], 0, 1)], 1e-6, 'trapezoid');
  });
  it('refuse what does not fit', () => {
    expect(() => ops.cross(f32(1, 2, 3, 4), f32(1, 2))).toThrow('2 or 3 components');
    expect(() => ops.correlate(f32(1), f32(1), { mode: 'all' as 'full' })).toThrow('mode must be');
    expect(() => ops.gcd(f32(1), f32(2))).toThrow('gcd: expected integers');
    expect(() => ops.vander(ops.ones([2, 2]))).toThrow('expected one axis');
  });
});
