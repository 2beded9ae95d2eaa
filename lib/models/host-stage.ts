// HostStage: the part of a functional model that runs on the host, as layers that read strings do. The data adapter runs it before the
// numeric part.
import { SymbolicFunction } from '../symbolic/function.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import type { Operation } from '../symbolic/operation.js';
import { HostArray, isStrings } from '../core/host-array.js';
import { showShape } from '../base/shape.js';
import { flatten, isNumberArray } from '../base/tree.js';
import type { Layer } from '../layers/base/layer.js';

const runsOnHost = (operation: Operation): boolean => (operation as Partial<Layer>).runsOnHost === true;
const isString = (symbol: KerasTensor): boolean => (symbol.dtype as string) === 'string';

/** True for inputs with strings among them. */
export const holdStrings = (inputs: unknown): boolean =>
  flatten(inputs, (value) => isNumberArray(value) || isStrings(value)).leaves.some(isStrings);

/** A graph cut in two: what runs on the host, and the rest, which takes the tensors that the host gives. */
export class HostStage {
  private constructor(private readonly host: SymbolicFunction, /** The numeric part. */ readonly rest: SymbolicFunction) {}

  /** The cut of a graph; null for one without inputs of strings. @throws when strings are wanted by what does not run on the host. */
  static of(label: string, graph: SymbolicFunction): HostStage | null {
    if (!graph.inputs.some(isString)) return null;
    const known = new Set<KerasTensor>(graph.inputs);
    const cut = new Set<KerasTensor>();
    for (const { operation, inputs, outputs } of graph.graph.calls) {
      if (inputs.length === 0) continue;
      if (runsOnHost(operation) && inputs.every((symbol) => known.has(symbol))) outputs.forEach((symbol) => known.add(symbol));
      else for (const symbol of inputs) if (known.has(symbol)) cut.add(symbol);
    }
    graph.outputs.filter((symbol) => known.has(symbol)).forEach((symbol) => cut.add(symbol));
    for (const symbol of cut) {
      if (!isString(symbol)) continue;
      throw new TypeError(`${label}: strings are no tensors: '${symbol.name}' must pass through a layer that makes numbers of it, `
        + 'such as StringLookup');
    }
    const between = [...cut];
    return new HostStage(new SymbolicFunction(graph.inputStruct, between), new SymbolicFunction(between, graph.outputStruct));
  }

  /** What the host gives for the values of the inputs: tensors for `rest`. */
  run(values: readonly unknown[]): unknown[] {
    return this.host.run(values) as unknown[];
  }
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
