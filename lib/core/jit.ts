// Compiling functions of tensors and variables: one plan for each set of shapes.
import { BoundedMap } from '../base/bounded-map.js';
import { show } from '../base/errors.js';
import { keyText } from '../base/keys.js';
import { toTensor } from './convert.js';
import { runPlan, runPlanAsync, type Steps } from './execute.js';
import { compileGraph, type Plan } from './plan.js';
import type { Spec } from '../base/shape.js';
import { taping, withoutTapes } from './tape.js';
import { Tensor } from './tensor.js';
import { currentTrace, trace } from './trace.js';
import { flatten, type Flat } from '../base/tree.js';
import { Variable } from './variable.js';
import { finish, inSlices, type Work } from './work.js';

/** A traced and compiled function for inputs of fixed specs. */
export interface Compiled {
  readonly plan: Plan;
  /** What the function returned, rebuilt with tensors of a run. */
  readonly pack: (outputs: readonly Tensor[]) => unknown;
}

function* compiling(specs: readonly Spec[], fn: (...inputs: Tensor[]) => unknown): Work<Compiled> {
  const tensorsOf = (returned: unknown) => flatten(returned).leaves.map(asTensor).filter((leaf) => leaf instanceof Tensor);
  const { graph, captured, returned } = withoutTapes(() => trace(specs, fn, tensorsOf));
  if (captured.length > 0) throw new Error('a function cannot be compiled while it reads tensors of another function that is being traced');
  const plan = yield* compileGraph(graph);
  const flat: Flat<unknown> = flatten(returned);
  return {
    plan,
    pack: (outputs) => {
      let next = 0;
      return flat.pack(flat.leaves.map((leaf) => (asTensor(leaf) instanceof Tensor ? outputs[next++] : leaf)));
    },
  };
}
/** Traces `fn` on inputs of the given specs and compiles it. What it returns may be any structure of tensors. */
export const compile = (specs: readonly Spec[], fn: (...inputs: Tensor[]) => unknown): Compiled => finish(compiling(specs, fn));
/** `compile`, with turns of the event loop in between where it takes long; `fn` is traced at once. */
export const compileInSlices = (specs: readonly Spec[], fn: (...inputs: Tensor[]) => unknown): Compiled | Promise<Compiled> =>
  inSlices(compiling(specs, fn));

const asTensor = (leaf: unknown): unknown => (leaf instanceof Variable ? leaf.value : leaf);

/** Runs a compiled function now. */
export const runCompiled = (compiled: Compiled, inputs: readonly Tensor[]): unknown => compiled.pack(runPlan(compiled.plan, inputs));

/** Runs a compiled function off the main thread; see `runPlanAsync`. */
export async function runCompiledAsync(
  compiled: Compiled,
  inputs: readonly Tensor[],
  steps: Steps,
): Promise<{ result: unknown; done: number }> {
  const { outputs, done } = await runPlanAsync(compiled.plan, inputs, steps);
  return { result: compiled.pack(outputs), done };
}

/** Gives the native memory of a compiled function back. Should it run again, it is loaded again. */
export const releaseCompiled = ({ plan }: Compiled): void => plan.release();

/** True for what `jit` passes as a tensor: tensors, variables, numbers, typed arrays and nested arrays of numbers. */
function isTensorArgument(value: unknown): boolean {
  if (value instanceof Tensor || value instanceof Variable || typeof value === 'number' || typeof value === 'bigint') return true;
  if (ArrayBuffer.isView(value)) return true;
  if (!Array.isArray(value) || value.length === 0) return false;
  const first: unknown = value[0];
  return (
    typeof first === 'number' ||
    typeof first === 'boolean' ||
    (Array.isArray(first) && isTensorArgument(first)) ||
    ArrayBuffer.isView(first)
  );
}

/**
 * Compiles a function of tensors and variables into one native program for each set of shapes it is called with, as
 * `jax.jit` and `tf.function` do. Arguments may be nested in arrays and objects; numbers become scalar tensors; booleans,
 * strings, `null` and functions are fixed at compilation (another value compiles again). Variables are read and assigned in place.
 * Inside another compiled function, or while a gradient tape records, the function simply runs.
 *
 * ```ts
 * const step = keras.jit((x) => ops.tanh(ops.matmul(x, w)));
 * ```
 */
export function jit<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => R {
  if (typeof fn !== 'function') throw new TypeError(`jit: expected a function of tensors, received ${show(fn)}`);
  const cache = new BoundedMap<string, Compiled>(256, releaseCompiled);
  return (...args: A): R => {
    if (currentTrace() !== null || taping()) return fn(...args);
    const flat = flatten({ ...args }, isTensorArgument); // an object, since an array of numbers would be one tensor
    const dynamic = flat.leaves.map(isTensorArgument);
    const inputs = flat.leaves.filter((_, i) => dynamic[i]).map((leaf) => toTensor(leaf as Tensor, null, 'jit'));
    const fixed = flat.leaves.filter((_, i) => !dynamic[i]);
    const key = `${flat.key}|${dynamic.map(Number).join('')}|${keyText(fixed)}|${inputs.map((t) => t.spec.id).join()}`;
    const compiled = cache.getOrMake(key, () => {
      let next = 0;
      const rebuild = (symbols: readonly Tensor[]) =>
        Object.values(flat.pack(flat.leaves.map((leaf, i) => (dynamic[i] ? symbols[next++] : leaf))) as object) as A;
      return compile(inputs.map((t) => t.spec), (...symbols) => {
        next = 0;
        return fn(...rebuild(symbols));
      });
    });
    return runCompiled(compiled, inputs) as R;
  };
}

