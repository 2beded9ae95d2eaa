// History: the record of a `fit`.
import { Callback, type Logs } from './callback.js';

/** What `fit` returns: the values of every epoch, by name. Applied to every `fit` by itself. */
export class History extends Callback {
  /** Values by name, one an epoch. */
  history: Record<string, number[]> = {};
  /** Numbers of the epochs. */
  epoch: number[] = [];

  override onTrainBegin(): void {
    this.epoch = [];
  }
  override onEpochEnd(epoch: number, logs: Logs = {}): void {
    this.epoch.push(epoch);
    for (const [name, value] of Object.entries(logs)) (this.history[name] ??= []).push(value);
  }

  override getState(): unknown {
    return { history: this.history, epoch: this.epoch };
  }
  override setState(state: unknown): void {
    Object.assign(this, state);
  }
}
