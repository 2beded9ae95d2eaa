// Variable: named state that ops read and assign, and that plans read and write in place.
import { castTo } from './cast.js';
import type { TensorLike } from './convert.js';
import { toTensor } from './convert.js';
import { context, withContext, type Context } from './context.js';
import type { DType, DTypeLike, FloatDType } from '../base/dtype.js';
import { isFloat, standardizeDType } from '../base/dtype.js';
import { checkOptions, show } from '../base/errors.js';
import { Storage } from './storage.js';
import { autoName } from '../base/names.js';
import { currentScope } from './scope.js';
import type { Shape, Spec } from '../base/shape.js';
import { checkShape, showShape, specOf } from '../base/shape.js';
import type { InitializerName } from '../initializers/lookup.js';
import { noteVariableRead } from './tape.js';
import { Tensor, TensorHolder, type NestedArray } from './tensor.js';
import { currentTrace, forShapes } from './trace.js';

/** How replicas of a variable would be combined. With one backend and one device it is only kept. */
export type Aggregation = 'none' | 'mean' | 'sum' | 'only_first_replica';

/** Options of a `Variable`. */
export interface VariableOptions {
  /** Shape, needed when the initial value is an initializer. */
  shape?: readonly number[];
  /** Element type; that of the initial value by default, `floatx` for an initializer. */
  dtype?: DTypeLike | null;
  /** Whether gradients and optimizers see it. Default true. */
  trainable?: boolean;
  /** Whether a layer with a lower compute dtype reads it in that dtype. Default true. */
  autocast?: boolean;
  /** Default `'none'`. */
  aggregation?: Aggregation | null;
  /** Whether optimizers assign its gradient to it. Default false. */
  overwriteWithGradient?: boolean;
  /** Default `'auto'`. */
  synchronization?: string;
  /** Default `variable`, `variable_1`, … */
  name?: string | null;
}
const OPTIONS = ['shape', 'dtype', 'trainable', 'autocast', 'aggregation', 'overwriteWithGradient', 'synchronization', 'name'] as const;

/** A function from shape and dtype to the initial value. Initializers are such functions. */
export type InitialValue = (shape: Shape, options: { dtype: DType }) => TensorLike;

let initializerOf: (name: string) => InitialValue = (name) => {
  throw new TypeError(`Variable: there are no initializers to find '${name}' among`);
};
/** @internal Says how initializers are found by their names. */
export function setInitializers(find: (name: string) => InitialValue): void {
  initializerOf = find;
}

/** Runs `fn` with float variables read in `dtype` (null: as they are). */
export const withAutocast = <T,>(dtype: FloatDType | null, fn: () => T): T =>
  context().autocast === dtype ? fn() : withContext({ autocast: dtype }, fn);

/**
 * Runs `fn` with the variables in `values` standing for those tensors: reads give them, and assignments replace them in the map
 * instead of changing the variables. The way to call a layer as a pure function.
 */
export const withValues = <T>(values: Map<Variable, Tensor>, fn: () => T): T => withContext({ substituted: values }, fn);

/**
 * Runs `fn` and gives what it assigned instead of assigning it; inside `fn` the assigned values are seen. With it both sides of a
 * condition can be computed, and one of them chosen.
 */
export function collectAssignments(fn: () => void): Map<Variable, Tensor> {
  const assignments = new Map<Variable, Tensor>(context().assignments ?? []);
  withContext({ assignments }, fn);
  return assignments;
}

/** Runs `fn`, which computes at once; when it throws, the variables that it has changed are what they were before. */
export function wholeOrNothing<T>(fn: () => T): T {
  const undo = new Map<Variable, Tensor>();
  try {
    return withContext({ undo }, fn);
  } catch (error) {
    for (const [variable, value] of undo) variable.assign(value);
    throw error;
  }
}

/**
 * Runs `fn` with variables read and assigned in the program that is being traced, whatever `withValues` or `collectAssignments` goes on
 * outside.
 */
export const isolated = <T>(fn: () => T): T => withContext({ substituted: null, assignments: null }, fn);

