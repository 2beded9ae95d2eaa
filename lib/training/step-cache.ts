// The compiled steps of a model: one for each kind of step, way to find the rows, and shapes of the data.
import { BoundedMap } from '../base/bounded-map.js';
import { releaseCompiled, type Compiled } from '../core/jit.js';
import { stateChanges } from '../config/changes.js';
import type { Model } from '../models/model.js';
import type { ArrayData } from './data.js';
import { compileStep, type Layout, type StepKind } from './steps.js';

/** Which step is wanted. */
export interface StepRequest {
  readonly kind: StepKind;
  readonly layout: Layout;
  /** Rows of the batch. */
  readonly size: number;
  /** Rows from the beginning of one batch to that of the next. */
  readonly batch: number;
  /** The arrays that hold the batch, or the batch itself. */
  readonly data: ArrayData;
}

/** Steps that are kept at least. */
const KEPT = 32;

/** The compiled steps of a model. When there are too many, those that were not used for the longest time go. */
export class StepCache {
  private readonly steps = new BoundedMap<string, Compiled | Promise<Compiled>>(KEPT, (step) => {
    if (!(step instanceof Promise)) releaseCompiled(step);
  });

  constructor(private readonly model: Model) {}

  /**
   * The step, compiled when it is wanted for the first time. A change of what is trained, or of the weights of a built layer, compiles
   * anew.
   */
  get(request: StepRequest): Compiled | Promise<Compiled> {
    const key = this.keyOf(request);
    const known = this.steps.get(key);
    if (known !== undefined) return known;
    const step = this.compile(request);
    this.steps.set(key, step);
    if (step instanceof Promise) this.settle(key, step);
    return step;
  }

  /** Forgets everything. */
  clear(): void {
    this.steps.clear();
  }

  /** Compiles a step: at once, or as a promise, which is shared by all who want the step meanwhile. */
  private compile({ kind, layout, size, batch, data }: StepRequest): Compiled | Promise<Compiled> {
    return compileStep(this.model, kind, data, layout, size, batch);
  }

  /** Puts a step in the place of its promise, or nothing where it failed. */
  private settle(key: string, promise: Promise<Compiled>): void {
    const replace = (step: Compiled | null): void => {
      if (this.steps.get(key) !== promise) return;
      if (step === null) this.steps.delete(key);
      else this.steps.set(key, step);
    };
    promise.then(replace, () => replace(null));
  }

  private keyOf({ kind, layout, size, batch, data }: StepRequest): string {
    const key = `${kind}|${layout}|${size}|${batch}|${data.key}|${stateChanges()}`;
    return kind === 'train' ? `${key}|${this.trained()}` : key;
  }

  /** Tells which weights are trained. */
  private trained(): string {
    const { weights, trainable } = this.model;
    return weights.map((variable) => (variable.trainable ? 1 : 0)).join('') + String(trainable);
  }
}
