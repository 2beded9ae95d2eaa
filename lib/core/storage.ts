// Storage: the memory behind a variable, and who else has it. Plans write it in place, tensors never change: so memory that a tensor, or a
// plan off the main thread, may still read is copied before it is written.
import { clone, type Memory } from './memory.js';

/** A plan that runs off the main thread. */
export interface Holder {
  /** Returns between two steps, one step later at most. No further one begins before the JavaScript code that calls this is over. */
  pause(): void;
}

/** The memory of a variable. */
export class Storage {
  /** Another number when the values are others. */
  version = 0;
  /** The running plan that writes the memory; null when none does. */
  held: Holder | null = null;
  /** Running plans that read the memory. */
  reading = 0;

  /** @param given the memory, or what makes it when somebody asks. @param shared whether others may have the memory. */
  constructor(private given: Memory | (() => Memory), private shared: boolean) {}

  private get memory(): Memory {
    return typeof this.given === 'function' ? (this.given = this.given()) : this.given;
  }

  /** The memory, to read before other JavaScript code runs: as the last whole step left it. */
  read(): Memory {
    this.held?.pause();
    return this.memory;
  }

  /** The memory, for a tensor to keep: a copy while a plan writes it. */
  lend(): Memory {
    if (this.held !== null) {
      this.held.pause();
      return clone(this.memory);
    }
    this.shared = true;
    return this.memory;
  }

  /** The memory, for a plan to write. Nobody else has it. */
  write(): Memory {
    if (this.shared || this.reading > 0) {
      this.given = clone(this.memory);
      this.shared = false;
    }
    this.version++;
    return this.memory;
  }

  /** Puts other memory, which others may have, in the place of this. */
  replace(memory: Memory): void {
    this.given = memory;
    this.shared = true;
    this.version++;
  }
}
