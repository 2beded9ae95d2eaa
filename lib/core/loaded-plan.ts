// Plans in native memory. They take much of it, and V8 frees the handles of dropped ones only when the event loop turns; so they are
// bounded in number and bytes. A plan that had to go is loaded again when it is run.
import { totalmem } from 'node:os';
import { native, type PlanHandle } from './native.js';
import { type Label, profilePlan, profiles, releasePlan } from './profile.js';

/** A plan as it crosses to native code. */
export interface PlanCode {
  readonly words: Float64Array;
  readonly constants: Uint8Array;
  /** What control flow runs. */
  readonly children: readonly PlanCode[];
  /** The first instruction that writes a variable, null when none does: from there on a run goes to its end. */
  readonly commit: number | null;
  /** The layer and op of each instruction, for error messages and profiles. */
  readonly labels: readonly Label[];
}

/** Loads a plan into native memory. It keeps its children alive, so their handles are not needed. */
export function loadPlan({ words, constants, children, commit, labels }: PlanCode): PlanHandle {
  const handles = children.map(loadPlan);
  try {
    const handle = native.compile(words, constants, handles, commit ?? undefined);
    profilePlan(handle, labels);
    return handle;
  } catch (cause) {
    throw new RangeError(`${[...new Set(labels.map(({ op }) => op))].slice(0, 4).join(', ')}: no kernel takes these sizes`, { cause });
  } finally {
    if (!profiles) handles.forEach(releasePlan);
  }
}

/** Plans that are loaded at once, and bytes of their intermediate values, at most. The plan that is run last stays in any case. */
const MOST_PLANS = 1024;
const MOST_BYTES = Math.min(totalmem(), process.constrainedMemory() || Infinity) / 4;

const loaded = new Set<LoadedPlan>(); // in the order of their last use
let loadedBytes = 0;
let latest: LoadedPlan | null = null;

/** A plan that is in native memory while it is in use. */
export class LoadedPlan {
  #handle: PlanHandle | null = null;
  readonly #code: PlanCode;
  readonly #bytes: number;

  /** `bytes` are those of its intermediate values. */
  constructor(code: PlanCode, bytes: number) {
    this.#code = code;
    this.#bytes = bytes;
  }

  /** The plan in native memory; to ask for it counts as a use. */
  get handle(): PlanHandle {
    if (latest === this) return this.#handle!;
    if (this.#handle === null) {
      this.#handle = loadPlan(this.#code);
      loadedBytes += this.#bytes;
    } else loaded.delete(this);
    loaded.add(this);
    latest = this;
    for (const plan of loaded) {
      if (plan === this || (loaded.size <= MOST_PLANS && loadedBytes <= MOST_BYTES)) break;
      plan.release();
    }
    return this.#handle;
  }

  /** Gives its native memory back, once the runs that have begun are over. */
  release(): void {
    if (this.#handle === null) return;
    releasePlan(this.#handle);
    this.#handle = null;
    loadedBytes -= this.#bytes;
    loaded.delete(this);
    if (latest === this) latest = null;
  }
}
