// Comparisons, logic, bits and choices of `keras.ops`, element by element.
import type { TensorLike } from '../core/convert.js';
import { filled, toTensor } from '../core/convert.js';
import { floatType, isFloat, isInexact } from '../base/dtype.js';
import { checkOptions } from '../base/errors.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import type { Tensor } from '../core/tensor.js';
import { isPlainObject } from '../base/tree.js';
import * as p from './primitives/index.js';
import { constant } from './primitives/primitive.js';
import { binary, promote, publicOp, unary } from './public.js';

/** Where `x1` and `x2` are equal. NaN equals nothing. */
export const equal = binary('equal', p.equal);
/** Where `x1` and `x2` differ. */
export const notEqual = binary('notEqual', p.notEqual);
/** Where `x1 < x2`. */
export const less = binary('less', p.less);
/** Where `x1 <= x2`. */
export const lessEqual = binary('lessEqual', p.lessEqual);
/** Where `x1 > x2`. */
export const greater = binary('greater', p.greater);
/** Where `x1 >= x2`. */
export const greaterEqual = binary('greaterEqual', p.greaterEqual);

const logical = (name: string, fn: (a: Tensor, b: Tensor) => Tensor) =>
  publicOp(name, (x1: TensorLike, x2: TensorLike): Tensor => fn(toTensor(x1, 'bool', name), toTensor(x2, 'bool', name)));
/** Where both are true; numbers count as true unless they are 0. */
export const logicalAnd = logical('logicalAnd', p.logicalAnd);
/** Where at least one is true; numbers count as true unless they are 0. */
export const logicalOr = logical('logicalOr', p.logicalOr);
/** Where exactly one is true; numbers count as true unless they are 0. */
export const logicalXor = logical('logicalXor', p.logicalXor);
/** Where `x` is false; numbers count as true unless they are 0. */
export const logicalNot = publicOp('logicalNot', (x: TensorLike): Tensor => p.logicalNot(toTensor(x, 'bool', 'logicalNot')));

function bitwise(name: string, onInts: (a: Tensor, b: Tensor) => Tensor, onBools: ((a: Tensor, b: Tensor) => Tensor) | null) {
  return publicOp(name, (x: TensorLike, y: TensorLike): Tensor => {
    const [a, b] = promote(name, [x, y], (dtype) => (dtype === 'bool' && onBools === null ? 'int32' : dtype));
    if (isFloat(a!.dtype)) throw new TypeError(`${name}: expected integers or bools, received ${a!.dtype}`);
    return a!.dtype === 'bool' ? onBools!(a!, b!) : onInts(a!, b!);
  });
}
/** The bits that both have. Bools and integers only. */
export const bitwiseAnd = bitwise('bitwiseAnd', p.bitwiseAnd, p.logicalAnd);
/** The bits that at least one has. Bools and integers only. */
export const bitwiseOr = bitwise('bitwiseOr', p.bitwiseOr, p.logicalOr);
/** The bits that exactly one has. Bools and integers only. */
export const bitwiseXor = bitwise('bitwiseXor', p.bitwiseXor, p.logicalXor);
/** The bits of `x` moved up by `y` places; 0 from the width of the dtype on. */
export const bitwiseLeftShift = bitwise('bitwiseLeftShift', p.leftShift, null);
/** The bits of `x` moved up by `y` places; 0 from the width of the dtype on. */
export const leftShift = bitwise('leftShift', p.leftShift, null);
/** The bits of `x` moved down by `y` places; negative numbers are filled with ones. */
export const bitwiseRightShift = bitwise('bitwiseRightShift', p.rightShift, null);
/** The bits of `x` moved down by `y` places; negative numbers are filled with ones. */
export const rightShift = bitwise('rightShift', p.rightShift, null);

const inverted = (name: string) =>
  unary(name, (x) => {
    if (isFloat(x.dtype)) throw new TypeError(`${name}: expected integers or bools, received ${x.dtype}`);
    return x.dtype === 'bool' ? p.logicalNot(x) : p.bitwiseNot(x);
  });
/** Each bit turned over. Bools and integers only. */
export const bitwiseInvert = inverted('bitwiseInvert');
/** Each bit turned over. Bools and integers only. */
export const bitwiseNot = inverted('bitwiseNot');

/** A test of floats that has one answer for all other dtypes. */
const floatTest = (name: string, test: (x: Tensor) => Tensor, otherwise: 0 | 1) =>
  unary(name, (x) => (isInexact(x.dtype) ? test(x) : filled(x.shape, otherwise, 'bool')));
