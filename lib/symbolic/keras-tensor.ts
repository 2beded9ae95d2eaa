// KerasTensor: the symbol that functional models are built of. Sizes may be unknown; it remembers the call that made it.
import type { DType, DTypeLike } from '../base/dtype.js';
import { standardizeDType } from '../base/dtype.js';
import { showShape, specOf, type SymbolicShape } from '../base/shape.js';
import { withoutTapes } from '../core/tape.js';
import { Tensor } from '../core/tensor.js';
import { forShapes, trace } from '../core/trace.js';
import { flatten, isPlainObject } from '../base/tree.js';
import { uniqueName } from '../base/names.js';
import type { Operation } from './operation.js';
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

/** Options of a `KerasTensor`. */
export interface KerasTensorOptions {
  /** Element type. Default float32. */
  dtype?: DTypeLike | null | undefined;
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
  constructor(shape: SymbolicShape, dtype?: DTypeLike | null | KerasTensorOptions, options?: KerasTensorOptions) {
    const given = isPlainObject(dtype) ? dtype : { dtype, ...options };
    this.shape = Object.freeze([...shape]);
    this.dtype = standardizeDType((given.dtype ?? 'float32') as DTypeLike);
    this.name = (given.name as string | null | undefined) ?? uniqueName('keras_tensor');
  }
  /** Number of axes. */
  get ndim(): number {
    return this.shape.length;
  }
}

/** True for a structure with a symbol in it. */
export const isSymbolic = (value: unknown): boolean =>
  value instanceof KerasTensor || (Array.isArray(value) ? value.some(isSymbolic) : isPlainObject(value) && Object.values(value).some(isSymbolic));

// Sizes that stand for unknown ones while shapes are computed: two runs with different sizes tell which outputs depend on them.
// They have many divisors, so that they can be cut into blocks, are larger than windows, and differ by more than their strides. Where an op wants smaller ones
// (padding to a size), others follow.
const STAND_INS = [[5040, 7560], [240, 420], [12, 18], [2, 4]] as const;

function specsWith(fn: (args: readonly unknown[]) => unknown, args: readonly unknown[], size: number) {
  const flat = flatten(args);
  const symbols = flat.leaves.filter((leaf) => leaf instanceof KerasTensor);
  const specs = symbols.map((symbol) => specOf(symbol.dtype, symbol.shape.map((d) => d ?? size)));
  const call = (...tensors: Tensor[]) => {
    let next = 0;
    return fn(flat.pack(flat.leaves.map((leaf) => (leaf instanceof KerasTensor ? tensors[next++] : leaf))) as readonly unknown[]);
  };
  try {
    const { returned } = forShapes(true, () => withoutTapes(() => trace(specs, call, () => [])));
    return flatten(returned);
  } catch (error) {
    throw symbols.some(({ shape }) => shape.includes(null)) ? withoutStandIns(error, symbols, size) : error;
  }
}

type Specs = [ReturnType<typeof specsWith>, ReturnType<typeof specsWith>];
/** What `fn` returns with two sizes in the place of the unknown ones: the first that fit. Throws what the first ones gave if none do. */
function specsOfBoth(fn: (args: readonly unknown[]) => unknown, args: readonly unknown[]): Specs {
  let failure: { readonly error: unknown } | null = null;
  for (const sizes of STAND_INS) {
    try {
      return sizes.map((size) => specsWith(fn, args, size)) as Specs;
    } catch (error) {
      failure ??= { error };
    }
  }
  throw failure!.error;
}

/** An error in terms of the symbols: the sizes that stand for unknown ones are none that the user knows. */
function withoutStandIns(error: unknown, symbols: readonly KerasTensor[], size: number): unknown {
  if (!(error instanceof Error)) return error;
  const shapes = error.message.replace(/\(([^()]*)\)/g, (text: string) => text.replace(new RegExp(`\\b${size}\\b`, 'g'), 'None'));
  error.message = symbols.every(({ shape }) => shapes.includes(showShape(shape))) ? shapes : `${shapes}; called on symbols of shape ${symbols.map(({ shape }) => showShape(shape)).join(', ')}`;
  return error;
}

/**
 * What `fn` would return on tensors of the symbols' shapes: the structure that it returns, with a KerasTensor for each tensor.
 * `fn` is traced, not run.
 */
export function computeOutputSpec(fn: (args: readonly unknown[]) => unknown, args: readonly unknown[]): unknown {
  const unknown = flatten(args).leaves.some((leaf) => leaf instanceof KerasTensor && leaf.shape.includes(null));
  const [first, second] = unknown ? specsOfBoth(fn, args) : new Array<Specs[0]>(2).fill(specsWith(fn, args, 0)) as Specs;
  const leaves = first.leaves.map((leaf, i) => {
    if (!(leaf instanceof Tensor || leaf instanceof Variable)) return leaf;
    const other = second.leaves[i] as Tensor;
    return new KerasTensor(leaf.shape.map((d, axis) => (other.shape[axis] === d ? d : null)), leaf.dtype);
  });
  return first.pack(leaves);
}
