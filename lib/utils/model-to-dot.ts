// modelToDot: a model's graph in Graphviz's language.
import { type Activation, serialize } from '../activations/lookup.js';
import { checkChoice, checkOptions, show } from '../base/errors.js';
import { type SymbolicShape } from '../base/shape.js';
import { flatten } from '../base/tree.js';
import { Layer } from '../layers/base/layer.js';
import type { Model } from '../models/model.js';
import type { SymbolicFunction } from '../symbolic/function.js';
import { KerasTensor, type OperationCall } from '../symbolic/keras-tensor.js';
import type { Operation } from '../symbolic/operation.js';

/** Options of `modelToDot` that `plotModel` has too. */
export interface GraphOptions {
  /** Whether boxes have the shapes of inputs and outputs. Default false. */
  showShapes?: boolean;
  /** Whether boxes have the dtypes of outputs. Default false. */
  showDtype?: boolean;
  /** Whether boxes have the layers' names. Default true in `modelToDot`, false in `plotModel`. */
  showLayerNames?: boolean;
  /** Where the graph runs: `'TB'` (default) down, `'LR'` to the right, `'BT'`, `'RL'`. */
  rankdir?: 'TB' | 'LR' | 'BT' | 'RL';
  /** Whether the layers of models in the model are drawn, in a frame. Default false. */
  expandNested?: boolean;
  /** Pixels in an inch. Default 200. */
  dpi?: number;
  /** Whether boxes have the activations of layers that have one. Default false. */
  showLayerActivations?: boolean;
  /** Whether boxes tell if layers with weights are trained. Default false. */
  showTrainable?: boolean;
  /** How edges are drawn. Default `'ortho'`: with right angles. */
  splines?: 'ortho' | 'curved' | 'polyline' | 'spline' | 'line';
}
/** Options of `modelToDot`. */
export interface ModelToDotOptions extends GraphOptions {
  /** Whether the text is that of a frame within a graph. Default false. */
  subgraph?: boolean;
}
/** @internal */
export const GRAPH_OPTIONS = [
  'showShapes', 'showDtype', 'showLayerNames', 'rankdir', 'expandNested', 'dpi', 'showLayerActivations', 'showTrainable', 'splines',
] as const;

/** What a model is made of: its graph, and whether its layers follow one another. */
type Graph = Model & { readonly network: SymbolicFunction };
const isGraph = (operation: unknown): operation is Graph =>
  operation instanceof Layer && ((operation as { network?: unknown }).network ?? null) !== null;
const isSequential = (model: Graph): boolean => !model.showsOperations;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const pythonShape = (shape: SymbolicShape): string =>
  `(${shape.map((size) => size ?? 'None').join(', ')}${shape.length === 1 ? ',' : ''})`;

/** What is said of a symbol, which stands alone or in a structure. */
type SymbolText = (symbol: KerasTensor, alone: boolean) => string;
/** A structure as Python prints it. */
function printed(structure: unknown, leaf: SymbolText, outermost = true): string {
  if (structure instanceof KerasTensor) return leaf(structure, outermost);
  if (Array.isArray(structure)) return `[${structure.map((item) => printed(item, leaf, false)).join(', ')}]`;
  const entries = Object.entries(structure as object).map(([key, value]) => `${outermost ? key : `'${key}'`}: ${printed(value, leaf, false)}`);
  return entries.join(', ');
}
/** The symbols of one side of an operation, printed; `?` where there are none. */
function symbolsOf(operation: Operation, side: 'input' | 'output', leaf: SymbolText): string {
  try {
    const symbols = operation.firstSymbols(side);
    return flatten(symbols).leaves.every((symbol) => symbol instanceof KerasTensor) ? printed(symbols, leaf) : '?';
  } catch {
    return '?'; // it was never called on symbols
  }
}

function activationOf(operation: Operation): string | null {
  const { activation } = operation as { activation?: unknown };
  if (activation === undefined || activation === null) return null;
  if (activation instanceof Layer) return activation.name;
  const name = serialize(activation as Activation);
  return typeof name === 'string' ? name : (activation as { name: string }).name;
}

const cell = (text: string): string => `<td bgcolor="white"><font point-size="14">${text}</font></td>`;
const verdict = (color: string, text: string): string =>
  `<td bgcolor="${color}"><font point-size="14" color="white"><b>${text}</b></font></td>`;

/** The box of an operation: a table in Graphviz's HTML. */
function labelOf(operation: Operation, options: ModelToDotOptions): string {
  const { showShapes, showDtype, showLayerNames = true, showTrainable } = options;
  const span = Math.max(1, Number(showDtype === true) + Number(showTrainable === true) + (showShapes === true ? 2 : 0));
  const type = escaped(operation.typeName);
  const title = showLayerNames ? `<b>${escaped(operation.name)}</b> (${type})` : `<b>${type}</b>`;
  const head = `<tr><td colspan="${span}" bgcolor="black"><font point-size="16" color="white">${title}</font></td></tr>`;
  const activation = options.showLayerActivations === true ? activationOf(operation) : null;
  const second = activation === null
    ? '' : `<tr><td bgcolor="white" colspan="${span}"><font point-size="14">Activation: <b>${escaped(activation)}</b></font></td></tr>`;
  const cells: string[] = [];
  if (showShapes === true) {
    const shape = (side: 'input' | 'output'): string => escaped(symbolsOf(operation, side, (symbol) => pythonShape(symbol.shape)));
    if (operation.typeName !== 'InputLayer') cells.push(cell(`Input shape: <b>${shape('input')}</b>`));
    cells.push(cell(`Output shape: <b>${shape('output')}</b>`));
  }
  if (showDtype === true) {
    const dtype = symbolsOf(operation, 'output', (symbol, alone) => (alone ? symbol.dtype : `'${symbol.dtype}'`));
    cells.push(cell(`Output dtype: <b>${dtype}</b>`));
  }
  if (showTrainable === true && operation instanceof Layer && operation.weights.length > 0)
    cells.push(operation.trainable ? verdict('forestgreen', 'Trainable') : verdict('firebrick', 'Non-trainable'));
  const last = cells.length === 0 ? '' : `<tr>${cells.join('')}</tr>`;
  return `<<table border="0" cellborder="1" bgcolor="black" cellpadding="10">${head}${second}${last}</table>>`;
}

