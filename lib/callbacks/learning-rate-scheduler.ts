// LearningRateScheduler: a learning rate for each epoch.
import { byPosition } from '../base/keywords.js';
import { printMessage } from '../config/logging.js';
import { checkOptions, show } from '../base/errors.js';
import { floatRepr } from '../base/format.js';
import { Tensor } from '../core/tensor.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { Callback, type Logs } from './callback.js';
import { logLearningRates, ratedOptimizers } from './learning-rates.js';

/** The learning rate of an epoch, from its number (from 0) and the rate before it: a number, or a scalar. */
export type EpochSchedule = (epoch: number, learningRate: number) => number | Tensor;

/** Options of `LearningRateScheduler`. */
export interface LearningRateSchedulerOptions {
  /** 1: say each rate. Default 0. */
  verbose?: number;
}

/**
 * Sets the learning rate at the start of each epoch to what a function gives, and adds it to the logs as `learning_rate`. Of a
 * `MultiOptimizer` it sets those of all optimizers, and logs them as `learning_rate_<name>`.
 *
 * ```ts
 * const halve = new keras.callbacks.LearningRateScheduler((epoch, rate) => (epoch < 10 ? rate : rate * 0.5));
 * await model.fit(x, y, { epochs: 15, callbacks: [halve] });
 * ```
 * @throws a TypeError for what is no function and (in `fit`) when it returns no number.
 * @throws (in `fit`) when the optimizer was made with a schedule of its own.
 */
export class LearningRateScheduler extends Callback {
  schedule: EpochSchedule;
  verbose: number;

  constructor(schedule: EpochSchedule, options?: LearningRateSchedulerOptions);
  constructor(named: { schedule: EpochSchedule } & LearningRateSchedulerOptions);
  constructor(...args: unknown[]) {
    const [schedule, options = {}] = byPosition('LearningRateScheduler', args, ['schedule']) as [
      EpochSchedule,
      LearningRateSchedulerOptions?,
    ];
    super();
    checkOptions('LearningRateScheduler', options, ['verbose']);
    if (typeof schedule !== 'function')
      throw new TypeError(
        `LearningRateScheduler: schedule must be a function of the epoch and the learning rate, received ${show(schedule)}`,
      );
    this.schedule = schedule;
    this.verbose = options.verbose ?? 0;
  }

  private setRate(optimizer: Optimizer, epoch: number): number {
    const result: unknown = this.schedule(epoch, optimizer.learningRate.item());
    const rate = result instanceof Tensor && result.size === 1 ? result.item() : result;
    if (typeof rate !== 'number') throw new TypeError(`LearningRateScheduler: the schedule must return a number, received ${show(rate)}`);
    optimizer.learningRate = rate;
    return rate;
  }

  override onEpochBegin(epoch: number): void {
    for (const { optimizer, name } of ratedOptimizers(this.model)) {
      const rate = this.setRate(optimizer, epoch);
      if (this.verbose > 0)
        printMessage(
          `\nEpoch ${epoch + 1}: LearningRateScheduler setting ${name === null ? '' : `${name} `}learning rate to ${floatRepr(rate)}.\n`,
        );
    }
  }

  override onEpochEnd(_epoch: number, logs: Logs = {}): void {
    logLearningRates(this.model, logs);
  }

  /** Nothing but that the rate of an epoch that goes on is set already. */
  override getState(): unknown {
    return {};
  }
}
