// Writes models as ONNX: their inference is traced, and the graph of primitives written node by node, so that whatever a model computes
// is written, layers of the user's own too.
import { writeFile } from 'node:fs/promises';
import { specOf } from '../../base/shape.js';
import { flatten, isPlainObject } from '../../base/tree.js';
import { version } from '../../config/version.js';
import type { Graph } from '../../core/graph.js';
import { Tensor } from '../../core/tensor.js';
import { trace } from '../../core/trace.js';
import { Variable } from '../../core/variable.js';
import { writeAtomically } from '../atomic.js';
import { Builder, Names } from './builder.js';
import { fuseBiases } from './fuse.js';
import { infoOf } from './rules/control.js';
import { encodeModel } from './schema.js';
import { changedSizes, startingSizes, unknownSizes, type InputSignature, type UnknownSize } from './signature.js';
import { DifferentGraphs, overlay, sameSize, type Size, type SymbolicGraph } from './symbolic-graph.js';
import { writeCalls } from './writer.js';

/** A function to write: what it takes, and what it computes of tensors. */
export interface ExportedFunction {
  readonly name: string;
  readonly inputs: readonly InputSignature[];
  readonly fn: (...inputs: Tensor[]) => unknown;
  /** Names of the outputs; null: those of an object's keys, or numbers. */
  readonly outputNames: readonly string[] | null;
}

/** Versions of ONNX's operators that files may ask for, and the version of the file format. */
export const OPSETS = { least: 18, most: 23, usual: 18 } as const;
const IR_VERSION = 8;
/** Protocol buffers have no larger messages. */
const LARGEST_FILE = 2 ** 31 - 1;

interface Traced {
  readonly graph: Graph;
  readonly names: readonly string[];
}
function traceWith({ inputs, fn, outputNames }: ExportedFunction, unknown: readonly UnknownSize[], sizes: readonly number[]): Traced {
  const shapes = inputs.map(({ shape }) => shape.map((d) => d ?? 0));
  unknown.forEach(({ places }, k) => places.forEach(([input, axis]) => (shapes[input]![axis] = sizes[k]!)));
  const tensorsOf = (returned: unknown): Tensor[] =>
    flatten(returned).leaves.map((leaf) => (leaf instanceof Variable ? leaf.value : leaf)).filter((leaf) => leaf instanceof Tensor);
  const specs = inputs.map(({ dtype }, i) => specOf(dtype, shapes[i]!));
  const { graph, returned } = trace(specs, fn, tensorsOf, { keepsSources: true });
  const keys = isPlainObject(returned) ? Object.keys(returned) : [];
  const own = outputNames?.length === graph.outputs.length ? outputNames : null;
  return { graph, names: graph.outputs.map((_, i) => own?.[i] ?? keys[i] ?? `output_${i}`) };
}

/** Traces with several sizes in the place of unknown ones. @throws the first error when none fit. */
function traces(exported: ExportedFunction, unknown: readonly UnknownSize[]): Traced[] {
  let failure: unknown;
  const attempt = (sizes: readonly number[]): Traced | null => {
    try {
      return traceWith(exported, unknown, sizes);
    } catch (error) {
      failure ??= error;
      return null;
    }
  };
  for (const sizes of startingSizes(unknown)) {
    const base = attempt(sizes);
    if (base === null) continue;
    const found = [base];
    unknown.forEach((_, k) => {
      const vary = (at: readonly number[]): number => {
        const more = [...changedSizes(unknown, sizes, at)].map(attempt).filter((one) => one !== null);
        found.push(...more);
        return more.length;
      };
      // A size that does not change alone may have to be that of other axes.
      if (vary([k]) === 0) vary(sizes.flatMap((size, i) => (size === sizes[k] ? [i] : [])));
    });
    if (found.length > 1 || unknown.length === 0) return found;
  }
  throw failure;
}

function overlaid(exported: ExportedFunction, found: readonly Traced[]): SymbolicGraph {
  try {
    return overlay(found.map(({ graph }) => graph));
  } catch (error) {
    if (!(error instanceof DifferentGraphs)) throw error;
    throw new Error(
      `export: "${exported.name}" computes something else for other sizes of its inputs; give an inputSignature with known sizes`,
      { cause: error },
    );
  }
}

/** The bytes of an ONNX file. @throws for what ONNX has no form of, naming the layer, and for more than 2 GB. */
export function onnxBytes(exported: ExportedFunction, opset: number = OPSETS.usual): Uint8Array {
  const unknown = unknownSizes(exported.inputs);
  const found = traces(exported, unknown);
  const graph = overlaid(exported, found);
  const names = new Names();
  const to = new Builder(names);
  const inputNames = exported.inputs.map(({ name }) => names.unique(name));
  const outputNames = found[0]!.names.map((name) => names.unique(name));
  graph.inputs.forEach((value, i) => to.set(value, inputNames[i]!));
  writeCalls(to, graph);
  graph.outputs.forEach((value, i) =>
    to.nodes.push({ name: names.unique(`output/${outputNames[i]!}`), opType: 'Identity', input: [to.name(value)], output: [outputNames[i]!] }));
  const sizeName = (size: Size): string =>
    unknown.find(({ places }) => places.some(([input, axis]) => sameSize(graph.inputs[input]!.shape[axis]!, size)))?.name ?? '';
  const { nodes, initializers } = fuseBiases(to.nodes, names.initializers, outputNames);
  const bytes = initializers.reduce((sum, { rawData }) => sum + (rawData?.length ?? 0), 0);
  if (bytes > LARGEST_FILE - 2 ** 24)
    throw new RangeError(`export: "${exported.name}" has ${(bytes / 1e9).toFixed(1)} GB of weights; ONNX files hold at most 2 GB`);
  return encodeModel({
    irVersion: IR_VERSION,
    producerName: 'keratin',
    producerVersion: version(),
    opsetImport: [{ domain: '', version: opset }],
    graph: {
      name: exported.name,
      node: nodes,
      initializer: initializers,
      input: graph.inputs.map((value, i) => infoOf(inputNames[i]!, value, (axis) => sizeName(value.shape[axis]!))),
      output: graph.outputs.map((value, i) => infoOf(outputNames[i]!, value, (axis) => sizeName(value.shape[axis]!))),
    },
  });
}

/** Writes an ONNX file; it is there whole or not at all. */
export async function writeOnnx(exported: ExportedFunction, target: string, opset: number): Promise<void> {
  const bytes = onnxBytes(exported, opset);
  await writeAtomically(target, (fresh) => writeFile(fresh, bytes));
}
