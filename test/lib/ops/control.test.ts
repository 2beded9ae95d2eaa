// Control flow: the same values when it simply runs and when it is compiled, gradients through it, variables, and what it refuses.
import { describe, expect, it } from '@jest/globals';
import * as keras from 'keratin';
import { grad, jacobian, jit, ops, remat, Variable, vjp, type Tensor } from 'keratin';

const f64 = (value: unknown): Tensor => ops.convertToTensor(value as number[], { dtype: 'float64' });
const lists = (value: unknown): unknown => (Array.isArray(value) ? value.map(lists) : (value as Tensor).tolist());
/** Runs `fn` as it is and compiled. */
const both = (fn: (...args: never[]) => unknown, ...args: unknown[]): unknown[] =>
  [fn, jit(fn)].map((run) => lists((run as (...args: unknown[]) => unknown)(...args)));

/** Checks the gradient of a scalar function of one tensor by central differences, as it is and compiled, and its second derivative. */
function checkGradient(fn: (x: Tensor) => Tensor, x: Tensor): void {
  const step = 1e-5;
  const along = (g: (x: Tensor) => Tensor, direction: Tensor) =>
    (g(x.add(direction.multiply(step))).item() - g(x.subtract(direction.multiply(step))).item()) / (2 * step);
  const direction = ops.cast(ops.add(ops.arange(x.size), 1), 'float64').reshape(x.shape).multiply(0.3);
  const first = (y: Tensor) => ops.sum(ops.multiply(grad(fn)(y) as Tensor, direction));
  expect(first(x).item()).toBeCloseTo(along(fn, direction), 6);
  expect(jit(first)(x).item()).toBeCloseTo(first(x).item(), 10);
  const second = ops.sum(ops.multiply(grad(first)(x) as Tensor, direction));
  expect(second.item()).toBeCloseTo(along(first, direction), 5);
}

describe('cond and switch', () => {
  const choose = (x: Tensor) => ops.cond(ops.sum(x).greater(0), () => [x.multiply(2), ops.sum(x)], () => [x.negative(), ops.max(x)]);

  it('run the branch that is chosen', () => {
    for (const run of both(choose, f64([1, 2]))) expect(run).toEqual([[2, 4], 3]);
    for (const run of both(choose, f64([-1, -2]))) expect(run).toEqual([[1, 2], -1]);
    const branches = [(x: Tensor) => x, (x: Tensor) => x.multiply(10), (x: Tensor) => x.multiply(100)];
    for (const [index, expected] of [[-3, 1], [0, 1], [1, 10], [2, 100], [9, 100]]) {
      for (const run of both((i: Tensor, x: Tensor) => ops.switch(i, branches, x), ops.array(index), f64(1))) expect(run).toBe(expected);
    }
  });

  it('run only one branch when the condition is known', () => {
    expect(ops.cond(true, () => 1, () => { throw new Error('not this one'); })).toBe(1);
  });

  it('differentiate, nested too', () => {
    const fn = (x: Tensor) =>
      ops.sum(
        ops.cond(
          ops.sum(x).greater(0),
          () => x.multiply(x).multiply(x),
          () =>
            ops.cond(
              ops.max(x).less(-5),
              () => ops.exp(x),
              () => ops.sin(x),
            ),
        ),
      );
    for (const x of [[1, 2], [-6, -7], [-1, -2]]) checkGradient(fn, f64(x));
  });

  it('assign variables in one branch', () => {
    const v = new Variable([1, 2], { dtype: 'float64' });
    const run = jit((add: Tensor) => ops.cond(add, () => ops.sum(v.assignAdd([10, 10])), () => ops.sum(v)));
    expect([run(ops.array(0)).item(), v.tolist()]).toEqual([3, [1, 2]]);
    expect([run(ops.array(1)).item(), v.tolist()]).toEqual([23, [11, 12]]);
  });
});

