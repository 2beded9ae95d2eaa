// The steps between the sources of data sets and what is read of them: each makes a source of a source.
import { type Cursor, countedSource, element, END, type Maybe, type Source, type Step, then, untilFound } from './cursor.js';
import { joinElements, rowsOf, type Join, type Rows } from './elements.js';
import { RowCursor, RowSource, type SeedPlace, type SeedSequence } from './sources.js';

/** A source whose passes are made of those of another; the place is that of the other. */
const over = <T, U>(source: Source<T>, cardinality: number | null, wrap: (cursor: Cursor<T>) => Cursor<U>): Source<U> =>
  ({ cardinality, open: (state) => wrap(source.open(state)) });

/** Cursors that tell the place of another. */
const passing = <T, U>(cursor: Cursor<T>, next: () => Maybe<Step<U>>): Cursor<U> =>
  ({ next, state: () => cursor.state(), close: () => cursor.close() });

/** `fn` of each element; up to `parallel` of its calls may be under way, their results come in order. */
export function mapSource<T, U>(source: Source<T>, fn: (value: T) => Maybe<U>, parallel: number): Source<U> {
  if (parallel > 1) return aheadSource(source, parallel, (value) => fn(value));
  return over(source, source.cardinality, (cursor) => passing(cursor, () =>
    then(cursor.next(), (step): Maybe<Step<U>> => (step.done === true ? END : then(fn(step.value), element)))));
}

/** Elements that are asked for before they are needed, `count` at most, and `fn` of them. */
export const aheadSource = <T, U>(source: Source<T>, count: number, fn: (value: T) => Maybe<U>): Source<U> =>
  over(source, source.cardinality, (cursor) => new AheadCursor(cursor, count, fn));

/** Reads another cursor ahead. */
class AheadCursor<T, U> implements Cursor<U> {
  /** What was asked for: the elements in their order, and the place after each. */
  private readonly queue: { readonly step: Promise<Step<U>>; readonly state: unknown }[] = [];
  private place: unknown;
  private ended = false;
  private filling: Promise<void> | null = null;

  constructor(private readonly cursor: Cursor<T>, private readonly count: number, private readonly fn: (value: T) => Maybe<U>) {
    this.place = cursor.state();
  }

  /** Asks for one element more. */
  private async ask(): Promise<void> {
    const { cursor, fn } = this;
    let step: Promise<Step<U>>;
    try {
      const given = await cursor.next();
      this.ended = given.done === true;
      step = Promise.resolve(given.done === true ? END : then(fn(given.value), element));
    } catch (error) {
      this.ended = true;
      step = Promise.reject(error);
    }
    step.catch(() => undefined); // whoever takes it from the queue sees the error
    this.queue.push({ step, state: cursor.state() });
  }
  private fill(): void {
    if (this.filling !== null || this.ended || this.queue.length >= this.count) return;
    this.filling = this.ask().then(() => {
      this.filling = null;
      this.fill();
    });
  }

  async next(): Promise<Step<U>> {
    this.fill();
    while (this.queue.length === 0) {
      if (this.filling === null) return END;
      await this.filling;
    }
    const { step, state } = this.queue[0]!;
    const given = await step;
    this.queue.shift();
    this.place = state;
    this.fill();
    return given;
  }
  state(): unknown {
    return this.place;
  }
  async close(): Promise<void> {
    this.ended = true;
    await this.filling;
    await this.cursor.close();
  }
}

/** The elements of which `fn` says true. */
export function filterSource<T>(source: Source<T>, fn: (value: T) => Maybe<boolean>): Source<T> {
  return over(source, null, (cursor) => passing(cursor, () =>
    then(untilFound(cursor, (value) => then(fn(value), (fits) => (fits ? element(value) : undefined))), (found) => found ?? END)));
}

/** Batches of `size` elements. */
export function batchSource(source: Source<unknown>, size: number, dropRemainder: boolean, join?: Join): Source<unknown> {
  const { cardinality } = source;
  const batches = cardinality === null ? null : dropRemainder ? Math.floor(cardinality / size) : Math.ceil(cardinality / size);
  const fits = (count: number): boolean => count === size || (count > 0 && !dropRemainder);
  return over(source, batches, (cursor) => {
    if (cursor instanceof RowCursor && join === undefined) {
      return passing(cursor, () => {
        const batch = cursor.take(size);
        return batch !== null && fits(batch.count) ? element(batch.value) : END;
      });
    }
    return passing(cursor, () => {
      const elements: unknown[] = [];
      const whole = untilFound(cursor, (value) => (elements.push(value) === size ? true : undefined));
      return then(whole, () => (fits(elements.length) ? element(joinElements(elements, join)) : END));
    });
  });
}

