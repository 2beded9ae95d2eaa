// Control flow in `keras.ops`. Inside a compiled function, and for scans always, it becomes native instructions with programs of their own;
// otherwise the functions simply run.
import type { TensorLike } from '../core/convert.js';
import { filled, toTensor } from '../core/convert.js';
import { castTo } from '../core/cast.js';
import { isInteger, type DType } from '../base/dtype.js';
import { checkFunction, show } from '../base/errors.js';
import { broadcastShapes, normalizeAxis, showShape, sizeOf, type Shape } from '../base/shape.js';
import { taping } from '../core/tape.js';
import type { Tensor } from '../core/tensor.js';
import { currentTrace } from '../core/trace.js';
import { flatten, isNumberArray, mapStructure, type Flat, type Nested } from '../base/tree.js';
import { getItem } from './indexing.js';
import * as p from './primitives/index.js';
import { publicOp } from './public.js';

/** A tensor, or arrays and objects of tensors, nested. */
type Structure = Nested<TensorLike>;

/** The tensors of a structure, where an array of numbers is an array of scalars. */
const structureOf = (value: unknown): Flat<TensorLike> => flatten<TensorLike>(value);
/** The tensors of a structure to loop over, where an array of numbers is a tensor. */
const slicedStructure = (value: unknown): Flat<TensorLike> =>
  flatten<TensorLike>(value, (item) => isNumberArray(item) && !(Array.isArray(item) && item.length === 0));
const tensorsOf = (where: string, { leaves }: Flat<TensorLike>): Tensor[] => leaves.map((leaf) => toTensor(leaf, null, where));
const describe = (tensors: readonly Tensor[]): string => tensors.map(({ dtype, shape }) => `${dtype}${showShape(shape)}`).join(', ');
const isWeak = (leaf: TensorLike): boolean => typeof leaf === 'number';

/** The number in a scalar that is known now, null in one that is being traced. */
const known = (scalar: Tensor): number | null => (scalar.memory === null ? null : Number(scalar.item()));

function scalarOf(where: string, name: string, value: TensorLike): Tensor {
  const tensor = toTensor(value, null, where);
  if (tensor.size !== 1) throw new RangeError(`${where}: '${name}' must be a scalar, received shape ${showShape(tensor.shape)}`);
  return p.reshape(tensor, []);
}

/** Runs the function that `index` names: at once when it is known, otherwise as an instruction with all of them. */
function choose(
  where: string,
  index: Tensor,
  functions: readonly ((...operands: Tensor[]) => unknown)[],
  operands: readonly Tensor[],
): unknown {
  const now = known(index);
  if (now !== null) return functions[Math.min(Math.max(now, 0), functions.length - 1)]!(...operands);
  let first: { flat: Flat<TensorLike>; tensors: Tensor[] } | null = null;
  const outputs = p.branch(
    index,
    functions.map((fn, i) => (...given: Tensor[]) => {
      const flat = structureOf(fn(...given));
      const tensors = tensorsOf(where, flat);
      first ??= { flat, tensors };
      if (first.flat.key !== flat.key || tensors.some((tensor, k) => tensor.spec !== first!.tensors[k]!.spec)) {
        throw new TypeError(
          `${where}: all branches must return tensors of the same structure, dtypes and shapes; the first returns ` +
            `${describe(first.tensors)}, branch ${i} ${describe(tensors)}`,
        );
      }
      return tensors;
    }),
    operands,
  );
  return first!.flat.pack(outputs);
}

/**
 * `trueFn()` where `pred` holds, else `falseFn()`. Inside a compiled function both are compiled and one of them runs; they must return the
 * same structure of tensors, of the same shapes and dtypes.
 * @throws when `pred` is not a scalar, or the branches differ in what they return.
 */
export const cond = publicOp('cond', <T>(pred: TensorLike, trueFn: () => T, falseFn: () => T): T => {
  checkFunction('cond', 'trueFn', trueFn);
  checkFunction('cond', 'falseFn', falseFn);
  const holds = castTo(scalarOf('cond', 'pred', pred), 'bool');
  return choose('cond', castTo(holds, 'int32'), [falseFn, trueFn], []) as T;
});

/**
 * `branches[index](...operands)`, the index clamped to the branches there are. The branches must return the same structure, shapes and
 * dtypes.
 */
