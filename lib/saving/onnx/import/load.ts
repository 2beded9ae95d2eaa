// ONNX files as functional models.
import { readFile, stat } from 'node:fs/promises';
import type { SymbolicShape } from '../../../base/shape.js';
import { findClass } from '../../../config/registration.js';
import { Input } from '../../../layers/core/input-layer.js';
import type { Model } from '../../../models/model.js';
import type { KerasTensor } from '../../../symbolic/keras-tensor.js';
import { budgetOf } from '../../../base/budget.js';
import type { FileSource, LoadModelOptions } from '../../formats.js';
import { dtypeOf } from '../dtypes.js';
import { decodeModel, type ModelProto, type ValueInfoProto } from '../schema.js';
import { opsetOf, Planner, type PlannedLayer } from './graph.js';
import { OnnxNode } from './node-layer.js';
import { saveTensor } from './tensors.js';

/** Files of more bytes are none: protocol buffers end there. */
const LARGEST_FILE = 2 ** 31 - 1;

async function bytesOf({ path, bytes }: FileSource): Promise<Uint8Array> {
  if (bytes !== undefined) return bytes;
  const { size } = await stat(path!);
  if (size > LARGEST_FILE) throw new RangeError(`has ${size} bytes, but ONNX files have at most 2 GB`);
  return readFile(path!);
}
function decoded(bytes: Uint8Array): ModelProto {
  try {
    return decodeModel(bytes);
  } catch (error) {
    throw new Error(`is no ONNX file, or a damaged one: ${(error as Error).message}`, { cause: error });
  }
}

/** Names that layers may have, each once. */
class LayerNames {
  private readonly taken = new Set<string>();
  of(wanted: string, otherwise: string): string {
    const base = wanted.replace(/[^\w.:-]+/g, '_').replace(/^_+|_+$/g, '') || otherwise;
    let name = base;
    for (let i = 1; this.taken.has(name); i++) name = `${base}_${i}`;
    this.taken.add(name);
    return name;
  }
}

/** The symbol of an input. */
function symbolOf({ name, type }: ValueInfoProto, layerName: string): KerasTensor {
  const tensor = type?.tensorType ?? null;
  const dtype = tensor === null ? null : dtypeOf(tensor.elemType);
  if (tensor === null || dtype === null) throw new TypeError(`the input ${JSON.stringify(name)} is no tensor of numbers`);
  if (tensor.shape === null) throw new TypeError(`the input ${JSON.stringify(name)} has no known number of axes`);
  const batchShape: SymbolicShape = tensor.shape.dim.map(({ dimValue }) => (dimValue === null || dimValue <= 0 ? null : dimValue));
  if (batchShape.some((d) => d !== null && !Number.isSafeInteger(d))) throw new RangeError(`the input ${JSON.stringify(name)} has an impossible shape`);
  return Input({ batchShape, dtype, name: layerName });
}

/** Makes a planned layer, calls it on the symbols, and gives it its weights. */
function apply(planned: PlannedLayer, name: string, opset: number, symbols: Map<string, KerasTensor>): void {
  const layer = new OnnxNode({
    name,
    opset,
    nodes: planned.nodes,
    inputs: planned.inputs,
    outputs: planned.outputs,
    weights: [...planned.weights].map(([weight, { tensor: { shape, dtype }, trainable }]) => ({ name: weight, shape, dtype, trainable })),
    constants: Object.fromEntries([...planned.constants].map(([constant, tensor]) => [constant, saveTensor(tensor)])),
  });
  planned.weights.forEach(({ tensor }, weight) => layer.weightOf(weight).assign(tensor));
  const inputs = planned.inputs.map((input) => symbols.get(input)!);
  const made = layer(inputs.length === 1 ? inputs[0]! : inputs) as KerasTensor | KerasTensor[];
  const outputs = Array.isArray(made) ? made : [made];
  planned.outputs.forEach((output, i) => symbols.set(output, outputs[i]!));
}

async function modelOf(source: FileSource, safeMode: boolean): Promise<Model> {
  const bytes = await bytesOf(source);
  const file = decoded(bytes);
  const { graph } = file;
  if (graph === null) throw new Error('is no ONNX file, or a damaged one: it has no graph');
  if (file.functions.length > 0) throw new TypeError('functions are not supported; inline them first');
  const opset = opsetOf(file);
  const planner = await Planner.read(graph, opset, source, safeMode ? budgetOf(bytes.length) : Infinity);
  const names = new LayerNames();
  const symbols = new Map<string, KerasTensor>();
  planner.inputs.forEach((info, i) => symbols.set(info.name, symbolOf(info, names.of(info.name, `input_${i}`))));
  const inputs = planner.inputs.map(({ name }) => symbols.get(name)!);
  const outputNames = new Set(graph.output.map(({ name }) => name));
  for (const planned of planner.layers) {
    const [only] = planned.outputs;
    const wanted = planned.outputs.length === 1 && outputNames.has(only!) ? only! : planned.name;
    apply(planned, names.of(wanted, planned.nodes.at(-1)?.op_type.toLowerCase() ?? 'value'), opset, symbols);
  }
  const outputs = graph.output.map(({ name }) => symbols.get(name)!);
  const FunctionalModel = findClass('keras', 'Model') as typeof Model;
  return new FunctionalModel(inputs.length === 1 ? inputs[0]! : inputs, outputs.length === 1 ? outputs[0]! : outputs, {
    name: new LayerNames().of(graph.name, 'onnx'),
  });
}

/** The functional model of an ONNX file. @throws (rejects) for damaged files, and for what is not supported, naming it. */
export async function loadOnnx(source: FileSource, { safeMode = true }: LoadModelOptions = {}): Promise<Model> {
  try {
    return await modelOf(source, safeMode);
  } catch (error) {
    throw new Error(`${source.name}: ${(error as Error).message}`, { cause: error });
  }
}
