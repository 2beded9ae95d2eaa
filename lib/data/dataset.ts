// `keras.data.Dataset`: streams of elements, with the names of `tf.data`.
import { checkOptions, expectFunction, show } from '../base/errors.js';
import { integer } from '../base/integers.js';
import type { Nested } from '../base/tree.js';
import type { TensorLike } from '../core/convert.js';
import { makeDefaultSeed } from '../random/seed-generator.js';
import { argumentsOf, type Batched, type Row, Tuple } from './elements.js';
import { END, type Maybe, type Source, then } from './cursor.js';
import { padding, type PaddedShapes, type PaddingValues } from './padding.js';
import { iterableSource, rangeSource, RowSource, SeedSequence } from './sources.js';
import {
  aheadSource, batchSource, cacheSource, chainSource, filterSource, interleaveSource, mapSource, partSource, shuffleSource, unbatchSource,
  windowSource, zipSource,
} from './steps.js';

/** The arguments that a function gets of an element: the parts of a tuple, or the element. */
type ArgumentsOf<T> = T extends readonly [unknown, ...unknown[]] ? T : T extends readonly (infer U extends object)[] ? U[] : [T];
/** Elements of several data sets together. */
type Zipped<D> = { -readonly [K in keyof D]: D[K] extends Dataset<infer U> ? U : never };
/** Options of `map`. */
export interface MapOptions {
  /** Calls of the function, if it gives promises, that may be under way at once. Results stay in order. Default 1. */
  numParallelCalls?: number | null;
}
/** Options of `batch`. */
export interface BatchOptions {
  /** Whether a last batch of fewer elements is left out. Default false. */
  dropRemainder?: boolean;
}
/** Options of `paddedBatch`. */
export interface PaddedBatchOptions extends BatchOptions {
  /** Shapes to fill up to, as the elements are structured; null (also as a size): the largest of the batch. */
  paddedShapes?: PaddedShapes | null;
  /** What is filled in; default 0, and `''` for strings. */
  paddingValues?: PaddingValues | null;
}
/** Options of `shuffle`. */
export interface ShuffleOptions {
  /** An integer for the same orders each time; default null: other ones. */
  seed?: number | null;
  /** Whether each pass has another order. Default true. */
  reshuffleEachIteration?: boolean;
}
/** Options of `interleave`. */
export interface InterleaveOptions {
  /** Data sets that are read in turns. Default 2. */
  cycleLength?: number;
  /** Elements of one before the next. Default 1. */
  blockLength?: number;
}
/** Options of `window`. */
export interface WindowOptions {
  /** Elements from the beginning of a window to that of the next. Default: its size. */
  shift?: number | null;
  /** Elements from one to the next in a window. Default 1. */
  stride?: number;
  /** Whether last windows of fewer elements are left out. Default false. */
  dropRemainder?: boolean;
}

const sizeOf = (where: string, name: string, value: unknown): number => integer(`Dataset.${where}`, name, value, { min: 1 });
/** Elements by which a product of known numbers is known. */
const times = (count: number | null, factor: number): number | null => (count === null ? null : count === 0 ? 0 : count * factor);

/**
 * A stream of elements (tensors, numbers, strings, tuples and objects of them) that can be gone through again and again: by `for await`,
 * and by `fit`, `evaluate`, `predict` and `adapt` where its elements are batches. Its methods give new data sets and read nothing; a pass
 * reads no more than is asked for. A training on it can be resumed where it was.
 *
 * ```ts
 * const dataset = keras.data.Dataset.fromTensorSlices([x, y]).shuffle(10000).batch(32);
 * await model.fit(dataset, { epochs: 5 });
 * ```
 */
export class Dataset<T = unknown> implements AsyncIterable<T> {
  /** @internal Data sets are made by the static methods, and by the methods of others. */
  constructor(readonly source: Source<T>) {}

