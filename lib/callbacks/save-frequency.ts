// SaveFrequency: when callbacks save.
import { show } from '../base/errors.js';

/** At the end of epochs, or after a number of batches, counted across epochs. */
export class SaveFrequency {
  private since = 0;
  private last = -1;

  /** @throws for anything but `'epoch'` or a whole number from 1 on. */
  constructor(where: string, private readonly frequency: 'epoch' | number) {
    if (frequency !== 'epoch' && !(Number.isInteger(frequency) && frequency >= 1))
      throw new TypeError(`${where}: saveFreq must be 'epoch' or a number of batches, received ${show(frequency)}`);
  }

  /** The batches since the last save, and the last one that was counted, as plain values. */
  get state(): { since: number; last: number } {
    return { since: this.since, last: this.last };
  }
  set state({ since, last }: { since: number; last: number }) {
    [this.since, this.last] = [since, last];
  }

  /** Whether batches are counted. */
  get byBatches(): boolean {
    return this.frequency !== 'epoch';
  }

  /** Counts the batches up to this one, of the same epoch or of a new one. Returns whether it is time to save. */
  isDue(batch: number): boolean {
    this.since += batch <= this.last ? batch + 1 : batch - this.last;
    this.last = batch;
    if (this.frequency === 'epoch' || this.since < this.frequency) return false;
    this.since = 0;
    return true;
  }
}
