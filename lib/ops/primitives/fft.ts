// Fourier transforms along the last axis, of complex numbers as pairs of real and imaginary parts. They are not among the exports of
// index.ts, whose tests draw every input: the kernels take a table of roots of unity besides. test/lib/ops/fourier.test.ts tests them.
import { makeTensor } from '../../core/convert.js';
import { castTo } from '../../core/cast.js';
import type { DType } from '../../base/dtype.js';
import { defineOp, type Op } from '../../core/op.js';
import { input, output } from '../../core/program.js';
import { specOf, type Shape, type Spec } from '../../base/shape.js';
import { withoutTapes } from '../../core/tape.js';
import type { Tensor } from '../../core/tensor.js';
import { add, multiply, negative, subtract } from './elementwise.js';
import { primitive, primitives } from './primitive.js';
import { concatenate, embed, slice, zerosLike } from './shape.js';

/** Real and imaginary parts. */
export type Pair = readonly [Tensor, Tensor];

/** The largest prime factor of a length that the kernels take (native/kernels/fft.h). */
const LARGEST_RADIX = 13;
function isSmooth(n: number): boolean {
  let rest = n;
  for (let factor = 2; factor <= LARGEST_RADIX; factor++) while (rest % factor === 0) rest /= factor;
  return rest === 1;
}
/** The length of the complex transform by which the real one of length n is done. */
const innerLength = (n: number): number => (n % 2 === 0 ? n / 2 : n);

/** cos and sin of `turns` / n of a full turn, exact at the multiples of a quarter. */
function pointOnCircle(turns: number, n: number): [number, number] {
  const quadrant = Math.floor((4 * turns) / n);
  const rest = 4 * turns - quadrant * n; // of n to a quarter turn
  const angle = (part: number) => (part / n) * (Math.PI / 2);
  const [cos, sin] =
    2 * rest <= n ? [Math.cos(angle(rest)), Math.sin(angle(rest))] : [Math.sin(angle(n - rest)), Math.cos(angle(n - rest))];
  switch (quadrant % 4) {
    case 0: return [cos, sin];
    case 1: return [-sin, cos];
    case 2: return [-cos, -sin];
    default: return [sin, -cos];
  }
}

const KEPT_ELEMENTS = 1 << 22;
/** Keeps the constants of the lengths that were used last, up to a number of elements. */
function remembered(make: (n: number, dtype: DType) => readonly Tensor[]): (n: number, dtype: DType) => readonly Tensor[] {
  const known = new Map<string, readonly Tensor[]>();
  const elements = (tensors: readonly Tensor[]) => tensors.reduce((sum, tensor) => sum + tensor.size, 0);
  let kept = 0;
  return (n, dtype) => {
    const key = `${n}/${dtype}`;
    const found = known.get(key) ?? make(n, dtype);
    if (known.delete(key)) kept -= elements(found);
    known.set(key, found);
    kept += elements(found);
    for (const [oldest, tensors] of known) {
      if (kept <= KEPT_ELEMENTS || oldest === key) break;
      known.delete(oldest);
      kept -= elements(tensors);
    }
    return found;
  };
}

/** The table of the kernels: cos and -sin of all multiples of a turn / n. */
const tableOf = remembered((n, dtype) => [castTo(makeTensor('float64', [2, n], (data) => {
  for (let k = 0; k < n; k++) {
    const [cos, sin] = pointOnCircle(k, n);
    data[k] = cos;
    data[n + k] = -sin;
  }
}), dtype)]);

const withLast = (shape: Shape, last: number): Shape => [...shape.slice(0, -1), last];
/** The integers that the kernels take: rows, and the length in time. */
const sizes = (spec: Spec, n: number): number[] => [spec.size / spec.shape.at(-1)!, n];
const filledPair = ([re, im]: readonly (Tensor | null)[]): Pair => [re ?? zerosLike(im!), im ?? zerosLike(re!)];

