// keras.ops.linalg beyond what is recorded: shapes of any size, edges, errors, symbols, compiled calls, and gradients of compositions.
import { describe, expect, it } from '@jest/globals';
import { jit, KerasTensor, ops, random, vjp, type Tensor } from 'keratin';
import { checkGradient, values } from '../../helpers/ops.js';
import { expectWithin } from '../../helpers/tolerance.js';

const { linalg } = ops;
const tensor = (data: unknown, dtype = 'float64') => ops.convertToTensor(data as number[], { dtype: dtype as 'float64' });
const normal = (shape: number[], seed = 1) => random.normal(shape, { seed, dtype: 'float64' });
const T = (x: Tensor) => ops.swapaxes(x, -1, -2);
const close = (a: Tensor, b: Tensor, relative = 1e-10) => {
  expect(a.shape).toEqual(b.shape);
  expectWithin(values(a), values(b), relative);
};
const definite = (n: number) => {
  const x = normal([n, n]);
  return ops.add(ops.matmul(x, T(x)), ops.eye(n, { dtype: 'float64' }));
};

describe.each([1, 2, 5, 31, 64, 130])('matrices of size %i', (n) => {
  const a = normal([n, n]);
  const one = ops.eye(n, { dtype: 'float64' });
  it('are the products of their factors', () => {
    const s = definite(n);
    const l = linalg.cholesky(s);
    close(ops.matmul(l, T(l)), s);
    close(ops.matmul(T(linalg.cholesky(s, { upper: true })), T(l)), s);
    close(ops.matmul(linalg.choleskyInverse(l), s), one, 1e-8);
    const [q, r] = linalg.qr(a);
    close(ops.matmul(q, r), a);
    const [w, v] = linalg.eigh(s);
    close(ops.matmul(ops.multiply(v, w), T(v)), s);
    const [u, values, vt] = linalg.svd(a);
    close(ops.matmul(ops.multiply(u, values), vt), a);
    close(linalg.svd(a, { computeUv: false }), values);
  });
  it('are inverted', () => {
    close(ops.matmul(linalg.inv(a), a), one, 1e-7);
    close(ops.matmul(a, linalg.solve(a, one)), one, 1e-7);
    close(ops.matmul(linalg.pinv(a), a), one, 1e-7);
    const [sign, log] = ops.slogdet(a);
    close(ops.multiply(sign, ops.exp(log)), linalg.det(a), 1e-8);
    close(ops.logdet(a), log);
    expect(linalg.matrixRank(a).item()).toBe(n);
    close(linalg.matrixPower(a, -2), ops.matmul(linalg.inv(a), linalg.inv(a)), 1e-6);
  });
});

