// Counter-based random primitives (Philox 4x32-10): the same seed gives the same values on any number of threads.
import type { DType } from '../../core/dtype.js';
import type { Attrs } from '../../core/op.js';
import { defineOp } from '../../core/op.js';
import { input, output } from '../../core/program.js';
import type { Shape } from '../../core/shape.js';
import { sizeOf, specOf } from '../../core/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { primitive } from './primitive.js';

interface RandomAttrs extends Attrs {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly ints: readonly number[];
  readonly floats: readonly number[];
}

function random(kernel: string) {
  const op = defineOp(kernel, {
    infer: ([seed], { shape, dtype }: RandomAttrs) => {
      if (seed!.dtype !== 'uint32' || seed!.size !== 2) throw new TypeError(`${kernel}: a seed is two uint32 numbers`);
      return [specOf(dtype, shape)];
    },
    vjp: null,
    lower: ({ attrs: { shape, dtype, ints, floats } }) => [{ kernel, dtype, operands: [input(0), output(0)], ints: [sizeOf(shape), ...ints], floats }],
  });
  return primitive(op, [], (run) => (seed: Tensor, shape: Shape, dtype: DType, { ints = [], floats = [] }: { ints?: readonly number[]; floats?: readonly number[] } = {}): Tensor =>
    run([seed], { shape, dtype, ints, floats }));
}

/** Uniform in `floats[0] <= x < floats[1]`; float32 or float64. */
export const randomUniform = random('random_uniform');
/** Normal of mean `floats[0]` and standard deviation `floats[1]`; float32 or float64. */
export const randomNormal = random('random_normal');
/** Normal, cut off at two standard deviations. */
export const randomTruncatedNormal = random('random_truncated_normal');
/** Whole numbers in `ints[0] <= x < ints[1]`. */
export const randomInt = random('random_int');
/** Random bits, uint32. */
export const randomBits = random('random_bits');
/** 0 … n-1 in random order, int32. */
export const permutation = random('permutation');