const fftOp: Op<{ scale: number }> = defineOp('fft', {
  infer: ([re, im]) => [re!, im!],
  vjp: (grads, { attrs: { scale } }) => {
    const [re, im] = filledPair(grads);
    return [...inverse([re, im], scale), null];
  },
  lower: ({ inputs: [re], attrs: { scale } }) => [{
    kernel: 'fft', dtype: re!.dtype, operands: [input(0), input(1), input(2), output(0), output(1)],
    ints: sizes(re!, re!.shape.at(-1)!), floats: [scale],
  }],
});
/** The transform in kernels, for lengths without large prime factors. */
export const fftParts = primitives(fftOp, [
  { inputs: [{ shape: [2, 6] }, { shape: [2, 6] }, { shape: [6], constant: (dtype) => tableOf(6, dtype)[0]! }], attrs: { scale: 0.5 } },
], (run) => ([re, im]: Pair, scale: number): Pair => run([re, im, tableOf(re.shape.at(-1)!, re.dtype)[0]!], { scale }) as unknown as Pair);

const rfftOp: Op<{ scale: number }> = defineOp('rfft', {
  infer: ([x]) => {
    const half = specOf(x!.dtype, withLast(x!.shape, Math.floor(x!.shape.at(-1)! / 2) + 1));
    return [half, half];
  },
  vjp: (grads, { inputs: [x], attrs: { scale } }) => {
    const n = x!.shape.at(-1)!;
    const [weights] = halvesOf(n, x!.dtype);
    const [re, im] = filledPair(grads);
    return [irfft([multiply(re, weights!), multiply(im, weights!)], n, scale), null];
  },
  lower: ({ inputs: [x], attrs: { scale } }) => [
    {
      kernel: 'rfft',
      dtype: x!.dtype,
      operands: [input(0), input(1), output(0), output(1)],
      ints: sizes(x!, x!.shape.at(-1)!),
      floats: [scale],
    },
  ],
});

const irfftOp: Op<{ n: number; scale: number }> = defineOp('irfft', {
  infer: ([re], { n }: { n: number; scale: number }) => [specOf(re!.dtype, withLast(re!.shape, n))],
  vjp: ([dy], { attrs: { n, scale } }) => {
    const [re, im] = rfft(dy!, scale);
    const [, weights] = halvesOf(n, dy!.dtype);
    return [multiply(re, weights!), multiply(im, weights!), null];
  },
  lower: ({ inputs: [re], attrs: { n, scale } }) => [{
    kernel: 'irfft', dtype: re!.dtype, operands: [input(0), input(1), input(2), output(0)], ints: sizes(re!, n), floats: [scale],
  }],
});

/** `rfft` in kernels. */
export const rfftParts = primitives(rfftOp, [
  { inputs: [{ shape: [2, 6] }, { shape: [6], constant: (dtype) => tableOf(6, dtype)[0]! }], attrs: { scale: 0.5 } },
], (run) => (x: Tensor, scale: number): Pair => run([x, tableOf(x.shape.at(-1)!, x.dtype)[0]!], { scale }) as unknown as Pair);
/** `irfft` in kernels. */
export const irfftParts = primitive(
  irfftOp,
  [
    {
      inputs: [{ shape: [2, 4] }, { shape: [2, 4] }, { shape: [6], constant: (dtype) => tableOf(6, dtype)[0]! }],
      attrs: { n: 6, scale: 0.5 },
    },
  ],
  (run) =>
    ([re, im]: Pair, n: number, scale: number): Tensor =>
      run([re, im, tableOf(n, re.dtype)[0]!], { n, scale }),
);

/**
 * How often an entry of half a spectrum stands for two of the whole: halves for those that do and ones for the others; and the inverses.
 */
const halvesOf = remembered((n, dtype) => {
  const half = Math.floor(n / 2) + 1;
  const isDouble = (k: number) => k !== 0 && 2 * k !== n;
  const weights = (double: number) => makeTensor('float64', [half], (data) => {
    for (let k = 0; k < half; k++) data[k] = isDouble(k) ? double : 1;
  });
  return [castTo(weights(0.5), dtype), castTo(weights(2), dtype)];
});

/** The least length of at least n that the kernels do fast: a power of two, or three times one. */
function fastLength(n: number): number {
  const power = 2 ** Math.ceil(Math.log2(n));
  return power * 0.75 >= n ? power * 0.75 : power;
}
/** A complex vector times another. */
const times = ([a, b]: Pair, [c, d]: Pair): Pair => [subtract(multiply(a, c), multiply(b, d)), add(multiply(a, d), multiply(b, c))];
const swapped = ([re, im]: Pair): Pair => [im, re];

