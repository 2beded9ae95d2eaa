// Keras's table of a model's layers.
import { printMessage } from '../config/logging.js';
import { dtypeBytes } from '../base/dtype.js';
import { checkOptions, show } from '../base/errors.js';
import { fixed, grouped } from '../base/format.js';
import type { SymbolicFunction } from '../symbolic/function.js';
import type { OperationCall } from '../symbolic/keras-tensor.js';
import type { Operation } from '../symbolic/operation.js';
import { isShape, type SymbolicShape } from '../base/shape.js';
import type { Variable } from '../core/variable.js';
import { flatten } from '../base/tree.js';
import { Layer } from '../layers/base/layer.js';
import type { Model } from './model.js';
import { type Column, renderTable } from './table.js';

/** Options of `summary`. */
export interface SummaryOptions {
  /** Width of the table in characters. Default: 88 (108 where layers branch), or the terminal's less 4; 12 more with `showTrainable`. */
  lineLength?: number | null;
  /**
   * Where each column ends, as fractions of the width. Default `[0.45, 0.8, 1]`, or `[0.3, 0.56, 0.74, 1]` with the column of connections.
   */
  positions?: readonly number[] | null;
  /** Takes the whole text. Default: standard output. */
  printFn?: ((text: string) => void) | null;
  /** Whether layers of layers that are models are listed too. Default false. */
  expandNested?: boolean;
  /** Whether there is a column that tells which layers are trained. Default false. */
  showTrainable?: boolean;
  /** Names of the first and the last layer to list, or regular expressions for them. */
  layerRange?: readonly string[] | null;
}
const OPTIONS = ['lineLength', 'positions', 'printFn', 'expandNested', 'showTrainable', 'layerRange'] as const;

/** Width of the terminal, as Python finds it. */
const terminalWidth = (): number => Number(process.env.COLUMNS) || process.stdout.columns || 80;

const formatShape = (shape: SymbolicShape): string => `(${shape.map((d) => d ?? 'None').join(', ')})`;

const formatShapes = (shapes: readonly SymbolicShape[]): string =>
  shapes.length === 1 ? formatShape(shapes[0]!) : `[${shapes.map(formatShape).join(', ')}]`;

/** Shape of an operation's output: of its last symbolic call, else for the input that it was built for. */
function outputShape(operation: Operation): string {
  const last = operation.inboundCalls.at(-1);
  if (last !== undefined) return formatShapes(last.outputs.map(({ shape }) => shape));
  if (!(operation instanceof Layer) || !operation.built) return '?';
  const { network } = operation as { network?: SymbolicFunction | null };
  if (network !== null && network !== undefined) return formatShapes(network.outputs.map(({ shape }) => shape));
  if (operation.buildShapes === null) return '?';
  try {
    return formatShapes(flatten<SymbolicShape>(operation.computeOutputShape(operation.buildShapes), isShape).leaves);
  } catch {
    return '?'; // it is called with more than its inputs
  }
}

/** What the table shows beside the layers' own. */
interface Table {
  readonly options: SummaryOptions;
  /** The graph whose connections are shown; null where layers follow one another. */
  readonly network: SymbolicFunction | null;
}

/** Where the inputs of an operation come from. */
function connections(operation: Operation, network: SymbolicFunction): string {
  const calls = operation.inboundCalls.filter((call) => network.has(call));
  const places = calls.flatMap(({ inputs }) =>
    inputs.map(({ history }) => `${history?.call.operation.name}[${history?.call.index}][${history?.index}]`),
  );
  return places.length === 0 ? '-' : places.join(', ');
}

/** True for layers without weights that Keras builds when it makes them. */
const isBuiltWhenMade = (layer: Layer): boolean => (layer.constructor as typeof Layer).builtWhenMade;

function fieldsOf(operation: Operation, prefix: string, { options, network }: Table): string[] {
  const layer = operation instanceof Layer ? operation : null;
  const params = layer === null ? '0' : layer.built ? grouped(layer.countParams()) : isBuiltWhenMade(layer) ? '0' : '0 (unbuilt)';
  const trained = layer === null || layer.weights.length === 0 ? '-' : layer.trainable ? 'Y' : 'N';
  return [
    `${prefix}${operation.name} (${operation.typeName})`, outputShape(operation), params,
    ...(network === null ? [] : [connections(operation, network)]), ...(options.showTrainable === true ? [trained] : []),
  ];
}

function rowsOf(operation: Operation, table: Table, level = 0): string[][] {
  const prefix = level === 0 ? '' : `${'   '.repeat(level)}└ `;
  const inner = table.options.expandNested === true && 'layers' in operation ? (operation.layers as Layer[]) : [];
  return [fieldsOf(operation, prefix, table), ...inner.flatMap((nested) => rowsOf(nested, table, level + 1))];
}

