// Model: a layer with a loss, an optimizer and the loops of training.
import type { Logs } from '../callbacks/callback.js';
import { type History } from '../callbacks/history.js';
import { type Config } from '../config/configurable.js';
import type { QuantizationMode } from '../config/dtype-policy.js';
import { deserializeKerasObject, serializeKerasObject } from '../config/serialization.js';
import { show } from '../base/errors.js';
import { SymbolicFunction, type Symbols } from '../symbolic/function.js';
import { autoName, camelKeys } from '../base/names.js';
import type { Operation } from '../symbolic/operation.js';
import type { Tensor } from '../core/tensor.js';
import { flatten, isPlainObject } from '../base/tree.js';
import type { Variable } from '../core/variable.js';
import type { Layer } from '../layers/base/layer.js';
import type { LayerOptions } from '../layers/base/options.js';
import type * as metrics from '../metrics/index.js';
import { GradientTape } from '../ops/autodiff.js';
import * as ops from '../ops/index.js';
import type * as optimizers from '../optimizers/index.js';
import type { QuantizationReport } from '../quantizers/report.js';
import type { FileLike, LoadWeightsOptions, SaveModelOptions, SaveWeightsOptions } from '../saving/formats.js';
import { loadWeights, saveModel, saveWeights } from '../saving/models.js';
import { exportModel, type ExportOptions } from '../saving/export.js';
import type { LossSpec } from '../training/compile-loss.js';
import type { BatchStream, Data } from '../training/data.js';
import { evaluateModel, fitModel, predictModel, runOnBatch } from '../training/fit.js';
import type {
  CompileOptions,
  EvaluateOptions,
  FitOptions,
  OnBatchOptions,
  PredictOptions,
  StepData,
  Targets,
} from '../training/options.js';
import { StepCache } from '../training/step-cache.js';
import { checkIdle, inTurn } from '../training/turns.js';
import { compileConfig, type CompiledState, compileState } from './compiled.js';
import { functionalConfig, functionalFromConfig, isFunctionalConfig, type FunctionalConfig } from './functional-config.js';
import { throughOwnInputs } from './functional-graph.js';
import { GraphModel } from './graph-model.js';
import { quantizationSummary, quantizeModel, type QuantizeModelOptions } from './quantize.js';
import { printSummary, type SummaryOptions } from './summary.js';

export type {
  CompileOptions,
  EvaluateOptions,
  FitOptions,
  OnBatchOptions,
  PredictOptions,
  RunOptions,
  StepData,
} from '../training/options.js';

/** Options of a model. */
export type ModelOptions = Pick<LayerOptions, 'name' | 'trainable' | 'dtype'>;
type ModelArguments =
  | [options?: ModelOptions | (ModelOptions & { inputs: Symbols; outputs: Symbols })]
  | [inputs: Symbols, outputs: Symbols, options?: ModelOptions];

/** The parts of a model's arguments; inputs and outputs are null for a subclassed model. */
function readArguments(args: ModelArguments): { symbols: [Symbols, Symbols] | null; options: ModelOptions } {
  if (args.length >= 2) return { symbols: [args[0] as Symbols, args[1] as Symbols], options: args[2] ?? {} };
  const given = args[0] ?? {};
  if (!isPlainObject(given)) throw new TypeError(`Model: expected inputs and outputs, received inputs alone: ${show(given)}`);
  if (!('inputs' in given && 'outputs' in given)) return { symbols: null, options: given };
  const { inputs, outputs, ...options } = given;
  return { symbols: [inputs, outputs] as [Symbols, Symbols], options };
}

/** What `keras.Model` is; see `typed-model.ts` for the types of its outputs. */
export class Model extends GraphModel {
  static override readonly module: string | null = 'keras';
  static readonly className: string = 'Model';
  /** @internal An object of inputs by their names. */
  static override readonly parameters: readonly string[] = [];
  /** Set it to true in a callback to end `fit` after this epoch (or batch). */
  stopTraining = false;
  /** What the last `fit` recorded. */
  history: History | null = null;

  #state: CompiledState | null = null;
  readonly #steps = new StepCache(this);

