// The graph between symbols: which calls lead from inputs to outputs, in which order they run, and in which order a model lists them.
import { showShape } from '../base/shape.js';
import type { KerasTensor, OperationCall } from './keras-tensor.js';
import type { Operation } from './operation.js';

/** The calls between inputs and outputs. */
export interface OperationGraph {
  /** Calls by depth, the outputs' depth being 0: each runs after those of greater depth. */
  readonly callsByDepth: ReadonlyMap<number, readonly OperationCall[]>;
  /** All calls in the order in which they run. */
  readonly calls: readonly OperationCall[];
  /** Operations from inputs to outputs; those of the same depth in the order in which the outputs reach them. */
  readonly operations: readonly Operation[];
}

/** True for the symbol of an `Input`. */
export const isInputSymbol = (symbol: KerasTensor): boolean => symbol.history !== null && symbol.history.call.inputs.length === 0;

interface Found {
  /** Calls, each after those that it depends on. */
  readonly calls: OperationCall[];
  /** Operations with the order in which the search met them. */
  readonly met: Map<Operation, number>;
}

/** Calls that the outputs depend on, down to the inputs. */
function findCalls(inputs: ReadonlySet<KerasTensor>, outputs: readonly KerasTensor[]): Found {
  const calls: OperationCall[] = [];
  const met = new Map<Operation, number>();
  const finished = new Set<OperationCall>();
  // A stack of its own: graphs may be deeper than the engine's stack.
  const stack: { call: OperationCall; next: number }[] = [];
  const enter = (symbol: KerasTensor): void => {
    const call = symbol.history?.call;
    if (call === undefined || finished.has(call) || stack.some((frame) => frame.call === call)) return;
    if (!isInputSymbol(symbol) && inputs.has(symbol)) {
      finished.add(call);
      return;
    }
    if (!met.has(call.operation)) met.set(call.operation, met.size);
    stack.push({ call, next: 0 });
  };
  for (const output of outputs) {
    enter(output);
    while (stack.length > 0) {
      const frame = stack.at(-1)!;
      if (frame.next < frame.call.inputs.length) enter(frame.call.inputs[frame.next++]!);
      else {
        finished.add(frame.call);
        calls.push(frame.call);
        stack.pop();
      }
    }
  }
  return { calls, met };
}

/** Depths of calls and operations: the longest way to an output; all calls of an operation count as its deepest. */
function depthsOf(calls: readonly OperationCall[]): { calls: Map<OperationCall, number>; operations: Map<Operation, number> } {
  const inGraph = new Set(calls);
  const depths = new Map<OperationCall, number>();
  const operations = new Map<Operation, number>();
  for (const call of [...calls].reverse()) {
    const depth = Math.max(depths.get(call) ?? 0, operations.get(call.operation) ?? 0);
    operations.set(call.operation, depth);
    depths.set(call, depth);
    for (const { history } of call.inputs) {
      if (history !== null && inGraph.has(history.call)) depths.set(history.call, Math.max(depth + 1, depths.get(history.call) ?? 0));
    }
  }
  return { calls: depths, operations };
}

function groupByDepth<K>(depths: ReadonlyMap<K, number>): Map<number, K[]> {
  const groups = new Map<number, K[]>();
  for (const [key, depth] of depths) groups.set(depth, [...(groups.get(depth) ?? []), key]);
  return groups;
}
const descending = (groups: ReadonlyMap<number, unknown>): number[] => [...groups.keys()].sort((a, b) => b - a);

/** A symbol in messages: where it comes from and its shape. */
export const describeSymbol = ({ name, shape, history }: KerasTensor): string =>
  `the symbol ${history === null ? name : `"${history.call.operation.name}"[${history.call.index}][${history.index}]`} of shape ${showShape(shape)}`;

function checkConnected(label: string, inputs: readonly KerasTensor[], calls: readonly OperationCall[]): void {
  const computable = new Set(inputs);
  const passed: string[] = [];
  for (const { operation, inputs: needed, outputs } of calls) {
    for (const symbol of needed) {
      if (!computable.has(symbol)) {
        throw new Error(
          `${label}: the graph is disconnected: operation "${operation.name}" needs ${describeSymbol(symbol)}, which cannot be computed from the inputs; ` +
            `reached without it: ${passed.length === 0 ? 'nothing' : passed.join(', ')}`,
        );
      }
    }
    if (needed.length > 0) passed.push(operation.name);
    // An Input that is not among the inputs gives nothing.
    if (needed.length > 0) outputs.forEach((symbol) => computable.add(symbol));
  }
}

/**
 * The graph from inputs to outputs, in Keras's order. `label` opens the messages.
 * @throws when outputs cannot be computed from the inputs, and when two operations have one name.
 */
export function graphBetween(label: string, inputs: readonly KerasTensor[], outputs: readonly KerasTensor[]): OperationGraph {
  const found = findCalls(new Set(inputs), outputs);
  const depths = depthsOf(found.calls);
  for (const input of inputs) {
    // An input that no output depends on stays part of the model.
    const call = input.history?.call;
    if (call === undefined || !isInputSymbol(input) || depths.operations.has(call.operation)) continue;
    depths.operations.set(call.operation, 0);
    depths.calls.set(call, 0);
    found.met.set(call.operation, -1);
  }
  const callsByDepth = groupByDepth(depths.calls);
  const byDepth = groupByDepth(depths.operations);
  const operations = descending(byDepth).flatMap((depth) => byDepth.get(depth)!.sort((a, b) => found.met.get(a)! - found.met.get(b)!));
  const calls = descending(callsByDepth).flatMap((depth) => callsByDepth.get(depth)!);
  checkConnected(label, inputs, calls);
  const names = new Set<string>();
  for (const { name } of operations) {
    if (names.has(name))
      throw new Error(
        `${label}: the name "${name}" is used ${operations.filter((operation) => operation.name === name).length} times in the model; ` +
          `all layers and operations need names of their own (option name)`,
      );
    names.add(name);
  }
  return { callsByDepth, calls, operations };
}
