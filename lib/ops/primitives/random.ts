// Counter-based random primitives (Philox 4x32-10): the same seed gives the same values on any number of threads.
import type { DType } from '../../base/dtype.js';
import type { Attrs } from '../../core/op.js';
import { defineOp, type Op } from '../../core/op.js';
import { input, output } from '../../core/program.js';
import type { Shape } from '../../base/shape.js';
import { sizeOf, specOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { divide, exp, greater, multiply, negative, select } from './elementwise.js';
import { gammaDensity, gammaincByA } from './gamma.js';
import { constant, primitive } from './primitive.js';

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
    lower: ({ attrs: { shape, dtype, ints, floats } }) => [
      { kernel, dtype, operands: [input(0), output(0)], ints: [sizeOf(shape), ...ints], floats },
    ],
  });
  return primitive(
    op,
    [],
    (run) =>
      (
        seed: Tensor,
        shape: Shape,
        dtype: DType,
        { ints = [], floats = [] }: { ints?: readonly number[]; floats?: readonly number[] } = {},
      ): Tensor =>
        run([seed], { shape, dtype, ints, floats }),
  );
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

type GammaAttrs = { stream: number; logarithm: boolean };
const randomGammaOp: Op<GammaAttrs> = defineOp('random_gamma', {
  infer: ([, alpha]) => [alpha!],
  // By implicit reparameterization (M. Figurnov, S. Mohamed, A. Mnih, 2018): what the draw has below it stays the same.
  vjp: ([dy], { inputs: [, alpha], outputs: [y], attrs: { logarithm } }) => {
    const draw = logarithm ? exp(y!) : y!;
    const density = gammaDensity(alpha!, draw);
    const slope = negative(divide(gammaincByA(alpha!, draw), logarithm ? multiply(density, draw) : density));
    return [null, multiply(dy!, select(greater(draw, constant(0, draw)), slope, constant(0, draw)))];
  },
  lower: ({ inputs: [, alpha], attrs: { stream, logarithm } }) => [{
    kernel: 'random_gamma', dtype: alpha!.dtype, operands: [input(0), input(1), output(0)], ints: [alpha!.size, stream, Number(logarithm)],
  }],
});
/**
 * A gamma variate of scale 1 for each shape in `alpha`, or its logarithm; float32 or float64. Draws of different streams are independent.
 */
export const randomGamma = primitive(
  randomGammaOp,
  [],
  (run) =>
    (seed: Tensor, alpha: Tensor, { stream = 0, logarithm = false }: Partial<GammaAttrs> = {}): Tensor =>
      run([seed, alpha], { stream, logarithm }),
);

const randomBinomialOp = defineOp('random_binomial', {
  infer: ([, counts]) => [counts!],
  vjp: null,
  lower: ({ inputs: [, counts] }) => [{
    kernel: 'random_binomial', dtype: counts!.dtype, operands: [input(0), input(1), input(2), output(0)], ints: [counts!.size],
  }],
});
/**
 * How often something of probability `p` happens in `counts` attempts; both have one shape and dtype, float32 or float64, as has the
 * result.
 */
export const randomBinomial = primitive(
  randomBinomialOp,
  [],
  (run) =>
    (seed: Tensor, counts: Tensor, p: Tensor): Tensor =>
      run([seed, counts, p]),
);

const randomCategoricalOp: Op<{ samples: number }> = defineOp('random_categorical', {
  infer: ([, logits], { samples }: { samples: number }) => [specOf('int32', [logits!.shape[0]!, samples])],
  vjp: null,
  lower: ({ inputs: [, logits], attrs: { samples } }) => [{
    kernel: 'random_categorical', dtype: logits!.dtype, operands: [input(0), input(1), output(0)], ints: [...logits!.shape, samples],
  }],
});
/** `samples` classes, int32, for each row of logits [rows, classes], float32 or float64. */
export const randomCategorical = primitive(
  randomCategoricalOp,
  [],
  (run) =>
    (seed: Tensor, logits: Tensor, samples: number): Tensor =>
      run([seed, logits], { samples }),
);
