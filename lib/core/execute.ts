// Running plans: gathering their buffers, on the main thread or off it, and saying what went wrong in the user's terms.
import { explainFault } from '../base/fault.js';
import { allocate, type Memory } from './memory.js';
import { native } from './native.js';
import type { Plan } from './plan.js';
import { showShape, type Spec } from '../base/shape.js';
import { Tensor } from './tensor.js';

const explain = (plan: Plan, error: unknown): unknown =>
  explainFault(error, (instruction) => {
    const { scope, op } = plan.labels[instruction] ?? { scope: '', op: 'plan' };
    return scope === '' ? op : `${scope} (${op})`;
  });

function checkInputs(plan: Plan, inputs: readonly Tensor[]): void {
  inputs.forEach((tensor, i) => {
    const spec: Spec = plan.inputs[i]!;
    if (tensor.spec !== spec) throw new Error(`plan: input ${i} is ${tensor.dtype}${showShape(tensor.shape)}, expected ${spec.dtype}${showShape(spec.shape)}`);
  });
}

function gather(plan: Plan, inputs: readonly Tensor[], outputs: readonly Tensor[]): Memory[] {
  checkInputs(plan, inputs);
  return [
    ...inputs.map((tensor) => tensor.memory!),
    ...plan.variables.map(({ variable, written }) => (written ? variable.writeMemory() : variable.readMemory())),
    ...plan.constants.map((tensor) => tensor.memory!),
    ...outputs.map((tensor) => tensor.memory!),
  ];
}
const makeOutputs = (plan: Plan): Tensor[] => plan.outputs.map((spec) => new Tensor(spec, allocate(spec.bytes)));

/** Up to this many buffers are passed as arguments, which native code reads faster than an array. */
const SPREAD_LIMIT = 16;

/** Runs a plan once, on the calling thread and the pool. Variables that it writes have their new values afterwards. */
export function runPlan(plan: Plan, inputs: readonly Tensor[]): Tensor[] {
  const outputs = makeOutputs(plan);
  try {
    const buffers = gather(plan, inputs, outputs);
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
}

/**
 * Runs a plan off the main thread, `steps` times or until the budget is spent. Resolves to the outputs of the last step and
 * the number of steps done. While it runs, its variables cannot be assigned.
 */
export function runPlanAsync(plan: Plan, inputs: readonly Tensor[], { steps, counter = -1, budget = Infinity }: Steps): Promise<{ outputs: Tensor[]; done: number }> {
  return inTurn(async () => {
    const outputs = makeOutputs(plan);
    const buffers = gather(plan, inputs, outputs);
    for (const { variable } of plan.variables) variable.hold(1);
    try {
      const done = await native.runAsync(plan.handle, buffers, { counter, steps, budget: Math.min(budget, 1e9) });
      return { outputs, done };
    } catch (error) {
      throw explain(plan, error);
    } finally {
      for (const { variable } of plan.variables) variable.hold(-1);
    }
  });
}