  // ---- where elements come from ------------------------------------------------------------------------------------

  /** The rows of arrays: of tuples and objects of arrays, tuples and objects of rows. @throws for different numbers of rows. */
  static fromTensorSlices<const D extends Nested<TensorLike> | readonly unknown[] | object>(tensors: D): Dataset<Row<D>> {
    return new Dataset(RowSource.of('Dataset.fromTensorSlices', tensors) as Source<unknown> as Source<Row<D>>);
  }
  /** What a generator function, or a function that makes an iterable, gives; it is called for each pass. It may be async. */
  static fromGenerator<T>(generator: () => Iterable<T> | AsyncIterable<T> | Iterator<T> | AsyncIterator<T>): Dataset<T> {
    expectFunction('Dataset.fromGenerator', generator);
    return new Dataset(iterableSource(generator));
  }
  /** The elements of an iterable that can be gone through again for each pass: an array, a set, an object with an iterator. */
  static from<T>(rows: Iterable<T> | AsyncIterable<T>): Dataset<T> {
    if (rows === null || typeof rows !== 'object' || !(Symbol.iterator in rows || Symbol.asyncIterator in rows))
      throw new TypeError(`Dataset.from: expected an iterable, received ${show(rows)}`);
    const { cardinality, open } = iterableSource(() => rows);
    return new Dataset({ open, cardinality: Array.isArray(rows) ? rows.length : cardinality });
  }
  /** Whole numbers from 0 (or `start`) to before `stop`, by steps of `step`, as Python's `range`. */
  static range(stop: number): Dataset<number>;
  static range(start: number, stop: number, step?: number): Dataset<number>;
  static range(...args: number[]): Dataset<number> {
    const [start, stop, step] = args.length < 2 ? [0, args[0], 1] : [args[0], args[1], args[2] ?? 1];
    for (const value of [start, stop, step]) integer('Dataset.range', 'a number', value);
    if (step === 0) throw new RangeError('Dataset.range: the step must not be 0');
    return new Dataset(rangeSource(start!, stop!, step));
  }
  /** Tuples of the elements of several data sets, up to the end of the shortest; of an object of data sets, objects. */
  static zip<const D extends readonly Dataset[]>(...datasets: D | [D]): Dataset<Zipped<D>>;
  static zip<const D extends { readonly [name: string]: Dataset }>(datasets: D): Dataset<Zipped<D>>;
  static zip(...args: unknown[]): Dataset {
    const given = args.length === 1 && !(args[0] instanceof Dataset) ? args[0] : args;
    const names = Object.keys(given as object);
    const datasets = Object.values(given as object) as unknown[];
    const wrong = datasets.findIndex((dataset) => !(dataset instanceof Dataset));
    if (datasets.length === 0 || wrong >= 0)
      throw new TypeError(`Dataset.zip: expected data sets, received ${show(wrong < 0 ? given : datasets[wrong])}`);
    const sources = (datasets as Dataset[]).map(({ source }) => source);
    const pack = (values: readonly unknown[]): unknown =>
      (Array.isArray(given) ? Tuple.from(values) : Object.fromEntries(names.map((name, i) => [name, values[i]])));
    return new Dataset(zipSource(sources, pack));
  }

  // ---- steps ---------------------------------------------------------------------------------------------------------

