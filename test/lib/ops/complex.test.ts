// Complex tensors: what goes in and out, arithmetic, gradients as in JAX, what is not defined, and eigenvalues of general matrices.
import { describe, expect, it } from '@jest/globals';
import { grad, jit, KerasTensor, ops, random, utils, type Tensor } from 'keratin';
import { values } from '../../helpers/ops.js';
import { expectWithin } from '../../helpers/tolerance.js';

const c = (re: number, im: number) => ({ re, im });
const z = ops.convertToTensor([c(1, 2), c(3, -1)]);
const list = (x: Tensor) => x.tolist() as unknown;
const near = (x: Tensor, expected: readonly number[], tolerance = 1e-6) => expectWithin([...(x.data as Float32Array)], expected, tolerance);

describe('complex tensors', () => {
  it('come from pairs and go out as pairs', () => {
    expect(z.dtype).toBe('complex64');
    expect(list(z)).toEqual([c(1, 2), c(3, -1)]);
    expect(z.data).toEqual(Float32Array.of(1, 2, 3, -1));
    expect(z.at(1).item()).toEqual(c(3, -1));
    expect(ops.convertToTensor(c(1, 2), { dtype: 'complex128' }).data).toEqual(Float64Array.of(1, 2));
    expect(list(ops.convertToTensor([c(1, 2), 3]))).toEqual([c(1, 2), c(3, 0)]);
    expect(ops.convertToNumpy(z)).toEqual(Float32Array.of(1, 2, 3, -1));
    expect(utils.standardizeDtype('complex64')).toBe('complex64');
  });
  it('print as in NumPy', () => {
    expect(String(z)).toBe('[1.+2.j 3.-1.j]');
    expect(String(ops.convertToTensor([c(1.5, 2), c(3, 10.25)]))).toBe('[1.5 +2.j   3. +10.25j]');
  });
  it('are views of floats', () => {
    expect(list(ops.viewAsReal(z))).toEqual([[1, 2], [3, -1]]);
    expect(list(ops.viewAsComplex([[1, 2], [3, 4]]))).toEqual([c(1, 2), c(3, 4)]);
    expect(ops.viewAsComplex(ops.ones([3, 2], { dtype: 'float64' })).dtype).toBe('complex128');
    expect(() => ops.viewAsComplex([[1, 2, 3]])).toThrow('the last axis must have size 2');
    expect(list(ops.viewAsReal([1, 2]))).toEqual([[1, 0], [2, 0]]);
  });
  it('have parts, also where they are real', () => {
    expect(list(ops.real(z))).toEqual([1, 3]);
    expect(list(z.imag())).toEqual([2, -1]);
    expect(list(z.conj())).toEqual([c(1, -2), c(3, 1)]);
    near(ops.angle(z), [Math.atan2(2, 1), Math.atan2(-1, 3)]);
    near(ops.abs(z), [Math.sqrt(5), Math.sqrt(10)]);
    near(ops.polar([1, 2], [1, 2]), [Math.cos(1), Math.sin(1), 2 * Math.cos(2), 2 * Math.sin(2)]);
    const x = ops.convertToTensor([1, -2]);
    expect([ops.real(x), ops.imag(x), ops.conjugate(x)].map(list)).toEqual([[1, -2], [0, 0], [1, -2]]);
    expect(list(ops.isreal(ops.convertToTensor([c(1, 0), c(1, 2)])))).toEqual([true, false]);
  });
  it('are promoted and cast', () => {
    expect(ops.add(z, 1).dtype).toBe('complex64');
    expect(ops.add(z, ops.ones([2], { dtype: 'float64' })).dtype).toBe('complex128');
    expect(list(ops.cast(z, 'float32'))).toEqual([1, 3]);
    expect(list(ops.cast(z, 'bool'))).toEqual([true, true]);
    expect(list(ops.cast([1, 2], 'complex64'))).toEqual([c(1, 0), c(2, 0)]);
    expect(list(ops.cast(z, 'complex128'))).toEqual([c(1, 2), c(3, -1)]);
  });
  it('are computed with', () => {
    expect(list(z.multiply(z))).toEqual([c(-3, 4), c(8, -6)]);
    near(ops.divide(z, z.conj()), [-0.6, 0.8, 0.8, -0.6]);
    near(ops.divide(ops.multiply(z, 1e30), ops.multiply(z, 1e30)), [1, 0, 1, 0]);
    near(ops.exp(z), [-1.1312044, 2.4717267, 10.852262, -16.901396]);
    near(ops.log(z), [0.804719, 1.1071488, 1.1512926, -0.32175055]);
    near(ops.sqrt(ops.convertToTensor([c(1, 2), c(-4, 0), c(0, 0), c(-3, -4)])), [1.2720196, 0.7861514, 0, 2, 0, 0, 1, -2]);
    near(ops.vdot(z, z), [15, 0]);
    expect([ops.sum(z), ops.mean(z), ops.prod(z), ops.matmul(z, z)].map(list)).toEqual([c(4, 1), c(2, 0.5), c(5, 5), c(5, -2)]);
    expect(list(ops.equal(z, ops.convertToTensor([c(1, 2), c(3, 1)])))).toEqual([true, false]);
    expect(list(ops.where([true, false], z, 0))).toEqual([c(1, 2), c(0, 0)]);
    expect(list(ops.prod(ops.reshape(z, [1, 2, 1]), { axis: 1 }))).toEqual([[c(5, 5)]]);
  });
  it('are moved as others are', () => {
    const m = ops.viewAsComplex(ops.reshape(ops.arange(24, undefined, { dtype: 'float32' }), [3, 4, 2]));
    const parts = (fn: (x: Tensor) => Tensor) =>
      expect(list(ops.viewAsReal(fn(m)))).toEqual(list(ops.stack([fn(ops.real(m)), fn(ops.imag(m))], { axis: -1 })));
    for (const fn of [
      (x: Tensor) => ops.transpose(x),
      (x: Tensor) => ops.flip(x),
      (x: Tensor) => ops.tile(x, [2, 1]),
      (x: Tensor) => ops.repeat(x, 2, { axis: 1 }),
      (x: Tensor) => ops.take(x, [0, -1], { axis: 1 }),
      (x: Tensor) => ops.takeAlongAxis(x, [[1], [0], [3]], { axis: 1 }),
      (x: Tensor) => ops.slice(x, [1, 1], [2, 2]),
      (x: Tensor) => ops.concatenate([x, x], { axis: 1 }),
      (x: Tensor) => ops.split(x, 2, { axis: 1 })[1],
      (x: Tensor) =>
        ops.pad(x, [
          [1, 0],
          [0, 2],
        ]),
      (x: Tensor) => ops.roll(x, 1, { axis: 0 }),
      (x: Tensor) => ops.broadcastTo(x, [2, 3, 4]),
      (x: Tensor) => ops.tril(x),
      (x: Tensor) => ops.zerosLike(x),
      (x: Tensor) => ops.copy(x),
    ])
      parts(fn);
    expect(list(ops.full([2], c(1, 1) as never, { dtype: 'complex64' }))).toEqual([c(1, 1), c(1, 1)]);
  });
  it('give the same in compiled functions', () => {
    near(jit((x: Tensor) => ops.exp(x.multiply(x)))(z), [...(ops.exp(z.multiply(z)).data as Float32Array)]);
    expect(list(jit((x: Tensor) => ops.viewAsComplex(x))(ops.ones([1, 2])))).toEqual([c(1, 1)]);
    expect(list(jit((x: Tensor) => ops.reshape(x, [2, 1]))(z))).toEqual([[c(1, 2)], [c(3, -1)]]);
  });
  it('have the gradients of JAX', () => {
    const gradient = (fn: (x: Tensor) => Tensor) => grad(fn)(z) as Tensor;
    near(gradient((x) => ops.sum(ops.abs(x.multiply(x)))), [2, -4, 6, 2]);
    near(gradient((x) => ops.sum(ops.real(ops.exp(x)))), [-1.1312044, 2.4717267, 10.852262, -16.901396]);
    near(gradient((x) => ops.imag(ops.matmul(x.divide(ops.convertToTensor(c(1, 1))), x))), [1, -3, -4, -2]);
  });
  it('are refused by ops that do not know them', () => {
    expect(() => ops.floor(z)).toThrow(new TypeError('floor is not defined for complex64'));
    expect(() => ops.maximum(z, 1)).toThrow(new TypeError('maximum is not defined for complex64'));
    expect(() => ops.relu(new KerasTensor([2], { dtype: 'complex64' }))).toThrow('relu is not defined for complex64');
  });
  it('are symbols too', () => {
    const symbol = ops.viewAsComplex(new KerasTensor([null, 3, 2]));
    expect([symbol.dtype, symbol.shape]).toEqual(['complex64', [null, 3]]);
    expect(ops.abs(symbol).dtype).toBe('float32');
  });
});

