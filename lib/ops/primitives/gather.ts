// Primitives that read and write by index. Indices are int32; -1 is the last entry; those outside stop the run.
import { defineOp, type Op } from '../../core/op.js';
import type { Instruction } from '../../core/program.js';
import { input, output } from '../../core/program.js';
import type { Spec } from '../../base/shape.js';
import { showShape, sizeOf, specOf } from '../../base/shape.js';
import { isInexact, partDType, partsOf } from '../../base/dtype.js';
import type { Tensor } from '../../core/tensor.js';
import { castTo } from '../../core/cast.js';
import { add, divide, equal, less, multiply, select } from './elementwise.js';
import { constant, primitive } from './primitive.js';
import { iota, reshape, zerosLike } from './shape.js';

interface AxisAttrs {
  readonly [key: string]: number;
  readonly axis: number;
}

/** Elements before the axis, along it, and after it; there the parts of complex ones count. */
const around = ({ shape, dtype }: Spec, axis: number): [number, number, number] =>
  [sizeOf(shape.slice(0, axis)), shape[axis]!, sizeOf(shape.slice(axis + 1)) * partsOf(dtype)];

function checkIndices(where: string, indices: Spec): void {
  if (indices.dtype !== 'int32') throw new TypeError(`${where}: indices must be int32, received ${indices.dtype}`);
}

interface GatherAttrs extends AxisAttrs {
  /** 1: -1 is the last entry; 0: it is outside. */
  readonly wrap: number;
}

/** Indices with those that count from the end as they count from the start. */
const fromStart = (indices: Tensor, size: number): Tensor =>
  select(less(indices, constant(0, indices)), add(indices, constant(size, indices)), indices);

const gatherOp: Op<GatherAttrs> = defineOp('gather', {
  infer: ([x, indices], { axis }: GatherAttrs) => {
    checkIndices('gather', indices!);
    return [specOf(x!.dtype, [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)])];
  },
  vjp: ([dy], { inputs: [x, indices], attrs: { axis, wrap } }) => {
    const places = reshape(wrap === 1 ? fromStart(indices!, x!.shape[axis]!) : indices!, [indices!.size]);
    const flat = [...x!.shape.slice(0, axis), indices!.size, ...x!.shape.slice(axis + 1)];
    return [isInexact(x!.dtype) ? scatterAdd(zerosLike(x!), places, reshape(dy!, flat), axis) : null, null];
  },
  lower: ({ inputs: [x, indices], attrs: { axis, wrap } }) => [
    {
      kernel: 'gather',
      dtype: partDType(x!.dtype),
      operands: [input(0), input(1), output(0)],
      ints: [...around(x!, axis), indices!.size, wrap],
    },
  ],
  mayFault: true,
  complex: true,
});
/** The slices of `x` at `indices` along an axis; the index's axes take the axis's place. Without `negative`, -1 is outside. */
export const gather = primitive(gatherOp, [
  { inputs: [{ shape: [5, 3] }, { shape: [2, 4], kind: 'index', high: 5 }], attrs: { axis: 0, wrap: 1 } },
  { inputs: [{ shape: [2, 5, 3] }, { shape: [4], kind: 'index', high: 5 }], attrs: { axis: 1, wrap: 1 } },
], (run) => (x: Tensor, indices: Tensor, axis: number, { negative = true }: { negative?: boolean } = {}): Tensor =>
  run([x, indices], { axis, wrap: Number(negative) }));

