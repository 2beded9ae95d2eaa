// The loop over the batches of an epoch, for fit, evaluate and predict.
import type { CallbackList } from '../callbacks/callback-list.js';
import type { Logs } from '../callbacks/callback.js';
import { yieldToEventLoop, turnIsDue } from '../base/event-loop.js';
import { makeTensor } from '../core/convert.js';
import { type Compiled, runCompiled, runCompiledAsync } from '../core/jit.js';
import type { Tensor } from '../core/tensor.js';
import type { Model } from '../models/model.js';
import * as ops from '../ops/index.js';
import type { BatchSource, ReadyBatches } from './source.js';
import { wholeOrNothing } from '../core/variable.js';
import { counterIndex, isSmall, joinBatches, readLogs, runStep, runStepEagerly, type StepKind } from './steps.js';
import type { Call } from './turns.js';

/** Milliseconds that a native run takes at most before the event loop may look at the signal and the progress bar. */
const SLICE = 50;

/** Everything a run needs besides data. */
export interface Run {
  readonly model: Model;
  readonly kind: StepKind;
  readonly callbacks: CallbackList;
  readonly signal: AbortSignal | null;
  /** The turn in which the model is trained or evaluated; null for predictions, which change nothing that others use. */
  readonly turn: Call | null;
  /** Takes the outputs of a predicted batch. */
  readonly collect?: (outputs: unknown) => void;
  /** Called after callbacks have seen a batch, with the batches of the epoch that have run, and the logs. */
  readonly settled?: (done: number, logs: Logs) => void | Promise<void>;
}

/** An epoch of which some batches ran before, in another process. */
export interface Resumed {
  readonly done: number;
  readonly logs: Logs;
  /** Puts back what the metrics had; they have their variables now. */
  readonly restoreMetrics: () => void;
}

/** What came of an epoch. */
export interface Pass {
  /** Logs of the last batch. */
  readonly logs: Logs;
  /** Batches that ran. */
  readonly done: number;
}

interface Slice {
  readonly result: unknown;
  readonly done: number;
}

/** Runs code of the user's, a callback or a data set; other calls may use the model meanwhile. */
export const lend = <T>({ turn }: Run, work: () => T | Promise<T>): T | Promise<T> => (turn === null ? work() : turn.lend(work));

