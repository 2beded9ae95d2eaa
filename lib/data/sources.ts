// Where the elements of data sets come from: data in memory, ranges, functions and iterables.
import { randomPermutation } from '../random/functions.js';
import { rowsOf, type Rows } from './elements.js';
import { type Cursor, countedSource, element, END, type Maybe, type Source, type Step } from './cursor.js';

/** A pass over rows in memory, from which batches are taken at once. */
export class RowCursor implements Cursor<unknown> {
  constructor(
    private readonly rows: Rows,
    /** Numbers of the rows in the order of the pass. */
    private readonly order: Int32Array,
    private position: number,
    /** What the order was drawn with. */
    private readonly drawn: unknown = null,
  ) {}

  next(): Step<unknown> {
    return this.position < this.order.length ? element(this.rows.at(this.order[this.position++]!)) : END;
  }
  /** The next `size` rows as a batch, or those that are left; null after the end. */
  take(size: number): { readonly value: unknown; readonly count: number } | null {
    const rows = this.order.subarray(this.position, this.position + size);
    if (rows.length === 0) return null;
    this.position += rows.length;
    return { value: this.rows.take(rows), count: rows.length };
  }
  state(): unknown {
    return { position: this.position, drawn: this.drawn };
  }
  close(): void {
    return undefined;
  }
}

interface RowPlace {
  readonly position: number;
  readonly drawn: SeedPlace | null;
}

/** Rows in memory, in their order or in a new random one for each pass. */
export class RowSource implements Source<unknown> {
  readonly cardinality: number;

  constructor(readonly rows: Rows, private readonly numbers: Int32Array, private readonly seeds: SeedSequence | null = null) {
    this.cardinality = numbers.length;
  }
  static of(where: string, data: unknown): RowSource {
    const rows = rowsOf(where, data);
    return new RowSource(rows, Int32Array.from({ length: rows.length }, (_, i) => i));
  }

  /** True while the rows come in the order of their numbers. */
  get ordered(): boolean {
    return this.seeds === null;
  }
  /** Some of the rows. */
  select(numbers: Int32Array): RowSource {
    return new RowSource(this.rows, numbers);
  }
  get order(): Int32Array {
    return this.numbers;
  }
  shuffled(seeds: SeedSequence): RowSource {
    return new RowSource(this.rows, this.numbers, seeds);
  }

  open(state?: unknown): RowCursor {
    const place = (state ?? { position: 0, drawn: null }) as RowPlace;
    const drawn = this.seeds?.begin(place.drawn) ?? null;
    const order = drawn === null ? this.numbers
      : (randomPermutation(this.numbers.length, drawn.seed).elements as Int32Array).map((i) => this.numbers[i]!);
    return new RowCursor(this.rows, order, place.position, drawn);
  }
}

/** The seed of a pass, and the number of the pass. */
export interface SeedPlace {
  readonly seed: number;
  readonly pass: number;
}
/** Seeds of the passes over a data set. */
export class SeedSequence {
  private pass = 0;

  /** @param draw the seed of a pass. */
  constructor(private readonly draw: (pass: number) => number) {}

  /** The seed of the next pass, or that of one that is gone on with. */
  begin(place: SeedPlace | null): SeedPlace {
    const drawn = place ?? { seed: this.draw(this.pass), pass: this.pass };
    this.pass = drawn.pass + 1;
    return drawn;
  }
}

/** Whole numbers from `start` to before `stop`. */
export function rangeSource(start: number, stop: number, step: number): Source<number> {
  const cardinality = Math.max(0, Math.ceil((stop - start) / step));
  return {
    cardinality,
    open(state) {
      let at = (state as { readonly at: number } | undefined)?.at ?? 0;
      return {
        next: () => (at < cardinality ? element(start + step * at++) : END),
        state: () => ({ at }),
        close: () => undefined,
      };
    },
  };
}

/** What a function gives that makes an iterable, or iterator, for each pass. */
export function iterableSource<T>(make: () => Iterable<T> | AsyncIterable<T> | Iterator<T> | AsyncIterator<T>): Source<T> {
  return countedSource<T>(() => {
    const made = make();
    const iterator = Symbol.asyncIterator in made ? made[Symbol.asyncIterator]() : Symbol.iterator in made ? made[Symbol.iterator]() : made;
    let ended = false;
    const note = (step: IteratorResult<T, unknown>): Step<T> => {
      ended = step.done === true;
      return step.done === true ? END : step;
    };
    return {
      next(): Maybe<Step<T>> {
        const step = iterator.next();
        return step instanceof Promise ? step.then(note) : note(step as IteratorResult<T, unknown>);
      },
      async close() {
        if (!ended) await iterator.return?.();
      },
    };
  }, null);
}
