// fit, evaluate, predict and the on-batch calls: reading their arguments and running their loops.
import { CallbackList } from '../callbacks/callback-list.js';
import type { CallbackParams, Logs } from '../callbacks/callback.js';
import type { History } from '../callbacks/history.js';
import { checkOptions, show } from '../base/errors.js';
import { runCompiled, runCompiledAsync } from '../core/jit.js';
import { isPlainObject } from '../base/tree.js';
import { COMPILE_OPTIONS, FIT_OPTIONS as FIT, RUN_OPTIONS as RUN } from './options.js';
import type { EvaluateOptions, FitOptions, Model, OnBatchOptions, PredictOptions, RunOptions } from '../models/model.js';
import * as ops from '../ops/index.js';
import { settings } from '../base/settings.js';
import { ArrayData, type BatchStream, type Data, isStream, splitValidation } from './data.js';
import { ArrayRunner, type Run, StreamRunner } from './loop.js';
import { compileStep, isSmall, joinBatches, readLogs, runStep, type StepKind } from './steps.js';

const EVALUATE = [...RUN, 'sampleWeight', 'steps', 'returnDict'] as const;
const DEFAULT_BATCH = 32;

const holdsData = (value: unknown): boolean => typeof value === 'object' && value !== null && !(value instanceof AbortSignal);

/** `(y, options)` or, for data sets, `(options)`. @throws for options in the place of y. */
function splitRest<O extends object>(where: string, known: readonly string[], x: unknown, rest: readonly unknown[]): [Data | null | undefined, O] {
  const [first, second] = rest;
  if (typeof x === 'function') throw new TypeError(`${where}: x must be arrays of numbers or a data set, received ${show(x)}`);
  if (isPlainObject(first) && second === undefined) {
    if (isStream(x)) return [null, first as O];
    const keys = Object.keys(first);
    if (keys.length > 0 && keys.every((key) => known.includes(key)) && !keys.every((key) => holdsData(first[key]))) {
      throw new TypeError(`${where}: the second argument is y, received the options ${show(first)}; write ${where}(x, y, options), or ${where}(x, null, options) where there are no targets`);
    }
  }
  return [first as Data | null | undefined, (second ?? {}) as O];
}

function checkWhole(where: string, name: string, value: unknown, min: number): void {
  if (value === null || value === undefined) return;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min) throw new RangeError(`${where}: ${name} must be an integer >= ${min}, received ${show(value)}`);
}

/** 0, 1 or 2; `'auto'` is a bar on a terminal and lines elsewhere. */
function verbosity(verbose: RunOptions['verbose'] = 'auto'): number {
  if (verbose === 'auto') return process.stdout.isTTY ? 1 : 2;
  if (![0, 1, 2].includes(verbose)) throw new RangeError(`verbose must be 'auto', 0, 1 or 2, received ${show(verbose)}`);
  return verbose;
}

/** The callbacks of a run, with those that it adds; a list of the user's own is taken as it is. */
function listOf(given: RunOptions['callbacks'], model: Model, params: CallbackParams, addHistory = false): CallbackList {
  if (!(given instanceof CallbackList)) return new CallbackList({ callbacks: given ?? null, addHistory, addProgbar: params.verbose !== 0, model, ...params });
  if (addHistory) given.keepHistory();
  given.setModel(model);
  given.setParams({ ...given.params, ...params });
  return given;
}

interface Source {
  /** Runs an epoch of `steps` batches (null: all). */
  epoch(steps: number | null): Promise<{ logs: Logs; exhausted: boolean }>;
  /** Batches in a pass; null while unknown. */
  readonly batches: number | null;
  close(): Promise<void>;
}

interface SourceOptions {
  readonly x: Data | BatchStream;
  readonly y: Data | null | undefined;
  readonly sampleWeight?: Data | null | undefined;
  readonly classWeight?: Readonly<Record<string, number>> | null | undefined;
  readonly batchSize: number | null | undefined;
  readonly shuffle?: FitOptions['shuffle'];
  /** Go on where the last epoch ended, for data sets with a number of steps. */
  readonly keep?: boolean;
}

