// Batches that an iterable gives: generators, async iterables, PyDatasets, streams.
import { show } from '../base/errors.js';
import { yieldToEventLoop } from '../base/event-loop.js';
import { randomPermutation } from '../random/functions.js';
import { makeDefaultSeed } from '../random/seed-generator.js';
import { Dataset } from '../data/dataset.js';
import { PyDataset, readAhead } from '../utils/py-dataset.js';
import { type ArrayData, type BatchStream, type ClassWeight, readBatch } from './data.js';
import { ItemReader, type RunUserCode } from './item-reader.js';
import type { BatchSource, ReadyBatches, ResumableIterator, ResumableStream, SourceState } from './source.js';

/** How a stream is read. */
export interface StreamOptions {
  /** The call that reads, for errors. */
  readonly where: string;
  readonly classWeight?: ClassWeight | null | undefined;
  /** Visit batches in random order, where they have numbers. */
  readonly shuffle?: boolean;
  /** Whether batches of any size are put together for one native call, rather than small ones only. */
  readonly joinsAll?: boolean;
  /** How code of the user's is run. */
  readonly runUserCode?: RunUserCode;
  /** What the host makes of inputs before they are tensors. */
  readonly onHost?: (x: unknown) => unknown;
}

/** Batches of up to this many bytes are copied together to run in one native call: copying takes less time than the call. */
const SMALL_BATCH = 64 * 1024;
/** Batches that are put together at most, and their bytes; and how many arrays to copy them to are kept. */
const JOINED = { batches: 64, bytes: 256 * 1024 * 1024, kept: 4 };
/** Milliseconds of reading ahead after which it is looked whether the native thread waits. */
const READING = 1;

/** Readers of iterators that are not ours to close: generators that several calls read one after the other. */
const readers = new WeakMap<object, ItemReader>();

const isEndless = (stream: BatchStream): boolean =>
  (stream instanceof PyDataset ? stream.numBatches === null : stream instanceof Dataset && stream.cardinality() === Infinity);
const finite = (stream: BatchStream): number | null => {
  const count = stream instanceof Dataset ? stream.cardinality() : null;
  return count === Infinity ? null : count;
};

function* numbers(first: number, end: number): Iterable<number> {
  for (let i = first; i < end; i++) yield i;
}

/** Batches of a stream. One is read while another runs; small ones are put together. */
export class StreamSource implements BatchSource {
  batches: number | null;
  /** The stream, where its batches have numbers. */
  private readonly numbered: PyDataset | null;
  private reader: ItemReader | null = null;
  /** Whether the iterator was made for this source; a generator of the user's is not closed. */
  private owned = true;
  /** The first items of the reader, as batches. */
  private readonly read: ArrayData[] = [];
  private current: ReadyBatches | null = null;
  private readonly joined = new Map<string, ArrayData>();
  /** Batches that the epoch still has to take, and those that it has taken. */
  private left = Infinity;
  private taken = 0;
  private place: SourceState = { position: 0, seed: null, stream: null };
  /** After `restore`, the batches of the next epoch that have run. */
  private resumed: number | null = null;
  private readonly run: RunUserCode;

  /** @throws for a PyDataset whose length is no number of batches. */
  constructor(private readonly stream: BatchStream, private readonly options: StreamOptions) {
    this.run = options.runUserCode ?? ((work) => work());
    this.numbered = stream instanceof PyDataset ? (stream as PyDataset) : null;
    this.batches = this.numbered?.numBatches ?? finite(stream);
    if (this.batches !== null && !(Number.isInteger(this.batches) && this.batches >= 0)) {
      throw new TypeError(`${stream.constructor.name}: length must be the number of batches (get length() { … }), `
        + `received ${show(this.batches)}`);
    }
  }

  /** Opens the stream at a place in it; a generator of the user's goes on where it is. */
  private async open(place: SourceState): Promise<void> {
    await this.close();
    this.owned = true;
    const { position, seed = null, stream: state = null } = this.place = place;
    const { numbered, stream } = this;
    if (numbered !== null) this.reader = new ItemReader(readAhead(numbered, this.numbersFrom(position, seed)));
    else if (state !== null && 'resume' in stream) this.reader = new ItemReader((stream as unknown as ResumableStream).resume(state));
    else {
      this.reader = this.readerOf(Symbol.asyncIterator in stream ? stream[Symbol.asyncIterator]() : stream[Symbol.iterator]());
      for (let i = 0; i < position; i++) {
        await this.available(this.reader);
        this.reader.items.shift();
      }
    }
  }
  private readerOf(iterator: ResumableIterator): ItemReader {
    this.owned = (iterator as unknown) !== this.stream;
    const reader = (this.owned ? undefined : readers.get(iterator)) ?? new ItemReader(iterator);
    if (!this.owned) readers.set(iterator, reader);
    return reader;
  }
  /** Numbers of the batches of a pass from a position on. */
  private numbersFrom(position: number, seed: number | null): Iterable<number> {
    const count = this.numbered!.numBatches ?? Infinity;
    return seed === null ? numbers(position, count) : (randomPermutation(count, seed).elements as Int32Array).subarray(position);
  }
  private start(): SourceState {
    const shuffles = this.options.shuffle === true && (this.numbered?.numBatches ?? 0) > 0;
    return { position: 0, seed: shuffles ? makeDefaultSeed() : null, stream: null };
  }

