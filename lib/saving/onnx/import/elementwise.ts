// ONNX operators that work element by element.
import { isFloat } from '../../../base/dtype.js';
import { castTo } from '../../../core/cast.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as p from '../../../ops/primitives/index.js';
import { isWhole, numberLike, typeNamed, type Operator, type OperatorCall } from './call.js';

const unary = (fn: (x: Tensor) => Tensor): Operator => (call) => fn(call.input(0));
const binary = (fn: (a: Tensor, b: Tensor) => Tensor): Operator => (call) => fn(call.input(0), call.input(1));
const variadic = (fn: (a: Tensor, b: Tensor) => Tensor): Operator => (call) => call.all.reduce((a, b) => fn(a, b));
/** A function of floats that leaves whole numbers as they are. */
const rounding = (fn: (x: Tensor) => Tensor): Operator => unary((x) => (isWhole(x) ? x : fn(x)));

/** Whole numbers are divided towards 0. */
function divide(a: Tensor, b: Tensor): Tensor {
  if (!isWhole(a)) return p.divide(a, b);
  if (a.dtype.startsWith('u')) return p.floorDivide(a, b);
  return p.multiply(p.floorDivide(p.absolute(a), p.absolute(b)), p.multiply(p.sign(a), p.sign(b)));
}
/** The remainder with the sign of the dividend. */
const remainder = (a: Tensor, b: Tensor): Tensor => p.subtract(a, p.multiply(isWhole(a) ? divide(a, b) : p.trunc(p.divide(a, b)), b));
const mod: Operator = (call) => (call.number('fmod', 0) === 1 ? remainder : p.mod)(call.input(0), call.input(1));
const power = binary((a, b) => p.power(a, castTo(b, a.dtype)));

/** Bounds are attributes up to version 10. */
const clip: Operator = (call) => {
  const x = call.input(0);
  const bound = (name: string, i: number): Tensor | null =>
    call.has(name) ? numberLike(call.number(name, 0), x) : call.optional(i);
  const [low, high] = [bound('min', 1), bound('max', 2)];
  const above = low === null ? x : p.maximum(x, p.reshape(low, []));
  return high === null ? above : p.minimum(above, p.reshape(high, []));
};
const alpha = (call: OperatorCall, otherwise: number, name = 'alpha'): number => call.number(name, otherwise);
const scaled = (x: Tensor, factor: number, offset = 0): Tensor => p.add(p.multiply(x, numberLike(factor, x)), numberLike(offset, x));
const between = (x: Tensor, low: number, high: number): Tensor => p.clip(x, numberLike(low, x), numberLike(high, x));
const positive = (x: Tensor, yes: Tensor, no: Tensor): Tensor => p.select(p.greater(x, numberLike(0, x)), yes, no);
const elu = (x: Tensor, factor: number): Tensor => positive(x, x, scaled(p.expm1(p.minimum(x, numberLike(0, x))), factor));

/** Activations that have attributes, as functions of a tensor: recurrent operators name them too. */
const ACTIVATIONS: Readonly<Record<string, (x: Tensor, a: number | null, b: number | null) => Tensor>> = {
  Relu: (x) => p.relu(x),
  Tanh: (x) => p.tanh(x),
  Sigmoid: (x) => p.sigmoid(x),
  Softsign: (x) => ops.softsign(x),
  Softplus: (x) => ops.softplus(x),
  Affine: (x, a, b) => scaled(x, a ?? 1, b ?? 0),
  LeakyRelu: (x, a) => positive(x, x, scaled(x, a ?? 0.01)),
  ThresholdedRelu: (x, a) => p.select(p.greater(x, numberLike(a ?? 1, x)), x, numberLike(0, x)),
  ScaledTanh: (x, a, b) => scaled(p.tanh(scaled(x, b ?? 1)), a ?? 1),
  HardSigmoid: (x, a, b) => between(scaled(x, a ?? 0.2, b ?? 0.5), 0, 1),
  Elu: (x, a) => elu(x, a ?? 1),
};
/** An activation by its name. @throws for one that there is not. */
export function activationOf(name: string, a: number | null = null, b: number | null = null): (x: Tensor) => Tensor {
  const key = Object.keys(ACTIVATIONS).find((known) => known.toLowerCase() === name.toLowerCase());
  if (key === undefined) throw new TypeError(`the activation ${name} is not known`);
  return (x) => ACTIVATIONS[key]!(x, a, b);
}
const activation = (name: string): Operator => (call) =>
  ACTIVATIONS[name]!(
    call.input(0),
    call.has('alpha') ? call.number('alpha', 0) : null,
    call.has('beta') ? call.number('beta', 0) : null,
  );

const selu: Operator = (call) => {
  const [a, gamma] = [alpha(call, 1.6732632423543772), alpha(call, 1.0507009873554805, 'gamma')];
  return scaled(elu(call.input(0), a), gamma);
};
const celu: Operator = (call) => {
  const [x, a] = [call.input(0), alpha(call, 1)];
  return positive(x, x, scaled(p.expm1(scaled(p.minimum(x, numberLike(0, x)), 1 / a)), a));
};
const prelu: Operator = (call) => {
  const [x, slope] = [call.input(0), call.input(1)];
  return positive(x, x, p.multiply(x, slope));
};
const gelu: Operator = (call) => ops.gelu(call.input(0), { approximate: call.text('approximate', 'none') === 'tanh' });
const cast: Operator = (call) => castTo(call.input(0), typeNamed(call, 'to'));
const isInf: Operator = (call) => {
  const x = call.input(0);
  const [below, above] = [call.number('detect_negative', 1) === 1, call.number('detect_positive', 1) === 1];
  const sided = p.logicalOr(
    below ? p.equal(x, numberLike(-Infinity, x)) : p.notEqual(x, x),
    above ? p.equal(x, numberLike(Infinity, x)) : p.notEqual(x, x),
  );
  return p.logicalAnd(p.isinf(x), sided);
};
const bitShift: Operator = (call) =>
  (call.text('direction', 'LEFT') === 'LEFT' ? p.leftShift : p.rightShift)(call.input(0), call.input(1));

