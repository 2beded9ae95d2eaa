// Exporting: what a model computes in inference, in files that other programs run. The code of a format is imported when it is used.
import { checkOptions, didYouMean, show } from '../base/errors.js';
import { flatten, isPlainObject } from '../base/tree.js';
import type { SymbolicShape } from '../base/shape.js';
import type { Layer } from '../layers/base/layer.js';
import type { Model } from '../models/model.js';
import { checkOverwrite, pathOf } from './formats.js';
import type { ExportedFunction } from './onnx/export.js';
import { readSignature, type InputSignature } from './onnx/signature.js';

/** Options of `Model.export`. */
export interface ExportOptions {
  /** The form of the file: `'onnx'`, the default. */
  format?: 'onnx' | null;
  /**
   * What the inputs are, in the structure in which the model takes them: shapes, `InputSpec`s, symbols, tensors or objects `{ shape, dtype,
   * name }`; null in a shape is a size that is not known. By default what the model was made or built with.
   */
  inputSignature?: unknown;
  /** The version of ONNX's operators, from 18 (default) to 23. */
  opsetVersion?: number | null;
  /** Whether a file that is there is replaced. Default true. */
  overwrite?: boolean;
  /** Whether a line tells what was written. Default false. */
  verbose?: boolean | null;
}
const FORMATS = ['onnx'];

/** The inputs of a model by its symbols, or by what it was built for. */
function ownSignature(where: string, model: Model): { inputs: InputSignature[]; pack: (leaves: unknown[]) => unknown } {
  const { network } = model;
  if (network !== null) {
    const names = model.inputNames;
    const inputs = network.inputs.map(({ dtype, shape }, i) => ({ name: names[i]!, dtype, shape }));
    return { inputs, pack: (leaves) => flatten(network.inputStruct).pack(leaves) };
  }
  const shape = (model.getBuildConfig() as { input_shape?: unknown } | null)?.input_shape ?? null;
  if (shape === null)
    throw new Error(`${where}: "${model.name}" does not say what its inputs are; give inputSignature, such as [[null, 28, 28, 1]]`);
  // What the model was called on tells no batch.
  const withoutBatch = (value: unknown): unknown =>
    Array.isArray(value) && value.every((d) => d === null || typeof d === 'number')
      ? ([null, ...(value as SymbolicShape).slice(1)])
      : Array.isArray(value)
        ? value.map(withoutBatch)
        : isPlainObject(value)
          ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutBatch(item)]))
          : value;
  return readSignature(where, withoutBatch(shape));
}
/** A signature that a user gives; a model of symbols takes it in its own structure. */
function givenSignature(where: string, model: Model, given: unknown): ReturnType<typeof ownSignature> {
  const read = readSignature(where, given);
  if (model.network === null) return read;
  const own = ownSignature(where, model);
  if (own.inputs.length !== read.inputs.length)
    throw new RangeError(`${where}: "${model.name}" has ${own.inputs.length} inputs, but inputSignature has ${read.inputs.length}`);
  return { inputs: read.inputs.map((input, i) => ({ ...input, name: own.inputs[i]!.name })), pack: own.pack };
}

/** @throws for inputs of strings, and for what runs on the host. */
function checkStrings(where: string, model: Model, inputs: readonly InputSignature[]): void {
  const index = inputs.findIndex(({ dtype }) => (dtype as string) === 'string');
  if (index < 0) return;
  const onHost = model.network?.operations.find((operation) => (operation as Partial<Layer>).runsOnHost === true);
  throw new TypeError(
    `${where}: the input '${inputs[index]!.name}' is of strings${onHost === undefined ? '' : `, which the layer "${onHost.name}" reads`}: ` +
      'they are no tensors; export a model of the layers after it',
  );
}

/** The inference of a model as a function of tensors, with what it takes. */
export function inferenceOf(where: string, model: Model, given: unknown = null): ExportedFunction {
  if (!model.built && (model.network === null && given === null))
    throw new Error(`${where}: the model "${model.name}" is not built; call it on data, or build(inputShape), first`);
  const { inputs, pack } = given === null || given === undefined ? ownSignature(where, model) : givenSignature(where, model, given);
  checkStrings(where, model, inputs);
  const names = model.outputNames;
  return {
    name: model.name,
    inputs,
    fn: (...tensors) => model.invoke(pack(tensors), { training: false }),
    outputNames: names === null ? null : names.map((name, i) => (names.indexOf(name) === i ? name : `${name}_${i}`)),
  };
}

/**
 * Writes the inference of a model as ONNX, for onnxruntime and others. What the model computes is written whatever its layers are, your own
 * among them; sizes that are not known, as the batch's, stay so. Weights and constants are part of the file.
 * @throws (rejects) for other formats, for what ONNX has no form of (random numbers, strings, some linear algebra), naming the layer, for
 * sizes that must be known, and for more than 2 GB of weights.
 */
export async function exportModel(model: Model, filepath: string | URL, options: ExportOptions = {}): Promise<void> {
  const where = `${model.name}: export`;
  checkOptions(where, options, ['format', 'inputSignature', 'opsetVersion', 'overwrite', 'verbose']);
  const format = options.format ?? 'onnx';
  if (!FORMATS.includes(format))
    throw new TypeError(`${where}: unknown format ${show(format)}${didYouMean(format, FORMATS)}; ${FORMATS.join(', ')} is known`);
  const { OPSETS, writeOnnx } = await import('./onnx/export.js');
  const opset = options.opsetVersion ?? OPSETS.usual;
  if (!Number.isInteger(opset) || opset < OPSETS.least || opset > OPSETS.most)
    throw new RangeError(`${where}: opsetVersion must be from ${OPSETS.least} to ${OPSETS.most}, received ${show(opset)}`);
  const path = pathOf(where, filepath);
  const exported = inferenceOf(where, model, options.inputSignature ?? null);
  await checkOverwrite(where, path, options.overwrite ?? true);
  await writeOnnx(exported, path, opset);
  if (options.verbose === true) process.stdout.write(`Saved ${model.name} as ONNX at ${path}\n`);
}
