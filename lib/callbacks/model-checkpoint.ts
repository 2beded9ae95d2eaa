// ModelCheckpoint: saves the model, or its weights, while it is trained.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { byPosition } from '../base/keywords.js';
import { checkOptions, show } from '../base/errors.js';
import { fixed } from '../base/format.js';
import { type FieldValue, formatFields } from '../base/python-format.js';
import { printMessage } from '../config/logging.js';
import { isFolder } from '../utils/files.js';
import type { Logs } from './callback.js';
import { MonitorCallback, type MonitorMode } from './monitor-callback.js';
import { SaveFrequency } from './save-frequency.js';

/** Options of `ModelCheckpoint`. */
export interface ModelCheckpointOptions {
  /** Key of the logs to watch, with `saveBestOnly`. Default `'val_loss'`. */
  monitor?: string;
  /** 1: say what is saved. Default 0. */
  verbose?: number;
  /** Whether the model is saved only when `monitor` is better than ever before. Default false. */
  saveBestOnly?: boolean;
  /** Whether the weights are saved alone. Default false. */
  saveWeightsOnly?: boolean;
  /** Which way `monitor` gets better. Default `'auto'`: by the metric of this name; a loss falls. */
  mode?: MonitorMode;
  /** When to save: at the end of each epoch (default), or after so many batches. */
  saveFreq?: 'epoch' | number;
  /** With `saveBestOnly`, a value that has to be beaten to begin with; null: none. Default null. */
  initialValueThreshold?: number | null;
}
const OPTIONS = ['monitor', 'verbose', 'saveBestOnly', 'saveWeightsOnly', 'mode', 'saveFreq', 'initialValueThreshold'] as const;

/**
 * Saves the model during `fit`, at the end of epochs or after a number of batches. The path may have fields that are filled in as by
 * Python's `str.format`: `{epoch}` (from 1), `{batch}` (from 1, when saving by batches) and the keys of the logs.
 *
 * ```ts
 * const checkpoint = new keras.callbacks.ModelCheckpoint('best-{epoch:02d}-{val_loss:.2f}.keras', { saveBestOnly: true });
 * await model.fit(x, y, { epochs: 10, validationSplit: 0.2, callbacks: [checkpoint] });
 * ```
 * A file is there whole or not at all. Folders are made where they are missing.
 * @throws for paths that end in no format for what is saved, and for options that do not exist; (in `fit`) for fields that have no value,
 * for a path that is a folder, and when mode `'auto'` finds no metric that says which way it gets better.
 */
export class ModelCheckpoint extends MonitorCallback {
  filepath: string;
  verbose: number;
  saveBestOnly: boolean;
  saveWeightsOnly: boolean;
  saveFreq: 'epoch' | number;
  private readonly frequency: SaveFrequency;
  private epoch = 0;

  constructor(filepath: string | URL, options?: ModelCheckpointOptions);
  constructor(named: { filepath: string | URL } & ModelCheckpointOptions);
  constructor(...args: unknown[]) {
    const [filepath, options = {}] = byPosition('ModelCheckpoint', args, ['filepath']) as [string | URL, ModelCheckpointOptions?];
    checkOptions('ModelCheckpoint', options, OPTIONS);
    const { monitor, mode, initialValueThreshold = null } = options;
    super({ ...(monitor === undefined ? {} : { monitor }), ...(mode === undefined ? {} : { mode }) });
    if (initialValueThreshold !== null) this.checkNumbers({ initialValueThreshold });
    if (!(typeof filepath === 'string' && filepath !== '') && !(filepath instanceof URL))
      throw new TypeError(`ModelCheckpoint: filepath must be a path, received ${show(filepath)}`);
    this.best = initialValueThreshold;
    this.filepath = typeof filepath === 'string' ? filepath : fileURLToPath(filepath);
    this.verbose = options.verbose ?? 0;
    this.saveBestOnly = options.saveBestOnly ?? false;
    this.saveWeightsOnly = options.saveWeightsOnly ?? false;
    this.saveFreq = options.saveFreq ?? 'epoch';
    this.frequency = new SaveFrequency('ModelCheckpoint', this.saveFreq);
    this.checkEnding();
    // Only then does `fit` come back after each batch.
    if (this.frequency.byBatches) this.onTrainBatchEnd = this.afterBatch.bind(this);
  }