  /** `fn` of each element, which may give a promise. It gets the parts of a tuple as its arguments. */
  map<U>(fn: (...element: ArgumentsOf<T>) => Maybe<U>, options: MapOptions = {}): Dataset<U> {
    expectFunction('Dataset.map', fn);
    checkOptions('Dataset.map', options, ['numParallelCalls']);
    const parallel = sizeOf('map', 'numParallelCalls', options.numParallelCalls ?? 1);
    return new Dataset(mapSource(this.source, (value) => fn(...(argumentsOf(value) as ArgumentsOf<T>)), parallel));
  }
  /** The elements of which `fn` says true. */
  filter(fn: (...element: ArgumentsOf<T>) => Maybe<boolean>): Dataset<T> {
    expectFunction('Dataset.filter', fn);
    return new Dataset(filterSource(this.source, (value) => fn(...(argumentsOf(value) as ArgumentsOf<T>))));
  }
  /** Batches of `batchSize` elements. Plain numbers become floats. @throws (in a pass) for elements of different shapes. */
  batch(batchSize: number, options: BatchOptions = {}): Dataset<Batched<T>> {
    checkOptions('Dataset.batch', options, ['dropRemainder']);
    return new Dataset(batchSource(this.source, sizeOf('batch', 'batchSize', batchSize), options.dropRemainder ?? false) as Source<Batched<T>>);
  }
  /** Batches of elements whose shapes differ: they are filled up at the end of each axis. */
  paddedBatch(batchSize: number, options: PaddedBatchOptions = {}): Dataset<Batched<T>> {
    checkOptions('Dataset.paddedBatch', options, ['paddedShapes', 'paddingValues', 'dropRemainder']);
    const { paddedShapes = null, paddingValues = null, dropRemainder = false } = options;
    const join = padding(paddedShapes, paddingValues);
    return new Dataset(batchSource(this.source, sizeOf('paddedBatch', 'batchSize', batchSize), dropRemainder, join) as Source<Batched<T>>);
  }
  /** The rows of elements that are batches. */
  unbatch(): Dataset<Row<T>> {
    return new Dataset(unbatchSource(this.source) as Source<Row<T>>);
  }
  /** Elements in random order: each is drawn from `bufferSize` of them. For an even order the buffer must hold all of them. */
  shuffle(bufferSize: number, options: ShuffleOptions = {}): Dataset<T> {
    checkOptions('Dataset.shuffle', options, ['seed', 'reshuffleEachIteration']);
    const { seed = null, reshuffleEachIteration = true } = options;
    if (seed !== null) integer('Dataset.shuffle', 'seed', seed);
    const fixed = seed ?? (reshuffleEachIteration ? null : makeDefaultSeed());
    const seedOf = (pass: number): number => (fixed === null ? makeDefaultSeed() : (fixed + (reshuffleEachIteration ? pass : 0)) % 2 ** 31);
    return new Dataset(shuffleSource(this.source, sizeOf('shuffle', 'bufferSize', bufferSize), new SeedSequence(seedOf)));
  }
  /** The elements `count` times; without end by default, and for -1. */
  repeat(count: number | null = null): Dataset<T> {
    const passes = count === null || count === -1 ? Infinity : integer('Dataset.repeat', 'count', count, { min: 0 });
    return new Dataset(chainSource((i) => (i < passes ? this.source : undefined), times(this.source.cardinality, passes)));
  }
  /** The first `count` elements; all for -1. */
  take(count: number): Dataset<T> {
    return new Dataset(partSource(this.source, { count: countOf('take', count) }));
  }
  /** The elements after the first `count`; none for -1. */
  skip(count: number): Dataset<T> {
    return new Dataset(partSource(this.source, { skip: countOf('skip', count) }));
  }
  /** The elements of this data set, then those of another. */
  concatenate<U>(dataset: Dataset<U>): Dataset<T | U> {
    if (!(dataset instanceof Dataset)) throw new TypeError(`Dataset.concatenate: expected a data set, received ${show(dataset)}`);
    const sources: readonly Source<T | U>[] = [this.source, dataset.source];
    const [a, b] = sources.map(({ cardinality }) => cardinality) as [number | null, number | null];
    return new Dataset(chainSource((i) => sources[i], a === null || b === null ? null : a + b));
  }
  /** The elements of the data sets that `fn` makes of elements, of several in turns. */
  interleave<U>(fn: (...element: ArgumentsOf<T>) => Maybe<Dataset<U>>, options: InterleaveOptions = {}): Dataset<U> {
    expectFunction('Dataset.interleave', fn);
    checkOptions('Dataset.interleave', options, ['cycleLength', 'blockLength']);
    const { cycleLength = 2, blockLength = 1 } = options;
    const sourceOf = (made: Dataset<U>): Source<U> => {
      if (!(made instanceof Dataset)) throw new TypeError(`Dataset.interleave: the function must give a data set, received ${show(made)}`);
      return made.source;
    };
    return new Dataset(interleaveSource(
      this.source, (value) => then(fn(...(argumentsOf(value) as ArgumentsOf<T>)), sourceOf),
      sizeOf('interleave', 'cycleLength', cycleLength), sizeOf('interleave', 'blockLength', blockLength),
    ));
  }
  /** Windows of `size` elements: each a data set; of tuples and objects, tuples and objects of data sets. */
  window(size: number, options: WindowOptions = {}): Dataset {
    checkOptions('Dataset.window', options, ['shift', 'stride', 'dropRemainder']);
    const { shift = null, stride = 1, dropRemainder = false } = options;
    const length = sizeOf('window', 'size', size);
    const [every, apart] = [sizeOf('window', 'shift', shift ?? length), sizeOf('window', 'stride', stride)];
    const windows = windowSource(this.source, length, every, apart, dropRemainder);
    return new Dataset(mapSource(windows, datasetsOf, 1));
  }
  /** The same elements, kept in memory when a pass has read all of them. */
  cache(): Dataset<T> {
    return new Dataset(cacheSource(this.source));
  }
  /** The same elements, of which `bufferSize` are read ahead. */
  prefetch(bufferSize: number): Dataset<T> {
    const count = bufferSize === -1 ? 2 : sizeOf('prefetch', 'bufferSize', bufferSize);
    return new Dataset(aheadSource(this.source, count, (value) => value));
  }
  /** Every `numShards`-th element, from that of number `index` on. */
  shard(numShards: number, index: number): Dataset<T> {
    const every = sizeOf('shard', 'numShards', numShards);
    return new Dataset(partSource(this.source, { every, offset: integer('Dataset.shard', 'index', index, { min: 0, max: every - 1 }) }));
  }

