// The incomplete gamma function and what its gradient is made of.
import type { Tensor } from '../../core/tensor.js';
import { binary, divide, log, multiply, subtract, unary } from './elementwise.js';
import { constant } from './primitive.js';

const noMore = (): never => {
  throw new Error('gammainc: there is no derivative of third order');
};
/** The derivative of the logarithm of the gamma function. */
const digamma = unary('digamma', noMore, [0.5, 3]);
const secondByA = binary('gammainc_daa', noMore);
/** `x^(a - 1) e^-x / Γ(a)`, the density of the gamma distribution. */
export const gammaDensity = binary('gamma_density', (dy, a, x, y) => {
  const weight = multiply(dy, y);
  return [
    multiply(weight, subtract(log(x), digamma(a))),
    multiply(weight, subtract(divide(subtract(a, constant(1, a)), x), constant(1, x))),
  ];
}, [[0.5, 3], [0.5, 3]]);
/** The derivative of `gammainc` by `a`. */
export const gammaincByA: (a: Tensor, x: Tensor) => Tensor = binary('gammainc_da', (dy, a, x) => [
  multiply(dy, secondByA(a, x)), multiply(dy, multiply(gammaDensity(a, x), subtract(log(x), digamma(a)))),
]);
/** The share of the gamma distribution of shape `a` that lies below `x`. */
export const gammainc = binary('gammainc', (dy, a, x) => [multiply(dy, gammaincByA(a, x)), multiply(dy, gammaDensity(a, x))], [
  [0.5, 4],
  [0.5, 4],
]);
