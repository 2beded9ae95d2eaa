// Elementwise functions: promotion of dtypes, bare numbers, broadcasting, special values, options.
import { describe, expect, it } from '@jest/globals';
import { jit, ops, vjp, type Tensor } from 'keratin';
import type { DType } from '#lib/base/dtype.js';
import { expectWithin } from '../../helpers/tolerance.js';

const tensor = (value: number[] | number[][] | number, dtype: DType = 'float32'): Tensor => ops.convertToTensor(value, { dtype });
const list = (x: Tensor) => ([x.tolist()] as unknown[]).flat(Infinity) as number[];

describe('promotion', () => {
  const cases: [DType, DType, DType][] = [
    ['bool', 'int8', 'int8'],
    ['uint8', 'int8', 'int16'],
    ['uint16', 'int32', 'int32'],
    ['uint32', 'int32', 'int64'],
    ['int32', 'float16', 'float16'],
    ['float16', 'bfloat16', 'float32'],
    ['float32', 'float64', 'float64'],
    ['int64', 'float32', 'float32'],
  ];
  it.each(cases)('of %s and %s is %s', (a, b, common) => {
    const [x, y] = [tensor([1, 0], a), tensor([1, 1], b)];
    expect(ops.add(x, y).dtype).toBe(common);
    expect(ops.maximum(y, x).dtype).toBe(common);
    expect(list(ops.multiply(x, y))).toEqual([1, 0]);
  });

  it('bends bare numbers to the tensor beside them', () => {
    expect(ops.add(tensor([1], 'float16'), 2).dtype).toBe('float16');
    expect(ops.add(tensor([1], 'uint8'), 2).dtype).toBe('uint8');
    expect(ops.add(tensor([1], 'int32'), 0.5)).toMatchObject({ dtype: 'float32' });
    expect(ops.add(tensor([1], 'bool'), 1).dtype).toBe('int32');
    expect(ops.divide(1, 2).dtype).toBe('float32');
  });

  it('combines bools by logic and refuses to subtract them', () => {
    const [x, y] = [tensor([1, 1, 0], 'bool'), tensor([1, 0, 0], 'bool')];
    expect(ops.add(x, y).tolist()).toEqual([true, true, false]);
    expect(ops.multiply(x, y).tolist()).toEqual([true, false, false]);
    expect(() => ops.subtract(x, y)).toThrow(/logicalXor/);
  });

  it('makes floats of integers where the values are fractions', () => {
    for (const name of ['exp', 'sqrt', 'sin', 'floor', 'sigmoid', 'reciprocal'] as const)
      expect(ops[name](tensor([1, 2], 'int32')).dtype).toBe('float32');
    for (const name of ['exp', 'sqrt', 'tanh'] as const) expect(ops[name](tensor([1, 2], 'bfloat16')).dtype).toBe('bfloat16');
    for (const name of ['negative', 'square', 'sign', 'trunc', 'round', 'relu'] as const)
      expect(ops[name](tensor([1, 2], 'int32')).dtype).toBe('int32');
  });
});

describe('values', () => {
  it('divides and takes remainders as Python', () => {
    const [x, y] = [tensor([7, -7, 7, -7], 'int32'), tensor([2, 2, -2, -2], 'int32')];
    expect(list(ops.floorDivide(x, y))).toEqual([3, -4, -4, 3]);
    expect(list(ops.mod(x, y))).toEqual([1, 1, -1, -1]);
    expect(list(ops.fmod(x, y))).toEqual([1, -1, 1, -1]);
    expect(list(ops.mod(ops.cast(x, 'float32'), 2))).toEqual([1, 1, 1, 1]);
  });

  it('handles NaN, infinities and zeros', () => {
    const x = tensor([NaN, Infinity, -Infinity, -0, 3]);
    expect(list(ops.isnan(x))).toEqual([true, false, false, false, false]);
    expect(list(ops.nanToNum(x, { posinf: 9 }))).toEqual([0, 9, -3.4028234663852886e38, -0, 3]);
    expect(list(ops.fmax(x, 1))).toEqual([1, Infinity, 1, 1, 3]);
    expect(list(ops.maximum(x, 1)).map(Number.isNaN)).toEqual([true, false, false, false, false]);
    expect(list(ops.signbit(x))).toEqual([false, false, true, true, false]);
    expect(list(ops.divideNoNan(x, 0))).toEqual([0, 0, 0, 0, 0]);
    expect(list(ops.logaddexp(tensor([-Infinity, Infinity, 1000]), tensor([-Infinity, Infinity, 1000])))).toEqual([
      -Infinity,
      Infinity,
      Math.fround(1000 + Math.LN2),
    ]);
  });

  it('rounds half to even, with digits', () => {
    expect(list(ops.round(tensor([0.5, 1.5, -2.5])))).toEqual([0, 2, -2]);
    expectWithin(list(ops.round(tensor([1.2345, -6.785]), { decimals: 1 })), [1.2, -6.8], 1e-6);
    expect(list(ops.round(tensor([14, 25], 'int32'), { decimals: -1 }))).toEqual([10, 20]);
  });

  it('has roots of cubes exactly, and large hypotenuses', () => {
    expect(list(ops.cbrt(tensor([27, -8, 0])))).toEqual([3, -2, 0]);
    expect(list(ops.hypot(Float32Array.of(3e20, 0), Float32Array.of(4e20, 0)))).toEqual([Math.fround(5e20), 0]);
    expect(list(ops.ldexp(tensor([1.5, 1]), tensor([3, -130], 'int32')))[0]).toBe(12);
  });

  it('chooses by condition', () => {
    expect(ops.where(tensor([1, 0, 1], 'bool'), tensor([1, 2, 3]), -1).tolist()).toEqual([1, -1, 3]);
    expect(ops.where(tensor([[0, 1], [1, 0]])).map((x) => x.tolist())).toEqual([[0, 1], [1, 0]]);
    expect(ops.where([true, false], { x1: 1, x2: 2.5 }).tolist()).toEqual([1, 2.5]);
    expect(() => ops.where([true], { x1: 1 } as never)).toThrow(/both or neither/);
    expect(ops.select([tensor([1, 0, 0], 'bool'), tensor([1, 1, 0], 'bool')], [10, 20], { default: 5 }).tolist()).toEqual([10, 20, 5]);
  });

  it('compares with tolerance', () => {
    expect(list(ops.isclose([1, 1, NaN, Infinity], [1 + 1e-6, 1.1, NaN, Infinity]))).toEqual([true, false, false, true]);
    expect(ops.allclose([NaN], [NaN], { equalNan: true }).item()).toBe(true);
  });
});