/** The rows of elements, one after the other. */
export function unbatchSource(source: Source<unknown>): Source<unknown> {
  return {
    cardinality: null,
    open(state) {
      const place = state as { readonly before: unknown; readonly at: number } | undefined;
      const cursor = source.open(place?.before);
      let rows: Rows | null = null;
      let [before, at, skip] = [cursor.state(), 0, place?.at ?? 0];
      const next = (): Maybe<Step<unknown>> => {
        if (rows !== null && at < rows.length) return element(rows.at(at++));
        before = cursor.state();
        return then(cursor.next(), (step) => {
          if (step.done === true) return END;
          rows = rowsOf('Dataset.unbatch', step.value);
          [at, skip] = [Math.min(skip, rows.length), 0];
          return next();
        });
      };
      return { next, state: () => ({ before, at }), close: () => cursor.close() };
    },
  };
}

/** Numbers from 0 to before `below`, by a seed (SplitMix32). */
function smallRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return Math.floor((((z ^ (z >>> 15)) >>> 0) / 2 ** 32) * below);
  };
}

/** Elements in random order: each is drawn from a buffer of `size`, which is filled up again. */
export function shuffleSource<T>(source: Source<T>, size: number, seeds: SeedSequence): Source<T> {
  if (source instanceof RowSource && source.ordered && source.cardinality <= size)
    return source.shuffled(seeds) as Source<unknown> as Source<T>;
  return {
    cardinality: source.cardinality,
    open(state) {
      const place = state as { readonly drawn: SeedPlace; readonly pass: unknown } | undefined;
      const drawn = seeds.begin(place?.drawn ?? null);
      const counted = countedSource(() => {
        const cursor = source.open();
        const draw = smallRandom(drawn.seed);
        const buffer: T[] = [];
        let ended = false;
        const next = (): Maybe<Step<T>> => {
          const filled = ended ? true : untilFound(cursor, (value) => (buffer.push(value) >= size ? true : undefined));
          return then(filled, (whole) => {
            ended ||= whole !== true;
            if (buffer.length === 0) return END;
            const at = draw(buffer.length);
            const [value] = buffer.splice(at, 1, buffer.at(-1)!);
            buffer.pop();
            return element(value as T);
          });
        };
        return { next, close: () => cursor.close() };
      }, source.cardinality);
      const cursor = counted.open(place?.pass);
      return { next: () => cursor.next(), state: () => ({ drawn, pass: cursor.state() }), close: () => cursor.close() };
    },
  };
}

/** Passes over data sets, one after the other: `sourceOf(i)` is the one of pass i, undefined after the last. */
export function chainSource<T>(sourceOf: (i: number) => Source<T> | undefined, cardinality: number | null): Source<T> {
  return {
    cardinality,
    open(state) {
      const place = state as { readonly pass: number; readonly inner: unknown } | undefined;
      let pass = place?.pass ?? 0;
      let cursor = sourceOf(pass)?.open(place?.inner) ?? null;
      let some = place !== undefined;
      const next = (): Maybe<Step<T>> => {
        if (cursor === null) return END;
        return then(cursor.next(), (step) => {
          if (step.done !== true) {
            some = true;
            return step;
          }
          const had = some;
          const closed = cursor!.close();
          const following = sourceOf(pass + 1);
          // An endless number of passes without an element would never end.
          if (following === undefined || (!had && following === sourceOf(pass))) return END;
          pass++;
          some = false;
          return then(closed, () => {
            cursor = following.open();
            return next();
          });
        });
      };
      return { next, state: () => ({ pass, inner: cursor?.state() ?? null }), close: () => cursor?.close() };
    },
  };
}

/** Elements of which the first `skip` are left out, then `count` taken of every `every`. */
export function partSource<T>(source: Source<T>, { skip = 0, count = Infinity, every = 1, offset = 0 }): Source<T> {
  const { cardinality } = source;
  const left = cardinality === null ? null : Math.max(0, Math.ceil((cardinality - skip - offset) / every));
  const wanted = left === null ? null : Math.min(count, left);
  if (source instanceof RowSource && source.ordered) {
    const numbers = source.order.filter((_, i) => i >= skip && (i - skip) % every === offset);
    return source.select(numbers.subarray(0, Math.min(count, numbers.length))) as Source<unknown> as Source<T>;
  }
  return {
    cardinality: wanted,
    open(state) {
      const place = state as { readonly read: number; readonly inner: unknown } | undefined;
      const cursor = source.open(place?.inner);
      let read = place?.read ?? 0; // elements of the source
      const fits = (i: number): boolean => i >= skip && (i - skip) % every === offset;
      const next = (): Maybe<Step<T>> => {
        if (Math.floor((read - skip - offset + every - 1) / every) >= count) return END;
        return then(untilFound(cursor, (value) => (fits(read++) ? element(value) : undefined)), (found) => found ?? END);
      };
      return { next, state: () => ({ read, inner: cursor.state() }), close: () => cursor.close() };
    },
  };
}

