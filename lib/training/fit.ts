// fit, evaluate, predict and the on-batch calls.
import { checkOptions, show } from '../base/errors.js';
import { turnIsDue, yieldToEventLoop } from '../base/event-loop.js';
import type { CallbackList } from '../callbacks/callback-list.js';
import type { Callback, Logs } from '../callbacks/callback.js';
import type { History } from '../callbacks/history.js';
import type { TrainingRun, TrainingState } from '../callbacks/training-state.js';
import { runCompiled, runCompiledAsync } from '../core/jit.js';
import type { Model } from '../models/model.js';
import { seedState, setSeedState } from '../random/seed-generator.js';
import { checkFit, checkRun, limitedEpochs, limitedSteps, listOf, refuse, splitRest, verbosity } from './arguments.js';
import { ArraySource } from './array-source.js';
import { ArrayData, type BatchStream, type Data, isStream, splitValidation } from './data.js';
import { lend, type Resumed, type Run, runEpoch } from './loop.js';
import { type EvaluateOptions, type FitOptions, type OnBatchOptions, OPTIONS, type PredictOptions } from './options.js';
import type { BatchSource, SourceState } from './source.js';
import { isSmall, joinBatches, readLogs, runStepEagerly, type StepKind } from './steps.js';
import { StreamSource } from './stream-source.js';
import type { Call } from './turns.js';

const DEFAULT_BATCH = 32;
const READ_ONCE = '. A generator is read once: give something that can be iterated anew for each pass (an object with '
  + '[Symbol.iterator]() { … }, or a PyDataset), or a generator without end and stepsPerEpoch (for validation validationSteps)';

/** What a run is called. */
const CALLS = { train: 'fit', test: 'evaluate', predict: 'predict' } as const;

/** A stream, or arrays that were read. */
type Input = BatchStream | ArrayData;
type InputOptions = Pick<FitOptions, 'batchSize' | 'shuffle' | 'classWeight'> & { readonly steps?: number | null | undefined };

/** Where a run's batches come from. With a number of steps and no batch size, that many batches hold all rows, as in Keras. */
function sourceOf(run: Run, input: Input, { batchSize, shuffle = false, classWeight, steps }: InputOptions): BatchSource {
  if (input instanceof ArrayData) {
    return new ArraySource(input, batchSize ?? (steps ? Math.ceil(input.length / steps) : DEFAULT_BATCH), shuffle);
  }
  return new StreamSource(input, {
    where: CALLS[run.kind], classWeight, onHost: (x) => run.model.onHost(x),
    shuffle: shuffle !== false, joinsAll: run.model.stepsPerExecution > 1,
    ...(run.turn === null ? {} : { runUserCode: run.turn.runUserCode }),
  });
}

type DataOptions = Pick<FitOptions, 'sampleWeight' | 'batchSize'>;

/** `x`, `y` and weights as input: arrays are read, and streams come without y. */
function inputOf(
  model: Model, where: string, x: Data | BatchStream, y: Data | null | undefined, { sampleWeight, batchSize }: DataOptions,
): Input {
  if (!isStream(x)) return ArrayData.read(model.onHost(x) as Data, y, sampleWeight);
  refuse(where, { y, sampleWeight, batchSize });
  return x;
}

const noBatches = (kind: StepKind): Error => new RangeError(`${CALLS[kind]}: the data set gave no batch${READ_ONCE}`);
function warnOfEnd(kind: StepKind, done: number, steps: number | null): void {
  const wanted = steps === null ? 'all epochs' : `the ${steps} steps that were asked for`;
  process.emitWarning(`${CALLS[kind]}: the data ran out after ${done} batches, before ${wanted}; it goes on with what there is. `
    + 'Give a data set that can be iterated anew, or more batches, or fewer steps.');
}

/** `runEpoch` over data once. Too few batches are a warning; none is an error, unless there were some when the data were read `before`. */
async function runOnce(run: Run, source: BatchSource, steps: number | null, before = false): Promise<Logs> {
  try {
    const { logs, done } = await runEpoch(run, source, steps);
    if (done === 0 && !before) throw noBatches(run.kind);
    if (done === 0 || (steps !== null && done < steps)) warnOfEnd(run.kind, done, steps);
    return logs;
  } finally {
    await source.close();
  }
}

