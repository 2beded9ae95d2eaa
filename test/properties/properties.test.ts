// Properties of broadcasting, indexing, reductions and shapes, for arbitrary arrays.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KerasTensor, ops, type Tensor } from 'keratin';
import { anyArray, arrays, axisOf, build, model, read, shapes, tensor, type Model } from './arrays.js';

// Other seeds find other examples; the tests of a commit always try the same ones.
const seed = Number(process.env.KERATIN_TEST_SEED ?? 1);
/** Fails, with the smallest example found, unless the property holds for arbitrary values. */
const holds = <T,>(values: fc.Arbitrary<T>, property: (value: T) => void): void =>
  fc.assert(fc.property(values, property), { numRuns: 150, seed });
const expectModel = (actual: Tensor, expected: Model): void =>
  expect(model(actual)).toEqual({ shape: [...expected.shape], data: [...expected.data] });
const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** Two shapes that broadcast, with the shape that they give. */
const broadcastable = shapes(0, { maxLength: 4 }).chain((shape) => {
  const part = fc.tuple(fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }), fc.nat(shape.length))
    .map(([ones, dropped]) => shape.map((size, i) => (ones[i] ? 1 : size)).slice(dropped));
  return fc.tuple(part, part);
});
function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const [x, y] = [a, b].map((shape) => [...Array.from({ length: rank - shape.length }, () => 1), ...shape]);
  return x.map((size, i) => (size === 1 ? y[i] : size));
}

describe('broadcasting', () => {
  const pairs = broadcastable.chain(([a, b]) => fc.tuple(arrays(a), arrays(b)));
  it.each<[string, (a: number, b: number) => number]>([
    ['add', (a, b) => a + b],
    ['subtract', (a, b) => a - b],
    ['multiply', (a, b) => a * b],
    ['maximum', Math.max],
    ['less', (a, b) => Number(a < b)],
  ])('%s', (name, fn) => {
    holds(pairs, ([a, b]) => {
      const shape = broadcast(a.shape, b.shape);
      expectModel(
        ops[name as 'add'](tensor(a), tensor(b)),
        build(shape, (place) => fn(read(a, place), read(b, place))),
      );
    });
  });
  it('is the same as broadcastTo first', () => {
    holds(pairs, ([a, b]) => {
      const shape = broadcast(a.shape, b.shape);
      expect(model(ops.add(ops.broadcastTo(tensor(a), shape), ops.broadcastTo(tensor(b), shape)))).toEqual(
        model(ops.add(tensor(a), tensor(b))),
      );
    });
  });
  it('refuses other shapes', () => {
    holds(fc.tuple(shapes(2, { minLength: 1, maxLength: 3 }), fc.nat(2)), ([shape, at]) => {
      const other = shape.map((size, i) => (i === at % shape.length ? size + 1 : size));
      expect(() => ops.add(ops.zeros(shape), ops.zeros(other))).toThrow(/broadcast/);
    });
  });
  it('of `where`, over three arrays', () => {
    holds(broadcastable.chain(([a, b]) => fc.tuple(arrays(a), arrays(b), arrays(b))), ([condition, x, y]) => {
      const shape = broadcast(condition.shape, x.shape);
      const expected = build(shape, (place) => (read(condition, place) > 0 ? read(x, place) : read(y, place)));
      expectModel(ops.where(ops.greater(tensor(condition), 0), tensor(x), tensor(y)), expected);
    });
  });
});

