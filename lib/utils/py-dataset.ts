// Data sets that are read batch by batch, by number.
import { checkOptions, show } from '../base/errors.js';
import type { Batch, Data } from '../training/data.js';

/** Options of `PyDataset`. */
export interface PyDatasetOptions {
  /**
   * How many calls of `getItem` may be under way at once while a model reads. Default 1: the next batch is read while one is computed
   * with; 0 is the same.
   */
  workers?: number;
  /**
   * With true, a single worker fills the queue too. What reads in other threads or processes is up to `getItem`, which may return a
   * promise. Default false.
   */
  useMultiprocessing?: boolean;
  /** How many batches may be under way or wait. Default 10. */
  maxQueueSize?: number;
}

/**
 * Batches by number, for `fit`, `evaluate` and `predict`. Extend it with `length`, the number of batches (or `numBatches`, null for a
 * set without end), and `getItem(i)`, which gives `[x]`, `[x, y]` or `[x, y, sampleWeight]` at once or as a promise. `fit` visits the
 * batches in random order unless `shuffle` is false.
 *
 * ```ts
 * class Rows extends keras.utils.PyDataset {
 *   get length() { return 10; }
 *   getItem(i: number) { return [keras.ops.ones([4, 2]), keras.ops.full([4, 1], i)]; }
 * }
 * ```
 */
export class PyDataset<Item = Batch | Data> implements AsyncIterable<Item> {
  workers: number;
  useMultiprocessing: boolean;
  maxQueueSize: number;

  /** @throws for options that are no integers of at least 0, and for a queue without room. */
  constructor(options: PyDatasetOptions = {}) {
    checkOptions('PyDataset', options, ['workers', 'useMultiprocessing', 'maxQueueSize']);
    const { workers = 1, useMultiprocessing = false, maxQueueSize = 10 } = options;
    if (!Number.isInteger(workers) || workers < 0)
      throw new RangeError(`PyDataset: workers must be an integer >= 0, received ${show(workers)}`);
    if (!Number.isInteger(maxQueueSize) || maxQueueSize < 1)
      throw new RangeError(`PyDataset: maxQueueSize must be an integer >= 1, received ${show(maxQueueSize)}`);
    if (typeof useMultiprocessing !== 'boolean')
      throw new TypeError(`PyDataset: useMultiprocessing must be true or false, received ${show(useMultiprocessing)}`);
    this.workers = workers;
    this.useMultiprocessing = useMultiprocessing;
    this.maxQueueSize = maxQueueSize;
  }

  /** Number of batches. */
  get length(): number {
    throw new Error(`${this.constructor.name}: define length (or numBatches), the number of batches`);
  }

  /** Number of batches; null for a set without end. */
  get numBatches(): number | null {
    return this.length;
  }

  /** Batch `index`. */
  getItem(index: number): Item | Promise<Item> {
    throw new Error(`${this.constructor.name}: define getItem, which gives batch ${index}`);
  }

  /** Called before each pass over the data. */
  onEpochBegin(): void | Promise<void> {
    return undefined;
  }

  /** Called after each pass over the data. */
  onEpochEnd(): void | Promise<void> {
    return undefined;
  }

  /** The batches in order, one at a time. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    const count = this.numBatches ?? Infinity;
    for (let i = 0; i < count; i++) yield await this.getItem(i);
  }
}

/** The batches of these numbers, read ahead as the set's options say. */
export async function* readAhead<Item>(dataset: PyDataset<Item>, order: Iterable<number>): AsyncGenerator<Item> {
  const { workers, useMultiprocessing, maxQueueSize } = dataset;
  const reads = workers > 1 || (workers > 0 && useMultiprocessing);
  const indices = order[Symbol.iterator]();
  const queue: Promise<Item>[] = [];
  let running = 0;
  let ended = false;
  const start = (): void => {
    while (!ended && running < (reads ? workers : 1) && queue.length < (reads ? maxQueueSize : 1)) {
      const index = indices.next();
      if (index.done === true) return;
      running++;
      const item = (async () => dataset.getItem(index.value))().finally(() => {
        running--;
        if (reads) start();
      });
      item.catch(() => undefined); // whoever takes it from the queue sees the error
      queue.push(item);
    }
  };
  try {
    for (;;) {
      start();
      const item = queue.shift();
      if (item === undefined) return;
      yield await item;
    }
  } finally {
    ended = true;
  }
}
