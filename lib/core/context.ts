// The dynamic context: what holds for the calls inside of a function that is running, as an open gradient tape or name scope. It is one
// record, which nobody changes: `withContext` puts another in its place until a function returns. An async function that is run in a
// context of its own keeps it across `await`.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { FloatDType } from '../base/dtype.js';
import type { RematScope } from '../layers/base/remat-scope.js';
import type { StatelessState } from './stateless.js';
import type { Tape } from './tape.js';
import type { Tensor } from './tensor.js';
import type { Trace } from './trace.js';
import type { Variable } from './variable.js';

/** What is known while layers call each other. */
export interface LayerCall {
  readonly training: boolean | undefined;
}

/** The dynamic context. */
export interface Context {
  /** Gradient tapes that record. */
  readonly tapes: readonly Tape[];
  /** Tapes that record further out, but do not see the present calls. */
  readonly hiddenTapes: readonly Tape[];
  /** The innermost trace that is recording. */
  readonly trace: Trace | null;
  /** Where what is traced is for shapes and dtypes alone: the sizes that stand for unknown ones; null where values matter. */
  readonly standIns: ReadonlySet<number> | null;
  /** The path that variables get, and the layer that errors name: `sequential/dense`. */
  readonly path: string;
  /** The innermost open `NameScope`. */
  readonly nameScope: { readonly caller: unknown; readonly name: string } | null;
  /** The dtype that float variables are read in; null: their own. */
  readonly autocast: FloatDType | null;
  /** Tensors that stand for variables, also when these are assigned. */
  readonly substituted: Map<Variable, Tensor> | null;
  /** What gets the assignments of all variables in the place of these. */
  readonly assignments: Map<Variable, Tensor> | null;
  /** What the variables that are changed were before, to be put back when the present step fails; null: nobody does. */
  readonly undo: Map<Variable, Tensor> | null;
  /** The innermost open `StatelessScope`. */
  readonly stateless: StatelessState | null;
  /** The innermost layer call; null outside of layers. */
  readonly layerCall: LayerCall | null;
  /** The innermost open `RematScope`. */
  readonly remat: RematScope | null;
  /** Names for classes and functions of the innermost `CustomObjectScope`. */
  readonly customObjects: Readonly<Record<string, unknown>>;
  /** Whether functions in configs are refused; null: nobody has said. */
  readonly safeMode: boolean | null;
  /** Numbers of the objects that a file has, which tell those that it has several times; null: no file is written. */
  readonly sharedNumbers: Map<object, number> | null;
  /** Objects of a file by such numbers; null: no file is read. */
  readonly sharedObjects: Map<unknown, unknown> | null;
  /** Whether initial values that can be computed later are: a file is loaded, which has others. */
  readonly deferInitial: boolean;
  /** Bytes of weights that layers may still make, while a file is loaded; null: any. */
  readonly weightBudget: { left: number } | null;
}

/** Where the present context is kept: one place for the process, and one for each async function with a context of its own. */
interface Place {
  now: Context;
}
const main: Place = {
  now: {
    tapes: [],
    hiddenTapes: [],
    trace: null,
    standIns: null,
    path: '',
    nameScope: null,
    autocast: null,
    substituted: null,
    assignments: null,
    undo: null,
    stateless: null,
    layerCall: null,
    remat: null,
    customObjects: {},
    safeMode: null,
    sharedNumbers: null,
    sharedObjects: null,
    deferInitial: false,
    weightBudget: null,
  },
};
const places = new AsyncLocalStorage<Place>();
let running = 0; // async functions with a context of their own
const place = (): Place => (running === 0 ? main : (places.getStore() ?? main));

/** The present context. */
export const context = (): Context => place().now;

/** Runs `fn`, which is synchronous, in the present context with some fields changed. */
export function withContext<T>(changes: Partial<Context>, fn: () => T): T {
  const own = place();
  const outer = own.now;
  own.now = { ...outer, ...changes };
  try {
    return fn();
  } finally {
    own.now = outer;
  }
}

/**
 * Changes fields of the present context until the function that is returned runs. Such changes end in the order opposite to that of their
 * making.
 */
export function openContext(changes: Partial<Context>, what: string): () => void {
  const own = place();
  const outer = own.now;
  const inner = { ...outer, ...changes };
  own.now = inner;
  return () => {
    if (place() !== own || own.now !== inner) {
      throw new Error(
        `${what}: scopes close in the order opposite to that of their opening; use run(fn), which may be given an async function`,
      );
    }
    own.now = outer;
  };
}

/**
 * Runs a function of a user's in the present context with some fields changed. An async function keeps them across `await`, whatever else
 * runs meanwhile. The bookkeeping of this makes all promises of the process three times as slow, so that it goes on only as long as such
 * functions run.
 * @throws a TypeError when a function that is not async returns a promise: what follows would run outside of the context.
 */
export function runInContext<A extends unknown[], T>(changes: Partial<Context>, what: string, fn: (...args: A) => T, ...args: A): T {
  if ((fn as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] === 'AsyncFunction')
    return runAsync(changes, () => fn(...args) as Promise<unknown>) as T;
  const result = withContext(changes, () => fn(...args));
  if (!(result instanceof Promise)) return result;
  result.catch(() => undefined);
  throw new TypeError(
    `${what}: the function returned a promise, whose work would go on outside of the scope; give an async function, as in run(async ` +
      `() => { … })`,
  );
}

function runAsync<T>(changes: Partial<Context>, fn: () => Promise<T>): Promise<T> {
  const own: Place = { now: { ...context(), ...changes } };
  running++;
  return places.run(own, fn).finally(() => {
    if (--running === 0) places.disable();
  });
}