/** What a promise resolves to, unless the signal is aborted before. */
async function orAborted<T>(signal: AbortSignal | null, promise: Promise<T>): Promise<T> {
  if (signal === null) return promise;
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** The first batch, as a step takes it. */
function firstBatch({ data, layout, order, first, size, stride }: ReadyBatches): [unknown, unknown, unknown] {
  const start = first * stride;
  const batch = layout === 'given' ? data
    : order === null ? data.rows(start, start + size)
    : data.take(ops.slice(order, [start], [size]));
  return batch.assemble(batch.columns);
}

function inputsOf({ data, layout, order, first }: ReadyBatches): readonly Tensor[] {
  if (layout === 'given') return data.columns;
  const counter = makeTensor('int32', [], (values) => values.fill(first as never));
  return order === null ? [...data.columns, counter] : [...data.columns, counter, order];
}

/** Runs batches natively: one small one at once, others in another thread, while the source prepares those after them. */
function runNatively(run: Run, source: BatchSource, ready: ReadyBatches, most: number, step: Compiled): Slice | Promise<Slice> {
  const { data, layout, count } = ready;
  if (run.kind !== 'train' && count === 1 && isSmall(step)) return { result: runCompiled(step, inputsOf(ready)), done: 1 };
  const counter = layout === 'given' ? -1 : counterIndex(data);
  const running = runCompiledAsync(step, inputsOf(ready), { steps: count, counter, budget: SLICE, signal: run.signal });
  const preparing = source.prepare(most, running);
  return preparing === undefined ? running : preparing.then(() => running);
}

function runSlice(run: Run, source: BatchSource, ready: ReadyBatches, most: number): Slice | Promise<Slice> {
  const { model, kind } = run;
  if (model.runEagerly) return { result: runStepEagerly(model, kind, firstBatch(ready)), done: 1 };
  const { layout, size, stride: batch, data } = ready;
  const step = model.steps.get({ kind, layout, size, batch, data });
  const go = (made: Compiled): Slice | Promise<Slice> => runNatively(run, source, ready, most, made);
  return step instanceof Promise ? step.then(go) : go(step);
}

/** Makes what the first run of a step makes: its plan, the variables of metrics and of the optimizer. */
async function prepareStep({ model, kind }: Run, ready: ReadyBatches): Promise<void> {
  const { layout, size, stride: batch, data } = ready;
  if (!model.runEagerly) {
    await model.steps.get({ kind, layout, size, batch, data });
    return;
  }
  const undone = new Error('undone');
  try {
    wholeOrNothing(() => {
      runStep(model, kind, firstBatch(ready));
      throw undone;
    });
  } catch (error) {
    if (error !== undone) throw error;
  }
}

/** Batches from one call of the batch callbacks to the next; null where no callback asks for them. */
function batchesPerCallback({ callbacks, kind, model }: Run): number | null {
  return callbacks.wantsBatches(kind) || model.runEagerly ? model.stepsPerExecution : null;
}

/** A loop over one epoch. */
class Epoch {
  private logs: Logs = {};
  private outputs: unknown[] = [];
  private done = 0;

  constructor(
    private readonly run: Run, private readonly source: BatchSource, private readonly steps: number, private resumed: Resumed | null,
  ) {
    if (resumed !== null) ({ done: this.done, logs: this.logs } = resumed);
  }

  /** Runs all batches of the epoch. */
  async all(): Promise<Pass> {
    const { run, steps } = this;
    const group = batchesPerCallback(run);
    while (this.done < steps) {
      const from = this.done;
      // A callback that ends the training before a batch ends it after that batch.
      const until = Math.min(steps, from + (this.stops() ? 1 : (group ?? Infinity)));
      while (this.done < until) {
        const most = run.collect === undefined ? until - this.done : 1;
        const given = lend(run, () => this.source.next(most));
        const ready = given instanceof Promise ? await orAborted(run.signal, given) : given;
        if (ready === null) return this.ended(group !== null && this.done > from);
        if (group !== null && this.done === from) await lend(run, () => run.callbacks.batch(run.kind, 'begin', from, {}));
        await this.slice(ready, most);
      }
      if (group !== null) await this.endOfBatch();
      run.signal?.throwIfAborted();
      if (this.stops()) break;
    }
    return this.ended(false);
  }

  private stops(): boolean {
    return this.run.kind === 'train' && this.run.model.stopTraining;
  }

  private async ended(inBatch: boolean): Promise<Pass> {
    if (inBatch) await this.endOfBatch();
    return { logs: this.logs, done: this.done };
  }

  /** Runs batches that are ready, as many as one native call runs. */
  private async slice(ready: ReadyBatches, most: number): Promise<void> {
    const { run, source } = this;
    if (turnIsDue()) await yieldToEventLoop();
    if (this.resumed !== null) {
      await prepareStep(run, ready);
      this.resumed.restoreMetrics();
      this.resumed = null;
    }
    let slice: Slice | Promise<Slice>;
    try {
      slice = runSlice(run, source, ready, most);
      if (slice instanceof Promise) slice = await slice;
    } catch (error) {
      source.done(1); // the batch that failed
      throw error;
    }
    source.done(slice.done);
    this.done += slice.done;
    if (run.collect === undefined) this.logs = readLogs(slice.result);
    else {
      run.collect(slice.result);
      this.outputs.push(slice.result);
    }
    const shown = run.callbacks.call('onProgress', this.done - 1, this.logs);
    if (shown instanceof Promise) await shown;
    run.signal?.throwIfAborted();
  }

  private async endOfBatch(): Promise<void> {
    const { run } = this;
    const logs = run.collect === undefined ? this.logs : { outputs: joinBatches(this.outputs) };
    this.outputs = [];
    await lend(run, () => run.callbacks.batch(run.kind, 'end', this.done - 1, logs));
    if (run.settled !== undefined) await lend(run, () => run.settled!(this.done, this.logs));
  }
}

/** Runs an epoch of `steps` batches (null: a whole pass), or what is left of it. Fewer are done where the data end before. */
export async function runEpoch(run: Run, source: BatchSource, steps: number | null, resumed: Resumed | null = null): Promise<Pass> {
  const begun = lend(run, () => source.begin(steps));
  if (begun instanceof Promise) await begun;
  const pass = await new Epoch(run, source, steps ?? Infinity, resumed).all();
  if (pass.done > 0) await lend(run, () => source.end());
  return pass;
}
