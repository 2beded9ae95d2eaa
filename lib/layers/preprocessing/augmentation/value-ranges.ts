// Pixels brought from one range of values to another.
import type { DType } from '../../../base/dtype.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import type { Range } from './fields.js';

/** The range of bytes. */
export const BYTES: Range = [0, 255];
/** `from[0]` becomes `to[0]`, `from[1]` becomes `to[1]`, computed in `dtype`; equal ranges leave the images as they are. */
export function changeRange(images: Tensor, from: Range, to: Range, dtype: DType = 'float32'): Tensor {
  if (from[0] === to[0] && from[1] === to[1]) return images;
  const share = ops.divide(ops.subtract(ops.cast(images, dtype), from[0]), from[1] - from[0]);
  return ops.add(ops.multiply(share, to[1] - to[0]), to[0]);
}