/**
 * A tensor that can be assigned to. A variable is accepted wherever a tensor is, and has a tensor's methods.
 *
 * ```ts
 * const v = new keras.Variable([1, 2], { dtype: 'float32' });
 * v.assignAdd([10, 10]);
 * v.value.tolist(); // [11, 12]
 * ```
 */
export class Variable extends TensorHolder {
  readonly name: string;
  /** Name with those of the layers around it: `sequential/dense/kernel`. */
  path: string;
  /** Whether gradients and optimizers see it. */
  trainable: boolean;
  readonly autocast: boolean;
  readonly aggregation: Aggregation;
  readonly synchronization: string;
  /** Whether optimizers assign its gradient to it instead of making a step: its gradient is its new value. */
  overwriteWithGradient: boolean;
  /** A function applied to the value after each optimizer step, or null. */
  constraint: ((value: Tensor) => Tensor) | null = null;
  /** A function from the value to a scalar loss, or null. */
  regularizer: ((value: Tensor) => Tensor) | null = null;
  /** @internal dtype and shape. */
  readonly spec: Spec;

  /** @internal The memory, and who has it. */
  readonly storage: Storage;
  /** The tensor that stands for the values of `seen`, a version of the storage. It is the variable's own: tapes know the variable by it. */
  private current: Tensor | null = null;
  private seen = 0;

  /**
   * @param initial a value, or an initializer or its name, which is called with `options.shape`.
   * @throws when the name contains `/`, for a name that is no initializer's, or when an initializer comes without a shape.
   */
  constructor(initial: TensorLike | InitialValue | InitializerName, options: VariableOptions = {}) {
    super();
    checkOptions('Variable', options, OPTIONS);
    const { shape, dtype, trainable = true, name } = options;
    this.name = name ?? autoName('variable');
    if (typeof this.name !== 'string' || this.name.includes('/'))
      throw new Error(`Variable: a name is a string that cannot contain '/', received ${show(name)}`);
    const scope = currentScope();
    this.path = scope === '' ? this.name : `${scope}/${this.name}`;
    const { spec, storage } = storageOf(initial, shape, dtype, this.path);
    this.spec = spec;
    this.storage = storage;
    this.trainable = trainable;
    this.autocast = options.autocast ?? true;
    this.aggregation = options.aggregation ?? 'none';
    this.synchronization = options.synchronization ?? 'auto';
    this.overwriteWithGradient = options.overwriteWithGradient ?? false;
  }

  /** Sizes of the axes. */
  get shape(): Shape {
    return this.spec.shape;
  }
  /** Element type. */
  get dtype(): DType {
    return this.spec.dtype;
  }
  /** Number of elements. */
  get size(): number {
    return this.spec.size;
  }
  /** Number of axes. */
  get ndim(): number {
    return this.spec.shape.length;
  }

  /** The current value. It does not change when the variable is assigned later. */
  get value(): Tensor {
    const { assignments, substituted, trace, autocast } = context();
    const value = assignments?.get(this) ?? substituted?.get(this) ?? trace?.readVariable(this) ?? this.concrete();
    noteVariableRead(this, value);
    return autocast !== null && this.autocast && isFloat(this.dtype) ? castTo(value, autocast) : value;
  }

  /** @internal The value in memory, also while a function is compiled. */
  concrete(): Tensor {
    const { storage } = this;
    // What was done to data that was let out is no business of the variable.
    if (this.current !== null && this.seen === storage.version && !this.current.letOut) return this.current;
    this.current = new Tensor(this.spec, storage.lend(), null, true);
    this.seen = storage.version;
    return this.current;
  }

  /**
   * Replaces the value; it is cast to the variable's dtype. Returns the variable's new value.
   * @throws when the shape differs, or when a training run holds the variable.
   */
  assign(value: TensorLike): Tensor {
    const tensor = toTensor(value, this.dtype, `${this.path}.assign`);
    if (tensor.spec !== this.spec) {
      throw new RangeError(
        `${this.path}: the shape of the variable and of the value to assign must match, expected ${showShape(this.shape)}, received ` +
          `${showShape(tensor.shape)}`,
      );
    }
    const { assignments, substituted, trace } = context();
    if (assignments !== null) {
      assignments.set(this, tensor);
      return tensor;
    }
    if (substituted?.has(this) === true) {
      substituted.set(this, tensor);
      return tensor;
    }
    if (trace !== null) {
      trace.writeVariable(this, tensor);
      return trace.readVariable(this);
    }
    if (tensor.memory === null)
      throw new Error(`${this.path}: cannot keep a tensor of a function that is being compiled; assign inside that function`);
    this.beforeChange();
    this.storage.replace(tensor.lend());
    return this.concrete();
  }

