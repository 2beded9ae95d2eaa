// Elementwise functions and products at the ends of each dtype: the least integers, the largest exponents, denormal numbers, long sums.
import { describe, expect, it } from '@jest/globals';
import { ops, type Tensor } from 'keratin';
import type { DType } from '#lib/base/dtype.js';

const tensor = (value: number[], dtype: DType): Tensor => ops.convertToTensor(value, { dtype });
const list = (x: Tensor) => [...(x.dtype.endsWith('float16') ? ops.cast(x, 'float32') : x).data].map(Number);

describe('fmod', () => {
  const least: [DType, number][] = [['int8', -(2 ** 7)], ['int16', -(2 ** 15)], ['int32', -(2 ** 31)]];
  it.each(least)('of the least %s has the sign of the dividend', (dtype, low) => {
    const high = -low - 1;
    const [x, y] = [tensor([low, low, low, low, high, high, -7, 7, 7, 0], dtype), tensor([high, low, -1, 3, low, -2, 2, -4, 0, 5], dtype)];
    expect(list(ops.fmod(x, y)))
      .toEqual([-1, 0, -0, low % 3, high, 1, -1, 3, 0, 0].map((n) => n + 0));
  });
  it('of the least int64', () => {
    const low = ops.leftShift(tensor([1], 'int64'), tensor([63], 'int64'));
    const high = ops.bitwiseNot(low);
    expect(list(ops.fmod(low, high))).toEqual([-1]);
    expect(list(ops.fmod(low, tensor([10], 'int64')))).toEqual([-8]);
    expect(list(ops.fmod(tensor([-5], 'int64'), low))).toEqual([-5]);
  });
  it('of floats keeps signs and infinite divisors', () => {
    const [x, y] = [tensor([-7, 7, -4, 5.5, 3, -Infinity], 'float32'), tensor([3, -3, 2, Infinity, 0, 2], 'float32')];
    expect(list(ops.fmod(x, y))).toEqual([-1, 1, -0, 5.5, NaN, NaN]);
  });
});

describe('ldexp', () => {
  const most: [DType, number, number][] = [['float16', 15, -14], ['bfloat16', 127, -126], ['float32', 127, -126], ['float64', 1023, -1022]];
  it.each(most)('of %s reaches both ends and is 0 or infinite beyond', (dtype, high, low) => {
    const x = [0, -0, 1, 1, 1.5, -1, 1, -1, Infinity, NaN, 1.5];
    const n = [255, 5000, high, low, high, high + 1, -5000, 5000, -5000, 3, -1];
    expect(list(ops.ldexp(tensor(x, dtype), tensor(n, 'int32'))))
      .toEqual([0, -0, 2 ** high, 2 ** low, 1.5 * 2 ** high, -Infinity, 0, -Infinity, Infinity, NaN, 0.75]);
  });
  it.each(most)('of %s crosses the whole range', (dtype, high, low) => {
    const whole = high - low;
    expect(list(ops.ldexp(tensor([2 ** low, 2 ** high], dtype), tensor([whole, -whole], 'int32')))).toEqual([2 ** high, 2 ** low]);
  });
  it('takes exponents of any integer type', () => {
    for (const dtype of ['int8', 'int16', 'int64', 'uint8', 'uint16'] as const) {
      expect(list(ops.ldexp(tensor([3, 0], 'float32'), tensor([100, 127], dtype)))).toEqual([3 * 2 ** 100, 0]);
    }
    expect(ops.ldexp(tensor([3], 'int32'), tensor([2], 'int32'))).toMatchObject({ dtype: 'float32' });
  });
});

describe('sign', () => {
  it('of denormal numbers is that of others', () => {
    expect(list(ops.sign(tensor([1e-40, -1e-45, 0, -0, NaN, 3, -Infinity], 'float32')))).toEqual([1, -1, 0, -0, NaN, 1, -1]);
    expect(list(ops.sign(tensor([1e-310, -5e-324, 0, -0], 'float64')))).toEqual([1, -1, 0, -0]);
    expect(list(ops.sign(tensor([-128, 127, 0], 'int8')))).toEqual([-1, 1, 0]);
  });
});

describe('dtypes of products', () => {
  const pairs: [DType, DType, DType][] = [
    ['int8', 'int8', 'int32'], ['int8', 'bool', 'int8'], ['bool', 'int8', 'int8'], ['bool', 'bool', 'bool'], ['uint8', 'int8', 'int16'],
    ['uint8', 'uint8', 'uint8'],
    ['int16', 'int16', 'int16'], ['uint16', 'int8', 'int32'], ['int64', 'float16', 'float16'], ['float16', 'bfloat16', 'float32'],
  ];
  it.each(pairs)('matmul and einsum of %s and %s are %s', (a, b, common) => {
    const [x, y] = [ops.ones([2, 2], { dtype: a }), ops.ones([2, 2], { dtype: b })];
    expect(ops.matmul(x, y).dtype).toBe(common);
    expect(ops.einsum('ij,jk->ik', x, y).dtype).toBe(common);
  });
  it.each(['dot', 'inner', 'outer', 'vdot'] as const)('%s of two int8 stays int8', (name) => {
    expect(ops[name](tensor([1, 2], 'int8'), tensor([3, 4], 'int8')).dtype).toBe('int8');
  });
  it('corrcoef keeps the precision of floats', () => {
    const rows = [[1, 2, 4], [3, 1, 0]];
    const of = (dtype: DType) => ops.corrcoef(ops.convertToTensor(rows, { dtype }));
    for (const dtype of ['float16', 'bfloat16', 'float32', 'float64'] as const) expect(of(dtype).dtype).toBe(dtype);
    expect(list(of('float64'))[1]).toBeCloseTo(-0.9285714285714286, 14);
  });
});

describe('long sums of products', () => {
  const n = 10_000_000, each = Math.fround(0.1) ** 2;
  const tenths = ops.full([n], 0.1);
  it('are summed in runs, closer than OpenBLAS: 1.5e-3', () => {
    expect(Math.abs(ops.dot(tenths, tenths).item() / (each * n) - 1)).toBeLessThan(2e-4);
  });
  it('also with several columns', () => {
    const rows = n / 4;
    const product = ops.matmul(ops.full([1, rows], 0.1), ops.full([rows, 4], 0.1));
    for (const x of list(product)) expect(Math.abs(x / (each * rows) - 1)).toBeLessThan(2e-4);
  });
});