function alongSpec(where: string, x: Spec, indices: Spec, axis: number): void {
  checkIndices(where, indices);
  if (indices.shape.length !== x.shape.length || indices.shape.some((d, i) => i !== axis && d !== x.shape[i])) {
    throw new RangeError(
      `${where}: indices of shape ${showShape(indices.shape)} do not fit shape ${showShape(x.shape)} along axis ${axis}`,
    );
  }
}
const alongOp: Op<AxisAttrs> = defineOp('gather_along', {
  infer: ([x, indices], { axis }: AxisAttrs) => {
    alongSpec('takeAlongAxis', x!, indices!, axis);
    return [specOf(x!.dtype, indices!.shape)];
  },
  vjp: ([dy], { inputs: [x, indices], attrs: { axis } }) => [
    isInexact(x!.dtype) ? scatterAddAlong(zerosLike(x!), fromStart(indices!, x!.shape[axis]!), dy!, axis) : null,
    null,
  ],
  lower: ({ inputs: [x, indices], attrs: { axis } }) => [
    {
      kernel: 'gather_along',
      dtype: x!.dtype,
      operands: [input(0), input(1), output(0)],
      ints: [...around(x!, axis), indices!.shape[axis]!, 1],
    },
  ],
  mayFault: true,
});
/** Element by element: the entry along an axis that the index names at that place. */
export const gatherAlong = primitive(alongOp, [
  { inputs: [{ shape: [3, 5, 2] }, { shape: [3, 4, 2], kind: 'index', high: 5 }], attrs: { axis: 1 } },
], (run) => (x: Tensor, indices: Tensor, axis: number): Tensor => run([x, indices], { axis }));

const blockOp: Op<{ count: number }> = defineOp('gather_block', {
  infer: ([x, start], { count }: { count: number }) => {
    checkIndices('gather_block', start!);
    return [specOf(x!.dtype, [count, ...x!.shape.slice(1)])];
  },
  vjp: ([dy], { inputs: [x, start], attrs: { count } }) => {
    const rows = add(reshape(start!, [1]), iota(count, 'int32'));
    return [isInexact(x!.dtype) ? scatterAdd(zerosLike(x!), rows, dy!, 0) : null, null];
  },
  lower: ({ inputs: [x], attrs: { count } }) => [{
    kernel: 'gather_block', dtype: partDType(x!.dtype), operands: [input(0), input(1), output(0)],
    ints: [x!.shape[0]!, sizeOf(x!.shape.slice(1)) * partsOf(x!.dtype), count],
  }],
  complex: true,
});
/** `count` neighbouring slices of the first axis from a computed start, which is moved to fit. */
export const gatherBlock = primitive(blockOp, [{ inputs: [{ shape: [7, 3] }, { shape: [], kind: 'index', high: 4 }], attrs: { count: 3 } }],
  (run) => (x: Tensor, start: Tensor, count: number): Tensor => run([x, start], { count }));

const scatterLower =
  (kernel: string) =>
  ({ inputs: [base, indices], attrs: { axis } }: { inputs: readonly Spec[]; attrs: AxisAttrs }): Instruction[] => [
    {
      kernel,
      dtype: partDType(base!.dtype),
      operands: [input(0), input(1), input(2), output(0)],
      ints: [...around(base!, axis), indices!.size, 0],
    },
  ];

