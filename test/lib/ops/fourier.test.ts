// Fourier transforms: any length, against sums in float64; gradients; frames and windows.
import { describe, expect, it } from '@jest/globals';
import { grad, jit, Input, ops, type Tensor } from 'keratin';
import { makeTensor } from '#lib/core/convert.js';
import { castTo } from '#lib/core/cast.js';
import type { DType } from '#lib/base/dtype.js';
import * as transforms from '#lib/ops/primitives/fft.js';
import { windowValues } from '#lib/ops/windows.js';
import { readFixture, type RecordedArray } from '../../helpers/fixtures.js';
import { expectNumbersClose } from '../../helpers/recorded.js';
import { checkGradient, draw, numbers, values } from '../../helpers/ops.js';

const next = numbers(5);
const random = (shape: number[], dtype: DType = 'float64'): Tensor => draw({ shape }, dtype, next);
const LENGTHS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 16, 17, 19, 21, 26, 32, 34, 37, 49, 60, 77, 101, 128];

/** The sum that defines the transform, with the given sign of the exponent. */
function transformed(re: number[], im: number[], n: number, sign: number): [number[], number[]] {
  const rows = re.length / n;
  const out: [number[], number[]] = [[], []];
  for (let row = 0; row < rows; row++) for (let k = 0; k < n; k++) {
    let [a, b] = [0, 0];
    for (let j = 0; j < n; j++) {
      const angle = (2 * Math.PI * ((j * k) % n)) / n;
      const [cos, sin] = [Math.cos(angle), sign * Math.sin(angle)];
      const [x, y] = [re[row * n + j], im[row * n + j]];
      a += x * cos - y * sin;
      b += x * sin + y * cos;
    }
    out[0].push(a);
    out[1].push(b);
  }
  return out;
}
function expectClose(actual: Tensor, expected: readonly number[], scale = 1): void {
  const bound = (actual.dtype === 'float64' ? 1e-13 : 2e-6) * scale;
  const got = values(actual);
  expect(got.length).toBe(expected.length);
  const worst = got.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]) / (1 + Math.abs(expected[i]))), 0);
  expect(worst).toBeLessThanOrEqual(bound);
}

describe.each(['float32', 'float64'] as const)('in %s', (dtype) => {
  it.each(LENGTHS)('fft of %i points', (n) => {
    for (const rows of [1, 2, 18]) {
      const [re, im] = [random([rows, n], dtype), random([rows, n], dtype)];
      const [a, b] = transformed(values(re), values(im), n, -1);
      const actual = ops.fft([re, im]);
      expect(actual.map((part) => part.dtype)).toEqual([dtype, dtype]);
      expectClose(actual[0], a, n);
      expectClose(actual[1], b, n);
    }
  });
  it.each(LENGTHS)('rfft and irfft of %i points', (n) => {
    const half = Math.floor(n / 2) + 1;
    for (const rows of [1, 17]) {
      const x = random([rows, n], dtype);
      const [a, b] = transformed(values(x), values(x).map(() => 0), n, -1);
      const actual = ops.rfft(x);
      const first = (list: number[]) => list.filter((_, i) => i % n < half);
      expectClose(actual[0], first(a), n);
      expectClose(actual[1], first(b), n);
      expectClose(ops.irfft(actual, { fftLength: n }), values(x), n);
    }
  });
});

it('irfft leaves out the imaginary parts that a real signal has not', () => {
  for (const n of [6, 7, 34, 37]) {
    const half = Math.floor(n / 2) + 1;
    const [re, im] = [random([half]), random([half])];
    const clean = makeTensor('float64', [half], (data) => data.set(values(im).map((v, k) => (k === 0 || 2 * k === n ? 0 : v)) as never));
    expectClose(ops.irfft([re, im], { fftLength: n }), values(ops.irfft([re, clean], { fftLength: n })), n);
  }
});

it('fft2 and its inverse', () => {
  const x = [random([2, 6, 5]), random([2, 6, 5])] as const;
  const once = ops.fft(x).map((part) => ops.swapaxes(part, 1, 2)) as [Tensor, Tensor];
  const twice = ops.fft(once).map((part) => ops.swapaxes(part, 1, 2));
  const all = ops.fft2(x);
  all.forEach((part, i) => expectClose(part, values(twice[i]), 10));
  ops.ifft2(all).forEach((part, i) => expectClose(part, values(x[i]), 10));
});

it('cuts and fills to fftLength', () => {
  const x = random([3, 6]);
  expectClose(ops.rfft(x, { fftLength: 4 })[0], values(ops.rfft(ops.getItem(x, ['...', { stop: 4 }]))[0]));
  expect(ops.rfft(x, { fftLength: 9 })[0].shape).toEqual([3, 5]);
  expect(ops.irfft(ops.rfft(x), { fftLength: 3 }).shape).toEqual([3, 3]);
  expect(ops.irfft(ops.rfft(x)).shape).toEqual([3, 6]);
  expect(ops.rfft(ops.zeros([0, 6]))[1].shape).toEqual([0, 4]);
  expect(ops.fft([ops.zeros([2, 0]), ops.zeros([2, 0])])[0].shape).toEqual([2, 0]);
  expect(ops.rfft([1, 2, 3])[0].dtype).toBe('float32');
  expect(ops.fft([castTo(x, 'float16'), castTo(x, 'float16')])[0].dtype).toBe('float16');
});

