// Products of vectors and matrices in `keras.ops`.
import { toTensor, type TensorLike } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import type { DType } from '../base/dtype.js';
import { isHalf } from '../base/dtype.js';
import { show } from '../base/errors.js';
import { integer, integers } from '../base/integers.js';
import { normalizeAxis, showShape, sizeOf } from '../base/shape.js';
import { Tensor } from '../core/tensor.js';
import * as p from './primitives/index.js';
import { conj } from './complex.js';
import { promote, publicOp } from './public.js';

/** The product of matrices in the last two axes, in a dtype that has a kernel. */
function multiplyMatrices(a: Tensor, b: Tensor): Tensor {
  const dtype = a.dtype;
  const computed: DType = isHalf(dtype) ? 'float32' : dtype === 'bool' ? 'int32' : dtype;
  const [left, right] = [castTo(a, computed), castTo(b, computed)];
  return castTo(productOf(left, right), dtype);
}
function productOf(a: Tensor, b: Tensor): Tensor {
  if (b.ndim > 2 || a.ndim <= 2) return p.matmul(a, b);
  // One matrix for all: the rows of all batches make one tall matrix.
  const lead = a.shape.slice(0, -1);
  const rows = p.reshape(a, [sizeOf(lead), a.shape.at(-1)!]);
  return p.reshape(p.matmul(rows, b), [...lead, b.shape[1]!]);
}
const noScalars = (where: string, ...xs: readonly Tensor[]): void => {
  if (xs.some((x) => x.ndim === 0))
    throw new RangeError(`${where}: expected at least one axis, received shapes ${xs.map((x) => showShape(x.shape)).join(' and ')}`);
};
/** Two int8 tensors are multiplied as int32, which their products need; int8 and bool give int8, as in Keras. */
const inputs = (where: string, x1: TensorLike, x2: TensorLike): [Tensor, Tensor] => {
  const [left, right] = [x1, x2].map((x) => (typeof x === 'number' ? x : toTensor(x, null, where))) as [TensorLike, TensorLike];
  const bytes = [left, right].every((x) => x instanceof Tensor && x.dtype === 'int8');
  return promote(where, [left, right], (dtype) => (bytes ? 'int32' : dtype)) as [Tensor, Tensor];
};

/**
 * The matrix product over the last axis of `x1` and the last but one of `x2`; axes before them broadcast. A vector counts as one row on
 * the left and as one column on the right. Two int8 tensors give int32.
 */
export const matmul = publicOp('matmul', (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b] = inputs('matmul', x1, x2);
  noScalars('matmul', a, b);
  const left = a.ndim === 1 ? p.reshape(a, [1, a.size]) : a;
  const right = b.ndim === 1 ? p.reshape(b, [b.size, 1]) : b;
  const product = multiplyMatrices(left, right);
  const lead = product.shape.slice(0, -2);
  return p.reshape(product, [...lead, ...(a.ndim === 1 ? [] : [product.shape.at(-2)!]), ...(b.ndim === 1 ? [] : [product.shape.at(-1)!])]);
});

/** The sum of products over the given axes of both; the remaining axes of `a`, then those of `b`. */
function contract(where: string, a: Tensor, b: Tensor, axesA: readonly number[], axesB: readonly number[]): Tensor {
  const [overA, overB] = [axesA.map((axis) => normalizeAxis(axis, a.ndim, where)), axesB.map((axis) => normalizeAxis(axis, b.ndim, where))];
  if (overA.length !== overB.length || overA.some((axis, i) => a.shape[axis] !== b.shape[overB[i]!])) {
    throw new RangeError(
      `${where}: shapes ${showShape(a.shape)} and ${showShape(b.shape)} do not fit along axes ${show(axesA)} and ${show(axesB)}`,
    );
  }
  const freeA = [...a.shape.keys()].filter((axis) => !overA.includes(axis));
  const freeB = [...b.shape.keys()].filter((axis) => !overB.includes(axis));
  const inner = sizeOf(overA.map((axis) => a.shape[axis]!));
  const shape = [...freeA.map((axis) => a.shape[axis]!), ...freeB.map((axis) => b.shape[axis]!)];
  const rows = sizeOf(freeA.map((axis) => a.shape[axis]!));
  const columns = sizeOf(freeB.map((axis) => b.shape[axis]!));
  const left = p.reshape(p.transpose(a, [...freeA, ...overA]), [rows, inner]);
  const right = p.reshape(p.transpose(b, [...overB, ...freeB]), [inner, columns]);
  return p.reshape(multiplyMatrices(left, right), shape);
}
const multiplyElements = (a: Tensor, b: Tensor): Tensor => (a.dtype === 'bool' ? p.logicalAnd(a, b) : p.multiply(a, b));

