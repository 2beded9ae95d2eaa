// The callbacks of one run, called in order.
import type { Model } from '../models/model.js';
import { show } from '../core/errors.js';
import { Callback, type CallbackParams, type HookName, type Logs, overrides } from './callback.js';

const BATCH_HOOKS = {
  train: ['onTrainBatchBegin', 'onTrainBatchEnd', 'onBatchBegin', 'onBatchEnd'],
  test: ['onTestBatchBegin', 'onTestBatchEnd'],
  predict: ['onPredictBatchBegin', 'onPredictBatchEnd'],
} as const;

/** What kind of run is going on. */
export type RunKind = keyof typeof BATCH_HOOKS;

/** Calls hooks on all callbacks of a run, awaiting each. */
export class CallbackList {
  readonly callbacks: readonly Callback[];

  /** @throws a TypeError when an entry is no callback. */
  constructor(callbacks: readonly Callback[], model: Model, params: CallbackParams) {
    this.callbacks = callbacks.flat();
    for (const callback of this.callbacks) {
      if (!(callback instanceof Callback)) throw new TypeError(`callbacks: expected instances of keras.callbacks.Callback, received ${show(callback)}`);
      callback.setParams(params);
      callback.setModel(model);
    }
  }

  /** True when some callback wants to be called at every batch. */
  wantsBatches(kind: RunKind): boolean {
    return this.callbacks.some((callback) => BATCH_HOOKS[kind].some((hook) => overrides(callback, hook)));
  }

  /** Calls one hook of every callback that overrides it. */
  async call(hook: HookName, ...args: [] | [Logs] | [number, Logs?]): Promise<void> {
    for (const callback of this.callbacks) {
      if (!overrides(callback, hook)) continue;
      const result = (callback[hook] as (...args: unknown[]) => unknown)(...args);
      if (result instanceof Promise) await result;
    }
  }
}
