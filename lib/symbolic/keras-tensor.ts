// KerasTensor: the symbol that functional models are built of. Sizes may be unknown; it remembers the call that made it.
import type { DType, DTypeLike } from '../base/dtype.js';
import { standardizeDType } from '../base/dtype.js';
import { checkDepth } from '../base/arrays.js';
import { checkSymbolicShape, isShape, showShape, type Spec, specOf, type SymbolicShape } from '../base/shape.js';
import { withoutTapes } from '../core/tape.js';
import { Tensor } from '../core/tensor.js';
import { forShapes, isStandIn, isTracedForShapes, trace } from '../core/trace.js';
import { type Flat, flatten, isPlainObject, mapStructure } from '../base/tree.js';
import { uniqueName } from '../base/names.js';
import type { Operation } from './operation.js';
import { type Sizes, SMALLEST_STAND_IN, type Trial, trialsOf } from './unknown-sizes.js';
import { Variable } from '../core/variable.js';

/** One symbolic call: the operation, its arguments (with symbols in them) and what it returned. */
export interface OperationCall {
  readonly operation: Operation;
  /** The arguments as they were given; an object after the first argument has the options. */
  readonly args: readonly unknown[];
  /** The symbols among the arguments. */
  readonly inputs: readonly KerasTensor[];
  readonly outputs: readonly KerasTensor[];
  /** Its number among the symbolic calls of the operation. */
  readonly index: number;
  /** Options that Keras writes into configs with those given: the defaults of its `call`. */
  readonly recorded: Readonly<Record<string, unknown>>;
}

/** The dtype of a symbol: as of a tensor, or `'string'` for values of the host. */
export const standardizeSymbolDType = (dtype: DTypeLike | 'string' | null): DType =>
  (dtype === 'string' ? (dtype as string as DType) : standardizeDType(dtype));

/** Options of a `KerasTensor`. */
export interface KerasTensorOptions {
  /** Element type. Default float32. */
  dtype?: DTypeLike | 'string' | null | undefined;
  /** Default: `keras_tensor` with a number. */
  name?: string | null;
}

/**
 * A tensor of a functional model that is being built: `keras.Input` makes one, and calling layers and ops on it gives others.
 * It has a shape, in which `null` stands for a size that only data tells, and a dtype, but no values.
 */
export class KerasTensor {
  readonly shape: SymbolicShape;
  readonly dtype: DType;
  readonly name: string;
  /** @internal The call that made it, and which of its outputs it is; null for one that was not made by a call. */
  history: { readonly call: OperationCall; readonly index: number } | null = null;

  /** The dtype may also stand in the options; it defaults to float32. */
  constructor(shape: SymbolicShape, dtype?: DTypeLike | 'string' | null | KerasTensorOptions, options?: KerasTensorOptions) {
    const given = isPlainObject(dtype) ? dtype : { dtype, ...options };
    checkSymbolicShape(shape, 'KerasTensor');
    this.shape = Object.freeze([...shape]);
    this.dtype = standardizeSymbolDType((given.dtype ?? 'float32') as DTypeLike | 'string');
    this.name = (given.name as string | null | undefined) ?? uniqueName('keras_tensor');
  }
  /** Number of axes. */
  get ndim(): number {
    return this.shape.length;
  }
}

/** True for a structure with a symbol in it. */
export const isSymbolic = (value: unknown): boolean => holdsSymbol(value, 0);
function holdsSymbol(value: unknown, depth: number): boolean {
  if (value instanceof KerasTensor) return true;
  const entries = Array.isArray(value) ? (value as unknown[]) : isPlainObject(value) ? Object.values(value) : null;
  if (entries === null) return false;
  checkDepth('arguments', depth);
  return entries.some((entry) => holdsSymbol(entry, depth + 1));
}

/** Shapes as they are known: sizes that stand for unknown ones while shapes are computed are null again. */
export function knownShapes(shapes: unknown): unknown {
  if (!isTracedForShapes()) return shapes;
  return mapStructure(
    (leaf) => (isShape(leaf) ? (leaf as SymbolicShape).map((d) => (d !== null && isStandIn(d) ? null : d)) : leaf),
    shapes,
    isShape,
  );
}

/** What `fn` returns, flat, when it is traced with these shapes in the place of the symbols. */
function traceWith(fn: (args: readonly unknown[]) => unknown, flat: Flat<unknown>, specs: readonly Spec[], sizes: Sizes): Flat<unknown> {
  const call = (...tensors: Tensor[]) => {
    let next = 0;
    return fn(flat.pack(flat.leaves.map((leaf) => (leaf instanceof KerasTensor ? tensors[next++] : leaf))) as readonly unknown[]);
  };
  const large = new Set(sizes.filter((size) => size > SMALLEST_STAND_IN));
  return flatten(forShapes(large, () => withoutTapes(() => trace(specs, call, () => []))).returned);
}

