// SwapEMAWeights: evaluation with moving averages of the weights.
import { checkOptions } from '../base/errors.js';
import { LossScaleOptimizer } from '../optimizers/loss-scale-optimizer.js';
import { MultiOptimizer } from '../optimizers/multi-optimizer.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { Callback } from './callback.js';

/** Options of `SwapEMAWeights`. */
export interface SwapEMAWeightsOptions {
  /** Whether the averages stay in the model between epochs, for the callbacks after this one (such as a checkpoint). Default false. */
  swapOnEpoch?: boolean;
}

/**
 * Gives the model the moving averages of its weights, which an optimizer with `useEma: true` keeps, during validation, evaluation and
 * prediction, and its own weights again after it.
 *
 * ```ts
 * model.compile({ optimizer: new keras.optimizers.SGD(0.01, { useEma: true }), loss: 'mse' });
 * await model.fit(x, y, { validationData: [xTest, yTest], callbacks: [new keras.callbacks.SwapEMAWeights()] });
 * ```
 * @throws (in `fit`, `evaluate` and `predict`) when the optimizer keeps no averages, or was not built yet.
 */
export class SwapEMAWeights extends Callback {
  swapOnEpoch: boolean;
  /** Whether the model has the averages now, and the optimizer the weights. */
  #swapped = false;

  constructor(options: SwapEMAWeightsOptions = {}) {
    super();
    checkOptions('SwapEMAWeights', options, ['swapOnEpoch']);
    this.swapOnEpoch = options.swapOnEpoch ?? false;
  }

  /** The optimizers that keep averages. */
  private averaging(): readonly Optimizer[] {
    const { optimizer: outer } = this.model;
    const optimizer = outer instanceof LossScaleOptimizer ? outer.innerOptimizer : outer;
    const found = (optimizer instanceof MultiOptimizer ? optimizer.optimizers : [optimizer]).filter(
      (each) => each.getConfig().use_ema === true,
    );
    if (found.length === 0)
      throw new Error(`SwapEMAWeights: the optimizer ${optimizer.name} keeps no moving averages; make it with useEma: true`);
    return found;
  }
  private averages() {
    return this.averaging().flatMap((optimizer) => {
      const pairs = optimizer.movingAverages;
      if (pairs === null)
        throw new Error(
          `SwapEMAWeights: the optimizer ${optimizer.name} has no moving averages yet, because it is not built; train the model first`,
        );
      return pairs;
    });
  }

  private swapTo(swapped: boolean): void {
    if (this.#swapped === swapped) return;
    for (const [variable, average] of this.averages()) {
      const { value } = variable;
      variable.assign(average.value);
      average.assign(value);
    }
    this.#swapped = swapped;
  }

  override onEpochBegin(): void {
    if (this.swapOnEpoch) this.swapTo(false);
  }
  override onEpochEnd(epoch: number): void {
    if (!this.swapOnEpoch || this.#swapped) return;
    this.swapTo(true);
    // The end of `fit` gives the model what the optimizer has as averages.
    if (epoch === (this.params?.epochs ?? 0) - 1) for (const [variable, average] of this.averages()) average.assign(variable.value);
  }

  override onTestBegin(): void {
    this.swapTo(true);
  }
  override onTestEnd(): void {
    this.swapTo(false);
  }
  override onPredictBegin(): void {
    this.swapTo(true);
  }
  override onPredictEnd(): void {
    this.swapTo(false);
  }

  override getState(): unknown {
    return { swapped: this.#swapped };
  }
  override setState(state: unknown): void {
    this.#swapped = (state as { readonly swapped: boolean }).swapped;
  }
}
