// Differentiation beyond the ops' own rules: casts, integers, functions with gradients of their own, forward mode through control flow.
import { describe, expect, it } from '@jest/globals';
import { grad, Input, jit, type KerasTensor, Model, ops, valueAndGrad, vjp, type Tensor } from 'keratin';

const f64 = (value: unknown): Tensor => ops.convertToTensor(value as number[], { dtype: 'float64' });
const lists = (value: unknown): unknown => (Array.isArray(value) ? value.map(lists) : (value as Tensor).tolist());

describe('customGradient', () => {
  const log1pexp = ops.customGradient((x: Tensor) => {
    const e = ops.exp(x);
    return [ops.log(ops.add(1, e)), (upstream: Tensor) => ops.multiply(upstream, ops.subtract(1, ops.divide(1, ops.add(1, e))))];
  });

  it('uses the rule instead of the derivative, compiled too', () => {
    const slope = (x: Tensor) => grad((y: Tensor) => ops.sum(log1pexp(y)))(x) as Tensor;
    for (const run of [slope, jit(slope)]) expect((run(f64([0, 1000])).tolist() as number[])).toEqual([0.5, 1]);
    const half = ops.customGradient((x: Tensor) => [ops.square(x), (dy: Tensor) => ops.multiply(dy, 7)]);
    expect((grad((x: Tensor) => half(x))(f64(3)) as Tensor).item()).toBe(7);
  });

  it('differentiates what the rule computes, from what the function computed too', () => {
    const second = grad((x: Tensor) => ops.sum(grad((y: Tensor) => ops.sum(log1pexp(y)))(x) as Tensor));
    for (const run of [second, jit(second)]) expect((run(f64([0])) as Tensor).item()).toBeCloseTo(0.25, 12);
  });

  it('takes and gives structures', () => {
    const fn = ops.customGradient(({ a, b }: { a: Tensor; b: [Tensor, Tensor] }, c: Tensor) => {
      const outputs = { product: ops.multiply(a, c), sum: ops.add(b[0], b[1]) };
      return [outputs, (dProduct: Tensor, dSum: Tensor, { upstream }: { upstream: { product: Tensor; sum: Tensor } }) => {
        expect([upstream.product, upstream.sum]).toEqual([dProduct, dSum]);
        return [{ a: ops.multiply(dProduct, 10), b: [dSum, null] }, ops.multiply(dProduct, 100)];
      }];
    });
    const loss = (x: { a: Tensor; b: Tensor[] }, c: Tensor) => {
      const { product, sum } = fn(x as never, c);
      return ops.add(product, ops.multiply(sum, 2));
    };
    const run = valueAndGrad(loss, { argnums: [0, 1] });
    for (const both of [run, jit(run)]) {
      const [value, [ofX, ofC]] = both({ a: f64(2), b: [f64(3), f64(4)] }, f64(5)) as [Tensor, [{ a: Tensor; b: Tensor[] }, Tensor]];
      expect([value.item(), ofX.a.item(), lists(ofX.b), ofC.item()]).toEqual([24, 10, [2, 0], 100]);
    }
  });

  it('gives a cotangent for every output, zeros for one that is not used', () => {
    const pair = ops.customGradient((x: Tensor) => [
      [x, ops.multiply(x, 2)] as [Tensor, Tensor],
      (a: Tensor, b: Tensor) => ops.add(a, ops.multiply(b, 10)),
    ]);
    expect((grad((x: Tensor) => pair(x)[1])(f64(1)) as Tensor).item()).toBe(10);
    expect(lists(jit((x: Tensor) => pair(x))(f64([1, 2])))).toEqual([[1, 2], [2, 4]]);
    expect(lists(pair([1, 2]))).toEqual([[1, 2], [2, 4]]);
  });

  it('is the derivative in forward mode', () => {
    const [value, derivative] = ops.jvp((x) => log1pexp(x), [f64([0])], [f64([3])]);
    expect(value.item()).toBeCloseTo(Math.LN2, 12);
    expect(derivative.item()).toBeCloseTo(1.5, 12);
  });

  it('says what is wrong', () => {
    const wrong = (result: unknown) => grad((x: Tensor) => ops.sum(ops.customGradient((y: Tensor) => [y, () => result as Tensor])(x)));
    expect(() => wrong([f64(1), f64(2)])(f64([1]))).toThrow(/must return 1 gradients, one for each input, received 2/);
    expect(() => wrong(f64([1, 2]))(f64([1]))).toThrow(/shape \(2,\) for input 0 of shape \(1,\)/);
    expect(() => ops.customGradient((x: Tensor) => x as never)(f64(1))).toThrow(/must return \[output, gradFn\]/);
    expect(() => ops.customGradient(3 as never)).toThrow(/expected a function, received 3/);
  });
});