function refuse(where: string, options: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(options)) {
    if (value !== null && value !== undefined) throw new TypeError(`${where}: ${name} cannot be given with a data set, which gives it itself`);
  }
}

function arraySource(run: Run, data: ArrayData, { batchSize, shuffle = false }: Pick<SourceOptions, 'batchSize' | 'shuffle'>): Source {
  const runner = new ArrayRunner(run, data, batchSize ?? DEFAULT_BATCH, shuffle);
  const eachBatch = run.callbacks.wantsBatches(run.kind) || run.model.runEagerly ? run.model.stepsPerExecution : null;
  return { batches: runner.batches, epoch: (steps) => runner.epoch(steps, eachBatch), close: () => Promise.resolve() };
}

function streamSource(where: string, run: Run, { x, y, sampleWeight, classWeight, batchSize, shuffle = false, keep = false }: SourceOptions): Source {
  refuse(where, { y, sampleWeight, batchSize });
  return new StreamRunner(run, x as BatchStream, { classWeight: classWeight ?? null, keep, shuffle: shuffle !== false });
}

/** A run without its callbacks' list. */
const newRun = (model: Model, kind: StepKind, callbacks: CallbackList, signal: AbortSignal | null | undefined, collect?: (outputs: unknown) => void): Run => ({
  model, kind, callbacks, signal: signal ?? null, compiled: (key, make) => model.stepFor(key, make), ...(collect === undefined ? {} : { collect }),
});

function checkFit(options: FitOptions): void {
  checkOptions('fit', options, FIT, { compile: COMPILE_OPTIONS });
  for (const [name, min] of [['batchSize', 1], ['epochs', 0], ['initialEpoch', 0], ['validationSteps', 1], ['validationBatchSize', 1], ['stepsPerEpoch', 1]] as const) checkWhole('fit', name, options[name], min);
  const { validationFreq = 1, shuffle = true, validationSplit = 0 } = options;
  if (typeof validationFreq === 'number') checkWhole('fit', 'validationFreq', validationFreq, 1);
  else if (!Array.isArray(validationFreq)) throw new TypeError(`fit: validationFreq must be an integer or an array of epochs, received ${show(validationFreq)}`);
  if (typeof shuffle !== 'boolean' && shuffle !== 'batch') throw new TypeError(`fit: shuffle must be true, false or 'batch', received ${show(shuffle)}`);
  if (typeof validationSplit !== 'number' || !(validationSplit >= 0 && validationSplit < 1)) throw new RangeError(`fit: validationSplit must be >= 0 and < 1, received ${show(validationSplit)}`);
  options.signal?.throwIfAborted();
}

const validates = (epoch: number, freq: number | readonly number[]): boolean => (typeof freq === 'number' ? (epoch + 1) % freq === 0 : freq.includes(epoch + 1));

/** What `fit` trains and validates on. */
interface FitData {
  readonly train: (run: Run) => Source;
  readonly validate: (() => Promise<Logs>) | null;
}

