// What the loops of fit, evaluate and predict take their batches from: one interface for arrays in memory, iterables and data sets.
import type { Tensor } from '../core/tensor.js';
import type { ArrayData } from './data.js';
import type { Layout } from './steps.js';

/** Batches that can run one after the other in one native call: they have equal shapes and lie in the same arrays. */
export interface ReadyBatches {
  readonly data: ArrayData;
  /** How the rows of a batch are found in `data`. */
  readonly layout: Layout;
  /** Numbers of the rows in the order in which they are visited, for the layout `'permuted'`. */
  readonly order: Tensor | null;
  /** Number of the first of these batches in `data`. */
  readonly first: number;
  /** How many there are. */
  readonly count: number;
  /** Rows of each batch. */
  readonly size: number;
  /** Rows from the beginning of one batch to that of the next. */
  readonly stride: number;
}

/** A place in the data, as plain values that can be written to a file. */
export interface SourceState {
  /** Batches of this pass that have run. */
  readonly position: number;
  /** What the order of this pass was drawn with; null for data in their own order. */
  readonly seed?: number | null;
  /** What the stream's own iterator said after these batches, for streams that can be resumed. */
  readonly stream?: unknown;
}

/**
 * A source of batches. A loop calls `begin`, then `next` and `done` in turns, then `end`. While batches run in another thread it
 * calls `prepare`.
 *
 * A data set that is no array needs nothing of this: `StreamSource` reads all that can be iterated. To let its place be saved without
 * reading batches again, it is a `ResumableStream`.
 */
export interface BatchSource {
  /** Batches of a pass over the data; null while it is not known. */
  readonly batches: number | null;
  /** Begins an epoch: a whole pass over the data, or `steps` batches from where the last epoch ended. */
  begin(steps: number | null): void | Promise<void>;
  /** Batches to run next, `most` at most, or null when the epoch has no more. They come again until `done` takes note of them. */
  next(most: number): ReadyBatches | null | Promise<ReadyBatches | null>;
  /** Takes note that the first `count` of the batches that `next` gave have run. */
  done(count: number): void;
  /** Makes the batches after those of `next` ready, until `running` settles or enough are ready. Errors wait until their batch is due. */
  prepare(most: number, running: Promise<unknown>): void | Promise<void>;
  /** Ends an epoch in which all batches have run. */
  end(): void | Promise<void>;
  /** The place after the batches that have run. */
  state(): SourceState;
  /**
   * Goes to a place that `state` told; the epoch that begins next goes on from there. `taken` batches of it have run already: with none, it
   * begins a new pass where the place is the end of one.
   */
  restore(state: SourceState, taken?: number): void | Promise<void>;
  /** Lets go of what was opened. */
  close(): void | Promise<void>;
}

/** An iterator that tells its place: a plain value from which its stream can be resumed. */
export type ResumableIterator = (Iterator<unknown> | AsyncIterator<unknown>) & { state?(): unknown };
/** A stream that can be iterated from a place that its iterator told. */
export interface ResumableStream {
  resume(state: unknown): ResumableIterator;
}
