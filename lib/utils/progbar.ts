// Progbar: Keras's progress bar.
import { printMessage } from '../config/logging.js';
import { checkOptions, show } from '../base/errors.js';
import { fixed, scientific } from '../base/format.js';
import { type Tensor } from '../core/tensor.js';
import { type Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';

/** Options of `Progbar`. */
export interface ProgbarOptions {
  /** Length of the bar in characters. Default 20. */
  width?: number;
  /** 0: silent; 1: a bar; 2: one line at the end. Default 1. */
  verbose?: number;
  /** Least time between two updates on screen, in seconds. Default 0.05. */
  interval?: number;
  /** Names of values that are shown as they are; the others are averaged. */
  statefulMetrics?: readonly string[] | null;
  /** Names of values that are averaged; the others are shown as they are. */
  statelessMetrics?: readonly string[] | null;
  /** What is counted. Default `'step'`. */
  unitName?: string;
}
const OPTIONS = ['width', 'verbose', 'interval', 'statefulMetrics', 'statelessMetrics', 'unitName'] as const;

/** A named value of a step. */
export type ProgbarValue = readonly [name: string, value: number | Tensor | Variable];
/** Options of `Progbar.update` and `Progbar.add`. */
export interface ProgbarUpdateOptions {
  /** Names and values of this step. */
  values?: readonly ProgbarValue[] | null;
  /** Whether this is the last update. Default: whether the target is reached. */
  finalize?: boolean | null;
}

const bold = (text: string): string => `\x1b[1m${text}\x1b[0m`;
const twoDigits = (n: number): string => String(n).padStart(2, '0');
const seconds = (): number => performance.now() / 1000;

/** Estimated time to the end: `12s`, `3:05` or `1:02:03`. */
function formatEta(eta: number): string {
  const [hours, minutes, rest] = [Math.floor(eta / 3600), Math.floor((eta % 3600) / 60), Math.floor(eta % 60)];
  if (eta > 3600) return `${hours}:${twoDigits(minutes)}:${twoDigits(rest)}`;
  return eta > 60 ? `${Math.floor(eta / 60)}:${twoDigits(rest)}` : `${Math.trunc(eta)}s`;
}

/** Time of a step, with its unit. */
function formatDuration(time: number, unit: string): string {
  if (time >= 1 || time === 0) return `${fixed(time, 0)}s/${unit}`;
  return time >= 1e-3 ? `${fixed(time * 1e3, 0)}ms/${unit}` : `${fixed(time * 1e6, 0)}us/${unit}`;
}

/** Number of characters on screen: colours take none. */
 
const shownLength = (text: string): number => text.replace(/\x1b\[\d+m/g, '').length;

/** What is shown of a value: of several elements their mean. */
const readValue = (value: ProgbarValue[1]): number => (typeof value === 'number' ? value : ops.mean(ops.cast(value, 'float64')).item());

/**
 * Keras's progress bar on standard output. On a terminal the line is drawn anew at each update.
 *
 * ```ts
 * const bar = new keras.utils.Progbar(100);
 * for (let i = 0; i < 100; i++) bar.update(i + 1, { values: [['loss', 1 / (i + 1)]] });
 * ```
 */
export class Progbar {
  /** How many steps there are; null while unknown. */
  target: number | null;
  private readonly options: Required<Pick<ProgbarOptions, 'width' | 'verbose' | 'interval' | 'unitName'>>;
  private readonly isAveraged: (name: string) => boolean;
  private readonly values = new Map<string, { sum: number; count: number }>();
  private readonly start = seconds();
  private readonly redraws = process.stdout.isTTY === true;
  private seen = 0;
  private lastUpdate = -Infinity;
  private afterFirstStep: number | null = null;
  private lineLength = 0;

  /** @throws when both `statefulMetrics` and `statelessMetrics` are given. */
  constructor(target: number | null, options: ProgbarOptions = {}) {
    checkOptions('Progbar', options, OPTIONS);
    if (target !== null && !(target >= 0)) throw new TypeError(`Progbar: target must be a number >= 0 or null, received ${show(target)}`);
    const { width = 20, verbose = 1, interval = 0.05, unitName = 'step', statefulMetrics = null, statelessMetrics = null } = options;
    if (statefulMetrics !== null && statelessMetrics !== null)
      throw new TypeError('Progbar: give statefulMetrics or statelessMetrics, not both');
    this.target = target;
    this.options = { width, verbose, interval, unitName };
    this.isAveraged =
      statelessMetrics === null ? (name) => statefulMetrics?.includes(name) !== true : (name) => statelessMetrics.includes(name);
  }

  /** Shows that `current` steps are done, with their values. */
  update(current: number, options: ProgbarUpdateOptions = {}): void {
    checkOptions('Progbar.update', options, ['values', 'finalize']);
    const finalize = options.finalize ?? (this.target !== null && current >= this.target);
    for (const [name, value] of options.values ?? []) this.keep(name, readValue(value), current, finalize);
    this.seen = current;
    const now = seconds();
    const perStep = this.stepDuration(current, now);
    const { verbose, interval } = this.options;
    if (verbose === 1) {
      if (now - this.lastUpdate < interval && !finalize) return;
      this.draw(current, now, perStep, finalize);
    } else if (verbose === 2 && finalize && this.hasTarget) this.printLine(current, now, perStep);
    this.lastUpdate = now;
  }

  /** Shows that `n` more steps are done. */
  add(n: number, options: Pick<ProgbarUpdateOptions, 'values'> = {}): void {
    this.update(this.seen + n, options);
  }

  private get hasTarget(): boolean {
    return this.target !== null && this.target > 0;
  }

  private keep(name: string, value: number, current: number, finalize: boolean): void {
    const known = this.values.get(name);
    if (finalize || !this.isAveraged(name)) this.values.set(name, { sum: value, count: 1 });
    else {
      const steps = Math.max(current - this.seen, 1);
      this.values.set(name, { sum: (known?.sum ?? 0) + value * steps, count: (known?.count ?? 0) + steps });
    }
  }

  /** Seconds a step; the first, which prepares things, counts only while there is no other. */
  private stepDuration(current: number, now: number): number {
    if (current === 0) return 0;
    const duration =
      this.afterFirstStep !== null && current > 1 ? (now - this.afterFirstStep) / (current - 1) : (now - this.start) / current;
    if (current === 1) this.afterFirstStep = now;
    return duration;
  }

  private counter(current: number): string {
    return this.hasTarget
      ? `${String(current).padStart(String(Math.trunc(this.target!)).length)}/${this.target}`
      : `${String(current).padStart(7)}/Unknown`;
  }

  private metrics(isSmall: (value: number) => boolean): string {
    const parts = [...this.values].map(([name, { sum, count }]) => {
      const mean = sum / Math.max(1, count);
      return ` - ${name}: ${isSmall(mean) ? scientific(mean, 4) : fixed(mean, 4)}`;
    });
    return parts.join('');
  }

  private draw(current: number, now: number, perStep: number, finalize: boolean): void {
    const { width, unitName } = this.options;
    const done = this.hasTarget ? Math.trunc(width * (current / this.target!)) : 0;
    const filled = done > 0 ? `\x1b[32m${'━'.repeat(done)}\x1b[0m` : '';
    const bar = this.hasTarget
      ? `${bold(this.counter(current))} ${filled}\x1b[37m${'━'.repeat(Math.max(0, width - done))}\x1b[0m`
      : this.counter(current);
    const time = this.hasTarget && !finalize ? formatEta(perStep * (this.target! - current)) : `${fixed(now - this.start, 0)}s`;
    const line = `${bar} ${bold(time)} ${formatDuration(perStep, unitName)}${this.metrics((value) => !(Math.abs(value) > 1e-3))}`;
    const length = shownLength(line);
    const back = this.redraws ? `${'\b'.repeat(this.lineLength)}\r` : '\n';
    const cover = ' '.repeat(Math.max(0, this.lineLength - length));
    printMessage(`${back}${line}${cover}${finalize ? '\n' : ''}`);
    this.lineLength = length;
  }

  private printLine(current: number, now: number, perStep: number): void {
    const time = `${fixed(now - this.start, 0)}s - ${formatDuration(perStep, this.options.unitName)}`;
    printMessage(`${this.counter(current)} - ${time}${this.metrics((value) => !(value > 1e-3))}\n`);
  }
}
