// Windows of neighbouring elements, laid side by side, and put together again.
import { isFloat } from '../../base/dtype.js';
import { filled, makeTensor } from '../../core/convert.js';
import { defineOp, type Op } from '../../core/op.js';
import { input, output } from '../../core/program.js';
import type { Shape } from '../../base/shape.js';
import { sizeOf, specOf, stridesOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { scatterAdd } from './gather.js';
import { primitive } from './primitive.js';
import { reshape, transpose } from './shape.js';

/**
 * The windows of one axis: `count` of them, `stride` apart, each of `size` elements that are `dilation` apart. All must lie within the
 * axis.
 */
export type WindowAxis = readonly [count: number, size: number, stride: number, dilation: number];
interface WindowAttrs {
  readonly [key: string]: number | readonly number[] | readonly WindowAxis[];
  readonly axis: number;
  readonly axes: readonly WindowAxis[];
  readonly perm: readonly number[];
}

/** Shape and strides (in elements of `shape`) of all windows: (leading axes, counts, sizes, trailing axes). */
function layout(shape: Shape, axis: number, axes: readonly WindowAxis[]): { sizes: number[]; strides: number[] } {
  const strides = stridesOf(shape);
  const own = strides.slice(axis, axis + axes.length);
  const rest = axis + axes.length;
  return {
    sizes: [...shape.slice(0, axis), ...axes.map(([count]) => count), ...axes.map(([, size]) => size), ...shape.slice(rest)],
    strides: [
      ...strides.slice(0, axis),
      ...axes.map(([, , stride], i) => own[i]! * stride),
      ...axes.map(([, , , dilation], i) => own[i]! * dilation),
      ...strides.slice(rest),
    ],
  };
}
const inverse = (perm: readonly number[]): number[] => perm.map((_, i) => perm.indexOf(i));

const windowsOp: Op<WindowAttrs> = defineOp('windows', {
  infer: ([x], { axis, axes, perm }: WindowAttrs) => {
    const { sizes } = layout(x!.shape, axis, axes);
    return [specOf(x!.dtype, perm.map((from) => sizes[from]!))];
  },
  vjp: ([dy], { inputs: [x], attrs: { axis, axes, perm } }) => [joinWindows(transpose(dy!, inverse(perm)), x!.shape, axis, axes)],
  lower: ({ inputs: [x], outputs: [y], attrs: { axis, axes, perm } }) => {
    const { strides } = layout(x!.shape, axis, axes);
    const ints =
      y!.shape.length === 0 ? [1, 1, 1, 1] : [y!.shape.length, ...y!.shape, ...perm.map((from) => strides[from]!), ...stridesOf(y!.shape)];
    return [{ kernel: 'copy_strided', dtype: x!.dtype, operands: [input(0), output(0)], ints: [...ints, 0, 0] }];
  },
});
/**
 * The windows of neighbouring axes, the first of which is `axis`: shape (leading axes, counts, sizes, trailing axes), in the order of axes
 * that `perm` says.
 */
export const windows = primitive(windowsOp, [
  { inputs: [{ shape: [2, 7, 3] }], attrs: { axis: 1, axes: [[3, 3, 2, 1]], perm: [0, 1, 2, 3] } },
  { inputs: [{ shape: [2, 5, 6] }], attrs: { axis: 1, axes: [[2, 2, 2, 2], [4, 3, 1, 1]], perm: [0, 3, 4, 1, 2] } },
  { inputs: [{ shape: [2, 11] }], attrs: { axis: 1, axes: [[3, 4, 3, 1]], perm: [0, 1, 2] } },
  { inputs: [{ shape: [11] }], attrs: { axis: 0, axes: [[3, 2, 4, 1]], perm: [0, 1] } },
], (run) => (x: Tensor, axis: number, axes: readonly WindowAxis[], perm: readonly number[]): Tensor => run([x], { axis, axes, perm }));

/**
 * `count` windows of `length` elements of the last axis, of which each begins `hop` after the one before: [..., n] to [..., count, length].
 */
const lastAxisWindows = (x: Tensor, count: number, length: number, hop: number): Tensor =>
  windows(x, x.ndim - 1, [[count, length, hop, 1]], Array.from({ length: x.ndim + 1 }, (_, i) => i));

/**
 * All windows of `length` elements of the last axis that fit, of which each begins `hop` after the one before: [..., n] to [..., count,
 * length].
 */
export const frames = (x: Tensor, length: number, hop: number): Tensor =>
  lastAxisWindows(x, Math.max(0, 1 + Math.floor((x.shape.at(-1)! - length) / hop)), length, hop);

const overlapAddOp: Op<{ size: number; hop: number }> = defineOp('overlap_add', {
  infer: ([x], { size }: { size: number; hop: number }) => [specOf(x!.dtype, [...x!.shape.slice(0, -2), size])],
  vjp: ([dy], { inputs: [x], attrs: { hop } }) => [lastAxisWindows(dy!, x!.shape.at(-2)!, x!.shape.at(-1)!, hop)],
  lower: ({ inputs: [x], attrs: { size, hop } }) => [{
    kernel: 'overlap_add', dtype: x!.dtype, operands: [input(0), output(0)],
    ints: [sizeOf(x!.shape.slice(0, -2)), ...x!.shape.slice(-2), hop, size],
  }],
});
/** The sum of windows laid `hop` apart into `size` elements: [..., count, length] to [..., size]. Float dtypes only. */
export const overlapAdd = primitive(overlapAddOp, [{ inputs: [{ shape: [2, 3, 4] }], attrs: { size: 11, hop: 3 } }],
  (run) => (x: Tensor, size: number, hop: number): Tensor => run([x], { size, hop }));

/** For each window and each of its elements, the place in the axes of `shape` together. */
function places(shape: Shape, axes: readonly WindowAxis[]): Tensor {
  const { sizes, strides } = layout(shape, 0, axes);
  return makeTensor('int32', [sizeOf(sizes)], (data) => {
    if (data.length === 0) return;
    const at = sizes.map(() => 0);
    for (let i = 0, place = 0; ; i++) {
      data[i] = place;
      let d = sizes.length - 1;
      for (; d >= 0; d--) {
        place += strides[d]!;
        if (++at[d]! < sizes[d]!) break;
        place -= strides[d]! * sizes[d]!;
        at[d] = 0;
      }
      if (d < 0) return;
    }
  });
}

/**
 * Windows, of shape (leading axes, counts, sizes, trailing axes), added up where they overlap to a tensor of `shape`: the gradient of
 * `windows`.
 */
export function joinWindows(parts: Tensor, shape: Shape, axis: number, axes: readonly WindowAxis[]): Tensor {
  const [[, , hop, dilation]] = axes as readonly [WindowAxis];
  if (axes.length === 1 && axis === shape.length - 1 && dilation === 1 && isFloat(parts.dtype)) return overlapAdd(parts, shape[axis]!, hop);
  const spatial = shape.slice(axis, axis + axes.length);
  const [outer, inner] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + axes.length))];
  const indices = places(spatial, axes);
  const base = filled([outer, sizeOf(spatial), inner], 0, parts.dtype);
  return reshape(scatterAdd(base, indices, reshape(parts, [outer, indices.size, inner]), 1), shape);
}
