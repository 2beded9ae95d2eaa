// Complex numbers over the real kernels: views of a complex tensor as pairs of floats and back, and what the elementwise, reducing and
// multiplying primitives do with complex inputs. Gradients of complex tensors follow JAX: that of a real loss L in x + iy is dL/dx - i
// dL/dy.
import { scalarTensor, toTensor } from '../../core/convert.js';
import { castTo, setCastComplex } from '../../core/cast.js';
import { complexType, isComplex, partDType, type DType } from '../../base/dtype.js';
import { defineOp, type Op } from '../../core/op.js';
import { showShape, specOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import * as elementwise from './elementwise.js';
import { gatherAlong, scatterAddAlong } from './gather.js';
import { matmul, matmulPermuted } from './matmul.js';
import { constant, primitive, setComplexRules, type ComplexRule } from './primitive.js';
import { sum } from './broadcast.js';
import { prod } from './reduce.js';
import { concatenate, embed, reshape, slice, zerosLike } from './shape.js';

const {
  add,
  atan2,
  cos,
  cosh,
  divide,
  equal,
  exp,
  hypot,
  log,
  logicalAnd,
  logicalOr,
  multiply,
  negative,
  notEqual,
  reciprocal,
  select,
  sin,
  sinh,
  square,
  sqrt,
  subtract,
} = elementwise;

/** The parts with the sign of the second turned: complex gradients have it so. */
const conjugatePairs = (pairs: Tensor): Tensor => multiply(pairs, castTo(toTensor(Float32Array.of(1, -1)), pairs.dtype));

const realOp: Op = defineOp('view_as_real', {
  infer: ([x]) => {
    if (!isComplex(x!.dtype)) throw new TypeError(`view_as_real: expected a complex tensor, received ${x!.dtype}`);
    return [specOf(partDType(x!.dtype), [...x!.shape, 2])];
  },
  vjp: ([dy]) => [viewAsComplex(conjugatePairs(dy!))],
  lower: 'alias',
});
/** A complex tensor as floats, with a last axis of real and imaginary part; nothing is copied. */
export const viewAsReal = primitive(realOp, [{ inputs: [{ shape: [2, 3], kind: 'complex' }] }], (run) => (x: Tensor): Tensor => run([x]));

const complexOp: Op = defineOp('view_as_complex', {
  infer: ([x]) => {
    if (x!.shape.at(-1) !== 2)
      throw new RangeError(`view_as_complex: the last axis must hold a real and an imaginary part, received shape ${showShape(x!.shape)}`);
    if (x!.dtype !== 'float32' && x!.dtype !== 'float64')
      throw new TypeError(`view_as_complex: expected float32 or float64, received ${x!.dtype}`);
    return [specOf(complexType(x!.dtype), x!.shape.slice(0, -1))];
  },
  vjp: ([dy]) => [conjugatePairs(viewAsReal(dy!))],
  lower: 'alias',
});
/** Pairs in the last axis of a float32 or float64 tensor as complex numbers; nothing is copied. */
export const viewAsComplex = primitive(complexOp, [{ inputs: [{ shape: [3, 2] }] }], (run) => (x: Tensor): Tensor => run([x]));

const lastAxis = (x: Tensor): Tensor => reshape(x, [...x.shape, 1]);
/** Complex numbers from their parts, which have one shape and dtype. */
export const complexOf = (re: Tensor, im: Tensor): Tensor => viewAsComplex(concatenate([lastAxis(re), lastAxis(im)], re.ndim));
/** The real and the imaginary part of a complex tensor. */
export function partsOf(x: Tensor): [Tensor, Tensor] {
  const pairs = viewAsReal(x);
  const part = (i: number) => reshape(slice(pairs, [...x.shape.map(() => 0), i], [...x.shape, 1]), x.shape);
  return [part(0), part(1)];
}
/** The complex numbers with the imaginary parts negated. */
export const conjugate = (x: Tensor): Tensor => viewAsComplex(conjugatePairs(viewAsReal(x)));

/** Applies a function of real tensors, elementwise or of the leading axes, to both parts at once. */
const onPairs = (fn: (...pairs: Tensor[]) => Tensor) => (...xs: Tensor[]): Tensor => viewAsComplex(fn(...xs.map((x) => viewAsReal(x))));

function times(a: Tensor, b: Tensor): Tensor {
  const [[ar, ai], [br, bi]] = [partsOf(a), partsOf(b)];
  return complexOf(subtract(multiply(ar, br), multiply(ai, bi)), add(multiply(ar, bi), multiply(ai, br)));
}
/** `a / b`: the divisor is scaled to size 1 first, so that its square neither overflows nor vanishes. */
function quotient(a: Tensor, b: Tensor): Tensor {
  const [[ar, ai], [br, bi]] = [partsOf(a), partsOf(b)];
  const largest = elementwise.maximum(elementwise.absolute(br), elementwise.absolute(bi));
  const one = constant(1, largest);
  const scale = select(logicalAnd(elementwise.isfinite(largest), elementwise.greater(largest, constant(0, largest))), largest, one);
  const [cr, ci] = [divide(br, scale), divide(bi, scale)];
  const norm = multiply(add(square(cr), square(ci)), scale);
  return complexOf(
    divide(add(multiply(ar, cr), multiply(ai, ci)), norm),
    divide(subtract(multiply(ai, cr), multiply(ar, ci)), norm),
  );
}
/** The principal square root: `u + iv` with u >= 0, and v of the sign of the imaginary part. */
function root(x: Tensor): Tensor {
  const [re, im] = partsOf(x);
  const zero = constant(0, re);
  const size = add(hypot(re, im), elementwise.absolute(re));
  const none = equal(size, zero);
  const large = sqrt(multiply(select(none, constant(1, re), size), constant(0.5, re)));
  const small = divide(elementwise.absolute(im), multiply(large, constant(2, re)));
  const right = elementwise.greaterEqual(re, zero);
  const turned = (v: Tensor) => select(elementwise.less(im, zero), negative(v), v);
  const only = (v: Tensor) => select(none, zero, v);
  return complexOf(only(select(right, large, small)), turned(only(select(right, small, large))));
}
/** The product along a run of axes, by halves. */
function product(x: Tensor, axis: number, count: number): Tensor {
  const [lead, tail] = [x.shape.slice(0, axis), x.shape.slice(axis + count)];
  const size = x.shape.slice(axis, axis + count).reduce((a, b) => a * b, 1);
  let rest = reshape(x, [...lead, size, ...tail]);
  const from = (start: number, length: number) =>
    slice(rest, [...lead.map(() => 0), start, ...tail.map(() => 0)], [...lead, length, ...tail]);
  for (let n = size; n > 1; n = Math.ceil(n / 2)) {
    const half = Math.floor(n / 2);
    const pairs = times(from(0, half), from(half, half));
    rest = n % 2 === 0 ? pairs : concatenate([pairs, from(n - 1, 1)], axis);
  }
  return size === 0 ? elementwise.add(sum(x, axis, count), constant(1, x)) : reshape(rest, [...lead, ...tail]);
}
/** Products of matrices, from those of the parts. */
function multiplied(a: Tensor, b: Tensor, real: (a: Tensor, b: Tensor) => Tensor): Tensor {
  const [[ar, ai], [br, bi]] = [partsOf(a), partsOf(b)];
  return complexOf(subtract(real(ar, br), real(ai, bi)), add(real(ar, bi), real(ai, br)));
}
const fromParts = (fn: (re: Tensor, im: Tensor) => readonly [Tensor, Tensor]) => (x: Tensor): Tensor => complexOf(...fn(...partsOf(x)));
const eitherPart = (test: (x: Tensor) => Tensor, join: (a: Tensor, b: Tensor) => Tensor) => (x: Tensor): Tensor => {
  const [re, im] = partsOf(x);
  return join(test(re), test(im));
};
const bothParts = (compare: (a: Tensor, b: Tensor) => Tensor, join: (a: Tensor, b: Tensor) => Tensor) => (a: Tensor, b: Tensor): Tensor => {
  const [[ar, ai], [br, bi]] = [partsOf(a), partsOf(b)];
  return join(compare(ar, br), compare(ai, bi));
};

/** What primitives do with complex inputs, by their functions. */
function rulesOf(): [{ readonly op: { readonly name: string } }, ComplexRule][] {
  const rule = (of: { readonly op: { readonly name: string } }, fn: (...inputs: Tensor[]) => Tensor): [typeof of, ComplexRule] => [
    of,
    (inputs) => fn(...inputs),
  ];
  return [
    rule(add, onPairs(add)),
    rule(subtract, onPairs(subtract)),
    rule(negative, onPairs(negative)),
    rule(multiply, times),
    rule(divide, quotient),
    rule(square, (x) => times(x, x)),
    rule(reciprocal, (x) => quotient(constant(1, x), x)),
    rule(elementwise.absolute, (x) => hypot(...partsOf(x))),
    rule(
      exp,
      fromParts((re, im) => [multiply(exp(re), cos(im)), multiply(exp(re), sin(im))]),
    ),
    rule(
      log,
      fromParts((re, im) => [log(hypot(re, im)), atan2(im, re)]),
    ),
    rule(sqrt, root),
    rule(
      sin,
      fromParts((re, im) => [multiply(sin(re), cosh(im)), multiply(cos(re), sinh(im))]),
    ),
    rule(
      cos,
      fromParts((re, im) => [multiply(cos(re), cosh(im)), negative(multiply(sin(re), sinh(im)))]),
    ),
    rule(equal, bothParts(equal, logicalAnd)),
    rule(notEqual, bothParts(notEqual, logicalOr)),
    rule(elementwise.isnan, eitherPart(elementwise.isnan, logicalOr)),
    rule(elementwise.isinf, eitherPart(elementwise.isinf, logicalOr)),
    rule(elementwise.isfinite, eitherPart(elementwise.isfinite, logicalAnd)),
    rule(select, (condition, a, b) => viewAsComplex(select(lastAxis(condition), viewAsReal(a), viewAsReal(b)))),
    [sum, ([x], { axis, count }) => viewAsComplex(sum(viewAsReal(x!), axis as number, count as number))],
    [prod, ([x], { axis, count }) => product(x!, axis as number, count as number)],
    [
      matmul,
      ([a, b], { transposeA, transposeB }) => multiplied(a!, b!, (x, y) => matmul(x, y, transposeA as boolean, transposeB as boolean)),
    ],
    [
      matmulPermuted,
      ([a, b], { permA, permB }) => multiplied(a!, b!, (x, y) => matmulPermuted(x, permA as number[], y, permB as number[])),
    ],
    [
      gatherAlong,
      ([x, indices], { axis }) =>
        fromParts((re, im) => [gatherAlong(re, indices!, axis as number), gatherAlong(im, indices!, axis as number)])(x!),
    ],
    [
      scatterAddAlong,
      ([base, indices, updates], { axis }) => {
        const [[br, bi], [ur, ui]] = [partsOf(base!), partsOf(updates!)];
        return complexOf(scatterAddAlong(br, indices!, ur, axis as number), scatterAddAlong(bi, indices!, ui, axis as number));
      },
    ],
    [
      embed,
      ([x], { shape, starts, steps, value }) => {
        const [at, by] = [
          [...(starts as number[]), 0],
          [...(steps as number[]), 1],
        ];
        const [re, im] = partsOf(x!);
        const lay = (part: Tensor, fill: number) => embed(part, shape as number[], at.slice(0, -1), by.slice(0, -1), fill);
        return value === 0
          ? viewAsComplex(embed(viewAsReal(x!), [...(shape as number[]), 2], at, by, 0))
          : complexOf(lay(re, value as number), lay(im, 0));
      },
    ],
  ];
}
setComplexRules(new Map(rulesOf().map(([{ op }, rule]) => [op.name, rule])));

function castComplex(x: Tensor, dtype: DType): Tensor {
  if (!isComplex(x.dtype)) {
    const re = castTo(x, partDType(dtype));
    return complexOf(re, zerosLike(re));
  }
  if (isComplex(dtype)) return viewAsComplex(castTo(viewAsReal(x), partDType(dtype)));
  return dtype === 'bool' ? notEqual(x, scalarTensor(0, x.dtype)) : castTo(partsOf(x)[0], dtype);
}
setCastComplex(castComplex);
