// Callback: hooks into training, evaluation and prediction.
import type { Model } from '../models/model.js';
import type { TrainingRun, TrainingState } from './training-state.js';

/** Values by name: losses and metrics. A metric with several results (`F1Score` without an average) has an array of them at its name. */
export type Logs = Record<string, number>;
/** What callbacks get of a batch of `predict`. */
export interface PredictLogs {
  /** The model's outputs for the batch, in their structure. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a tensor, or several
  outputs?: any;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- so that a hook for all kinds of logs may be given
  [name: string]: any;
}
/** What `fit` runs with: `epochs`, `steps`, `verbose`. */
export interface CallbackParams {
  readonly epochs?: number;
  readonly steps: number | null;
  verbose: number;
  readonly [name: string]: unknown;
}
type Hook<A extends unknown[]> = (...args: A) => void | Promise<void>;

/**
 * Base of callbacks: override the hooks you need. Hooks may be async; they are awaited.
 * Overriding a batch hook makes `fit` come back to JavaScript after every batch (or after `stepsPerExecution` of them); without
 * one, whole epochs run natively.
 *
 * ```ts
 * class Print extends keras.callbacks.Callback {
 *   onEpochEnd(epoch, logs) { console.log(epoch, logs.loss); }
 * }
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the hooks are on the prototype, so that it shows which are overridden
export class Callback {
  /** What the run was started with. */
  params: CallbackParams | null = null;
  private trained: Model | null = null;

  /** The model that is run. */
  get model(): Model {
    if (this.trained === null) throw new Error(`${this.constructor.name}: has no model before fit, evaluate or predict set it`);
    return this.trained;
  }
  /** Called once, before all hooks, with what the loop knows of the run. */
  setParams(params: CallbackParams): void {
    this.params = params;
  }
  /** Called once, before all hooks, with the model. */
  setModel(model: Model): void {
    this.trained = model;
  }

  /**
   * What the callback must remember when the training is backed up and resumed (`BackupAndRestore`): plain values, with tensors among them.
   * Override it together with `setState`. By default undefined: in a resumed training the callback begins anew.
   */
  getState(): unknown {
    return undefined;
  }
  /** Puts back what `getState` gave. Called after `onTrainBegin`; a resumed epoch then does not begin again (`onEpochBegin`) for it. */
  setState(_state: unknown): void | Promise<void> {
    return undefined;
  }
  /** @internal Called before `onTrainBegin`: where a training was that is to go on; null: it begins. */
  findState(): TrainingState | null | Promise<TrainingState | null> {
    return null;
  }
}

/** Hooks by name, with their arguments. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the hooks are on the prototype, so that it shows which are overridden
export interface Callback {
  /** Start of `fit`. */
  onTrainBegin(logs?: Logs): void | Promise<void>;
  /** End of `fit`, with the logs of the last epoch. */
  onTrainEnd(logs?: Logs): void | Promise<void>;
  /** Start of `evaluate`, and of validation in `fit`. */
  onTestBegin(logs?: Logs): void | Promise<void>;
  /** End of `evaluate`, and of validation in `fit`. */
  onTestEnd(logs?: Logs): void | Promise<void>;
  /** Start of `predict`. */
  onPredictBegin(logs?: Logs): void | Promise<void>;
  /** End of `predict`. */
  onPredictEnd(logs?: Logs): void | Promise<void>;
  /** Start of an epoch of `fit`. */
  onEpochBegin(epoch: number, logs?: Logs): void | Promise<void>;
  /** End of an epoch of `fit`, with the losses and metrics of training and (`val_…`) validation. */
  onEpochEnd(epoch: number, logs?: Logs): void | Promise<void>;
  /** Start of a batch of `fit`. */
  onTrainBatchBegin(batch: number, logs?: Logs): void | Promise<void>;
  /** End of a batch of `fit`; `logs` has the means over the epoch so far. */
  onTrainBatchEnd(batch: number, logs?: Logs): void | Promise<void>;
  /** Older name of `onTrainBatchBegin`, which calls it unless it is overridden. */
  onBatchBegin(batch: number, logs?: Logs): void | Promise<void>;
  /** Older name of `onTrainBatchEnd`, which calls it unless it is overridden. */
  onBatchEnd(batch: number, logs?: Logs): void | Promise<void>;
  /** Start of a batch of `evaluate`. */
  onTestBatchBegin(batch: number, logs?: Logs): void | Promise<void>;
  /** End of a batch of `evaluate`. */
  onTestBatchEnd(batch: number, logs?: Logs): void | Promise<void>;
  /** Start of a batch of `predict`. */
  onPredictBatchBegin(batch: number, logs?: Logs): void | Promise<void>;
  /** End of a batch of `predict`, with what the model gave for it as `outputs`. */
  onPredictBatchEnd(batch: number, logs?: PredictLogs): void | Promise<void>;
  /** @internal In `fit`, after all callbacks have seen the end of a batch (where they see batches) or of an epoch. */
  onSettled(run: TrainingRun): void | Promise<void>;
  /** @internal After each slice of batches that ran natively: progress for those who can do without every batch. */
  onProgress(batch: number, logs: Logs): void | Promise<void>;
}

/** Names of all hooks. */
export const HOOKS = [
  'onTrainBegin',
  'onTrainEnd',
  'onTestBegin',
  'onTestEnd',
  'onPredictBegin',
  'onPredictEnd',
  'onEpochBegin',
  'onEpochEnd',
  'onTrainBatchBegin',
  'onTrainBatchEnd',
  'onBatchBegin',
  'onBatchEnd',
  'onTestBatchBegin',
  'onTestBatchEnd',
  'onPredictBatchBegin',
  'onPredictBatchEnd',
  'onProgress',
  'onSettled',
] as const;
/** Name of a hook. */
export type HookName = (typeof HOOKS)[number];

const nothing: Hook<[]> = () => undefined;
for (const hook of HOOKS) Object.defineProperty(Callback.prototype, hook, { value: nothing, writable: true, configurable: true });

/** The hooks of batches in training, with their older names, which they call unless they are overridden. */
const OLDER = { onTrainBatchBegin: 'onBatchBegin', onTrainBatchEnd: 'onBatchEnd' } as const;
const isRenamed = (hook: HookName): hook is keyof typeof OLDER => hook in OLDER;
const renamed = new Map(
  Object.entries(OLDER).map(([hook, older]) => [
    hook,
    function (this: Callback, batch: number, logs?: Logs) {
      return this[older](batch, logs);
    },
  ]),
);
for (const [hook, value] of renamed) Object.defineProperty(Callback.prototype, hook, { value, writable: true, configurable: true });

/** True when the callback overrides the hook, or its older name. */
export const overrides = (callback: Callback, hook: HookName): boolean =>
  isRenamed(hook) && (callback[hook] as unknown) === renamed.get(hook)
    ? overrides(callback, OLDER[hook])
    : (callback[hook] as unknown) !== nothing;