describe('indexing', () => {
  /** Which entries `{ start, stop, step }` names, as Python's slices do. */
  function range(size: number, start: number | null, stop: number | null, step: number): number[] {
    const clamp = (value: number) => Math.min(Math.max(value < 0 ? value + size : value, step > 0 ? 0 : -1), step > 0 ? size : size - 1);
    const from = start === null ? (step > 0 ? 0 : size - 1) : clamp(start);
    const to = stop === null ? (step > 0 ? size : -1) : clamp(stop);
    const result: number[] = [];
    for (let i = from; step > 0 ? i < to : i > to; i += step) result.push(i);
    return result;
  }
  const bound = fc.option(fc.integer({ min: -6, max: 6 }));
  const slice = fc.record({ start: bound, stop: bound, step: fc.integer({ min: -3, max: 3 }).filter((step) => step !== 0) });

  it('by slices', () => {
    holds(
      anyArray(0, { minLength: 1, maxLength: 3 }).chain((a) => fc.tuple(fc.constant(a), fc.array(slice, { maxLength: a.shape.length }))),
      ([a, slices]) => {
        const picked = a.shape.map((size, axis) =>
          slices[axis] === undefined ? range(size, null, null, 1) : range(size, slices[axis].start, slices[axis].stop, slices[axis].step),
        );
        const expected = build(
          picked.map((list) => list.length),
          (place) =>
            read(
              a,
              place.map((i, axis) => picked[axis][i]),
            ),
        );
        expectModel(ops.getItem(tensor(a), slices), expected);
      },
    );
  });
  it('by numbers, new axes and an ellipsis', () => {
    holds(
      anyArray(1, { minLength: 2, maxLength: 4 }).chain((a) => fc.tuple(fc.constant(a), axisOf([a.shape[0]]), axisOf([a.shape.at(-1)!]))),
      ([a, first, last]) => {
        const rows = Array.from({ length: a.shape[0] }, (_, i) => i).at(first % a.shape[0])!;
        const columns = Array.from({ length: a.shape.at(-1)! }, (_, i) => i).at(last % a.shape.at(-1)!)!;
        const result = ops.getItem(tensor(a), [rows, '...', null, columns]);
        const middle = a.shape.slice(1, -1);
        expectModel(
          result,
          build([...middle, 1], (place) => read(a, [rows, ...place.slice(0, -1), columns])),
        );
      },
    );
  });
  it('take, and takeAlongAxis, agree with reading', () => {
    const cases = anyArray(1, { minLength: 1, maxLength: 3 }).chain((a) =>
      axisOf(a.shape).chain((axis) =>
        fc.tuple(
          fc.constant(a),
          fc.constant(axis),
          fc.array(fc.integer({ min: -a.shape.at(axis)!, max: a.shape.at(axis)! - 1 }), { minLength: 1, maxLength: 5 }),
        ),
      ),
    );
    holds(cases, ([a, axis, indices]) => {
      const at = positive(axis, a.shape.length);
      const size = a.shape[at];
      const shape = a.shape.map((d, i) => (i === at ? indices.length : d));
      const place = (p: number[]) => p.map((value, i) => (i === at ? positive(indices[value], size) : value));
      const expected = build(shape, (p) => read(a, place(p)));
      expectModel(ops.take(tensor(a), ops.array(indices, { dtype: 'int32' }), { axis }), expected);
      const along = ops.broadcastTo(ops.reshape(ops.array(indices, { dtype: 'int32' }), shape.map((d, i) => (i === at ? d : 1))), shape);
      expectModel(ops.takeAlongAxis(tensor(a), along, { axis }), expected);
    });
  });
  it('sliceUpdate writes what slice reads, and nothing else', () => {
    const cases = anyArray(1, { minLength: 1, maxLength: 3 }).chain((a) =>
      fc
        .tuple(...a.shape.map((size) => fc.nat(size - 1)))
        .chain((start) =>
          fc.tuple(fc.constant(a), fc.constant(start), fc.tuple(...a.shape.map((size, i) => fc.integer({ min: 1, max: size - start[i] })))),
        ),
    );
    holds(cases, ([a, start, size]) => {
      const update = ops.add(ops.zeros(size), 50);
      const result = ops.sliceUpdate(tensor(a), start, update);
      const inside = (place: number[]) => place.every((v, i) => v >= start[i] && v < start[i] + size[i]);
      expectModel(result, build(a.shape, (place) => (inside(place) ? 50 : read(a, place))));
      expect(model(ops.slice(result, start, size))).toEqual(model(update));
    });
  });
});

describe('reductions', () => {
  const cases = anyArray(1, { maxLength: 4 }).chain((a) => fc.tuple(fc.constant(a), fc.subarray(a.shape.map((_, i) => i)), fc.boolean()));
  const total = (values: number[]): number => values.reduce((x, y) => x + y, 0);
  const REDUCTIONS: Record<string, (values: number[]) => number> = {
    sum: total,
    max: (v) => Math.max(...v),
    min: (v) => Math.min(...v),
    countNonzero: (v) => v.filter((x) => x !== 0).length,
    any: (v) => Number(v.some((x) => x !== 0)),
  };
  it.each(Object.keys(REDUCTIONS))('%s over any axes', (name) => {
    holds(cases, ([a, axes, keepdims]) => {
      if (axes.length === 0) return;
      const kept = a.shape.map((size, i) => (axes.includes(i) ? 1 : size));
      const groups = build(kept, () => 0).data.map(() => [] as number[]);
      const flat = (place: readonly number[]) => kept.reduce((n, size, i) => n * size + (size === 1 ? 0 : place[i]), 0);
      build(a.shape, (place) => groups[flat(place)].push(read(a, place)));
      const keeps = keepdims && name !== 'countNonzero';
      const result = (ops[name as 'sum'] as (x: Tensor, options: object) => Tensor)(tensor(a), {
        axis: axes,
        ...(keeps ? { keepdims: true } : {}),
      });
      expectModel(result, { shape: keeps ? kept : a.shape.filter((_, i) => !axes.includes(i)), data: groups.map(REDUCTIONS[name]) });
    });
  });
  it('give the same over axes at once and one after another', () => {
    holds(cases, ([a, axes]) => {
      const one = axes.toReversed().reduce((x, axis) => ops.sum(x, { axis }), tensor(a));
      expect(model(axes.length === 0 ? tensor(a) : ops.sum(tensor(a), { axis: axes }))).toEqual(model(one));
    });
  });
  it('argmax names a place of the maximum, the first', () => {
    holds(anyArray(1, { minLength: 1, maxLength: 3 }).chain((a) => fc.tuple(fc.constant(a), axisOf(a.shape))), ([a, axis]) => {
      const places = ops.argmax(tensor(a), { axis, keepdims: true });
      expect(model(ops.takeAlongAxis(tensor(a), places, { axis }))).toEqual(model(ops.max(tensor(a), { axis, keepdims: true })));
      const earlier = ops.less(
        ops.reshape(
          ops.arange(a.shape.at(axis)!),
          a.shape.map((d, i) => (i === positive(axis, a.shape.length) ? d : 1)),
        ),
        places,
      );
      expect(ops.any(ops.logicalAnd(earlier, ops.equal(tensor(a), ops.max(tensor(a), { axis, keepdims: true })))).item()).toBeFalsy();
    });
  });
});

