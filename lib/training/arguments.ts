// The arguments of fit, evaluate and predict: reading and checking them.
import { checkOptions, show } from '../base/errors.js';
import { settings } from '../base/settings.js';
import { isPlainObject } from '../base/tree.js';
import { CallbackList } from '../callbacks/callback-list.js';
import type { CallbackParams } from '../callbacks/callback.js';
import type { Model } from '../models/model.js';
import { type Data, isStream } from './data.js';
import { type EvaluateOptions, type FitOptions, OPTIONS, type PredictOptions, type RunOptions } from './options.js';

const holdsData = (value: unknown): boolean => typeof value === 'object' && value !== null && !(value instanceof AbortSignal);

/** `(y, options)` or, for data sets, `(options)`. @throws for options in the place of y. */
export function splitRest<O extends object>(where: 'fit' | 'evaluate', x: unknown, rest: readonly unknown[]): [Data | null | undefined, O] {
  const [first, second] = rest;
  if (typeof x === 'function') throw new TypeError(`${where}: x must be arrays of numbers or a data set, received ${show(x)}`);
  if (isPlainObject(first) && second === undefined) {
    if (isStream(x)) return [null, first as O];
    const keys = Object.keys(first);
    if (keys.length > 0 && keys.every((key) => OPTIONS[where].includes(key)) && !keys.every((key) => holdsData(first[key]))) {
      throw new TypeError(`${where}: the second argument is y, received the options ${show(first)}; write ${where}(x, y, options), `
        + `or ${where}(x, null, options) where there are no targets`);
    }
  }
  return [first as Data | null | undefined, (second ?? {}) as O];
}

/** Checks that options are whole numbers, each of at least the number beside its name. */
function checkWhole<O extends object>(where: string, options: O, least: { readonly [K in keyof O]?: number }): void {
  for (const [name, min] of Object.entries(least) as [keyof O & string, number][]) {
    const value: unknown = options[name];
    if (value === null || value === undefined) continue;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min) {
      throw new RangeError(`${where}: ${name} must be an integer >= ${min}, received ${show(value)}`);
    }
  }
}

/** @throws for options of `fit` that are unknown or out of range, and when the signal is aborted. */
export function checkFit(options: FitOptions): void {
  checkOptions('fit', options, OPTIONS.fit, { compile: OPTIONS.compile });
  checkWhole('fit', options, { batchSize: 1, epochs: 0, initialEpoch: 0, validationSteps: 1, validationBatchSize: 1, stepsPerEpoch: 1 });
  const { validationFreq = 1, shuffle = true, validationSplit = 0 } = options;
  if (typeof validationFreq === 'number') checkWhole('fit', { validationFreq }, { validationFreq: 1 });
  else if (!Array.isArray(validationFreq)) {
    throw new TypeError(`fit: validationFreq must be an integer or an array of epochs, received ${show(validationFreq)}`);
  }
  if (typeof shuffle !== 'boolean' && shuffle !== 'batch') {
    throw new TypeError(`fit: shuffle must be true, false or 'batch', received ${show(shuffle)}`);
  }
  if (typeof validationSplit !== 'number' || !(validationSplit >= 0 && validationSplit < 1)) {
    throw new RangeError(`fit: validationSplit must be >= 0 and < 1, received ${show(validationSplit)}`);
  }
  options.signal?.throwIfAborted();
}

/** @throws for options of `evaluate` or `predict` that are unknown or out of range, and when the signal is aborted. */
export function checkRun(where: 'evaluate' | 'predict', options: EvaluateOptions | PredictOptions): void {
  checkOptions(where, options, OPTIONS[where]);
  checkWhole(where, options, { batchSize: 1, steps: 1 });
  options.signal?.throwIfAborted();
}

/** @throws for options that cannot be given with a data set. */
export function refuse(where: string, options: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === null || value === undefined) continue;
    throw new TypeError(`${where}: ${name} cannot be given with a data set, which gives it itself`);
  }
}

/** 0, 1 or 2; `'auto'` is a bar on a terminal and lines elsewhere. */
export function verbosity(verbose: RunOptions['verbose'] = 'auto'): number {
  if (verbose === 'auto') return process.stdout.isTTY ? 1 : 2;
  if (![0, 1, 2].includes(verbose)) throw new RangeError(`verbose must be 'auto', 0, 1 or 2, received ${show(verbose)}`);
  return verbose;
}

/** The callbacks of a run, with those that it adds; a list of the user's own is taken as it is. */
export function listOf(given: RunOptions['callbacks'], model: Model, params: CallbackParams, addHistory = false): CallbackList {
  if (!(given instanceof CallbackList)) {
    return new CallbackList({ callbacks: given ?? null, addHistory, addProgbar: params.verbose !== 0, model, ...params });
  }
  if (addHistory) given.keepHistory();
  given.setModel(model);
  given.setParams({ ...given.params, ...params });
  return given;
}

/** Steps of an epoch under `config.setMaxStepsPerEpoch`; null: all of the `batches`. */
export function limitedSteps(steps: number | null | undefined, batches: number | null): number | null {
  const { maxStepsPerEpoch: limit } = settings;
  if (!limit || limit >= (steps ?? batches ?? Infinity)) return steps ?? null;
  process.emitWarning(`Limiting the steps of an epoch to ${limit}, as config.setMaxStepsPerEpoch says`);
  return limit;
}

/** Epochs under `config.setMaxEpochs`. */
export function limitedEpochs(epochs: number): number {
  const { maxEpochs: limit } = settings;
  if (!limit || limit >= epochs) return epochs;
  process.emitWarning(`Limiting the epochs to ${limit}, as config.setMaxEpochs says`);
  return limit;
}