function prepare(model: Model, x: Data | BatchStream, y: Data | null | undefined, options: FitOptions, callbacks: CallbackList): FitData {
  const { batchSize, validationSplit = 0, validationData, validationSteps, validationBatchSize, shuffle = true, signal } = options;
  const evaluateOn = (valX: Data | BatchStream | ArrayData, valY?: Data | null, weights?: Data | null) => {
    const held = isStream(valX) || valX instanceof ArrayData ? valX : ArrayData.read(valX, valY, weights, null, 'validationData: ');
    return () => {
      const run = newRun(model, 'test', callbacks, signal);
      const source = held instanceof ArrayData ? arraySource(run, held, { batchSize: validationBatchSize ?? batchSize })
        : streamSource('fit', run, { x: held, y: valY, sampleWeight: weights, batchSize: null });
      return runTest(run, source, limitedSteps(validationSteps ?? null, source.batches));
    };
  };
  const given = validationData === null || validationData === undefined ? null
    : isStream(validationData) ? evaluateOn(validationData)
    : Array.isArray(validationData) && validationData.length >= 2 ? evaluateOn(validationData[0], validationData[1], validationData[2])
    : null;
  if (given === null && validationData !== null && validationData !== undefined) throw new TypeError(`fit: validationData must be [x, y], [x, y, sampleWeight] or a data set, received ${show(validationData)}`);
  if (isStream(x)) {
    if (validationSplit > 0) throw new TypeError('fit: validationSplit is for arrays in memory; give validationData with a data set');
    const keep = options.stepsPerEpoch != null || Boolean(settings.maxStepsPerEpoch);
    const source: SourceOptions = { x, y, sampleWeight: options.sampleWeight, classWeight: options.classWeight, batchSize, shuffle, keep };
    return { train: (run) => streamSource('fit', run, source), validate: given };
  }
  const all = ArrayData.read(x, y, options.sampleWeight, options.classWeight);
  const [data, held] = validationSplit > 0 && given === null ? splitValidation(all, validationSplit) : [all, null];
  return { train: (run) => arraySource(run, data, { batchSize, shuffle }), validate: given ?? (held === null ? null : evaluateOn(held)) };
}

/** Steps of an epoch under `config.setMaxStepsPerEpoch`; null: all of the `batches`. */
function limitedSteps(steps: number | null, batches: number | null): number | null {
  const { maxStepsPerEpoch: limit } = settings;
  if (!limit || limit >= (steps ?? batches ?? Infinity)) return steps;
  process.emitWarning(`Limiting the steps of an epoch to ${limit}, as config.setMaxStepsPerEpoch says`);
  return limit;
}
function limitedEpochs(epochs: number): number {
  const { maxEpochs: limit } = settings;
  if (!limit || limit >= epochs) return epochs;
  process.emitWarning(`Limiting the epochs to ${limit}, as config.setMaxEpochs says`);
  return limit;
}

/** `Model.fit`. */
export async function fitModel(model: Model, x: Data | BatchStream, rest: readonly unknown[]): Promise<History> {
  const [y, options] = splitRest<FitOptions>('fit', FIT, x, rest);
  checkFit(options);
  const { initialEpoch = 0, validationFreq = 1 } = options;
  const epochs = limitedEpochs(options.epochs ?? 1);
  const verbose = verbosity(options.verbose);
  const callbacks = listOf(options.callbacks, model, { epochs, steps: options.stepsPerEpoch ?? null, verbose }, true);
  const history = callbacks.keepHistory();
  const { train, validate } = prepare(model, x, y, options, callbacks);
  const run = newRun(model, 'train', callbacks, options.signal);
  const source = train(run);
  const stepsPerEpoch = limitedSteps(options.stepsPerEpoch ?? null, source.batches);
  callbacks.setParams({ ...callbacks.params, epochs, steps: stepsPerEpoch ?? source.batches, verbose });
  model.stopTraining = false;
  await callbacks.call('onTrainBegin', {});
  let logs: Logs = {};
  try {
    for (let epoch = initialEpoch; epoch < epochs && !model.stopTraining; epoch++) {
      model.resetMetrics();
      await callbacks.call('onEpochBegin', epoch, {});
      const pass = await source.epoch(stepsPerEpoch);
      if (pass.exhausted) process.emitWarning(`fit: the data ended before ${stepsPerEpoch} steps of epoch ${epoch + 1}; it goes on with what there is. Give more batches, or a smaller stepsPerEpoch.`);
      logs = { ...pass.logs };
      if (validate !== null && validates(epoch, validationFreq)) {
        for (const [name, value] of Object.entries(await validate())) logs[`val_${name}`] = value;
      }
      // A copy: what callbacks add to the logs is for the callbacks after them.
      await callbacks.call('onEpochEnd', epoch, { ...logs });
    }
  } finally {
    await source.close();
  }
  if (epochs > initialEpoch) model.optimizer.finalizeVariableValues(model.trainableWeights);
  await callbacks.call('onTrainEnd', logs);
  return history;
}

