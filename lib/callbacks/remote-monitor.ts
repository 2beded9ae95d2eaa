// RemoteMonitor: the logs of each epoch for a server.
import { checkOptions } from '../base/errors.js';
import { Callback, type Logs } from './callback.js';

/** Options of `RemoteMonitor`. */
export interface RemoteMonitorOptions {
  /** Where the server is. Default `'http://localhost:9000'`. */
  root?: string;
  /** What comes after it. Default `'/publish/epoch/end/'`. */
  path?: string;
  /** Field of the form that has the data. Default `'data'`. */
  field?: string;
  /** Further headers of the requests. */
  headers?: Readonly<Record<string, string>> | null;
  /** Whether the data are the request's body, as `application/json`, instead of a field of a form. Default false. */
  sendAsJson?: boolean;
}

/**
 * Sends the logs of each epoch to a server, by POST, as JSON with the number of the epoch (from 0) as `epoch`. Values that are not finite
 * are sent as null. A server that cannot be reached is a warning; training goes on.
 *
 * ```ts
 * await model.fit(x, y, { epochs: 10, callbacks: [new keras.callbacks.RemoteMonitor({ root: 'http://localhost:9000' })] });
 * ```
 * @throws a TypeError for headers that HTTP does not allow.
 */
export class RemoteMonitor extends Callback {
  root: string;
  path: string;
  field: string;
  headers: Readonly<Record<string, string>> | null;
  sendAsJson: boolean;

  constructor(options: RemoteMonitorOptions = {}) {
    super();
    checkOptions('RemoteMonitor', options, ['root', 'path', 'field', 'headers', 'sendAsJson']);
    this.root = options.root ?? 'http://localhost:9000';
    this.path = options.path ?? '/publish/epoch/end/';
    this.field = options.field ?? 'data';
    this.headers = options.headers ?? null;
    this.sendAsJson = options.sendAsJson ?? false;
    new Headers(this.headers ?? {}); // throws
  }

  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    const text = JSON.stringify({ epoch, ...logs });
    const headers = new Headers(this.headers ?? {});
    if (this.sendAsJson && !headers.has('content-type')) headers.set('content-type', 'application/json');
    try {
      const response = await fetch(this.root + this.path, {
        method: 'POST',
        headers,
        body: this.sendAsJson ? text : new URLSearchParams({ [this.field]: text }),
      });
      await response.arrayBuffer(); // frees the connection
    } catch (error) {
      process.emitWarning(`RemoteMonitor: could not reach the server at ${this.root}: ${String((error as Error).cause ?? error)}`);
    }
  }
}
