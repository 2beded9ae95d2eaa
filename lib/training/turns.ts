// Calls that train or evaluate take turns where they share state: metrics, an optimizer, layers.
import type { Layer } from '../layers/base/layer.js';
import type { Model } from '../models/model.js';
import type { RunUserCode } from './item-reader.js';

/** What a call does with a model. */
type Use = 'train' | 'test';
/** What a model is while a call goes on. */
const STATE_OF: Record<Use, string> = { train: 'trained', test: 'evaluated' };

/** The layers of a model, itself included, that have state of their own. */
function statefulLayers(layer: Layer): Layer[] {
  const own = layer.built && layer.variables.length === 0 ? [] : [layer];
  return [...own, ...layer.sublayers.flatMap(statefulLayers)];
}

/** A call that is going on or waits for its turn. */
class Call {
  started = false;
  /** Code of the user's that this call runs: callbacks, data sets. */
  private running = 0;
  /** Whether the call waits for code of the user's and does nothing with the model meanwhile. */
  private lending = 0;
  /** Calls during whose user code this one came. It does not wait for them to end, since they may wait for it. */
  readonly within: ReadonlySet<Call>;
  private writes: Set<unknown> | null = null;
  private reads: Set<unknown> | null = null;

  constructor(readonly model: Model, private readonly use: Use) {
    this.within = new Set(calls.filter((call) => call.running > 0 && call.clashesWith(this)));
  }

  /** What the call changes, and what it reads of the same kind. */
  private touched(): { writes: Set<unknown>; reads: Set<unknown> } {
    if (this.writes === null || this.reads === null) {
      const { model, use } = this;
      const layers = statefulLayers(model);
      const metrics = model.knownMetrics;
      this.reads = new Set(layers);
      this.writes = new Set<unknown>(use === 'train' ? [...metrics, ...layers, model.optimizer] : metrics);
    }
    return { writes: this.writes, reads: this.reads };
  }

  /** Whether the two cannot be under way at the same time. */
  clashesWith(other: Call): boolean {
    if (this.model === other.model) return true;
    const [mine, theirs] = [this.touched(), other.touched()];
    const meet = (a: Set<unknown>, b: Set<unknown>): boolean => [...a].some((item) => b.has(item));
    return meet(mine.writes, theirs.writes) || meet(mine.writes, theirs.reads) || meet(mine.reads, theirs.writes);
  }

  trains(model: Model): boolean {
    return this.model === model && this.use === 'train';
  }
  get doing(): string {
    return STATE_OF[this.use];
  }

  /** Whether it is this call's turn. */
  mayStart(): boolean {
    const earlier = this.within.size > 0 ? 0 : calls.indexOf(this);
    return calls.every((call, i) => {
      const counts = call !== this && (call.started || i < earlier);
      return !counts || (this.within.has(call) && call.lending > 0) || !call.clashesWith(this);
    });
  }
  /** Whether no call that came within this one is under way. */
  private mayGoOn(): boolean {
    return !calls.some((call) => call.started && call.within.has(this));
  }

  /** Runs code of the user's while the call goes on with its own work. Calls that it makes wait until this one waits for it. */
  readonly runUserCode: RunUserCode = (work) => this.around(work, () => this.running++, () => this.running--);

  /** Runs code of the user's and waits for it, and for the calls that came within it. */
  lend<T>(work: () => T | Promise<T>): T | Promise<T> {
    const result = this.around(work, () => this.enter(), () => this.leave());
    if (!(result instanceof Promise)) return this.mayGoOn() ? result : until(() => this.mayGoOn()).then(() => result);
    return result.finally(() => (this.mayGoOn() ? undefined : until(() => this.mayGoOn())));
  }
  private enter(): void {
    this.running++;
    this.lending++;
    wake();
  }
  private leave(): void {
    this.running--;
    this.lending--;
  }

  private around<T>(work: () => T, enter: () => void, leave: () => void): T {
    enter();
    let pending = false;
    try {
      const result = work();
      if (result instanceof Promise) {
        pending = true;
        return result.finally(leave) as T;
      }
      return result;
    } finally {
      if (!pending) leave();
    }
  }
}
export type { Call };

/** Calls in the order in which they came. */
const calls: Call[] = [];
let waiting: { may: () => boolean; go: () => void }[] = [];

const until = (may: () => boolean): Promise<void> => new Promise((go) => waiting.push({ may, go }));
/** Lets go on who may. */
function wake(): void {
  for (const entry of [...waiting]) {
    if (!entry.may()) continue;
    waiting = waiting.filter((other) => other !== entry);
    entry.go();
  }
}

/** Keeps what the metrics of a model have counted; gives a function that puts it back. */
function keepMetrics(model: Model): () => void {
  const values = model.knownMetrics.flatMap((metric) => metric.variables).map((variable) => [variable, variable.value] as const);
  return () => values.forEach(([variable, value]) => variable.assign(value));
}

const busy = (model: Model, what: string, state: string): Error =>
  new Error(`${model.name}: ${what}() was called while the model is being ${state}; await the earlier call first`);

/**
 * Runs a call when those before it that share state have ended. A call that comes from a callback or a data set of another runs within
 * that one, while it waits, and leaves its metrics as they were.
 * @throws (rejects) when one training of a model comes while another is going on.
 */
export async function inTurn<T>(model: Model, what: string, use: Use, run: (call: Call) => Promise<T>): Promise<T> {
  if (use === 'train' && calls.some((call) => call.trains(model))) throw busy(model, what, STATE_OF.train);
  const call = new Call(model, use);
  calls.push(call);
  let restore: (() => void) | null = null;
  try {
    if (!call.mayStart()) await until(() => call.mayStart() && (call.started = true));
    call.started = true;
    if (call.within.size > 0) restore = keepMetrics(model);
    return await run(call);
  } finally {
    calls.splice(calls.indexOf(call), 1);
    restore?.();
    wake();
  }
}

/** @throws when a model is being trained or evaluated, or is going to be. */
export function checkIdle(model: Model, what: string): void {
  const call = calls.find((other) => other.model === model);
  if (call !== undefined) throw busy(model, what, call.doing);
}
