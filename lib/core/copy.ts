// The primitives with which passes copy a value.
import type { DType } from '../base/dtype.js';
import { dtypeBytes, isComplex, partDType } from '../base/dtype.js';
import { defineOp } from './op.js';
import { input, output } from './program.js';

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
