// Primitives that move or repeat elements without computing: views, transposition, slices, concatenation.
import { dtypeBytes, partDType, partsOf, type DType } from '../../base/dtype.js';
import { filled, scalarTensor } from '../../core/convert.js';
import { castOp, castTo } from '../../core/cast.js';
import { defineOp, type Op } from '../../core/op.js';
import type { Instruction } from '../../core/program.js';
import { output, scalar } from '../../core/program.js';
import type { Shape } from '../../base/shape.js';
import { sameShape, showShape, sizeOf, specOf, stridesOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { isStandIn } from '../../core/trace.js';
import { primitive } from './primitive.js';
import { copyStrided } from './strided.js';

const reshapeOp: Op<{ shape: Shape }> = defineOp('reshape', {
  infer: ([x], { shape }: { shape: Shape }) => {
    if (sizeOf(shape) !== x!.size)
      throw new RangeError(
        `reshape: a tensor of shape ${showShape(x!.shape)} cannot become ${showShape(shape)}: ${x!.size} elements are not ${sizeOf(shape)}`,
      );
    return [specOf(x!.dtype, shape)];
  },
  vjp: ([dy], { inputs: [x] }) => [reshape(dy!, x!.shape)],
  lower: 'alias',
});
/** The same elements in another shape of the same size; nothing is copied. */
export const reshape = primitive(reshapeOp, [{ inputs: [{ shape: [3, 4] }], attrs: { shape: [2, 6] } }],
  (run) => (x: Tensor, shape: Shape): Tensor => (sameShape(x.shape, shape) ? x : run([x], { shape })));

const identityOp = defineOp('identity', { infer: ([x]) => [x!], vjp: ([dy]) => [dy!], lower: 'alias' });
/** The same tensor under a new identity, by which a gradient tape tells its uses from those of the original. */
export const identity = primitive(identityOp, [{ inputs: [{ shape: [3] }] }], (run) => (x: Tensor): Tensor => run([x]));

const stopOp = defineOp('stop_gradient', { infer: ([x]) => [x!], vjp: null, lower: 'alias' });
/** `x`, through which no gradient flows. */
export const stopGradient = primitive(stopOp, [{ inputs: [{ shape: [3] }] }], (run) => (x: Tensor): Tensor => run([x]));

/** `x` in another dtype. */
export const cast = primitive(castOp, [{ inputs: [{ shape: [3, 5] }], attrs: { dtype: 'float64' } }], () => castTo);

const transposeOp: Op<{ perm: readonly number[] }> = defineOp('transpose', {
  infer: ([x], { perm }: { perm: readonly number[] }) => [specOf(x!.dtype, perm.map((axis) => x!.shape[axis]!))],
  vjp: ([dy], { attrs: { perm } }) => [transpose(dy!, perm.map((_, i) => perm.indexOf(i)))],
  lower: ({ inputs: [x], outputs: [y], attrs: { perm } }) => {
    const strides = stridesOf(x!.shape);
    return [copyStrided(x!.dtype, y!.shape, perm.map((axis) => strides[axis]!), stridesOf(y!.shape))];
  },
  complex: true,
});
/** Axes in the order of `perm`. */
export const transpose = primitive(transposeOp, [{ inputs: [{ shape: [2, 3, 4] }], attrs: { perm: [2, 0, 1] } }],
  (run) => (x: Tensor, perm: readonly number[]): Tensor => (perm.every((axis, i) => axis === i) ? x : run([x], { perm })));

/** Which elements a strided slice takes: `sizes[i]` of axis i, from `starts[i]` in steps of `steps[i]` (negative: backwards). */
export interface SliceAttrs {
  readonly [key: string]: readonly number[];
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
  readonly steps: readonly number[];
}
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((total, v, i) => total + v * b[i]!, 0);

const sliceOp: Op<SliceAttrs> = defineOp('slice', {
  infer: ([x], { sizes }: SliceAttrs) => [specOf(x!.dtype, sizes)],
  vjp: ([dy], { inputs: [x], attrs: { starts, steps } }) => [embed(dy!, x!.shape, starts, steps, 0)],
  lower: ({ inputs: [x], outputs: [y], attrs: { starts, steps } }) => {
    const strides = stridesOf(x!.shape);
    return [copyStrided(x!.dtype, y!.shape, strides.map((s, i) => s * steps[i]!), stridesOf(y!.shape), dot(strides, starts))];
  },
  complex: true,
});
/** A strided slice; bounds are the caller's business. */
export const slice = primitive(sliceOp, [
  { inputs: [{ shape: [4, 5] }], attrs: { starts: [1, 4], sizes: [2, 3], steps: [2, -2] } },
], (run) => (x: Tensor, starts: readonly number[], sizes: readonly number[], steps: readonly number[] = starts.map(() => 1)): Tensor =>
  sameShape(sizes, x.shape) && steps.every((s) => s === 1) ? x : run([x], { starts, sizes, steps }));

interface EmbedAttrs {
  readonly [key: string]: readonly number[] | number;
  readonly shape: Shape;
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  readonly value: number;
}
const embedOp: Op<EmbedAttrs> = defineOp('embed', {
  infer: ([x], { shape }: EmbedAttrs) => [specOf(x!.dtype, shape)],
  vjp: ([dy], { inputs: [x], attrs: { starts, steps } }) => [slice(dy!, starts, x!.shape, steps)],
  lower: ({ inputs: [x], outputs: [y], attrs: { starts, steps, value } }) => {
    const strides = stridesOf(y!.shape);
    const own = partDType(y!.dtype);
    const fill: Instruction = {
      kernel: 'fill',
      dtype: own,
      operands: [scalar(scalarTensor(value, own)), output(0)],
      ints: [y!.size * partsOf(y!.dtype), 0],
    };
    if (x!.size === 0) return [fill];
    return [fill, copyStrided(x!.dtype, x!.shape, stridesOf(x!.shape), strides.map((s, i) => s * steps[i]!), 0, dot(strides, starts))];
  },
  complex: true,
});
/** A tensor of `shape` filled with `value`, with `x` laid into it at `starts` in steps of `steps`: padding, and the gradient of `slice`. */
export const embed = primitive(
  embedOp,
  [{ inputs: [{ shape: [2, 3] }], attrs: { shape: [4, 7], starts: [1, 6], steps: [2, -3], value: 0.5 } }],
  (run) =>
    (x: Tensor, shape: Shape, starts: readonly number[], steps: readonly number[], value: number): Tensor =>
      run([x], { shape, starts, steps, value }),
);

const concatOp: Op<{ axis: number }> = defineOp('concatenate', {
  infer: (inputs, { axis }: { axis: number }) => {
    const [first] = inputs;
    for (const spec of inputs) {
      // A size that stands for an unknown one may be what the others are.
      const differ = (d: number, i: number): boolean =>
        i !== axis && d !== first!.shape[i] && !isStandIn(d) && !isStandIn(first!.shape[i]!);
      if (spec.dtype !== first!.dtype || spec.shape.length !== first!.shape.length || spec.shape.some(differ)) {
        throw new RangeError(
          `concatenate: shapes must agree except on axis ${axis}, received ${inputs.map((s) => showShape(s.shape)).join(' and ')}`,
        );
      }
    }
    return [specOf(first!.dtype, first!.shape.map((d, i) => (i === axis ? inputs.reduce((n, s) => n + s.shape[axis]!, 0) : d)))];
  },
  vjp: ([dy], { inputs, attrs: { axis } }) => {
    let at = 0;
    return inputs.map((x) => {
      const starts = x.shape.map((_, i) => (i === axis ? at : 0));
      at += x.shape[axis]!;
      return slice(dy!, starts, x.shape);
    });
  },
  lower: ({ inputs, outputs: [y], attrs: { axis } }) => {
    const strides = stridesOf(y!.shape);
    let at = 0;
    return inputs.flatMap((x, i) => {
      const offset = at * strides[axis]!;
      at += x.shape[axis]!;
      return x.size === 0 ? [] : [copyStrided(x.dtype, x.shape, stridesOf(x.shape), strides, 0, offset, i)];
    });
  },
  complex: true,
});
/** Tensors of one dtype laid end to end along an axis. */
export const concatenate = primitive(concatOp, [{ inputs: [{ shape: [2, 3] }, { shape: [2, 1] }], attrs: { axis: 1 } }],
  (run) => (xs: readonly Tensor[], axis: number): Tensor => (xs.length === 1 ? xs[0]! : run(xs, { axis })));

const viewOp: Op<{ dtype: DType }> = defineOp('view', {
  infer: ([x], { dtype }: { dtype: DType }) => {
    const bytes = dtypeBytes(x!.dtype);
    const last = x!.shape.at(-1);
    if (bytes === dtypeBytes(dtype)) return [specOf(dtype, x!.shape)];
    if (last === undefined) throw new RangeError(`view: a scalar of ${x!.dtype} cannot be seen as ${dtype}, whose size is another`);
    const size = (last * bytes) / dtypeBytes(dtype);
    if (!Number.isInteger(size))
      throw new RangeError(
        `view: the last axis of shape ${showShape(x!.shape)} has ${last * bytes} bytes, no multiple of those of ${dtype}`,
      );
    return [specOf(dtype, [...x!.shape.slice(0, -1), size])];
  },
  vjp: null,
  lower: ({ inputs: [x] }) => [copyStrided('uint8', [x!.bytes], [1], [1])],
});
/** The bits of `x` read as another dtype; the last axis changes with the size of an element. */
export const view = primitive(viewOp, [{ inputs: [{ shape: [3, 4], kind: 'index', high: 9 }], attrs: { dtype: 'int16' } }],
  (run) => (x: Tensor, dtype: DType): Tensor => (x.dtype === dtype ? x : run([x], { dtype })));

interface IotaAttrs {
  readonly [key: string]: number | string;
  readonly size: number;
  readonly start: number;
  readonly step: number;
  readonly dtype: DType;
}
const iotaOp: Op<IotaAttrs> = defineOp('iota', {
  infer: (_, { size, dtype }: IotaAttrs) => [specOf(dtype, [size])],
  vjp: null,
  lower: ({ attrs: { size, start, step, dtype } }) => [
    { kernel: 'iota', dtype, operands: [output(0)], ints: [size], floats: [start, step] },
  ],
});
/** `start`, `start + step`, … */
export const iota = primitive(iotaOp, [{ inputs: [], attrs: { size: 7, start: 1, step: 2, dtype: 'float32' } }],
  (run) => (size: number, dtype: DType, start = 0, step = 1): Tensor => run([], { size, start, step, dtype }));

/** Zeros like `x`. */
export const zerosLike = (x: Tensor): Tensor => filled(x.shape, 0, x.dtype);
