// MonitorCallback: what the callbacks share that watch a value of the logs.
import { show } from '../base/errors.js';
import { Callback, type Logs } from './callback.js';

/** Which way a value gets better: as its metric says (`'auto'`), by falling or by rising. */
export type MonitorMode = 'auto' | 'min' | 'max';

/** Options of callbacks that watch a value. */
export interface MonitorOptions {
  /** Key of the logs to watch. Default `'val_loss'`. */
  monitor?: string;
  /** Smaller changes do not count as better. */
  minDelta?: number;
  /** Default `'auto'`: by the metric of this name; a loss falls. */
  mode?: MonitorMode;
}

/** What a metric tells of itself: which way it gets better. */
interface Directed {
  readonly name: string;
  readonly direction?: 'up' | 'down' | null;
}

/** Base of callbacks that watch a value. @throws for a mode that does not exist. */
export abstract class MonitorCallback extends Callback {
  monitor: string;
  mode: MonitorMode;
  minDelta: number;
  /** The best value so far. */
  best: number | null = null;
  #sign: 1 | -1 | null = null; // -1 when falling is better

  constructor({ monitor = 'val_loss', mode = 'auto', minDelta = 0 }: MonitorOptions) {
    super();
    if (!['auto', 'min', 'max'].includes(mode))
      throw new TypeError(`${new.target.name}: mode must be 'auto', 'min' or 'max', received ${show(mode)}`);
    this.checkNumbers({ minDelta });
    this.monitor = monitor;
    this.mode = mode;
    this.minDelta = Math.abs(minDelta);
  }

  /** @internal @throws a TypeError for options that are no numbers. */
  protected checkNumbers(options: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(options)) {
      if (typeof value !== 'number' || Number.isNaN(value))
        throw new TypeError(`${this.constructor.name}: ${name} must be a number, received ${show(value)}`);
    }
  }

  /** The watched value of these logs; undefined, with a warning, where they have none. */
  getMonitorValue(logs: Logs = {}): number | undefined {
    const value = logs[this.monitor];
    if (value === undefined)
      process.emitWarning(
        `${this.constructor.name}: the logs have no '${this.monitor}' to watch; they have ${Object.keys(logs).join(', ')}`,
      );
    if (Array.isArray(value))
      throw new TypeError(
        `${this.constructor.name}: '${this.monitor}' has ${value.length} values, expected one number to watch; give the metric an average`,
      );
    return value;
  }

  /** @internal Whether a value is better than another by more than `minDelta`; better than none is any. */
  protected isBetter(value: number, reference: number | null): boolean {
    if (reference === null) return true;
    return this.findDirection() === -1 ? value + this.minDelta < reference : value - this.minDelta > reference;
  }

  /** @internal 1 when rising is better, -1 when falling is. @throws when mode `'auto'` finds no metric that says it. */
  protected findDirection(): 1 | -1 {
    return (this.#sign ??= this.directionOfMonitor());
  }
  private directionOfMonitor(): 1 | -1 {
    if (this.mode !== 'auto') return this.mode === 'min' ? -1 : 1;
    const name = this.monitor.replace(/^val_/, '');
    if (name === 'loss') return -1;
    const direction = (this.model.metrics as readonly Directed[]).findLast((metric) => metric.name === name)?.direction ?? null;
    if (direction === null) {
      throw new Error(
        `${this.constructor.name}: nothing tells whether '${this.monitor}' gets better by rising or by falling; give mode 'max' or 'min'`,
      );
    }
    return direction === 'up' ? 1 : -1;
  }
}
