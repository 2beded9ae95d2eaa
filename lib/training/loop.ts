// The loops of fit, evaluate and predict: batches of arrays run natively in slices, batches of streams one by one.
import type { CallbackList } from '../callbacks/callback-list.js';
import type { Logs } from '../callbacks/callback.js';
import { makeTensor } from '../core/convert.js';
import { show } from '../base/errors.js';
import { runCompiled, runCompiledAsync, type Compiled } from '../core/jit.js';
import { type Tensor } from '../core/tensor.js';
import type { Model } from '../models/model.js';
import * as ops from '../ops/index.js';
import { randomPermutation } from '../random/functions.js';
import { PyDataset, readAhead } from '../utils/py-dataset.js';
import { type ArrayData, type BatchStream, readBatch } from './data.js';
import { compileStep, counterIndex, isSmall, readLogs, runStep, type Source, type StepKind } from './steps.js';

/** Milliseconds that a native run takes at most before the event loop may look at the signal and the progress bar. */
const SLICE = 50;

/** Everything a run needs besides data. */
export interface Run {
  readonly model: Model;
  readonly kind: StepKind;
  readonly callbacks: CallbackList;
  readonly signal: AbortSignal | null;
  /** Compiled steps, by kind and shapes. */
  readonly compiled: (key: string, make: () => Compiled) => Compiled;
  /** Takes the outputs of a predicted batch. */
  readonly collect?: (outputs: unknown) => void;
}

/** Lets timers and other work of the event loop run. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** How the rows of an epoch are visited. */
export type Shuffle = boolean | 'batch';

/** Row numbers of an epoch: null in order; a random permutation; or whole batches in random order. */
function visitingOrder(length: number, shuffle: Shuffle, batchSize: number): Tensor | null {
  if (shuffle === false) return null;
  if (shuffle === true) return randomPermutation(length);
  const full = Math.floor(length / batchSize);
  const order = full === 0 ? [] : [...(randomPermutation(full).data as Int32Array)];
  return makeTensor('int32', [length], (data) => {
    let at = 0;
    for (const batch of order) for (let i = 0; i < batchSize; i++) data[at++] = batch * batchSize + i;
    while (at < length) data[at] = at++;
  });
}

/** Runs batches of arrays in memory; keeps its place when an epoch ends before the data does (`stepsPerEpoch`). */
export class ArrayRunner {
  private order: Tensor | null = null;
  private position = 0; // batches done of this pass over the data
  readonly batches: number;

  constructor(private readonly run: Run, private readonly data: ArrayData, private readonly batchSize: number, private readonly shuffle: Shuffle) {
    this.batches = Math.ceil(data.length / batchSize);
  }

  private step(size: number): Compiled {
    const source: Source = this.order === null ? 'blocks' : 'permuted';
    const { run, data, batchSize } = this;
    return run.compiled(`${run.kind}|${source}|${size}|${batchSize}|${data.key}`, () => compileStep(run.model, run.kind, data, source, size, batchSize));
  }

  /** Number of rows in batch `position`. */
  private sizeOf(position: number): number {
    return Math.min(this.batchSize, this.data.length - position * this.batchSize);
  }

  /** Runs the next batch op by op, for models compiled with `runEagerly`. */
  private async runEagerly(): Promise<{ result: unknown; done: number }> {
    const { run, data, batchSize } = this;
    const start = this.position * batchSize;
    const stop = start + this.sizeOf(this.position);
    const batch = this.order === null ? data.rows(start, stop) : data.take(ops.slice(this.order, [start], [stop - start]));
    await breathe();
    return { result: runStep(run.model, run.kind, batch.assemble(batch.columns)), done: 1 };
  }

  private async runSlice(most: number): Promise<{ result: unknown; done: number }> {
    const { run, data } = this;
    if (run.model.runEagerly) return this.runEagerly();
    const counter = makeTensor('int32', [], (values) => values.fill(this.position as never));
    const inputs = [...data.columns, counter, ...(this.order === null ? [] : [this.order])];
    const compiled = this.step(this.sizeOf(this.position));
    if (run.kind !== 'train' && most === 1 && isSmall(compiled)) return { result: runCompiled(compiled, inputs), done: 1 };
    return runCompiledAsync(compiled, inputs, { steps: most, counter: counterIndex(data), budget: SLICE });
  }

  /** Batches of equal size from here on, `most` at most. */
  private stretch(most: number): number {
    const full = Math.floor(this.data.length / this.batchSize);
    return this.position >= full ? 1 : Math.min(most, full - this.position);
  }

