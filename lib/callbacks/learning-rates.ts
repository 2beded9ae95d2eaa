// The learning rates of a model, for the callbacks that change or record them.
import type { Model } from '../models/model.js';
import { MultiOptimizer } from '../optimizers/multi-optimizer.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { Logs } from './callback.js';

/** An optimizer with a learning rate of its own; `name` is null for the only one. */
export interface Rated {
  readonly optimizer: Optimizer;
  readonly name: string | null;
}

/** @internal The optimizers of a model that have learning rates: the model's, or those in a `MultiOptimizer`. */
export function ratedOptimizers(model: Model): readonly Rated[] {
  const { optimizer } = model;
  if (!(optimizer instanceof MultiOptimizer)) return [{ optimizer, name: null }];
  // A function of variables has told its optimizers once they were asked for.
  if (!optimizer.built && model.built) optimizer.build(model.trainableVariables);
  return optimizer.optimizers.map((each) => ({ optimizer: each, name: each.name }));
}

/** @internal Adds the present learning rates to logs: `learning_rate`, or `learning_rate_<name>` of several optimizers. */
export function logLearningRates(model: Model, logs: Logs): void {
  for (const { optimizer, name } of ratedOptimizers(model))
    logs[name === null ? 'learning_rate' : `learning_rate_${name}`] = optimizer.learningRate.item();
}
