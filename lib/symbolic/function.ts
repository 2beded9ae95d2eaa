// SymbolicFunction, `keras.Function`: the graph of operations between symbols, which can be run again on other tensors or symbols.
import { show } from '../base/errors.js';
import { computeOutputSpec, KerasTensor, type OperationCall } from './keras-tensor.js';
import { autoName } from '../base/names.js';
import { Operation } from './operation.js';
import { describeSymbol, graphBetween, type OperationGraph } from './operation-graph.js';
import { showShape, type SymbolicShape } from '../base/shape.js';
import { Tensor } from '../core/tensor.js';
import { flatten, leafPaths, mapStructure, type Nested } from '../base/tree.js';

/** Symbols in any structure. */
export type Symbols = Nested<KerasTensor>;

/** Calls an operation while a graph runs. */
export type CallOperation = (operation: Operation, args: readonly unknown[]) => unknown;
const replay: CallOperation = (operation, args) => operation.invoke(...args);

/** The shapes of a structure, as text for messages. */
function describe(structure: unknown): string {
  if (Array.isArray(structure)) return `[${structure.map(describe).join(', ')}]`;
  if (structure instanceof KerasTensor || structure instanceof Tensor) return showShape(structure.shape);
  if (typeof structure === 'object' && structure !== null)
    return `{${Object.entries(structure)
      .map(([key, value]) => `${key}: ${describe(value)}`)
      .join(', ')}}`;
  return show(structure);
}

/** Checks that a structure consists of symbols. */
export function symbolsOf(label: string, what: string, structure: unknown): KerasTensor[] {
  const { leaves } = flatten(structure);
  if (leaves.length === 0) throw new TypeError(`${label}: ${what} must not be empty`);
  for (const leaf of leaves) {
    if (!(leaf instanceof KerasTensor))
      throw new TypeError(
        `${label}: ${what} must be KerasTensors (what keras.Input gives, and what layers give for it), received ${show(leaf)}`,
      );
  }
  return leaves as KerasTensor[];
}

/**
 * A computation from symbols to symbols, without state of its own:
 *
 * ```ts
 * const x = keras.Input([3]);
 * const double = new keras.Function(x, x.multiply(2));
 * double([[1, 2, 3]]);
 * ```
 * A functional `Model` is a layer around one.
 */
export class SymbolicFunction extends Operation {
  /** @internal The inputs and outputs in their structures. */
  readonly inputStruct: Symbols;
  /** @internal */
  readonly outputStruct: Symbols;
  readonly #inputs: readonly KerasTensor[];
  readonly #outputs: readonly KerasTensor[];
  readonly #graph: OperationGraph;
  readonly #calls: ReadonlySet<OperationCall>;

  /** @throws when something is no symbol, when outputs do not depend on the inputs alone, and when two operations have one name. */
  constructor(inputs: Symbols, outputs: Symbols, { name = null, label }: { name?: string | null; label?: string } = {}) {
    super({ name: name ?? (new.target === SymbolicFunction ? autoName('Function') : null) });
    const where = label ?? this.name;
    this.inputStruct = mapStructure((leaf) => leaf, inputs) as Symbols;
    this.outputStruct = mapStructure((leaf) => leaf, outputs) as Symbols;
    this.#inputs = symbolsOf(where, 'inputs', inputs);
    this.#outputs = symbolsOf(where, 'outputs', outputs);
    this.#graph = graphBetween(where, this.#inputs, this.#outputs);
    this.#calls = new Set(this.#graph.calls);
    const known = new Set([...this.#inputs, ...this.#graph.calls.flatMap((call) => (call.inputs.length === 0 ? [] : call.outputs))]);
    this.#outputs.forEach((output, i) => {
      if (!known.has(output))
        throw new Error(
          `${where}: the output${leafPaths(outputs)[i] === '' ? '' : ` ${leafPaths(outputs)[i]}`}, ${describeSymbol(output)}, is not connected to the inputs`,
        );
    });
  }

  /** @internal */
  override get typeName(): string {
    return this.constructor === SymbolicFunction ? 'Function' : super.typeName;
  }

  /** The symbols of the inputs, flat. */
  get inputs(): KerasTensor[] {
    return [...this.#inputs];
  }
  /** The symbols of the outputs, flat. */
  get outputs(): KerasTensor[] {
    return [...this.#outputs];
  }
  /** The operations between them, from inputs to outputs. */
  get operations(): Operation[] {
    return [...this.#graph.operations];
  }
  /** @internal The calls between them. */
  get graph(): OperationGraph {
    return this.#graph;
  }

  override call(inputs: unknown): unknown {
    this.checkInputs(inputs);
    return this.run(flatten(inputs).leaves);
  }

  override computeOutputSpec(...args: unknown[]): unknown {
    this.checkInputs(args[0]);
    return computeOutputSpec(([inputs]) => this.run(flatten(inputs).leaves), args);
  }

  /** Shapes of the outputs for inputs of these shapes. */
  computeOutputShape(inputShape: Nested<SymbolicShape>): unknown {
    const isShape = (value: unknown) => Array.isArray(value) && value.every((d) => d === null || typeof d === 'number');
    let next = 0;
    const symbols = mapStructure((shape: SymbolicShape) => new KerasTensor(shape, this.#inputs[next++]?.dtype), inputShape, isShape);
    return mapStructure((leaf: KerasTensor) => leaf.shape, this.computeOutputSpec(symbols));
  }

  /**
   * @internal Runs the graph on values for the inputs, flat and in order. `call` may call the operations otherwise, or call others.
   * @returns values in the structure of the outputs.
   */
  run(values: readonly unknown[], call: CallOperation = replay): unknown {
    const known = new Map<KerasTensor, unknown>(this.#inputs.map((symbol, i) => [symbol, values[i]]));
    const fill = (leaf: unknown): unknown => (leaf instanceof KerasTensor ? known.get(leaf) : leaf);
    for (const { operation, args, inputs, outputs } of this.#graph.calls) {
      if (inputs.length === 0) continue;
      const results = flatten(call(operation, args.map((arg) => mapStructure(fill, arg)))).leaves;
      outputs.forEach((symbol, i) => known.set(symbol, results[i]));
    }
    return mapStructure((symbol: KerasTensor) => known.get(symbol), this.outputStruct);
  }

  private checkInputs(inputs: unknown): void {
    if (flatten(inputs).key !== flatten(this.inputStruct).key) {
      throw new TypeError(`${this.name}: expected inputs of the structure ${describe(this.inputStruct)}, received ${describe(inputs)}`);
    }
    flatten<Tensor>(inputs).leaves.forEach((value, i) => {
      const { shape, name } = this.#inputs[i]!;
      const fits =
        value.shape.length === shape.length &&
        shape.every((d, axis) => d === null || value.shape[axis] === null || value.shape[axis] === d);
      if (!fits)
        throw new RangeError(
          `${this.name}: the input '${name}' must have the shape ${showShape(shape)}, received ${showShape(value.shape)}`,
        );
    });
  }

  /** @internal Whether a call belongs to the graph. */
  has(call: OperationCall): boolean {
    return this.#calls.has(call);
  }
}