  /**
   * Runs an epoch of `steps` batches (null: all) and returns the logs of the last. `true` in `exhausted` when the data ended before.
   */
  async epoch(steps: number | null, perBatch: number | null): Promise<{ logs: Logs; exhausted: boolean }> {
    const { run } = this;
    let logs: Logs = {};
    if (steps === null || this.position >= this.batches) this.position = 0;
    const wanted = steps ?? this.batches;
    let sinceBreath = performance.now();
    for (let done = 0; done < wanted; ) {
      if (this.position >= this.batches) return { logs, exhausted: true };
      if (this.position === 0) this.order = visitingOrder(this.data.length, this.shuffle, this.batchSize);
      if (perBatch !== null) await run.callbacks.batch(run.kind, 'begin', done, {});
      const alone = run.collect !== undefined ? 1 : (perBatch ?? Infinity);
      const slice = await this.runSlice(Math.min(this.stretch(alone), wanted - done));
      this.position += slice.done;
      done += slice.done;
      if (run.collect !== undefined) run.collect(slice.result);
      else logs = readLogs(slice.result);
      if (perBatch !== null) await run.callbacks.batch(run.kind, 'end', done - 1, logs);
      await run.callbacks.call('onProgress', done - 1, logs);
      run.signal?.throwIfAborted();
      if (performance.now() - sinceBreath > SLICE) {
        await breathe();
        sinceBreath = performance.now();
      }
      if (run.model.stopTraining && run.kind === 'train' && perBatch !== null) break;
    }
    return { logs, exhausted: false };
  }
}

/** What a run is called. */
const CALLS = { train: 'fit', test: 'evaluate', predict: 'predict' } as const;
const READ_ONCE = '. A generator is read once: give something that can be iterated anew for each pass (an object with [Symbol.iterator]() { … }, or a PyDataset), or a generator without end and stepsPerEpoch (for validation validationSteps)';

/** How a stream is read. */
export interface StreamOptions {
  readonly classWeight?: Readonly<Record<string, number>> | null;
  /** Go on where the last epoch ended. */
  readonly keep: boolean;
  /** Visit batches in random order, where they have numbers. */
  readonly shuffle?: boolean;
}

/** Runs batches that an iterable gives. */
export class StreamRunner {
  private iterator: Iterator<unknown> | AsyncIterator<unknown> | null = null;
  /** Number of batches of a pass, when the data set tells it, or once one has ended. */
  batches: number | null = null;
  /** The stream, where its batches have numbers. */
  private readonly numbered: PyDataset | null;

  constructor(private readonly run: Run, private readonly stream: BatchStream, private readonly options: StreamOptions) {
    this.numbered = stream instanceof PyDataset ? (stream as PyDataset) : null;
    this.batches = this.numbered?.numBatches ?? null;
    if (this.batches !== null && !(Number.isInteger(this.batches) && this.batches >= 0)) {
      throw new TypeError(`${stream.constructor.name}: length must be the number of batches (get length() { … }), received ${show(this.batches)}`);
    }
  }

  private open(): Iterator<unknown> | AsyncIterator<unknown> {
    if (this.numbered !== null) return readAhead(this.numbered, this.visiting(this.numbered));
    return Symbol.asyncIterator in this.stream ? this.stream[Symbol.asyncIterator]() : (this.stream as Iterable<unknown>)[Symbol.iterator]();
  }

  /** Numbers of the batches of a pass; null for a set without end. */
  private visiting({ numBatches }: PyDataset): readonly number[] | null {
    if (numBatches === null) return null;
    if (this.options.shuffle === true && numBatches > 0) return [...(randomPermutation(numBatches).data as Int32Array)];
    return Array.from({ length: numBatches }, (_, i) => i);
  }

  private async one(data: ArrayData): Promise<unknown> {
    const { run } = this;
    if (run.model.runEagerly) return runStep(run.model, run.kind, data.assemble(data.columns));
    const compiled = run.compiled(`${run.kind}|given|${data.key}`, () => compileStep(run.model, run.kind, data, 'given', data.length, data.length));
    return (await runCompiledAsync(compiled, data.columns, { steps: 1 })).result;
  }

  /** Runs `steps` batches (null: until the iterable ends). */
  async epoch(steps: number | null): Promise<{ logs: Logs; exhausted: boolean }> {
    const { run, options, numbered } = this;
    if (numbered !== null && steps === null && numbered.numBatches === null) throw new RangeError(`${CALLS[run.kind]}: the data set has no end (its numBatches is null); give ${run.kind === 'train' ? 'stepsPerEpoch' : 'steps'}`);
    await numbered?.onEpochBegin();
    if (!options.keep || this.iterator === null) this.iterator = this.open();
    let logs: Logs = {};
    let done = 0;
    for (; steps === null || done < steps; done++) {
      const item = await this.iterator.next();
      if (item.done === true) {
        this.iterator = null;
        break;
      }
      const data = readBatch(item.value as never, options.classWeight);
      await run.callbacks.batch(run.kind, 'begin', done, {});
      const result = await this.one(data);
      if (run.collect !== undefined) run.collect(result);
      else logs = readLogs(result);
      await run.callbacks.batch(run.kind, 'end', done, logs);
      await run.callbacks.call('onProgress', done, logs);
      run.signal?.throwIfAborted();
      if (run.model.stopTraining && run.kind === 'train') break;
      if (done % 16 === 15) await breathe();
    }
    if (done === 0) throw new RangeError(`${CALLS[run.kind]}: the data set gave no batch${this.batches !== null || 'next' in this.stream ? READ_ONCE : ''}`);
    if (steps === null) this.batches = done;
    await numbered?.onEpochEnd();
    return { logs, exhausted: steps !== null && done < steps };
  }

  /** Ends the iteration early, so that generators can clean up. */
  async close(): Promise<void> {
    await this.iterator?.return?.();
  }
}