describe('shapes', () => {
  const one = anyArray(1, { minLength: 1, maxLength: 4 });
  const same = (a: Model, result: Tensor) => expect(model(result)).toEqual(model(tensor(a)));
  it('transpose has its inverse', () => {
    holds(
      one.chain((a) =>
        fc.tuple(
          fc.constant(a),
          fc.shuffledSubarray(
            a.shape.map((_, i) => i),
            { minLength: a.shape.length },
          ),
        ),
      ),
      ([a, axes]) => {
        const inverse = axes.map((_, i) => axes.indexOf(i));
        const turned = ops.transpose(tensor(a), axes);
        expect(turned.shape).toEqual(axes.map((axis) => a.shape[axis]));
        same(a, ops.transpose(turned, inverse));
      },
    );
  });
  it('concatenate puts together what split takes apart', () => {
    holds(one.chain((a) => fc.tuple(fc.constant(a), axisOf(a.shape), fc.array(fc.nat(4), { maxLength: 3 }))), ([a, axis, cuts]) => {
      const sorted = cuts.filter((cut) => cut <= a.shape.at(axis)!).sort((x, y) => x - y);
      same(a, ops.concatenate(ops.split(tensor(a), sorted, { axis }), { axis }));
    });
  });
  it('flip, roll and swapaxes are undone', () => {
    holds(
      one.chain((a) => fc.tuple(fc.constant(a), axisOf(a.shape), axisOf(a.shape), fc.integer({ min: -9, max: 9 }))),
      ([a, axis, other, by]) => {
        same(a, ops.flip(ops.flip(tensor(a), { axis }), { axis }));
        same(a, ops.roll(ops.roll(tensor(a), by, { axis }), -by, { axis }));
        same(a, ops.swapaxes(ops.swapaxes(tensor(a), axis, other), axis, other));
      },
    );
  });
  it('slice takes out what pad puts around', () => {
    holds(
      one.chain((a) =>
        fc.tuple(fc.constant(a), fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { minLength: a.shape.length, maxLength: a.shape.length })),
      ),
      ([a, width]) => {
        same(
          a,
          ops.slice(
            ops.pad(tensor(a), width),
            width.map(([before]) => before),
            a.shape,
          ),
        );
      },
    );
  });
  it('of symbols are those of tensors, with unknown sizes left open', () => {
    const functions: ((x: Tensor) => Tensor)[] = [
      (x) => ops.sum(x, { axis: 0 }),
      (x) => ops.expandDims(x, 1),
      (x) => ops.concatenate([x, x], { axis: -1 }),
      (x) => ops.softmax(x),
      (x) => ops.tile(x, [...x.shape.map(() => 2)]),
      (x) => ops.pad(x, 1),
      (x) => ops.add(x, ops.sum(x, { axis: -1, keepdims: true })),
      (x) => ops.reshape(x, [-1, x.shape.at(-1)!]),
      (x) => ops.matmul(x, ops.swapaxes(x, -1, -2)),
    ];
    holds(fc.tuple(shapes(1, { minLength: 2, maxLength: 4 }), fc.nat(functions.length - 1)), ([shape, which]) => {
      const symbol = new KerasTensor([null, ...shape.slice(1)], 'float32');
      const given = functions[which](symbol as unknown as Tensor) as unknown as KerasTensor;
      for (const batch of [shape[0], shape[0] + 3]) {
        const actual = functions[which](ops.zeros([batch, ...shape.slice(1)])).shape;
        expect(given.shape.map((size, i) => size ?? actual[i])).toEqual(actual);
      }
    });
  });
});
