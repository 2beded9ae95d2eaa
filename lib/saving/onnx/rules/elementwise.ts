// Elementwise primitives.
import { isFloat, isInteger, type DType } from '../../../base/dtype.js';
import { reshape } from '../../../ops/primitives/shape.js';
import { inverse, type Builder, type View } from '../builder.js';
import { isFixed, type SymbolicValue } from '../symbolic-graph.js';
import { upTo, type Call, type Rule } from './rule.js';

/** The name of an input that broadcasts beside tensors whose axes stand in the order of `perm`. */
function besides(to: Builder, value: SymbolicValue, perm: readonly number[]): string {
  const own = to.view(value);
  const rank = perm.length;
  if (value.shape.length === rank) {
    if (own.perm?.every((axis, i) => axis === perm[i]) === true) return own.name;
    return to.arranged(value, perm);
  }
  if (value.shape.every((size) => isFixed(size) && size[0] === 1)) return own.name;
  const lead = rank - value.shape.length;
  const tensor = to.known(value);
  const back = inverse(perm);
  if (tensor !== null && tensor.shape.filter((d) => d !== 1).length === 1) {
    const shape = back.map((axis) => (axis < lead ? 1 : tensor.shape[axis - lead]!));
    return to.constant(reshape(tensor, shape), own.name);
  }
  const ones = value.shape[0]?.map(() => 1) ?? [1];
  const full = to.node('Reshape', [to.name(value), to.shape([...upTo(lead).map(() => ones), ...value.shape])]);
  return to.settle({ name: full, perm: back });
}

/** Where the inputs of an elementwise call are, in the order of axes that one of them has, and that order. */
export function alongside(call: Call): { names: string[]; perm: readonly number[] | null } {
  const { inputs, to, output } = call;
  const rank = output.shape.length;
  const leading = inputs.find((value) => value.shape.length === rank && to.known(value) === null && to.view(value).perm !== null);
  if (leading === undefined) return { names: call.all, perm: null };
  const perm = to.view(leading).perm!;
  return { names: inputs.map((value) => besides(to, value, perm)), perm };
}
/** A rule that writes the nodes of an elementwise call from the names of its inputs. */
const each =
  (write: (to: Builder, names: readonly string[], dtype: DType, call: Call) => string): Rule =>
  (call): View => {
    const { names, perm } = alongside(call);
    return { name: write(call.to, names, call.dtype(call.inputs.length - 1), call), perm };
  };
const node = (opType: string): Rule => each((to, names) => to.node(opType, names));
/** An operator that takes floats alone; whole numbers stay as they are. */
const ofFloats = (opType: string): Rule =>
  each((to, [x], dtype) => (isFloat(dtype) ? to.node(opType, [x!]) : to.node('Identity', [x!])));
/** `x` times a constant of its dtype. */
const times = (to: Builder, x: string, factor: number, dtype: DType): string => to.node('Mul', [x, to.scalar(factor, dtype)]);

/** exp(x) - 1: by tanh near 0, where the difference would lose all digits. */
function expm1(to: Builder, x: string, dtype: DType): string {
  const half = to.node('Tanh', [times(to, x, 0.5, dtype)]);
  const near = to.node('Div', [times(to, half, 2, dtype), to.node('Sub', [to.scalar(1, dtype), half])]);
  const far = to.node('Sub', [to.node('Exp', [x]), to.scalar(1, dtype)]);
  return to.node('Where', [to.node('Less', [to.node('Abs', [x]), to.scalar(0.5, dtype)]), near, far]);
}
/** log(1 + x), with what rounding 1 + x loses made good (W. Kahan). */
function log1p(to: Builder, x: string, dtype: DType): string {
  const one = to.scalar(1, dtype);
  const sum = to.node('Add', [x, one]);
  const same = to.node('Equal', [sum, one]);
  const less = to.node('Where', [same, one, to.node('Sub', [sum, one])]);
  const scaled = to.node('Mul', [to.node('Log', [sum]), to.node('Div', [x, less])]);
  const infinite = to.node('IsInf', [to.node('Cast', [x], { to: 1 })]);
  return to.node('Where', [same, x, to.node('Where', [infinite, x, scaled])]);
}
/** The remainder with the sign of the divisor. */
function mod(to: Builder, a: string, b: string, dtype: DType): string {
  if (!isFloat(dtype)) return to.node('Mod', [a, b]);
  const rest = to.node('Mod', [a, b], { fmod: 1 });
  const zero = to.scalar(0, dtype);
  const wrong = to.node('Less', [to.node('Mul', [to.node('Sign', [rest]), to.node('Sign', [b])]), zero]);
  return to.node('Where', [wrong, to.node('Add', [rest, b]), rest]);
}
function floorDivide(to: Builder, a: string, b: string, dtype: DType): string {
  if (isFloat(dtype)) return to.node('Floor', [to.node('Div', [a, b])]);
  return to.node('Div', [to.node('Sub', [a, mod(to, a, b, dtype)]), b]);
}
const powerOfTwo = (to: Builder, x: string, dtype: DType): string => to.node('Pow', [to.scalar(2, dtype), x]);
/** The angle of the point (b, a). */
function atan2(to: Builder, a: string, b: string, dtype: DType): string {
  const number = (value: number) => to.scalar(value, dtype);
  const where = (condition: string, yes: string, no: string) => to.node('Where', [condition, yes, no]);
  const below = to.node('Less', [a, number(0)]);
  const onAxis = to.node('Equal', [b, number(0)]);
  const slope = to.node('Atan', [to.node('Div', [a, where(onAxis, number(1), b)])]);
  const turned = where(
    to.node('Less', [b, number(0)]),
    to.node('Add', [slope, where(below, number(-Math.PI), number(Math.PI))]),
    slope,
  );
  const vertical = where(to.node('Equal', [a, number(0)]), number(0), where(below, number(-Math.PI / 2), number(Math.PI / 2)));
  return where(onAxis, vertical, turned);
}
const comparison = (opType: string): Rule =>
  each((to, names, dtype) => to.node(opType, dtype === 'bool' ? names.map((name) => to.node('Cast', [name], { to: 6 })) : names));
