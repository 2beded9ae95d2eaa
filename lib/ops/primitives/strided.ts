// The kernel that copies elements between strided places, which most movements of elements come down to.
import { partDType, partsOf, type DType } from '../../base/dtype.js';
import type { Shape } from '../../base/shape.js';
import { input, output, type Instruction } from '../../core/program.js';

/**
 * One strided copy: `dims` elements from `from` to `to` (operand numbers), strides and offsets in elements. A complex element is copied as
 * a row of its parts.
 */
export function copyStrided(
  dtype: DType,
  dims: Shape,
  inStrides: Shape,
  outStrides: Shape,
  inOffset = 0,
  outOffset = 0,
  from = 0,
): Instruction {
  const parts = partsOf(dtype);
  const wide = (strides: Shape): number[] => (parts === 1 ? [...strides] : [...strides.map((stride) => stride * parts), 1]);
  const sizes = parts === 1 ? dims : [...dims, parts];
  const ints = sizes.length === 0 ? [1, 1, 1, 1] : [sizes.length, ...sizes, ...wide(inStrides), ...wide(outStrides)];
  return {
    kernel: 'copy_strided',
    dtype: partDType(dtype),
    operands: [input(from), output(0)],
    ints: [...ints, inOffset * parts, outOffset * parts],
  };
}
