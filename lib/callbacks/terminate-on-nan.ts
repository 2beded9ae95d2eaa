// TerminateOnNaN: ends training when the loss is no number any more.
import { printMessage } from '../config/logging.js';
import { checkOptions } from '../base/errors.js';
import { floatRepr } from '../base/format.js';
import { Callback, type Logs } from './callback.js';

/** Options of `TerminateOnNaN`. */
export interface TerminateOnNaNOptions {
  /** Whether `fit` is rejected, without an end of training for other callbacks. Default false: it ends as usual after the batch. */
  raiseError?: boolean;
}

/**
 * Ends `fit` after the batch whose loss (the mean over the epoch so far) is NaN or infinite.
 *
 * ```ts
 * await model.fit(x, y, { callbacks: [new keras.callbacks.TerminateOnNaN()] });
 * ```
 * @throws (in `fit`, with `raiseError`) an Error that names the batch.
 */
export class TerminateOnNaN extends Callback {
  raiseError: boolean;

  constructor(options: TerminateOnNaNOptions = {}) {
    super();
    checkOptions('TerminateOnNaN', options, ['raiseError']);
    this.raiseError = options.raiseError ?? false;
  }

  override onBatchEnd(batch: number, { loss }: Logs = {}): void {
    if (loss === undefined || Number.isFinite(loss)) return;
    if (this.raiseError) throw new Error(`TerminateOnNaN: NaN or infinite loss at batch ${batch}: ${floatRepr(loss)}`);
    printMessage(`Batch ${batch}: Invalid loss, terminating training\n`);
    this.model.stopTraining = true;
  }
}
