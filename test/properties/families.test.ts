// Properties of ordering, accumulation, products, windows, transforms and factorizations, for arbitrary arrays.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ops, type Tensor } from 'keratin';
import { anyArray, arrays, axisOf, build, model, read, tensor, type Model } from './arrays.js';

const seed = Number(process.env.KERATIN_TEST_SEED ?? 1);
/** Fails, with the smallest example found, unless the property holds for arbitrary values. */
const holds = <T,>(values: fc.Arbitrary<T>, property: (value: T) => void): void =>
  fc.assert(fc.property(values, property), { numRuns: 60, seed });
/** Expects exactly the elements; whether a 0 is negative is not asked. */
function expectModel(actual: Tensor, expected: Model): void {
  const { shape, data } = model(actual);
  expect({ shape, data: data.map((value) => value + 0) }).toEqual({
    shape: [...expected.shape],
    data: expected.data.map((value) => value + 0),
  });
}
function expectNear(actual: Tensor, expected: Model, bound = 1e-4): void {
  expect(actual.shape).toEqual([...expected.shape]);
  const largest = Math.max(1, ...expected.data.map(Math.abs));
  const far = model(actual).data.flatMap((value, i) =>
    Math.abs(value - expected.data[i]) <= bound * largest ? [] : [[i, value, expected.data[i]]],
  );
  expect(far).toEqual([]);
}
/** A whole number from 1. */
const small = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });
const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
/** The elements along an axis through a place. */
const lineAt = (a: Model, axis: number, place: readonly number[]): number[] =>
  Array.from({ length: a.shape[axis] }, (_, i) => read(a, place.map((p, k) => (k === axis ? i : p))));
/** The array whose lines along an axis a function makes of those of `a`. */
function mapLines(a: Model, axis: number, size: number, fn: (line: number[]) => number[]): Model {
  const cache = new Map<string, number[]>();
  return build(a.shape.map((d, k) => (k === axis ? size : d)), (place) => {
    const key = place.map((p, k) => (k === axis ? 0 : p)).join();
    if (!cache.has(key)) cache.set(key, fn(lineAt(a, axis, place)));
    return cache.get(key)![place[axis]];
  });
}
const withAxis = (smallest: number): fc.Arbitrary<[Model, number]> =>
  anyArray(smallest, { minLength: 1, maxLength: 3 }).chain((a) => fc.tuple(fc.constant(a), axisOf(a.shape)));

describe('ordering', () => {
  /** The places of the elements in ascending order; of equal ones the first first. */
  const order = (line: number[]): number[] => [...line.keys()].sort((i, j) => line[i] - line[j] || i - j);
  it('sort and argsort are JavaScript’s', () => {
    holds(withAxis(0), ([a, axis]) => {
      const at = positive(axis, a.shape.length);
      expectModel(ops.sort(tensor(a), { axis }), mapLines(a, at, a.shape[at], (line) => [...line].sort((x, y) => x - y)));
      expectModel(ops.argsort(tensor(a), { axis }), mapLines(a, at, a.shape[at], order));
    });
  });
  it('topK gives the first of the sorted', () => {
    holds(
      anyArray(1, { minLength: 1, maxLength: 3 }).chain((a) => fc.tuple(fc.constant(a), fc.integer({ min: 1, max: a.shape.at(-1)! }))),
      ([a, k]) => {
        const descending = (line: number[]) => [...line.keys()].sort((i, j) => line[j] - line[i] || i - j).slice(0, k);
        const [values, indices] = ops.topK(tensor(a), k);
        expectModel(
          values,
          mapLines(a, a.shape.length - 1, k, (line) => descending(line).map((i) => line[i])),
        );
        expectModel(indices, mapLines(a, a.shape.length - 1, k, descending));
      },
    );
  });
  it('cumsum and cumprod run along the axis', () => {
    holds(withAxis(0), ([a, axis]) => {
      const at = positive(axis, a.shape.length);
      const running = (fn: (x: number, y: number) => number) =>
        mapLines(a, at, a.shape[at], (line) => line.map((_, i) => line.slice(0, i + 1).reduce(fn)));
      expectModel(ops.cumsum(tensor(a), { axis }), running((x, y) => x + y));
      expectModel(ops.cumprod(tensor(a), { axis }), running((x, y) => x * y));
    });
  });
  it('searchsorted counts what is smaller', () => {
    holds(
      fc.tuple(
        fc.integer({ min: 1, max: 9 }).chain((n) => arrays([n])),
        anyArray(0, { maxLength: 2 }),
        fc.constantFrom('left' as const, 'right' as const),
      ),
      ([a, values, side]) => {
        const sorted = { shape: a.shape, data: [...a.data].sort((x, y) => x - y) };
        const count = (value: number) => sorted.data.filter((x) => (side === 'left' ? x < value : x <= value)).length;
        expectModel(
          ops.searchsorted(tensor(sorted), tensor(values), { side }),
          build(values.shape, (place) => count(read(values, place))),
        );
      },
    );
  });
  it('unique is the sorted set', () => {
    holds(anyArray(1, { maxLength: 3 }), (a) => {
      const expected = [...new Set(a.data)].sort((x, y) => x - y);
      expect(Array.from((ops.unique(tensor(a))).data, Number)).toEqual(expected);
    });
  });
  it('segmentSum adds up what has the same number', () => {
    holds(
      fc
        .tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 3 }))
        .chain(([n, width]) => fc.tuple(arrays([n, width]), fc.array(fc.nat(3), { minLength: n, maxLength: n }))),
      ([a, ids]) => {
        const expected = build([4, a.shape[1]], ([segment, column]) =>
          ids.reduce((sum, id, row) => sum + (id === segment ? read(a, [row, column]) : 0), 0),
        );
        expectModel(ops.segmentSum(tensor(a), Int32Array.from(ids), { numSegments: 4 }), expected);
      },
    );
  });
});