/** An error in terms of the symbols: the sizes that stand for unknown ones are none that the user knows. */
function withoutStandIns(error: unknown, symbols: readonly KerasTensor[], sizes: Sizes): unknown {
  if (!(error instanceof Error)) return error;
  const shapes = error.message.replace(/\(([^()]*)\)/g, (text: string) =>
    text.replace(new RegExp(`\\b(${sizes.join('|')})\\b`, 'g'), 'None'),
  );
  error.message = symbols.every(({ shape }) => shapes.includes(showShape(shape)))
    ? shapes
    : `${shapes}; called on symbols of shape ${symbols.map(({ shape }) => showShape(shape)).join(', ')}`;
  return error;
}

const isTensor = (leaf: unknown): leaf is Tensor | Variable => leaf instanceof Tensor || leaf instanceof Variable;
/** What must not depend on unknown sizes: the structure, and the ranks and dtypes of tensors. */
const formOf = ({ key, leaves }: Flat<unknown>): string =>
  `${key} ${leaves.map((leaf) => (isTensor(leaf) ? `${leaf.dtype}${leaf.shape.length}` : typeof leaf)).join()}`;

/**
 * The trials whose results have the form of the first. @throws when others differ that are not of single elements (which may be squeezed).
 */
function ofOneForm(trials: readonly Trial<Flat<unknown>>[], symbols: readonly KerasTensor[]): Flat<unknown>[] {
  const form = formOf(trials[0]!.result);
  const [alike, others] = [trials.filter(({ result }) => formOf(result) === form), trials.filter(({ result }) => formOf(result) !== form)];
  if (others.length > 0 && (alike.length < 2 || others.some(({ sizes }) => !sizes.includes(1)))) {
    throw new RangeError(
      `what is returned for symbols of shape ${symbols.map(({ shape }) => showShape(shape)).join(', ')} has another structure for ` +
        `each unknown size`,
    );
  }
  return alike.map(({ result }) => result);
}

/** The results of tracing `fn` with sizes in the place of unknown ones. */
function resultsOf(fn: (args: readonly unknown[]) => unknown, flat: Flat<unknown>): Flat<unknown>[] {
  const symbols = flat.leaves.filter((leaf) => leaf instanceof KerasTensor);
  const axes = symbols.flatMap(({ shape }, symbol) =>
    shape.flatMap((d, axis) => (d === null ? [{ symbol, axis, fromEnd: shape.length - 1 - axis }] : [])),
  );
  const run = (sizes: Sizes): Flat<unknown> => {
    let next = 0;
    return traceWith(fn, flat, symbols.map(({ dtype, shape }) => specOf(dtype, shape.map((d) => d ?? sizes[next++]!))), sizes);
  };
  if (symbols.some(({ dtype }) => (dtype as string) === 'string')) {
    throw new TypeError('strings are no tensors; a layer such as StringLookup makes numbers of them');
  }
  if (axes.length === 0) return [run([])];
  const numbers = [...symbols.flatMap(({ shape }) => [...shape]), ...flat.leaves].filter(
    (n): n is number => typeof n === 'number' && Number.isInteger(n),
  );
  const trials = trialsOf(axes, numbers.map(Math.abs), run, (a, b) => formOf(a) === formOf(b));
  if ('error' in trials) throw withoutStandIns(trials.error, symbols, trials.sizes);
  return ofOneForm(trials, symbols);
}

/**
 * What `fn` would return on tensors of the symbols' shapes: the structure that it returns, with a KerasTensor for each tensor.
 * `fn` is traced, not run.
 */
export function computeOutputSpec(fn: (args: readonly unknown[]) => unknown, args: readonly unknown[]): unknown {
  const results = resultsOf(fn, flatten(args));
  const [first] = results;
  const agreed = (of: (result: Flat<unknown>) => unknown): number | null => {
    const value = of(first!);
    return results.every((result) => of(result) === value) ? (value as number) : null;
  };
  return first!.pack(first!.leaves.map((leaf, i) => {
    if (typeof leaf === 'number') return agreed(({ leaves }) => leaves[i]);
    if (!isTensor(leaf)) return leaf;
    return new KerasTensor(leaf.shape.map((_, axis) => agreed(({ leaves }) => (leaves[i] as Tensor).shape[axis])), leaf.dtype);
  }));
}