export const switchOf = publicOp(
  'switch',
  <T,>(index: TensorLike, branches: readonly ((...operands: Tensor[]) => T)[], ...operands: Structure[]): T => {
    const list: unknown = branches;
    if (!Array.isArray(list)) throw new TypeError(`switch: branches must be an array of functions, received ${show(list)}`);
    Array.from(list as unknown[]).forEach((fn, i) => checkFunction('switch', `branches[${i}]`, fn));
    if (branches.length === 0) throw new RangeError('switch: expected at least one branch');
    const place = scalarOf('switch', 'index', index);
    if (!isInteger(place.dtype)) throw new TypeError(`switch: the index must be an integer, received ${place.dtype}`);
    const flats = operands.map(structureOf);
    const given = flats.map((flat) => tensorsOf('switch', flat));
    const functions = branches.map((fn) => (...tensors: Tensor[]) => {
      let next = 0;
      return fn(...flats.map((flat) => flat.pack(flat.leaves.map(() => tensors[next++])) as Tensor));
    });
    return choose('switch', castTo(place, 'int32'), functions, given.flat()) as T;
  },
  null,
);

/** State that goes from step to step of a loop: its structure and its tensors. */
interface Carry {
  readonly flat: Flat<TensorLike>;
  readonly tensors: Tensor[];
}
const carryOf = (where: string, value: unknown): Carry => {
  const flat = structureOf(value);
  return { flat, tensors: tensorsOf(where, flat) };
};

/** Raised in a trace when a bare number turns out to have another dtype after a step. */
class Retype extends Error {
  constructor(readonly dtypes: readonly DType[]) {
    super();
  }
}
/** The tensors that a step returned, which must have the structure and specs of the carry; a number bends to the dtype beside it. */
function nextCarry(where: string, { flat, tensors }: Carry, returned: unknown): Tensor[] {
  const next = structureOf(returned);
  if (next.key !== flat.key)
    throw new TypeError(`${where}: a step must return the structure of the loop's state, ${flat.key}, received ${next.key}`);
  const given = next.leaves.map((leaf, i) => toTensor(leaf, isWeak(leaf) ? tensors[i]!.dtype : null, where));
  const bends = (tensor: Tensor, i: number) => isWeak(flat.leaves[i]!) && tensor.dtype !== tensors[i]!.dtype && tensor.ndim === 0;
  if (given.some(bends)) throw new Retype(given.map((tensor, i) => (bends(tensor, i) ? tensor : tensors[i]!).dtype));
  if (given.some((tensor, i) => tensor.spec !== tensors[i]!.spec)) {
    throw new TypeError(
      `${where}: a step must return the dtypes and shapes of the loop's state, ${describe(tensors)}, received ${describe(given)}`,
    );
  }
  return given;
}
/** Runs a loop; once more, with other dtypes, when a number in the initial state takes the dtype of what a step makes of it. */
function withCarry<T>(where: string, initial: unknown, run: (carry: Carry) => T): T {
  const carry = carryOf(where, initial);
  try {
    return run(carry);
  } catch (error) {
    if (!(error instanceof Retype)) throw error;
    return run({ ...carry, tensors: carry.tensors.map((tensor, i) => castTo(tensor, error.dtypes[i]!)) });
  }
}

/** Options of `whileLoop`. */
export interface WhileLoopOptions {
  /** Steps at most. Default null: as long as the condition holds. */
  maximumIterations?: number | null;
}
/**
 * Applies `body` to the loop variables as long as `cond` holds for them. When they are an array, its entries are passed one by one.
 * Returns the final loop variables. Inside a compiled function it has a derivative in forward mode (`jvp`) only, as in JAX.
 */
export const whileLoop = publicOp(
  'whileLoop',
  <S extends Structure>(
    cond: (...loopVars: never[]) => TensorLike,
    body: (...loopVars: never[]) => unknown,
    loopVars: S,
    { maximumIterations = null }: WhileLoopOptions = {},
  ): S => {
    checkFunction('whileLoop', 'cond', cond);
    checkFunction('whileLoop', 'body', body);
    const call = (fn: (...args: never[]) => unknown, flat: Flat<TensorLike>, tensors: readonly Tensor[]): unknown => {
      const packed = flat.pack(tensors);
      return Array.isArray(packed) ? fn(...(packed as never[])) : fn(packed as never);
    };
    // A body with one loop variable may return it alone or in an array.
    const wrapped = (flat: Flat<TensorLike>, returned: unknown) => (flat.key === '[*]' && !Array.isArray(returned) ? [returned] : returned);
    return withCarry('whileLoop', loopVars, (carry) => {
      const { flat } = carry;
      const holds = (...tensors: Tensor[]) => castTo(scalarOf('whileLoop', 'cond', call(cond, flat, tensors) as TensorLike), 'bool');
      const step = (...tensors: Tensor[]) => nextCarry('whileLoop', carry, wrapped(flat, call(body, flat, tensors)));
      if (currentTrace() !== null) return flat.pack(p.whileLoop(holds, step, carry.tensors, maximumIterations)) as S;
      let state = carry.tensors;
      for (let i = 0; (maximumIterations === null || i < maximumIterations) && Number(holds(...state).item()) === 1; i++)
        state = step(...state);
      return flat.pack(state) as S;
    });
  },
  ['maximumIterations'],
);

