// Methods of tensors, variables and symbols: the functions of `keras.ops` whose first argument is a tensor, and what NumPy code uses.
import { setStack } from '../core/convert.js';
import type { DTypeLike } from '../base/dtype.js';
import { KerasTensor } from '../symbolic/keras-tensor.js';
import { showShape } from '../base/shape.js';
import { Tensor } from '../core/tensor.js';
import { currentTrace } from '../core/trace.js';
import { Variable } from '../core/variable.js';
import * as activation from './activation.js';
import { dotProductAttention } from './attention.js';
import { cast, copy, nanToNum, saturateCast, stopGradient, view } from './core.js';
import * as complex from './complex.js';
import * as convolution from './convolution.js';
import { emptyLike, fullLike, onesLike, zerosLike } from './creation.js';
import * as cumulative from './cumulative.js';
import * as diagonal from './diagonal.js';
import { cdist } from './distance.js';
import * as elementwise from './elementwise.js';
import { rfft, stft } from './fourier.js';
import * as indexing from './indexing.js';
import { logdet, slogdet } from './linalg/determinants.js';
import * as linalg from './linalg/index.js';
import * as logic from './logic.js';
import * as normalization from './normalization.js';
import type { ArrayMethods, SequenceMethods, SymbolMethods, TensorMethods } from './method-types.js';
import * as pooling from './pooling.js';
import * as order from './order.js';
import { printValues } from './print.js';
import * as products from './products.js';
import * as rearranging from './rearrange.js';
import * as reduce from './reduce.js';
import * as segments from './segments.js';
import * as sets from './sets.js';
import * as shape from './shape.js';
import { gammainc, i0 } from './special.js';
import * as split from './split.js';
import * as transcendental from './transcendental.js';
import * as unfolding from './unfold.js';
import * as vectors from './vectors.js';

/** Functions of lists, and those whose method is written out below. */
const NOT_METHODS = [
  'concatenate',
  'stack',
  'hstack',
  'vstack',
  'dstack',
  'columnStack',
  'select',
  'scatter',
  'reshape',
  'polar',
  'jvp',
] as const;
type NotMethod = (typeof NOT_METHODS)[number];
const FUNCTIONS = {
  ...activation,
  ...complex,
  ...convolution,
  ...cumulative,
  ...diagonal,
  ...elementwise,
  ...indexing,
  ...linalg,
  ...logic,
  ...normalization,
  ...order,
  ...pooling,
  ...products,
  ...rearranging,
  ...reduce,
  ...segments,
  ...sets,
  ...shape,
  ...split,
  ...transcendental,
  ...unfolding,
  ...vectors,
  cast,
  cdist,
  copy,
  dotProductAttention,
  emptyLike,
  fullLike,
  gammainc,
  i0,
  logdet,
  nanToNum,
  onesLike,
  rfft,
  saturateCast,
  slogdet,
  stft,
  stopGradient,
  view,
  zerosLike,
} satisfies Readonly<Record<Exclude<keyof TensorMethods, NotMethod>, unknown>>;
/** A function without a type among `TensorMethods` is an error here. */
const NAMES: readonly (keyof TensorMethods | NotMethod)[] = Object.keys(FUNCTIONS) as (keyof typeof FUNCTIONS)[];

declare module '../core/tensor.js' {
  interface Tensor extends TensorMethods, ArrayMethods<Tensor>, SequenceMethods {
    /** The values as NumPy prints them. */
    toString(): string;
  }
}
declare module '../symbolic/keras-tensor.js' {
  interface KerasTensor extends SymbolMethods, ArrayMethods<KerasTensor> {}
}
declare module '../core/variable.js' {
  interface Variable extends TensorMethods, ArrayMethods<Tensor>, SequenceMethods {
    /** The values as NumPy prints them. */
    toString(): string;
  }
}

