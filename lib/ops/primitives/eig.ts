// Eigenvalues and eigenvectors of general matrices, which are complex.
import { complexType } from '../../base/dtype.js';
import { defineOp, type Op } from '../../core/op.js';
import { specOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { complexOf, partsOf } from './complex.js';
import { multiply, negative } from './elementwise.js';
import { solve } from './linalg.js';
import { block, columnOf, instruction, sizes, transposed } from './matrices.js';
import { primitives } from './primitive.js';
import { concatenate } from './shape.js';

const rowsFrom = (x: Tensor, start: number, count: number): Tensor => block(x, start, 0, count, x.shape.at(-1)!);
/** Products of complex matrices with the inverse of the first: by one real system of twice the size. */
function solveComplex(a: Tensor, b: Tensor): Tensor {
  const [[ar, ai], [br, bi]] = [partsOf(a), partsOf(b)];
  const axis = a.ndim - 1;
  const system = concatenate([concatenate([ar, negative(ai)], axis), concatenate([ai, ar], axis)], axis - 1);
  const n = a.shape.at(-1)!;
  const both = solve(system, concatenate([br, bi], axis - 1));
  return complexOf(rowsFrom(both, 0, n), rowsFrom(both, n, n));
}
const eigOp: Op = defineOp('eig', {
  infer: ([x]) => {
    const dtype = complexType(x!.dtype);
    return [specOf(dtype, x!.shape.slice(0, -1)), specOf(dtype, x!.shape)];
  },
  // dw = diag(V^-1 dx V), so the gradient is V'^-1 diag V'; of a real input the real part counts.
  vjp: ([dw = null, dv = null], { outputs: [, v] }) => {
    if (dv !== null) throw new Error('eig: eigenvectors have no gradient, eigenvalues have');
    const vt = transposed(v!);
    return [dw && partsOf(solveComplex(vt, multiply(columnOf(dw), vt)))[0]];
  },
  lower: (call) => instruction('eig', call, sizes(call.inputs[0]!).slice(0, 2)),
  cost: ({ inputs: [x] }) => 25 * x!.size * x!.shape.at(-1)!,
});
/** Eigenvalues of general real matrices and, as columns, eigenvectors of length 1: complex. */
export const eig = primitives(eigOp, [], (run) => (x: Tensor): Tensor[] => run([x]));