/** Tuples of the elements of several data sets, up to the end of the shortest. */
export function zipSource(sources: readonly Source<unknown>[], pack: (values: readonly unknown[]) => unknown): Source<unknown> {
  const counts = sources.map(({ cardinality }) => cardinality);
  return {
    cardinality: counts.includes(null) ? null : Math.min(...(counts as number[])),
    open(state) {
      const places = state as readonly unknown[] | undefined;
      const cursors = sources.map((source, i) => source.open(places?.[i]));
      const from = (i: number, values: readonly unknown[]): Maybe<Step<unknown>> =>
        (i === cursors.length ? element(pack(values))
          : then(cursors[i]!.next(), (step) => (step.done === true ? END : from(i + 1, [...values, step.value]))));
      return {
        next: () => from(0, []),
        state: () => cursors.map((cursor) => cursor.state()),
        close: async () => {
          for (const cursor of cursors) await cursor.close();
        },
      };
    },
  };
}

/** Elements of the data sets that `fn` makes of elements: of `cycle` of them in turns, `block` elements of each. */
export function interleaveSource<T, U>(source: Source<T>, fn: (value: T) => Maybe<Source<U>>, cycle: number, block: number): Source<U> {
  return countedSource<U>(() => {
    const cursor = source.open();
    const slots = new Array<Cursor<U> | null>(cycle).fill(null);
    let [at, taken, ended] = [0, 0, false];
    const move = (): void => void ([at, taken] = [(at + 1) % cycle, 0]);
    /** Puts the next data set into the slot. */
    const fill = (): Maybe<void> => then(cursor.next(), (step) => {
      if (step.done !== true) return then(fn(step.value), (made) => void (slots[at] = made.open()));
      ended = true;
      return undefined;
    });
    const next = (): Maybe<Step<U>> => {
      if (taken === block) move();
      const slot = slots[at]!;
      if (slot !== null) {
        return then(slot.next(), (step) => {
          if (step.done !== true) {
            taken++;
            return step;
          }
          slots[at] = null;
          move();
          return next();
        });
      }
      if (!ended) return then(fill(), next);
      if (slots.every((each) => each === null)) return END;
      move();
      return next();
    };
    const close = async (): Promise<void> => {
      for (const each of [...slots, cursor]) await each?.close();
    };
    return { next, close };
  }, null);
}

/** Windows of elements, as arrays: `size` of them, `stride` apart, beginning every `shift`. */
export function windowSource<T>(source: Source<T>, size: number, shift: number, stride: number, dropRemainder: boolean): Source<T[]> {
  const span = (size - 1) * stride + 1;
  return countedSource<T[]>(() => {
    const cursor = source.open();
    let buffer: T[] = [];
    let [skip, ended] = [0, false];
    const next = (): Maybe<Step<T[]>> => {
      const read = ended ? true : untilFound(cursor, (value) => {
        if (skip > 0) skip--;
        else buffer.push(value);
        return buffer.length >= span ? true : undefined;
      });
      return then(read, (whole) => {
        ended ||= whole !== true;
        if (buffer.length === 0 || (dropRemainder && buffer.length < span)) return END;
        const window = buffer.slice(0, span).filter((_, i) => i % stride === 0);
        skip = Math.max(0, shift - buffer.length);
        buffer = buffer.slice(shift);
        return element(window);
      });
    };
    return { next, close: () => cursor.close() };
  }, null);
}

/** Elements that are kept when a pass has read all of them, for the passes after it. */
export function cacheSource<T>(source: Source<T>): Source<T> {
  let kept: readonly T[] | null = null;
  return {
    cardinality: source.cardinality,
    open(state) {
      return countedSource<T>(() => {
        if (kept !== null) {
          const values = kept[Symbol.iterator]();
          return { next: () => { const step = values.next(); return step.done === true ? END : step; }, close: () => undefined };
        }
        const cursor = source.open();
        const read: T[] = [];
        const next = (): Maybe<Step<T>> => then(cursor.next(), (step) => {
          if (step.done === true) kept ??= read;
          else read.push(step.value);
          return step;
        });
        return { next, close: () => cursor.close() };
      }, source.cardinality).open(state);
    },
  };
}

