// Reading an iterator ahead of its use.
import type { ResumableIterator } from './source.js';

/** What an iterator gave: an item, with the place after it where the iterator tells that, or the error that it threw. */
export type Item = { readonly value: unknown; readonly state: unknown } | { readonly error: unknown };

/** Runs code of the user's, which may be async, and gives what it gives. */
export type RunUserCode = <T>(work: () => T) => T;

/**
 * Reads the items of an iterator, some of them before they are needed. What was read and not used stays for the next who reads the same
 * iterator, so that no item of a generator is lost between calls.
 */
export class ItemReader {
  /** Items that were read and not used yet. */
  readonly items: Item[] = [];
  /** True when the iterator has no more. */
  ended = false;
  private asked: Promise<void> | null = null;

  constructor(private readonly iterator: ResumableIterator) {}

  /** Asks for one item more, unless one is asked for already. Gives null where it is there, or a promise of it that never rejects. */
  ask(run: RunUserCode): Promise<void> | null {
    if (this.ended || this.asked !== null) return this.asked;
    try {
      const given = run(() => this.iterator.next());
      if ('then' in given) this.asked = given.then((result) => this.note(result), (error: unknown) => this.fail(error));
      else this.note(given);
    } catch (error) {
      this.fail(error);
    }
    return this.asked;
  }

  private note(result: IteratorResult<unknown>): void {
    this.asked = null;
    if (result.done === true) this.ended = true;
    else this.items.push({ value: result.value, state: this.iterator.state?.() ?? null });
  }
  private fail(error: unknown): void {
    this.asked = null;
    this.ended = true;
    this.items.push({ error });
  }

  /** Tells the iterator that no more is wanted, so that it can clean up. It is not waited for while it still reads an item. */
  async close(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    const closed = Promise.resolve(this.iterator.return?.());
    if (this.asked === null) await closed;
    else closed.catch(() => undefined);
  }
}