const scatterAddOp: Op<AxisAttrs> = defineOp('scatter_add', {
  infer: ([base, indices], _: AxisAttrs) => {
    checkIndices('scatter', indices!);
    return [base!];
  },
  vjp: ([dy], { inputs: [, indices], attrs: { axis } }) => [dy!, null, gather(dy!, indices!, axis)],
  lower: scatterLower('scatter_add'),
  mayFault: true,
  complex: true,
});
/** `base` with slices added along an axis, in the order of the (1-D) indices. */
export const scatterAdd = primitive(scatterAddOp, [
  { inputs: [{ shape: [2, 5, 3] }, { shape: [4], kind: 'index', high: 5 }, { shape: [2, 4, 3] }], attrs: { axis: 1 } },
], (run) => (base: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor => run([base, indices, updates], { axis }));

const scatterAlongOp: Op<AxisAttrs> = defineOp('scatter_add_along', {
  infer: ([base, indices, updates], { axis }: AxisAttrs) => {
    alongSpec('scatter_add_along', base!, indices!, axis);
    alongSpec('scatter_add_along', base!, specOf('int32', updates!.shape), axis);
    return [base!];
  },
  vjp: ([dy], { inputs: [, indices], attrs: { axis } }) => [dy!, null, gatherAlong(dy!, indices!, axis)],
  lower: ({ inputs: [base, indices], attrs: { axis } }) => [{
    kernel: 'scatter_add_along', dtype: base!.dtype, operands: [input(0), input(1), input(2), output(0)],
    ints: [...around(base!, axis), indices!.shape[axis]!, 0],
  }],
  mayFault: true,
});
/** `base` with each update added to the entry that the index names at its place: the gradient of `gatherAlong`. */
export const scatterAddAlong = primitive(scatterAlongOp, [
  { inputs: [{ shape: [3, 5, 2] }, { shape: [3, 4, 2], kind: 'index', high: 5 }, { shape: [3, 4, 2] }], attrs: { axis: 1 } },
], (run) => (base: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor => run([base, indices, updates], { axis }));

/** Scatters that combine by an extreme: the gradient is shared among all that attain it, as in TensorFlow. */
function scatterExtreme(name: string) {
  const op: Op<AxisAttrs> = defineOp(name, {
    infer: ([base, indices], _: AxisAttrs) => {
      checkIndices('scatterUpdate', indices!);
      return [base!];
    },
    vjp: ([dy], { inputs: [base, indices, updates], outputs: [y], attrs: { axis } }) => {
      if (!isInexact(base!.dtype)) return [null, null, null];
      const kept = castTo(equal(base!, y!), base!.dtype);
      const won = castTo(equal(updates!, gather(y!, indices!, axis)), base!.dtype);
      const share = divide(dy!, scatterAdd(kept, indices!, won, axis));
      return [multiply(share, kept), null, multiply(gather(share, indices!, axis), won)];
    },
    lower: scatterLower(name),
    mayFault: true,
  });
  return primitive(op, [
    { inputs: [{ shape: [5, 3] }, { shape: [4], kind: 'index', high: 5 }, { shape: [4, 3] }], attrs: { axis: 0 } },
  ], (run) => (base: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor => run([base, indices, updates], { axis }));
}
/** `base` with the larger of what is there and the slices along an axis that go there. */
export const scatterMax = scatterExtreme('scatter_max');
/** `base` with the smaller of what is there and the slices along an axis that go there. */
export const scatterMin = scatterExtreme('scatter_min');

const scatterMulOp: Op<AxisAttrs> = defineOp('scatter_mul', {
  infer: ([base, indices], _: AxisAttrs) => {
    checkIndices('scatterUpdate', indices!);
    return [base!];
  },
  vjp: ([dy], { inputs: [base, indices, updates], outputs: [y], attrs: { axis } }) => {
    if (!isInexact(base!.dtype)) return [null, null, null];
    // The product of the others is y / update; of an update that is 0 it is taken without it, which is exact for unequal indices.
    const zero = equal(updates!, constant(0, updates!));
    const others = select(
      zero,
      gather(base!, indices!, axis),
      divide(gather(y!, indices!, axis), select(zero, constant(1, updates!), updates!)),
    );
    return [scatterMultiply(dy!, indices!, updates!, axis), null, multiply(gather(dy!, indices!, axis), others)];
  },
  lower: scatterLower('scatter_mul'),
  mayFault: true,
});
/** `base` with slices along an axis multiplied by those that go there. */
export const scatterMultiply = primitive(scatterMulOp, [
  { inputs: [{ shape: [5, 3] }, { shape: [4], kind: 'index', high: 5 }, { shape: [4, 3], low: 0.5 }], attrs: { axis: 0 } },
], (run) => (base: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor => run([base, indices, updates], { axis }));

const scatterSetOp: Op<AxisAttrs> = defineOp('scatter_set', {
  infer: ([base, indices], _: AxisAttrs) => {
    checkIndices('scatterUpdate', indices!);
    return [base!];
  },
  vjp: ([dy], { inputs: [base, indices, updates], attrs: { axis } }) =>
    isInexact(base!.dtype) ? [scatterSet(dy!, indices!, zerosLike(updates!), axis), null, gather(dy!, indices!, axis)] : [null, null, null],
  lower: scatterLower('scatter_set'),
  mayFault: true,
  complex: true,
});
/** `base` with slices replaced along an axis; of equal indices the last wins. */
export const scatterSet = primitive(scatterSetOp, [
  { inputs: [{ shape: [5, 3] }, { shape: [1], kind: 'index', high: 5 }, { shape: [1, 3] }], attrs: { axis: 0 } },
], (run) => (base: Tensor, indices: Tensor, updates: Tensor, axis: number): Tensor => run([base, indices, updates], { axis }));