// Gradients of first and second order, of each way that a length is done.
describe.each([6, 7, 34])('gradients at %i points', (n) => {
  const half = Math.floor(n / 2) + 1;
  const functions: Record<string, [(...xs: Tensor[]) => Tensor[], number[][]]> = {
    fft: [(a, b) => [...transforms.fft([ops.multiply(a, a), b], 0.5)], [[n], [n]]],
    'one part of fft': [(a, b) => [transforms.fft([a, b])[1]], [[n], [n]]],
    inverse: [(a, b) => [...transforms.inverse([a, ops.multiply(a, b)])], [[n], [n]]],
    rfft: [(a) => [...transforms.rfft(ops.multiply(a, a), 2)], [[n]]],
    'one part of rfft': [(a) => [transforms.rfft(a)[0]], [[n]]],
    irfft: [(a, b) => [transforms.irfft([ops.multiply(a, b), b], n, 0.5)], [[half], [half]]],
  };
  it.each(Object.keys(functions))('%s', (name) => {
    const [fn, shapes] = functions[name];
    const inputs = shapes.map((shape) => random(shape));
    checkGradient(fn, inputs, 1e-6, name);
    if (n > 7 && name !== 'irfft') return;
    const squares = (...xs: Tensor[]) =>
      fn(...xs).reduce((sum, part) => ops.add(sum, ops.sum(ops.square(part))), ops.zeros([], { dtype: 'float64' }));
    const first = grad(squares as never, { argnums: inputs.map((_, i) => i) }) as unknown as (...xs: Tensor[]) => Tensor[];
    checkGradient((...xs) => first(...xs), inputs, 1e-5, `gradient of ${name}`);
  });
});

describe('stft', () => {
  it('is inverted by istft', () => {
    const x = random([2, 50]);
    for (const window of ['hann', 'hamming', 'blackman', random([8])]) for (const center of [true, false]) {
      const spectra = ops.stft(x, 8, 3, 12, { window, center });
      const back = ops.istft(spectra, 8, 3, 12, { window, center });
      const inner = (t: Tensor) => values(ops.getItem(t, ['...', { start: 9, stop: 40 }]));
      expectClose(castTo(ops.getItem(back, ['...', { start: 9, stop: 40 }]), 'float64'), inner(x), 100);
    }
    expect(ops.istft(ops.stft(x, 8, 3, 12), 8, 3, 12, { length: 11 }).shape).toEqual([2, 11]);
  });
  it('has the shapes of its symbols', () => {
    const x = Input({ shape: [null, 50] });
    expect(ops.stft(x, 8, 3, 12).map((part) => part.shape)).toEqual([[null, null, 17, 7], [null, null, 17, 7]]);
    const waves = Input({ shape: [null] });
    expect(ops.stft(waves, 300, 3, 512)[0].shape).toEqual([null, null, 257]);
    expect(ops.istft(ops.stft(x, 8, 3, 12), 8, 3, 12).shape).toEqual([null, null, 48]);
  });
  it('gives the same in compiled functions', () => {
    const x = random([2, 50], 'float32');
    const energy = (t: Tensor) => ops.stft(t, 8, 3, 12).map((part) => ops.square(part));
    const compiled = jit(energy);
    compiled(x).forEach((part, i) => expect(part.tolist()).toEqual(energy(x)[i].tolist()));
  });
  it('says what is wrong', () => {
    const x = ops.zeros([20]);
    expect(() => ops.stft(x, 4, 1, 2)).toThrow(/fftLength must be at least sequenceLength, received 2 and 4/);
    expect(() => ops.stft(x, 4, 0, 4)).toThrow(/sequenceStride must be an integer >= 1/);
    expect(() => ops.stft([1, 2, 3], 2, 1, 4)).toThrow(/float32 or float64, received int32/);
    expect(() => ops.stft(x, 4, 1, 4, { window: 'haan' })).toThrow(/stft: window: 'haan' is not a window; did you mean 'hann'/);
    expect(() => ops.stft(x, 4, 1, 4, { window: 'kaiser' })).toThrow(/needs parameters/);
    expect(() => ops.stft(x, 4, 1, 4, { window: [1, 2] })).toThrow(/shape \(4,\) of a sequence, received \(2,\)/);
    expect(() => ops.fft([x, ops.zeros([3])])).toThrow(/different shapes/);
    expect(() => ops.fft(x as never)).toThrow(/a pair of tensors/);
    expect(() => ops.irfft([x, x], { fftLength: 0 })).toThrow(/fftLength must be an integer >= 1/);
    expect(() => ops.fft2([x, x])).toThrow(/at least 2 axes/);
  });
});

describe('windows', () => {
  it.each(
    readFixture<{ name: string; window: string; n: number; periodic: boolean; values: RecordedArray }>('windows').map(
      (recorded) => [recorded.name, recorded] as const,
    ),
  )('%s has the values of SciPy', (_, { window, n, periodic, values: expected }) => {
    expectNumbersClose([...windowValues(window, n, periodic, '')], Array.from(expected.data, Number), { relative: 1e-13, absolute: 1e-15 });
  });
});
it('windows have their suffixes', () => {
  expect(windowValues('hann_symmetric', 4, true, '')).toEqual(windowValues('hann', 4, false, ''));
  expect(windowValues('hann_periodic', 4, false, '')).toEqual(windowValues('han', 5, false, '').slice(0, 4));
  expect([...windowValues('tukey', 1, true, '')]).toEqual([1]);
});
