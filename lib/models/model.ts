// Model: a layer with a loss, an optimizer and the loops of training.
import type { Callback, Logs } from '../callbacks/callback.js';
import { type History } from '../callbacks/history.js';
import { checkOptions, show } from '../core/errors.js';
import { BoundedMap, type Compiled } from '../core/jit.js';
import type { Tensor } from '../core/tensor.js';
import { flatten } from '../core/tree.js';
import type { Variable } from '../core/variable.js';
import { Layer } from '../layers/layer.js';
import type { LayerOptions } from '../layers/options.js';
import * as losses from '../losses/index.js';
import * as metrics from '../metrics/index.js';
import { GradientTape } from '../ops/autodiff.js';
import * as ops from '../ops/index.js';
import * as optimizers from '../optimizers/index.js';
import { CompileLoss, CompileMetrics, type LossSpec, type LossWeights, type MetricsSpec } from '../training/compile-loss.js';
import type { BatchStream, Data } from '../training/data.js';
import { evaluateModel, fitModel, predictModel, runOnBatch } from '../training/fit.js';
import type { Shuffle } from '../training/loop.js';
import { printSummary, type SummaryOptions } from './summary.js';

/** Options of `compile`. */
export interface CompileOptions {
  /** Name, config or instance. Default `'rmsprop'`. */
  optimizer?: optimizers.OptimizerLike;
  /** Name, instance or function `(yTrue, yPred) => values`; one for each output in an array or object. */
  loss?: LossSpec | null;
  lossWeights?: LossWeights | null;
  /** Metrics that do not see sample weights. `'accuracy'` picks the binary, categorical or sparse one by the shapes. */
  metrics?: MetricsSpec | null;
  /** Metrics that see sample and class weights. */
  weightedMetrics?: MetricsSpec | null;
  /** Run steps op by op instead of compiling them; for debugging. Default false. */
  runEagerly?: boolean;
  /** Batches between calls of batch callbacks. Default 1. */
  stepsPerExecution?: number;
  /** Kept for Keras's sake: steps are always compiled, unless `runEagerly`. */
  jitCompile?: boolean | 'auto';
  /** Whether a loss-scaling optimizer scales the loss. Default true. */
  autoScaleLoss?: boolean;
}
const COMPILE_OPTIONS = ['optimizer', 'loss', 'lossWeights', 'metrics', 'weightedMetrics', 'runEagerly', 'stepsPerExecution', 'jitCompile', 'autoScaleLoss'] as const;

/** Options that `fit`, `evaluate` and `predict` share. */
export interface RunOptions {
  /** Rows in a batch. Default 32; not for data sets, which give batches. */
  batchSize?: number | null;
  /** 0: silent; 1: progress bar; 2: one line an epoch; `'auto'` (default): a bar on a terminal, lines elsewhere. */
  verbose?: 'auto' | 0 | 1 | 2;
  callbacks?: readonly Callback[] | Callback | null;
  /** Stops the run between steps; the promise is then rejected with the signal's reason. */
  signal?: AbortSignal | null;
}
/** Options of `fit`. */
export interface FitOptions extends RunOptions {
  /** Passes over the data. Default 1. */
  epochs?: number;
  /** Number of the first epoch. Default 0. */
  initialEpoch?: number;
  /** Fraction of the rows, from the end, to validate on. Default 0. */
  validationSplit?: number;
  /** `[x, y]`, `[x, y, sampleWeight]` or a data set. */
  validationData?: readonly [Data, Data] | readonly [Data, Data, Data | null] | BatchStream | null;
  validationSteps?: number | null;
  validationBatchSize?: number | null;
  /** Validate every so many epochs, or after those listed (counted from 1). Default 1. */
  validationFreq?: number | readonly number[];
  /** Visit rows in random order, or whole batches in random order (`'batch'`). Default true. Data sets keep their own order. */
  shuffle?: Shuffle;
  /** Weights of the classes, by number. */
  classWeight?: Readonly<Record<string, number>> | null;
  /** Weights of the samples. */
  sampleWeight?: Data | null;
  /** Batches in an epoch. Default: all. */
  stepsPerEpoch?: number | null;
}
/** Options of `evaluate`. */
export interface EvaluateOptions extends RunOptions {
  sampleWeight?: Data | null;
  /** Batches. Default: all. */
  steps?: number | null;
  /** Give an object of values by name instead of an array. Default false. */
  returnDict?: boolean;
}
/** Options of `predict`. */
export interface PredictOptions extends RunOptions {
  /** Batches. Default: all. */
  steps?: number | null;
}
/** Options of `trainOnBatch` and `testOnBatch`. */
export interface OnBatchOptions {
  sampleWeight?: Data | null;
  classWeight?: Readonly<Record<string, number>> | null;
  returnDict?: boolean;
}

