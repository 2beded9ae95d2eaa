// Control flow outside of compiled functions: its plans are used again where a call computes the same, and what bodies read is never frozen
// into them.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { grad, ops, random, type Tensor, Variable } from '#lib/index.js';
import { native } from '#lib/core/native.js';

afterEach(() => void jest.restoreAllMocks());
/** How many plans `fn` compiles. */
function plansOf(fn: () => unknown): number {
  const compile = jest.spyOn(native, 'compile');
  fn();
  const { length } = compile.mock.calls;
  compile.mockRestore();
  return length;
}
const x = ops.convertToTensor([[1, 2], [3, 4], [5, 6]], { dtype: 'float32' });
const mapBy = (factor: Tensor | Variable | number, rows = x) => ops.map((row: Tensor) => ops.multiply(row, factor), rows) as Tensor;

describe('plans of loops', () => {
  it('are used again for a body that computes the same, also another function', () => {
    const run = (a: number) => ops.scan((c: Tensor, row: Tensor) => [ops.add(c, row), ops.multiply(c, a)], ops.zeros([2]), x);
    run(2);
    expect(plansOf(() => run(2))).toBe(0);
    expect(
      plansOf(() => ops.scan((total: Tensor, item: Tensor) => [ops.add(total, item), ops.multiply(total, 2)], ops.zeros([2]), x)),
    ).toBe(0);
    expect(plansOf(() => run(3))).toBeGreaterThan(0);
    expect(
      plansOf(() => ops.scan((c: Tensor, row: Tensor) => [ops.subtract(c, row), ops.multiply(c, 2)], ops.zeros([2]), x)),
    ).toBeGreaterThan(0);
  });
  it('are used again for gradients', () => {
    // Large enough not to be part of the plans.
    const rows = ops.reshape(ops.linspace(-1, 1, { num: 300 }), [3, 100]);
    const slope = (w: Tensor) =>
      grad((v: Tensor) =>
        ops.sum(ops.scan((c: Tensor, row: Tensor) => [ops.tanh(ops.add(ops.multiply(c, v), row)), c], ops.zeros([100]), rows)[0] as Tensor),
      )(w) as Tensor;
    const [a, b] = [ops.linspace(0, 1, { num: 100 }), ops.linspace(1, 2, { num: 100 })];
    const first = slope(a).tolist();
    expect(plansOf(() => slope(b))).toBe(0);
    expect(slope(b).tolist()).not.toEqual(first);
    expect(slope(a).tolist()).toEqual(first);
  });
  it('are apart for other shapes, dtypes, directions and lengths', () => {
    const total = (rows: Tensor, reverse = false) =>
      ops.scan((c: Tensor, row: Tensor) => [ops.add(c, row), c], ops.zeros([2], { dtype: rows.dtype }), rows, { reverse }) as [
        Tensor,
        Tensor,
      ];
    expect([total(x)[1].tolist(), total(x, true)[1].tolist()]).toEqual([[[0, 0], [1, 2], [4, 6]], [[8, 10], [5, 6], [0, 0]]]);
    expect(total(ops.cast(x, 'int32'))[0].tolist()).toEqual([9, 12]);
    expect(total(ops.concatenate([x, x]))[0].tolist()).toEqual([18, 24]);
  });
});