/**
 * `value = bodyFun(i, value)` for i from `lower` to `upper - 1`, beginning with `initVal`. With bounds that are known when a function is
 * compiled it has a gradient.
 */
export const foriLoop = publicOp(
  'foriLoop',
  <S extends Structure>(lower: TensorLike, upper: TensorLike, bodyFun: (i: Tensor, value: S) => unknown, initVal: S): S => {
    checkFunction('foriLoop', 'bodyFun', bodyFun);
    const [from, to] = [scalarOf('foriLoop', 'lower', lower), scalarOf('foriLoop', 'upper', upper)];
    const [first, end] = [known(from), known(to)];
    return withCarry('foriLoop', initVal, (carry) => {
      const { flat } = carry;
      const step = (i: Tensor, tensors: readonly Tensor[]) => nextCarry('foriLoop', carry, bodyFun(i, flat.pack(tensors) as S));
      if (first === null || end === null) {
        const loop = p.whileLoop(
          (i) => p.less(i, castTo(to, i.dtype)),
          (i, ...state) => [p.add(i, filled([], 1, i.dtype)), ...step(i, state)],
          [from, ...carry.tensors],
          null,
        );
        return flat.pack(loop.slice(1)) as S;
      }
      const length = Math.max(0, end - first);
      if (currentTrace() === null) {
        let state = carry.tensors;
        for (let i = 0; i < length; i++) state = step(filled([], first + i, from.dtype), state);
        return flat.pack(state) as S;
      }
      const steps = p.iota(length, 'int32', first, 1);
      return flat.pack(
        p.scan((state, [i]) => ({ carries: step(i!, state), rows: [] }), carry.tensors, [steps], length, false).carries,
      ) as S;
    });
  },
);

/** Options of `scan`. */
export interface ScanOptions {
  /** Number of steps; needed when there is no `xs`. */
  length?: number | null;
  /** Begin with the last slice. Default false. */
  reverse?: boolean;
  /** Steps that a compiler may put together; without an effect on the results. Default 1. */
  unroll?: number | boolean;
}
function lengthOf(where: string, slices: readonly Tensor[], length: number | null): number {
  for (const slice of slices)
    if (slice.ndim === 0) throw new RangeError(`${where}: the tensors to loop over need at least one axis, received a scalar`);
  const sizes = [...slices.map((slice) => slice.shape[0]!), ...(length === null ? [] : [length])];
  if (sizes.length === 0) throw new TypeError(`${where}: expected 'xs' or the option 'length'`);
  if (new Set(sizes).size > 1)
    throw new RangeError(`${where}: the tensors to loop over must have first axes of one size, received sizes ${sizes.join(', ')}`);
  return sizes[0]!;
}
/**
 * `[carry, y] = f(carry, x)` for each slice `x` of `xs` along the first axis. Returns the last carry and the `y`s, stacked. `f` is traced
 * once, and the loop runs natively. As `jax.lax.scan`.
 */
export const scan = publicOp(
  'scan',
  (
    f: (carry: never, x: never) => readonly [unknown, unknown],
    init: Structure | null,
    xs: Structure | null | (ScanOptions & { xs?: Structure | null }) = null,
    options: ScanOptions = {},
  ): [unknown, unknown] => {
    checkFunction('scan', 'f', f);
    const { length = null, reverse = false, unroll = 1 } = options;
    if (typeof unroll !== 'boolean' && !(Number.isInteger(unroll) && unroll >= 1))
      throw new TypeError(`scan: 'unroll' must be a positive integer or a boolean, received ${show(unroll)}`);
    const input = slicedStructure(xs);
    const slices = xs === null ? [] : tensorsOf('scan', input);
    const steps = lengthOf('scan', slices, length);
    return withCarry('scan', init === null ? [] : init, (carry) => {
      let rows: Flat<TensorLike | null> | null = null;
      const outputs = p.scan(
        (carries, row) => {
          const returned: unknown = f(
            (init === null ? null : carry.flat.pack(carries)) as never,
            (xs === null ? null : input.pack(row)) as never,
          );
          if (!Array.isArray(returned) || returned.length !== 2)
            throw new TypeError(`scan: 'f' must return [carry, y], received ${show(returned)}`);
          rows = structureOf(returned[1]);
          const ys = rows.leaves.filter((leaf) => leaf !== null).map((leaf) => toTensor(leaf, null, 'scan'));
          return { carries: init === null ? [] : nextCarry('scan', carry, returned[0]), rows: ys };
        },
        carry.tensors,
        slices,
        steps,
        reverse,
      );
      let next = 0;
      const ys = rows!.pack(rows!.leaves.map((leaf) => (leaf === null ? null : outputs.rows[next++])));
      return [init === null ? null : carry.flat.pack(outputs.carries), ys];
    });
  },
  null,
);

