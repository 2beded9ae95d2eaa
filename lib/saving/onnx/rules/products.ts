// Products of matrices, convolutions and pooling. ONNX's have the channels after the batch.
import { isFloat } from '../../../base/dtype.js';
import { makeTensor } from '../../../core/convert.js';
import { inverse, type Builder, type View } from '../builder.js';
import { isFixed, type Size, type SymbolicValue } from '../symbolic-graph.js';
import { combine, fixed, upTo, type Rule } from './rule.js';
import { sliced } from './movement.js';

const matmul: Rule = (call) => {
  const { to, inputs } = call;
  const [transA, transB] = [Number(call.attr<boolean>('transposeA')), Number(call.attr<boolean>('transposeB'))];
  if (isFloat(call.dtype(0)) && inputs.every(({ shape }) => shape.length === 2)) return to.node('Gemm', call.all, { transA, transB });
  const operand = (i: number, swap: boolean): string => {
    const rank = inputs[i]!.shape.length;
    const order = upTo(rank);
    return swap ? to.arranged(inputs[i]!, [...order.slice(0, -2), rank - 1, rank - 2]) : to.name(inputs[i]!);
  };
  return to.node('MatMul', [operand(0, transA === 1), operand(1, transB === 1)]);
};
const matmulPermuted: Rule = (call) => {
  const operand = (i: number, perm: readonly number[]): string => call.to.arranged(call.inputs[i]!, inverse(perm));
  return call.to.node('MatMul', [operand(0, call.attr('permA')), operand(1, call.attr('permB'))]);
};

/** The order in which a channels-last value is read from a tensor with the channels after the batch. */
const channelsLast = (rank: number): number[] => [0, ...upTo(rank - 2).map((i) => i + 2), 1];
/** The name of a kernel (spatial, in, out) as ONNX has it: (out, in, spatial). */
const kernelOf = (to: Builder, kernel: SymbolicValue): string => {
  const rank = kernel.shape.length;
  return to.arranged(kernel, [...upTo(rank - 2).map((i) => i + 2), 1, 0]);
};
const rowsOf = (size: Size): Size => size.map(() => 0);

/** The windows of one axis. */
interface Windows {
  readonly from: Size;
  readonly to: Size;
  /** From the first to the last element of a window. */
  readonly reach: number;
  readonly stride: number;
  readonly before: Size;
}
/** Elements that windows reach over the end; negative: that none reaches. */
const after = ({ from, to, reach, stride, before }: Windows): Size =>
  combine((n, count, pad) => (count - 1) * stride + reach - n - pad, from, to, before);
/** Whether an axis is padded as Keras's "same": by what is needed, half of it before. */
const isSame = (axis: Windows): boolean =>
  axis.from.every((n, i) => {
    const count = Math.ceil(n / axis.stride);
    const total = Math.max((count - 1) * axis.stride + axis.reach - n, 0);
    return axis.to[i] === count && axis.before[i] === Math.floor(total / 2);
  });

/** Padding as attributes of a node, and the input with what no window reads cut away. */
function padded(
  to: Builder,
  view: View,
  shape: readonly Size[],
  axes: readonly Windows[],
): { name: string; attrs: Record<string, readonly number[] | string> } {
  const ends = axes.map(after);
  const excess = ends.map((end, i) => combine((n) => Math.max(0, -n - axes[i]!.stride + 1), end));
  const negative = axes.map(({ before }) => combine((n) => Math.max(0, -n), before));
  const [low, high] = [axes.map(({ before }) => before), ends].map((sizes) =>
    sizes.map((size) => combine((n) => Math.max(0, n), size))) as [Size[], Size[]];
  if (![...low, ...high].every(isFixed)) {
    if (axes.every(isSame)) return { name: view.name, attrs: { auto_pad: 'SAME_UPPER' } };
  }
  const pads = [...low, ...high].map(fixed);
  const cut = [...negative, ...excess].some((size) => size.some((n) => n > 0));
  let { name } = view;
  if (cut) {
    const starts = shape.map((size, i) => negative[i - 1] ?? rowsOf(size));
    const counts = shape.map((size, i) =>
      negative[i - 1] === undefined ? size : combine((n, a, b) => n - a - b, size, negative[i - 1]!, excess[i - 1]!));
    ({ name } = sliced(to, view, shape, starts, counts, shape.map(() => 1)));
  }
  return { name, attrs: { pads } };
}
/** A view with the channels after the batch. */
const channelsFirst = (to: Builder, x: SymbolicValue): View => {
  const perm = channelsLast(x.shape.length);
  return { name: to.arranged(x, perm), perm };
};