/**
 * The product as NumPy's `dot`: of vectors a scalar, of matrices their product, else over the last axis of `x1` and the last but one of
 * `x2`.
 */
export const dot = publicOp('dot', (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b] = promote('dot', [x1, x2]) as [Tensor, Tensor];
  if (a.ndim === 0 || b.ndim === 0) return multiplyElements(a, b);
  return contract('dot', a, b, [-1], [b.ndim === 1 ? 0 : -2]);
});
/**
 * The sum of products over `axes`: a number of axes (the last of `x1` with the first of `x2`), or two axes or lists of axes, one for each
 * tensor. Default 2.
 */
export const tensordot = publicOp(
  'tensordot',
  (
    x1: TensorLike,
    x2: TensorLike,
    { axes = 2 }: { axes?: number | readonly [number | readonly number[], number | readonly number[]] } = {},
  ): Tensor => {
    const [a, b] = promote('tensordot', [x1, x2]) as [Tensor, Tensor];
    if (typeof axes !== 'number') {
      if (!Array.isArray(axes) || axes.length !== 2)
        throw new TypeError(`tensordot: axes must be a number of axes, or the axes of both tensors, received ${show(axes)}`);
      const [axesA, axesB] = (axes as readonly unknown[]).map((list) => integers('tensordot', 'axes', list));
      return contract('tensordot', a, b, axesA!, axesB!);
    }
    integer('tensordot', `axes for shapes ${showShape(a.shape)} and ${showShape(b.shape)}`, axes, {
      min: 0,
      max: Math.min(a.ndim, b.ndim),
    });
    const count = Array.from({ length: axes }, (_, i) => i);
    return contract(
      'tensordot',
      a,
      b,
      count.map((i) => a.ndim - axes + i),
      count,
    );
  },
  ['axes'],
);
/** The sum of products of all elements, the complex conjugates of those of `x1`; both must have the same number of them. */
export const vdot = publicOp('vdot', (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b] = promote('vdot', [x1, x2]) as [Tensor, Tensor];
  return contract('vdot', p.reshape(conj(a), [a.size]), p.reshape(b, [b.size]), [0], [0]);
});
/** The sum of products over the last axes; of scalars their product. */
export const inner = publicOp('inner', (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b] = promote('inner', [x1, x2]) as [Tensor, Tensor];
  return a.ndim === 0 || b.ndim === 0 ? multiplyElements(a, b) : contract('inner', a, b, [-1], [-1]);
});
/** All products of an element of `x1` with one of `x2`: a matrix with a row for each element of `x1`. */
export const outer = publicOp('outer', (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b] = promote('outer', [x1, x2]) as [Tensor, Tensor];
  return multiplyElements(p.reshape(a, [a.size, 1]), p.reshape(b, [1, b.size]));
});
/** The Kronecker product: each element of `x1` times the whole of `x2`, as blocks. */
export const kron = publicOp('kron', (x1: TensorLike, x2: TensorLike): Tensor => {
  const [a, b] = promote('kron', [x1, x2]) as [Tensor, Tensor];
  const rank = Math.max(a.ndim, b.ndim);
  const [shapeA, shapeB] = [a, b].map((t) => [...new Array<number>(rank - t.ndim).fill(1), ...t.shape]) as [number[], number[]];
  const product = multiplyElements(p.reshape(a, shapeA.flatMap((d) => [d, 1])), p.reshape(b, shapeB.flatMap((d) => [1, d])));
  return p.reshape(product, shapeA.map((d, i) => d * shapeB[i]!));
});
