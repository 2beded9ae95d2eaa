// Float8 as Keras trains with it: values are rounded to what float8 can hold and computed with in a wider dtype.
import { toTensor, type TensorLike } from '../core/convert.js';
import type { DTypeLike } from '../base/dtype.js';
import { standardizeDType } from '../base/dtype.js';
import { checkOptions, didYouMean, show } from '../base/errors.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';

/** The formats of float8 (Micikevicius et al., "FP8 Formats for Deep Learning", 2022). */
const FORMATS = {
  float8_e4m3fn: { max: 448, mantissa: 3, smallest: -6 },
  float8_e5m2: { max: 57344, mantissa: 2, smallest: -14 },
} as const;
/** The largest number of each format. */
export const FLOAT8_MAX = { float8_e4m3fn: FORMATS.float8_e4m3fn.max, float8_e5m2: FORMATS.float8_e5m2.max } as const;
/** A format of float8. */
export type Float8DType = keyof typeof FORMATS;

/** Float32 numbers rounded to the nearest of a format, ties to even; they must lie in its range. */
function round(x: Tensor, { mantissa, smallest }: (typeof FORMATS)[Float8DType]): Tensor {
  const dropped = 23 - mantissa;
  const bits = ops.view(x, { dtype: 'int32' });
  const odd = ops.bitwiseAnd(ops.rightShift(bits, dropped), 1);
  const nearest = ops.bitwiseAnd(ops.add(ops.add(bits, odd), 2 ** (dropped - 1) - 1), -(2 ** dropped));
  const step = 2 ** (smallest - mantissa);
  const subnormal = ops.multiply(ops.round(ops.divide(x, step)), step);
  return ops.where(ops.less(ops.abs(x), 2 ** smallest), subnormal, ops.view(nearest, { dtype: 'float32' }));
}

/**
 * `inputs` divided by `scale`, rounded to float8 (`'float8_e4m3fn'` or `'float8_e5m2'`, numbers beyond its range to its ends), and
 * multiplied by `scale` again, in `computeDtype`.
 * @throws for other formats.
 */
export function quantizeAndDequantize(inputs: TensorLike, scale: TensorLike, quantizedDtype: Float8DType, computeDtype: DTypeLike): Tensor {
  const names = Object.keys(FORMATS);
  if (!names.includes(quantizedDtype))
    throw new TypeError(
      `quantizeAndDequantize: expected ${names.map(show).join(' or ')}, received ` +
        `${show(quantizedDtype)}${didYouMean(quantizedDtype, names)}`,
    );
  const format = FORMATS[quantizedDtype];
  const dtype = standardizeDType(computeDtype);
  const factor = ops.cast(scale, dtype);
  const scaled = ops.divide(toTensor(inputs, null, 'quantizeAndDequantize'), factor);
  const held = ops.clip(scaled, -format.max, format.max);
  return ops.multiply(ops.cast(round(ops.cast(held, 'float32'), format), dtype), factor);
}

/** Options of `computeFloat8Scale`. */
export interface Float8ScaleOptions {
  /** Powers of two that are kept free. Default 0. */
  margin?: number;
}
/** The scale that brings the largest value `amax` to `dtypeMax`; the scale stays where `amax` is 0 or not finite. */
export function computeFloat8Scale(amax: TensorLike, scale: TensorLike, dtypeMax: TensorLike, options: Float8ScaleOptions = {}): Tensor {
  checkOptions('computeFloat8Scale', options, ['margin']);
  const [largest, before] = [toTensor(amax, null, 'computeFloat8Scale'), ops.reciprocal(scale)];
  const factor = ops.divide(ops.divide(dtypeMax, largest), 2 ** (options.margin ?? 0));
  const known = ops.logicalAnd(ops.greater(largest, 0), ops.isfinite(largest));
  return ops.reciprocal(ops.where(known, factor, before));
}

/** The history of largest absolute values, moved on by one, with that of `x` in the first place. */
export function computeFloat8AmaxHistory(x: TensorLike, amaxHistory: TensorLike): Tensor {
  const history = toTensor(amaxHistory, null, 'computeFloat8AmaxHistory');
  const update = ops.cast(ops.max(ops.abs(x)), history.dtype);
  return ops.scatterUpdate(ops.roll(history, -1), [[0]], ops.reshape(update, [1]));
}
