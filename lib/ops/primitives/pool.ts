// Primitives that pool windows of neighbouring elements. Tensors are (outer, up to three spatial axes, channels).
import { isFloat } from '../../base/dtype.js';
import { defineOp, type Op } from '../../core/op.js';
import { input, output } from '../../core/program.js';
import type { Shape, Spec } from '../../base/shape.js';
import { specOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { primitive } from './primitive.js';

/**
 * The windows of one spatial axis: window i of `out` starts at `i * stride - pad`, which must leave it an element, and has `size` elements
 * of which those outside of the `in` that there are do not count. With size 0 (stride 1, pad 0) it is
 * `floor(i * in / out)` … `ceil((i + 1) * in / out) - 1`.
 */
export type PoolAxis = readonly [input: number, output: number, size: number, stride: number, pad: number];
interface PoolAttrs {
  readonly [key: string]: readonly PoolAxis[];
  readonly axes: readonly PoolAxis[];
}

const MISSING: PoolAxis = [1, 1, 1, 1, 0];
/** What the kernels read; axes that are missing come last. */
function poolInts([outer, ...rest]: Shape, axes: readonly PoolAxis[]): number[] {
  return [outer!, rest.at(-1)!, ...[...axes, MISSING, MISSING].slice(0, 3).flat()];
}
const resized = (x: Spec, axes: readonly PoolAxis[], side: 0 | 1): Spec =>
  specOf(x.dtype, [x.shape[0]!, ...axes.map((axis) => axis[side]), x.shape.at(-1)!]);

// For the tests.
const pool2D: PoolAttrs = { axes: [[5, 3, 3, 2, 1], [4, 2, 2, 2, 0]] };
const adaptive1D: PoolAttrs = { axes: [[7, 3, 0, 1, 0]] };
const pool3D: PoolAttrs = { axes: [[3, 2, 2, 1, 0], [4, 1, 3, 2, 0], [3, 3, 2, 1, 0]] };

const maxOp: Op<PoolAttrs> = defineOp('max_pool', {
  infer: ([x], { axes }: PoolAttrs) => [resized(x!, axes, 1)],
  vjp: ([dy], { inputs: [x], outputs: [y], attrs: { axes } }) => [isFloat(x!.dtype) ? maxPoolGradient(x!, y!, dy!, axes) : null],
  lower: ({ inputs: [x], attrs: { axes } }) => [
    { kernel: 'max_pool', dtype: x!.dtype, operands: [input(0), output(0)], ints: poolInts(x!.shape, axes) },
  ],
});
/** The largest element of each window; NaN where it has one. */
export const maxPool = primitive(maxOp, [
  { inputs: [{ shape: [2, 5, 4, 3] }], attrs: pool2D },
  { inputs: [{ shape: [2, 7, 1] }], attrs: adaptive1D },
  { inputs: [{ shape: [1, 3, 4, 3, 2] }], attrs: pool3D },
], (run) => (x: Tensor, axes: readonly PoolAxis[]): Tensor => run([x], { axes }));

const maxGradientOp: Op<PoolAttrs> = defineOp('max_pool_grad', {
  infer: ([x], _: PoolAttrs) => [x!],
  vjp: ([dx], { inputs: [x, y], attrs: { axes } }) => [null, null, maxPoolPick(x!, y!, dx!, axes)],
  lower: ({ inputs: [x], attrs: { axes } }) => [{
    kernel: 'max_pool_grad', dtype: x!.dtype, operands: [input(0), input(1), input(2), output(0)], ints: poolInts(x!.shape, axes),
  }],
});
/** The gradient of `y = maxPool(x)`: that of a window goes to the first of its largest elements. */
const maxPoolGradient = primitive(
  maxGradientOp,
  [],
  (run) =>
    (x: Tensor, y: Tensor, dy: Tensor, axes: readonly PoolAxis[]): Tensor =>
      run([x, y, dy], { axes }),
);

const maxPickOp: Op<PoolAttrs> = defineOp('max_pool_pick', {
  infer: ([, y], _: PoolAttrs) => [y!],
  vjp: ([dy], { inputs: [x, y], attrs: { axes } }) => [null, null, maxPoolGradient(x!, y!, dy!, axes)],
  lower: ({ inputs: [x], attrs: { axes } }) => [{
    kernel: 'max_pool_pick', dtype: x!.dtype, operands: [input(0), input(1), input(2), output(0)], ints: poolInts(x!.shape, axes),
  }],
});
/** For each window, the element of `t` where `x` has the first of its largest elements, which `y = maxPool(x)` names. */
const maxPoolPick = primitive(
  maxPickOp,
  [],
  (run) =>
    (x: Tensor, y: Tensor, t: Tensor, axes: readonly PoolAxis[]): Tensor =>
      run([x, y, t], { axes }),
);

const averageOp: Op<PoolAttrs> = defineOp('average_pool', {
  infer: ([x], { axes }: PoolAttrs) => [resized(x!, axes, 1)],
  vjp: ([dy], { attrs: { axes } }) => [averagePoolGradient(dy!, axes)],
  lower: ({ inputs: [x], attrs: { axes } }) => [
    { kernel: 'average_pool', dtype: x!.dtype, operands: [input(0), output(0)], ints: poolInts(x!.shape, axes) },
  ],
});
/** The mean of the elements of each window. */
export const averagePool = primitive(averageOp, [
  { inputs: [{ shape: [2, 5, 4, 3] }], attrs: pool2D },
  { inputs: [{ shape: [2, 7, 1] }], attrs: adaptive1D },
  { inputs: [{ shape: [1, 3, 4, 3, 2] }], attrs: pool3D },
], (run) => (x: Tensor, axes: readonly PoolAxis[]): Tensor => run([x], { axes }));

const averageGradientOp: Op<PoolAttrs> = defineOp('average_pool_grad', {
  infer: ([dy], { axes }: PoolAttrs) => [resized(dy!, axes, 0)],
  vjp: ([dx], { attrs: { axes } }) => [averagePool(dx!, axes)],
  lower: ({ inputs: [dy], attrs: { axes } }) => [
    { kernel: 'average_pool_grad', dtype: dy!.dtype, operands: [input(0), output(0)], ints: poolInts(dy!.shape, axes) },
  ],
});
/** The gradient of `averagePool`: that of a window shared equally among its elements. */
export const averagePoolGradient = primitive(averageGradientOp, [{ inputs: [{ shape: [2, 3, 2, 3] }], attrs: pool2D }],
  (run) => (dy: Tensor, axes: readonly PoolAxis[]): Tensor => run([dy], { axes }));
