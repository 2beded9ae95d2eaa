// The elementwise primitives that the engine itself needs: copying a value and changing its dtype.
import type { DType } from '../base/dtype.js';
import { dtypeBytes, isComplex, isFloat, partDType } from '../base/dtype.js';
import { bind1 } from './bind.js';
import { defineOp } from './op.js';
import { input, output } from './program.js';
import { specOf } from '../base/shape.js';
import type { Tensor } from './tensor.js';

/** The same values in memory of their own. */
export const copyOp = defineOp('copy', {
  infer: ([x]) => [x!],
  vjp: ([dy]) => [dy!],
  lower: { tile: 'copy' },
});

/** `copyOp` for complex tensors, which no elementwise program reads. */
export const copyComplexOp = defineOp('copy_complex', {
  infer: ([x]) => [x!],
  vjp: ([dy]) => [dy!],
  lower: ({ inputs: [x] }) => {
    const dtype = partDType(x!.dtype);
    return [{ kernel: 'copy_strided', dtype, operands: [input(0), output(0)], ints: [1, x!.bytes / dtypeBytes(dtype), 1, 1, 0, 0] }];
  },
  complex: true,
});
/** The op that copies tensors of a dtype. */
export const copyOpOf = (dtype: DType): typeof copyOp => (isComplex(dtype) ? copyComplexOp : copyOp);

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
