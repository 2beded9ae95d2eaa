// ProgbarLogger: the progress of fit, evaluate and predict on standard output.
import { printMessage } from '../config/logging.js';
import { Progbar } from '../utils/progbar.js';
import { Callback, type CallbackParams, type Logs } from './callback.js';

/**
 * Prints progress and metrics: a bar with `verbose: 1`, a line an epoch with `verbose: 2`. `fit`, `evaluate` and `predict` add one by
 * themselves unless they run with `verbose: 0`. Validation inside of `fit` prints nothing of its own.
 */
export class ProgbarLogger extends Callback {
  private bar: Progbar | null = null;
  private seen = 0;
  private inFit = false;
  private validating = false;

  private get verbose(): number {
    return this.params?.verbose ?? 1;
  }

  override setParams(params: CallbackParams): void {
    super.setParams(params);
    if (this.bar !== null && this.bar.target === null) this.bar.target = params.steps;
  }

  override onTrainBegin(): void {
    this.inFit = true;
  }
  override onTrainEnd(): void {
    this.inFit = false;
  }

  override onEpochBegin(epoch: number): void {
    this.begin();
    const epochs = this.params?.epochs ?? 1;
    if (this.verbose > 0 && epochs > 1) printMessage(`Epoch ${epoch + 1}/${epochs}\n`);
  }
  override onEpochEnd(_epoch: number, logs: Logs = {}): void {
    this.end(logs);
  }

  override onTestBegin(): void {
    this.validating = this.inFit;
    if (!this.validating) this.begin();
  }
  override onTestEnd(logs: Logs = {}): void {
    if (!this.validating) this.end(logs);
    this.validating = false;
  }

  override onPredictBegin(): void {
    this.begin();
  }
  override onPredictEnd(): void {
    this.end({});
  }

  override onProgress(batch: number, logs: Logs): void {
    if (this.validating || this.bar === null) return;
    this.seen = batch + 1;
    if (this.verbose === 1) this.bar.update(this.seen, { values: Object.entries(logs), finalize: false });
  }

  private begin(): void {
    this.seen = 0;
    // The loop gives means over the epoch: nothing is left to average.
    this.bar = new Progbar(this.params?.steps ?? null, { verbose: this.verbose, statelessMetrics: [] });
  }

  private end(logs: Logs): void {
    if (this.bar === null) return;
    this.bar.target ??= this.seen;
    this.bar.update(this.bar.target, { values: Object.entries(logs), finalize: true });
    this.bar = null;
  }
}