/** True where each operation takes the output of the one before, and none is called twice. */
function isChain(network: SymbolicFunction): boolean {
  for (const calls of network.graph.callsByDepth.values()) if (calls.length > 1 || calls[0]!.inputs.length > 1) return false;
  const called = (operation: Operation): OperationCall[] => operation.inboundCalls.filter((call) => network.has(call));
  return network.operations.every((operation) => !(operation instanceof Layer) || called(operation).length <= 1);
}

/** The layers from the first that matches the first pattern to the last that matches the second. */
function inRange(layers: readonly Operation[], range: SummaryOptions['layerRange']): readonly Operation[] {
  if (range === null || range === undefined) return layers;
  if (!Array.isArray(range) || range.length !== 2 || range.some((name) => typeof name !== 'string')) {
    throw new TypeError(`summary: layerRange must be an array of two names, received ${show(range)}`);
  }
  const [from, to] = range.map((pattern: string) => {
    const matcher = new RegExp(`^(?:${pattern})`);
    return layers.flatMap((layer, i) => (matcher.test(layer.name) ? [i] : []));
  }) as [number[], number[]];
  if (from.length === 0 || to.length === 0)
    throw new RangeError(`summary: layerRange ${show(range)} matches no layers; they are ${layers.map((layer) => layer.name).join(', ')}`);
  const [first, last] = [Math.min(...from), Math.max(...to)];
  return first > last ? layers.slice(Math.min(...to), Math.max(...from) + 1) : layers.slice(first, last + 1);
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;
function readableBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${fixed(value, 2)} ${UNITS[unit]}`;
}

/** Number of scalars in variables, and their memory. */
function totals(groups: readonly (readonly Variable[])[]): { count: number; bytes: number } {
  let [count, bytes] = [0, 0];
  for (const { size, dtype } of groups.flat()) {
    count += size;
    bytes += dtype === 'bool' ? size / 8 : size * dtypeBytes(dtype); // Keras counts a bool as one bit
  }
  return { count, bytes };
}

function totalLines(model: Model): string[] {
  const optimizer = model.compiled && model.optimizer.built ? [...model.optimizer.variables] : null;
  const line = (title: string, ...groups: (readonly Variable[])[]) => {
    const { count, bytes } = totals(groups);
    return ` ${title} params: ${grouped(count)} (${readableBytes(bytes)})`;
  };
  const { trainableWeights, nonTrainableWeights } = model;
  return [
    line('Total', trainableWeights, nonTrainableWeights, optimizer ?? []),
    line('Trainable', trainableWeights),
    line('Non-trainable', nonTrainableWeights),
    ...(optimizer === null ? [] : [line('Optimizer', optimizer)]),
  ];
}

function columnsOf(lineLength: number, positions: readonly number[], { options: { showTrainable = false }, network }: Table): Column[] {
  const headers: readonly (readonly [string, Column['align']])[] = [
    ['Layer (type)', 'left'], ['Output Shape', 'left'], ['Param #', 'right'],
    ...(network === null ? [] : [['Connected to', 'left'] as const]), ...(showTrainable ? [['Trainable', 'center'] as const] : []),
  ];
  if (positions.length < headers.length)
    throw new RangeError(`summary: positions must have ${headers.length - (showTrainable ? 1 : 0)} entries, received ${show(positions)}`);
  const ends = positions.map((position) => Math.trunc(position * lineLength));
  return headers.map(([header, align], i) => {
    const width = ends[i]! - (ends[i - 1] ?? 0);
    if (width < 4)
      throw new RangeError(
        `summary: lineLength ${lineLength} and positions ${show(positions)} leave ${width} characters for a column, which takes at least 4`,
      );
    return { header, align, width };
  });
}

/**
 * Prints Keras's table of a model: each layer with the shape of its output and its number of parameters, and their sums.
 *
 * @throws when the width does not suffice, or `layerRange` names no layers.
 */
export function printSummary(model: Model, options: SummaryOptions = {}): void {
  checkOptions('summary', options, OPTIONS);
  const { showTrainable = false, positions, printFn, lineLength } = options;
  const screen = terminalWidth();
  const operations = model.showsOperations ? model.operations : model.layers;
  const table: Table = { options, network: model.showsOperations && !isChain(model.network!) ? model.network : null };
  const width = lineLength ?? Math.min((table.network === null ? 88 : 108) + (showTrainable ? 12 : 0), screen - 4);
  const ends = positions ?? (table.network === null ? [0.45, 0.8, 1] : [0.3, 0.56, 0.74, 1]);
  const columns = columnsOf(width, showTrainable ? [...ends.map((end) => end * 0.9), 1] : ends, table);
  const rows = inRange(operations, options.layerRange).flatMap((operation) => rowsOf(operation, table));
  const lines = renderTable(columns, rows, width).map((line) => line.slice(0, screen));
  const text = `${[`Model: "${model.name}"`, ...lines, ...totalLines(model)].join('\n')}\n`;
  if (printFn === null || printFn === undefined) printMessage(text);
  else printFn(text);
}