/** Where `x` is NaN. */
export const isnan = floatTest('isnan', p.isnan, 0);
/** Where `x` is plus or minus infinity. */
export const isinf = floatTest('isinf', p.isinf, 0);
/** Where `x` is neither infinite nor NaN. */
export const isfinite = floatTest('isfinite', p.isfinite, 1);
/** Where `x` is plus infinity. */
export const isposinf = floatTest('isposinf', (x) => p.equal(x, constant(Infinity, x)), 0);
/** Where `x` is minus infinity. */
export const isneginf = floatTest('isneginf', (x) => p.equal(x, constant(-Infinity, x)), 0);

/** Options of `isclose` and `allclose`. */
export interface CloseOptions {
  /** Relative tolerance, a share of `|x2|`. Default 1e-5. */
  rtol?: number;
  /** Absolute tolerance. Default 1e-8. */
  atol?: number;
  /** Whether NaN is close to NaN. Default false. */
  equalNan?: boolean;
}
const CLOSE_OPTIONS = ['rtol', 'atol', 'equalNan'] as const;

function close(where: string, x1: TensorLike, x2: TensorLike, { rtol = 1e-5, atol = 1e-8, equalNan = false }: CloseOptions): Tensor {
  const [a, b] = promote(where, [x1, x2], floatType);
  const tolerance = p.add(p.multiply(p.absolute(b!), constant(rtol, b!)), constant(atol, b!));
  const near = p.logicalAnd(p.isfinite(b!), p.lessEqual(p.absolute(p.subtract(a!, b!)), tolerance));
  const same = p.logicalOr(near, p.equal(a!, b!));
  return equalNan ? p.logicalOr(same, p.logicalAnd(p.isnan(a!), p.isnan(b!))) : same;
}
/** Where `|x1 - x2| <= atol + rtol * |x2|`, or both are the same infinity. */
export const isclose = publicOp(
  'isclose',
  (x1: TensorLike, x2: TensorLike, options: CloseOptions = {}): Tensor => close('isclose', x1, x2, options),
  CLOSE_OPTIONS,
);
/** Whether all elements are close, as `isclose` tells: a bool scalar. */
export const allclose = publicOp('allclose', (x1: TensorLike, x2: TensorLike, options: CloseOptions = {}): Tensor => {
  const near = close('allclose', x1, x2, options);
  return near.size === 0 ? filled([], 1, 'bool') : p.min(near, 0, near.ndim);
}, CLOSE_OPTIONS);

function indicesWhere(condition: Tensor): Tensor[] {
  const { data, shape } = condition;
  const hits: number[] = [];
  data.forEach((value: number | bigint, i: number) => {
    if (Number(value) !== 0) hits.push(i);
  });
  const flat = hits.length;
  let step = condition.size;
  return shape.map((size) => {
    step /= size;
    return toTensor(Int32Array.from({ length: flat }, (_, i) => Math.floor(hits[i]! / step) % size), 'int32');
  });
}
const truth = (where: string, condition: TensorLike): Tensor => toTensor(condition, 'bool', where);
/**
 * The indices of the elements that are not 0: one int32 tensor an axis, in row-major order. The number of them depends on the data, so it
 * cannot be compiled.
 */
export const nonzero = publicOp('nonzero', (x: TensorLike): Tensor[] => indicesWhere(truth('nonzero', x)));

/** The signatures of `where`. */
export interface Where {
  (condition: TensorLike, options: { x1: TensorLike; x2: TensorLike }): Tensor;
  (condition: TensorLike): Tensor[];
  (condition: TensorLike, x1: TensorLike, x2: TensorLike): Tensor;
  (condition: TensorLike | KerasTensor, x1: TensorLike | KerasTensor, x2: TensorLike | KerasTensor): KerasTensor;
}
/**
 * `x1` where the condition is true (or not 0), `x2` elsewhere; all three broadcast. With the condition alone: the indices where it
 * holds, as `nonzero`.
 */
export const where = publicOp('where', (condition: TensorLike, first?: TensorLike, second?: TensorLike): Tensor | Tensor[] => {
  const named = isPlainObject(first) ? (first as { x1?: TensorLike; x2?: TensorLike }) : { x1: first, x2: second };
  checkOptions('where', named, ['x1', 'x2']);
  const test = truth('where', condition);
  const given = [named.x1, named.x2].filter((x) => x !== undefined && x !== null);
  if (given.length === 0) return indicesWhere(test);
  if (given.length === 1) throw new TypeError('where: either both or neither of x1 and x2 must be given');
  const [a, b] = promote('where', given);
  return p.select(test, a!, b!);
}, null) as unknown as Where;
