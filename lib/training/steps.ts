// Compiled steps: train, test and predict steps of a model as plans, for batches that are gathered from arrays or given.
import { compileInSlices, type Compiled } from '../core/jit.js';
import { show } from '../base/errors.js';
import type { Spec } from '../base/shape.js';
import { specOf } from '../base/shape.js';
import { Tensor } from '../core/tensor.js';
import { flatten, isPlainObject, mapStructure } from '../base/tree.js';
import { Variable, wholeOrNothing } from '../core/variable.js';
import type { Model } from '../models/model.js';
import { concatenate } from '../ops/index.js';
import { multiply } from '../ops/primitives/elementwise.js';
import { gather, gatherBlock } from '../ops/primitives/gather.js';
import { scalarTensor } from '../core/convert.js';
import type { ArrayData } from './data.js';

/** What a step does. */
export type StepKind = 'train' | 'test' | 'predict';
/** How a step finds the rows of its batch: in order, by a permutation of the rows, or all of what it is given. */
export type Layout = 'blocks' | 'permuted' | 'given';

/** Runs the model's step on tensors: logs for train and test, outputs for predict. */
export function runStep(model: Model, kind: StepKind, data: [unknown, unknown, unknown]): unknown {
  if (kind === 'predict') return model.predictStep(data);
  const logs: unknown = kind === 'train' ? model.trainStep(data) : model.testStep(data);
  checkLogs(`${model.constructor.name} "${model.name}": ${kind}Step`, logs);
  return logs;
}

/** `runStep` op by op, for models compiled with `runEagerly`. One that fails leaves all variables as they were. */
export const runStepEagerly = (model: Model, kind: StepKind, data: [unknown, unknown, unknown]): unknown =>
  wholeOrNothing(() => runStep(model, kind, data));

/** Checks what a step of a user's own returns. */
function checkLogs(where: string, logs: unknown): void {
  if (logs instanceof Promise) {
    logs.catch(() => undefined);
    throw new TypeError(`${where} must not be async: it is compiled, and what it computes is known when it returns`);
  }
  if (!isPlainObject(logs)) {
    throw new TypeError(`${where} must return an object of numbers or tensors for the logs, such as { loss }, received ${show(logs)}`);
  }
  for (const [name, value] of Object.entries(logs)) {
    if (value instanceof Tensor || value instanceof Variable || typeof value === 'number') continue;
    if (!isPlainObject(value)) throw new TypeError(`${where}: the log '${name}' must be a number or a tensor, received ${show(value)}`);
    checkLogs(`${where}: the log '${name}'`, value);
  }
}

/** The rows of batch number `step`. */
function batchOf(columns: readonly Tensor[], step: Tensor, permutation: Tensor | null, size: number, batchSize: number): Tensor[] {
  const start = multiply(step, scalarTensor(batchSize, 'int32'));
  if (permutation === null) return columns.map((column) => gatherBlock(column, start, size));
  const rows = gatherBlock(permutation, start, size);
  return columns.map((column) => gather(column, rows, 0));
}

/** Number of the input that counts the batches, for `runPlanAsync`. */
export const counterIndex = (data: ArrayData): number => data.columns.length;

/**
 * Compiles a step, with turns of the event loop in between where that takes long. For `'given'` its inputs are the batch's columns;
 * otherwise the whole columns, the number of the batch (int32 scalar) and, when permuted, the row numbers. `size` is the number of rows of
 * this batch, `batchSize` that of the full ones.
 */
export function compileStep(
  model: Model,
  kind: StepKind,
  data: ArrayData,
  layout: Layout,
  size: number,
  batchSize: number,
): Compiled | Promise<Compiled> {
  const columns: Spec[] = data.columns.map((column) => column.spec);
  const counter = specOf('int32', []);
  const specs = layout === 'given' ? columns : [...columns, counter, ...(layout === 'blocks' ? [] : [specOf('int32', [data.length])])];
  return compileInSlices(specs, (...inputs) => {
    const whole = inputs.slice(0, columns.length);
    const batch = layout === 'given' ? whole : batchOf(whole, inputs[columns.length]!, inputs[columns.length + 1] ?? null, size, batchSize);
    return runStep(model, kind, data.assemble(batch));
  });
}

/**
 * Logs as plain numbers in alphabetical order, as Keras gives them; results that are objects are spread, those of several elements
 * become arrays.
 */
export function readLogs(result: unknown): Record<string, number> {
  const entries: [string, number][] = [];
  const visit = (logs: object): void => {
    for (const [name, value] of Object.entries(logs)) {
      if (value instanceof Tensor || value instanceof Variable) {
        entries.push([name, (value.size === 1 ? value.item() : value.tolist()) as number]);
      } else if (typeof value === 'number') entries.push([name, value]);
      else visit(value as object);
    }
  };
  visit(result as object);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Multiplications and additions up to which a step runs at once: another thread would take longer to reach. */
const SMALL = 200_000;
/** True for a step that is over before another thread could take it. */
export const isSmall = ({ plan }: Compiled): boolean => plan.cost < SMALL;

/** A structure with the tensors of several batches joined along the first axis. */
export function joinBatches(batches: readonly unknown[]): unknown {
  if (batches.length === 1) return batches[0];
  const flats = batches.map((batch) => flatten<Tensor>(batch).leaves);
  let next = 0;
  return mapStructure(() => {
    const index = next++;
    return concatenate(flats.map((leaves) => leaves[index]!), { axis: 0 });
  }, batches[0]);
}