const conv: Rule = (call): View => {
  const { to, inputs: [x, kernel], output } = call;
  const [strides, dilation] = [call.attr<readonly number[]>('strides'), call.attr<readonly number[]>('dilation')];
  const low = call.numbers('low');
  const taps = kernel!.shape.slice(0, -2).map(fixed);
  const axes = taps.map((k, d): Windows => ({
    from: x!.shape[d + 1]!, to: output.shape[d + 1]!, reach: (k - 1) * dilation[d]! + 1, stride: strides[d]!, before: low[d]!,
  }));
  const view = channelsFirst(to, x!);
  const { name, attrs } = padded(to, view, x!.shape, axes);
  const made = to.node('Conv', [name, kernelOf(to, kernel!)], {
    kernel_shape: taps, strides: [...strides], dilations: [...dilation], group: call.attr<number>('groups'), ...attrs,
  });
  return { name: made, perm: view.perm };
};

/** The transposed convolution: `x` has the size of the convolution's output. */
const convTransposed: Rule = (call): View => {
  const { to, inputs: [x, kernel], output } = call;
  const [strides, dilation] = [call.attr<readonly number[]>('strides'), call.attr<readonly number[]>('dilation')];
  const taps = kernel!.shape.slice(0, -2).map(fixed);
  const low = call.numbers('low').map(fixed);
  // What the whole result has after the wanted one; negative where the wanted one goes further.
  const high = taps.map((k, d) =>
    fixed(combine(
      (n, size) => strides[d]! * (n - 1) + (k - 1) * dilation[d]! + 1 - low[d]! - size,
      x!.shape[d + 1]!,
      output.shape[d + 1]!,
    )));
  const rank = x!.shape.length;
  const weights = to.arranged(kernel!, [...upTo(rank - 2).map((i) => i + 2), 1, 0]);
  const view = channelsFirst(to, x!);
  const made = to.node('ConvTranspose', [view.name, weights], {
    kernel_shape: taps, strides: [...strides], dilations: [...dilation], group: call.attr<number>('groups'),
    pads: [...low, ...high].map((n) => Math.max(0, n)),
  });
  const missing = [...low, ...high].map((n) => Math.max(0, -n));
  if (missing.every((n) => n === 0)) return { name: made, perm: view.perm };
  const half = missing.length / 2;
  const pads = to.ints([0, 0, ...missing.slice(0, half), 0, 0, ...missing.slice(half)]);
  return { name: to.node('Pad', [made, pads, to.scalar(0, output.dtype)]), perm: view.perm };
};

type PoolAxis = readonly [from: number, to: number, size: number, stride: number, pad: number];
/** Windows that differ in size: one after the other, axis by axis. */
function adaptive(to: Builder, name: string, axes: readonly PoolAxis[], reduce: string): string {
  let result = name;
  axes.forEach(([from, count], d) => {
    if (from === count) return;
    const axis = to.ints([d + 2]);
    const parts = upTo(count).map((i) => {
      const [start, end] = [Math.floor((i * from) / count), Math.ceil(((i + 1) * from) / count)];
      return to.node(reduce, [to.node('Slice', [result, to.ints([start]), to.ints([end]), axis]), axis], { keepdims: 1 });
    });
    result = parts.length === 1 ? parts[0]! : to.node('Concat', parts, { axis: d + 2 });
  });
  return result;
}
const pool =
  (opType: string, reduce: string): Rule =>
  (call): View => {
    const { to, inputs: [x] } = call;
    const all = call.symbolic.attrs.map(({ axes }) => axes as readonly PoolAxis[]);
    const view = channelsFirst(to, x!);
    const column = (d: number, entry: number): Size => all.map((axes) => axes[d]![entry]!);
    const places = upTo(all[0]!.length);
    if (places.some((d) => column(d, 2).includes(0))) {
      if (places.every((d) => column(d, 1).every((n) => n === 1)))
        return { name: to.node(reduce, [view.name, to.ints(places.map((d) => d + 2))], { keepdims: 1 }), perm: view.perm };
      places.forEach((d) => fixed(column(d, 0)));
      return { name: adaptive(to, view.name, all[0]!, reduce), perm: view.perm };
    }
    // One window over an axis of unknown size.
    if (places.every((d) => column(d, 1).every((n) => n === 1) && column(d, 2).every((n, i) => n >= column(d, 0)[i]!)))
      return { name: to.node(reduce, [view.name, to.ints(places.map((d) => d + 2))], { keepdims: 1 }), perm: view.perm };
    const axes = places.map((d): Windows => ({
      from: column(d, 0), to: column(d, 1), reach: fixed(column(d, 2)), stride: fixed(column(d, 3)), before: column(d, 4),
    }));
    const { name, attrs } = padded(to, view, x!.shape, axes);
    const made = to.node(opType, [name], {
      kernel_shape: axes.map(({ reach }) => reach), strides: axes.map(({ stride }) => stride), ...attrs,
    });
    return { name: made, perm: view.perm };
  };