type AnyFunction = (...args: unknown[]) => unknown;
function install(prototype: object, methods: Readonly<Record<string, AnyFunction>>): void {
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
}
const ofTensors: Record<string, AnyFunction> = {
  astype(dtype) {
    return cast(this as never, dtype as DTypeLike);
  },
  at(...index) {
    return indexing.getItem(this as never, (index.length === 1 ? index[0] : index) as number);
  },
  flatten() {
    return shape.reshape(this as never, [-1]);
  },
  reshape(...sizes) {
    return shape.reshape(this as never, (sizes.length === 1 ? sizes[0] : sizes) as number[]);
  },
};
for (const name of NAMES) {
  if ((NOT_METHODS as readonly string[]).includes(name)) continue;
  const call = (FUNCTIONS as unknown as Record<string, AnyFunction>)[name]!;
  ofTensors[name] = function (...args) {
    return call(this, ...args);
  };
}
for (const { prototype } of [Tensor, KerasTensor, Variable]) {
  install(prototype, ofTensors);
  Object.defineProperty(prototype, 'T', { get() { return shape.transpose(this as Tensor); }, configurable: true });
}

/** The size of the first axis. */
function lengthOf(tensor: Tensor | Variable): number {
  const [length] = tensor.shape;
  if (length === undefined) throw new TypeError(`a tensor without axes has no length; item() gives its number`);
  return length;
}
function* entries(this: Tensor): IterableIterator<Tensor> {
  for (let i = 0; i < this.shape[0]!; i++) yield indexing.getItem(this, i);
}
for (const { prototype } of [Tensor, Variable]) {
  Object.defineProperties(prototype, {
    length: { get(this: Tensor) { return lengthOf(this); }, configurable: true },
    toJSON: { value(this: Tensor) { return this.tolist(); }, writable: true, configurable: true },
    // A tensor without axes is no iterable at all, for those that ask first.
    [Symbol.iterator]: { get(this: Tensor) { return this.shape.length === 0 ? undefined : entries; }, configurable: true },
  });
}

const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const heading = ({ shape: sizes, dtype }: { shape: Tensor['shape'] | KerasTensor['shape']; dtype: string }): string =>
  `shape=${showShape(sizes)}, dtype=${dtype}`;
function showTensor(tensor: Tensor): string {
  return tensor.memory === null ? `<Tensor being compiled, ${heading(tensor)}>` : `<Tensor ${heading(tensor)}>\n${printValues(tensor)}`;
}
const valuesOf = (tensor: Tensor): string => (tensor.memory === null ? showTensor(tensor) : printValues(tensor));
Object.defineProperties(Tensor.prototype, {
  [INSPECT]: { value(this: Tensor) { return showTensor(this); } },
  toString: { value(this: Tensor) { return valuesOf(this); } },
});
Object.defineProperties(Variable.prototype, {
  [INSPECT]: { value(this: Variable) { return `<Variable path=${this.path}, ${heading(this)}, value=${valuesOf(this.value)}>`; } },
  toString: { value(this: Variable) { return valuesOf(this.value); } },
});
Object.defineProperty(KerasTensor.prototype, INSPECT, { value(this: KerasTensor) { return this.toString(); } });

/**
 * Operators and comparisons: they see the number that a tensor of one element holds. Others would go on as strings or NaN, and lose the way
 * back for gradients, so they are refused; a template, `${x}`, has the values as NumPy prints them.
 */
function toPrimitive(this: Tensor | Variable | KerasTensor, hint: string): unknown {
  const value = this instanceof KerasTensor ? this : this.valueOf();
  if (value === null || typeof value !== 'object') return hint === 'string' ? String(this.toString()) : value;
  const hasValues = this instanceof Tensor ? this.memory !== null : this instanceof Variable && currentTrace() === null;
  if (hint === 'string') return this.toString();
  const what =
    this instanceof KerasTensor
      ? 'a KerasTensor'
      : hasValues
        ? `a ${this.constructor.name} of shape ${showShape(this.shape)}`
        : `a ${this.constructor.name} that is being compiled`;
  throw new TypeError(
    `JavaScript's operators do not compute with ${what}; use its methods or keras.ops: x.add(y), x.multiply(2), ops.less(x, y)`,
  );
}
for (const { prototype } of [Tensor, KerasTensor, Variable])
  Object.defineProperty(prototype, Symbol.toPrimitive, { value: toPrimitive, configurable: true });
Object.defineProperty(KerasTensor.prototype, 'toString', {
  value(this: KerasTensor) {
    return `<KerasTensor ${heading(this)}, name=${this.name}>`;
  },
});

setStack((parts) => shape.stack(parts));