describe('products and windows', () => {
  it('einsum is a loop over all indices', () => {
    const sizes = fc.record({ i: fc.integer({ min: 1, max: 3 }), j: fc.integer({ min: 1, max: 3 }), k: fc.integer({ min: 1, max: 3 }) });
    const cases = fc.tuple(sizes, fc.constantFrom('ij,jk->ik', 'ij,kj->ki', 'ij,ij->i', 'ijk,kj->i', 'ij,k->kji', 'iij,jk->ik', 'ij,jk->'));
    holds(cases.chain(([size, equation]) => {
      const [left, right] = equation.split('->')[0].split(',').map((names) => [...names].map((name) => size[name as 'i']));
      return fc.tuple(fc.constant(size), fc.constant(equation), arrays(left), arrays(right));
    }), ([size, equation, a, b]) => {
      const [inputs, output] = equation.split('->');
      const [left, right] = inputs.split(',');
      const all = build([size.i, size.j, size.k].map((n, at) => (inputs.includes('ijk'[at]) ? n : 1)), ([i, j, k]) => {
        const place = (names: string) => [...names].map((name) => ({ i, j, k })[name as 'i']);
        return read(a, place(left)) * read(b, place(right));
      });
      const loops = all.shape;
      const expected = build([...output].map((name) => size[name as 'i']), (out) => {
        const fixed = [...'ijk'].map((name) => (output.includes(name) ? out[output.indexOf(name)] : null));
        let sum = 0;
        for (let i = fixed[0] ?? 0; i < (fixed[0] === null ? loops[0] : fixed[0] + 1); i++)
          for (let j = fixed[1] ?? 0; j < (fixed[1] === null ? loops[1] : fixed[1] + 1); j++)
            for (let k = fixed[2] ?? 0; k < (fixed[2] === null ? loops[2] : fixed[2] + 1); k++) sum += read(all, [i, j, k]);
        return sum;
      });
      expectModel(ops.einsum(equation, tensor(a), tensor(b)), expected);
    });
  });

  type Padding = 'valid' | 'same';
  /** Windows along one axis: how many there are, and where the first begins. */
  function windows(size: number, span: number, stride: number, padding: Padding): { count: number; start: number } {
    if (padding === 'valid') return { count: Math.max(0, Math.floor((size - span) / stride) + 1), start: 0 };
    const count = Math.ceil(size / stride);
    return { count, start: -Math.floor(Math.max(0, (count - 1) * stride + span - size) / 2) };
  }
  const paddings = fc.constantFrom<Padding>('valid', 'same');

  it('pooling is a loop over windows', () => {
    holds(
      fc
        .tuple(small(5), small(5), small(3), small(3), small(3), paddings)
        .chain(([h, w, size, strideY, strideX, padding]) =>
          fc.tuple(arrays([1, h + 2, w + 2, 2]), fc.constant({ size, strides: [strideY, strideX], padding })),
        ),
      ([x, { size, strides, padding }]) => {
        const [rows, columns] = [1, 2].map((axis) => windows(x.shape[axis], size, strides[axis - 1], padding));
        const inside = ([n, i, j, c]: number[]) =>
          Array.from({ length: size * size }, (_, t) => [
            n,
            rows.start + i * strides[0] + Math.floor(t / size),
            columns.start + j * strides[1] + (t % size),
            c,
          ])
            .filter(([, y, z]) => y >= 0 && z >= 0 && y < x.shape[1] && z < x.shape[2])
            .map((place) => read(x, place));
        const shape = [1, rows.count, columns.count, 2];
        const options = { strides, padding, dataFormat: 'channels_last' as const };
        expectModel(
          ops.maxPool(tensor(x), [size, size], options),
          build(shape, (place) => Math.max(...inside(place))),
        );
        expectNear(
          ops.averagePool(tensor(x), [size, size], options),
          build(shape, (place) => inside(place).reduce((a, b) => a + b) / inside(place).length),
        );
      },
    );
  });
  it('conv is a loop over windows and the channels of a group', () => {
    const settings = fc.tuple(small(4), small(4), small(3), small(3), small(2), small(3), paddings, small(2), small(2));
    holds(settings.chain(([h, w, kh, kw, stride, dilation, padding, groups, each]) => {
      const span = [(kh - 1) * dilation + 1, (kw - 1) * dilation + 1];
      const shape = [2, h + span[0], w + span[1], groups * each];
      return fc.tuple(
        arrays(shape),
        arrays([kh, kw, each, groups * 2]),
        fc.constant({ stride, dilation: stride > 1 ? 1 : dilation, padding, groups }),
      );
    }), ([x, kernel, { stride, dilation, padding, groups }]) => {
      const [kh, kw, each, filters] = kernel.shape;
      const rows = windows(x.shape[1], (kh - 1) * dilation + 1, stride, padding);
      const columns = windows(x.shape[2], (kw - 1) * dilation + 1, stride, padding);
      const expected = build([2, rows.count, columns.count, filters], ([n, i, j, f]) => {
        const group = Math.floor(f / (filters / groups));
        let sum = 0;
        for (let p = 0; p < kh; p++) for (let q = 0; q < kw; q++) {
          const [y, z] = [rows.start + i * stride + p * dilation, columns.start + j * stride + q * dilation];
          if (y < 0 || z < 0 || y >= x.shape[1] || z >= x.shape[2]) continue;
          for (let c = 0; c < each; c++) sum += read(x, [n, y, z, group * each + c]) * read(kernel, [p, q, c, f]);
        }
        return sum;
      });
      expectNear(
        ops.conv(tensor(x), tensor(kernel), { strides: stride, padding, dilationRate: dilation, dataFormat: 'channels_last' }),
        expected,
        1e-5,
      );
    });
  });
  it('pad repeats the edge, or mirrors with it or without it', () => {
    holds(
      fc.tuple(
        anyArray(2, { minLength: 1, maxLength: 3 }),
        fc.nat(1),
        fc.nat(1),
        fc.constantFrom('constant' as const, 'reflect' as const, 'symmetric' as const),
      ),
      ([a, before, after, mode]) => {
        const source = (i: number, size: number): number => {
          if (i >= 0 && i < size) return i;
          if (mode === 'reflect') return i < 0 ? -i : 2 * size - 2 - i;
          return i < 0 ? -1 - i : 2 * size - 1 - i;
        };
        const outside = (place: readonly number[]) => place.some((i, axis) => i < before || i >= before + a.shape[axis]);
        const expected = build(
          a.shape.map((size) => size + before + after),
          (place) =>
            mode === 'constant' && outside(place)
              ? 0
              : read(
                  a,
                  place.map((i, axis) => source(i - before, a.shape[axis])),
                ),
        );
        expectModel(
          ops.pad(
            tensor(a),
            a.shape.map(() => [before, after] as const),
            { mode },
          ),
          expected,
        );
      },
    );
  });
});

