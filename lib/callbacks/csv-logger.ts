// CSVLogger: the logs of each epoch as a row of a file.
import { byPosition } from '../base/keywords.js';
import { appendFile, stat, truncate, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { checkOptions, show } from '../base/errors.js';
import { floatRepr } from '../base/format.js';
import { Callback, type Logs } from './callback.js';

/** Options of `CSVLogger`. */
export interface CSVLoggerOptions {
  /** One character between the fields. Default `','`. */
  separator?: string;
  /** Whether a file that exists is continued, without a second header, instead of being written anew. Default false. */
  append?: boolean;
}

const isMissing = (error: unknown): boolean => (error as { code?: string }).code === 'ENOENT';

/**
 * Writes the logs of each epoch as a row of a CSV file, after a header: the number of the epoch (from 0), then the values in the order of
 * their names. Without validation there are columns `val_…` all the same, filled with `NA` where an epoch has no such value. Numbers are
 * written as Python writes them, lines end in CR LF. A row is written at once when its epoch ends, and nothing stays open in between: a run
 * that is aborted leaves whole rows.
 *
 * ```ts
 * await model.fit(x, y, { epochs: 10, callbacks: [new keras.callbacks.CSVLogger('training.csv')] });
 * ```
 * @throws for a separator that is not one character, and (in `fit`) when the file cannot be written.
 */
export class CSVLogger extends Callback {
  filename: string;
  separator: string;
  append: boolean;
  #keys: readonly string[] | null = null;
  #hasHeader = false;
  #bytes = 0;

  constructor(filename: string | URL, options?: CSVLoggerOptions);
  constructor(named: { filename: string | URL } & CSVLoggerOptions);
  constructor(...args: unknown[]) {
    const [filename, options = {}] = byPosition('CSVLogger', args, ['filename']) as [string | URL, CSVLoggerOptions?];
    super();
    checkOptions('CSVLogger', options, ['separator', 'append']);
    const { separator = ',', append = false } = options;
    if (typeof filename !== 'string' && !(filename instanceof URL))
      throw new TypeError(`CSVLogger: filename must be a path, received ${show(filename)}`);
    if (typeof separator !== 'string' || [...separator].length !== 1 || /[\r\n]/.test(separator))
      throw new TypeError(`CSVLogger: separator must be one character, received ${show(separator)}`);
    this.filename = typeof filename === 'string' ? filename : fileURLToPath(filename);
    this.separator = separator;
    this.append = append;
  }

  override async onTrainBegin(): Promise<void> {
    this.#keys = null;
    this.#bytes = this.append || this.params?.resumed === true ? await this.length() : 0;
    this.#hasHeader = this.#bytes > 0;
    if (this.#bytes === 0) await writeFile(this.filename, '');
  }
  private async length(): Promise<number> {
    try {
      return (await stat(this.filename)).size;
    } catch (error) {
      if (isMissing(error)) return 0;
      throw error;
    }
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    const keys = (this.#keys ??= this.columns(logs));
    const header = this.#hasHeader ? '' : this.row(['epoch', ...keys]);
    const row = header + this.row([String(epoch), ...keys.map((key) => this.text(logs[key]))]);
    await appendFile(this.filename, row);
    this.#bytes += Buffer.byteLength(row);
    this.#hasHeader = true;
  }
  private columns(logs: Logs): string[] {
    const keys = Object.keys(logs).sort();
    return keys.some((key) => key.startsWith('val_')) ? keys : [...keys, ...keys.map((key) => `val_${key}`)];
  }

  private text(value: unknown): string {
    if (value === undefined) return 'NA';
    if (typeof value === 'number') return floatRepr(value);
    if (typeof value === 'string' || value === null || typeof value !== 'object' || !(Symbol.iterator in value)) return String(value);
    return `"[${[...(value as Iterable<unknown>)].map((item) => this.text(item)).join(', ')}]"`;
  }
  /** A line; fields are quoted where they have to be. */
  private row(fields: readonly string[]): string {
    const special = (field: string): boolean => field.includes(this.separator) || /["\r\n]/.test(field);
    return `${fields.map((field) => (special(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(this.separator)}\r\n`;
  }

  override getState(): unknown {
    return { keys: this.#keys, bytes: this.#bytes };
  }
  /** Rows that were written after the backup are written again. */
  override async setState(state: unknown): Promise<void> {
    const { keys, bytes } = state as { readonly keys: readonly string[] | null; readonly bytes: number };
    [this.#keys, this.#bytes, this.#hasHeader] = [keys, bytes, bytes > 0];
    const length = await this.length();
    if (length < bytes) throw new Error(`CSVLogger: ${this.filename} has ${length} bytes, it had ${bytes} when the training was backed up`);
    await truncate(this.filename, bytes);
  }
}
