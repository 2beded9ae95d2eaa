// Complex numbers in `keras.ops`: their parts, their angles, and views of pairs of floats as complex numbers.
import type { TensorLike } from '../core/convert.js';
import { filled, toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { complexType, isComplex, partDType } from '../base/dtype.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import * as p from './primitives/index.js';
import * as complex from './primitives/complex.js';
import { constant } from './primitives/primitive.js';
import { floatUnary, promote, publicOp, unary } from './public.js';

/**
 * Pairs in the last axis, of size 2, as complex numbers: shape `(..., 2)` gives `(...)`. float64 gives complex128, all other dtypes
 * complex64. Gradients of complex tensors are those of JAX: dL/dx - i dL/dy for a real loss L in x + iy.
 * @throws a RangeError when the last axis has another size.
 */
export const viewAsComplex = publicOp('viewAsComplex', (x: TensorLike): Tensor => {
  const tensor = toTensor(x, null, 'viewAsComplex');
  if (isComplex(tensor.dtype)) throw new TypeError(`viewAsComplex: expected a real tensor, received ${tensor.dtype}`);
  if (tensor.shape.at(-1) !== 2) {
    throw new RangeError(
      `viewAsComplex: the last axis must have size 2, for the real and the imaginary part; received shape ${showShape(tensor.shape)}`,
    );
  }
  return complex.viewAsComplex(castTo(tensor, partDType(complexType(tensor.dtype))));
});
/**
 * Complex numbers as pairs of real and imaginary part in a new last axis: shape `(...)` gives `(..., 2)`. Of real numbers the imaginary
 * part is 0.
 */
export const viewAsReal = publicOp('viewAsReal', (x: TensorLike): Tensor => {
  const tensor = toTensor(x, null, 'viewAsReal');
  if (isComplex(tensor.dtype)) return complex.viewAsReal(tensor);
  const pair = [tensor, p.zerosLike(tensor)].map((part) => p.reshape(part, [...tensor.shape, 1]));
  return p.concatenate(pair, tensor.ndim);
});
/** The real part; real numbers stay as they are. */
export const real = unary('real', (x) => (isComplex(x.dtype) ? complex.partsOf(x)[0] : x));
/** The imaginary part; 0 in the dtype of real numbers. */
export const imag = unary('imag', (x) => (isComplex(x.dtype) ? complex.partsOf(x)[1] : p.zerosLike(x)));
const conjugateOf = (x: Tensor): Tensor => (isComplex(x.dtype) ? complex.conjugate(x) : x);
/** The complex conjugate, with the imaginary part negated; real numbers stay as they are. */
export const conj = unary('conj', conjugateOf);
/** The complex conjugate, with the imaginary part negated; real numbers stay as they are. */
export const conjugate = unary('conjugate', conjugateOf);
/** The angle of complex numbers in radians, from -pi to pi: 0 for positive real numbers, pi for negative ones. Integers become `floatx`. */
export const angle = floatUnary('angle', (x) => {
  if (isComplex(x.dtype)) {
    const [re, im] = complex.partsOf(x);
    return p.atan2(im, re);
  }
  const zero = constant(0, x);
  return p.select(p.isnan(x), x, p.select(p.less(x, zero), constant(Math.PI, x), zero));
});
/** Complex numbers from their absolute values and angles in radians, which broadcast: `abs * (cos(angle) + i sin(angle))`. */
export const polar = publicOp('polar', (abs: TensorLike, angleOf: TensorLike): Tensor => {
  const [size, turn] = promote('polar', [abs, angleOf], (dtype) => partDType(complexType(dtype)));
  return complex.complexOf(p.multiply(size!, p.cos(turn!)), p.multiply(size!, p.sin(turn!)));
});
/** Where numbers have no imaginary part: everywhere in real tensors. */
export const isreal = unary('isreal', (x) => {
  if (!isComplex(x.dtype)) return filled(x.shape, 1, 'bool');
  const [, im] = complex.partsOf(x);
  return p.equal(im, p.zerosLike(im));
});
