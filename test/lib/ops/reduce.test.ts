// Reductions against a model in plain JavaScript, over all subsets of axes, dtypes and sizes down to 0.
import { describe, expect, it } from '@jest/globals';
import { jit, ops, type Tensor } from 'keratin';
import type { DType } from '#lib/base/dtype.js';
import { sizeOf, stridesOf, type Shape } from '#lib/base/shape.js';
import { numbers } from '../../helpers/ops.js';
import { expectWithin, tolerance } from '../../helpers/tolerance.js';

const list = (x: Tensor) => ([ops.cast(x, x.dtype === 'float16' ? 'float32' : x.dtype).tolist()] as unknown[]).flat(Infinity).map(Number);
const random = (shape: Shape, dtype: DType): Tensor => {
  const next = numbers(3);
  const values = Array.from({ length: sizeOf(shape) }, () => (dtype.startsWith('float') ? next() * 2 - 1 : Math.floor(next() * 5)));
  return ops.reshape(ops.convertToTensor(Float64Array.from(values), { dtype }), shape);
};
const subsets = (rank: number): number[][] =>
  Array.from({ length: 2 ** rank }, (_, bits) => Array.from({ length: rank }, (_, i) => i).filter((i) => (bits >> i) & 1));

/** The groups of elements that are reduced together, in row-major order of the result. */
function groups(x: Tensor, axes: readonly number[]): number[][] {
  const strides = stridesOf(x.shape);
  const kept = x.shape.map((d, i) => (axes.includes(i) ? 1 : d));
  const keptStrides = stridesOf(kept);
  const out = Array.from({ length: sizeOf(kept) }, () => [] as number[]);
  list(x).forEach((value, flat) => {
    const place = strides.reduce(
      (sum, stride, i) => sum + (axes.includes(i) ? 0 : (Math.floor(flat / stride) % x.shape[i]) * keptStrides[i]),
      0,
    );
    out[place].push(value);
  });
  return out;
}
const mean = (v: number[]) => v.reduce((a, b) => a + b, 0) / v.length;
const MODEL: Record<string, (v: number[]) => number> = {
  sum: (v) => v.reduce((a, b) => a + b, 0),
  prod: (v) => v.reduce((a, b) => a * b, 1),
  mean,
  max: (v) => Math.max(...v),
  min: (v) => Math.min(...v),
  amax: (v) => Math.max(...v),
  ptp: (v) => Math.max(...v) - Math.min(...v),
  var: (v) => mean(v.map((a) => (a - mean(v)) ** 2)),
  std: (v) => Math.sqrt(mean(v.map((a) => (a - mean(v)) ** 2))),
  any: (v) => Number(v.some((a) => a !== 0)),
  all: (v) => Number(v.every((a) => a !== 0)),
  countNonzero: (v) => v.filter((a) => a !== 0).length,
  logsumexp: (v) => Math.log(v.reduce((a, b) => a + Math.exp(b), 0)),
  average: mean,
  nansum: (v) => v.reduce((a, b) => a + b, 0),
};

describe.each(Object.keys(MODEL))('%s', (name) => {
  const reduce = ops[name as 'sum'] as (x: Tensor, options: object) => Tensor;
  it.each(['float32', 'float16', 'int32', 'uint8'] as const)('agrees with the model in %s', (dtype) => {
    for (const shape of [[2, 3, 4], [1], [], [5, 1, 2, 2]]) {
      const x = random(shape, dtype);
      for (const axis of subsets(shape.length)) {
        const result = reduce(x, { axis });
        expect(result.shape).toEqual(shape.filter((_, i) => !axis.includes(i)));
        expectWithin(
          list(result),
          groups(x, axis).map(MODEL[name]),
          tolerance(dtype === 'float16' ? 'float16' : 'float32', 'reduction', x.size),
          `${name} of (${shape}) along [${axis}]: `,
        );
      }
    }
  });

  it('keeps dimensions, takes negative axes, and compiles', () => {
    if (['countNonzero', 'average'].includes(name)) return;
    const x = random([2, 3, 4], 'float32');
    expect(reduce(x, { axis: [0, -1], keepdims: true }).shape).toEqual([1, 3, 1]);
    expect(list(reduce(x, { axis: -2 }))).toEqual(list(reduce(x, { axis: 1 })));
    expectWithin(list(jit((t: Tensor) => reduce(t, { axis: 1 }))(x)), list(reduce(x, { axis: 1 })), 1e-6);
    expect(() => reduce(x, { axis: 3 })).toThrow(/axis 3 is out of bounds/);
    expect(() => reduce(x, { axis: [0, -3] })).toThrow(/names an axis twice/);
  });
});