describe('whileLoop and foriLoop', () => {
  it('carry their state', () => {
    const power = (x: Tensor) => ops.whileLoop((i: Tensor) => i.less(5), (i: Tensor, a: Tensor) => [i.add(1), a.multiply(2)], [0, x]);
    for (const run of both(power, f64([1, 3]))) expect(run).toEqual([5, [32, 96]]);
    for (const most of [0, 1, 2, 7]) {
      const some = (x: Tensor) => ops.whileLoop((a: Tensor) => a.less(100), (a: Tensor) => a.multiply(2), x, { maximumIterations: most });
      for (const run of both(some, f64(1))) expect(run).toBe(2 ** most);
    }
    for (const run of both((x: Tensor) => ops.foriLoop(1, 5, (i, { a }: { a: Tensor }) => ({ a: a.add(i) }), { a: x }).a, f64(0.5)))
      expect(run).toBe(10.5);
    expect(jit((n: Tensor) => ops.foriLoop(0, n, (i, a: Tensor) => a.add(i), 1 as unknown as Tensor))(ops.array(7)).item()).toBe(22);
    for (const run of both((x: Tensor) => ops.foriLoop(3, 3, (_, a: Tensor) => a.add(1), x), f64(4))) expect(run).toBe(4);
  });

  it('give a number in the state the dtype of what a step makes of it', () => {
    for (const run of both((x: Tensor) => ops.foriLoop(0, 3, (_, a: Tensor) => a.add(x), 0 as unknown as Tensor), f64(0.5)))
      expect(run).toBe(1.5);
  });

  it('count in a condition that reads what the body assigns', () => {
    const v = new Variable(0, { dtype: 'int32' });
    const run = jit((x: Tensor) => ops.whileLoop(() => v.value.less(4), (a: Tensor) => { v.assignAdd(1); return a.add(v.value); }, x));
    expect([run(ops.array(0)).item(), v.item()]).toEqual([10, 4]);
  });

  it('differentiates foriLoop', () => {
    checkGradient(
      (x) => ops.sum(ops.foriLoop(0, 4, (i, a: Tensor) => ops.sin(a.multiply(x)).add(ops.cast(i, 'float64')), x)),
      f64([0.3, -0.7, 1.1]),
    );
  });

  it('differentiates whileLoop, however many steps it takes', () => {
    for (const steps of [0, 1, 2, 3, 7, 40]) {
      const fn = (x: Tensor) =>
        ops.sum(
          ops
            .whileLoop(
              (i: Tensor) => i.less(steps),
              (i: Tensor, a: Tensor) => [i.add(1), ops.sin(a.multiply(x)).add(ops.cast(i, 'float64').multiply(0.01))],
              [ops.array(0), x],
            )[1]
            .multiply([1, 2, 3]),
        );
      checkGradient(fn, f64([0.3, -0.7, 1.1]));
    }
  });

  it('differentiates a whileLoop that ends by what it computes, reads large constants, and runs in other loops', () => {
    const weights = ops.cast(ops.sin(ops.arange(40)), 'float64');
    const grown = (x: Tensor) =>
      ops.whileLoop(
        (a: Tensor) => ops.sum(a.multiply(a)).less(0.5),
        (a: Tensor) => a.multiply(1.5).add(x.multiply(weights)),
        x,
        { maximumIterations: 30 },
      );
    checkGradient((x) => ops.sum(ops.sin(grown(x.multiply(0.01)))), ops.cast(ops.cos(ops.arange(40)), 'float64'));
    const nested = (x: Tensor) => ops.whileLoop((a: Tensor) => ops.max(a).less(9), (a: Tensor) =>
      ops.whileLoop((b: Tensor) => ops.max(b).less(ops.max(a).add(2)), (b: Tensor) => b.multiply(1.2).add(x.multiply(0.3)), a), x);
    checkGradient((x) => ops.sum(nested(x)), f64([0.9, 1.3]));
    const scanned = (x: Tensor) =>
      ops.scan(
        (carry: Tensor, row: Tensor) => [
          ops.whileLoop(
            (a: Tensor) => ops.sum(a).less(3),
            (a: Tensor) => a.multiply(row.add(1.5)),
            carry,
          ),
          carry,
        ],
        x,
        f64([[0.1], [0.2]]),
      ) as [Tensor, Tensor];
    checkGradient((x) => ops.sum(ops.sin(scanned(x)[0])).add(ops.sum(scanned(x)[1])), f64([0.2, 0.4]));
  });

  it('trains through whileLoop in fit as op by op', async () => {
    class Power extends keras.layers.Layer {
      declare w: Variable;
      override build(): void {
        this.w = this.addWeight({ shape: [], initializer: new keras.initializers.Constant(0.9), name: 'w' });
      }
      override call(x: Tensor): Tensor {
        return (ops.whileLoop((i: Tensor) => i.less(3), (i: Tensor, a: Tensor) => [i.add(1), a.multiply(this.w)], [ops.array(0), x]))[1];
      }
    }
    const results = await Promise.all([true, false].map(async (runEagerly) => {
      const layer = new Power();
      const model = new keras.Sequential([keras.Input([1]), layer as never]);
      model.compile({ optimizer: new keras.optimizers.SGD(0.1), loss: 'mse', runEagerly });
      const { history } = await model.fit(ops.ones([1, 1]), ops.ones([1, 1]), { epochs: 1, verbose: 0 });
      return [history.loss[0], layer.w.item()];
    }));
    for (const [loss, w] of results) {
      expect(loss).toBeCloseTo(0.073441, 5); // (0.9 ** 3 - 1) ** 2
      expect(w).toBeCloseTo(0.9 + 0.1 * 2 * 0.271 * 3 * 0.81, 5);
    }
  });
});