describe('what bodies read', () => {
  it('may be numbers and small tensors, which are part of plans', () => {
    for (const factor of [2, 3, -0, 0, 2.5])
      expect(mapBy(factor).tolist()).toEqual((x.tolist() as number[][]).map((row) => row.map((v) => v * factor)));
    for (const values of [
      [1, 2],
      [1, 3],
      [-0, NaN],
    ])
      expect(mapBy(ops.convertToTensor(values, { dtype: 'float32' })).tolist()).toEqual(
        (x.tolist() as number[][]).map(([a, b]) => [a * values[0], b * values[1]]),
      );
    // Bytes that are alike in another dtype.
    expect((ops.map((row: Tensor) => ops.add(row, ops.convertToTensor(1, { dtype: 'int32' })), x) as Tensor).tolist()).toEqual([
      [2, 3],
      [4, 5],
      [6, 7],
    ]);
    expect((ops.map((row: Tensor) => ops.add(row, ops.convertToTensor(1, { dtype: 'float32' })), x) as Tensor).tolist()).toEqual([
      [2, 3],
      [4, 5],
      [6, 7],
    ]);
  });
  it('may be large tensors that change', () => {
    const rows = ops.ones([2, 400]);
    for (const value of [1, 2, 3]) expect((ops.sum(mapBy(ops.full([400], value), rows))).item()).toBe(800 * value);
  });
  it('may be variables, which may be assigned', () => {
    const factor = new Variable([1, 1], { dtype: 'float32' });
    for (const value of [1, 2, 3]) {
      factor.assign([value, value]);
      expect((mapBy(factor).tolist() as number[][])[0]).toEqual([value, 2 * value]);
    }
    const count = new Variable(0, { dtype: 'float32' });
    const other = new Variable(5, { dtype: 'float32' });
    const counting = (variable: Variable) => ops.map((row: Tensor) => (variable.assignAdd(1), row), x);
    counting(count);
    expect(plansOf(() => counting(count))).toBe(0);
    counting(other);
    expect([count.item(), other.item()]).toEqual([6, 8]);
  });
  it('may be other loops', () => {
    const nested = (step: number) =>
      ops.map(
        (row: Tensor) => ops.scan((c: Tensor, v: Tensor) => [ops.add(c, ops.multiply(v, step)), null], ops.zeros([]), row)[0],
        x,
      ) as Tensor;
    expect([nested(1).tolist(), nested(2).tolist()]).toEqual([[3, 7, 11], [6, 14, 22]]);
    expect(plansOf(() => nested(1))).toBe(0);
  });
  it('may draw random numbers', () => {
    const seed = new random.SeedGenerator(1);
    const draw = () => (ops.map((row: Tensor) => ops.add(row, random.uniform([2], { seed })), x) as Tensor).tolist();
    const draws = [draw(), draw()];
    expect(draws[0]).not.toEqual(draws[1]);
    const again = new random.SeedGenerator(1);
    expect((ops.map((row: Tensor) => ops.add(row, random.uniform([2], { seed: again })), x) as Tensor).tolist()).toEqual(draws[0]);
  });
  it('may have gradients of their own', () => {
    const scaled = (factor: number) =>
      ops.customGradient((v: Tensor) => [ops.square(v), (dy: Tensor) => ops.multiply(dy, factor)] as const);
    const slope = (factor: number) => (grad((v: Tensor) => ops.sum(ops.map(scaled(factor) as never, v) as Tensor))(x) as Tensor).tolist();
    expect([slope(2), slope(3), slope(2)]).toEqual([[[2, 2], [2, 2], [2, 2]], [[3, 3], [3, 3], [3, 3]], [[2, 2], [2, 2], [2, 2]]]);
  });
  it('may fault, each time', () => {
    const pick = (places: readonly number[]) => ops.map((place: Tensor) => ops.take(x, place, { axis: 0 }), ops.array(places)) as Tensor;
    for (const bad of [5, 7, 5]) expect(() => pick([0, bad])).toThrow(`index or label ${bad} is out of range`);
    expect(pick([2, 0]).tolist()).toEqual([[5, 6], [1, 2]]);
  });
});

describe('16-bit floats', () => {
  it('are widened where there is no kernel, for all attributes', () => {
    const h = ops.cast(ops.reshape(ops.arange(6, { dtype: 'float32' }), [2, 3]), 'bfloat16');
    for (let i = 0; i < 2; i++) {
      expect((ops.cumsum(h, { axis: 0 })).tolist()).toEqual([[0, 1, 2], [3, 5, 7]]);
      expect((ops.cumsum(h, { axis: 1 })).tolist()).toEqual([[0, 1, 3], [3, 7, 12]]);
      expect((ops.sort(ops.negative(ops.cast(h, 'float16')))).tolist()).toEqual([[-2, -1, -0], [-5, -4, -3]]);
      expect([ops.cumsum(h).dtype, ops.matmul(h, ops.transpose(h)).dtype]).toEqual(['bfloat16', 'bfloat16']);
    }
  });
});