describe('dtypes', () => {
  const widths: [DType, DType][] = [
    ['bool', 'int32'],
    ['int8', 'int32'],
    ['int16', 'int32'],
    ['uint8', 'uint32'],
    ['uint16', 'uint32'],
    ['int64', 'int64'],
    ['float16', 'float16'],
    ['bfloat16', 'bfloat16'],
  ];
  it.each(widths)('sums of %s are %s', (given, result) => {
    expect(ops.sum(ops.ones([300], { dtype: given })).dtype).toBe(result);
    expect(ops.prod(ops.ones([3], { dtype: given })).dtype).toBe(result);
    expect(ops.max(ops.ones([3], { dtype: given })).dtype).toBe(given);
    expect(ops.sum(ops.ones([300], { dtype: given })).item()).toBe(300);
  });

  it('averages 16-bit floats without overflow', () => {
    expect(ops.mean(ops.full([4], 60000, { dtype: 'float16' })).item()).toBeCloseTo(60000, -2);
    expect(ops.moments(ops.convertToTensor([60000, -60000], { dtype: 'float16' }), [0])[1].item()).toBe(65504);
  });
});

describe('no elements', () => {
  const none = ops.zeros([2, 0, 3]);
  it('have sum 0, product 1, no extreme', () => {
    expect(ops.sum(none, { axis: 1 }).tolist()).toEqual([[0, 0, 0], [0, 0, 0]]);
    expect(ops.prod(none).item()).toBe(1);
    expect(ops.any(none).item()).toBe(false);
    expect(ops.all(none).item()).toBe(true);
    expect(ops.mean(none).item()).toBeNaN();
    expect(() => ops.max(none)).toThrow(/no elements/);
    expect(() => ops.argmax(none, { axis: 1 })).toThrow(/no elements/);
    expect(ops.max(none, { initial: -5 }).item()).toBe(-5);
    expect(ops.sum(none, { axis: 0 }).shape).toEqual([0, 3]);
    expect(ops.max(none, { axis: 0 }).shape).toEqual([0, 3]);
  });
});

describe('argmax and argmin', () => {
  it('give the first of equal ones, and NaN before all', () => {
    const x = ops.convertToTensor([[1, 3, 3], [2, NaN, 9]]);
    expect(ops.argmax(x, { axis: 1 }).tolist()).toEqual([1, 1]);
    expect(ops.argmin(x, { axis: 0 }).tolist()).toEqual([0, 1, 0]);
    expect(ops.argmax(x, { keepdims: true })).toMatchObject({ shape: [1, 1], dtype: 'int32' });
    expect(ops.nanargmax(x, { axis: 1 }).tolist()).toEqual([1, 2]);
    expect(ops.argmin(ops.convertToTensor([0, -0, 1], { dtype: 'float32' })).item()).toBe(1);
  });
});

describe('weights', () => {
  it('are taken by shape or along axes', () => {
    const x = ops.convertToTensor([[1, 2], [3, 4.5]]);
    expect(ops.average(x, { axis: 0, weights: [3, 1] }).tolist()).toEqual([1.5, 2.625]);
    expect(ops.average(x, { weights: [[1, 0], [0, 1]] }).item()).toBe(2.75);
    expect(() => ops.average(x, { axis: 0, weights: [1, 2, 3] })).toThrow(/weights of shape \(3,\)/);
  });
});
