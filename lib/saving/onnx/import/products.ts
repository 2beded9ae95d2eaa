// ONNX operators that multiply matrices, convolve, pool and resize. Their tensors have the channels after the batch, ours last.
import { castTo } from '../../../core/cast.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as p from '../../../ops/primitives/index.js';
import type { PoolAxis } from '../../../ops/primitives/pool.js';
import { checkSize, numberLike, upTo, wholeNumbers, type Operator, type OperatorCall } from './call.js';

const gemm: Operator = (call) => {
  const [a, b, c] = [call.input(0), call.input(1), call.optional(2)];
  const product = p.matmul(a, b, call.number('transA', 0) === 1, call.number('transB', 0) === 1);
  const times = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : p.multiply(x, numberLike(factor, x)));
  const scaled = times(product, call.number('alpha', 1));
  return c === null ? scaled : p.add(scaled, times(c, call.number('beta', 1)));
};

const toLast = (x: Tensor): Tensor => p.transpose(x, [0, ...upTo(x.ndim - 2).map((i) => i + 2), 1]);
const toFirst = (x: Tensor): Tensor => p.transpose(x, [0, x.ndim - 1, ...upTo(x.ndim - 2).map((i) => i + 1)]);
/** A kernel (out, in, spatial) as ours: (spatial, in, out). */
export const kernelToLast = (w: Tensor): Tensor => p.transpose(w, [...upTo(w.ndim - 2).map((i) => i + 2), 1, 0]);
/** The attribute of nodes whose kernels were brought to our order when the file was read. */
export const KERNEL_LAST = 'kernel_last';

/** How windows move over the spatial axes of an input. */
interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
}
function windowsOf(call: OperatorCall, spatial: readonly number[], kernel: readonly number[]): Windows {
  const ones = spatial.map(() => 1);
  const strides = call.numbers('strides') ?? ones;
  const dilations = call.numbers('dilations') ?? ones;
  const auto = call.text('auto_pad', 'NOTSET');
  const pads = call.numbers('pads') ?? [...ones, ...ones].map(() => 0);
  const misfit = [kernel, strides, dilations].some((list) => list.length !== spatial.length || list.some((n) => !(n > 0)));
  if (misfit || pads.length !== 2 * spatial.length)
    throw new RangeError(`${call.operator}: kernel_shape, strides, dilations or pads do not fit ${spatial.length} axes`);
  if (auto === 'NOTSET') return { kernel, strides, dilations, before: pads.slice(0, spatial.length), after: pads.slice(spatial.length) };
  if (auto === 'VALID') return { kernel, strides, dilations, before: ones.map(() => 0), after: ones.map(() => 0) };
  const total = spatial.map((n, i) =>
    Math.max(0, (Math.ceil(n / strides[i]!) - 1) * strides[i]! + (kernel[i]! - 1) * dilations[i]! + 1 - n));
  const less = total.map((n) => Math.floor(n / 2));
  const more = total.map((n, i) => n - less[i]!);
  const upper = auto === 'SAME_UPPER';
  return { kernel, strides, dilations, before: upper ? less : more, after: upper ? more : less };
}
/** The number of windows along each axis. */
function counts({ kernel, strides, dilations, before, after }: Windows, spatial: readonly number[], ceil = false): number[] {
  return spatial.map((n, i) => {
    const room = n + before[i]! + after[i]! - ((kernel[i]! - 1) * dilations[i]! + 1);
    const count = (ceil ? Math.ceil : Math.floor)(room / strides[i]!) + 1;
    // A window must begin within the input or the padding before it.
    return Math.max(0, ceil && (count - 1) * strides[i]! >= n + before[i]! ? count - 1 : count);
  });
}

const conv: Operator = (call) => {
  const [x, given, bias] = [call.input(0), call.input(1), call.optional(2)];
  const kernel = call.number(KERNEL_LAST, 0) === 1 ? given : kernelToLast(given);
  const spatial = x.shape.slice(2);
  const windows = windowsOf(call, spatial, kernel.shape.slice(0, -2));
  const window = { strides: windows.strides, dilation: windows.dilations, low: windows.before, groups: call.number('group', 1) };
  const result = p.conv(toLast(x), kernel, window, counts(windows, spatial));
  return toFirst(bias === null ? result : p.add(result, bias));
};
const convTranspose: Operator = (call) => {
  const [x, given, bias] = [call.input(0), call.input(1), call.optional(2)];
  const kernel = call.number(KERNEL_LAST, 0) === 1 ? given : kernelToLast(given);
  const spatial = x.shape.slice(2);
  const ones = spatial.map(() => 1);
  const taps = kernel.shape.slice(0, -2);
  const [strides, dilation] = [call.numbers('strides') ?? ones, call.numbers('dilations') ?? ones];
  const extra = call.numbers('output_padding') ?? ones.map(() => 0);
  const whole = spatial.map((n, i) => strides[i]! * (n - 1) + extra[i]! + (taps[i]! - 1) * dilation[i]! + 1);
  const auto = call.text('auto_pad', 'NOTSET');
  const asked = call.numbers('output_shape')?.slice(-spatial.length) ?? null;
  let low = (call.numbers('pads') ?? [...ones, ...ones].map(() => 0)).slice(0, spatial.length);
  let size = whole.map((n, i) => n - low[i]! - (call.numbers('pads')?.[i + spatial.length] ?? 0));
  if (asked !== null || auto.startsWith('SAME')) {
    size = asked ?? spatial.map((n, i) => n * strides[i]!);
    const total = whole.map((n, i) => Math.max(0, n - size[i]!));
    low = total.map((n) => (auto === 'SAME_UPPER' ? Math.floor(n / 2) : n - Math.floor(n / 2)));
    if (auto === 'NOTSET') low = total.map((n) => Math.floor(n / 2));
  }
  checkSize(call.operator, [...x.shape.slice(0, 2), ...size]);
  const window = { strides, dilation, low, groups: call.number('group', 1) };
  const result = p.convInput(toLast(x), kernel, window, size);
  return toFirst(bias === null ? result : p.add(result, bias));
};

