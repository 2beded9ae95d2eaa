// Elementwise primitives: one native tile op each, broadcasting by NumPy's rules, all inputs of one dtype.
import type { DType } from '../../base/dtype.js';
import { isFloat } from '../../base/dtype.js';
import type { VjpCall } from '../../core/op.js';
import { defineOp } from '../../core/op.js';
import type { Spec } from '../../base/shape.js';
import { broadcastShapes, specOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Primitive } from './primitive.js';
import { constant, primitive } from './primitive.js';
import { sumTo } from './broadcast.js';

type Empty = Readonly<Record<string, never>>;
type Unary = Primitive<Empty, (x: Tensor) => Tensor>;
type Binary = Primitive<Empty, (a: Tensor, b: Tensor) => Tensor>;
type Ternary = Primitive<Empty, (a: Tensor, b: Tensor, c: Tensor) => Tensor>;

/** The derivative times `dy`, from the input and the output. */
type UnaryRule = (dy: Tensor, x: Tensor, y: Tensor) => Tensor;
/** Gradients of both inputs, before they are summed to their shapes. */
type BinaryRule = (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => readonly [Tensor | null, Tensor | null];

export function unary(name: string, rule: UnaryRule | null, [low, high]: readonly [number, number] = [-2, 2], dtype?: DType): Unary {
  const op = defineOp(name, {
    infer: ([x]) => [dtype === undefined ? x! : specOf(dtype, x!.shape)],
    vjp: rule && (([dy], { inputs: [x], outputs: [y] }) => [rule(dy!, x!, y!)]),
    lower: { tile: name },
  });
  return primitive(op, [{ inputs: [{ shape: [3, 5], low, high }] }], (run) => (x) => run([x]));
}

function sameDType(name: string, inputs: readonly Spec[]): DType {
  const dtype = inputs[0]!.dtype;
  if (inputs.some((spec) => spec.dtype !== dtype))
    throw new TypeError(`${name}: inputs have different dtypes ${inputs.map((s) => s.dtype).join(', ')}`);
  return dtype;
}

export function binary(
  name: string,
  rule: BinaryRule | null,
  domains: readonly (readonly [number, number])[] = [
    [-2, 2],
    [-2, 2],
  ],
  dtype?: DType,
): Binary {
  const op = defineOp(name, {
    infer: (inputs) => {
      const own = sameDType(name, inputs);
      return [specOf(dtype ?? own, broadcastShapes(inputs[0]!.shape, inputs[1]!.shape, name))];
    },
    vjp:
      rule &&
      (([dy], { inputs: [a, b], outputs: [y] }) => {
        const [da, db] = rule(dy!, a!, b!, y!);
        return [da && sumTo(da, a!.shape), db && sumTo(db, b!.shape)];
      }),
    lower: { tile: name },
  });
  const [[low, high], [low2, high2]] = domains as [[number, number], [number, number]];
  const kind = name.startsWith('logical') ? 'bool' : 'float';
  return primitive(
    op,
    [
      {
        inputs: [
          { shape: [3, 5], low, high, kind },
          { shape: [3, 5], low: low2, high: high2, kind },
        ],
      },
      {
        inputs: [
          { shape: [3, 1], low, high, kind },
          { shape: [4, 1, 5], low: low2, high: high2, kind },
        ],
      },
    ],
    (run) => (a, b) => run([a, b]),
  );
}

// Arithmetic.
export const add = binary('add', (dy) => [dy, dy]);
export const subtract = binary('subtract', (dy) => [dy, negative(dy)]);
export const multiply = binary('multiply', (dy, a, b) => [multiply(dy, b), multiply(dy, a)]);
export const divide = binary('divide', (dy, _, b, y) => [divide(dy, b), negative(divide(multiply(dy, y), b))], [[-2, 2], [0.5, 2]]);
export const negative = unary('negative', (dy) => negative(dy));
export const floorDivide = binary('floor_divide', null, [[-2, 2], [0.5, 2]]);
/** Remainder with the sign of the divisor, as in Python. */
export const mod = binary('mod', (dy, a, b) => [dy, negative(multiply(dy, floor(divide(a, b))))], [[0.1, 0.4], [0.5, 0.9]]);
export const power = binary('power', (dy, a, b, y) => {
  // d/da = b·a^(b-1), which is 0 for b = 0 also at a = 0; d/db = log(a)·a^b, which is 0 at a = 0.
  const zero = constant(0, a);
  const one = constant(1, a);
  const da = multiply(dy, multiply(b, power(a, select(equal(b, zero), one, subtract(b, one)))));
  const db = multiply(dy, multiply(log(select(equal(a, zero), one, a)), y));
  return [da, db];
}, [[0.2, 2], [-2, 2]]);

/** Shares of the gradient of `maximum` and `minimum`: all to the winner, half to each where they are equal, as in JAX. */
const winner = (wins: (a: Tensor, b: Tensor) => Tensor): BinaryRule => (dy, a, b) => {
  const half = multiply(dy, constant(0.5, dy));
  const zero = constant(0, dy);
  const tie = select(equal(a, b), half, zero);
  return [select(wins(a, b), dy, tie), select(wins(b, a), dy, tie)];
};
export const maximum = binary('maximum', winner((a, b) => greater(a, b)));
export const minimum = binary('minimum', winner((a, b) => less(a, b)));
/** The positive part; its derivative at 0 is 0. */
export const relu = unary('relu', (dy, x) => select(greater(x, constant(0, x)), dy, constant(0, dy)));
export const absolute = unary('absolute', (dy, x) => multiply(dy, sign(x)), [0.2, 2]);
export const sign = unary('sign', (dy) => multiply(dy, constant(0, dy)), [0.2, 2]);

// Rounding: constant between the steps.
const flat: UnaryRule = (dy) => multiply(dy, constant(0, dy));
export const floor = unary('floor', flat, [0.1, 0.9]);
export const ceil = unary('ceil', flat, [0.1, 0.9]);
/** To the nearest whole number, halves to even. */
export const round = unary('round', flat, [0.6, 0.9]);
export const trunc = unary('trunc', flat, [0.1, 0.9]);

// Powers, exponentials and logarithms.
export const square = unary('square', (dy, x) => multiply(dy, multiply(constant(2, x), x)));
export const sqrt = unary('sqrt', (dy, _, y) => divide(multiply(dy, constant(0.5, y)), y), [0.2, 2]);
export const rsqrt = unary('rsqrt', (dy, x, y) => multiply(dy, divide(multiply(constant(-0.5, y), y), x)), [0.2, 2]);
export const reciprocal = unary('reciprocal', (dy, _, y) => negative(multiply(dy, square(y))), [0.5, 2]);
export const exp = unary('exp', (dy, _, y) => multiply(dy, y));
export const exp2 = unary('exp2', (dy, _, y) => multiply(dy, multiply(constant(Math.LN2, y), y)));
export const expm1 = unary('expm1', (dy, _, y) => multiply(dy, add(y, constant(1, y))));
export const log = unary('log', (dy, x) => divide(dy, x), [0.2, 2]);
export const log1p = unary('log1p', (dy, x) => divide(dy, add(x, constant(1, x))), [-0.5, 2]);
export const log2 = unary('log2', (dy, x) => divide(dy, multiply(x, constant(Math.LN2, x))), [0.2, 2]);
export const log10 = unary('log10', (dy, x) => divide(dy, multiply(x, constant(Math.LN10, x))), [0.2, 2]);

// Trigonometric and hyperbolic functions.
const one = (x: Tensor) => constant(1, x);
export const sin = unary('sin', (dy, x) => multiply(dy, cos(x)));
export const cos = unary('cos', (dy, x) => negative(multiply(dy, sin(x))));
export const tan = unary('tan', (dy, _, y) => multiply(dy, add(one(y), square(y))), [-1, 1]);
export const asin = unary('asin', (dy, x) => divide(dy, sqrt(subtract(one(x), square(x)))), [-0.8, 0.8]);
export const acos = unary('acos', (dy, x) => negative(divide(dy, sqrt(subtract(one(x), square(x))))), [-0.8, 0.8]);
export const atan = unary('atan', (dy, x) => divide(dy, add(one(x), square(x))));
export const atan2 = binary('atan2', (dy, a, b) => {
  const norm = add(square(a), square(b));
  return [divide(multiply(dy, b), norm), negative(divide(multiply(dy, a), norm))];
}, [[0.5, 2], [0.5, 2]]);
/** `sqrt(a² + b²)` without overflow; its derivatives at (0, 0) are 0. */
export const hypot = binary('hypot', (dy, a, b, y) => {
  const safe = select(equal(y, constant(0, y)), one(y), y);
  return [multiply(dy, divide(a, safe)), multiply(dy, divide(b, safe))];
}, [[0.5, 2], [-2, 2]]);
/** The float after `a` in the direction of `b`. */
export const nextafter = binary('nextafter', null);
export const sinh = unary('sinh', (dy, x) => multiply(dy, cosh(x)));
export const cosh = unary('cosh', (dy, x) => multiply(dy, sinh(x)));
export const tanh = unary('tanh', (dy, _, y) => multiply(dy, subtract(one(y), square(y))));
export const asinh = unary('asinh', (dy, x) => divide(dy, sqrt(add(square(x), one(x)))));
export const acosh = unary('acosh', (dy, x) => divide(dy, sqrt(subtract(square(x), one(x)))), [1.2, 3]);
export const atanh = unary('atanh', (dy, x) => divide(dy, subtract(one(x), square(x))), [-0.8, 0.8]);

// Functions of statistics and neural networks.
export const sigmoid = unary('sigmoid', (dy, _, y) => multiply(dy, multiply(y, subtract(one(y), y))));
export const erf = unary('erf', (dy, x) => multiply(dy, multiply(constant(2 / Math.sqrt(Math.PI), x), exp(negative(square(x))))));
export const erfc = unary('erfc', (dy, x) => multiply(dy, multiply(constant(-2 / Math.sqrt(Math.PI), x), exp(negative(square(x))))));
export const erfinv = unary(
  'erfinv',
  (dy, _, y) => multiply(dy, multiply(constant(Math.sqrt(Math.PI) / 2, y), exp(square(y)))),
  [-0.8, 0.8],
);
/** The modified Bessel function of the first kind of order 0. */
export const i0 = unary('i0', (dy, x) => multiply(dy, i1(x)));
/** The modified Bessel function of the first kind of order 1; `i1(x) / x` is 1/2 at 0. */
export const i1 = unary('i1', (dy, x, y) => {
  const zero = equal(x, constant(0, x));
  const ratio = select(zero, constant(0.5, x), divide(y, select(zero, one(x), x)));
  return multiply(dy, subtract(i0(x), ratio));
}, [0.5, 3]);

// Tests of floats.
export const isnan = unary('isnan', null, [-2, 2], 'bool');
export const isinf = unary('isinf', null, [-2, 2], 'bool');
export const isfinite = unary('isfinite', null, [-2, 2], 'bool');

// Comparison.
const comparison = (name: string) => binary(name, null, undefined, 'bool');
export const equal = comparison('equal');
export const notEqual = comparison('not_equal');
export const less = comparison('less');
export const lessEqual = comparison('less_equal');
export const greater = comparison('greater');
export const greaterEqual = comparison('greater_equal');

// Logic on bools.
export const logicalAnd = binary('logical_and', null);
export const logicalOr = binary('logical_or', null);
export const logicalXor = binary('logical_xor', null);
const notOp = defineOp('logical_not', { infer: ([x]) => [x!], vjp: null, lower: { tile: 'logical_not' } });
export const logicalNot: Unary = primitive(notOp, [{ inputs: [{ shape: [3, 5], kind: 'bool' }] }], (run) => (x) => run([x]));

const ternaryShape = (name: string, inputs: readonly Spec[]) =>
  broadcastShapes(broadcastShapes(inputs[0]!.shape, inputs[1]!.shape, name), inputs[2]!.shape, name);

const selectOp = defineOp('select', {
  infer: (inputs) => {
    if (inputs[0]!.dtype !== 'bool') throw new TypeError(`select: the condition must be bool, received ${inputs[0]!.dtype}`);
    return [specOf(sameDType('select', inputs.slice(1)), ternaryShape('select', inputs))];
  },
  vjp: ([dy], { inputs: [condition, a, b] }: VjpCall<Empty>) => {
    if (!isFloat(a!.dtype)) return [null, null, null];
    const zero = constant(0, dy!);
    return [null, sumTo(select(condition!, dy!, zero), a!.shape), sumTo(select(condition!, zero, dy!), b!.shape)];
  },
  lower: { tile: 'select', key: ({ outputs: [y] }) => y!.dtype },
});
/** `a` where the condition holds, `b` elsewhere. */
export const select: Ternary = primitive(selectOp, [
  { inputs: [{ shape: [3, 5], kind: 'bool' }, { shape: [3, 1] }, { shape: [5] }] },
], (run) => (condition, a, b) => run([condition, a, b]));

const clipOp = defineOp('clip', {
  infer: (inputs) => [specOf(sameDType('clip', inputs), ternaryShape('clip', inputs))],
  vjp: ([dy], { inputs: [x, low, high] }: VjpCall<Empty>) => {
    const zero = constant(0, dy!);
    const below = less(x!, low!);
    const above = greater(x!, high!);
    return [
      sumTo(select(logicalOr(below, above), zero, dy!), x!.shape),
      sumTo(select(below, dy!, zero), low!.shape),
      sumTo(select(above, dy!, zero), high!.shape),
    ];
  },
  lower: { tile: 'clip' },
});
/** `x` brought into the bounds. */
export const clip: Ternary = primitive(clipOp, [
  { inputs: [{ shape: [3, 5] }, { shape: [], low: -1, high: -0.9 }, { shape: [5], low: 0.9, high: 1 }] },
], (run) => (x, low, high) => run([x, low, high]));

// Bits of integers.
const bits = (name: string) => {
  const op = defineOp(name, {
    infer: (inputs) => [specOf(sameDType(name, inputs), broadcastShapes(inputs[0]!.shape, inputs[1]!.shape, name))],
    vjp: null,
    lower: { tile: name },
  });
  const index = { shape: [3, 5], kind: 'index', high: 8 } as const;
  return primitive(op, [{ inputs: [index, index] }], (run): ((a: Tensor, b: Tensor) => Tensor) => (a, b) => run([a, b]));
};
export const bitwiseAnd = bits('bitwise_and');
export const bitwiseOr = bits('bitwise_or');
export const bitwiseXor = bits('bitwise_xor');
export const leftShift = bits('left_shift');
export const rightShift = bits('right_shift');
/** The greatest common divisor. */
export const gcd = bits('gcd');
const bitwiseNotOp = defineOp('bitwise_not', { infer: ([x]) => [x!], vjp: null, lower: { tile: 'bitwise_not' } });
export const bitwiseNot: Unary = primitive(
  bitwiseNotOp,
  [{ inputs: [{ shape: [3, 5], kind: 'index', high: 8 }] }],
  (run) => (x) => run([x]),
);