/** `f` of each slice of `xs` along the first axis, the results stacked. `f` is traced once, and the loop runs natively. */
export const map = publicOp('map', (f: (x: never) => unknown, xs: Structure): unknown => mapSlices('map', f, xs));
/** As `map`; the slices do not depend on each other. */
export const vectorizedMap = publicOp('vectorizedMap', (fn: (x: never) => unknown, elements: Structure): unknown =>
  mapSlices('vectorizedMap', fn, elements),
);

function mapSlices(where: string, f: (x: never) => unknown, xs: Structure): unknown {
  checkFunction(where, 'f', f);
  const input = slicedStructure(xs);
  const slices = tensorsOf(where, input);
  let rows: Flat<TensorLike> | null = null;
  const outputs = p.scan((_, row) => {
    rows = structureOf(f(input.pack(row) as never));
    return { carries: [], rows: tensorsOf(where, rows) };
  }, [], slices, lengthOf(where, slices, null), false);
  return rows!.pack(outputs.rows);
}

/** Options of `associativeScan`. */
export interface AssociativeScanOptions {
  /** From the end to the beginning. Default false. */
  reverse?: boolean;
  /** Default 0. */
  axis?: number;
}
/**
 * All prefixes of `elems` along an axis, put together by the associative function `f(a, b)`, which works on whole slices; in about log2(n)
 * calls of `f` (Blelloch, "Prefix sums and their applications", 1990).
 */
export const associativeScan = publicOp(
  'associativeScan',
  <S extends Structure>(f: (a: never, b: never) => unknown, elems: S, { reverse = false, axis = 0 }: AssociativeScanOptions = {}): S => {
    checkFunction('associativeScan', 'f', f);
    const flat = slicedStructure(elems);
    const tensors = tensorsOf('associativeScan', flat);
    const axes = tensors.map((tensor) => normalizeAxis(axis, tensor.ndim, 'associativeScan'));
    const sizes = tensors.map((tensor, i) => tensor.shape[axes[i]!]!);
    if (new Set(sizes).size > 1)
      throw new RangeError(`associativeScan: all elements must have one size along axis ${axis}, received sizes ${sizes.join(', ')}`);
    const flip = (list: readonly Tensor[]) => (reverse ? list.map((tensor, i) => strided(tensor, axes[i]!, null, null, -1)) : [...list]);
    const combine = (a: readonly Tensor[], b: readonly Tensor[]) =>
      tensorsOf('associativeScan', structureOf(f(flat.pack(a) as never, flat.pack(b) as never)));
    return flat.pack(flip(prefixes(combine, flip(tensors), axes))) as S;
  },
  ['reverse', 'axis'],
);

/** Every `step`-th slice along an axis. */
const strided = (x: Tensor, axis: number, start: number | null, stop: number | null, step: number): Tensor =>
  getItem(x, [...Array.from({ length: axis }, () => ({})), { start, stop, step }]);

/** Prefixes by halves: pairs are combined, their prefixes are every other prefix, and one more combination gives the rest. */
function prefixes(
  combine: (a: readonly Tensor[], b: readonly Tensor[]) => Tensor[],
  list: readonly Tensor[],
  axes: readonly number[],
): Tensor[] {
  const size = list[0]?.shape[axes[0]!] ?? 0;
  if (size < 2) return [...list];
  const every = (of: readonly Tensor[], start: number, stop: number | null, step: number) =>
    of.map((x, i) => strided(x, axes[i]!, start, stop, step));
  const odd = prefixes(combine, combine(every(list, 0, -1, 2), every(list, 1, null, 2)), axes);
  const rest = combine(size % 2 === 0 ? every(odd, 0, -1, 1) : odd, every(list, 2, null, 2));
  return list.map((x, i) => interleave(p.concatenate([strided(x, axes[i]!, 0, 1, 1), rest[i]!], axes[i]!), odd[i]!, axes[i]!));
}
/** The slices of `a` and `b` in turn; `a` has as many as `b`, or one more. */
function interleave(a: Tensor, b: Tensor, axis: number): Tensor {
  const pairs = b.shape[axis]!;
  const split = (x: Tensor): Tensor => p.reshape(x, [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)]);
  const both = p.concatenate([split(strided(a, axis, 0, pairs, 1)), split(b)], axis + 1);
  const joined = p.reshape(both, [...b.shape.slice(0, axis), 2 * pairs, ...b.shape.slice(axis + 1)]);
  return a.shape[axis] === pairs ? joined : p.concatenate([joined, strided(a, axis, pairs, null, 1)], axis);
}

