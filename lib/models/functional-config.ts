// Keras's config of a functional model: its layers with the calls that connect them.
import { type Config } from '../config/configurable.js';
import { camelKeys, snakeCase } from '../base/names.js';
import { SavedSymbol, deserializeKerasObject, serializeKerasObject } from '../config/serialization.js';
import type { SerializedObject } from '../config/registration.js';
import { show } from '../base/errors.js';
import type { SymbolicFunction, Symbols } from '../symbolic/function.js';
import { KerasTensor, type OperationCall } from '../symbolic/keras-tensor.js';
import { Operation } from '../symbolic/operation.js';
import { flatten, isPlainObject, mapStructure } from '../base/tree.js';
import { splitCall } from '../layers/base/call.js';
import { callDefaultsOf } from '../layers/base/layer.js';
import { PublicOperation } from '../ops/public-operation.js';

/** Place of a symbol: the operation's name, the number of its call in this model, the number of the output. */
type SavedPlace = readonly [operation: string, call: number, output: number];
interface SavedCall {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}
interface SavedOperation extends SerializedObject {
  readonly name: string;
  readonly inbound_nodes: readonly SavedCall[];
}
/** Keras's config of a functional model. */
export interface FunctionalConfig extends Config {
  readonly name: string;
  readonly trainable: boolean;
  readonly layers: readonly SavedOperation[];
  readonly input_layers: unknown;
  readonly output_layers: unknown;
}

/** True for the config of a functional model. */
export const isFunctionalConfig = (config: Config): boolean =>
  ['name', 'layers', 'input_layers', 'output_layers'].every((key) => key in config);

/** Indices of `ops.getItem` are written as Python's slices. */
function serializeIndex(index: unknown): unknown {
  if (Array.isArray(index)) return index.map(serializeIndex);
  if (index === '...') return { class_name: '__ellipsis__', config: {} };
  if (!isPlainObject(index)) return serializeKerasObject(index);
  const { start = null, stop = null, step = null } = index;
  return { class_name: '__slice__', config: { start, stop, step } };
}

/** A call's arguments and options as Keras has them. */
function kerasArguments(call: OperationCall): SavedCall {
  const { operation } = call;
  if (operation instanceof PublicOperation) return operation.asKeras(call);
  const { inputs, options } = splitCall(call.args);
  const { mask, ...rest } = { ...options };
  const kwargs = { ...rest, ...call.recorded, ...(mask === undefined ? {} : { mask }) };
  return {
    args: inputs,
    kwargs: Object.fromEntries(
      Object.entries(kwargs)
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => [snakeCase(key), value]),
    ),
  };
}

/** Writes the calls of one model. */
class Writer {
  private readonly places = new Map<OperationCall, number>();

  constructor(fn: SymbolicFunction, private readonly isModel: (operation: Operation) => boolean) {
    for (const operation of fn.operations) {
      operation.inboundCalls.filter((call) => fn.has(call)).forEach((call, i) => this.places.set(call, i));
    }
  }

  private symbol({ shape, dtype, history }: KerasTensor): unknown {
    const place =
      history === null ? null : [history.call.operation.name, this.places.get(history.call) ?? history.call.index, history.index];
    return { class_name: '__keras_tensor__', config: { shape, dtype, keras_history: place } };
  }

  private value(value: unknown, isIndex: boolean): unknown {
    return value instanceof KerasTensor
      ? this.symbol(value)
      : isIndex
        ? serializeIndex(value)
        : Array.isArray(value)
          ? value.map((item) => this.value(item, false))
          : isPlainObject(value)
            ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.value(item, false)]))
            : serializeKerasObject(value);
  }

  call(call: OperationCall): SavedCall {
    const { args, kwargs } = kerasArguments(call);
    const isGetItem = call.operation instanceof PublicOperation && call.operation.functionName === 'getItem';
    return {
      args: args.map((arg, i) => this.value(arg, isGetItem && i === 1)),
      kwargs: Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [key, this.value(value, false)])),
    };
  }

  /** Where an input or output of the model is; Keras counts the calls of functional models from 1 here. */
  place({ history }: KerasTensor): SavedPlace {
    const { call, index } = history!;
    return [call.operation.name, this.places.get(call)! + (this.isModel(call.operation) ? 1 : 0), index];
  }
}