describe('casts, integers and stopGradient', () => {
  it('go through casts between floats, in the dtype of the input', () => {
    const through = (x: Tensor) => ops.sum(ops.square(ops.cast(ops.multiply(x, 3), 'float16')));
    for (const run of [grad(through), jit(grad(through))]) {
      const gradient = run(f64([1, 2])) as Tensor;
      expect([gradient.dtype, gradient.tolist()]).toEqual(['float64', [18, 36]]);
    }
  });

  it('stop at casts to integers and at stopGradient', () => {
    const fn = (x: Tensor) => ops.sum(ops.multiply(x, ops.cast(ops.cast(x, 'int32'), 'float64')));
    expect((grad(fn)(f64([1.5, 2.5])) as Tensor).tolist()).toEqual([1, 2]);
    expect((grad((x: Tensor) => ops.sum(ops.multiply(x, ops.stopGradient(x))))(f64([2, 3])) as Tensor).tolist()).toEqual([2, 3]);
    expect(ops.jvp((x) => ops.multiply(x, ops.stopGradient(x)), [f64(3)], [f64(1)])[1].item()).toBe(3);
  });

  it('are zeros for integer inputs', () => {
    const [, pullback] = vjp((x, i) => ops.take(x, i), f64([1, 2, 3]), ops.array([2, 0]));
    expect(pullback(f64([10, 20])).map((gradient) => [gradient.dtype, gradient.tolist()])).toEqual([
      ['float64', [20, 0, 10]],
      ['int32', [0, 0]],
    ]);
    const [value, derivative] = ops.jvp((x, i) => ops.take(x, i), [f64([1, 2, 3]), ops.array([2, 0])], [f64([1, 1, 5]), ops.array([1, 1])]);
    expect([value.tolist(), derivative.tolist()]).toEqual([[3, 1], [5, 1]]);
  });
});

describe('jvp', () => {
  it('takes structures of tensors, and gives the structure of the output', () => {
    const fun = ({ w, b }: { w: Tensor; b: Tensor[] }, x: Tensor) => ({ y: ops.add(ops.multiply(w, x), b[0]), fixed: ops.zeros([2]) });
    const [value, derivative] = ops.jvp(
      fun,
      [{ w: f64([2, 3]), b: [f64(1)] }, f64([4, 5])],
      [{ w: f64([1, 0]), b: [f64(7)] }, [0, 10]],
    ) as { y: Tensor; fixed: Tensor }[];
    expect([value.y.tolist(), derivative.y.tolist(), derivative.fixed.tolist()]).toEqual([[9, 16], [11, 37], [0, 0]]);
  });
  it('says what does not fit', () => {
    expect(() => ops.jvp(3 as never, [1], [1])).toThrow('jvp: expected a function, received 3');
    expect(() => ops.jvp((x) => x, f64(1) as never, [1])).toThrow('primals must be an array with an entry for each argument');
    expect(() => ops.jvp((x) => x, [1], [1, 2])).toThrow('1 primals and 2 tangents');
    expect(() => ops.jvp((x: Tensor[]) => x[0], [[f64(1), f64(2)]], [f64(1)])).toThrow(
      'must have the structure of the primals, received 1 tangents for 2 primals',
    );
    expect(() => ops.jvp((x) => x as never, [1], [1], { hasAux: true })).toThrow('must return [output, auxiliary]');
    expect(ops.linalg.jvp).toBe(ops.jvp);
  });
  it('is an operation of functional models', () => {
    const [x, t] = [Input([3], { dtype: 'float64' }), Input([3], { dtype: 'float64' })];
    const [value, derivative] = ops.jvp((y: Tensor) => ops.square(y), [x], [t]) as KerasTensor[];
    expect([value.shape, derivative.shape, derivative.dtype]).toEqual([[null, 3], [null, 3], 'float64']);
    const model = new Model([x, t], [value, derivative], { dtype: 'float64' });
    const [squares, slopes] = model([f64([[1, 2, 3]]), f64([[1, 0, 2]])]) as unknown as Tensor[];
    expect([squares.tolist(), slopes.tolist()]).toEqual([[[1, 4, 9]], [[2, 0, 12]]]);
    const [, , extra] = ops.jvp((y: Tensor) => [y, { size: ops.sum(y, { axis: -1 }) }], [x], [t], { hasAux: true }) as [
      KerasTensor,
      KerasTensor,
      { size: KerasTensor },
    ];
    expect(extra.size.shape).toEqual([null]);
  });
});