  constructor(options?: ModelOptions | (ModelOptions & { inputs: Symbols; outputs: Symbols }));
  constructor(inputs: Symbols, outputs: Symbols, options?: ModelOptions);
  constructor(...args: ModelArguments) {
    const { symbols, options } = readArguments(args);
    const name = options.name ?? (symbols !== null && new.target === Model ? autoName('functional') : undefined);
    super({ ...options, name });
    if (symbols === null) return;
    if (new.target === Model) Object.setPrototypeOf(this, Functional.prototype as object);
    const [inputs, outputs] = throughOwnInputs(this.name, ...symbols);
    this.setNetwork(new SymbolicFunction(inputs, outputs, { name: `${this.name}_graph`, label: `Model "${this.name}"` }));
    this.built = true;
    if (options.trainable === false) this.trainable = false;
  }

  /** @internal */
  protected override setNetwork(network: SymbolicFunction | null): void {
    super.setNetwork(network);
    this.#steps.clear();
  }

  // ---- config ------------------------------------------------------------------------------------------------------

  override getConfig(): Config {
    return this.network === null ? super.getConfig() : functionalConfig(this.network, this, isFunctional);
  }
  override getBuildConfig(): Config | null {
    return isFunctional(this) ? { input_shape: null } : super.getBuildConfig();
  }

  /**
   * Makes a model from what `getConfig` gave. A class of your own is called with `(inputs, outputs, options)` or, for other configs, with
   * the options.
   */
  static override fromConfig(config: Config, _options: unknown = {}): unknown {
    if (!isFunctionalConfig(config)) return super.fromConfig(config);
    const { inputs, outputs } = functionalFromConfig(config as FunctionalConfig, isFunctional);
    const Class = this;
    const made = new ((Class as unknown) === Functional ? Model : Class)(inputs, outputs, { name: config.name as string });
    if (config.trainable === false) made.trainable = false;
    return made;
  }

  /** The model's architecture as JSON, for `models.modelFromJson`. `space` indents it. */
  toJson({ space }: { space?: number | string } = {}): string {
    return JSON.stringify(serializeKerasObject(this), undefined, space);
  }

  // ---- compile -----------------------------------------------------------------------------------------------------

  /**
   * Chooses optimizer, loss and metrics for training. Compiling again starts with a new optimizer state.
   * @throws for unknown options and names, and while the model is being trained or evaluated.
   */
  compile(options: CompileOptions = {}): void {
    checkIdle(this, 'compile');
    this.#state = compileState(options, this.outputNames, this.dtypePolicy);
    this.stopTraining = false;
    this.#steps.clear();
  }

  /** What `compile` was given, in Keras's form; empty before `compile`. */
  getCompileConfig(): Config {
    return this.#state === null ? {} : compileConfig(this.#state);
  }

