// The primitive that changes a value's dtype, which variables and conversions need.
import { isComplex, isFloat, type DType } from '../base/dtype.js';
import { specOf } from '../base/shape.js';
import { bind1 } from './bind.js';
import { defineOp } from './op.js';
import type { Tensor } from './tensor.js';

let castComplex: (x: Tensor, dtype: DType) => Tensor;
/** @internal Lets lib/ops lend its casts from and to complex dtypes, which are composed of other ops. */
export function setCastComplex(cast: typeof castComplex): void {
  castComplex = cast;
}

/** The values in another dtype: floats to integers truncate and saturate, anything to bool asks whether it is not zero. */
export const castOp = defineOp('cast', {
  infer: ([x], { dtype }: { dtype: DType }) => [specOf(dtype, x!.shape)],
  vjp: ([dy], { inputs: [x] }) => [isFloat(x!.dtype) ? castTo(dy!, x!.dtype) : null],
  lower: { tile: ({ outputs: [y] }) => `cast_${y!.dtype}` },
});

/** `x` in `dtype`; `x` itself when it has that dtype. */
export const castTo = (x: Tensor, dtype: DType): Tensor => {
  if (x.dtype === dtype) return x;
  return isComplex(x.dtype) || isComplex(dtype) ? castComplex(x, dtype) : bind1(castOp, [x], { dtype });
};
