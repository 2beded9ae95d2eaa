// Batches of arrays in memory. A batch is gathered by the step itself, so that many run in one native call.
import { makeTensor } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';
import { randomPermutation } from '../random/functions.js';
import { makeDefaultSeed } from '../random/seed-generator.js';
import type { ArrayData } from './data.js';
import type { Shuffle } from './options.js';
import type { BatchSource, ReadyBatches, SourceState } from './source.js';

/** Row numbers of a pass: all in random order, or whole batches in random order. */
function visitingOrder(length: number, shuffle: true | 'batch', batchSize: number, seed: number): Tensor {
  if (shuffle === true) return randomPermutation(length, seed);
  const full = Math.floor(length / batchSize);
  const order = full === 0 ? [] : [...(randomPermutation(full, seed).elements as Int32Array)];
  return makeTensor('int32', [length], (data) => {
    let at = 0;
    for (const batch of order) for (let i = 0; i < batchSize; i++) data[at++] = batch * batchSize + i;
    while (at < length) data[at] = at++;
  });
}

/** Batches of arrays in memory; keeps its place when an epoch ends before the data do (`stepsPerEpoch`). */
export class ArraySource implements BatchSource {
  readonly batches: number;
  private order: Tensor | null = null;
  private seed: number | null = null;
  private position = 0;
  /** After `restore`, the batches of the next epoch that have run. */
  private taken: number | null = null;

  constructor(private readonly data: ArrayData, private readonly batchSize: number, private readonly shuffle: Shuffle) {
    this.batches = Math.ceil(data.length / batchSize);
  }

  private place(position: number, seed: number | null): void {
    this.position = position;
    this.seed = seed;
    this.order = this.shuffle === false || seed === null ? null : visitingOrder(this.data.length, this.shuffle, this.batchSize, seed);
  }

  begin(steps: number | null): void {
    const { taken, position, batches } = this;
    this.taken = null;
    const goesOn = taken !== null || (steps !== null && position > 0);
    if (!goesOn || (position >= batches && (taken ?? 0) === 0)) this.place(0, this.shuffle === false ? null : makeDefaultSeed());
  }

  next(most: number): ReadyBatches | null {
    const { data, batchSize, position, order } = this;
    if (position >= this.batches) return null;
    const full = Math.floor(data.length / batchSize);
    const [count, size] = position < full ? [Math.min(most, full - position), batchSize] : [1, data.length - position * batchSize];
    return { data, layout: order === null ? 'blocks' : 'permuted', order, first: position, count, size, stride: batchSize };
  }

  done(count: number): void {
    this.position += count;
  }

  state(): SourceState {
    return { position: this.position, seed: this.seed };
  }

  restore({ position, seed = null }: SourceState, taken = 0): void {
    this.place(position, seed);
    this.taken = taken;
  }

  // All is in memory.
  prepare(): void {
    return undefined;
  }
  end(): void {
    return undefined;
  }
  close(): void {
    return undefined;
  }
}