describe('scan and map', () => {
  const sums = (options: object) => (xs: Tensor) =>
    ops.scan((carry: Tensor, x: Tensor) => [carry.add(x), carry.multiply(x)], f64(0), xs, options);

  it('loop over slices in both directions', () => {
    for (const run of both(sums({}), f64([1, 2, 3, 4]))) expect(run).toEqual([10, [0, 2, 9, 24]]);
    for (const run of both(sums({ reverse: true }), f64([1, 2, 3, 4]))) expect(run).toEqual([10, [9, 14, 12, 0]]);
    for (const run of both(sums({}), ops.zeros([0], { dtype: 'float64' }))) expect(run).toEqual([0, []]);
    for (const run of both(sums({}), f64([5]))) expect(run).toEqual([5, [0]]);
    const counted = () => ops.scan((c: Tensor) => [c.multiply(2), null], f64(1), null, { length: 10 });
    expect([(counted()[0] as Tensor).item(), counted()[1]]).toEqual([1024, null]);
  });

  it('loop over structures, rows of tensors and constants of any size', () => {
    const table = keras.random.uniform([40, 3], { dtype: 'float64', seed: 1 });
    const fn = (xs: Tensor) =>
      ops.map(({ a, b }: { a: Tensor; b: Tensor }) => ops.sum(ops.matmul(table, a)).add(b), { a: xs, b: ops.sum(xs, { axis: 1 }) });
    const xs = keras.random.uniform([5, 3], { dtype: 'float64', seed: 2 });
    const expected = ops.add(ops.sum(ops.matmul(xs, ops.transpose(table)), { axis: 1 }), ops.sum(xs, { axis: 1 }));
    for (const run of both(fn, xs)) (run as number[]).forEach((value, i) => expect(value).toBeCloseTo(expected.at(i).item(), 10));
    expect(lists(ops.vectorizedMap(([a, b]: Tensor[]) => a.add(b), [f64([1, 2]), f64([3, 4])]))).toEqual([4, 6]);
  });

  it('differentiate with respect to the initial state, the slices and what the body closes over', () => {
    const weights = f64([[0.5, 0.1], [0.2, 0.3]]);
    const xs = f64([[0.1, 0.2], [-0.3, 0.4], [0.5, -0.6], [0.7, 0.8], [0.2, 0.1]]);
    const rnn = (w: Tensor, h: Tensor, x: Tensor, options = {}) => {
      const [last, all] = ops.scan((state: Tensor, row: Tensor) => {
        const next = ops.tanh(ops.add(ops.matmul(state, w), row));
        return [next, ops.square(next)];
      }, h, x, options) as [Tensor, Tensor];
      return ops.add(ops.sum(last), ops.sum(ops.multiply(all, x)));
    };
    checkGradient((w) => rnn(w, f64([0.1, 0.2]), xs), weights);
    checkGradient((h) => rnn(weights, h, xs), f64([0.1, 0.2]));
    checkGradient((x) => rnn(weights, f64([0.1, 0.2]), x, { reverse: true }), xs);
    checkGradient((w) => ops.cond(ops.sum(w).greater(0), () => rnn(w, f64([0, 0]), xs), () => ops.sum(w)), weights);
  });

  it('differentiate with respect to variables, and carry those that are assigned', () => {
    const w = new Variable([2], { dtype: 'float64' });
    const count = new Variable(0, { dtype: 'int32', trainable: false });
    const tape = new keras.GradientTape();
    const y = tape.record(() =>
      ops.sum(
        ops.scan(
          (c: Tensor) => {
            count.assignAdd(1);
            return [c.multiply(w), null];
          },
          f64([1]),
          null,
          { length: 3 },
        )[0] as Tensor,
      ),
    );
    expect([y.item(), tape.gradient(y, w)!.tolist(), count.item()]).toEqual([8, [12], 3]);
  });

  it('draw other random numbers at each step', () => {
    const seed = new keras.random.SeedGenerator(3);
    const draws = jit(() => ops.map(() => keras.random.uniform([], { seed }), ops.zeros([50])) as Tensor);
    expect(new Set((draws().tolist() as number[])).size).toBe(50);
    expect(draws().tolist()).not.toEqual(draws().tolist());
  });

  it('give symbols of the right shapes', () => {
    const [carry, rows] = ops.scan(
      (c: Tensor, x: Tensor) => [c.add(x), x.multiply(2)],
      keras.Input({ batchShape: [3] }) as never,
      keras.Input({ shape: [3] }) as never,
    ) as unknown as keras.KerasTensor[];
    expect([carry.shape, rows.shape]).toEqual([[3], [null, 3]]);
  });

  it('take associative functions', () => {
    for (const n of [0, 1, 2, 3, 7, 8]) {
      const x = ops.cast(ops.arange(n), 'float64');
      const expected = Array.from({ length: n }, (_, i) => (i * (i + 1)) / 2);
      for (const run of both((y: Tensor) => ops.associativeScan((a: Tensor, b: Tensor) => ops.add(a, b), y), x))
        expect(run).toEqual(expected);
    }
    const two = f64([[1, 2, 3], [4, 5, 6]]);
    expect(ops.associativeScan((a: Tensor, b: Tensor) => ops.multiply(a, b), two, { axis: -1, reverse: true }).tolist()).toEqual([
      [6, 6, 3],
      [120, 30, 6],
    ]);
    checkGradient(
      (x) => ops.sum(ops.square(ops.associativeScan((a: Tensor, b: Tensor) => ops.multiply(a, b), x))),
      f64([0.5, 1.5, -2, 1.2, 0.7]),
    );
  });

  it('vectorize functions of scalars and of arrays', () => {
    const clip = ops.vectorize((x: Tensor, limit: Tensor) => ops.cond(x.greater(limit), () => limit, () => x));
    expect(lists(clip(f64([[1, 5], [9, 2]]), f64([4, 3])))).toEqual([[1, 3], [4, 2]]);
    const product = ops.vectorize((m: Tensor, v: Tensor) => ops.matmul(m, v), { signature: '(m,n),(n)->(m)' });
    expect(lists(product(f64([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]), f64([1, 1])))).toEqual([[3, 7], [11, 15]]);
    expect(lists(ops.vectorize((x: Tensor, n: number) => x.multiply(n), { excluded: [1] })(f64([1, 2]), 3))).toEqual([3, 6]);
  });
});

