// Keras's table of a model's layers.
import { dtypeBytes } from '../core/dtype.js';
import { checkOptions, show } from '../core/errors.js';
import { fixed, grouped } from '../core/format.js';
import type { SymbolicShape } from '../core/shape.js';
import type { Variable } from '../core/variable.js';
import type { Layer } from '../layers/layer.js';
import type { Model } from './model.js';
import { type Column, renderTable } from './table.js';

/** Options of `summary`. */
export interface SummaryOptions {
  /** Width of the table in characters. Default: 88, or the terminal's less 4; 12 more with `showTrainable`. */
  lineLength?: number | null;
  /** Where each column ends, as fractions of the width. Default `[0.45, 0.8, 1]`. */
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

/** Shape of a layer's output, for the input that it was built for. */
function outputShape(layer: Layer): string {
  if (!layer.built || layer.buildShapes === null) return '?';
  if ('outputShape' in layer) return formatShape(layer.outputShape as SymbolicShape);
  try {
    return formatShape(layer.computeOutputShape(layer.buildShapes as SymbolicShape));
  } catch {
    return '?'; // it takes more than one input, or gives several outputs
  }
}

function fieldsOf(layer: Layer, prefix: string, showTrainable: boolean): string[] {
  const params = layer.built ? grouped(layer.countParams()) : '0 (unbuilt)';
  const trained = layer.weights.length === 0 ? '-' : layer.trainable ? 'Y' : 'N';
  return [`${prefix}${layer.name} (${layer.constructor.name})`, outputShape(layer), params, ...(showTrainable ? [trained] : [])];
}

function rowsOf(layer: Layer, options: SummaryOptions, level = 0): string[][] {
  const prefix = level === 0 ? '' : `${'   '.repeat(level)}└ `;
  const inner = options.expandNested === true && 'layers' in layer ? (layer.layers as Layer[]) : [];
  return [fieldsOf(layer, prefix, options.showTrainable === true), ...inner.flatMap((nested) => rowsOf(nested, options, level + 1))];
}

/** The layers from the first that matches the first pattern to the last that matches the second. */
function inRange(layers: readonly Layer[], range: SummaryOptions['layerRange']): readonly Layer[] {
  if (range === null || range === undefined) return layers;
  if (!Array.isArray(range) || range.length !== 2 || range.some((name) => typeof name !== 'string')) {
    throw new TypeError(`summary: layerRange must be an array of two names, received ${show(range)}`);
  }
  const [from, to] = range.map((pattern: string) => {
    const matcher = new RegExp(`^(?:${pattern})`);
    return layers.flatMap((layer, i) => (matcher.test(layer.name) ? [i] : []));
  }) as [number[], number[]];
  if (from.length === 0 || to.length === 0) throw new RangeError(`summary: layerRange ${show(range)} matches no layers; they are ${layers.map((layer) => layer.name).join(', ')}`);
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

function columnsOf(lineLength: number, positions: readonly number[], showTrainable: boolean): Column[] {
  const headers = [['Layer (type)', 'left'], ['Output Shape', 'left'], ['Param #', 'right'], ...(showTrainable ? [['Trainable', 'center']] : [])] as [string, Column['align']][];
  if (positions.length < headers.length) throw new RangeError(`summary: positions must have ${headers.length - (showTrainable ? 1 : 0)} entries, received ${show(positions)}`);
  const ends = positions.map((position) => Math.trunc(position * lineLength));
  return headers.map(([header, align], i) => {
    const width = ends[i]! - (ends[i - 1] ?? 0);
    if (width < 4) throw new RangeError(`summary: lineLength ${lineLength} and positions ${show(positions)} leave ${width} characters for a column, which takes at least 4`);
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
  const width = lineLength ?? Math.min(88 + (showTrainable ? 12 : 0), screen - 4);
  const ends = positions ?? [0.45, 0.8, 1];
  const columns = columnsOf(width, showTrainable ? [...ends.map((end) => end * 0.9), 1] : ends, showTrainable);
  const rows = inRange(model.layers, options.layerRange).flatMap((layer) => rowsOf(layer, options));
  const table = renderTable(columns, rows, width).map((line) => line.slice(0, screen));
  const text = `${[`Model: "${model.name}"`, ...table, ...totalLines(model)].join('\n')}\n`;
  if (printFn === null || printFn === undefined) process.stdout.write(text);
  else printFn(text);
}
