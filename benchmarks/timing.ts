// How Keratin's workloads are timed and reported. The peers time themselves in the same way (peers/timing.py).
import { readFileSync } from 'node:fs';
import type { Measurement, Part } from './measure.js';
import { median } from './statistics.js';

const WARM_UP_SECONDS = 0.5;
const BATCHES = 10;
const BATCH_SECONDS = 0.05;

const now = () => performance.now() / 1e3;

/**
 * Seconds of one call: the median over batches of at least 50 ms, after half a second of warm-up. `loop(n)` makes n calls;
 * the loop is the caller's, so that a synchronous call is timed without a promise.
 */
export async function secondsPerCall(loop: (calls: number) => void | Promise<void>): Promise<number> {
  const start = now();
  let calls = 0;
  for (let n = 1; now() - start < WARM_UP_SECONDS; n = Math.min(2 * n, 1000)) {
    await loop(n);
    calls += n;
  }
  const perBatch = Math.max(1, Math.ceil((BATCH_SECONDS * calls) / (now() - start)));
  const batches: number[] = [];
  for (let i = 0; i < BATCHES; i++) {
    const begin = now();
    await loop(perBatch);
    batches.push((now() - begin) / perBatch);
  }
  return median(batches);
}

/** Seconds of one synchronous call, for workloads of many parts: 50 ms of warm-up, then the median over 7 batches of at least 20 ms. */
export function briefSecondsPerCall(call: () => void): number {
  const start = now();
  let calls = 0;
  for (; calls < 3 || now() - start < 0.05; calls++) call();
  const perBatch = Math.max(1, Math.ceil((0.02 * calls) / (now() - start)));
  const batches = Array.from({ length: 7 }, () => {
    const begin = now();
    for (let i = 0; i < perBatch; i++) call();
    return (now() - begin) / perBatch;
  });
  return median(batches);
}

/** Times epochs from the end of one to the end of the next, so that all that happens between them counts. */
export class EpochTimer {
  private readonly ends: number[] = [];

  /** To be called at the end of each epoch. */
  readonly onEpochEnd = (): void => {
    this.ends.push(now());
  };

  /** Median seconds of an epoch, without the first `warmUp` ones. */
  seconds(warmUp: number): number {
    return median(this.ends.slice(warmUp).map((end, i) => end - this.ends[warmUp + i - 1]));
  }
}

/** Prints the measurement, which ends the program. */
export function report(seconds: number, more: { rssMb?: number; parts?: Part[] } = {}): void {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
  const measurement: Measurement = { seconds, ...more, versions: { keratin: version, node: process.versions.node } };
  console.log(JSON.stringify(measurement));
}
