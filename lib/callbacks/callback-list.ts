// The callbacks of one run, called in order.
import type { Model } from '../models/model.js';
import { show } from '../core/errors.js';
import { Callback, type CallbackParams, type HookName, type Logs, overrides } from './callback.js';

/** The hooks around a batch, by kind of run; training has older names for them too. */
const BATCH_HOOKS = {
  train: { begin: ['onTrainBatchBegin', 'onBatchBegin'], end: ['onTrainBatchEnd', 'onBatchEnd'] },
  test: { begin: ['onTestBatchBegin'], end: ['onTestBatchEnd'] },
  predict: { begin: ['onPredictBatchBegin'], end: ['onPredictBatchEnd'] },
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
    const { begin, end } = BATCH_HOOKS[kind];
    return this.callbacks.some((callback) => [...begin, ...end].some((hook) => overrides(callback, hook)));
  }

  /** Tells all callbacks what the run is started with. */
  setParams(params: CallbackParams): void {
    for (const callback of this.callbacks) callback.setParams(params);
  }

  /** Calls the hooks before or after a batch. */
  async batch(kind: RunKind, when: 'begin' | 'end', batch: number, logs: Logs): Promise<void> {
    for (const hook of BATCH_HOOKS[kind][when]) await this.call(hook, batch, logs);
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
