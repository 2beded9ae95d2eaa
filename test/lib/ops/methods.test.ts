// Methods of tensors, variables and symbols, and how they print.
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { jit, KerasTensor, ops, Tensor, Variable } from 'keratin';

const x = ops.convertToTensor([[1, 2.5], [3, 4]]);
const functions = ops as unknown as Record<string, unknown>;
const methods = Object.getOwnPropertyNames(Tensor.prototype).filter(
  (name) => typeof functions[name] === 'function' && !['shape', 'dtype', 'size', 'ndim'].includes(name),
);

describe('methods', () => {
  it('are the functions of ops, for tensors, variables and symbols', () => {
    expect(methods.length).toBeGreaterThan(150);
    for (const name of methods) {
      expect(Object.hasOwn(Variable.prototype, name)).toBe(true);
      expect(Object.hasOwn(KerasTensor.prototype, name)).toBe(true);
    }
    expect(x.add(1).tolist()).toEqual(ops.add(x, 1).tolist());
    expect(x.sum({ axis: 0 }).tolist()).toEqual([4, 6.5]);
    expect(new Variable(x).multiply(2).tolist()).toEqual([[2, 5], [6, 8]]);
    expect(new KerasTensor([null, 2], 'float32').matmul(x).var({ axis: 1 }).shape).toEqual([null]);
  });

  it('of arrays', () => {
    expect(x.T.tolist()).toEqual([[1, 3], [2.5, 4]]);
    expect(x.reshape(4, 1).shape).toEqual([4, 1]);
    expect(x.reshape([-1]).shape).toEqual([4]);
    expect(x.astype('int32').tolist()).toEqual([[1, 2], [3, 4]]);
    expect(x.at(-1).tolist()).toEqual([3, 4]);
  });

  it('assign in place', () => {
    const v = new Variable([1, 2], { dtype: 'float32' });
    expect(v.assignAdd([10, 10]).tolist()).toEqual([11, 12]);
    jit(() => v.assignSub(1))();
    expect(v.value.tolist()).toEqual([10, 11]);
  });

  it('make arrays of tensors tensors', () => expect(ops.convertToTensor([x, x]).shape).toEqual([2, 2, 2]));
});

describe('text', () => {
  it('is that of NumPy', () => {
    expect(inspect(x)).toBe('<Tensor shape=(2, 2), dtype=float32>\n[[1.  2.5]\n [3.  4. ]]');
    expect(`${ops.convertToTensor(Float32Array.of(1e-7, 1e10, NaN))}`).toBe('[1.e-07 1.e+10    nan]');
    expect(`${ops.convertToTensor([0.1, -2, 1 / 3])}`).toBe('[ 0.1        -2.          0.33333334]');
    expect(`${ops.convertToTensor([true, false])}`).toBe('[ True False]');
    expect(`${ops.sum(x)}`).toBe('10.5');
    expect(`${ops.arange(2000)}`).toBe('[   0    1    2 ... 1997 1998 1999]');
    expect(`${ops.reshape(ops.arange(8), [2, 2, 2])}`).toBe('[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]');
  });
  it('of variables, symbols and traced tensors names them', () => {
    expect(inspect(new Variable([1.5], { name: 'w' }))).toBe('<Variable path=w, shape=(1,), dtype=float32, value=[1.5]>');
    expect(inspect(new KerasTensor([null, 3], 'float32', { name: 'in' }))).toBe('<KerasTensor shape=(None, 3), dtype=float32, name=in>');
    jit((t: Tensor) => {
      expect(`${t}`).toBe('<Tensor being compiled, shape=(2, 2), dtype=float32>');
      return t;
    })(x);
  });
});
