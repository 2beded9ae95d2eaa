// What all functions of `keras.ops` share: they work on symbols, they check their options, and they bring inputs to one dtype.
import type { TensorLike } from '../core/convert.js';
import { scalarTensor, toTensor } from '../core/convert.js';
import type { DType, DTypeLike, WeakDType } from '../base/dtype.js';
import { floatType, isComplex, isFloat, isHalf, resultType, standardizeDType } from '../base/dtype.js';
import { inUsersTerms } from '../base/engine-errors.js';
import { checkOptions, show } from '../base/errors.js';
import { withoutHoles } from '../base/arrays.js';
import { isSymbolic, KerasTensor } from '../symbolic/keras-tensor.js';
import { Tensor } from '../core/tensor.js';
import { castTo } from '../core/cast.js';
import { isPlainObject } from '../base/tree.js';
import { Variable } from '../core/variable.js';
import { COMPLEX_OPS } from './complex-support.js';
import { nameFunction, PublicOperation } from './public-operation.js';

/** What a parameter accepts when the op is called on symbols: a KerasTensor wherever a tensor may stand. */
export type OrSymbol<T> = [Extract<T, Tensor>] extends [never]
  ? (T extends readonly (infer E)[] ? ([Extract<E, Tensor>] extends [never] ? T : readonly (E | KerasTensor)[]) : T)
  : T | KerasTensor;
/** What stands for an entry of an array of results. */
type SymbolOfEntry<R> = R extends Tensor ? KerasTensor : R extends readonly Tensor[] ? { [K in keyof R]: KerasTensor } : R;
/** What an op returns on symbols: a KerasTensor in the place of each tensor, in arrays of arrays at the most. */
export type SymbolOf<R> = R extends Tensor ? KerasTensor : R extends readonly unknown[] ? { [K in keyof R]: SymbolOfEntry<R[K]> } : R;
/** The signatures of a public op: on tensors, and on symbols. */
export type PublicOp<F> = F extends (...args: infer A) => infer R ? F & ((...args: { [K in keyof A]: OrSymbol<A[K]> }) => SymbolOf<R>) : F;

const symbolicArgument = (arg: unknown): boolean =>
  typeof arg === 'object' && arg !== null && !(arg instanceof Tensor) && !(arg instanceof Variable) && !ArrayBuffer.isView(arg) &&
  (arg instanceof KerasTensor || isSymbolic(arg));

/** Throws when an argument is complex and the op is defined for real numbers only. */
function checkReal(name: string, args: readonly unknown[]): void {
  for (const arg of args) {
    if (Array.isArray(arg)) checkReal(name, arg);
    else if ((arg instanceof Tensor || arg instanceof KerasTensor || arg instanceof Variable) && isComplex(arg.dtype))
      throw new TypeError(`${name} is not defined for ${arg.dtype}`);
  }
}

function checkOptionsArgument(name: string, value: unknown, known: readonly string[]): void {
  if (value === undefined) return;
  if (isPlainObject(value)) checkOptions(name, value, known);
  else if (known.length === 0) throw new TypeError(`${name}: too many arguments, received ${show(value)}`);
  else throw new TypeError(`${name}: options are given as an object, { ${known.join(', ')} }, received ${show(value)}`);
}

/** An argument, and the options in it, with arrays without holes. */
function readArgument(name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return withoutHoles(name, value);
  if (value instanceof Variable || value instanceof KerasTensor || !isPlainObject(value)) return value;
  let read: Record<string, unknown> | null = null;
  for (const key of Object.keys(value)) {
    const entry = value[key];
    const dense = withoutHoles(name, entry);
    if (dense !== entry) (read ??= { ...value })[key] = dense;
  }
  return read ?? value;
}

/**
 * Makes a function of tensors a public op: on a `KerasTensor` it gives a symbol and becomes a node of the functional model.
 * `name` is the op's name in `keras.ops`, `options` are the names that its options object may have; the object comes after the
 * parameters without a default. `options: null` leaves all checks to `fn`.
 */
export function publicOp<F extends (...args: never[]) => unknown>(
  name: string,
  fn: F,
  options: readonly string[] | null = [],
): PublicOp<F> {
  nameFunction(name, fn);
  const at = options === null ? Infinity : fn.length;
  const takesComplex = COMPLEX_OPS.has(name);
  const wrapped = (...args: unknown[]): unknown => {
    for (let i = 0; i < args.length; i++) if (!(args[i] instanceof Tensor)) args[i] = readArgument(name, args[i]);
    if (!takesComplex) checkReal(name, args);
    if (args.length > at) checkOptionsArgument(name, args[at], options!);
    for (const arg of args) if (symbolicArgument(arg)) return new PublicOperation(name, fn).symbolicCall(...args);
    try {
      return fn(...(args as never[]));
    } catch (error) {
      throw inUsersTerms(name, args, error);
    }
  };
  Object.defineProperty(wrapped, 'name', { value: name });
  return wrapped as unknown as PublicOp<F>;
}

