// TensorBoard: event files for TensorBoard.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkOptions, show } from '../../base/errors.js';
import { isPlainObject } from '../../base/tree.js';
import { loadSharp } from '../../data/sharp.js';
import type { Model } from '../../models/model.js';
import { Callback, type Logs } from '../callback.js';
import { logLearningRates } from '../learning-rates.js';
import { EventFile, type EventFileState } from './event-file.js';
import { type EmbeddingsMetadata, writeProjectorConfig } from './projector.js';
import { encodeHistogram, encodeImages, encodeModelJson, encodeScalar } from './summaries.js';
import { histogramOf, imagesOf } from './weight-summaries.js';

/** Options of `TensorBoard`. */
export interface TensorBoardOptions {
  /** Folder of the logs. Default `'logs'`. */
  logDir?: string | URL;
  /** Epochs from one histogram of the weights to the next, the first after the first epoch; 0: none. Default 0. */
  histogramFreq?: number;
  /** Whether the model is written, for the graph of its layers. Default true. */
  writeGraph?: boolean;
  /** Whether images of the weights are written with their histograms. Needs the package sharp. Default false. */
  writeImages?: boolean;
  /** Whether the training's steps in a second are written. Default false. */
  writeStepsPerSecond?: boolean;
  /** `'epoch'` (default): losses and metrics are written after epochs; `'batch'` or a number: also after each, or so many, batches. */
  updateFreq?: 'epoch' | 'batch' | number;
  /** Batches to profile. Default 0: none, which alone is taken. */
  profileBatch?: number;
  /** Epochs from one file of weights for the projector of embeddings to the next, the first after the first epoch; 0: none. Default 0. */
  embeddingsFreq?: number;
  /** File that names the rows of embeddings: one for all `Embedding` layers, or by name of layer. Default null. */
  embeddingsMetadata?: EmbeddingsMetadata | null;
}
const OPTIONS = [
  'logDir', 'histogramFreq', 'writeGraph', 'writeImages', 'writeStepsPerSecond', 'updateFreq', 'profileBatch', 'embeddingsFreq',
  'embeddingsMetadata',
] as const;

interface State {
  readonly batch: number;
  readonly train: EventFileState | null;
  readonly validation: EventFileState | null;
}
/** Where steps in a second are counted from. */
interface Mark {
  readonly time: number;
  readonly iterations: number;
}

function checkFrequency(name: string, value: unknown, least: number): void {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least)
    throw new TypeError(`TensorBoard: ${name} must be an integer >= ${least}, received ${show(value)}`);
}

/**
 * Writes what TensorBoard shows (`tensorboard --logdir logs`) into event files in `train` and `validation` below `logDir`, with Keras's
 * tags: `epoch_loss` and the like with `epoch_learning_rate`, `batch_loss` and the like, `evaluation_loss_vs_iterations` after each
 * evaluation, the model's JSON for its graph, histograms and images of the weights.
 *
 * ```ts
 * await model.fit(x, y, { epochs: 5, callbacks: [new keras.callbacks.TensorBoard('logs', { histogramFreq: 1 })] });
 * ```
 * A file has whole events at any time. A training that is resumed (`BackupAndRestore`) goes on in the files of the one that was
 * interrupted. With `updateFreq` other than `'epoch'` `fit` comes back after every batch.
 * @throws for options that do not exist or are out of range, and for `profileBatch`; (in `fit`) for `writeImages` without sharp, and for
 * `embeddingsMetadata` of layers that are not there.
 */
export class TensorBoard extends Callback {
  logDir: string;
  histogramFreq: number;
  writeGraph: boolean;
  writeImages: boolean;
  writeStepsPerSecond: boolean;
  updateFreq: 'epoch' | number;
  embeddingsFreq: number;
  embeddingsMetadata: EmbeddingsMetadata | null;
  #batch = 0;
  #batchBegan = 0;
  #epochBegan: Mark = { time: 0, iterations: 0 };
  #trainFile: EventFile;
  #validationFile: EventFile;
  /** Events that are written together with the next ones of the training. */
  #pending: Uint8Array[] = [];