/** A name in Graphviz's language, in quotes where it needs some. */
const quoted = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));

/** Writes boxes, frames and edges. */
class DotWriter {
  private readonly ids = new Map<Operation, string>();
  constructor(private readonly options: ModelToDotOptions) {}

  private idOf(operation: Operation): string {
    const id = this.ids.get(operation) ?? `n${this.ids.size}`;
    this.ids.set(operation, id);
    return id;
  }
  private box(operation: Operation): string {
    return `${this.idOf(operation)} [label=${labelOf(operation, this.options)}, fontname=Helvetica, border=0, margin=0];`;
  }

  /** The lines of a model: of its boxes and frames, then of its edges. */
  lines(model: Model): string[] {
    if (!isGraph(model)) return [this.box(model)];
    const expands = this.options.expandNested === true;
    const operations: readonly Operation[] = isSequential(model) ? model.layers : model.network.operations;
    const boxes = operations.flatMap((operation) => (expands && isGraph(operation) ? this.frame(operation) : [this.box(operation)]));
    const edges = new Set(isSequential(model) && !expands
      ? model.layers.slice(1).map((layer, i) => this.edge(model.layers[i]!, layer))
      : this.edgesOf(model, isSequential(model) ? model.layers.slice(1) : operations));
    return [...boxes, ...edges];
  }
  /** A model within the model. */
  frame(model: Model): string[] {
    const { name } = model;
    return [
      `subgraph ${quoted(`cluster_${name}`)} {`, 'style=dashed;', `label=${quoted(name)};`, 'labeljust=l;', ...this.lines(model), '}',
    ];
  }

  private edge(from: Operation, to: Operation): string {
    return `${this.idOf(from)} -> ${this.idOf(to)} [penwidth=2];`;
  }
  private edgesOf({ network }: Graph, operations: readonly Operation[]): string[] {
    const calls = operations.flatMap((operation) => operation.inboundCalls.filter((call) => network.has(call)));
    return calls.flatMap((call) => call.inputs.flatMap((symbol, i) => this.edgeOf(symbol, i, call)));
  }
  private edgeOf({ history }: KerasTensor, at: number, { operation: to }: OperationCall): string[] {
    if (history === null) return [];
    if (this.options.expandNested !== true) return [this.edge(history.call.operation, to)];
    return [this.edge(lastIn(history.call.operation, history.index), firstIn(to, at))];
  }
}
/** The operation within nested models that gives one of their outputs. */
function lastIn(operation: Operation, output: number): Operation {
  if (!isGraph(operation)) return operation;
  const { call, index } = operation.network.outputs[output]!.history!;
  return lastIn(call.operation, index);
}
/** The operation within nested models that takes one of their inputs. */
function firstIn(operation: Operation, input: number): Operation {
  if (!isGraph(operation)) return operation;
  if (isSequential(operation)) return firstIn(operation.layers[0]!, input);
  return operation.network.inputs[input]!.history!.call.operation;
}

/** @internal The text, for the function named `where`. */
export function dotOf(where: string, model: Model, options: ModelToDotOptions): string {
  const { rankdir = 'TB', dpi = 200, splines = 'ortho', subgraph = false } = options;
  if (!(model instanceof Layer) || !('compile' in model)) throw new TypeError(`${where}: expected a model, received ${show(model)}`);
  checkChoice(where, 'rankdir', rankdir, ['TB', 'LR', 'BT', 'RL']);
  checkChoice(where, 'splines', splines, ['ortho', 'curved', 'polyline', 'spline', 'line']);
  if (typeof dpi !== 'number' || !(dpi > 0 && dpi < Infinity)) throw new TypeError(`${where}: dpi must be a number > 0, received ${show(dpi)}`);
  if (!model.built) throw new Error(`${where}: the model "${model.name}" is not built; call it on a batch of data, or give it an Input`);
  const writer = new DotWriter(options);
  if (subgraph) return `${writer.frame(model).join('\n')}\n`;
  const settings = [`rankdir=${rankdir};`, 'concentrate=true;', `dpi=${dpi};`, `splines=${splines};`, 'node [shape=record];'];
  return `${['digraph G {', ...settings, ...writer.lines(model), '}'].join('\n')}\n`;
}

/**
 * A model's graph as text in Graphviz's DOT language, with the boxes, labels and edges of Keras's. A subclassed model is one box.
 *
 * ```ts
 * keras.utils.modelToDot(model, { showShapes: true }); // 'digraph G {…'
 * ```
 * @throws when the model is not built, and for options that do not exist or are out of range.
 */
export function modelToDot(model: Model, options: ModelToDotOptions = {}): string {
  checkOptions('modelToDot', options, [...GRAPH_OPTIONS, 'subgraph']);
  return dotOf('modelToDot', model, options);
}