describe('remat and jacobian', () => {
  it('computes again instead of keeping', () => {
    const fn = (x: Tensor) => ops.sum(ops.tanh(ops.multiply(x, ops.sin(x))));
    const x = f64([0.5, -1, 2]);
    expect(lists(grad(remat(fn))(x))).toEqual(lists(grad(fn)(x)));
    checkGradient(remat(fn), x);
  });

  it('gives all derivatives of all elements', () => {
    const a = f64([[1, 2], [3, 4], [5, 6]]);
    for (const run of both(jacobian((x) => ops.matmul(a, ops.square(x))), f64([1, 2]))) expect(run).toEqual([[2, 8], [6, 16], [10, 24]]);
    expect(lists(jacobian(grad((x: Tensor) => ops.sum(ops.multiply(ops.square(x), x))) as (x: Tensor) => Tensor)(f64([1, 2])))).toEqual([
      [6, 0],
      [0, 12],
    ]);
    const tape = new keras.GradientTape();
    const x = f64([[1, 2]]);
    tape.watch(x);
    const jacobians = tape.jacobian(tape.record(() => ops.sum(x, { axis: 1 })), [x, f64(1)]);
    expect([jacobians[0]!.tolist(), jacobians[1]]).toEqual([[[[1, 1]]], null]);
  });
});

