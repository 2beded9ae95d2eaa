// Band matrices of resizing and of filters along one axis.
import { listLength } from '../../base/integers.js';
import { makeTensor } from '../../core/convert.js';
import type { Tensor } from '../../core/tensor.js';
import * as p from '../primitives/index.js';
import { constant } from '../primitives/primitive.js';

const MEMO_LIMIT = 64;
const memo = new Map<string, p.BandMatrix>();
/** The matrix of a key, made once while it is among the last ones used. */
function remembered(key: string, make: () => p.BandMatrix): p.BandMatrix {
  const matrix = memo.get(key) ?? make();
  memo.delete(key);
  if (memo.size >= MEMO_LIMIT) memo.delete(memo.keys().next().value!);
  memo.set(key, matrix);
  return matrix;
}

/** @internal A band matrix from rows of weights that begin at a column; what lies outside of the columns is left out. */
export function banded(key: string, columns: number, rows: readonly { start: number; weights: readonly number[] }[]): p.BandMatrix {
  const trimmed = rows.map(({ start, weights }) => {
    const from = Math.max(0, -start);
    return { start: Math.min(start + from, columns), weights: weights.slice(from, Math.max(from, columns - start)) };
  });
  const taps = trimmed.reduce((most, { weights }) => Math.max(most, weights.length), 1);
  const starts = trimmed.map(({ start }) => Math.min(start, columns - taps));
  const entries = trimmed.flatMap(({ start, weights }, row) => {
    const band = new Array<number>(taps).fill(0);
    weights.forEach((weight, k) => {
      band[start - starts[row]! + k] = weight;
    });
    return band;
  });
  return new p.BandMatrix(key, columns, taps, starts, entries);
}

/** The matrix that correlates an axis of `size` elements with `taps`: `'same'` puts zeros around it, `'valid'` keeps whole windows. */
export function filterMatrix(size: number, taps: readonly number[], padding: 'same' | 'valid'): p.BandMatrix {
  const key = `filter ${size} ${padding} ${taps.join()}`;
  const before = padding === 'same' ? Math.floor((taps.length - 1) / 2) : 0;
  const count = listLength('filter', 'an axis', padding === 'same' ? size : size - taps.length + 1);
  return remembered(key, () => banded(key, size, Array.from({ length: count }, (_, i) => ({ start: i - before, weights: taps }))));
}
/** `x` correlated with `taps` along an axis. */
export const filtered = (x: Tensor, taps: readonly number[], axis: number, padding: 'same' | 'valid'): Tensor =>
  p.resample(x, filterMatrix(x.shape[axis]!, taps, padding), axis);

/** An interpolation: weights by the distance of a place from an element, which are 0 from `radius` on. */
export interface Interpolation {
  readonly radius: number;
  readonly weigh: (distance: Tensor) => Tensor;
}
const inside = (x: Tensor, radius: number, weights: Tensor): Tensor => p.select(p.greater(x, constant(radius, x)), constant(0, x), weights);
const polynomial = (x: Tensor, coefficients: readonly number[]): Tensor =>
  coefficients.slice(1).reduce((sum, c) => p.add(p.multiply(sum, x), constant(c, x)), constant(coefficients[0]!, x));

const triangle: Interpolation = { radius: 1, weigh: (x) => p.relu(p.subtract(constant(1, x), x)) };
/** Keys's cubic convolution with a = -1/2 (R. G. Keys, 1981). */
const cubic: Interpolation = {
  radius: 2,
  weigh: (x) => inside(x, 2, p.select(p.less(x, constant(1, x)), polynomial(x, [1.5, -2.5, 0, 1]), polynomial(x, [-0.5, 2.5, -4, 2]))),
};
/** The sinc function times that of `radius` times the width (C. Lanczos). */
const lanczos = (radius: number): Interpolation => ({
  radius,
  weigh: (x) => {
    const near = p.lessEqual(x, constant(1e-3, x));
    const angle = p.multiply(p.select(near, constant(1, x), x), constant(Math.PI, x));
    const wave = p.multiply(p.sin(angle), p.sin(p.divide(angle, constant(radius, x))));
    return inside(x, radius, p.select(near, constant(1, x), p.divide(p.multiply(constant(radius, x), wave), p.square(angle))));
  },
});
/** Interpolations by Keras's names. */
export const INTERPOLATIONS = {
  linear: triangle,
  bilinear: triangle,
  trilinear: triangle,
  cubic,
  bicubic: cubic,
  tricubic: cubic,
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
} as const satisfies Readonly<Record<string, Interpolation>>;
/** Sums of weights up to this size count as 0, so that a place without neighbours gets 0: 1000 float32 epsilons, as in JAX. */
export const LEAST_WEIGHT = 1000 * 2 ** -23;

/** The matrix that brings an axis of `from` elements to `to`; with `antialias` the kernel is widened where that makes the axis shorter. */
export function resizeMatrix(from: number, to: number, method: keyof typeof INTERPOLATIONS, antialias: boolean): p.BandMatrix {
  listLength('resize', 'height and width', to);
  const key = `resize ${from} ${to} ${method} ${antialias}`;
  return remembered(key, () => {
    const { radius, weigh } = INTERPOLATIONS[method];
    const step = from / to;
    const stretch = antialias ? Math.max(step, 1) : 1;
    const reach = radius * stretch;
    // In float32, as Keras computes them: integer images are rounded, and a place half an ulp away turns halves the other way.
    const places = Array.from({ length: to }, (_, i) => Math.fround(Math.fround((i + 0.5) * Math.fround(step)) - 0.5));
    const bands = places.map((place) => ({
      place,
      low: Math.max(0, Math.ceil(place - reach)),
      high: Math.min(from - 1, Math.floor(place + reach)),
    }));
    const taps = bands.reduce((most, { low, high }) => Math.max(most, high - low + 1), 1);
    // Distances beyond the band are beyond the radius as well, where weights are 0.
    const distances = makeTensor('float64', [to, taps], (data) => {
      bands.forEach(({ place, low, high }, row) => {
        for (let k = 0; k < taps; k++) data[row * taps + k] = low + k > high ? radius + 1 : Math.abs(place - low - k) / stretch;
      });
    });
    const { data } = weigh(distances);
    return banded(key, from, bands.map(({ low }, row) => {
      const weights = Array.from({ length: taps }, (_, k) => Number(data[row * taps + k]));
      const total = weights.reduce((a, b) => a + b, 0);
      return { start: low, weights: weights.map((weight) => (Math.abs(total) > LEAST_WEIGHT ? weight / total : 0)) };
    }));
  });
}