describe('eig', () => {
  it.each([1, 2, 3, 8, 33])('gives A v = w v for size %i', (n) => {
    const a = random.normal([3, n, n], { seed: n, dtype: 'float64' });
    const [w, v] = ops.eig(a);
    const residual = ops.subtract(ops.matmul(ops.cast(a, 'complex128'), v), ops.multiply(v, ops.expandDims(w, 1)));
    expect(Math.max(...values(ops.abs(residual)))).toBeLessThan(1e-12);
    expectWithin(values(ops.sum(ops.square(ops.abs(v)), { axis: 1 })), new Array<number>(3 * n).fill(1), 1e-12);
  });
  it('gives the values of NumPy', () => {
    const [w] = ops.eig([[1, 2, 3], [4, 5, 6], [-7, 8, 10]]);
    near(w, [0.9679618, 1.3550175, 0.9679618, -1.3550175, 14.064076, 0]);
    const [values2, vectors] = ops.eig(ops.convertToTensor([[1, 0], [2, 3]], { dtype: 'float64' }));
    near(values2, [3, 0, 1, 0], 1e-12);
    near(ops.real(vectors), [0, Math.SQRT1_2, 1, -Math.SQRT1_2], 1e-12);
  });
  it('handles matrices that are defective, badly scaled, empty or not finite', () => {
    near(ops.eig([[2, 1], [0, 2]])[0], [2, 0, 2, 0]);
    near(ops.eig([[1, 1e6], [1e-6, 1]])[0], [2, 0, 0, 0], 1e-6);
    near(ops.eig([[0, 0], [0, 0]])[0], [0, 0, 0, 0]);
    expect(ops.eig(ops.zeros([0, 3, 3]))[1].shape).toEqual([0, 3, 3]);
    expect(values(ops.abs(ops.eig([[NaN, 1], [2, 3]])[0])).every(Number.isNaN)).toBe(true);
  });
  it('has the gradient of its values', () => {
    const a = ops.convertToTensor([[1, 2, 3], [4, 5, 6], [-7, 8, 10]], { dtype: 'float64' });
    const fn = (x: Tensor) => ops.sum(ops.square(ops.abs(ops.eig(x)[0])));
    const gradient = values(grad(fn)(a) as Tensor);
    const step = 1e-6;
    const differences = gradient.map((_, i) => {
      const moved = (by: number) =>
        fn(
          ops.add(
            a,
            ops.reshape(
              ops.convertToTensor(
                gradient.map((__, j) => (i === j ? by : 0)),
                { dtype: 'float64' },
              ),
              [3, 3],
            ),
          ),
        ).item();
      return (moved(step) - moved(-step)) / (2 * step);
    });
    expectWithin(gradient, differences, 1e-6);
    expect(() => grad((x: Tensor) => ops.sum(ops.real(ops.eig(x)[1])))(a)).toThrow('eigenvectors have no gradient');
  });
  it('refuses complex matrices and others that are not square', () => {
    expect(() => ops.eig(z)).toThrow('eig is not defined for complex64');
    expect(() => ops.eig([[1, 2, 3], [4, 5, 6]])).toThrow('expected a square matrix');
  });
});

describe('unknown sizes', () => {
  const image = new KerasTensor([null, null, null, 4]);
  it('can be divided, padded, cut and strided over', () => {
    expect(ops.spaceToDepth(image, 2).shape).toEqual([null, null, null, 16]);
    expect(ops.maxPool(image, 200, { strides: 200 }).shape).toEqual([null, null, null, 4]);
    expect(ops.stft(new KerasTensor([null, null]), 400, 200, 512)[0].shape).toEqual([null, null, 257]);
    expect(ops.image.padImages(image, { topPadding: 1, leftPadding: 1, targetHeight: 100, targetWidth: 100 }).shape).toEqual([
      null,
      100,
      100,
      4,
    ]);
    expect(ops.reshape(new KerasTensor([null, 6]), [-1, 4]).shape).toEqual([null, 4]);
  });
  it('do not make tensors of the sizes that stand for them', () => {
    const symbol = new KerasTensor([null, null, null, 4096]);
    expect(ops.add(symbol, ops.zerosLike(symbol)).shape).toEqual([null, null, null, 4096]);
  });
});