describe('edges', () => {
  it('matrices without elements', () => {
    const none = ops.zeros([0, 0]);
    expect(linalg.cholesky(none).shape).toEqual([0, 0]);
    expect(linalg.det(none).item()).toBe(1);
    expect(ops.slogdet(none).map((x) => x.item())).toEqual([1, 0]);
    expect(linalg.inv(none).shape).toEqual([0, 0]);
    expect(linalg.qr(ops.zeros([3, 0]), { mode: 'complete' }).map((x) => x.shape)).toEqual([[3, 3], [3, 0]]);
    expect(linalg.qr(ops.zeros([3, 0]), { mode: 'complete' })[0].tolist()).toEqual([[1, 0, 0], [0, 1, 0], [0, 0, 1]]);
    expect(linalg.svd(ops.zeros([0, 3])).map((x) => x.shape)).toEqual([[0, 0], [0], [3, 3]]);
    expect(linalg.eigh(none).map((x) => x.shape)).toEqual([[0], [0, 0]]);
    expect(linalg.pinv(ops.zeros([0, 3])).shape).toEqual([3, 0]);
    expect(linalg.lstsq(ops.zeros([0, 3]), ops.zeros([0, 2])).tolist()).toEqual([[0, 0], [0, 0], [0, 0]]);
    expect(linalg.matrixRank(ops.zeros([2, 0, 3])).tolist()).toEqual([0, 0]);
    expect(linalg.norm(ops.zeros([0, 3]), { ord: 2 }).item()).toBe(0);
    expect(linalg.solve(ops.ones([0, 2, 2]), ops.ones([0, 2, 1])).shape).toEqual([0, 2, 1]);
  });
  it('singular matrices', () => {
    const zeros = ops.zeros([4, 4]);
    expect(linalg.det(zeros).item()).toBe(0);
    expect(ops.slogdet(zeros).map((x) => x.item())).toEqual([0, -Infinity]);
    expect(linalg.matrixRank(zeros).item()).toBe(0);
    expect(linalg.pinv(zeros).tolist()).toEqual(zeros.tolist());
    expect(linalg.lstsq(zeros, ops.ones([4])).tolist()).toEqual([0, 0, 0, 0]);
    expect(Number.isFinite(linalg.inv(zeros).at(0).at(0).item())).toBe(false);
  });
  it('the determinant has a gradient where one singular value is 0', () => {
    const basis = normal([4, 4]);
    const [u, , vt] = linalg.svd(basis);
    const x = ops.matmul(ops.multiply(u, tensor([3, 2, 1, 0])), vt);
    const [, pullback] = vjp((a: Tensor) => linalg.det(a), x);
    const sign = ops.multiply(linalg.det(u), linalg.det(vt));
    close(
      [pullback(tensor(1))].flat()[0],
      ops.multiply(sign, ops.multiply(6, ops.outer(ops.slice(u, [0, 3], [4, 1]), ops.slice(vt, [3, 0], [1, 4])))),
      1e-8,
    );
  });
  it('numbers near the ends of the range', () => {
    for (const size of [1e-300, 1e300]) {
      const x = ops.multiply(normal([5, 4]), size);
      close(ops.divide(linalg.svd(x, { computeUv: false }), size), linalg.svd(ops.divide(x, size), { computeUv: false }));
      const [q, r] = linalg.qr(x);
      close(ops.matmul(q, ops.divide(r, size)), ops.divide(x, size));
    }
  });
  it('what is not finite becomes NaN, in its own matrix only', () => {
    const x = tensor([[[1, NaN], [0, 1]], [[2, 0], [0, 3]]]);
    expect(linalg.eigh(x)[0].tolist()).toEqual([[NaN, NaN], [2, 3]]);
    expect(linalg.svd(x, { computeUv: false }).tolist()).toEqual([[NaN, NaN], [3, 2]]);
  });
});

describe('dtypes', () => {
  it('integers become floats, 16-bit floats stay', () => {
    const x = [[2, 1], [1, 3]];
    for (const [given, expected] of [
      ['int32', 'float32'],
      ['bool', 'float32'],
      ['bfloat16', 'bfloat16'],
      ['float16', 'float16'],
      ['float64', 'float64'],
    ] as const) {
      const a = tensor(
        given === 'bool'
          ? [
              [1, 0],
              [0, 1],
            ]
          : x,
        given,
      );
      const results = [
        linalg.cholesky(a),
        linalg.det(a),
        linalg.inv(a),
        ...linalg.qr(a),
        ...linalg.svd(a),
        ...linalg.eigh(a),
        linalg.solve(a, a),
        linalg.pinv(a),
        linalg.lstsq(a, a),
        linalg.norm(a),
        linalg.norm(a, { ord: 'nuc' }),
        ...ops.slogdet(a),
        ops.cdist(a, a),
      ];
      expect(new Set(results.map((y) => y.dtype))).toEqual(new Set([expected]));
      expect(linalg.luFactor(a).map((y) => y.dtype)).toEqual([expected, 'int32']);
      expect(linalg.matrixRank(a).dtype).toBe('int32');
    }
    expect(linalg.matrixPower(tensor([[1, 1], [1, 0]], 'int32'), 10).tolist()).toEqual([[89, 55], [55, 34]]);
    expect(ops.einsum('ij,jk->ik', tensor(x, 'int8'), tensor(x, 'int8')).dtype).toBe('int32');
    expect(ops.einsum('ij,jk->ik', tensor(x, 'bool'), tensor(x, 'bool')).dtype).toBe('bool');
    expect(ops.einsum('ij->i', tensor(x, 'uint8')).dtype).toBe('uint8');
  });
});