  private checkEnding(): void {
    const endings = this.saveWeightsOnly ? ['.weights.h5', '.weights.json', '.safetensors'] : ['.keras', '.h5', '.hdf5'];
    const fits = endings.some((ending) => this.filepath.endsWith(ending)) && (this.saveWeightsOnly || !this.filepath.endsWith('.weights.h5'));
    if (fits) return;
    throw new TypeError(
      `ModelCheckpoint: the path must end in ${endings.join(', ')} ${this.saveWeightsOnly ? 'for weights alone' : '(or give saveWeightsOnly: true)'}, ` +
        `received ${show(this.filepath)}`,
    );
  }

  override onEpochBegin(epoch: number): void {
    this.epoch = epoch;
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    if (this.saveBestOnly) this.findDirection();
    if (!this.frequency.byBatches) await this.save(epoch, null, logs);
  }

  private async afterBatch(batch: number, logs: Logs = {}): Promise<void> {
    if (this.frequency.isDue(batch)) await this.save(this.epoch, batch, logs);
  }

  private async save(epoch: number, batch: number | null, logs: Logs): Promise<void> {
    const file = this.fileOf(epoch, batch, logs);
    if (!this.decide(epoch, logs, file)) return;
    if (await isFolder(file))
      throw new Error(`ModelCheckpoint: expected the path of a file, but ${file} is a folder`);
    await mkdir(path.dirname(file), { recursive: true });
    await (this.saveWeightsOnly ? this.model.saveWeights(file) : this.model.save(file));
    this.say(`Epoch ${epoch + 1}: finished saving model to ${file}`);
  }

  private fileOf(epoch: number, batch: number | null, logs: Logs): string {
    const values: Record<string, FieldValue> = { epoch: { int: epoch + 1 }, ...(batch === null ? {} : { batch: { int: batch + 1 } }) };
    for (const [name, value] of Object.entries(logs)) values[name] = typeof value === 'number' ? { float: value } : show(value);
    try {
      return formatFields(this.filepath, values);
    } catch (error) {
      throw new Error(`ModelCheckpoint: filepath: ${(error as Error).message}`, { cause: error });
    }
  }

  private decide(epoch: number, logs: Logs, file: string): boolean {
    if (!this.saveBestOnly) {
      this.say(`Epoch ${epoch + 1}: saving model to ${file}`);
      return true;
    }
    const current: unknown = logs[this.monitor];
    if (typeof current !== 'number') {
      process.emitWarning(
        current === undefined
          ? `ModelCheckpoint: the logs have no '${this.monitor}' to watch; they have ${Object.keys(logs).join(', ')}. The model is saved.`
          : `ModelCheckpoint: '${this.monitor}' is no single number, but ${show(current)}. The model is saved.`,
      );
      return true;
    }
    const before = this.best === null ? 'None' : fixed(this.best, 5);
    if (!this.isBetter(current, this.best)) {
      this.say(`Epoch ${epoch + 1}: ${this.monitor} did not improve from ${before}`);
      return false;
    }
    this.say(`Epoch ${epoch + 1}: ${this.monitor} improved from ${before} to ${fixed(current, 5)}, saving model to ${file}`);
    this.best = current;
    return true;
  }

  private say(text: string): void {
    if (this.verbose > 0) printMessage(`\n${text}\n`);
  }

  override getState(): unknown {
    return { best: this.best, epoch: this.epoch, frequency: this.frequency.state };
  }
  override setState(state: unknown): void {
    const { frequency, ...own } = state as { readonly frequency: SaveFrequency['state'] };
    Object.assign(this, own);
    this.frequency.state = frequency;
  }
}
