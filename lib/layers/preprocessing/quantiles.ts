// Summaries of numbers by their quantiles, in Keras's steps and roundings: `Discretization` finds its bins by them. A summary is a sample
// of the values in ascending order and how many of the values each stands for.
import { type Tensor } from '../../core/tensor.js';
import { castTo } from '../../core/cast.js';

/** Values in ascending order, and how many values each stands for. */
export interface Summary {
  readonly values: Float32Array;
  readonly weights: Float32Array;
}
/** The summary of nothing. */
export const EMPTY_SUMMARY: Summary = { values: new Float32Array(), weights: new Float32Array() };

/** A summary of about `1 / epsilon` values of a tensor. */
export function summarize(data: Tensor, epsilon: number): Summary {
  const sorted = Float32Array.from(castTo(data, 'float32').elements as Float32Array).sort();
  const step = Math.max(sorted.length / (1 / epsilon), 1);
  const every = Math.trunc(step);
  const values = sorted.filter((_, i) => i >= Math.trunc(step - 1) && (i - Math.trunc(step - 1)) % every === 0);
  return { values, weights: new Float32Array(values.length).fill(step) };
}

/** The summary of both together. */
export function mergeSummaries(a: Summary, b: Summary, epsilon: number): Summary {
  const [values, weights] = (['values', 'weights'] as const).map((of) => [...a[of], ...b[of]]) as [number[], number[]];
  const rank = (x: number): number => (Number.isNaN(x) ? Infinity : x); // NaN comes last, as in NumPy
  const order = values.map((_, i) => i).sort((i, j) => rank(values[i]!) - rank(values[j]!) || 0);
  const sorted = (of: readonly number[]): Float32Array => Float32Array.from(order, (i) => of[i]!);
  return compress({ values: sorted(values), weights: sorted(weights) }, epsilon);
}

/** The boundaries between `numBins` bins of about as many values each. */
export const boundariesOf = (summary: Summary, numBins: number): number[] => [...compress(summary, 1 / numBins).values].slice(0, -1);

/** A summary with about `1 / epsilon` values, interpolated where shares of the weights ask for it. */
function compress(summary: Summary, epsilon: number): Summary {
  const { values, weights } = summary;
  if (values.length * epsilon < 1) return summary;
  let total = 0;
  const cumulated = weights.map((weight) => (total = Math.fround(total + weight)));
  const shares = cumulated.map((weight) => weight / total);
  const wanted = Array.from({ length: Math.ceil(1 / epsilon) }, (_, i) => epsilon + i * epsilon);
  const places = wanted.map((share) => interpolate(share, shares, cumulated));
  return {
    values: Float32Array.from(wanted, (share) => interpolate(share, shares, values)),
    weights: Float32Array.from(places, (place, i) => place - (places[i - 1] ?? 0)),
  };
}

/** Linear interpolation as NumPy's `interp`: the last of equal abscissas counts, and outside the outermost values. */
function interpolate(x: number, xs: Float32Array, ys: Float32Array): number {
  let [low, high] = [0, xs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle]! <= x) low = middle + 1;
    else high = middle;
  }
  const at = low - 1;
  if (at < 0) return ys[0]!;
  if (at >= xs.length - 1 || xs[at] === x) return ys[Math.min(at, xs.length - 1)]!;
  const slope = (ys[at + 1]! - ys[at]!) / (xs[at + 1]! - xs[at]!);
  return slope * (x - xs[at]!) + ys[at]!;
}