  /** @internal To be called before the variable changes. Throws while a plan off the main thread writes it. */
  beforeChange(): void {
    if (this.storage.held !== null) {
      throw new Error(`${this.path}: cannot be assigned while a training step is running; wait for fit to end, or assign in a callback`);
    }
    const { undo } = context();
    if (undo?.has(this) === false) undo.set(this, this.concrete());
  }

  /** A copy of the elements; see `Tensor.data`. */
  get data(): Tensor['data'] {
    return this.value.data;
  }
  /** The only element. */
  item(): number {
    return this.value.item();
  }
  /** The value as nested arrays. */
  tolist(): NestedArray {
    return this.value.tolist();
  }
  /** The number that a scalar variable holds. */
  valueOf(): unknown {
    return this.size === 1 && currentTrace() === null ? this.item() : this;
  }
}

// Methods `call` of initializers that keep nothing of what they give, so that the variable need not copy it before a plan writes it.
const callsThatGiveNew = new WeakSet<object>();
/** @internal Says of the method `call` of an initializer's class that its results are new at each call. */
export const noteGivesNew = (call: object): void => void callsThatGiveNew.add(call);

/** Whether a call gives the same values for a shape, whatever it is, at any time: an initializer of Keras with a seed. */
const isRepeatable = (initial: unknown): boolean =>
  typeof initial === 'function' && callsThatGiveNew.has(initial.call) && (initial as { isRepeatable?: boolean }).isRepeatable === true;
/** As if nothing else was going on: what is computed is computed at once. */
const APART: Partial<Context> = {
  trace: null, tapes: [], hiddenTapes: [], autocast: null, substituted: null, assignments: null, undo: null, stateless: null,
};

/** The memory of the initial value: at once, or (while a file is loaded, which has other values) when somebody asks for it. */
function storageOf(
  given: TensorLike | InitialValue | InitializerName,
  shape: readonly number[] | undefined,
  dtype: DTypeLike | null | undefined,
  path: string,
): { spec: Spec; storage: Storage } {
  const compute = () => forShapes(null, () => initialValue(given, shape, dtype, path));
  if (context().deferInitial && shape !== undefined && isRepeatable(given)) {
    checkShape(shape, path);
    const spec = specOf(standardizeDType(dtype), shape);
    if (isFloat(spec.dtype)) return { spec, storage: new Storage(() => withContext(APART, () => compute().value.lend()), true) };
  }
  const { value, own } = compute();
  return { spec: value.spec, storage: own ? new Storage(value.memory!, false) : new Storage(value.lend(), true) };
}

function initialValue(
  given: TensorLike | InitialValue | InitializerName,
  shape: readonly number[] | undefined,
  dtype: DTypeLike | null | undefined,
  path: string,
): { value: Tensor; own: boolean } {
  const initial = typeof given === 'string' ? initializerOf(given) : given;
  let value: Tensor;
  if (typeof initial === 'function') {
    if (shape === undefined) throw new Error(`${path}: an initializer needs the option 'shape'`);
    checkShape(shape, path);
    const wanted = standardizeDType(dtype);
    value = toTensor(initial(shape, { dtype: wanted }), wanted, path);
    if (value.spec !== specOf(wanted, shape)) {
      throw new RangeError(`${path}: the initializer gave shape ${showShape(value.shape)}, expected ${showShape(shape)}`);
    }
  } else value = toTensor(initial, dtype === undefined || dtype === null ? null : standardizeDType(dtype), path);
  if (value.memory === null)
    throw new Error(`${path}: the initial value of a variable cannot depend on the inputs of a function that is being compiled`);
  const own = typeof initial === 'function' && callsThatGiveNew.has(initial.call) && !value.hasSharers;
  return { value, own };
}