const not = (to: Builder, name: string): string => to.node('Not', [name]);
/** Tests that hold for no whole number. */
const special = (write: (to: Builder, x: string) => string, ofWhole: boolean): Rule =>
  each((to, [x], dtype) => {
    const test = isFloat(dtype) ? write(to, dtype === 'float32' ? x! : to.node('Cast', [x!], { to: 1 })) : null;
    return test ?? to.node('Equal', [x!, x!].map((name, i) => (i === 1 && !ofWhole ? to.node('Add', [name, to.scalar(1, dtype)]) : name)));
  });

/** Rules by the names of primitives. */
export const elementwise: Readonly<Record<string, Rule>> = {
  add: node('Add'),
  subtract: node('Sub'),
  multiply: node('Mul'),
  divide: node('Div'),
  negative: node('Neg'),
  floor_divide: each((to, [a, b], dtype) => floorDivide(to, a!, b!, dtype)),
  mod: each((to, [a, b], dtype) => mod(to, a!, b!, dtype)),
  power: node('Pow'),
  maximum: node('Max'),
  minimum: node('Min'),
  relu: node('Relu'),
  absolute: node('Abs'),
  sign: node('Sign'),
  floor: ofFloats('Floor'),
  ceil: ofFloats('Ceil'),
  round: ofFloats('Round'),
  trunc: each((to, [x], dtype) =>
    isFloat(dtype) ? to.node('Mul', [to.node('Sign', [x!]), to.node('Floor', [to.node('Abs', [x!])])]) : to.node('Identity', [x!])),
  square: each((to, [x]) => to.node('Mul', [x!, x!])),
  sqrt: node('Sqrt'),
  rsqrt: each((to, [x]) => to.node('Reciprocal', [to.node('Sqrt', [x!])])),
  reciprocal: node('Reciprocal'),
  exp: node('Exp'),
  exp2: each((to, [x], dtype) => to.node('Pow', [to.scalar(2, dtype), x!])),
  expm1: each((to, [x], dtype) => expm1(to, x!, dtype)),
  log: node('Log'),
  log1p: each((to, [x], dtype) => log1p(to, x!, dtype)),
  log2: each((to, [x], dtype) => times(to, to.node('Log', [x!]), 1 / Math.LN2, dtype)),
  log10: each((to, [x], dtype) => times(to, to.node('Log', [x!]), 1 / Math.LN10, dtype)),
  sin: node('Sin'),
  cos: node('Cos'),
  tan: node('Tan'),
  asin: node('Asin'),
  acos: node('Acos'),
  atan: node('Atan'),
  atan2: each((to, [a, b], dtype) => atan2(to, a!, b!, dtype)),
  hypot: each((to, [a, b]) => to.node('Sqrt', [to.node('Add', [to.node('Mul', [a!, a!]), to.node('Mul', [b!, b!])])])),
  sinh: node('Sinh'),
  cosh: node('Cosh'),
  tanh: node('Tanh'),
  asinh: node('Asinh'),
  acosh: node('Acosh'),
  atanh: node('Atanh'),
  sigmoid: node('Sigmoid'),
  erf: node('Erf'),
  erfc: each((to, [x], dtype) => to.node('Sub', [to.scalar(1, dtype), to.node('Erf', [x!])])),
  isnan: special((to, x) => to.node('IsNaN', [x]), false),
  isinf: special((to, x) => to.node('IsInf', [x]), false),
  isfinite: special((to, x) => not(to, to.node('Or', [to.node('IsNaN', [x]), to.node('IsInf', [x])])), true),
  equal: node('Equal'),
  not_equal: each((to, names) => not(to, to.node('Equal', names))),
  less: comparison('Less'),
  less_equal: comparison('LessOrEqual'),
  greater: comparison('Greater'),
  greater_equal: comparison('GreaterOrEqual'),
  logical_and: node('And'),
  logical_or: node('Or'),
  logical_xor: node('Xor'),
  logical_not: node('Not'),
  select: node('Where'),
  clip: each((to, [x, low, high], _, { inputs }) =>
    inputs.slice(1).every(({ shape }) => shape.length === 0)
      ? to.node('Clip', [x!, low!, high!])
      : to.node('Min', [to.node('Max', [x!, low!]), high!])),
  bitwise_and: node('BitwiseAnd'),
  bitwise_or: node('BitwiseOr'),
  bitwise_xor: node('BitwiseXor'),
  left_shift: each((to, [a, b], dtype) => to.node('Mul', [a!, powerOfTwo(to, b!, dtype)])),
  right_shift: each((to, [a, b], dtype) => floorDivide(to, a!, powerOfTwo(to, b!, dtype), dtype)),
  bitwise_not: node('BitwiseNot'),
  cast: each((to, [x], _, { output, inputs: [from] }) => {
    // Casts to bool differ among runtimes for floats that are no numbers.
    if (output.dtype === 'bool' && (isFloat(from!.dtype) || isInteger(from!.dtype)))
      return not(to, to.node('Equal', [x!, to.scalar(0, from!.dtype)]));
    return to.cast(x!, output.dtype, from!.dtype);
  }),
};