/** Of Bluestein's algorithm: the chirp exp(-πi j² / n), and the transform of its conjugate as a filter. */
const chirpsOf = remembered((n, dtype) => withoutTapes(() => {
  const length = fastLength(2 * n - 1);
  const chirp = (sign: number, size: number, at: (j: number) => readonly number[]) =>
    [0, 1].map((part) =>
      makeTensor('float64', [size], (data) => {
        data.fill(0 as never);
        for (let j = 0; j < n; j++) {
          const value = pointOnCircle((j * j) % (2 * n), 2 * n)[part]! * (part === 1 ? sign : 1);
          for (const place of at(j)) data[place] = value;
        }
      }),
    ) as unknown as Pair;
  const filter = fftParts(chirp(1, length, (j) => (j === 0 ? [0] : [j, length - j])), 1 / length);
  return [...chirp(-1, n, (j) => [j]), ...filter].map((tensor) => castTo(tensor, dtype));
}));

/** The transform of any length as a convolution (L. Bluestein, 1970). */
function bluestein([re, im]: Pair, scale: number): Pair {
  const n = re.shape.at(-1)!;
  const [chirpRe, chirpIm, filterRe, filterIm] = chirpsOf(n, re.dtype) as readonly [Tensor, Tensor, Tensor, Tensor];
  const length = filterRe.shape[0]!;
  const zeros = re.shape.map(() => 0);
  const padded = times([re, im], [chirpRe, chirpIm]).map((part) =>
    embed(
      part,
      withLast(re.shape, length),
      zeros,
      zeros.map(() => 1),
      0,
    ),
  ) as unknown as Pair;
  const convolved = swapped(fftParts(swapped(times(fftParts(padded, scale), [filterRe, filterIm])), 1));
  const cut = convolved.map((part) => slice(part, zeros, re.shape)) as unknown as Pair;
  return times(cut, [chirpRe, chirpIm]);
}

/**
 * `scale * sum over j of x[j] exp(-2πi jk / n)` along the last axis, of any length. Both parts have one float dtype of at least 32 bits.
 */
export const fft = (x: Pair, scale = 1): Pair => (isSmooth(x[0].shape.at(-1)!) ? fftParts(x, scale) : bluestein(x, scale));
/** `fft` with the other sign of the exponent; `scale` is 1 / n for the inverse. */
export const inverse = (x: Pair, scale = 1): Pair => swapped(fft(swapped(x), scale));

/** The first half of the spectrum of a real tensor, up to the frequency n / 2. */
export function rfft(x: Tensor, scale = 1): Pair {
  const n = x.shape.at(-1)!;
  if (isSmooth(innerLength(n))) return rfftParts(x, scale);
  const half = withLast(x.shape, Math.floor(n / 2) + 1);
  return bluestein([x, zerosLike(x)], scale).map((part) => slice(part, half.map(() => 0), half)) as unknown as Pair;
}

/** `scale` times the sum of waves whose spectrum's first half is given: n real numbers; the imaginary parts at 0 and n / 2 do not count. */
export function irfft([re, im]: Pair, n: number, scale = 1): Tensor {
  if (isSmooth(innerLength(n))) return irfftParts([re, im], n, scale);
  const last = re.shape.length - 1;
  const rest = Math.ceil(n / 2) - 1; // entries that the first half gives twice
  const mirrored = (part: Tensor) =>
    slice(
      part,
      re.shape.map((_, i) => (i === last ? rest : 0)),
      withLast(re.shape, rest),
      re.shape.map((_, i) => (i === last ? -1 : 1)),
    );
  const known = multiply(im, halfMask(n, im.dtype));
  const whole: Pair = [concatenate([re, mirrored(re)], last), concatenate([known, negative(mirrored(known))], last)];
  return inverse(whole, scale)[0];
}
/** Zero where the imaginary part of a spectrum of real numbers is zero, one elsewhere. */
const halfMask = (n: number, dtype: DType): Tensor => {
  const [halves] = halvesOf(n, dtype);
  return castTo(makeTensor('float64', halves!.shape, (data) => {
    for (let k = 0; k < data.length; k++) data[k] = k === 0 || 2 * k === n ? 0 : 1;
  }), dtype);
};