// ---- fit ---------------------------------------------------------------------------------------------------------

const validates = (epoch: number, freq: number | readonly number[]): boolean =>
  (typeof freq === 'number' ? (epoch + 1) % freq === 0 : freq.includes(epoch + 1));

/** What `fit` validates on; null without. */
function validationInput(model: Model, { validationData }: FitOptions): Input | null {
  if (validationData === null || validationData === undefined) return null;
  if (isStream(validationData)) return validationData;
  if (!Array.isArray(validationData) || validationData.length < 2 || validationData.length > 3) {
    throw new TypeError(`fit: validationData must be [x, y], [x, y, sampleWeight] or a data set, received ${show(validationData)}`);
  }
  const [x, y, sampleWeight] = validationData as readonly [Data | BatchStream, Data, Data?];
  if (isStream(x)) throw new TypeError(`fit: validationData must be [x, y] of arrays, or a data set alone, received [${show(x)}, …]`);
  return ArrayData.read(model.onHost(x) as Data, y, sampleWeight, 'validationData: ');
}

/** What `fit` trains and validates on. */
interface FitInputs {
  readonly train: Input;
  readonly held: Input | null;
}

function fitInputs(model: Model, x: Data | BatchStream, y: Data | null | undefined, options: FitOptions): FitInputs {
  const { classWeight, validationSplit = 0 } = options;
  const given = validationInput(model, options);
  const all = inputOf(model, 'fit', x, y, options);
  if (!(all instanceof ArrayData)) {
    if (validationSplit > 0) throw new TypeError('fit: validationSplit is for arrays in memory; give validationData with a data set');
    return { train: all, held: given };
  }
  const [data, held] = validationSplit > 0 && given === null ? splitValidation(all, validationSplit) : [all, given];
  return { train: data.weighted('fit', classWeight), held };
}

/** One `fit`. */
class Fit implements TrainingRun {
  private readonly run: Run;
  private readonly source: BatchSource;
  private readonly steps: number | null;
  private readonly held: Input | null;
  private validated = false;
  /** Where it is. */
  private place: { readonly epoch: number; readonly batch: number; readonly logs: Logs } = { epoch: 0, batch: 0, logs: {} };

  constructor(
    model: Model, turn: Call, private readonly callbacks: CallbackList, { train, held }: FitInputs, private readonly options: FitOptions,
  ) {
    const { batchSize, classWeight, shuffle = true, stepsPerEpoch: steps, signal } = options;
    this.held = held;
    this.run = {
      model, kind: 'train', callbacks, signal: signal ?? null, turn, settled: (batch, logs) => this.settle({ ...this.place, batch, logs }),
    };
    this.source = sourceOf(this.run, train, { batchSize, classWeight, shuffle, steps });
    this.steps = limitedSteps(steps, this.source.batches);
  }

  /** Batches of an epoch; null while unknown. */
  get stepsPerEpoch(): number | null {
    return this.steps ?? this.source.batches;
  }

  private async validate(): Promise<Logs> {
    const { options: { validationBatchSize, batchSize, validationSteps }, held } = this;
    const { settled: _, ...like } = this.run;
    const run: Run = { ...like, kind: 'test' };
    const source = sourceOf(run, held!, { batchSize: validationBatchSize ?? batchSize, steps: validationSteps });
    const logs = await runTest(run, source, limitedSteps(validationSteps, source.batches), this.validated);
    this.validated = true;
    return Object.fromEntries(Object.entries(logs).map(([name, value]) => [`val_${name}`, value]));
  }

  private settle(place: Fit['place']): void | Promise<void> {
    this.place = place;
    return this.callbacks.call('onSettled', this);
  }
  state(): TrainingState {
    const { place, source, callbacks, run: { model } } = this;
    const metrics = model.metricsVariables.map(({ value }) => value);
    return {
      ...place, stopped: model.stopTraining, source: source.state(), seeds: seedState(), metrics, callbacks: callbacks.states(),
    };
  }