describe('mistakes', () => {
  const x = f64([1, 2]);
  it.each<[string, () => unknown, RegExp]>([
    [
      'a condition that is no scalar',
      () =>
        ops.cond(
          x,
          () => 1,
          () => 2,
        ),
      /cond: 'pred' must be a scalar, received shape \(2,\)/,
    ],
    ['no function', () => ops.cond(true, 3 as never, () => 1), /cond: 'trueFn' must be a function, received 3/],
    [
      'branches of other shapes',
      () =>
        jit((y: Tensor) =>
          ops.cond(
            ops.sum(y).greater(0),
            () => y,
            () => ops.sum(y),
          ),
        )(x),
      /same structure, dtypes and shapes; the first returns float64\(\), branch 1 float64\(2,\)/,
    ],
    ['a float index', () => ops.switch(1.5, [() => x]), /switch: the index must be an integer/],
    ['no branches', () => ops.switch(0, []), /at least one branch/],
    [
      'a state of another shape',
      () => ops.scan((c: Tensor) => [c.reshape([1, 2]), c], x, null, { length: 2 }),
      /loop's state, float64\(2,\), received float64\(1, 2\)/,
    ],
    ['a state of another structure', () => ops.foriLoop(0, 2, (_, c: Tensor) => [c, c], x), /structure of the loop's state/],
    ['nothing to scan', () => ops.scan((c: Tensor) => [c, c], x), /expected 'xs' or the option 'length'/],
    ['slices of a scalar', () => ops.map((y: Tensor) => y, f64(1)), /need at least one axis/],
    ['slices of other lengths', () => ops.map(([y]: Tensor[]) => y, [x, f64([1])]), /received sizes 2, 1/],
    ['no pair', () => ops.scan((c: Tensor) => c as never, x, null, { length: 1 }), /must return \[carry, y\]/],
    ['a signature that is none', () => ops.vectorize((y: Tensor) => y, { signature: 'm->n' })(x), /not a signature/],
    [
      'a second gradient of a tape',
      () => {
        const tape = new keras.GradientTape();
        tape.gradient(x, []);
        tape.jacobian(x, x);
      },
      /persistent: true/,
    ],
  ])('%s', (_, run, message) => expect(run).toThrow(message));

  it('reports a fault inside a loop as the loop', () => {
    const run = jit((indices: Tensor) => ops.map((i: Tensor) => ops.take(x, i), indices) as Tensor);
    expect(() => run(ops.array([0, 5]))).toThrow(/scan: index or label 5 is out of range/);
  });

  it('does not tell vjp wrong about captured tensors', () => {
    const [, pullback] = vjp((y: Tensor) => ops.map((row: Tensor) => ops.sum(ops.multiply(row, y)), f64([[1, 2], [3, 4]])) as Tensor, x);
    expect(pullback(f64([1, 1]))[0].tolist()).toEqual([4, 6]);
  });
});
