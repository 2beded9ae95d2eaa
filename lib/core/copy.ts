// The elementwise primitives that the engine itself needs: copying a value and changing its dtype.
import type { DType } from './dtype.js';
import { isFloat } from './dtype.js';
import { bind1, defineOp } from './op.js';
import { specOf } from './shape.js';
import type { Tensor } from './tensor.js';

/** The same values in memory of their own. */
export const copyOp = defineOp('copy', {
  infer: ([x]) => [x!],
  vjp: ([dy]) => [dy!],
  lower: { tile: 'copy' },
});

/** The values in another dtype: floats to integers truncate and saturate, anything to bool asks whether it is not zero. */
export const castOp = defineOp('cast', {
  infer: ([x], { dtype }: { dtype: DType }) => [specOf(dtype, x!.shape)],
  vjp: ([dy], { inputs: [x] }) => [isFloat(x!.dtype) ? castTo(dy!, x!.dtype) : null],
  lower: { tile: ({ outputs: [y] }) => `cast_${y!.dtype}` },
});

/** `x` in `dtype`; `x` itself when it has that dtype. */
export const castTo = (x: Tensor, dtype: DType): Tensor => (x.dtype === dtype ? x : bind1(castOp, [x], { dtype }));