  /** Goes to where an earlier run was. Returns the rest of the epoch that it was in, and the callbacks for which that has begun. */
  private async resume(state: TrainingState): Promise<{ resumed: Resumed; begun: ReadonlySet<Callback> } | null> {
    const { run: { model }, callbacks, source } = this;
    const { epoch, batch: done, logs, metrics } = state;
    if (state.source !== null) await source.restore(state.source as SourceState, done);
    const begun = await callbacks.setStates(state.callbacks);
    if (state.seeds !== null) setSeedState(state.seeds);
    this.place = { epoch, batch: done, logs };
    model.stopTraining = state.stopped;
    if (done === 0) return null;
    const restoreMetrics = (): void => {
      const variables = model.metricsVariables;
      if (variables.length !== metrics.length) throw new Error('fit: the backup was made with other metrics; compile the model as it was');
      variables.forEach((variable, i) => variable.assign(metrics[i]!));
    };
    return { resumed: { done, logs, restoreMetrics }, begun };
  }

  /** Runs an epoch and gives its logs; null where the data gave no batch any more. */
  private async epoch(epoch: number, first: boolean, rest: Awaited<ReturnType<Fit['resume']>>): Promise<Logs | null> {
    const { run, callbacks, steps, options: { validationFreq = 1 } } = this;
    if (rest === null) this.place = { epoch, batch: 0, logs: {} };
    run.model.resetMetrics();
    await lend(run, () => callbacks.callExcept(rest?.begun ?? new Set(), 'onEpochBegin', epoch, {}));
    const { logs, done } = await runEpoch(run, this.source, steps, rest?.resumed);
    if (done === 0 && first) throw noBatches('train');
    if (done === 0 || (steps !== null && done < steps && !run.model.stopTraining)) warnOfEnd('train', done, steps);
    if (done === 0) return null;
    const all = { ...logs, ...(this.held !== null && validates(epoch, validationFreq) ? await this.validate() : {}) };
    // A copy: what callbacks add to the logs is for the callbacks after them.
    await lend(run, () => callbacks.call('onEpochEnd', epoch, { ...all }));
    await lend(run, () => this.settle({ epoch: epoch + 1, batch: 0, logs: {} }));
    return all;
  }

  /** Runs the epochs. */
  async all(initialEpoch: number, epochs: number): Promise<void> {
    const { run, callbacks } = this;
    const { model } = run;
    let logs: Logs = {};
    model.stopTraining = false;
    const state = await lend(run, () => callbacks.findState());
    if (state !== null) callbacks.setParams({ ...callbacks.params!, resumed: true });
    await lend(run, () => callbacks.call('onTrainBegin', {}));
    const rest = state === null ? null : await lend(run, () => this.resume(state));
    const firstEpoch = state?.epoch ?? initialEpoch;
    try {
      for (let epoch = firstEpoch; epoch < epochs && !model.stopTraining; epoch++) {
        const ran = await this.epoch(epoch, epoch === firstEpoch, epoch === firstEpoch ? rest : null);
        if (ran === null) break;
        logs = ran;
      }
    } finally {
      await this.source.close();
    }
    if (epochs > initialEpoch) model.optimizer.finalizeVariableValues(model.trainableWeights);
    await lend(run, () => callbacks.call('onTrainEnd', logs));
  }
}

/** `Model.fit`. */
export async function fitModel(model: Model, turn: Call, x: Data | BatchStream, rest: readonly unknown[]): Promise<History> {
  const [y, options] = splitRest<FitOptions>('fit', x, rest);
  checkFit(options);
  const epochs = limitedEpochs(options.epochs ?? 1);
  const verbose = verbosity(options.verbose);
  const callbacks = listOf(options.callbacks, model, { epochs, steps: options.stepsPerEpoch ?? null, verbose }, true);
  const history = callbacks.keepHistory();
  const fit = new Fit(model, turn, callbacks, fitInputs(model, x, y, options), options);
  callbacks.setParams({ ...callbacks.params, epochs, steps: fit.stepsPerEpoch, verbose });
  await fit.all(options.initialEpoch ?? 0, epochs);
  return history;
}