/** Options of `vectorize`. */
export interface VectorizeOptions {
  /** Numbers of the arguments that are passed as they are. */
  excluded?: readonly number[] | null;
  /** Core axes of the arguments and the result, `'(m,n),(n)->(m)'`. Default null: scalars. */
  signature?: string | null;
}
/**
 * A function of arrays from a function of scalars, or of arrays with the core axes that `signature` names: it runs over all other axes,
 * which broadcast. As `numpy.vectorize`, traced once and run natively.
 */
export function vectorize(
  pyfunc: (...args: never[]) => unknown,
  { excluded = null, signature = null }: VectorizeOptions = {},
): (...args: unknown[]) => unknown {
  checkFunction('vectorize', 'pyfunc', pyfunc);
  return (...args) => {
    const own = args.map((_, i) => i).filter((i) => !(excluded ?? []).includes(i));
    const tensors = own.map((i) => toTensor(args[i] as TensorLike, null, 'vectorize'));
    const core = coreRanks(signature, tensors.length);
    const loops = tensors.map(({ shape }, i) => {
      if (shape.length < core[i]!)
        throw new RangeError(
          `vectorize: argument ${own[i]} needs ${core[i]} axes for the signature ${signature}, received shape ${showShape(shape)}`,
        );
      return shape.slice(0, shape.length - core[i]!);
    });
    const loop = loops.reduce((a, b) => broadcastShapes(a, b, 'vectorize'), [] as Shape);
    const call = (values: readonly Tensor[]) => {
      const actual = [...args];
      own.forEach((i, k) => (actual[i] = values[k]));
      return pyfunc(...(actual as never[]));
    };
    if (loop.length === 0) return call(tensors);
    const count = sizeOf(loop);
    const rows = tensors.map((tensor, i) => {
      const inner = tensor.shape.slice(tensor.ndim - core[i]!);
      return p.reshape(p.broadcastTo(tensor, [...loop, ...inner]), [count, ...inner]);
    });
    const results = mapSlices('vectorize', (values: Tensor[]) => call(values), rows);
    return mapStructure((result: Tensor) => p.reshape(result, [...loop, ...result.shape.slice(1)]), results);
  };
}
/** How many core axes each argument has by a signature. */
function coreRanks(signature: string | null, count: number): number[] {
  if (signature === null) return Array.from({ length: count }, () => 0);
  const group = String.raw`\((?:\w+(?:,\w+)*)?\)`;
  const text = signature.replaceAll(/\s/g, '');
  if (!new RegExp(`^${group}(?:,${group})*->${group}(?:,${group})*$`).test(text))
    throw new TypeError(`vectorize: not a signature: ${show(signature)}, expected for example '(m,n),(n)->(m)'`);
  const ranks = [...text.split('->')[0]!.matchAll(/\(([^)]*)\)/g)].map(([, names]) => (names === '' ? 0 : names!.split(',').length));
  if (ranks.length !== count) throw new TypeError(`vectorize: the signature ${signature} has ${ranks.length} arguments, received ${count}`);
  return ranks;
}

/**
 * `f` with its intermediate results computed again for the gradient instead of kept, which saves memory: as `jax.checkpoint`. Without a
 * gradient tape it is `f` itself.
 */
export function remat<A extends unknown[], R>(f: (...args: A) => R): (...args: A) => R {
  checkFunction('remat', 'f', f);
  return (...args) => {
    if (currentTrace() === null && !taping()) return f(...args);
    let returned: Flat<TensorLike> | null = null;
    const outputs = p.branch(filled([], 0, 'int32'), [() => {
      returned = structureOf(f(...args));
      return tensorsOf('remat', returned);
    }], []);
    return returned!.pack(outputs) as R;
  };
}
