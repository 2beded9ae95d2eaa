// Where a `fit` is between two batches: what a backup holds beside the weights and the optimizer.
import type { Tensor } from '../core/tensor.js';
import type { SeedState } from '../random/seed-generator.js';
import type { Logs } from './callback.js';

/** Plain values, and tensors among them, from which a training goes on with the same bits. */
export interface TrainingState {
  /** Number of the epoch that is going on or comes next. */
  readonly epoch: number;
  /** Its batches that have run. */
  readonly batch: number;
  /** Whether a callback has ended the training. */
  readonly stopped: boolean;
  /** Its logs so far. */
  readonly logs: Logs;
  /** The place in the data; null: not known. */
  readonly source: unknown;
  /** What seeds are drawn from; null: not known. */
  readonly seeds: SeedState | null;
  /** The values of the metrics' variables. */
  readonly metrics: readonly Tensor[];
  /** What the callbacks remember, in their order. */
  readonly callbacks: readonly CallbackState[];
}
/** What a callback remembers. */
export interface CallbackState {
  /** Name of its class. */
  readonly name: string;
  readonly state: unknown;
}
/** A `fit` that is going on. */
export interface TrainingRun {
  /** Where it is, now that all callbacks have seen the last batch or epoch. */
  state(): TrainingState;
}