/** An optional parameter that may stand by position or, by its name, in an options object in its place. */
export function positionalOrNamed<T>(where: string, value: T | { readonly [name: string]: T } | undefined, name: string): T | undefined {
  if (!isPlainObject(value)) return value;
  checkOptions(where, value, [name]);
  return value[name];
}

/** A number is weakly typed: it bends to the tensor beside it. */
const weakDType = (value: TensorLike): WeakDType | null =>
  typeof value === 'number' ? (Number.isInteger(value) ? 'int' : 'float') : null;
/** True when a tensor of this dtype stays what it is beside a number: the common cases, told without a look at the lattice. */
const keepsDType = (dtype: DType, value: number): boolean =>
  isFloat(dtype) || (Number.isInteger(value) && dtype !== 'bool' && dtype !== 'uint64');

/**
 * The inputs as tensors of one dtype by Keras's promotion; a bare number takes the dtype of the tensor beside it. `as` maps the
 * common dtype to the one to use (`floatType` for functions that leave the integers).
 */
export function promote(where: string, values: readonly TensorLike[], as: (dtype: DType) => DType = (dtype) => dtype): Tensor[] {
  const [x, y] = values;
  if (values.length === 2) {
    if (x instanceof Tensor && y instanceof Tensor && x.dtype === y.dtype && as(x.dtype) === x.dtype && x.dtype !== 'uint64') return [x, y];
    if (x instanceof Tensor && typeof y === 'number' && keepsDType(x.dtype, y) && as(x.dtype) === x.dtype)
      return [x, scalarTensor(y, x.dtype)];
    if (typeof x === 'number' && y instanceof Tensor && keepsDType(y.dtype, x) && as(y.dtype) === y.dtype)
      return [scalarTensor(x, y.dtype), y];
  }
  const tensors = values.map((value) => (weakDType(value) === null ? toTensor(value, null, where) : null));
  const dtype = as(resultType(...values.map((value, i) => tensors[i]?.dtype ?? weakDType(value)!)));
  return values.map((value, i) => (tensors[i] === null ? scalarTensor(value as number, dtype) : castTo(tensors[i]!, dtype)));
}

/** The float dtype of functions that keep the precision of 64-bit integers. */
export const wideFloat = (dtype: DType): DType => (dtype === 'int64' || dtype === 'uint64' ? 'float64' : floatType(dtype));

/** One input as a tensor of a float dtype: integers and bools become `floatx`, floats keep theirs. */
export function toFloat(where: string, value: TensorLike): Tensor {
  const tensor = toTensor(value, null, where);
  return castTo(tensor, floatType(tensor.dtype));
}

/** Calls `fn` with `x` widened to float32 where it is a 16-bit float, and rounds the result back: most kernels have no 16-bit form. */
export const widened = (x: Tensor, fn: (x: Tensor) => Tensor): Tensor =>
  isHalf(x.dtype) ? castTo(fn(castTo(x, 'float32')), x.dtype) : fn(x);

/** A dtype option: null and undefined mean that none is asked for. */
export const optionalDType = (dtype: DTypeLike | null | undefined): DType | null =>
  dtype === undefined || dtype === null ? null : standardizeDType(dtype);
/** Options of functions whose only option is the dtype. */
export interface DTypeOptions {
  /** Element type of the result. */
  dtype?: DTypeLike | null;
}

type Binary = PublicOp<(x1: TensorLike, x2: TensorLike) => Tensor>;
type Unary = PublicOp<(x: TensorLike) => Tensor>;

/** An op of two inputs that are promoted to one dtype; `as` maps that dtype to the one to compute in. */
export const binary = (name: string, fn: (a: Tensor, b: Tensor) => Tensor, as?: (dtype: DType) => DType): Binary =>
  publicOp(name, (x1: TensorLike, x2: TensorLike): Tensor => {
    const [a, b] = promote(name, [x1, x2], as);
    return fn(a!, b!);
  });
/** An op of one input that keeps its dtype. */
export const unary = (name: string, fn: (x: Tensor) => Tensor): Unary =>
  publicOp(name, (x: TensorLike): Tensor => fn(toTensor(x, null, name)));
/** An op of one input that is made a float first. */
export const floatUnary = (name: string, fn: (x: Tensor) => Tensor): Unary =>
  publicOp(name, (x: TensorLike): Tensor => fn(toFloat(name, x)));
