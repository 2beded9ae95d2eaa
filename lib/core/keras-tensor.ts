// KerasTensor: the symbol that functional models are built of. Sizes may be unknown; it remembers the call that made it.
import type { DType } from './dtype.js';
import { specOf, type SymbolicShape } from './shape.js';
import { withoutTapes } from './tape.js';
import { Tensor } from './tensor.js';
import { trace } from './trace.js';
import { flatten } from './tree.js';
import { uniqueName } from './names.js';
import { Variable } from './variable.js';

/** What a functional model can call again on data: a layer, or an op of `keras.ops`. */
export interface Operation {
  readonly name: string;
  /** @internal Calls with tensors in the places where there were symbols. */
  replay(args: readonly unknown[]): unknown;
}

/** One symbolic call: the operation, its arguments (with symbols in them) and what it returned. */
export interface OperationCall {
  readonly operation: Operation;
  readonly args: readonly unknown[];
  readonly outputs: readonly KerasTensor[];
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

  constructor(shape: SymbolicShape, dtype: DType, options: { name?: string | null } = {}) {
    this.shape = Object.freeze([...shape]);
    this.dtype = dtype;
    this.name = options.name ?? uniqueName('keras_tensor');
  }
  /** Number of axes. */
  get ndim(): number {
    return this.shape.length;
  }
}

/** True for a structure with a symbol in it. */
export const isSymbolic = (value: unknown): boolean =>
  value instanceof KerasTensor ||
  (Array.isArray(value) ? value.some(isSymbolic) : typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype && Object.values(value).some(isSymbolic));

// Sizes that stand for unknown ones while shapes are computed: two runs with different sizes tell which outputs depend on them.
const STAND_INS = [83, 89] as const;

function specsWith(fn: (args: readonly unknown[]) => unknown, args: readonly unknown[], size: number) {
  const flat = flatten(args);
  const symbols = flat.leaves.filter((leaf) => leaf instanceof KerasTensor);
  const specs = symbols.map((symbol) => specOf(symbol.dtype, symbol.shape.map((d) => d ?? size)));
  const call = (...tensors: Tensor[]) => {
    let next = 0;
    return fn(flat.pack(flat.leaves.map((leaf) => (leaf instanceof KerasTensor ? tensors[next++] : leaf))) as readonly unknown[]);
  };
  const { returned } = withoutTapes(() => trace(specs, call, () => []));
  return flatten(returned);
}

/**
 * What `fn` would return on tensors of the symbols' shapes: the structure that it returns, with a KerasTensor for each tensor.
 * `fn` is traced, not run.
 */
export function computeOutputSpec(fn: (args: readonly unknown[]) => unknown, args: readonly unknown[]): unknown {
  const first = specsWith(fn, args, STAND_INS[0]);
  const unknown = flatten(args).leaves.some((leaf) => leaf instanceof KerasTensor && leaf.shape.includes(null));
  const second = unknown ? specsWith(fn, args, STAND_INS[1]) : first;
  const leaves = first.leaves.map((leaf, i) => {
    if (!(leaf instanceof Tensor || leaf instanceof Variable)) return leaf;
    const other = second.leaves[i] as Tensor;
    return new KerasTensor(leaf.shape.map((d, axis) => (other.shape[axis] === d ? d : null)), leaf.dtype);
  });
  return first.pack(leaves);
}

/** Calls an operation on symbols: its outputs are symbols that remember the call. */
export function callSymbolically(operation: Operation, args: readonly unknown[]): unknown {
  const result = computeOutputSpec((actual) => operation.replay(actual), args);
  const outputs = flatten(result).leaves.filter((leaf) => leaf instanceof KerasTensor);
  const call: OperationCall = { operation, args, outputs };
  outputs.forEach((output, index) => {
    output.history = { call, index };
  });
  return result;
}
