// HDF5 files, read and written on a thread of their own (hdf5-worker.ts).
import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { allocate, type Memory } from '../core/memory.js';
import { readFully, writeFully } from '../utils/files.js';

/** The file: a place on disk (a whole file, or a part of one: an entry of an archive), or its bytes. */
export type Hdf5Place =
  | { readonly path: string; readonly position?: number; readonly length?: number; readonly crc32?: number; readonly write?: boolean }
  | { readonly bytes: Uint8Array };

/** What an attribute holds. */
export type AttributeValue = string | number | boolean | null | readonly AttributeValue[];
/** Type and sizes of a dataset. The type is a dtype of Keras, or what else HDF5 has (`string`, `opaque16`, `compound`, …). */
export interface Hdf5Dataset {
  readonly shape: number[];
  readonly dtype: string;
}
/** A dataset with its elements in row-major order; texts stand in `strings`. */
export interface Hdf5Array extends Hdf5Dataset {
  readonly bytes: Memory;
  readonly strings?: string[];
}
/** @internal A dataset as the thread gives it: with its elements, or where so many bytes of them stand in the file. */
export interface FoundArray extends Hdf5Dataset {
  readonly bytes?: Uint8Array;
  readonly strings?: string[];
  readonly stands?: { readonly position: number; readonly length: number };
}
/** What a group has. */
export interface Hdf5Group {
  readonly attributes: Record<string, AttributeValue>;
  readonly groups: string[];
  readonly datasets: Record<string, Hdf5Dataset>;
}

/** @internal What the thread can do. */
export interface Hdf5Calls {
  open(place: Hdf5Place): void;
  /** With `direct`, datasets come with what `read` gives of them, as far as they are few. */
  group(path: string, direct: number | null): Hdf5Group | null;
  /** A dataset. Of one of at least `direct` bytes it may say where they stand instead. */
  read(path: string, direct: number): FoundArray;
  write(path: string, array: Hdf5Array): void;
  /** Makes a dataset of so many bytes, and tells where they are to be written. */
  reserve(path: string, dataset: Hdf5Dataset, bytes: number): number;
  attribute(path: string, name: string, value: AttributeValue): void;
  close(): void;
}

/**
 * A damaged file may keep the library busy for ever: milliseconds for a call, and more for many bytes. They are also of the process's
 * computing time, so that a busy machine damages no file.
 */
const PATIENCE = 10_000;
const BYTES_PER_MS = 10_000;
const computed = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
};

/** Milliseconds for which a thread waits for another file: starting one takes longer than reading most files. */
const IDLE = 5_000;

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
  timer: NodeJS.Timeout;
}

/** A thread with at most one open file. */
class Hdf5Thread {
  // From the modules and from the bundle, which lie equally deep.
  readonly #worker = new Worker(path.join(path.dirname(fileURLToPath(import.meta.url)), '../saving/hdf5-worker.js'), {
    stdout: true,
    stderr: true,
  });
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #failure: Error | null = null;

  constructor() {
    this.#worker.unref();
    this.#worker.on('message', ({ id, result, error }: { id: number; result?: unknown; error?: { message: string } }) => {
      const call = this.#waiting.get(id);
      if (call === undefined) return;
      this.#settle(id);
      if (error === undefined) call.resolve(result as never);
      else call.reject(new Error(error.message));
    });
    this.#worker.on('error', (error) => this.#fail(new Error(`cannot be read as HDF5: ${error.message}`, { cause: error })));
    this.#worker.on('exit', () => this.#fail(new Error('is closed')));
  }

  #settle(id: number): void {
    clearTimeout(this.#waiting.get(id)!.timer);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#worker.unref();
  }
  #fail(error: Error): void {
    this.#failure ??= error;
    for (const [id, { reject }] of [...this.#waiting]) {
      this.#settle(id);
      reject(this.#failure);
    }
  }

  /** Calls a function of the thread, and gives it up when no answer comes in time for `bytes` of data. */
  call<K extends keyof Hdf5Calls>(name: K, args: Parameters<Hdf5Calls[K]>, bytes = 0): Promise<ReturnType<Hdf5Calls[K]>> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      const patience = PATIENCE + bytes / BYTES_PER_MS;
      const start = process.cpuUsage();
      const giveUp = (): void => {
        const left = patience - computed(start);
        if (left > 0) {
          waiting.timer = setTimeout(giveUp, Math.max(left, 100));
          return;
        }
        this.#fail(new Error(`${name} gave no answer in time; the file is damaged`));
        void this.end();
      };
      const waiting: Waiting = { resolve, reject, timer: setTimeout(giveUp, patience) };
      this.#waiting.set(id, waiting);
      this.#worker.ref();
      this.#worker.postMessage({ id, name, args });
    });
  }
  async end(): Promise<void> {
    await this.#worker.terminate();
  }
}