async function runTest(run: Run, source: Source, steps: number | null): Promise<Logs> {
  await run.callbacks.call('onTestBegin', {});
  run.model.resetMetrics();
  try {
    const { logs } = await source.epoch(steps);
    await run.callbacks.call('onTestEnd', logs);
    return logs;
  } finally {
    await source.close();
  }
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
export async function evaluateModel(model: Model, x: Data | BatchStream, rest: readonly unknown[]): Promise<Logs | number | number[]> {
  const [y, options] = splitRest<EvaluateOptions>('evaluate', EVALUATE, x, rest);
  checkOptions('evaluate', options, EVALUATE);
  checkWhole('evaluate', 'batchSize', options.batchSize, 1);
  checkWhole('evaluate', 'steps', options.steps, 1);
  options.signal?.throwIfAborted();
  const verbose = verbosity(options.verbose);
  const callbacks = listOf(options.callbacks, model, { epochs: 1, steps: options.steps ?? null, verbose });
  const run = newRun(model, 'test', callbacks, options.signal);
  const { batchSize, sampleWeight } = options;
  const source = isStream(x) ? streamSource('evaluate', run, { x, y, sampleWeight, batchSize }) : arraySource(run, ArrayData.read(x, y, sampleWeight), { batchSize });
  const steps = limitedSteps(options.steps ?? null, source.batches);
  callbacks.setParams({ ...callbacks.params, epochs: 1, steps: steps ?? source.batches, verbose });
  return asResult(model, await runTest(run, source, steps), options.returnDict);
}

/** `Model.predict`. */
export async function predictModel(model: Model, x: Data | BatchStream, options: PredictOptions): Promise<unknown> {
  checkOptions('predict', options, [...RUN, 'steps']);
  checkWhole('predict', 'batchSize', options.batchSize, 1);
  checkWhole('predict', 'steps', options.steps, 1);
  options.signal?.throwIfAborted();
  const verbose = verbosity(options.verbose);
  const callbacks = listOf(options.callbacks, model, { steps: options.steps ?? null, verbose });
  const batches: unknown[] = [];
  const run = newRun(model, 'predict', callbacks, options.signal, (outputs) => batches.push(outputs));
  const { batchSize } = options;
  const source = isStream(x) ? streamSource('predict', run, { x, y: null, batchSize }) : arraySource(run, ArrayData.read(x, null, null), { batchSize });
  const steps = limitedSteps(options.steps ?? null, source.batches);
  callbacks.setParams({ ...callbacks.params, steps: steps ?? source.batches, verbose });
  await callbacks.call('onPredictBegin', {});
  try {
    await source.epoch(steps);
  } finally {
    await source.close();
  }
  await callbacks.call('onPredictEnd', {});
  return joinBatches(batches, (parts) => ops.concatenate(parts, { axis: 0 }));
}

/** The on-batch calls. */
export async function runOnBatch(model: Model, kind: StepKind, x: Data, y: Data | null, options: OnBatchOptions): Promise<unknown> {
  const where = `${kind}OnBatch`;
  checkOptions(where, options, ['sampleWeight', 'classWeight', 'returnDict']);
  const data = ArrayData.read(x, y, options.sampleWeight, options.classWeight);
  const tensors = data.columns;
  if (kind !== 'predict') model.resetMetrics();
  let result: unknown;
  if (model.runEagerly) result = runStep(model, kind, data.assemble(tensors));
  else {
    const compiled = model.stepFor(`${kind}|given|${data.key}`, () => compileStep(model, kind, data, 'given', data.length, data.length));
    result = isSmall(compiled) ? runCompiled(compiled, tensors) : (await runCompiledAsync(compiled, tensors, { steps: 1 })).result;
  }
  return kind === 'predict' ? result : asResult(model, readLogs(result), options.returnDict);
}