  // ---- reading -------------------------------------------------------------------------------------------------------

  /** Number of elements: `Infinity` without end, null where only a pass tells. */
  cardinality(): number | null {
    return this.source.cardinality;
  }
  /** A pass over the elements. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return this.resume(undefined);
  }
  /** @internal A pass from a place that the iterator of another told. */
  resume(state: unknown): AsyncIterator<T, undefined> & { state(): unknown } {
    const cursor = this.source.open(state ?? undefined);
    let ended = false;
    return {
      async next() {
        if (ended) return END;
        try {
          const step = await cursor.next();
          ended = step.done === true;
          if (ended) await cursor.close();
          return step;
        } catch (error) {
          ended = true;
          await cursor.close();
          throw error;
        }
      },
      state: () => cursor.state(),
      async return() {
        if (!ended) await cursor.close();
        ended = true;
        return END;
      },
    };
  }
}

const countOf = (where: string, count: number): number =>
  (count === -1 || count === Infinity ? Infinity : integer(`Dataset.${where}`, 'count', count, { min: 0 }));

/** Data sets of the parts of elements. */
function datasetsOf(elements: readonly unknown[]): unknown {
  const [first] = elements;
  const of = (part: (element: unknown) => unknown): Dataset => Dataset.from(elements.map(part));
  if (argumentsOf(first) === first) return (first as readonly unknown[]).map((_, i) => of((element) => (element as readonly unknown[])[i]));
  if (first !== null && typeof first === 'object' && Object.getPrototypeOf(first) === Object.prototype)
    return Object.fromEntries(Object.keys(first).map((name) => [name, of((element) => (element as Record<string, unknown>)[name])]));
  return of((element) => element);
}