  /** Compiles the model as `getCompileConfig` of another says. */
  compileFromConfig(config: Config): void {
    if (this.compile !== Model.prototype.compile) {
      process.emitWarning(
        `${this.name}: compile() is the model's own, so it is not called while loading; override getCompileConfig and ` +
          `compileFromConfig too, or call compile()`,
      );
      return;
    }
    this.compileAgain(config);
  }
  /** @internal `compile` with what `getCompileConfig` gave. */
  protected compileAgain(config: Config): void {
    const options = deserializeKerasObject(config) as Record<string, unknown>;
    this.compile(camelKeys(options));
    if (this.built) this.optimizer.build(this.trainableVariables);
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

  /** The metrics: the loss, those of `compile`, the losses of single outputs, those in properties of the model and of its layers. */
  override get metrics(): metrics.Metric[] {
    const own =
      this.#state === null ? [] : [this.#state.lossTracker, ...(this.#state.metrics?.metrics ?? []), ...(this.#state.loss?.metrics ?? [])];
    const ofLayers = (layer: Layer): metrics.Metric[] => (layer instanceof Model ? [] : layer.metrics);
    return [...new Set([...own, ...this.ownMetrics(), ...this.sublayers.flatMap(ofLayers)])];
  }
  /** Names of the metrics, in order. */
  get metricsNames(): string[] {
    return this.metrics.map((metric) => metric.name);
  }
  /** Variables of the metrics. */
  get metricsVariables(): Variable[] {
    return this.metrics.flatMap((metric) => metric.variables);
  }
  /** Starts all metrics anew. */
  resetMetrics(): void {
    this.knownMetrics.forEach((metric) => metric.resetState());
  }

  // ---- steps: override them for a training of your own ----------------------------------------------------------------

  /** The loss of a batch: that of `compile`, and the losses that layers add. @throws when there is neither. */
  computeLoss(options: { x?: unknown; y?: unknown; yPred?: unknown; sampleWeight?: unknown; training?: boolean }): Tensor {
    const { y = null, yPred = null, sampleWeight = null } = options;
    const own = this.compiledFor('fit').loss;
    if (own !== null && (y === null || y === undefined)) throw new Error(`${this.name}: the loss needs targets, but no y was given`);
    const parts = [...(own === null ? [] : [own.compute(y, yPred, sampleWeight)]), ...this.losses].filter((part) => part !== null);
    if (parts.length === 0)
      throw new Error(`${this.name}: there is nothing to minimise: compile it with a loss, or add one in a layer with addLoss`);
    return parts.reduce((a, b) => ops.add(a, b));
  }

  /** Takes a batch into the metrics of `compile` and gives all logs. */
  computeMetrics(_x: unknown, y: unknown, yPred: unknown, sampleWeight: unknown = null): Record<string, unknown> {
    if (y !== null && y !== undefined) this.#state?.metrics?.updateState(y, yPred, sampleWeight);
    return this.getMetricsResult();
  }

  /** Results of all metrics by log key. */
  getMetricsResult(): Record<string, unknown> {
    const results: Record<string, unknown> = {};
    const list = this.#state?.metrics ?? null;
    const ofCompile = new Set(list?.metrics ?? []);
    let told = false;
    for (const metric of this.metrics) {
      // Those of compile have keys of their own, with the names of outputs.
      if (!ofCompile.has(metric)) results[metric.name] = metric.result();
      else if (!told) Object.assign(results, list!.result());
      told ||= ofCompile.has(metric);
    }
    return results;
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
      yPred = this.invoke(x, { training: true });
      const value = this.computeLoss({ x, y, yPred, sampleWeight, training: true });
      this.updateLoss(value, x);
      return this.optimizer.scaleLoss(value);
    });
    const weights = this.trainableWeights;
    if (weights.length > 0) this.optimizer.apply(tape.gradient(loss, weights), { trainableVariables: weights });
    else process.emitWarning(`${this.name}: the model has no trainable weights, so training leaves it as it is`);
    return this.computeMetrics(x, y, yPred, sampleWeight);
  }

  /** One step of evaluation. Returns the logs. */
  testStep([x, y, sampleWeight]: StepData): Record<string, unknown> {
    const yPred: unknown = this.invoke(x, { training: false });
    this.updateLoss(this.computeLoss({ x, y, yPred, sampleWeight, training: false }), x);
    return this.computeMetrics(x, y, yPred, sampleWeight);
  }

  /** One step of prediction. Returns the outputs. */
  predictStep([x]: StepData): unknown {
    return this.invoke(x, { training: false });
  }

  // ---- files -------------------------------------------------------------------------------------------------------

  /** @internal */
  get savesLayersFirst(): boolean {
    return this.network !== null;
  }
  /** @internal */
  override savedProperties(): Record<string, unknown> {
    const own: Record<string, unknown> = { ...super.savedProperties(), layers: this.layers };
    if (this.#state !== null) own.optimizer = this.#state.optimizer;
    return own;
  }

  /**
   * Saves the model: its architecture, weights, how it was compiled and the state of its optimizer, as `.keras` (recommended) or `.h5`, by
   * the ending. The file is there whole or not at all, also when the process is killed. `keras.saving.loadModel` reads it, and so does
   * Keras.
   * @throws (rejects) for other endings, and when the file exists and `overwrite` is false.
   */
  async save(filepath: string | URL, options: SaveModelOptions = {}): Promise<void> {
    await saveModel(this, filepath, options);
  }
  /**
   * Writes what the model computes in inference for other programs, as ONNX: `await model.export('model.onnx')`. See
   * `ExportOptions`.
   * @throws (rejects) for what ONNX has no form of, naming the layer, and for a model whose inputs are not known.
   */
  async export(filepath: string | URL, options: ExportOptions = {}): Promise<void> {
    await exportModel(this, filepath, options);
  }
  /** Saves the weights alone: `.weights.h5`, `.weights.json` with `maxShardSize`, or `.h5`. @throws (rejects) as `saving.saveWeights`. */
  async saveWeights(filepath: string | URL, options: SaveWeightsOptions = {}): Promise<void> {
    await saveWeights(this, filepath, options);
  }
  /**
   * Loads weights from a file of weights or of a whole model. When something does not fit, the model is as it was before.
   * @throws (rejects) as `saving.loadWeights`.
   */
  async loadWeights(filepath: FileLike, options: LoadWeightsOptions = {}): Promise<void> {
    await loadWeights(this, filepath, options);
  }

  // ---- loops -------------------------------------------------------------------------------------------------------

  /** @internal The compiled steps. */
  get steps(): StepCache {
    return this.#steps;
  }
  /** @internal The metrics, with those that `compile` was given as objects, also before the first batch matches them with the outputs. */
  get knownMetrics(): metrics.Metric[] {
    return [...new Set([...this.metrics, ...(this.#state?.metrics?.given ?? [])])];
  }

  /**
   * Trains the model. `x` and `y` are arrays (or several, in arrays or objects) with a row for each sample; or `x` is a data set of
   * batches. Runs off the main thread.
   * @returns the `History`: the values of every epoch.
   * @throws (rejects) before `compile`, for data that do not fit, and with the signal's reason when it is aborted.
   */
  fit(x: BatchStream, options?: FitOptions): Promise<History>;
  fit(x: Data | BatchStream, y: Targets | null, options?: FitOptions): Promise<History>;
  async fit(x: Data | BatchStream, ...rest: unknown[]): Promise<History> {
    this.compiledFor('fit');
    return inTurn(this, 'fit', 'train', (turn) => fitModel(this, turn, x, rest));
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
    return inTurn(this, 'evaluate', 'test', (turn) => evaluateModel(this, turn, x, rest));
  }

  /** Outputs for all rows of `x`, batch by batch: a tensor, or several in the structure that the model gives. */
  async predict(x: Data | BatchStream, options: PredictOptions = {}): Promise<Tensor> {
    return (await predictModel(this, x, options)) as Tensor;
  }

  /** One step of training on one batch. Returns as `evaluate`, for this batch alone. */
  trainOnBatch(x: Data, y: Data | null, options: OnBatchOptions & { returnDict: true }): Promise<Logs>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as evaluate
  trainOnBatch(x: Data, y?: Data | null, options?: OnBatchOptions): Promise<any>;
  async trainOnBatch(x: Data, y: Data | null = null, options: OnBatchOptions = {}): Promise<unknown> {
    this.compiledFor('trainOnBatch');
    return inTurn(this, 'trainOnBatch', 'train', () => runOnBatch(this, 'train', x, y, options));
  }

  /** One step of evaluation on one batch. Returns as `evaluate`. */
  testOnBatch(x: Data, y: Data | null, options: OnBatchOptions & { returnDict: true }): Promise<Logs>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as evaluate
  testOnBatch(x: Data, y?: Data | null, options?: OnBatchOptions): Promise<any>;
  async testOnBatch(x: Data, y: Data | null = null, options: OnBatchOptions = {}): Promise<unknown> {
    this.compiledFor('testOnBatch');
    return inTurn(this, 'testOnBatch', 'test', () => runOnBatch(this, 'test', x, y, options));
  }

  /** Outputs for one batch. */
  async predictOnBatch(x: Data): Promise<Tensor> {
    return (await runOnBatch(this, 'predict', x, null, {})) as Tensor;
  }

  /**
   * Brings the weights of all layers that can be quantized to few bits, in place; see `Layer.quantize`.
   *
   * ```ts
   * const report = model.quantize('int8', { filters: '^dense' });
   * ```
   * @returns which layers were quantized, and which were not and why. It is printed too, unless `verbose` is false.
   * @throws before the model is built, for unknown modes and filters, and for int8 in a model that computes in float16.
   */
  override quantize(mode: QuantizationMode | QuantizeModelOptions | null = null, options: QuantizeModelOptions = {}): QuantizationReport {
    return quantizeModel(this, mode, options);
  }
  /**
   * Prints which layers are quantized, and how much memory their largest weights take; returns the text. With `verbose: false` it is not
   * printed.
   */
  quantizationSummary(options: { verbose?: boolean | number } = {}): string {
    return quantizationSummary(this, options);
  }

  /** Prints Keras's table of the layers. */
  summary(options: SummaryOptions = {}): void {
    printSummary(this, options);
  }
}

/** What `new Model(inputs, outputs)` makes. */
export class Functional extends Model {
  static readonly callDefaults = { mask: null };
  static override readonly module: string = 'keras.src.models.functional';
  static override readonly className: string = 'Functional';
  static readonly registeredName = 'Functional';
}
const isFunctional = (operation: Operation): boolean => operation instanceof Functional;