  async begin(steps: number | null): Promise<void> {
    const { numbered, options: { where } } = this;
    if (steps === null && isEndless(this.stream)) {
      const option = where === 'fit' ? 'stepsPerEpoch' : 'steps';
      throw new RangeError(`${where}: the data set has no end; give ${option}`);
    }
    if (numbered !== null) await this.run(() => numbered.onEpochBegin());
    this.taken = this.resumed ?? 0;
    this.left = (steps ?? Infinity) - this.taken;
    const goesOn = this.reader !== null && (this.resumed !== null || steps !== null);
    this.resumed = null;
    if (!goesOn) await this.open(this.start());
  }

  async next(most: number): Promise<ReadyBatches | null> {
    if (this.current !== null) return this.current;
    if (this.left === 0) return null;
    await this.available(this.reader!);
    if (this.passEnded()) {
      await this.open(this.start());
      await this.available(this.reader!);
    }
    if (this.read.length === 0 && !this.readItem()) {
      if (this.left === Infinity) this.batches = this.taken;
      return null;
    }
    return (this.current = this.take(Math.min(most, this.left)));
  }

  /** Waits until there is an item, or the stream has ended. */
  private async available(reader: ItemReader): Promise<void> {
    while (reader.items.length === 0 && !reader.ended) await reader.ask(this.run);
  }

  /** True when the last epoch took just all batches of a stream that can be read again. */
  private passEnded(): boolean {
    return this.reader!.items.length === 0 && this.owned && this.taken === 0 && this.place.position > 0;
  }

  /** Makes the next item into a batch. False when there is none. @throws what reading it threw. */
  private readItem(): boolean {
    const item = this.reader!.items[this.read.length];
    if (item === undefined) return false;
    if ('error' in item) throw item.error;
    this.read.push(readBatch(item.value as never, this.options.where, this.options.classWeight, this.options.onHost));
    return true;
  }
  /** `readItem`, with errors left for when the batch is due. */
  private readsAhead(): boolean {
    try {
      return this.readItem();
    } catch {
      return false;
    }
  }

  /** Takes the first batch, with those after it that can run in the same call. */
  private take(most: number): ReadyBatches {
    const { read } = this;
    const [batch] = read as [ArrayData];
    const size = batch.length;
    const room = most > 1 ? this.room(batch) : 1;
    let count = 1;
    while (count < Math.min(most, room) && (count < read.length || this.readsAhead()) && read[count]!.key === batch.key) count++;
    this.left -= count;
    this.taken += count;
    if (room === 1) return { data: batch, layout: 'given', order: null, first: 0, count, size, stride: size };
    return { data: this.join(read.slice(0, count), room), layout: 'blocks', order: null, first: 0, count, size, stride: size };
  }

  /** How many batches like this one are put together at most. */
  private room(batch: ArrayData): number {
    const bytes = batch.columns.reduce((sum, column) => sum + column.spec.bytes, 0);
    if (this.options.joinsAll !== true && bytes > SMALL_BATCH) return 1;
    return Math.max(1, Math.min(JOINED.batches, Math.floor(JOINED.bytes / bytes)));
  }

  /** Copies batches one after the other into arrays with room for `room` of them, which are used again and again. */
  private join(batches: readonly ArrayData[], room: number): ArrayData {
    const [first] = batches as [ArrayData];
    let joined = this.joined.get(first.key);
    if (joined === undefined) {
      if (this.joined.size === JOINED.kept) this.joined.clear();
      this.joined.set(first.key, (joined = first.withRoom(room)));
    }
    batches.forEach((batch, i) => joined.copyIn(batch, i));
    return joined;
  }

  done(count: number): void {
    const { first, count: had } = this.current!;
    this.current = count < had ? { ...this.current!, first: first + count, count: had - count } : null;
    this.read.splice(0, count);
    const last = this.reader!.items.splice(0, count).at(-1);
    const stream = last !== undefined && 'state' in last ? last.state : null;
    this.place = { ...this.place, position: this.place.position + count, stream };
  }

  async prepare(most: number, running: Promise<unknown>): Promise<void> {
    let runs = true;
    const stop = (): boolean => (runs = false);
    const stopped = running.then(stop, stop);
    const reader = this.reader!;
    const { layout, count } = this.current!;
    const wanted = count + Math.min(layout === 'given' ? 1 : Math.min(most, JOINED.batches), this.left);
    let since = performance.now();
    while (runs && !reader.ended && reader.items.length < wanted) {
      const asked = reader.ask(this.run);
      if (asked !== null) await Promise.race([asked, stopped]);
      else if (performance.now() - since > READING) {
        await yieldToEventLoop();
        since = performance.now();
      }
    }
    while (runs && this.readsAhead());
  }

  async end(): Promise<void> {
    const { numbered } = this;
    if (numbered !== null) await this.run(() => numbered.onEpochEnd());
  }

  state(): SourceState {
    return this.place;
  }

  async restore(state: SourceState, taken = 0): Promise<void> {
    await this.open(state);
    this.resumed = taken;
  }

  /** Ends the iteration, so that generators can clean up. A generator of the user's stays open for whoever reads on. */
  async close(): Promise<void> {
    const { reader } = this;
    this.reader = this.current = null;
    this.read.length = 0;
    if (this.owned) await reader?.close();
  }
}