describe('activations', () => {
  const x = tensor([-1000, -3, -1, -0.25, 0, 0.25, 1, 3, 1000]);
  const reference: Record<string, (x: number) => number> = {
    softplus: (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))),
    silu: (v) => v / (1 + Math.exp(-v)),
    softsign: (v) => v / (1 + Math.abs(v)),
    logSigmoid: (v) => Math.min(v, 0) - Math.log1p(Math.exp(-Math.abs(v))),
    hardSigmoid: (v) => Math.min(Math.max(v / 6 + 0.5, 0), 1),
    relu6: (v) => Math.min(Math.max(v, 0), 6),
    hardTanh: (v) => Math.min(Math.max(v, -1), 1),
    tanhShrink: (v) => v - Math.tanh(v),
    elu: (v) => (v > 0 ? v : Math.expm1(v)),
    leakyRelu: (v) => (v < 0 ? 0.2 * v : v),
    squareplus: (v) => (v + Math.sqrt(v * v + 4)) / 2,
  };
  it.each(Object.keys(reference))('%s has the values of its formula and a finite gradient', (name) => {
    const fn = ops[name as 'softplus'];
    expectWithin(list(fn(x)), list(x).map(reference[name]), 1e-5);
    const [, pullback] = vjp(fn, x);
    expect(list(pullback(ops.onesLike(x))[0]).every(Number.isFinite)).toBe(true);
  });

  it('normalises along any axes', () => {
    const y = ops.reshape(ops.arange(24, { dtype: 'float32' }), [2, 3, 4]);
    for (const axis of [-1, 0, [0, 2], [1, 2], null]) {
      const share = ops.softmax(y, { axis });
      expectWithin(list(ops.sum(share, { axis })), list(ops.onesLike(ops.sum(y, { axis }))), 1e-5);
      expectWithin(list(ops.exp(ops.logSoftmax(y, { axis }))), list(share), 1e-5);
    }
    expect(() => ops.softmax(1)).toThrow(/out of bounds/);
  });

  it('fuses compiled composites into the same values', () => {
    const fn = (t: Tensor) => ops.gelu(ops.add(ops.multiply(t, 0.5), ops.silu(t)), { approximate: false });
    expectWithin(list(jit(fn)(x)), list(fn(x)), 1e-6);
  });
});

describe('errors', () => {
  it('name the nearest option and the right place', () => {
    expect(() => ops.leakyRelu([1], { negativeSlop: 0.1 } as never)).toThrow(
      "leakyRelu: unknown option 'negativeSlop'; did you mean 'negativeSlope'?",
    );
    expect(() => (ops.add as (...args: unknown[]) => unknown)([1], [1], { axis: 0 })).toThrow(/unknown option 'axis'/);
    expect(() => ops.sum([1], 0 as never)).toThrow(/options are given as an object, \{ axis, keepdims \}/);
    expect(() => ops.add([1, 2], [1, 2, 3])).toThrow(/\(2,\) and \(3,\) do not broadcast/);
    expect(() => ops.bitwiseAnd([1.5], [1])).toThrow(/integers or bools/);
    expect(() => ops.exp('a' as never)).toThrow(/exp: expected a tensor/);
  });
});
