// Fans: how many inputs and outputs one unit of a weight has.
import type { Shape } from '../base/shape.js';
import { normalizeAxis, sizeOf } from '../base/shape.js';

/**
 * Inputs and outputs of a unit of a weight of this shape. For matrices `[in, out]`; for kernels of convolutions `[..., in, out]`, times
 * the positions of the kernel; axes of the weight may be named instead. As Keras's `compute_fans`.
 */
export function computeFans(
  shape: Shape,
  inputAxes: readonly number[] | null = null,
  outputAxes: readonly number[] | null = null,
): { fanIn: number; fanOut: number } {
  if (inputAxes !== null && outputAxes !== null) {
    const product = (axes: readonly number[]) =>
      axes.reduce((size, axis) => size * shape[normalizeAxis(axis, shape.length, 'computeFans')]!, 1);
    return { fanIn: product(inputAxes), fanOut: product(outputAxes) };
  }
  if (shape.length === 0) return { fanIn: 1, fanOut: 1 };
  if (shape.length === 1) return { fanIn: shape[0]!, fanOut: shape[0]! };
  const positions = sizeOf(shape.slice(0, -2));
  return { fanIn: shape.at(-2)! * positions, fanOut: shape.at(-1)! * positions };
}