/** The config of a functional model. `isModel` tells functional models among the operations. */
export function functionalConfig(
  fn: SymbolicFunction,
  { name, trainable }: { name: string; trainable: boolean },
  isModel: (operation: Operation) => boolean,
): FunctionalConfig {
  const writer = new Writer(fn, isModel);
  const layers = fn.operations.map((operation): SavedOperation => ({
    ...(serializeKerasObject(operation) as SerializedObject),
    name: operation.name,
    inbound_nodes: operation.inboundCalls.filter((call) => fn.has(call) && call.inputs.length > 0).map((call) => writer.call(call)),
  }));
  const places = (structure: Symbols): unknown => mapStructure((symbol: KerasTensor) => writer.place(symbol), structure);
  return { name, trainable, layers, input_layers: places(fn.inputStruct), output_layers: places(fn.outputStruct) };
}

/** Thrown while a call waits for the output of another. */
class NotYet extends Error {}

/** Makes the operations of a config and repeats their calls. */
class Reader {
  private readonly operations = new Map<string, Operation>();

  constructor(private readonly config: FunctionalConfig, private readonly isModel: (operation: Operation) => boolean) {
    for (const saved of config.layers) {
      const operation = deserializeKerasObject(saved);
      if (!(operation instanceof Operation))
        throw new TypeError(`${config.name}: expected layers and operations in the config, received ${show(operation)}`);
      this.operations.set(saved.name, operation);
    }
    this.connect();
  }

  private operation(name: string): Operation {
    const found = this.operations.get(name);
    if (found === undefined) throw new Error(`${this.config.name}: the config refers to a layer '${name}' that it does not have`);
    return found;
  }

  private symbolAt([name, call, output]: SavedPlace): KerasTensor {
    const found = this.operation(name).inboundCalls[call]?.outputs[output];
    if (found === undefined) throw new NotYet();
    return found;
  }

  private fill(value: unknown): unknown {
    const revived = deserializeKerasObject(value);
    return mapStructure(
      (leaf) => (leaf instanceof SavedSymbol && leaf.savedHistory !== null ? this.symbolAt(leaf.savedHistory) : leaf),
      revived,
    );
  }

  private repeat(operation: Operation, { args, kwargs }: SavedCall): void {
    const values = args.map((arg) => this.fill(arg));
    const options = Object.fromEntries(Object.entries(kwargs).map(([key, value]) => [key, this.fill(value)]));
    if (operation instanceof PublicOperation) {
      operation.callAsKeras(values, options);
      return;
    }
    // What Keras wrote down by itself is not what the user asked for: layers inside of a training model would not train.
    const { training } = callDefaultsOf(operation);
    const written: Record<string, unknown> = {};
    for (const [name, value] of Object.entries({ training, mask: null })) {
      if (value === undefined || options[name] !== value) continue;
      written[name] = value;
      delete options[name];
    }
    const own = camelKeys(options);
    operation.invoke(...values, ...(Object.keys(own).length === 0 ? [] : [own]));
    Object.assign(operation.inboundCalls.at(-1)!.recorded, written);
  }

  /** Repeats the calls as soon as what they need is there. */
  private connect(): void {
    let waiting = this.config.layers
      .map(({ name, inbound_nodes: calls }) => ({ operation: this.operation(name), calls: [...calls] }))
      .filter(({ calls }) => calls.length > 0);
    while (waiting.length > 0) {
      let progress = false;
      for (const { operation, calls } of waiting) {
        try {
          while (calls.length > 0) {
            this.repeat(operation, calls[0]!);
            calls.shift();
            progress = true;
          }
        } catch (error) {
          if (!(error instanceof NotYet)) throw error;
        }
      }
      if (!progress)
        throw new Error(
          `${this.config.name}: the graph of the config has loops or loose ends at ` +
            `${waiting.map(({ operation }) => operation.name).join(', ')}`,
        );
      waiting = waiting.filter(({ calls }) => calls.length > 0);
    }
  }

  symbols(structure: unknown): Symbols {
    const isPlace = (value: unknown): boolean => Array.isArray(value) && value.length === 3 && typeof value[0] === 'string';
    const flat = flatten<SavedPlace>(structure, isPlace);
    return flat.pack(
      flat.leaves.map(([name, call, output]) => this.symbolAt([name, call - (this.isModel(this.operation(name)) ? 1 : 0), output])),
    ) as Symbols;
  }
}

/** The inputs and outputs of the graph that a config describes, with new layers. */
export function functionalFromConfig(
  config: FunctionalConfig,
  isModel: (operation: Operation) => boolean,
): { inputs: Symbols; outputs: Symbols } {
  const reader = new Reader(config, isModel);
  return { inputs: reader.symbols(config.input_layers), outputs: reader.symbols(config.output_layers) };
}