/** The shape with which scales of quantization stand beside a tensor. */
function alongAxis(call: OperatorCall, t: Tensor): Tensor {
  if (t.size === 1) return p.reshape(t, []);
  const axis = call.axis(1);
  return p.reshape(t, call.input(0).shape.map((_, i) => (i === axis ? t.size : 1)));
}
const dequantize: Operator = (call) => {
  const scale = alongAxis(call, call.input(1));
  const zero = call.optional(2);
  const x = castTo(call.input(0), scale.dtype);
  return p.multiply(zero === null ? x : p.subtract(x, alongAxis(call, castTo(zero, scale.dtype))), scale);
};
const quantize: Operator = (call) => {
  const scale = alongAxis(call, call.input(1));
  const zero = call.optional(2);
  const dtype = zero?.dtype ?? 'uint8';
  if (dtype !== 'uint8' && dtype !== 'int8') throw new TypeError(`${call.operator}: expected uint8 or int8, received ${dtype}`);
  const rounded = p.round(p.divide(call.input(0), scale));
  const moved = zero === null ? rounded : p.add(rounded, alongAxis(call, castTo(zero, rounded.dtype)));
  return castTo(dtype === 'uint8' ? between(moved, 0, 255) : between(moved, -128, 127), dtype);
};
/** Same values, also where a tensor is expected whose gradient goes on. */
const same: Operator = (call) => [call.input(0), ...Array.from({ length: call.outputs - 1 }, () => ops.onesLike(call.input(0), { dtype: 'bool' }))];

/** Operators by name. */
export const elementwise: Readonly<Record<string, Operator>> = {
  Add: binary(p.add), Sub: binary(p.subtract), Mul: binary(p.multiply), Div: binary(divide), Pow: power, Mod: mod,
  Max: variadic(p.maximum), Min: variadic(p.minimum), Sum: variadic(p.add),
  Mean: (call) => p.divide(call.all.reduce((a, b) => p.add(a, b)), numberLike(call.all.length, call.input(0))),
  Neg: unary(p.negative), Abs: unary(p.absolute), Sign: unary(p.sign), Reciprocal: unary(p.reciprocal), Sqrt: unary(p.sqrt),
  Exp: unary(p.exp), Log: unary(p.log), Floor: rounding(p.floor), Ceil: rounding(p.ceil), Round: rounding(p.round),
  Sin: unary(p.sin), Cos: unary(p.cos), Tan: unary(p.tan), Asin: unary(p.asin), Acos: unary(p.acos), Atan: unary(p.atan),
  Sinh: unary(p.sinh), Cosh: unary(p.cosh), Asinh: unary(p.asinh), Acosh: unary(p.acosh), Atanh: unary(p.atanh), Erf: unary(p.erf),
  Equal: binary(p.equal), Less: binary(p.less), LessOrEqual: binary(p.lessEqual), Greater: binary(p.greater),
  GreaterOrEqual: binary(p.greaterEqual), And: binary(p.logicalAnd), Or: binary(p.logicalOr), Xor: binary(p.logicalXor),
  Not: unary(p.logicalNot), Where: (call) => p.select(call.input(0), call.input(1), call.input(2)),
  BitwiseAnd: binary(p.bitwiseAnd), BitwiseOr: binary(p.bitwiseOr), BitwiseXor: binary(p.bitwiseXor), BitwiseNot: unary(p.bitwiseNot),
  BitShift: bitShift,
  IsNaN: unary((x) => (isFloat(x.dtype) ? p.isnan(x) : p.notEqual(x, x))), IsInf: isInf,
  ...Object.fromEntries(Object.keys(ACTIVATIONS).map((name) => [name, activation(name)])),
  Selu: selu, Celu: celu, PRelu: prelu, Gelu: gelu, Clip: clip,
  HardSwish: unary((x) => p.multiply(x, between(scaled(x, 1 / 6, 0.5), 0, 1))),
  Swish: (call) => p.multiply(call.input(0), p.sigmoid(scaled(call.input(0), alpha(call, 1)))),
  Mish: unary((x) => p.multiply(x, p.tanh(ops.softplus(x)))),
  Shrink: (call) => {
    const [x, bias, lambda] = [call.input(0), call.number('bias', 0), call.number('lambd', 0.5)];
    const small = p.select(p.less(x, numberLike(-lambda, x)), scaled(x, 1, bias), numberLike(0, x));
    return p.select(p.greater(x, numberLike(lambda, x)), scaled(x, 1, -bias), small);
  },
  Cast: cast, CastLike: (call) => castTo(call.input(0), call.input(1).dtype),
  DequantizeLinear: dequantize, QuantizeLinear: quantize,
  Identity: same, Dropout: same,
};
