// Special functions of `keras.ops`, and the window that is made of one.
import type { TensorLike } from '../core/convert.js';
import { makeTensor, toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { floatType, isHalf } from '../base/dtype.js';
import { settings } from '../base/settings.js';
import { integer } from '../base/integers.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as p from './primitives/index.js';
import { binary, publicOp, toFloat, unary } from './public.js';
import { scalarOf } from './scalars.js';

/** The modified Bessel function of the first kind of order 0. int64 becomes float64, other integers `floatx`; floats keep their dtype. */
export const i0 = unary('i0', (x) => {
  const keeps = isHalf(x.dtype) || x.dtype === 'float64';
  return p.i0(castTo(x, keeps ? x.dtype : x.dtype === 'int64' ? 'float64' : settings.floatx));
});

/**
 * The regularized lower incomplete gamma function `P(x1, x2)`: the share of the gamma distribution of shape `x1` that lies below `x2`.
 * 0 where `x2` is 0; NaN where one of both is negative.
 */
export const gammainc = binary('gammainc', p.gammainc, floatType);

/**
 * The Kaiser window of `x` points, in `floatx`: `i0(beta sqrt(1 - t²)) / i0(beta)` for `t` from -1 to 1 (J. Kaiser, R. Schafer, 1980). The
 * larger `beta`, the lower the side lobes and the wider the main one.
 */
export const kaiser = publicOp('kaiser', (x: number | boolean | Tensor, beta: TensorLike): Tensor => {
  const n = integer('kaiser', 'x', scalarOf('kaiser', 'x', x).value, { min: 0 });
  const shape = toFloat('kaiser', toTensor(beta, null, 'kaiser'));
  if (shape.size !== 1) throw new RangeError(`kaiser: beta must be a number, received shape ${showShape(shape.shape)}`);
  const scale = castTo(p.reshape(shape, []), 'float64');
  const roots = makeTensor('float64', [n], (data) => {
    for (let i = 0; i < n; i++) data[i] = n === 1 ? 1 : Math.sqrt(1 - ((2 * i) / (n - 1) - 1) ** 2);
  });
  return castTo(p.divide(p.i0(p.multiply(scale, roots)), p.i0(scale)), settings.floatx);
});