/** A matrix of what `part` gives of the angles of the discrete Fourier transform and of their rows. */
const waves = (
  to: Builder,
  dtype: SymbolicValue['dtype'],
  [rows, columns]: readonly [number, number],
  length: number,
  part: (angle: number, row: number) => number,
): string =>
  to.constant(makeTensor(dtype, [rows, columns], (data) => {
    for (let i = 0; i < rows * columns; i++) {
      const row = Math.floor(i / columns);
      (data as Float32Array)[i] = part((2 * Math.PI * ((row * (i % columns)) % length)) / length, row);
    }
  }));
/** The transform of real rows, as products with cosines and sines. */
const rfft: Rule = (call) => {
  const { to, inputs: [x] } = call;
  const n = fixed(x!.shape.at(-1)!);
  const half = Math.floor(n / 2) + 1;
  const scale = call.attr<number>('scale');
  return [
    to.node('MatMul', [call.in(0), waves(to, x!.dtype, [n, half], n, (angle) => scale * Math.cos(angle))]),
    to.node('MatMul', [call.in(0), waves(to, x!.dtype, [n, half], n, (angle) => -scale * Math.sin(angle))]),
  ];
};
/** The transform of complex rows. */
const fft: Rule = (call) => {
  const { to, inputs: [re] } = call;
  const n = fixed(re!.shape.at(-1)!);
  const scale = call.attr<number>('scale');
  const wave = (part: (angle: number) => number): string => waves(to, re!.dtype, [n, n], n, (angle) => scale * part(angle));
  const [cos, sin] = [wave(Math.cos), wave(Math.sin)];
  const times = (i: number, by: string): string => to.node('MatMul', [call.in(i), by]);
  return [to.node('Add', [times(0, cos), times(1, sin)]), to.node('Sub', [times(1, cos), times(0, sin)])];
};

/** Real rows from the half of their transform that tells all of it. */
const irfft: Rule = (call) => {
  const { to, inputs: [re] } = call;
  const [n, scale, half] = [call.attr<number>('n'), call.attr<number>('scale'), fixed(re!.shape.at(-1)!)];
  const weight = (row: number): number => scale * (row === 0 || 2 * row === n ? 1 : 2);
  const cos = waves(to, re!.dtype, [half, n], n, (angle, row) => weight(row) * Math.cos(angle));
  const sin = waves(to, re!.dtype, [half, n], n, (angle, row) => -weight(row) * Math.sin(angle));
  return to.node('Add', [to.node('MatMul', [call.in(0), cos]), to.node('MatMul', [call.in(1), sin])]);
};

/** Rules by the names of primitives. */
export const products: Readonly<Record<string, Rule>> = {
  matmul,
  matmul_permuted: matmulPermuted,
  conv,
  conv_input: convTransposed,
  conv_input_stepped: convTransposed,
  max_pool: pool('MaxPool', 'ReduceMax'),
  average_pool: pool('AveragePool', 'ReduceMean'),
  rfft,
  irfft,
  fft,
  determinant: (call) => call.to.node('Det', call.all),
};