const filledAround = (x: Tensor, { before, after }: Windows, more: readonly number[], value: number): Tensor => {
  const shape = x.shape.map((d, i) => (i === 0 || i === x.ndim - 1 ? d : d + before[i - 1]! + after[i - 1]! + more[i - 1]!));
  return p.embed(x, shape, x.shape.map((_, i) => (i === 0 || i === x.ndim - 1 ? 0 : before[i - 1]!)), x.shape.map(() => 1), value);
};
/** Windows with gaps: their elements side by side, reduced. */
function dilated(
  x: Tensor,
  windows: Windows,
  out: readonly number[],
  value: number,
  reduce: (laid: Tensor, axis: number, count: number) => Tensor,
): Tensor {
  const spatial = x.shape.slice(1, -1);
  const { kernel, strides, dilations, before, after } = windows;
  const more = out.map((count, i) =>
    Math.max(0, (count - 1) * strides[i]! + (kernel[i]! - 1) * dilations[i]! + 1 - spatial[i]! - before[i]! - after[i]!));
  const axes = out.map((count, i) => [count, kernel[i]!, strides[i]!, dilations[i]!] as const);
  const k = axes.length;
  const laid = p.windows(filledAround(x, windows, more, value), 1, axes, upTo(2 * k + 2));
  return reduce(laid, k + 1, k);
}
/** The way to pool: windows with no padding of their own where it counts as elements. */
function axesOf({ kernel, strides, before }: Windows, spatial: readonly number[], out: readonly number[]): PoolAxis[] {
  return spatial.map((n, i) => [n, out[i]!, kernel[i]!, strides[i]!, before[i]!]);
}
const poolWindows = (call: OperatorCall): { x: Tensor; windows: Windows; out: number[] } => {
  const x = toLast(call.input(0));
  const spatial = x.shape.slice(1, -1);
  const windows = windowsOf(call, spatial, call.numbers('kernel_shape') ?? []);
  return { x, windows, out: counts(windows, spatial, call.number('ceil_mode', 0) === 1) };
};
const maxPool: Operator = (call) => {
  if (call.outputs > 1) throw new TypeError(`${call.operator}: the places of the largest elements are not supported`);
  const { x, windows, out } = poolWindows(call);
  if (windows.dilations.some((d) => d !== 1)) return toFirst(dilated(x, windows, out, -Infinity, p.max));
  return toFirst(p.maxPool(x, axesOf(windows, x.shape.slice(1, -1), out)));
};
const averagePool: Operator = (call) => {
  const { x, windows, out } = poolWindows(call);
  if (windows.dilations.some((d) => d !== 1)) {
    const ones = call.number('count_include_pad', 0) === 0 ? ops.onesLike(x) : filledAround(ops.onesLike(x), windows, out.map(() => 0), 1);
    const none = out.map(() => 0);
    const total = (t: Tensor, around: Windows): Tensor => dilated(t, around, out, 0, p.sum);
    const counted = ones.size === x.size ? windows : { ...windows, before: none, after: none };
    return toFirst(p.divide(total(x, windows), total(ones, counted)));
  }
  if (call.number('count_include_pad', 0) === 0) return toFirst(p.averagePool(x, axesOf(windows, x.shape.slice(1, -1), out)));
  const padded = filledAround(x, windows, out.map(() => 0), 0);
  return toFirst(p.averagePool(padded, axesOf({ ...windows, before: out.map(() => 0) }, padded.shape.slice(1, -1), out)));
};
const globalPool =
  (fn: (x: Tensor, options: { axis: number[]; keepdims: boolean }) => Tensor): Operator =>
  (call) => fn(call.input(0), { axis: upTo(call.input(0).ndim).slice(2), keepdims: true });