describe('jvp through control flow', () => {
  type Fn = (x: Tensor) => Tensor;
  /** Compares with central differences, as it is and compiled; the derivative of the derivative too. */
  function check(fn: Fn, at: unknown, direction: unknown): void {
    const [x, d] = [f64(at), f64(direction)];
    const along = (f: Fn) => (y: Tensor): Tensor => (ops.jvp(f, [y], [d]))[1];
    const step = 1e-5;
    const differences = (f: Fn) =>
      ops.divide(ops.subtract(jit(f)(ops.add(x, ops.multiply(d, step))), jit(f)(ops.subtract(x, ops.multiply(d, step)))), 2 * step);
    const close = (actual: Tensor, expected: Tensor, digits: number) => {
      expect(actual.shape).toEqual(expected.shape);
      Array.from(actual.data, Number).forEach((value, i) => expect(value).toBeCloseTo(Number(expected.data[i]), digits));
    };
    close(along(fn)(x), differences(fn), 6);
    close(jit(along(fn))(x), differences(fn), 6);
    close(jit(along(along(fn)))(x), differences(along(fn)), 5);
  }
  const doubling = (x: Tensor): Tensor =>
    ops.whileLoop(
      (i: Tensor, a: Tensor) => ops.logicalAnd(i.less(20), ops.sum(a).less(50)),
      (i: Tensor, a: Tensor) => [i.add(1), ops.multiply(a, ops.add(1.5, ops.square(x)))],
      [0, x],
    )[1] as Tensor;

  it('of whileLoop, whose number of steps depends on data', () => {
    check(doubling, [0.5, 0.25], [1, -2]);
    check((x) => ops.whileLoop(() => ops.array(true), (a: Tensor) => ops.sin(a), x, { maximumIterations: 3 }), [0.3, 1], [1, 2]);
    check((x) => ops.whileLoop((a: Tensor) => a.less(0), (a: Tensor) => a.add(1), ops.square(x)), 3, 2);
    check(
      (x) => ops.foriLoop(0, ops.cast(ops.sum(ops.sign(x)), 'int32'), (i, a: Tensor) => ops.multiply(a, x).add(ops.cast(i, 'float64')), x),
      [1.5, 2.5, 0.5],
      [1, 1, 1],
    );
  });
  it('of loops in loops and in branches', () => {
    check((x) => ops.cond(ops.sum(x).greater(0), () => doubling(x), () => x), [0.5, 0.25], [1, -2]);
    check(
      (x) =>
        ops.scan(
          (c: Tensor, row: Tensor) => [doubling(ops.add(c, row)).multiply(0.01), ops.sum(ops.multiply(c, x))],
          x.at(0),
          x,
        )[1] as Tensor,
      [
        [0.5, 0.25],
        [0.1, 0.7],
      ],
      [
        [1, -2],
        [0.5, 1],
      ],
    );
    check((x) => ops.map((row: Tensor) => doubling(row), x) as Tensor, [[0.5, 0.25], [0.1, 0.7]], [[1, -2], [0.5, 1]]);
  });
  it('of scan, foriLoop, switch and associativeScan', () => {
    check((x) => ops.foriLoop(0, 4, (_, a: Tensor) => ops.sin(ops.multiply(a, x)), x), [0.3, -0.7], [1, 2]);
    check(
      (x) => ops.scan((c: Tensor, row: Tensor) => [ops.multiply(c, row), ops.add(c, row)], f64(1.5), x, { reverse: true })[1] as Tensor,
      [0.5, 2, 3],
      [1, -1, 2],
    );
    check(
      (x) => ops.switch(ops.cast(ops.sum(x), 'int32'), [(y: Tensor) => y, (y: Tensor) => ops.exp(y), (y: Tensor) => ops.square(y)], x),
      [0.5, 0.9],
      [1, 2],
    );
    check((x) => ops.associativeScan((a: Tensor, b: Tensor) => ops.multiply(a, b), x), [0.5, 2, 3], [1, -1, 2]);
  });
  it('agrees with reverse mode where that exists', () => {
    const fn = (x: Tensor) => ops.sum(ops.foriLoop(0, 3, (_, a: Tensor) => ops.tanh(ops.multiply(a, x)), x));
    const x = f64([0.4, -1.2, 0.9]);
    const d = f64([1, 2, 3]);
    const hessian = (f: (y: Tensor) => Tensor) => (y: Tensor) => (ops.jvp((z) => grad(f)(z) as Tensor, [y], [d]))[1];
    const reverse = grad((y: Tensor) => ops.sum(ops.multiply(grad(fn)(y) as Tensor, d)))(x) as Tensor;
    const forward = hessian(fn)(x);
    const compiled = jit(hessian(fn))(x);
    for (const actual of [forward, compiled])
      Array.from(actual.data, Number).forEach((value, i) => expect(value).toBeCloseTo(Number(reverse.data[i]), 10));
  });
});
