// EarlyStopping: ends training when a value no longer gets better.
import { printMessage } from '../config/logging.js';
import { checkOptions } from '../base/errors.js';
import type { Tensor } from '../core/tensor.js';
import type { Logs } from './callback.js';
import { MonitorCallback, type MonitorMode } from './monitor-callback.js';

/** Options of `EarlyStopping`. */
export interface EarlyStoppingOptions {
  /** Key of the logs to watch. Default `'val_loss'`. */
  monitor?: string;
  /** Smaller changes do not count as better. Default 0. */
  minDelta?: number;
  /** Epochs without improvement before training ends. Default 0. */
  patience?: number;
  /** 1: say so when training ends early. Default 0. */
  verbose?: number;
  /** Default `'auto'`: by the metric of this name; a loss falls. */
  mode?: MonitorMode;
  /** A value that has to be beaten to begin with; null: none. Default null. */
  baseline?: number | null;
  /** Whether the model gets the weights of its best epoch in the end. Default false. */
  restoreBestWeights?: boolean;
  /** Earlier epochs are not watched. Default 0. */
  startFromEpoch?: number;
}
const OPTIONS = ['monitor', 'minDelta', 'patience', 'verbose', 'mode', 'baseline', 'restoreBestWeights', 'startFromEpoch'] as const;

/**
 * Ends `fit` when the value `monitor` of the logs has not got better for `patience` epochs.
 *
 * ```ts
 * await model.fit(x, y, { epochs: 100, validationSplit: 0.2, callbacks: [new keras.callbacks.EarlyStopping({ patience: 3 })] });
 * ```
 * @throws (in `fit`) when mode `'auto'` finds no metric that says which way it gets better.
 */
export class EarlyStopping extends MonitorCallback {
  patience: number;
  verbose: number;
  baseline: number | null;
  restoreBestWeights: boolean;
  startFromEpoch: number;
  /** Epochs since the last improvement. */
  wait = 0;
  /** Number of the epoch after which training was ended; 0 when it was not. */
  stoppedEpoch = 0;
  /** Number of the epoch with the best value. */
  bestEpoch = 0;
  /** The weights of the best epoch, with `restoreBestWeights`. */
  bestWeights: readonly Tensor[] | null = null;

  constructor(options: EarlyStoppingOptions = {}) {
    checkOptions('EarlyStopping', options, OPTIONS);
    super(options);
    const { patience = 0, startFromEpoch = 0 } = options;
    this.checkNumbers({ patience, startFromEpoch });
    this.patience = patience;
    this.verbose = options.verbose ?? 0;
    this.baseline = options.baseline ?? null;
    this.restoreBestWeights = options.restoreBestWeights ?? false;
    this.startFromEpoch = startFromEpoch;
  }

  override onTrainBegin(): void {
    this.wait = 0;
    this.stoppedEpoch = 0;
    this.best = null;
    this.bestEpoch = 0;
    this.bestWeights = null;
  }

  override onEpochEnd(epoch: number, logs: Logs = {}): void {
    this.findDirection();
    const current = this.getMonitorValue(logs);
    if (current === undefined || epoch < this.startFromEpoch) return;
    if (this.restoreBestWeights && this.bestWeights === null) this.keepWeights(epoch);
    this.wait++;
    if (this.isBetter(current, this.best)) {
      this.best = current;
      this.bestEpoch = epoch;
      if (this.restoreBestWeights) this.keepWeights(epoch);
      if (this.baseline === null || this.isBetter(current, this.baseline)) this.wait = 0;
    } else if (this.wait >= this.patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model.stopTraining = true;
    }
  }

  override onTrainEnd(): void {
    if (this.stoppedEpoch > 0 && this.verbose > 0) printMessage(`Epoch ${this.stoppedEpoch + 1}: early stopping\n`);
    if (this.bestWeights === null) return;
    if (this.verbose > 0) printMessage(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.\n`);
    this.model.setWeights(this.bestWeights);
  }

  private keepWeights(epoch: number): void {
    this.bestWeights = this.model.getWeights();
    this.bestEpoch = epoch;
  }

  override getState(): unknown {
    return {
      best: this.best, wait: this.wait, stoppedEpoch: this.stoppedEpoch, bestEpoch: this.bestEpoch, bestWeights: this.bestWeights,
    };
  }
  override setState(state: unknown): void {
    Object.assign(this, state);
  }
}
