// Exponentials, logarithms, trigonometric and error functions of `keras.ops`. Integers become `floatx`, floats keep their dtype.
import type { Tensor } from '../core/tensor.js';
import { floatType } from '../base/dtype.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { binary, floatUnary } from './public.js';

/** `e` to the power of each element. */
export const exp = floatUnary('exp', p.exp);
/** 2 to the power of each element. */
export const exp2 = floatUnary('exp2', p.exp2);
/** `exp(x) - 1`, exact near 0. */
export const expm1 = floatUnary('expm1', p.expm1);
/** The natural logarithm. */
export const log = floatUnary('log', p.log);
/** The logarithm to base 10. */
export const log10 = floatUnary('log10', p.log10);
/** `log(1 + x)`, exact near 0. */
export const log1p = floatUnary('log1p', p.log1p);
/** The logarithm to base 2. */
export const log2 = floatUnary('log2', p.log2);

/** `max + g(-|a - b|)` for the logarithm of a sum; equal infinities are their own result. */
const logSum = (a: Tensor, b: Tensor, tail: (distance: Tensor) => Tensor): Tensor => {
  const difference = p.subtract(a, b);
  const sum = p.add(p.maximum(a, b), tail(p.negative(p.absolute(difference))));
  return p.select(p.isnan(difference), p.add(a, b), sum);
};
/** `log(exp(x1) + exp(x2))` without overflow. */
export const logaddexp = binary('logaddexp', (a, b) => logSum(a, b, (d) => p.log1p(p.exp(d))), floatType);
/** `log2(2 ** x1 + 2 ** x2)` without overflow. */
export const logaddexp2 = binary('logaddexp2', (a, b) =>
  logSum(a, b, (d) => p.multiply(p.log1p(p.exp2(d)), constant(Math.LOG2E, d))), floatType);

/** The sine of an angle in radians. */
export const sin = floatUnary('sin', p.sin);
/** The cosine of an angle in radians. */
export const cos = floatUnary('cos', p.cos);
/** The tangent of an angle in radians. */
export const tan = floatUnary('tan', p.tan);
/** The angle, in radians, whose sine is `x`. */
export const arcsin = floatUnary('arcsin', p.asin);
/** The angle, in radians, whose cosine is `x`. */
export const arccos = floatUnary('arccos', p.acos);
/** The angle, in radians, whose tangent is `x`. */
export const arctan = floatUnary('arctan', p.atan);
/** The angle, in radians, of the point (`x2`, `x1`), in all four quadrants. */
export const arctan2 = binary('arctan2', p.atan2, floatType);
/** The hyperbolic sine. */
export const sinh = floatUnary('sinh', p.sinh);
/** The hyperbolic cosine. */
export const cosh = floatUnary('cosh', p.cosh);
/** The hyperbolic tangent. */
export const tanh = floatUnary('tanh', p.tanh);
/** The inverse hyperbolic sine. */
export const arcsinh = floatUnary('arcsinh', p.asinh);
/** The inverse hyperbolic cosine. */
export const arccosh = floatUnary('arccosh', p.acosh);
/** The inverse hyperbolic tangent. */
export const arctanh = floatUnary('arctanh', p.atanh);
/** Degrees to radians. */
export const deg2rad = floatUnary('deg2rad', (x) => p.multiply(x, constant(Math.PI / 180, x)));
/** Radians to degrees. */
export const rad2deg = floatUnary('rad2deg', (x) => p.multiply(x, constant(180 / Math.PI, x)));
/** `sin(πx) / πx`, and 1 at 0. */
export const sinc = floatUnary('sinc', (x) => {
  const zero = p.equal(x, constant(0, x));
  const angle = p.multiply(p.select(zero, constant(1, x), x), constant(Math.PI, x));
  return p.select(zero, constant(1, x), p.divide(p.sin(angle), angle));
});
/** The Gauss error function. */
export const erf = floatUnary('erf', p.erf);
/** `1 - erf(x)`, exact for large `x`. */
export const erfc = floatUnary('erfc', p.erfc);
/** The inverse of the Gauss error function. */
export const erfinv = floatUnary('erfinv', p.erfinv);
