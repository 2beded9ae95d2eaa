// Primitives that order the elements along the last axis, and that search in ordered ones.
import { isFloat, isHalf } from '../../base/dtype.js';
import { castTo } from '../../core/cast.js';
import { defineOp } from '../../core/op.js';
import { input, output } from '../../core/program.js';
import type { Shape, Spec } from '../../base/shape.js';
import { specOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { scatterAddAlong } from './gather.js';
import { primitive, primitives } from './primitive.js';
import { zerosLike } from './shape.js';

/** Rows and their length. */
const rowsOf = ({ shape, size }: Spec): [number, number] => {
  const n = shape.at(-1)!;
  return [n === 0 ? 0 : size / n, n];
};

/** The gradient of picking elements of `x` along its last axis, each at most once. */
function putBack(dy: Tensor, x: Tensor, places: Tensor): Tensor | null {
  if (!isFloat(x.dtype)) return null;
  const base = zerosLike(isHalf(x.dtype) ? castTo(x, 'float32') : x);
  return castTo(scatterAddAlong(base, places, castTo(dy, base.dtype), x.ndim - 1), x.dtype);
}

const sortOp = defineOp('sort', {
  infer: ([x]) => [x!],
  vjp: ([dy], { inputs: [x] }) => [putBack(dy!, x!, argsort(x!))],
  lower: ({ inputs: [x] }) => [{ kernel: 'sort', dtype: x!.dtype, operands: [input(0), output(0)], ints: rowsOf(x!) }],
});
/** The elements along the last axis in ascending order; NaN is last, and zeros of either sign keep their order. */
export const sort = primitive(
  sortOp,
  [{ inputs: [{ shape: [3, 7] }] }, { inputs: [{ shape: [40, 11] }] }],
  (run) =>
    (x: Tensor): Tensor =>
      run([x]),
);

const argsortOp = defineOp('argsort', {
  infer: ([x]) => [specOf('int32', x!.shape)],
  vjp: null,
  lower: ({ inputs: [x] }) => [{ kernel: 'argsort', dtype: x!.dtype, operands: [input(0), output(0)], ints: rowsOf(x!) }],
});
/** The indices that sort the last axis, int32; equal elements keep their order. */
export const argsort = primitive(argsortOp, [{ inputs: [{ shape: [3, 7] }] }], (run) => (x: Tensor): Tensor => run([x]));

const withLast = (shape: Shape, k: number): Shape => [...shape.slice(0, -1), k];
const topKOp = defineOp('top_k', {
  infer: ([x], { k }: { k: number }) => [specOf(x!.dtype, withLast(x!.shape, k)), specOf('int32', withLast(x!.shape, k))],
  vjp: ([dy], { inputs: [x], outputs: [, places] }) => [dy === null ? null : putBack(dy!, x!, places!)],
  lower: ({ inputs: [x], attrs: { k } }) => [
    { kernel: 'top_k', dtype: x!.dtype, operands: [input(0), output(0), output(1)], ints: [...rowsOf(x!), k] },
  ],
});
/** The `k` largest elements along the last axis in descending order, and their indices, int32. Of equal ones the first comes first. */
export const topK = primitives(
  topKOp,
  [{ inputs: [{ shape: [3, 7] }], attrs: { k: 4 } }],
  (run) =>
    (x: Tensor, k: number): Tensor[] =>
      run([x], { k }),
);

const searchOp = defineOp('searchsorted', {
  infer: ([sequence, values], _: { right: boolean }) => {
    if (sequence!.dtype !== values!.dtype)
      throw new TypeError(`searchsorted: a sequence of ${sequence!.dtype} and values of ${values!.dtype}`);
    return [specOf('int32', values!.shape)];
  },
  vjp: null,
  lower: ({ inputs: [sequence, values], attrs: { right } }) => [
    {
      kernel: 'searchsorted',
      dtype: sequence!.dtype,
      operands: [input(0), input(1), output(0)],
      ints: [sequence!.size, values!.size, right ? 1 : 0],
    },
  ],
});
/** Where each value belongs in an ascending sequence (one axis), int32: before its equals, or after them (`right`). NaN is the largest. */
export const searchsorted = primitive(searchOp, [{ inputs: [{ shape: [5] }, { shape: [3, 4] }], attrs: { right: true } }],
  (run) => (sequence: Tensor, values: Tensor, right: boolean): Tensor => run([sequence, values], { right }));
