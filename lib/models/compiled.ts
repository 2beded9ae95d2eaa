// What `compile` makes of its options, and their form in configs.
import type { Config } from '../config/configurable.js';
import type { DTypePolicy } from '../config/dtype-policy.js';
import { serializeKerasObject } from '../config/serialization.js';
import { checkOptions, show } from '../base/errors.js';
import * as losses from '../losses/index.js';
import * as metrics from '../metrics/index.js';
import * as optimizers from '../optimizers/index.js';
import { CompileLoss, CompileMetrics, type LossSpec, type MetricsSpec } from '../training/compile-loss.js';
import { type CompileOptions, OPTIONS } from '../training/options.js';

/** What a compiled model is trained with. */
export interface CompiledState {
  readonly optimizer: optimizers.Optimizer;
  readonly loss: CompileLoss | null;
  readonly metrics: CompileMetrics | null;
  readonly lossTracker: metrics.Mean;
  readonly options: CompileOptions;
}

/** The optimizer, with loss scaling where gradients are float16. */
function scaled(optimizer: optimizers.Optimizer, policy: DTypePolicy, autoScaleLoss: boolean): optimizers.Optimizer {
  if (!autoScaleLoss || policy.name !== 'mixed_float16' || optimizer instanceof optimizers.LossScaleOptimizer) return optimizer;
  return new optimizers.LossScaleOptimizer(optimizer, { name: 'loss_scale_optimizer' });
}

/** Misspelt names are found here, not at the first batch. */
function checkNames(loss: LossSpec | null, ...lists: (MetricsSpec | null)[]): void {
  const shorthand = new Set(['accuracy', 'acc', 'crossentropy', 'ce']);
  const visit = (value: unknown, check: (name: string) => unknown): void => {
    if (typeof value === 'string') {
      if (!shorthand.has(value)) check(value);
    } else if (Array.isArray(value)) value.forEach((item) => visit(item, check));
    else if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype && !('class_name' in value)) {
      Object.values(value).forEach((item) => visit(item, check));
    }
  };
  visit(loss, (name) => losses.get(name));
  lists.forEach((list) => visit(list, (name) => metrics.get(name)));
}

/** Reads the options of `compile` for a model with these outputs. @throws for unknown options and names. */
export function compileState(options: CompileOptions, outputNames: readonly string[] | null, policy: DTypePolicy): CompiledState {
  checkOptions('compile', options, OPTIONS.compile, { fit: OPTIONS.fit });
  const { loss = null, lossWeights = null, metrics: plain = null, weightedMetrics = null, stepsPerExecution = 1 } = options;
  if (!Number.isInteger(stepsPerExecution) || stepsPerExecution < 1)
    throw new RangeError(`compile: stepsPerExecution must be an integer >= 1, received ${show(stepsPerExecution)}`);
  checkNames(loss, plain, weightedMetrics);
  return {
    optimizer: scaled(optimizers.get(options.optimizer ?? 'rmsprop'), policy, options.autoScaleLoss ?? true),
    loss: loss === null ? null : new CompileLoss(loss, lossWeights, outputNames),
    metrics: plain === null && weightedMetrics === null ? null : new CompileMetrics(plain, weightedMetrics, outputNames),
    lossTracker: new metrics.Mean({ name: 'loss' }),
    options,
  };
}

/** What `compile` was given, in Keras's form. */
export function compileConfig({ optimizer, options }: CompiledState): Config {
  const {
    loss = null,
    lossWeights = null,
    metrics: plain = null,
    weightedMetrics = null,
    runEagerly = false,
    stepsPerExecution = 1,
    jitCompile = 'auto',
  } = options;
  return {
    optimizer: serializeKerasObject(optimizer),
    loss: serializeKerasObject(loss),
    loss_weights: lossWeights,
    metrics: serializeKerasObject(plain),
    weighted_metrics: serializeKerasObject(weightedMetrics),
    run_eagerly: runEagerly,
    steps_per_execution: stepsPerExecution,
    jit_compile: jitCompile === true, // what Keras compiles with on a CPU by default; here steps are always compiled
  };
}