describe('transforms and factorizations', () => {
  it('ifft2 undoes fft2, and irfft rfft', () => {
    holds(
      fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })).chain(([h, w]) => fc.tuple(arrays([h, w]), arrays([h, w]))),
      ([re, im]) => {
        const [backRe, backIm] = ops.ifft2(ops.fft2([tensor(re), tensor(im)]));
        expectNear(backRe, re, 1e-5);
        expectNear(backIm, im, 1e-5);
        // Any even length that holds the signal gives it back, zeros after it.
        const length = 2 * re.shape[1];
        const padded = ops.irfft(ops.rfft(tensor(re), { fftLength: length }), { fftLength: length });
        expectNear(ops.slice(padded, [0, 0], [...re.shape]), re, 1e-5);
      },
    );
  });
  it('the factors give the matrix back', () => {
    holds(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })).chain(([m, n]) => arrays([2, m, n])), (a) => {
      const x = tensor(a);
      const [q, r] = ops.linalg.qr(x);
      expectNear(ops.matmul(q, r), a);
      const [u, s, vh] = ops.linalg.svd(x, { fullMatrices: false });
      expectNear(ops.matmul(ops.multiply(u, ops.expandDims(s, -2)), vh), a);
      const gram = ops.add(ops.matmul(x, ops.swapaxes(x, -1, -2)), ops.eye(a.shape[1]));
      const lower = ops.linalg.cholesky(gram);
      expectNear(ops.matmul(lower, ops.swapaxes(lower, -1, -2)), model(gram));
    });
  });
  it('resizing to the same size changes nothing', () => {
    holds(
      fc
        .tuple(small(5), small(5))
        .chain(([h, w]) =>
          fc.tuple(arrays([1, h, w, 2]), fc.constantFrom('nearest' as const, 'bilinear' as const, 'bicubic' as const, 'lanczos3' as const)),
        ),
      ([a, interpolation]) => {
        expectNear(ops.image.resize(tensor(a), [a.shape[1], a.shape[2]], { interpolation, dataFormat: 'channels_last' }), a, 1e-5);
      },
    );
  });
});