  constructor(logDir?: string | URL, options?: TensorBoardOptions);
  constructor(options: TensorBoardOptions);
  constructor(...args: [(string | URL | TensorBoardOptions)?, TensorBoardOptions?]) {
    const options: TensorBoardOptions = isPlainObject(args[0])
      ? args[0] : { ...(args[0] === undefined ? {} : { logDir: args[0] as string | URL }), ...args[1] };
    super();
    checkOptions('TensorBoard', options, OPTIONS);
    const { logDir = 'logs', updateFreq = 'epoch', histogramFreq = 0, embeddingsFreq = 0, embeddingsMetadata = null } = options;
    if (!(typeof logDir === 'string' && logDir !== '') && !(logDir instanceof URL))
      throw new TypeError(`TensorBoard: logDir must be the path of a folder, received ${show(logDir)}`);
    checkFrequency('histogramFreq', histogramFreq, 0);
    checkFrequency('embeddingsFreq', embeddingsFreq, 0);
    if (updateFreq !== 'epoch' && updateFreq !== 'batch' && !(Number.isInteger(updateFreq) && updateFreq >= 1))
      throw new TypeError(`TensorBoard: updateFreq must be 'epoch', 'batch' or a number of batches, received ${show(updateFreq)}`);
    if ((options.profileBatch ?? 0) !== 0) {
      throw new TypeError(
        `TensorBoard: profileBatch must be 0, received ${show(options.profileBatch)}; KERATIN_LOG=profile in the environment times what runs`,
      );
    }
    if (embeddingsMetadata !== null && typeof embeddingsMetadata !== 'string' && !isPlainObject(embeddingsMetadata))
      throw new TypeError(`TensorBoard: embeddingsMetadata must be a path, or paths by name of layer, received ${show(embeddingsMetadata)}`);
    this.logDir = logDir instanceof URL ? fileURLToPath(logDir) : logDir;
    this.histogramFreq = histogramFreq;
    this.writeGraph = options.writeGraph ?? true;
    this.writeImages = options.writeImages ?? false;
    this.writeStepsPerSecond = options.writeStepsPerSecond ?? false;
    this.updateFreq = updateFreq === 'batch' ? 1 : updateFreq;
    this.embeddingsFreq = embeddingsFreq;
    this.embeddingsMetadata = embeddingsMetadata;
    [this.#trainFile, this.#validationFile] = this.newFiles();
    // Only then does `fit` come back after each batch.
    if (this.updateFreq !== 'epoch') {
      this.onTrainBatchBegin = () => void (this.#batchBegan = performance.now());
      this.onTrainBatchEnd = (_, logs) => this.afterBatch(logs);
    }
  }

  private newFiles(): [EventFile, EventFile] {
    return [new EventFile(path.join(this.logDir, 'train')), new EventFile(path.join(this.logDir, 'validation'))];
  }

  override setModel(model: Model): void {
    super.setModel(model);
    [this.#trainFile, this.#validationFile] = this.newFiles();
    this.#pending = this.writeGraph ? this.modelEvents() : [];
  }
  /** The model's JSON, where it is made of layers that are known. */
  private modelEvents(): Uint8Array[] {
    if (!['Functional', 'Sequential'].includes(this.model.typeName)) return [];
    try {
      return [encodeModelJson(0, 'keras', this.model.toJson())];
    } catch (error) {
      process.emitWarning(`TensorBoard: the model's graph is left out: ${(error as Error).message}`);
      return [];
    }
  }

  override async onTrainBegin(): Promise<void> {
    this.#batch = 0;
    if (this.writeImages && this.histogramFreq > 0) await loadSharp('TensorBoard');
    if (this.embeddingsFreq > 0) await writeProjectorConfig('TensorBoard', this.logDir, this.model.layers, this.embeddingsMetadata);
  }
  override async onTrainEnd(): Promise<void> {
    await this.write([]);
  }

  override onEpochBegin(): void {
    if (this.writeStepsPerSecond) this.#epochBegan = this.mark();
  }
  private mark(): Mark {
    return { time: performance.now(), iterations: this.model.optimizer.iterations.item() };
  }

  private async afterBatch(logs: Logs = {}): Promise<void> {
    this.#batch++;
    if (this.#batch % (this.updateFreq as number) !== 0) return;
    const speed = 1000 / (performance.now() - this.#batchBegan);
    await this.write(this.scalars(this.#batch, 'batch_', { ...(this.writeStepsPerSecond ? { steps_per_second: speed } : {}), ...logs }));
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    const train: Logs = {};
    const validation: Logs = {};
    for (const [name, value] of Object.entries(logs)) {
      if (name.startsWith('val_')) validation[name.slice(4)] = value;
      else train[name] = value;
    }
    logLearningRates(this.model, train);
    if (this.writeStepsPerSecond) {
      const { time, iterations } = this.mark();
      train.steps_per_second = (1000 * (iterations - this.#epochBegan.iterations)) / (time - this.#epochBegan.time);
    }
    const isDue = (frequency: number): boolean => frequency > 0 && epoch % frequency === 0;
    await this.write([...this.scalars(epoch, 'epoch_', train), ...(isDue(this.histogramFreq) ? await this.weightEvents(epoch) : [])]);
    await this.#validationFile.append(this.scalars(epoch, 'epoch_', validation));
    if (isDue(this.embeddingsFreq)) await this.model.saveWeights(path.join(this.logDir, 'train', `keras_embedding.ckpt-${epoch}.weights.h5`));
  }

  override async onTestEnd(logs: Logs = {}): Promise<void> {
    const step = this.model.optimizer.iterations.item();
    const named = Object.entries(logs).map(([name, value]) => [`evaluation_${name}_vs_iterations`, value] as const);
    await this.#validationFile.append(this.scalars(step, '', Object.fromEntries(named)));
  }

  /** Writes events of the training, after those that wait. */
  private async write(events: readonly Uint8Array[]): Promise<void> {
    const all = [...this.#pending, ...events];
    await this.#trainFile.append(all);
    this.#pending = [];
  }

  private scalars(step: number, prefix: string, logs: Logs): Uint8Array[] {
    return Object.entries(logs).map(([name, value]) => {
      if (typeof value !== 'number')
        throw new TypeError(`TensorBoard: '${name}' of the logs must be a single number, received ${show(value)}`);
      return encodeScalar(step, prefix + name, value);
    });
  }

  private async weightEvents(epoch: number): Promise<Uint8Array[]> {
    const events: Uint8Array[] = [];
    for (const weight of this.model.layers.flatMap(({ weights }) => weights)) {
      const name = weight.path.replaceAll(':', '_');
      events.push(encodeHistogram(epoch, `${name}/histogram`, histogramOf(weight)));
      const images = this.writeImages ? await imagesOf('TensorBoard', weight) : null;
      if (images !== null) events.push(encodeImages(epoch, `${name}/image`, images.width, images.height, images.files));
    }
    return events;
  }

  override getState(): State {
    return { batch: this.#batch, train: this.#trainFile.state, validation: this.#validationFile.state };
  }
  /** What was written after the backup is written again. */
  override async setState(state: unknown): Promise<void> {
    const { batch, train, validation } = state as State;
    this.#batch = batch;
    if (this.writeStepsPerSecond) this.#epochBegan = this.mark();
    if (validation !== null) await this.#validationFile.resume(validation);
    if (train === null) return;
    await this.#trainFile.resume(train);
    if (this.#trainFile.state !== null) this.#pending = []; // the model is in the file
  }
}
