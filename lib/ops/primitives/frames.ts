// Overlapping frames of the last axis, and their sum: each is the gradient of the other.
import { defineOp, type Op } from '../../core/op.js';
import { input, output } from '../../core/program.js';
import { sizeOf, specOf, stridesOf } from '../../core/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { primitive } from './primitive.js';

const framesOp: Op<{ length: number; hop: number }> = defineOp('frames', {
  infer: ([x], { length, hop }: { length: number; hop: number }) => {
    const count = Math.max(0, 1 + Math.floor((x!.shape.at(-1)! - length) / hop));
    return [specOf(x!.dtype, [...x!.shape.slice(0, -1), count, length])];
  },
  vjp: ([dy], { inputs: [x], attrs: { hop } }) => [overlapAdd(dy!, x!.shape.at(-1)!, hop)],
  lower: ({ inputs: [x], outputs: [y], attrs: { hop } }) => {
    const dims = [sizeOf(x!.shape.slice(0, -1)), ...y!.shape.slice(-2)];
    return [{ kernel: 'copy_strided', dtype: x!.dtype, operands: [input(0), output(0)], ints: [3, ...dims, x!.shape.at(-1)!, hop, 1, ...stridesOf(dims), 0, 0] }];
  },
});
/** Pieces of `length` elements of the last axis, of which each begins `hop` after the one before: [..., n] to [..., count, length]. */
export const frames = primitive(framesOp, [
  { inputs: [{ shape: [2, 11] }], attrs: { length: 4, hop: 3 } },
  { inputs: [{ shape: [11] }], attrs: { length: 2, hop: 4 } },
], (run) => (x: Tensor, length: number, hop: number): Tensor => run([x], { length, hop }));

const overlapAddOp: Op<{ size: number; hop: number }> = defineOp('overlap_add', {
  infer: ([x], { size }: { size: number; hop: number }) => [specOf(x!.dtype, [...x!.shape.slice(0, -2), size])],
  vjp: ([dy], { inputs: [x], attrs: { hop } }) => [frames(dy!, x!.shape.at(-1)!, hop)],
  lower: ({ inputs: [x], attrs: { size, hop } }) => [{
    kernel: 'overlap_add', dtype: x!.dtype, operands: [input(0), output(0)],
    ints: [sizeOf(x!.shape.slice(0, -2)), ...x!.shape.slice(-2), hop, size],
  }],
});
/** The sum of frames laid `hop` apart into `size` elements: [..., count, length] to [..., size]. All frames that fit are there. */
export const overlapAdd = primitive(overlapAddOp, [{ inputs: [{ shape: [2, 3, 4] }], attrs: { size: 11, hop: 3 } }],
  (run) => (x: Tensor, size: number, hop: number): Tensor => run([x], { size, hop }));