/** Data of one batch as steps get it: `[x, y, sampleWeight]`; y and sampleWeight may be null. */
export type StepData = readonly [x: unknown, y: unknown, sampleWeight: unknown];

/** What `compile` made. */
interface CompiledState {
  readonly optimizer: optimizers.Optimizer;
  readonly loss: CompileLoss | null;
  readonly metrics: CompileMetrics | null;
  readonly lossTracker: metrics.Mean;
  readonly options: CompileOptions;
}

/**
 * Base of models. Extend it with a `call`, or use `Sequential`:
 *
 * ```ts
 * class Net extends keras.Model {
 *   hidden = new keras.layers.Dense(32, { activation: 'relu' });
 *   out = new keras.layers.Dense(1);
 *   call(x) { return this.out(this.hidden(x)); }
 * }
 * ```
 */
export abstract class Model extends Layer {
  static override readonly module: string = 'keras.models';
  /** Set it to true in a callback to end `fit` after this epoch (or batch). */
  stopTraining = false;
  /** What the last `fit` recorded. */
  history: History | null = null;

  #state: CompiledState | null = null;
  readonly #steps = new BoundedMap<Compiled>(64);
  #busy = false;

  constructor(options: Pick<LayerOptions, 'name' | 'trainable' | 'dtype'> = {}) {
    super(options);
  }

  /** The layers that the model is made of, in order. */
  get layers(): Layer[] {
    return this.sublayers;
  }

  /** The layer of this name or number. @throws when there is none. */
  getLayer(which: string | number): Layer {
    const found = typeof which === 'number' ? this.layers.at(which) : this.layers.find((layer) => layer.name === which);
    if (found === undefined) throw new Error(`${this.name}: has no layer ${show(which)}; its layers are ${this.layers.map((layer) => layer.name).join(', ')}`);
    return found;
  }

  // ---- compile -----------------------------------------------------------------------------------------------------

