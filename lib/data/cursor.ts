// Going through the elements of a data set, with places that can be gone back to.

/** A value, or a promise of it: what is there at once costs no turn of the event loop. */
export type Maybe<T> = T | Promise<T>;
/** `fn` of a value, as soon as it is there. */
export const then = <T, U>(value: Maybe<T>, fn: (value: T) => Maybe<U>): Maybe<U> =>
  (value instanceof Promise ? value.then(fn) : fn(value));

/** An element, or the end. */
export type Step<T> = IteratorYieldResult<T> | IteratorReturnResult<undefined>;
export const END: IteratorReturnResult<undefined> = { done: true, value: undefined };
export const element = <T>(value: T): IteratorYieldResult<T> => ({ done: false, value });

/** A pass over a data set. */
export interface Cursor<T> {
  /** The next element. It is not called again before the promise that it gave has settled, nor after the end. */
  next(): Maybe<Step<T>>;
  /** The place after the last element that `next` gave, as plain values. */
  state(): unknown;
  /** Lets go of what was opened. */
  close(): Maybe<void>;
}

/** What a data set is made of. */
export interface Source<T> {
  /** Begins a pass, or goes on with one from a place that `state` of its cursor gave. */
  open(state?: unknown): Cursor<T>;
  /** Number of elements; `Infinity` without end; null while it is not known. */
  readonly cardinality: number | null;
}

/** A pass whose place is the number of elements that came before: to go on, they are read again. */
export function countedSource<T>(begin: () => Omit<Cursor<T>, 'state'>, cardinality: number | null): Source<T> {
  return {
    cardinality,
    open(state) {
      const cursor = begin();
      const target = (state as { readonly count: number } | undefined)?.count ?? 0;
      let count = 0;
      const next = (): Maybe<Step<T>> => {
        for (;;) {
          const step = cursor.next();
          if (step instanceof Promise) return step.then((given) => (count++ < target && given.done !== true ? next() : given));
          if (count++ >= target || step.done === true) return step;
        }
      };
      return { next, state: () => ({ count: Math.max(count, target) }), close: () => cursor.close() };
    },
  };
}

/** Calls `fn` on elements until it gives something else than undefined, or there are no more. */
export function untilFound<T, U>(cursor: Cursor<T>, fn: (value: T) => Maybe<U | undefined>): Maybe<U | undefined> {
  for (;;) {
    const step = cursor.next();
    if (step instanceof Promise) return step.then((given) => judge(given));
    if (step.done === true) return undefined;
    const found = fn(step.value);
    if (found instanceof Promise) return found.then((value) => value ?? untilFound(cursor, fn));
    if (found !== undefined) return found;
  }
  function judge(step: Step<T>): Maybe<U | undefined> {
    if (step.done === true) return undefined;
    return then(fn(step.value), (found) => found ?? untilFound(cursor, fn));
  }
}
