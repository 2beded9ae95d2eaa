// BackupAndRestore: a training that was interrupted goes on as if it had not been.
import { copyFile, mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { byPosition } from '../base/keywords.js';
import { checkOptions, show } from '../base/errors.js';
import { exists } from '../utils/files.js';
import { Callback } from './callback.js';
import { SaveFrequency } from './save-frequency.js';
import type { TrainingRun, TrainingState } from './training-state.js';

/** Options of `BackupAndRestore`. */
export interface BackupAndRestoreOptions {
  /** When to back up: at the end of each epoch (default), or after so many batches. */
  saveFreq?: 'epoch' | number;
  /** Whether the backup before the last is kept too, for the case that the last cannot be read. Default false. */
  doubleCheckpoint?: boolean;
  /** Whether the backup is removed when training has ended, and the folder when nothing else is in it. Default true. */
  deleteCheckpoint?: boolean;
}

/**
 * Backs up a training into a folder, and goes on from there when the same `fit` is called again after an interruption, with the same bits
 * as if there had been none: weights, the state of the optimizer, random numbers, the order and place of the data, metrics, the history,
 * and what the other callbacks remember (`Callback.getState`).
 *
 * ```ts
 * const backup = new keras.callbacks.BackupAndRestore('backup', { saveFreq: 500 });
 * await model.fit(x, y, { epochs: 100, callbacks: [backup] }); // run the program again after a crash
 * ```
 * The folder holds `latest.weights.h5`, which has everything and is always whole, and `training_metadata.json`, which says in Keras's form
 * where the training is. Data that no place can be told of (iterables) are read again from the beginning up to where they were.
 * @throws (in `fit`) when the model is not built, or when the backup is of another model or cannot be read.
 */
export class BackupAndRestore extends Callback {
  backupDir: string;
  saveFreq: 'epoch' | number;
  doubleCheckpoint: boolean;
  deleteCheckpoint: boolean;
  private readonly frequency: SaveFrequency;
  private due = false;

  constructor(backupDir: string | URL, options?: BackupAndRestoreOptions);
  constructor(named: { backupDir: string | URL } & BackupAndRestoreOptions);
  constructor(...args: unknown[]) {
    const [backupDir, options = {}] = byPosition('BackupAndRestore', args, ['backupDir']) as [string | URL, BackupAndRestoreOptions?];
    super();
    checkOptions('BackupAndRestore', options, ['saveFreq', 'doubleCheckpoint', 'deleteCheckpoint']);
    if (!(typeof backupDir === 'string' && backupDir !== '') && !(backupDir instanceof URL))
      throw new TypeError(`BackupAndRestore: backupDir must be the path of a folder, received ${show(backupDir)}`);
    this.backupDir = typeof backupDir === 'string' ? backupDir : fileURLToPath(backupDir);
    this.saveFreq = options.saveFreq ?? 'epoch';
    this.doubleCheckpoint = options.doubleCheckpoint ?? false;
    this.deleteCheckpoint = options.deleteCheckpoint ?? true;
    this.frequency = new SaveFrequency('BackupAndRestore', this.saveFreq);
    // Only then does `fit` come back after each batch.
    if (this.frequency.byBatches) this.onTrainBatchEnd = (batch) => void (this.due = this.frequency.isDue(batch));
  }

  /** The file of the backup, of Keras's name. */
  private get latest(): string {
    return path.join(this.backupDir, 'latest.weights.h5');
  }

  private get metadata(): string {
    return path.join(this.backupDir, 'training_metadata.json');
  }

  override async findState(): Promise<TrainingState | null> {
    const { model, latest } = this;
    if (!model.built)
      throw new Error(`BackupAndRestore: the model "${model.name}" must be built before fit; call it on a batch of data, or give it an Input`);
    const files = [latest, `${latest}.bkp`];
    const found: string[] = [];
    for (const file of files) if (await exists(file)) found.push(file);
    if (found.length === 0) return null;
    if (!model.optimizer.built) model.optimizer.build(model.trainableVariables);
    const { loadTraining } = await import('../saving/training-file.js');
    for (const [i, file] of found.entries()) {
      try {
        return (await loadTraining(model, file)) ?? (await this.stateOfKeras());
      } catch (error) {
        if (i === found.length - 1) throw error;
        process.emitWarning(`BackupAndRestore: ${(error as Error).message}; the backup before it is taken`);
      }
    }
    return null;
  }

  /** A backup of Keras tells the epoch. */
  private async stateOfKeras(): Promise<TrainingState | null> {
    const text = await readFile(this.metadata, 'utf8').catch(() => null);
    const epoch = text === null ? null : (JSON.parse(text) as { epoch?: unknown }).epoch;
    return typeof epoch === 'number' ? { epoch, batch: 0, stopped: false, logs: {}, source: null, seeds: null, metrics: [], callbacks: [] } : null;
  }

  override onEpochEnd(): void {
    this.due = !this.frequency.byBatches;
  }

  override async onSettled(run: TrainingRun): Promise<void> {
    if (!this.due) return;
    this.due = false;
    const { latest } = this;
    await mkdir(this.backupDir, { recursive: true });
    if (this.doubleCheckpoint && (await exists(latest))) {
      await copyFile(latest, `${latest}.bkp.new`);
      await rename(`${latest}.bkp.new`, `${latest}.bkp`);
    }
    const { saveTraining } = await import('../saving/training-file.js');
    const state = run.state();
    await saveTraining(this.model, latest, state);
    await writeFile(this.metadata, JSON.stringify({ epoch: state.epoch, batch: state.batch }));
  }

  override async onTrainEnd(): Promise<void> {
    if (!this.deleteCheckpoint) return;
    for (const file of [this.latest, `${this.latest}.bkp`, this.metadata]) await rm(file, { force: true });
    await rmdir(this.backupDir).catch(() => undefined); // it stays where it holds something else
  }

  override getState(): unknown {
    return this.frequency.state;
  }
  override setState(state: unknown): void {
    this.frequency.state = state as SaveFrequency['state'];
  }
}
