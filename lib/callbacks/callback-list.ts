// CallbackList: the callbacks of one run, called in order.
import type { Model } from '../models/model.js';
import { show } from '../base/errors.js';
import { checkAcyclic } from '../base/tree.js';
import { Callback, type CallbackParams, type HookName, HOOKS, type Logs, overrides } from './callback.js';
import { History } from './history.js';
import { ProgbarLogger } from './progbar-logger.js';
import type { CallbackState, TrainingState } from './training-state.js';

/** The hooks around a batch, by kind of run. */
const BATCH_HOOKS = {
  train: { begin: 'onTrainBatchBegin', end: 'onTrainBatchEnd' },
  test: { begin: 'onTestBatchBegin', end: 'onTestBatchEnd' },
  predict: { begin: 'onPredictBatchBegin', end: 'onPredictBatchEnd' },
} as const;

/** What kind of run is going on. */
export type RunKind = keyof typeof BATCH_HOOKS;

/** Callbacks, nested in arrays as one likes. */
export type Callbacks = Callback | readonly Callbacks[];

const NONE: ReadonlySet<Callback> = new Set();

/** Options of `CallbackList`; all others are what callbacks get as their `params`. */
export interface CallbackListOptions extends Partial<CallbackParams> {
  callbacks?: Callbacks | null;
  /** Whether a `History` is added when there is none. Default false. */
  addHistory?: boolean;
  /** Whether a `ProgbarLogger` is added when there is none. Default false. */
  addProgbar?: boolean;
  /** The model that the callbacks are for. */
  model?: Model | null;
}

/** @throws for arrays that contain themselves. */
function flat(callbacks: Callbacks): Callback[] {
  checkAcyclic('CallbackList', callbacks);
  return Array.isArray(callbacks) ? (callbacks as unknown[]).flat(Infinity) as Callback[] : [callbacks as Callback];
}

/**
 * Several callbacks as one: each hook calls that of all callbacks, in order, and awaits it. What `fit` makes of its callbacks; for a loop
 * of your own:
 *
 * ```ts
 * const callbacks = new keras.callbacks.CallbackList({ callbacks: [logger], addHistory: true, model, epochs: 3 });
 * await callbacks.onTrainBegin();
 * await callbacks.onEpochEnd(0, { loss: 0.5 });
 * ```
 * `fit` takes one too, and sets its model and the params that it knows.
 * @throws a TypeError when an entry is no callback.
 */
export class CallbackList extends Callback {
  readonly callbacks: Callback[];
  #history: History | null = null;

  constructor({ callbacks = null, addHistory = false, addProgbar = false, model = null, ...params }: CallbackListOptions = {}) {
    super();
    this.callbacks = callbacks === null ? [] : flat(callbacks);
    for (const callback of this.callbacks) {
      if (!(callback instanceof Callback))
        throw new TypeError(`callbacks: expected instances of keras.callbacks.Callback, received ${show(callback)}`);
    }
    this.#history = this.callbacks.findLast((callback) => callback instanceof History) ?? null;
    if (addHistory) this.keepHistory();
    if (addProgbar && !this.callbacks.some((callback) => callback instanceof ProgbarLogger)) this.callbacks.push(new ProgbarLogger());
    if (model !== null) this.setModel(model);
    if (Object.keys(params).length > 0) this.setParams({ steps: null, verbose: 0, ...params });
  }

  /** @internal The history of the list, which is added when there is none. */
  keepHistory(): History {
    if (this.#history === null) this.callbacks.push((this.#history = new History()));
    return this.#history;
  }

  /** @internal True when some callback wants to be called at every batch. */
  wantsBatches(kind: RunKind): boolean {
    const { begin, end } = BATCH_HOOKS[kind];
    return this.callbacks.some((callback) =>
      callback instanceof CallbackList ? callback.wantsBatches(kind) : overrides(callback, begin) || overrides(callback, end),
    );
  }

  /** Tells all callbacks what the run is started with. */
  override setParams(params: CallbackParams): void {
    super.setParams(params);
    for (const callback of this.callbacks) callback.setParams(params);
  }
  /** Tells all callbacks their model, which gets the list's history. */
  override setModel(model: Model): void {
    super.setModel(model);
    if (this.#history !== null) model.history = this.#history;
    for (const callback of this.callbacks) callback.setModel(model);
  }

  /** @internal The callbacks, those of lists in it too. */
  get all(): Callback[] {
    return this.callbacks.flatMap((callback) => (callback instanceof CallbackList ? callback.all : [callback]));
  }

  /** Where the first callback that knows it says that the training was. */
  override findState(): TrainingState | null | Promise<TrainingState | null> {
    const asked = this.all.filter((callback) => callback.findState !== Callback.prototype.findState);
    return asked.length === 0 ? null : firstState(asked);
  }

  /** @internal What all callbacks remember. */
  states(): CallbackState[] {
    return this.all.map((callback) => ({ name: callback.constructor.name, state: callback.getState() }));
  }
  /** @internal Puts back what callbacks of these classes remembered. Returns those for which there was something. */
  async setStates(states: readonly CallbackState[]): Promise<ReadonlySet<Callback>> {
    const left = [...states];
    const restored = new Set<Callback>();
    for (const callback of this.all) {
      const at = left.findIndex(({ name }) => name === callback.constructor.name);
      if (at < 0) continue;
      const [{ state }] = left.splice(at, 1) as [CallbackState];
      if (state === undefined || state === null) continue;
      await callback.setState(state);
      restored.add(callback);
    }
    return restored;
  }

  /** @internal Calls the hooks before or after a batch. */
  batch(kind: RunKind, when: 'begin' | 'end', batch: number, logs: object): void | Promise<void> {
    return this.call(BATCH_HOOKS[kind][when], batch, logs);
  }

  /** @internal Calls one hook of every callback that overrides it, in order. A promise where one of them is async. */
  call(hook: HookName, ...args: readonly unknown[]): void | Promise<void> {
    return this.callFrom(0, hook, args, NONE);
  }
  /** @internal `call` for all but some of the callbacks. */
  callExcept(left: ReadonlySet<Callback>, hook: HookName, ...args: readonly unknown[]): void | Promise<void> {
    return this.callFrom(0, hook, args, left);
  }
  private callFrom(first: number, hook: HookName, args: readonly unknown[], left: ReadonlySet<Callback>): void | Promise<void> {
    for (let i = first; i < this.callbacks.length; i++) {
      const callback = this.callbacks[i]!;
      if (left.has(callback) || !overrides(callback, hook)) continue;
      const result = (callback[hook] as (...args: readonly unknown[]) => unknown)(...args);
      if (result instanceof Promise) return result.then(() => this.callFrom(i + 1, hook, args, left));
    }
  }
}

async function firstState(callbacks: readonly Callback[]): Promise<TrainingState | null> {
  for (const callback of callbacks) {
    const found = await callback.findState();
    if (found !== null) return found;
  }
  return null;
}

/** Names of the hooks that get the number of an epoch or a batch before the logs. */
const isNumbered = (hook: HookName): boolean => /Batch|Epoch|Progress/.test(hook);
for (const hook of HOOKS) {
  const value = isNumbered(hook)
    ? function (this: CallbackList, at: number, logs: Logs = {}): void | Promise<void> { return this.call(hook, at, logs); }
    : function (this: CallbackList, logs: Logs = {}): void | Promise<void> { return this.call(hook, logs); };
  Object.defineProperty(CallbackList.prototype, hook, { value, writable: true, configurable: true });
}
