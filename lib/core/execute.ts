// Running plans: gathering their buffers, on the main thread or off it, and saying what went wrong in the user's terms.
import { explainFault } from '../base/fault.js';
import { allocate, type Memory } from './memory.js';
import { native, type RunControl } from './native.js';
import type { Plan } from './plan.js';
import { showShape, type Spec } from '../base/shape.js';
import type { Holder } from './storage.js';
import { Tensor } from './tensor.js';

const explain = (plan: Plan, error: unknown): unknown =>
  explainFault(error, (instruction) => {
    const { scope, op } = plan.labels[instruction] ?? { scope: '', op: 'plan' };
    return scope === '' ? op : `${scope} (${op})`;
  });

function checkInputs(plan: Plan, inputs: readonly Tensor[]): void {
  inputs.forEach((tensor, i) => {
    const spec: Spec = plan.inputs[i]!;
    if (tensor.spec !== spec)
      throw new Error(`plan: input ${i} is ${tensor.dtype}${showShape(tensor.shape)}, expected ${spec.dtype}${showShape(spec.shape)}`);
  });
}

/** The buffers of a run, once it may write what it writes. */
function gather(plan: Plan, inputs: readonly Memory[], outputs: readonly Tensor[]): Memory[] {
  for (const { variable, written } of plan.variables) if (written) variable.beforeChange();
  return [
    ...inputs,
    ...plan.variables.map(({ variable: { storage }, written }) => (written ? storage.write() : storage.read())),
    ...plan.constants,
    ...outputs.map((tensor) => tensor.memory!),
  ];
}
const makeOutputs = (plan: Plan): Tensor[] => plan.outputs.map((spec) => new Tensor(spec, allocate(spec.bytes)));

/** Up to this many buffers are passed as arguments, which native code reads faster than an array. */
const SPREAD_LIMIT = 16;

/**
 * Runs a plan once, on the calling thread and the pool. Variables that it writes have their new values afterwards; when it throws, their
 * old ones. Waits for the end of a step off the main thread that writes what it reads.
 * @throws when it writes a variable that such a step writes.
 */
export function runPlan(plan: Plan, inputs: readonly Tensor[]): Tensor[] {
  const outputs = makeOutputs(plan);
  try {
    checkInputs(plan, inputs);
    const buffers = gather(plan, inputs.map((tensor) => tensor.memory!), outputs);
    if (buffers.length <= SPREAD_LIMIT) native.run(plan.handle, ...buffers);
    else native.runMany(plan.handle, buffers);
  } catch (error) {
    throw explain(plan, error);
  }
  return outputs;
}

let last: Promise<unknown> = Promise.resolve();
/** Runs `task` when all earlier ones have ended: plans share the cores and the variables, so one at a time is fastest. */
function inTurn<T>(task: () => Promise<T>): Promise<T> {
  const run = last.then(task);
  last = run.catch(() => undefined);
  return run;
}

/** Steps of a plan to run off the main thread. */
export interface Steps {
  /** How many at most. */
  readonly steps: number;
  /** The input (by number) that counts the steps: an int32 scalar, incremented after each. */
  readonly counter?: number;
  /** Milliseconds after which no further step begins. */
  readonly budget?: number;
  /** Ends the run, within a step too: that is then undone. */
  readonly signal?: AbortSignal | null;
}

/** A plan that runs off the main thread, and the variables that it writes and reads. */
class Run implements Holder {
  private readonly control: RunControl = native.newControl();
  private paused = false;

  constructor(private readonly plan: Plan) {}

  pause(): void {
    if (this.paused) return;
    native.pause(this.control);
    this.paused = true;
    queueMicrotask(() => {
      this.paused = false;
      for (const { variable, written } of this.plan.variables) if (written) variable.storage.version++;
      native.resume(this.control);
    });
  }

  private hold(): void {
    for (const { variable: { storage }, written } of this.plan.variables) {
      if (written) storage.held = this;
      else storage.reading++;
    }
  }

  private release(): void {
    for (const { variable: { storage }, written } of this.plan.variables) {
      if (written) {
        storage.held = null;
        storage.version++;
      } else storage.reading--;
    }
  }

  /** The number of steps done. */
  async steps(buffers: Memory[], { steps, counter = -1, budget = Infinity, signal = null }: Steps): Promise<number> {
    const cancel = (): void => native.cancel(this.control);
    this.hold();
    signal?.addEventListener('abort', cancel);
    try {
      return await native.runAsync(this.plan.handle, buffers, { counter, steps, budget: Math.min(budget, 1e9) }, this.control);
    } catch (error) {
      signal?.throwIfAborted();
      throw explain(this.plan, error);
    } finally {
      signal?.removeEventListener('abort', cancel);
      this.release();
    }
  }
}

/**
 * Runs a plan off the main thread, `steps` times or until the budget is spent. Resolves to the outputs of the last step and the number of
 * steps done. While it runs, the variables that it writes cannot be assigned, and who reads them sees what the last whole step left there.
 * A step that fails or is aborted leaves them as they were before it.
 */
export function runPlanAsync(plan: Plan, inputs: readonly Tensor[], steps: Steps): Promise<{ outputs: Tensor[]; done: number }> {
  return inTurn(async () => {
    steps.signal?.throwIfAborted();
    checkInputs(plan, inputs);
    const outputs = makeOutputs(plan);
    const buffers = gather(plan, inputs.map((tensor) => tensor.lend()), outputs);
    return { outputs, done: await new Run(plan).steps(buffers, steps) };
  });
}