// ---- evaluate and predict ------------------------------------------------------------------------------------------

async function runTest(run: Run, source: BatchSource, steps: number | null, before = false): Promise<Logs> {
  await lend(run, () => run.callbacks.call('onTestBegin', {}));
  run.model.resetMetrics();
  const logs = await runOnce(run, source, steps, before);
  await lend(run, () => run.callbacks.call('onTestEnd', logs));
  return logs;
}

/** Logs as `evaluate` returns them: in the order of the model's metrics, then the others in alphabetical order. */
function asResult(model: Model, logs: Logs, returnDict: boolean | undefined): Logs | number | number[] {
  if (returnDict === true) return logs;
  const names = new Set(model.metricsNames);
  const first = [...names].filter((name) => name in logs);
  const values = [...first, ...Object.keys(logs).filter((name) => !names.has(name)).sort()].map((name) => logs[name]!);
  return values.length === 1 ? values[0]! : values;
}

/** `Model.evaluate`. */
export async function evaluateModel(model: Model, turn: Call, x: Data | BatchStream, rest: readonly unknown[]): Promise<unknown> {
  const [y, options] = splitRest<EvaluateOptions>('evaluate', x, rest);
  checkRun('evaluate', options);
  const { batchSize, steps: wanted, signal } = options;
  const verbose = verbosity(options.verbose);
  const callbacks = listOf(options.callbacks, model, { epochs: 1, steps: wanted ?? null, verbose });
  const run: Run = { model, kind: 'test', callbacks, signal: signal ?? null, turn };
  const source = sourceOf(run, inputOf(model, 'evaluate', x, y, options), { batchSize, steps: wanted });
  const steps = limitedSteps(wanted, source.batches);
  callbacks.setParams({ ...callbacks.params, epochs: 1, steps: steps ?? source.batches, verbose });
  return asResult(model, await runTest(run, source, steps), options.returnDict);
}

/** `Model.predict`. */
export async function predictModel(model: Model, x: Data | BatchStream, options: PredictOptions): Promise<unknown> {
  checkRun('predict', options);
  const { batchSize, steps: wanted, signal } = options;
  const verbose = verbosity(options.verbose);
  const callbacks = listOf(options.callbacks, model, { steps: wanted ?? null, verbose });
  const batches: unknown[] = [];
  const run: Run = { model, kind: 'predict', callbacks, signal: signal ?? null, turn: null, collect: (outputs) => batches.push(outputs) };
  const source = sourceOf(run, inputOf(model, 'predict', x, null, { batchSize }), { batchSize, steps: wanted });
  const steps = limitedSteps(wanted, source.batches);
  callbacks.setParams({ ...callbacks.params, steps: steps ?? source.batches, verbose });
  await callbacks.call('onPredictBegin', {});
  await runOnce(run, source, steps);
  await callbacks.call('onPredictEnd', {});
  return joinBatches(batches);
}

// ---- one batch -----------------------------------------------------------------------------------------------------

/** `Model.trainOnBatch`, `testOnBatch` and `predictOnBatch`. */
export async function runOnBatch(model: Model, kind: StepKind, x: Data, y: Data | null, options: OnBatchOptions): Promise<unknown> {
  const where = `${kind}OnBatch`;
  checkOptions(where, options, OPTIONS.onBatch);
  const data = ArrayData.read(model.onHost(x) as Data, y, options.sampleWeight).weighted(where, options.classWeight);
  if (turnIsDue()) await yieldToEventLoop();
  if (kind !== 'predict') model.resetMetrics();
  const result = model.runEagerly ? runStepEagerly(model, kind, data.assemble(data.columns)) : await runBatch(model, kind, data);
  return kind === 'predict' ? result : asResult(model, readLogs(result), options.returnDict);
}

async function runBatch(model: Model, kind: StepKind, data: ArrayData): Promise<unknown> {
  const step = await model.steps.get({ kind, layout: 'given', size: data.length, batch: data.length, data });
  return isSmall(step) ? runCompiled(step, data.columns) : (await runCompiledAsync(step, data.columns, { steps: 1 })).result;
}
