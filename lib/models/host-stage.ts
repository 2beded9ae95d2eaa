// HostStage: the part of a functional model that runs on the host, as layers that read strings do. The data adapter runs it before the
// numeric part.
import { type SymbolicFunction } from '../symbolic/function.js';
import { KerasTensor, type OperationCall } from '../symbolic/keras-tensor.js';
import type { Operation } from '../symbolic/operation.js';
import { HostArray } from '../core/host-array.js';
import { showShape } from '../base/shape.js';
import { flatten, isPlainObject, mapStructure } from '../base/tree.js';
import type { Layer } from '../layers/base/layer.js';

/** A call of a graph: the operation, what it takes and what it gives. */
type Call = Pick<OperationCall, 'operation' | 'args' | 'inputs' | 'outputs'>;
/** A model that is an operation of another. */
interface Nested {
  readonly network: SymbolicFunction | null;
}

const isString = (symbol: KerasTensor): boolean => (symbol.dtype as string) === 'string';
const networkOf = (operation: Operation): SymbolicFunction | null => (operation as unknown as Partial<Nested>).network ?? null;
/** Whether an operation, or one of a model in the model, must run on the host. */
const runsOnHost = (operation: Operation): boolean =>
  (operation as Partial<Layer>).runsOnHost === true || (networkOf(operation)?.operations.some(runsOnHost) ?? false);
const filled = (structure: unknown, known: ReadonlyMap<KerasTensor, unknown>): unknown =>
  mapStructure((leaf) => (leaf instanceof KerasTensor && known.has(leaf) ? known.get(leaf) : leaf), structure);

/** The calls of a graph; in the place of models that have layers on the host stand their own calls. */
function inlined(graph: SymbolicFunction, known: Map<KerasTensor, KerasTensor>): Call[] {
  return graph.graph.calls.flatMap(({ operation, args, inputs, outputs }): Call[] => {
    if (inputs.length === 0) return [];
    const given = args.map((arg) => filled(arg, known));
    const inner = networkOf(operation);
    if (inner === null || !runsOnHost(operation)) {
      const fresh = outputs.map(({ shape, dtype, name }) => new KerasTensor(shape, dtype, { name }));
      outputs.forEach((symbol, i) => known.set(symbol, fresh[i]!));
      return [{ operation, args: given, inputs: inputs.map((symbol) => known.get(symbol) ?? symbol), outputs: fresh }];
    }
    const values = flatten(given[0]).leaves as KerasTensor[];
    const within = new Map(inner.inputs.map((symbol, i) => [symbol, values[i]!]));
    const calls = inlined(inner, within);
    const results = inner.outputs.map((symbol) => within.get(symbol) ?? symbol);
    outputs.forEach((symbol, i) => known.set(symbol, results[i]!));
    return calls;
  });
}

/** A graph cut in two: what runs on the host, and the rest, which takes the inputs and the tensors that the host gives. */
export class HostStage {
  private constructor(
    private readonly inputs: readonly KerasTensor[],
    private readonly outputs: unknown,
    private readonly host: readonly Call[],
    private readonly rest: readonly Call[],
    /** What the rest takes. */
    private readonly between: readonly KerasTensor[],
  ) {}

  /** The cut of a graph; null for one without layers on the host. @throws when strings are wanted by what does not run on the host. */
  static of(label: string, graph: SymbolicFunction): HostStage | null {
    if (!graph.inputs.some(isString) && !graph.operations.some(runsOnHost)) return null;
    const known = new Map<KerasTensor, KerasTensor>();
    const calls = inlined(graph, known);
    const outputs = filled(graph.outputStruct, known);
    // The host runs what must run there, and what that depends on; the rest runs what does not give such layers their inputs alone.
    const wanted = new Set<KerasTensor>();
    const host = calls.toReversed().filter(({ operation, inputs, outputs: given }) => {
      if (!runsOnHost(operation) && !given.some((symbol) => wanted.has(symbol))) return false;
      inputs.forEach((symbol) => wanted.add(symbol));
      return true;
    }).reverse();
    const needed = new Set(flatten<KerasTensor>(outputs).leaves);
    const rest = calls.toReversed().filter(({ operation, inputs, outputs: given }) => {
      if (runsOnHost(operation) || !given.some((symbol) => needed.has(symbol))) return false;
      inputs.forEach((symbol) => needed.add(symbol));
      return true;
    }).reverse();
    const made = new Set(rest.flatMap((call) => call.outputs));
    const between = [...needed].filter((symbol) => !made.has(symbol));
    const results = new Set(flatten<KerasTensor>(outputs).leaves);
    for (const { operation, inputs } of rest) {
      const wrong = inputs.find((symbol) => isString(symbol));
      if (wrong === undefined) continue;
      throw new TypeError(`${label}: strings are no tensors: '${wrong.name}' must pass through a layer that makes numbers of it, such as `
        + `StringLookup, before it comes to "${operation.name}"`);
    }
    const bare = graph.inputs.find((symbol) => isString(symbol) && results.has(symbol));
    if (bare !== undefined) throw new TypeError(`${label}: the input '${bare.name}' of strings is an output of the model as it is`);
    return new HostStage(graph.inputs, outputs, host, rest, between);
  }

  /** What the host gives for the values of the inputs: what `finish` takes, in a structure that a call knows it by. */
  start(values: readonly unknown[]): Started {
    const known = run(this.host, new Map(this.inputs.map((symbol, i) => [symbol, values[i]])));
    return { [STARTED]: this.between.map((symbol) => known.get(symbol)) };
  }
  /** The outputs for what the host has given. */
  finish(started: Started): unknown {
    const values = started[STARTED];
    const known = run(this.rest, new Map(this.between.map((symbol, i) => [symbol, values[i]])));
    return mapStructure((symbol: KerasTensor) => known.get(symbol), this.outputs);
  }
}

const STARTED = 'given by the host';
/** What the host gave for inputs. */
export interface Started {
  readonly [STARTED]: readonly unknown[];
}
/** Whether inputs are what the host gave. */
export const isStarted = (inputs: unknown): inputs is Started => isPlainObject(inputs) && STARTED in inputs;

/** Runs calls on known values, and adds what they give. */
function run(calls: readonly Call[], known: Map<KerasTensor, unknown>): Map<KerasTensor, unknown> {
  for (const { operation, args, outputs } of calls) {
    const results = flatten(operation.invoke(...args.map((arg) => filled(arg, known)))).leaves;
    outputs.forEach((symbol, i) => known.set(symbol, results[i]));
  }
  return known;
}

/** A value for an input of strings, with or without a last axis of size 1. */
export function hostInput(label: string, value: unknown, { shape, name }: KerasTensor): HostArray {
  const strings = HostArray.from(value, `${label}: the input '${name}'`);
  const fits = (own: readonly number[]): boolean =>
    own.length === shape.length && shape.every((d, axis) => axis === 0 || d === null || d === own[axis]);
  if (fits(strings.shape)) return strings;
  if (fits([...strings.shape, 1])) return strings.reshape([...strings.shape, 1]);
  if (strings.shape.at(-1) === 1 && fits(strings.shape.slice(0, -1))) return strings.reshape(strings.shape.slice(0, -1));
  throw new RangeError(`${label}: the input '${name}' must have the shape ${showShape(shape)}, `
    + `received strings of shape ${showShape(strings.shape)}`);
}
