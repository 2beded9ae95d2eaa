// Broadcasting and sums, which are each other's gradients, and what all reductions of a run of neighbouring axes share.
import { isFloat, isHalf } from '../../base/dtype.js';
import type { Shape, Spec } from '../../base/shape.js';
import { broadcastShapes, broadcastStrides, sameShape, showShape, sizeOf, specOf, stridesOf } from '../../base/shape.js';
import { castTo } from '../../core/cast.js';
import { defineOp, type Op } from '../../core/op.js';
import { input, output } from '../../core/program.js';
import type { Tensor } from '../../core/tensor.js';
import { primitive } from './primitive.js';
import { reshape } from './shape.js';
import { copyStrided } from './strided.js';

const broadcastOp: Op<{ shape: Shape }> = defineOp('broadcast_to', {
  infer: ([x], { shape }: { shape: Shape }) => {
    if (!sameShape(broadcastShapes(x!.shape, shape, 'broadcastTo'), shape)) {
      throw new RangeError(`broadcastTo: a tensor of shape ${showShape(x!.shape)} does not broadcast to ${showShape(shape)}`);
    }
    return [specOf(x!.dtype, shape)];
  },
  vjp: ([dy], { inputs: [x] }) => [sumTo(dy!, x!.shape)],
  lower: ({ inputs: [x], outputs: [y] }) => [copyStrided(x!.dtype, y!.shape, broadcastStrides(x!.shape, y!.shape), stridesOf(y!.shape))],
  complex: true,
});
/** `x` repeated along the axes that NumPy's broadcasting repeats. */
export const broadcastTo = primitive(broadcastOp, [{ inputs: [{ shape: [3, 1] }], attrs: { shape: [2, 3, 4] } }],
  (run) => (x: Tensor, shape: Shape): Tensor => (sameShape(x.shape, shape) ? x : run([x], { shape })));

/** The sum over the axes along which a tensor of shape `shape` was broadcast to that of `x`: the gradient of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.shape.length - shape.length;
  let result = x;
  // Runs of repeated axes, from the last, so that earlier axis numbers stay valid.
  for (let end = x.shape.length; end > 0; ) {
    const repeated = (axis: number) => axis < lead || (shape[axis - lead] === 1 && x.shape[axis] !== 1);
    let start = end;
    while (start > 0 && repeated(start - 1)) start--;
    if (start < end) result = sum(result, start, end - start);
    end = start === end ? end - 1 : start;
  }
  return reshape(result, shape);
}

/** Axes `axis` … `axis + count - 1`. */
export interface AxisRun {
  readonly [key: string]: number;
  readonly axis: number;
  readonly count: number;
}

/** Elements before, along and after a run of axes. */
export function split(shape: Shape, { axis, count }: AxisRun): [number, number, number] {
  return [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis, axis + count)), sizeOf(shape.slice(axis + count))];
}
const reduced = (shape: Shape, { axis, count }: AxisRun): Shape => [...shape.slice(0, axis), ...shape.slice(axis + count)];
/** The reduced tensor with the reduced axes back as axes of size 1. */
export function restore(y: Tensor, x: Tensor, { axis, count }: AxisRun): Tensor {
  return reshape(y, x.shape.map((d, i) => (i >= axis && i < axis + count ? 1 : d)));
}

export type Rule = (dy: Tensor, x: Tensor, y: Tensor, run: AxisRun) => Tensor;

/** A reduction; `rule` gets the gradient and the output with the reduced axes restored. */
export function reduction(name: string, rule: Rule | null, result: (x: Spec) => Spec['dtype'] = (x) => x.dtype) {
  const op = defineOp(name, {
    infer: ([x], run: AxisRun) => [specOf(result(x!), reduced(x!.shape, run))],
    vjp:
      rule &&
      (([dy], { inputs: [x], outputs: [y], attrs }) =>
        isFloat(x!.dtype) ? [rule(restore(dy!, x!, attrs), x!, restore(y!, x!, attrs), attrs)] : [null]),
    lower: ({ inputs: [x], attrs }) => [{ kernel: name, dtype: x!.dtype, operands: [input(0), output(0)], ints: split(x!.shape, attrs) }],
  });
  return primitive(op, [
    { inputs: [{ shape: [3, 4, 5], low: 0.5 }], attrs: { axis: 1, count: 1 } },
    { inputs: [{ shape: [3, 4], low: 0.5 }], attrs: { axis: 0, count: 2 } },
  ], (run) => (x: Tensor, axis: number, count = 1): Tensor => {
    if (count === 0) return x;
    // The kernels have no 16-bit form; gradients of 16-bit tensors come here too.
    if (!isHalf(x.dtype)) return run([x], { axis, count });
    const wide = run([castTo(x, 'float32')], { axis, count });
    return isFloat(wide.dtype) ? castTo(wide, x.dtype) : wide;
  });
}

export const sum = reduction('sum', (dy, x) => broadcastTo(dy, x.shape));