describe('batches', () => {
  it('broadcast where there are two inputs', () => {
    const a = normal([3, 4, 4]);
    close(ops.matmul(a, linalg.solve(a, normal([4, 2]))), ops.broadcastTo(normal([4, 2]), [3, 4, 2]));
    close(linalg.solve(a, normal([4])), ops.squeeze(linalg.solve(a, ops.reshape(normal([4]), [4, 1])), { axis: -1 }));
    expect(linalg.solveTriangular(a, normal([3, 4])).shape).toEqual([3, 4]);
    expect(linalg.pinv(a, { rcond: [0.1, 0.2, 0.3] }).shape).toEqual([3, 4, 4]);
  });
});

describe('gradients of compositions', () => {
  const cases: [string, (x: Tensor) => Tensor, number[]][] = [
    ['lstsq', (x) => linalg.lstsq(x, normal([5, 2])), [5, 3]],
    ['lstsq of a wide matrix', (x) => linalg.lstsq(x, normal([3])), [3, 5]],
    ['the least squares of a square matrix', (x) => ops.sum(ops.square(linalg.lstsq(x, normal([4])))), [4, 4]],
    ['the nuclear norm', (x) => linalg.norm(x, { ord: 'nuc', axis: [2, 0] }), [3, 2, 4]],
    ['the determinant', (x) => linalg.det(x), [2, 4, 4]],
    ['choleskyInverse', (x) => linalg.choleskyInverse(ops.tril(x)), [3, 3]],
    ['a power', (x) => linalg.matrixPower(x, -3), [3, 3]],
    ['cdist', (x) => ops.cdist(x, normal([4, 3], 5)), [2, 3]],
    ['einsum', (x) => ops.einsum('bij,...jk,bki->...b', x, normal([2, 3, 3, 2]), normal([4, 2, 2])), [4, 2, 3]],
    ['attention', (x) => ops.dotProductAttention(x, x, x, { isCausal: true }), [2, 3, 2, 4]],
  ];
  it.each(cases)('%s', (_, fn, shape) => checkGradient((x) => [fn(x)], [normal(shape, 3)], 1e-5, 'gradient'));
});

describe('compiled and symbolic calls', () => {
  it('give what immediate ones give', () => {
    const a = normal([4, 4]);
    const fn = (x: Tensor) => [linalg.inv(x), linalg.norm(x), ...linalg.svd(x), linalg.matrixPower(x, 3), ops.einsum('ij,kj->ik', x, x)];
    const compiled = jit(fn)(a);
    fn(a).forEach((expected, i) => close(compiled[i], expected, 1e-12));
    expect(values(jit((x: Tensor) => linalg.cholesky(x))(ops.negative(definite(2))))[0]).toBeNaN();
  });
  it('infer shapes with unknown sizes', () => {
    const x = new KerasTensor([null, 4, 3], 'float32');
    expect(linalg.svd(x as never, { fullMatrices: false }).map((y) => y.shape)).toEqual([[null, 4, 3], [null, 3], [null, 3, 3]]);
    expect(linalg.qr(x).map((y) => y.shape)).toEqual([[null, 4, 3], [null, 3, 3]]);
    expect(linalg.pinv(x).shape).toEqual([null, 3, 4]);
    expect(linalg.norm(x, { axis: [1, 2], ord: 2 }).shape).toEqual([null]);
    expect(linalg.matrixRank(x).shape).toEqual([null]);
    expect(ops.einsum('btd,dh->bth', x, ops.ones([3, 5])).shape).toEqual([null, 4, 5]);
    const q = new KerasTensor([null, 7, 2, 8], 'float32');
    expect(ops.dotProductAttention(q, q, q).shape).toEqual([null, 7, 2, 8]);
    expect(q.cdist(q).shape).toEqual([null, 7, 2, 2]);
  });
});