  /** Chooses optimizer, loss and metrics for training. Compiling again starts with a new optimizer state. */
  compile(options: CompileOptions = {}): void {
    checkOptions('compile', options, COMPILE_OPTIONS);
    const { loss = null, lossWeights = null, metrics: plain = null, weightedMetrics = null, stepsPerExecution = 1 } = options;
    if (!Number.isInteger(stepsPerExecution) || stepsPerExecution < 1) throw new RangeError(`compile: stepsPerExecution must be an integer >= 1, received ${show(stepsPerExecution)}`);
    this.checkNames(loss, plain, weightedMetrics);
    this.#state = {
      optimizer: optimizers.get(options.optimizer ?? 'rmsprop'),
      loss: loss === null ? null : new CompileLoss(loss, lossWeights, this.outputNames),
      metrics: plain === null && weightedMetrics === null ? null : new CompileMetrics(plain, weightedMetrics, this.outputNames),
      lossTracker: new metrics.Mean({ name: 'loss' }),
      options,
    };
    this.stopTraining = false;
    this.#steps.clear();
  }

  /** Misspelt names are found here, not at the first batch. */
  private checkNames(loss: LossSpec | null, ...lists: (MetricsSpec | null)[]): void {
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

  /** Names of the outputs, where the model knows them before data comes. */
  protected get outputNames(): readonly string[] | null {
    return null;
  }

  /** Whether `compile` was called. */
  get compiled(): boolean {
    return this.#state !== null;
  }
  private compiledFor(what: string): CompiledState {
    if (this.#state === null) throw new Error(`${this.name}: call compile() before ${what}()`);
    return this.#state;
  }
  /** The optimizer that `compile` chose. @throws before `compile`. */
  get optimizer(): optimizers.Optimizer {
    return this.compiledFor('optimizer').optimizer;
  }
  /** The loss as `compile` was given it; null without one. */
  get loss(): LossSpec | null {
    return this.#state?.options.loss ?? null;
  }
  /** Whether steps run op by op. */
  get runEagerly(): boolean {
    return this.#state?.options.runEagerly ?? false;
  }
  /** Batches between calls of batch callbacks. */
  get stepsPerExecution(): number {
    return this.#state?.options.stepsPerExecution ?? 1;
  }

  /** Metrics in the order of the logs: the loss, then those of `compile`. */
  get metrics(): metrics.Metric[] {
    if (this.#state === null) return [];
    const { lossTracker, loss, metrics: list } = this.#state;
    return [lossTracker, ...(loss?.metrics ?? []), ...(list?.metrics ?? [])];
  }
  /** Names of the metrics, in order. */
  get metricsNames(): string[] {
    return this.metrics.map((metric) => metric.name);
  }
  /** @internal Keys of the logs that are losses: the total, then those of single outputs. */
  get lossNames(): string[] {
    return ['loss', ...(this.#state?.loss?.metrics ?? []).map((metric) => metric.name)];
  }
  /** Variables of the metrics. */
  get metricsVariables(): Variable[] {
    return this.metrics.flatMap((metric) => metric.variables);
  }
  /** Starts all metrics anew. */
  resetMetrics(): void {
    this.metrics.forEach((metric) => metric.resetState());
  }

  // ---- steps: override them for a training of your own ----------------------------------------------------------------

  /** The loss of a batch: that of `compile`, and the losses that layers add. @throws when there is neither. */
  computeLoss(options: { x?: unknown; y?: unknown; yPred?: unknown; sampleWeight?: unknown; training?: boolean }): Tensor {
    const { y = null, yPred = null, sampleWeight = null } = options;
    const own = this.compiledFor('fit').loss;
    if (own !== null && (y === null || y === undefined)) throw new Error(`${this.name}: the loss needs targets, but no y was given`);
    const parts = [...(own === null ? [] : [own.compute(y, yPred, sampleWeight)]), ...this.losses].filter((part) => part !== null);
    if (parts.length === 0) throw new Error(`${this.name}: there is nothing to minimise: compile it with a loss, or add one in a layer with addLoss`);
    return parts.reduce((a, b) => ops.add(a, b));
  }

  /** Takes a batch into the metrics of `compile` and gives all logs. */
  computeMetrics(_x: unknown, y: unknown, yPred: unknown, sampleWeight: unknown = null): Record<string, unknown> {
    if (y !== null && y !== undefined) this.#state?.metrics?.updateState(y, yPred, sampleWeight);
    return this.getMetricsResult();
  }

  /** Results of all metrics by log key. */
  getMetricsResult(): Record<string, unknown> {
    const { lossTracker, loss, metrics: list } = this.compiledFor('fit');
    const parts = (loss?.metrics ?? []).map((metric) => [metric.name, metric.result()] as const);
    return { loss: lossTracker.result(), ...Object.fromEntries(parts), ...(list?.result() ?? {}) };
  }

  private updateLoss(loss: Tensor, x: unknown): void {
    const [first] = flatten<Tensor>(x).leaves;
    this.compiledFor('fit').lossTracker.updateState(loss, { sampleWeight: first?.shape[0] ?? 1 });
  }

  /** One step of training. Returns the logs. It is traced and compiled once for each shape of batch. */
  trainStep([x, y, sampleWeight]: StepData): Record<string, unknown> {
    const tape = new GradientTape();
    let yPred: unknown;
    const loss = tape.record(() => {
      yPred = this(x as Tensor, { training: true });
      const value = this.computeLoss({ x, y, yPred, sampleWeight, training: true });
      this.updateLoss(value, x);
      return this.optimizer.scaleLoss(value);
    });
    const weights = this.trainableWeights;
    if (weights.length === 0) throw new Error(`${this.name}: has no trainable weights`);
    this.optimizer.apply(tape.gradient(loss, weights), { trainableVariables: weights });
    return this.computeMetrics(x, y, yPred, sampleWeight);
  }

  /** One step of evaluation. Returns the logs. */
  testStep([x, y, sampleWeight]: StepData): Record<string, unknown> {
    const yPred = this(x as Tensor, { training: false });
    this.updateLoss(this.computeLoss({ x, y, yPred, sampleWeight, training: false }), x);
    return this.computeMetrics(x, y, yPred, sampleWeight);
  }

  /** One step of prediction. Returns the outputs. */
  predictStep([x]: StepData): unknown {
    return this(x as Tensor, { training: false });
  }

  // ---- loops -------------------------------------------------------------------------------------------------------

  /** @internal A compiled step; a change of what is trained compiles anew. */
  stepFor(key: string, make: () => Compiled): Compiled {
    const trained = key.startsWith('train') ? this.weights.map((variable) => (variable.trainable ? 1 : 0)).join('') + String(this.trainable) : '';
    return this.#steps.get(`${key}|${trained}`, make);
  }
  /** @internal Forgets compiled steps, because the model changed. */
  protected forgetSteps(): void {
    this.#steps.clear();
  }
  /** @internal Runs one training at a time. */
  async exclusively<T>(what: string, run: () => Promise<T>): Promise<T> {
    this.compiledFor(what);
    if (this.#busy) throw new Error(`${this.name}: ${what}() was called while the model is being trained; await the earlier call first`);
    this.#busy = true;
    try {
      return await run();
    } finally {
      this.#busy = false;
    }
  }

  /**
   * Trains the model. `x` and `y` are arrays (or several, in arrays or objects) with a row for each sample; or `x` is a data set of batches.
   * Runs off the main thread.
   * @returns the `History`: the values of every epoch.
   * @throws (rejects) before `compile`, for data that do not fit, and with the signal's reason when it is aborted.
   */
  fit(x: BatchStream, options?: FitOptions): Promise<History>;
  fit(x: Data | BatchStream, y: Data | null, options?: FitOptions): Promise<History>;
  async fit(x: Data | BatchStream, ...rest: unknown[]): Promise<History> {
    return this.exclusively('fit', () => fitModel(this, x, rest));
  }

  /**
   * Loss and metrics over data.
   * @returns the loss; with metrics an array of the loss and them; with `returnDict` an object by name.
   */
  evaluate(x: Data | BatchStream, y: Data | null, options: EvaluateOptions & { returnDict: true }): Promise<Logs>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a number or an array, as the metrics of compile tell: Keras's own return
  evaluate(x: Data | BatchStream, y?: Data | null, options?: EvaluateOptions): Promise<any>;
  async evaluate(x: Data | BatchStream, ...rest: unknown[]): Promise<unknown> {
    this.compiledFor('evaluate');
    return evaluateModel(this, x, rest);
  }

  /** Outputs for all rows of `x`, batch by batch. */
  async predict(x: Data | BatchStream, options: PredictOptions = {}): Promise<Tensor> {
    return (await predictModel(this, x, options)) as Tensor;
  }

  /** One step of training on one batch. Returns as `evaluate`, for this batch alone. */
  trainOnBatch(x: Data, y: Data | null, options: OnBatchOptions & { returnDict: true }): Promise<Logs>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as evaluate
  trainOnBatch(x: Data, y?: Data | null, options?: OnBatchOptions): Promise<any>;
  async trainOnBatch(x: Data, y: Data | null = null, options: OnBatchOptions = {}): Promise<unknown> {
    return this.exclusively('trainOnBatch', () => runOnBatch(this, 'train', x, y, options));
  }

  /** One step of evaluation on one batch. Returns as `evaluate`. */
  testOnBatch(x: Data, y: Data | null, options: OnBatchOptions & { returnDict: true }): Promise<Logs>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as evaluate
  testOnBatch(x: Data, y?: Data | null, options?: OnBatchOptions): Promise<any>;
  async testOnBatch(x: Data, y: Data | null = null, options: OnBatchOptions = {}): Promise<unknown> {
    this.compiledFor('testOnBatch');
    return runOnBatch(this, 'test', x, y, options);
  }

  /** Outputs for one batch. */
  async predictOnBatch(x: Data): Promise<Tensor> {
    return (await runOnBatch(this, 'predict', x, null, {})) as Tensor;
  }

  /** Prints Keras's table of the layers. */
  summary(options: SummaryOptions = {}): void {
    printSummary(this, options);
  }
}