/** Resizing as it was up to version 10. */
const isOld = (call: OperatorCall): boolean => call.operator === 'Upsample' || call.opset < 11;
/** Places in the input, counted from 0, of the elements of a resized axis. */
function placesOf(call: OperatorCall, from: number, to: number, scale: number): number[] {
  const whole = scale * from; // may have a fraction
  const mode = call.text('coordinate_transformation_mode', isOld(call) ? 'asymmetric' : 'half_pixel');
  const each: Readonly<Record<string, (i: number) => number>> = {
    half_pixel: (i) => (i + 0.5) / scale - 0.5,
    pytorch_half_pixel: (i) => (to > 1 ? (i + 0.5) / scale - 0.5 : 0),
    align_corners: (i) => (to > 1 ? (i * (from - 1)) / (whole - 1) : 0),
    asymmetric: (i) => i / scale,
    half_pixel_symmetric: (i) => {
      const adjusted = to / whole;
      return (from / 2) * (1 - adjusted) + (i + 0.5) / scale - 0.5;
    },
  };
  if (each[mode] === undefined) throw new TypeError(`${call.operator}: coordinate_transformation_mode ${mode} is not supported`);
  return upTo(to).map(each[mode]);
}
const NEAREST: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5), round_prefer_ceil: (x) => Math.floor(x + 0.5), floor: Math.floor, ceil: Math.ceil,
};
/** Weights of the elements around a place, the first of which is `start`. */
function tapsOf(call: OperatorCall, mode: string, place: number): { start: number; weights: number[] } {
  const start = Math.floor(place);
  const t = place - start;
  if (mode === 'linear') return { start, weights: [1 - t, t] };
  const a = call.number('cubic_coeff_a', -0.75);
  const near = (d: number): number => (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  const far = (d: number): number => a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a;
  return { start: start - 1, weights: [far(t + 1), near(t), near(1 - t), far(2 - t)] };
}
function resizedAlong(call: OperatorCall, x: Tensor, axis: number, to: number, scale: number): Tensor {
  const from = x.shape[axis]!;
  const mode = call.text('mode', 'nearest').replace('bilinear', 'linear').replace('bicubic', 'cubic');
  const places = placesOf(call, from, to, scale);
  const inside = (i: number): number => Math.min(Math.max(i, 0), from - 1);
  if (mode === 'nearest') {
    const rounded = NEAREST[call.text('nearest_mode', isOld(call) ? 'floor' : 'round_prefer_floor')]!;
    return p.gather(x, wholeNumbers(places.map((place) => inside(rounded(place))), 'int32'), axis);
  }
  if (mode !== 'linear' && mode !== 'cubic') throw new TypeError(`${call.operator}: the mode ${mode} is not supported`);
  const matrix = upTo(from * to).map(() => 0);
  places.forEach((place, i) => {
    const { start, weights } = tapsOf(call, mode, place);
    const outside = call.number('exclude_outside', 0) === 1;
    const counted = weights.map((weight, k) => (outside && start + k !== inside(start + k) ? 0 : weight));
    const total = outside ? counted.reduce((a, b) => a + b, 0) : 1;
    counted.forEach((weight, k) => (matrix[inside(start + k) * to + i]! += weight / total));
  });
  const map = castTo(p.reshape(wholeNumbers(matrix, 'float32'), [from, to]), x.dtype);
  const last = [...upTo(x.ndim).filter((i) => i !== axis), axis];
  return p.transpose(p.matmul(p.transpose(x, last), map), upTo(x.ndim).map((i) => last.indexOf(i)));
}
const resize: Operator = (call) => {
  const x = call.input(0);
  const old = isOld(call);
  const axes = call.numbers('axes') ?? upTo(x.ndim);
  const given = call.numbers('scales') ?? call.list(old ? 1 : 2);
  const sizes = old ? null : call.list(3);
  if (call.number('antialias', 0) === 1) throw new TypeError(`${call.operator}: antialias is not supported`);
  const asked = sizes === null || sizes.length === 0 ? null : axes.map((axis, i) => sizes[i]! / x.shape[axis]!);
  const policy = call.text('keep_aspect_ratio_policy', 'stretch');
  const one = asked === null || policy === 'stretch' ? null : (policy === 'not_larger' ? Math.min : Math.max)(...asked);
  return axes.reduce((t, axis, i) => {
    const from = t.shape[axis]!;
    const scale = one ?? asked?.[i] ?? given![i]!;
    const to = one !== null ? Math.round(from * scale) : asked === null ? Math.floor(from * scale) : sizes![i]!;
    checkSize(call.operator, t.shape.map((d, k) => (k === axis ? to : d)));
    return to === from && scale === 1 ? t : resizedAlong(call, t, axis, to, scale);
  }, x);
};

/** Operators by name. */
export const products: Readonly<Record<string, Operator>> = {
  Gemm: gemm, MatMul: (call) => ops.matmul(call.input(0), call.input(1)), Conv: conv, ConvTranspose: convTranspose,
  MaxPool: maxPool, AveragePool: averagePool, GlobalAveragePool: globalPool((x, options) => ops.mean(x, options)),
  GlobalMaxPool: globalPool((x, options) => ops.max(x, options)),
  Einsum: (call) => ops.einsum(call.text('equation', ''), ...call.all),
  Det: (call) => ops.det(call.input(0)), Resize: resize, Upsample: resize,
};