let idle: { readonly thread: Hdf5Thread; readonly timer: NodeJS.Timeout } | null = null;
function takeThread(): Hdf5Thread {
  if (idle === null) return new Hdf5Thread();
  const { thread, timer } = idle;
  clearTimeout(timer);
  idle = null;
  return thread;
}
/** Keeps the thread for a while, or ends it when another waits already. */
async function giveBack(thread: Hdf5Thread): Promise<void> {
  if (idle !== null) return thread.end();
  const timer = setTimeout(() => {
    idle = null;
    void thread.end();
  }, IDLE);
  timer.unref();
  idle = { thread, timer };
}

/** Datasets from so many bytes on do not pass through the thread: it says where they stand. */
const LARGE = 2 ** 17;

/** An open HDF5 file. */
export class Hdf5File {
  readonly #thread = takeThread();
  readonly #opened: Promise<void>;
  /** Whether a call has failed: the thread is not used again then. */
  #failed = false;
  /** The file once more, for large datasets. */
  #direct: Promise<FileHandle> | null = null;

  /** `name` opens messages. */
  constructor(readonly name: string, private readonly place: Hdf5Place) {
    const length = 'bytes' in place ? place.bytes.length : (place.length ?? 0);
    this.#opened = this.#thread.call('open', [place], length);
    this.#opened.catch(() => undefined); // the first call tells
  }

  async #call<K extends keyof Hdf5Calls>(name: K, args: Parameters<Hdf5Calls[K]>, bytes = 0): Promise<ReturnType<Hdf5Calls[K]>> {
    try {
      await this.#opened;
      return await this.#thread.call(name, args, bytes);
    } catch (error) {
      this.#failed = true;
      throw new Error(`${this.name}: ${(error as Error).message}`, { cause: error });
    }
  }

  /**
   * What the group at a path has; null when there is none. `willRead`: its datasets are read next, for which what is given of them here
   * is taken. @throws (rejects) for links to other files, which are not followed.
   */
  group(at: string, willRead = false): Promise<Hdf5Group | null> {
    return this.#call('group', [at, willRead ? LARGE : null]);
  }
  /** A dataset, in new memory. @throws (rejects) when there is none, for other types than numbers and texts, and for damaged data. */
  async read(at: string, dataset?: FoundArray): Promise<Hdf5Array> {
    const { bytes, stands, ...found } = await this.#found(at, dataset);
    const memory = allocate(stands?.length ?? bytes!.length);
    if (stands === undefined) memory.set(bytes!);
    else await readFully(this.name, await this.#file(), memory, stands.position);
    return { ...found, bytes: memory };
  }
  #found(at: string, dataset?: FoundArray): FoundArray | Promise<FoundArray> {
    if (dataset?.bytes !== undefined || dataset?.stands !== undefined) return dataset;
    return this.#call('read', [at, LARGE], dataset === undefined ? 0 : dataset.shape.reduce((a, b) => a * b, 8));
  }
  /** Writes a dataset, with the groups above it. */
  async write(at: string, { bytes, ...dataset }: Hdf5Array): Promise<void> {
    if (bytes.length < LARGE) return this.#call('write', [at, { ...dataset, bytes: bytes.slice() }]);
    await writeFully(await this.#file(), bytes, await this.#call('reserve', [at, dataset, bytes.length]));
  }
  #file(): Promise<FileHandle> {
    const { path: file, write = false } = this.place as { path: string; write?: boolean };
    return (this.#direct ??= open(file, write ? 'r+' : 'r'));
  }
  /** Writes an attribute of a group. */
  writeAttribute(at: string, name: string, value: AttributeValue): Promise<void> {
    return this.#call('attribute', [at, name, value]);
  }
  /** Ends the writing. */
  async close(): Promise<void> {
    try {
      if (!this.#failed) await this.#call('close', []);
    } finally {
      await (await this.#direct?.catch(() => null))?.close();
      await (this.#failed ? this.#thread.end() : giveBack(this.#thread));
    }
  }
}
