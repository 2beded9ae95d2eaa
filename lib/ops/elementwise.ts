// Arithmetic and other algebraic functions of `keras.ops`, element by element.
import { integer } from '../base/integers.js';
import type { TensorLike } from '../core/convert.js';
import { filled, toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import type { DType } from '../base/dtype.js';
import { floatType, isFloat, isHalf, isInteger, resultType } from '../base/dtype.js';
import { settings } from '../base/settings.js';
import type { Tensor } from '../core/tensor.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { binary, floatUnary, promote, publicOp, unary, wideFloat } from './public.js';

const isUnsigned = (dtype: DType): boolean => dtype.startsWith('u') || dtype === 'bool';
/** Bools count as int32 in functions that need numbers. */
const numeric = (dtype: DType): DType => (dtype === 'bool' ? 'int32' : dtype);

/** `x1 + x2`, element by element, with broadcasting. Bools are combined with a logical or. */
export const add = binary('add', (a, b) => (a.dtype === 'bool' ? p.logicalOr(a, b) : p.add(a, b)));
/** `x1 - x2`, element by element, with broadcasting. Throws on two bools. */
export const subtract = binary('subtract', (a, b) => {
  if (a.dtype === 'bool') throw new TypeError('subtract: bools cannot be subtracted; use logicalXor, or cast one of them');
  return p.subtract(a, b);
});
/** `x1 * x2`, element by element, with broadcasting. Bools are combined with a logical and. */
export const multiply = binary('multiply', (a, b) => (a.dtype === 'bool' ? p.logicalAnd(a, b) : p.multiply(a, b)));
/** `x1 / x2`; integers are divided as `floatx`. */
export const divide = binary('divide', p.divide, floatType);
/** `x1 / x2`; integers are divided as `floatx`. */
export const trueDivide = binary('trueDivide', p.divide, floatType);
/** `x1 / x2`, and 0 where `x2` is 0. Integers are divided as `floatx`. */
export const divideNoNan = binary('divideNoNan', (a, b) => {
  const zero = p.equal(b, constant(0, b));
  return p.select(zero, constant(0, a), p.divide(a, p.select(zero, constant(1, b), b)));
}, floatType);
/** The largest whole number that is not above `x1 / x2`, in the dtype of the inputs. An integer divided by 0 gives 0. */
export const floorDivide = binary('floorDivide', p.floorDivide, numeric);
/** The remainder of `x1 / x2` with the sign of `x2`, as in Python. */
export const mod = binary('mod', p.mod, numeric);
/** The remainder of `x1 / x2` with the sign of `x1`, as in C. */
export const fmod = binary('fmod', (a, b) => {
  if (isUnsigned(a.dtype)) return p.mod(a, b);
  if (isFloat(a.dtype)) return p.multiply(p.sign(a), p.mod(p.absolute(a), p.absolute(b)));
  // Not by magnitudes: the least integer has none.
  const [rest, zero] = [p.mod(a, b), constant(0, a)];
  const wrongSign = p.logicalAnd(p.notEqual(rest, zero), p.notEqual(p.less(rest, zero), p.less(a, zero)));
  return p.select(wrongSign, p.subtract(rest, b), rest);
}, numeric);
/** `x1` to the power of `x2`. */
export const power = binary('power', p.power, numeric);
/** Two integers of one dtype. */
const integers = (name: string, fn: (a: Tensor, b: Tensor) => Tensor) =>
  binary(name, (a, b) => {
    if (!isInteger(a.dtype)) throw new TypeError(`${name}: expected integers, received ${a.dtype}`);
    return fn(a, b);
  });
/** The greatest common divisor of two integers; that of 0 and x is `|x|`. */
export const gcd = integers('gcd', p.gcd);
/** The least common multiple of the magnitudes of two integers; 0 where one is 0. */
export const lcm = integers('lcm', (a, b) => {
  const [x, y] = [magnitude(a), magnitude(b)];
  return p.multiply(x, p.floorDivide(y, p.gcd(x, y)));
});
/** `-x`. */
export const negative = unary('negative', p.negative);

const magnitude = (x: Tensor): Tensor => (isUnsigned(x.dtype) ? x : p.absolute(x));
/** The absolute value. */
export const absolute = unary('absolute', magnitude);
/** The absolute value. */
export const abs = unary('abs', magnitude);
/** The absolute value as a float: integers become `floatx`. */
export const fabs = floatUnary('fabs', p.absolute);
/** The sign of each element: -1, 0 or 1. */
export const sign = unary('sign', p.sign);
/** True where the sign bit is set: for negative numbers and for -0. */
export const signbit = unary('signbit', (x) => {
  if (isUnsigned(x.dtype)) return filled(x.shape, 0, 'bool');
  const zero = constant(0, x);
  const negatives = p.less(x, zero);
  return isFloat(x.dtype) ? p.logicalOr(negatives, p.logicalAnd(p.equal(x, zero), p.less(p.reciprocal(x), zero))) : negatives;
});
/** `1 / x`; integers become `floatx`. */
export const reciprocal = floatUnary('reciprocal', p.reciprocal);
/** `x * x`. Bools count as int32. */
export const square = unary('square', (x) => p.square(castTo(x, numeric(x.dtype))));
/** The square root; integers become `floatx`. */
export const sqrt = floatUnary('sqrt', p.sqrt);
/** `1 / sqrt(x)`; integers become `floatx`. */
export const rsqrt = floatUnary('rsqrt', p.rsqrt);
/** The cube root, of negative numbers too; integers become `floatx`. */
export const cbrt = floatUnary('cbrt', (x) => {
  const size = p.absolute(x);
  const guess = p.power(size, constant(1 / 3, x));
  // One step of Newton's method makes roots of cubes exact; where the guess is 0 or infinite it stands.
  const step = p.divide(p.subtract(guess, p.divide(size, p.square(guess))), constant(3, x));
  return p.multiply(p.sign(x), p.select(p.isfinite(step), p.subtract(guess, step), guess));
});
/** `sqrt(x1² + x2²)` without overflow; integers become `floatx`, 64-bit ones float64. */
export const hypot = binary('hypot', p.hypot, wideFloat);

/** The larger of `x1` and `x2`; NaN where either is NaN. */
export const maximum = binary('maximum', p.maximum);
/** The smaller of `x1` and `x2`; NaN where either is NaN. */
export const minimum = binary('minimum', p.minimum);
const ignoringNaN = (pick: (a: Tensor, b: Tensor) => Tensor) => (a: Tensor, b: Tensor): Tensor =>
  isFloat(a.dtype) ? p.select(p.isnan(a), b, p.select(p.isnan(b), a, pick(a, b))) : pick(a, b);
/** The larger of `x1` and `x2`; where one is NaN, the other. */
export const fmax = binary('fmax', ignoringNaN(p.maximum));
/** The smaller of `x1` and `x2`; where one is NaN, the other. */
export const fmin = binary('fmin', ignoringNaN(p.minimum));
/** `x` brought into `xMin … xMax` (numbers or tensors that broadcast with it). Bools become int32. */
export const clip = publicOp('clip', (x: TensorLike, xMin: TensorLike, xMax: TensorLike): Tensor => {
  const [value, low, high] = promote('clip', [x, xMin, xMax], numeric);
  return p.clip(value!, low!, high!);
});
/** 0 where `x1` is negative, 1 where it is positive, `x2` where it is 0; NaN stays. Integers become `floatx`, 64-bit ones float64. */
export const heaviside = binary('heaviside', (a, b) => {
  const zero = constant(0, a);
  const step = p.select(p.less(a, zero), zero, constant(1, a));
  return p.select(p.isnan(a), a, p.select(p.equal(a, zero), b, step));
}, wideFloat);

/** The next whole number downwards, as a float. */
export const floor = floatUnary('floor', p.floor);
/** The next whole number upwards, as a float. */
export const ceil = floatUnary('ceil', p.ceil);
/** The whole part, towards 0. Integers stay as they are. */
export const trunc = unary('trunc', (x) => (isFloat(x.dtype) ? p.trunc(x) : x));

function scaled(x: Tensor, decimals: number): Tensor {
  const factor = constant(10 ** Math.abs(decimals), x);
  return decimals > 0
    ? p.divide(p.round(p.multiply(x, factor)), factor)
    : p.multiply(p.round(p.divide(x, factor)), factor);
}
/**
 * The nearest number with `decimals` digits after the point (negative: with zeros before it); halves go to the even digit.
 * `decimals` defaults to 0. Integers keep their dtype.
 */
export const round = publicOp('round', (x: TensorLike, { decimals = 0 }: { decimals?: number } = {}): Tensor => {
  const tensor = toTensor(x, null, 'round');
  integer('round', 'decimals', decimals);
  if (isFloat(tensor.dtype)) return decimals === 0 ? p.round(tensor) : scaled(tensor, decimals);
  return decimals < 0 && isInteger(tensor.dtype) ? castTo(scaled(castTo(tensor, settings.floatx), decimals), tensor.dtype) : tensor;
}, ['decimals']);
/** The float after `x1` in the direction of `x2`; integers become `floatx`. Has no gradient. */
export const nextafter = binary('nextafter', p.nextafter, floatType);
/** From here on every float times `2 ** n` is infinite, or 0 for `-n`. */
const mostExponent = (dtype: DType): number => (dtype === 'float64' ? 2200 : 300);
/** `x1 * 2 ** x2`; `x2` must be an integer tensor. */
export const ldexp = publicOp('ldexp', (x1: TensorLike, x2: TensorLike): Tensor => {
  const exponent = toTensor(x2, null, 'ldexp');
  if (!isInteger(exponent.dtype)) throw new TypeError(`ldexp: the exponent must be an integer tensor, received ${exponent.dtype}`);
  const x = toTensor(x1, null, 'ldexp');
  const dtype = floatType(resultType(x.dtype, exponent.dtype));
  const computed: DType = isHalf(dtype) ? 'float32' : dtype;
  const wide = castTo(x, computed);
  const most = mostExponent(computed);
  const n = p.clip(castTo(exponent, computed), constant(-most, wide), constant(most, wide));
  // In three parts, so that none of the powers overflows, nor a product where the result does not.
  const third = p.trunc(p.multiply(n, constant(1 / 3, n)));
  const half = p.trunc(p.multiply(p.subtract(n, third), constant(0.5, n)));
  const rest = p.subtract(p.subtract(n, third), half);
  return castTo([third, half, rest].reduce((product, part) => p.multiply(product, p.exp2(part)), wide), dtype);
});