describe('errors', () => {
  const square = ops.eye(3);
  const flat = ops.ones([3]);
  const wide = ops.ones([2, 3]);
  const cases: [string, () => unknown, RegExp][] = [
    ['rank', () => linalg.det(flat), /det: expected an input of rank >= 2, received shape \(3,\)/],
    ['square', () => linalg.inv(wide), /inv: expected a square matrix, received shape \(2, 3\)/],
    ['not definite', () => linalg.cholesky(ops.negative(square)), /cholesky: .*not a positive definite matrix/],
    ['equations', () => linalg.solve(square, wide), /solve: incompatible shapes of a and b/],
    ['scalar', () => linalg.solve(square, 1), /solve: expected b of rank >= 1/],
    ['mode', () => linalg.qr(wide, { mode: 'full' as never }), /qr: mode must be 'reduced' or 'complete', received 'full'/],
    ['power', () => linalg.matrixPower(square, 1.5), /matrixPower: n must be an integer, received 1.5/],
    ['rank of a', () => linalg.lstsq(flat, flat), /lstsq: expected a of rank 2/],
    ['rows of b', () => linalg.lstsq(wide, flat), /lstsq: expected b.shape\[0\] to equal a.shape\[0\]/],
    ['order of a vector', () => linalg.norm(flat, { ord: 'nuc' }), /norm: ord 'nuc' is for matrices/],
    ['order of a matrix', () => linalg.norm(square, { ord: 3 }), /norm: ord of a matrix norm must be/],
    ['name of an order', () => linalg.norm(square, { ord: 'max' as never }), /norm: ord must be a number, 'fro' or 'nuc', received 'max'/],
    ['axes', () => linalg.norm(ops.ones([2, 2, 2]), { ord: 1 }), /norm: one axis is needed for a vector norm or two for a matrix norm/],
    ['axis', () => linalg.norm(flat, { axis: 1 }), /norm: axis 1 is out of bounds/],
    ['option', () => linalg.svd(wide, { fullMatrix: false } as never), /svd: unknown option 'fullMatrix'; did you mean 'fullMatrices'\?/],
    ['full singular vectors', () => vjp((x: Tensor) => linalg.svd(x)[0], wide)[1](ops.ones([2, 2])), /fullMatrices: false/],
    ['terms', () => ops.einsum('ij,jk', wide), /einsum: 2 terms do not fit 1 operands, in 'ij,jk'/],
    ['sizes', () => ops.einsum('ij,jk', wide, wide), /einsum: 'j' has size 2 in operand 1 and 3 before/],
    ['rank of an operand', () => ops.einsum('ijk->i', wide), /einsum: term 'ijk' does not fit operand 0 of shape \(2, 3\)/],
    ['unknown letter', () => ops.einsum('ij->ik', wide), /einsum: no operand has the result's 'k'/],
    ['letter twice', () => ops.einsum('ij->ii', wide), /einsum: the result has 'i' twice/],
    ['arrows', () => ops.einsum('ij->i->j', wide), /'->' may occur once/],
    ['characters', () => ops.einsum('i1->i', wide), /subscripts are letters, received '1'/],
    ['subscripts', () => ops.einsum(wide as never, wide), /einsum: subscripts must be a string/],
    ['points', () => ops.cdist(wide, square.slice([0, 0], [2, 2])), /cdist: the last axes must have one size/],
    ['rank of queries', () => ops.dotProductAttention(wide, wide, wide), /dotProductAttention: expected inputs of rank 4/],
    ['heads', () => ops.dotProductAttention(ops.ones([1, 2, 3, 4]), ops.ones([1, 2, 2, 4]), ops.ones([1, 2, 2, 4])), /must be a multiple/],
    [
      'flash attention',
      () => ops.dotProductAttention(ops.ones([1, 2, 3, 4]), ops.ones([1, 2, 3, 4]), ops.ones([1, 2, 3, 4]), { flashAttention: true }),
      /flashAttention: true needs an accelerator/,
    ],
    [
      'soft cap',
      () => ops.dotProductAttention(ops.ones([1, 2, 3, 4]), ops.ones([1, 2, 3, 4]), ops.ones([1, 2, 3, 4]), { attnLogitsSoftCap: 5 }),
      /attnLogitsSoftCap is for TPUs only/,
    ],
  ];
  it.each(cases)('%s', (_, call, message) => expect(call).toThrow(message));
});
