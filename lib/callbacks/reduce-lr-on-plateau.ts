// ReduceLROnPlateau: smaller steps when a value no longer gets better.
import { printMessage } from '../config/logging.js';
import { checkOptions, show } from '../base/errors.js';
import { floatRepr } from '../base/format.js';
import type { Logs } from './callback.js';
import { logLearningRates, type Rated, ratedOptimizers } from './learning-rates.js';
import { MonitorCallback, type MonitorOptions } from './monitor-callback.js';

/** Options of `ReduceLROnPlateau`. */
export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** What the learning rate is multiplied by, below 1. Default 0.1. */
  factor?: number;
  /** Epochs without improvement before the rate is reduced. Default 10. */
  patience?: number;
  /** 1: say each reduction. Default 0. */
  verbose?: number;
  /** Smaller changes do not count as better. Default 1e-4. */
  minDelta?: number;
  /** Epochs after a reduction in which none are counted. Default 0. */
  cooldown?: number;
  /** The rate is never reduced below this. Default 0. */
  minLr?: number;
}
const OPTIONS = ['monitor', 'factor', 'patience', 'verbose', 'mode', 'minDelta', 'cooldown', 'minLr'] as const;

/**
 * Reduces the learning rate (those of all optimizers of a `MultiOptimizer`) when the value `monitor` of the logs has not got better for
 * `patience` epochs. The rate at the end of each epoch, before it is reduced, is added to the logs as `learning_rate`.
 *
 * ```ts
 * const slower = new keras.callbacks.ReduceLROnPlateau({ factor: 0.2, patience: 5, minLr: 1e-5 });
 * await model.fit(x, y, { epochs: 100, validationSplit: 0.2, callbacks: [slower] });
 * ```
 * @throws for a factor of 1 or more, and (in `fit`) when mode `'auto'` finds no metric that says which way it gets better.
 */
export class ReduceLROnPlateau extends MonitorCallback {
  factor: number;
  patience: number;
  verbose: number;
  cooldown: number;
  minLr: number;
  /** Epochs since the last improvement or reduction. */
  wait = 0;
  /** Epochs until those without improvement are counted again. */
  cooldownCounter = 0;

  constructor(options: ReduceLROnPlateauOptions = {}) {
    checkOptions('ReduceLROnPlateau', options, OPTIONS);
    super({ ...options, minDelta: options.minDelta ?? 1e-4 });
    const { factor = 0.1, patience = 10, cooldown = 0, minLr = 0 } = options;
    this.checkNumbers({ factor, patience, cooldown, minLr });
    if (factor >= 1) throw new RangeError(`ReduceLROnPlateau: factor must be below 1, received ${show(factor)}`);
    this.factor = factor;
    this.patience = patience;
    this.cooldown = cooldown;
    this.minLr = minLr;
    this.verbose = options.verbose ?? 0;
  }

  override onTrainBegin(): void {
    this.best = null;
    this.cooldownCounter = 0;
    this.wait = 0;
  }

  override onEpochEnd(epoch: number, logs: Logs = {}): void {
    this.findDirection();
    logLearningRates(this.model, logs);
    const current = this.getMonitorValue(logs);
    if (current === undefined) return;
    if (this.inCooldown()) {
      this.cooldownCounter--;
      this.wait = 0;
    }
    if (this.isBetter(current, this.best)) {
      this.best = current;
      this.wait = 0;
    } else if (!this.inCooldown() && ++this.wait >= this.patience && this.reduceAll(epoch)) {
      this.cooldownCounter = this.cooldown;
      this.wait = 0;
    }
  }

  /** Reduces all rates, and tells whether there was one to reduce. */
  private reduceAll(epoch: number): boolean {
    return ratedOptimizers(this.model).map((rated) => this.reduce(rated, epoch)).includes(true);
  }
  private reduce({ optimizer, name }: Rated, epoch: number): boolean {
    const old = optimizer.learningRate.item();
    if (old <= Math.fround(this.minLr)) return false; // rates are float32
    const rate = Math.max(old * this.factor, this.minLr);
    optimizer.learningRate = rate;
    if (this.verbose > 0)
      printMessage(
        `\nEpoch ${epoch + 1}: ReduceLROnPlateau reducing${name === null ? '' : ` ${name}`} learning rate to ${floatRepr(rate)}.\n`,
      );
    return true;
  }

  /** Whether a reduction was so recent that epochs without improvement are not counted. */
  inCooldown(): boolean {
    return this.cooldownCounter > 0;
  }

  override getState(): unknown {
    return { best: this.best, wait: this.wait, cooldownCounter: this.cooldownCounter };
  }
  override setState(state: unknown): void {
    Object.assign(this, state);
  }
}
