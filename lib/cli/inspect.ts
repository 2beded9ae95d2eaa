// `keratin inspect FILE`.
import { stat } from 'node:fs/promises';
import { grouped } from '../base/format.js';
import { showShape, sizeOf } from '../base/shape.js';
import { isPlainObject } from '../base/tree.js';
import { Layer } from '../layers/base/layer.js';
import type { Model } from '../models/model.js';
import { inspectFile, type FileReport } from '../saving/inspect.js';
import type { StoredWeight } from '../saving/formats.js';
import type { SymbolicFunction } from '../symbolic/function.js';
import type { Operation } from '../symbolic/operation.js';
import type { Given } from './main.js';
import { importModules, loadOptions, table } from './reading.js';

const count = (weights: readonly StoredWeight[], role: StoredWeight['role']): number =>
  weights.filter((weight) => weight.role === role).reduce((total, { shape }) => total + sizeOf(shape), 0);

/** How many numbers there are of each type. */
function dtypesOf(weights: readonly StoredWeight[]): string {
  const totals = new Map<string, number>();
  for (const { dtype, shape, role } of weights) if (role === 'weight') totals.set(dtype, (totals.get(dtype) ?? 0) + sizeOf(shape));
  return [...totals].map(([dtype, total]) => (totals.size === 1 ? dtype : `${grouped(total)} ${dtype}`)).join(', ');
}

const shapeText = (shape: readonly (number | null)[]): string => `(${shape.map((size) => size ?? 'None').join(', ')})`;
const outputOf = (operation: Operation | undefined): string =>
  (operation?.inboundCalls.at(-1)?.outputs ?? []).map(({ shape }) => shapeText(shape)).join(', ');

/** Layers and operations of a model, those of models in it behind each, as the config lists them. */
function flat(model: Model): Operation[] {
  const { network } = model as { network?: SymbolicFunction | null };
  return (network?.operations ?? model.layers).flatMap((one) => [one, ...('layers' in one ? flat(one as unknown as Model) : [])]);
}

/** A layer as it is shown. */
export interface LayerRow {
  readonly name: string;
  readonly class: string;
  readonly output: string;
  readonly parameters: number | null;
  readonly dtype: string | null;
}
function layerRows({ layers, built }: FileReport): LayerRow[] {
  const known = new Map((built === null ? [] : flat(built)).map((layer) => [layer.name, layer]));
  return layers.map(({ name, className, dtype, depth, inputShape }) => {
    const one = known.get(name);
    const weights = one === undefined ? null : one instanceof Layer ? one.weights : [];
    const output = outputOf(one) || (className === 'InputLayer' && inputShape !== null ? shapeText(inputShape) : '?');
    const parameters = weights?.reduce((total, { size }) => total + size, 0) ?? (className === 'InputLayer' ? 0 : null);
    return { name: '  '.repeat(depth) + name, class: className, output, parameters, dtype };
  });
}

/** A short form of what `compile` was given. */
function shortForm(value: unknown): string {
  if (Array.isArray(value)) return value.map(shortForm).join(', ');
  if (!isPlainObject(value)) return String(value);
  if (typeof value.class_name === 'string') return typeof value.config === 'string' ? value.config : value.class_name;
  return Object.entries(value).map(([key, item]) => `${key}: ${shortForm(item)}`).join(', ');
}

function training(report: FileReport): string[] {
  const state = count(report.weights, 'optimizer');
  const stateText = state > 0 ? [`Optimizer state: ${grouped(state)} numbers`] : [];
  if (!isPlainObject(report.training) || Object.keys(report.training).length === 0) return stateText;
  const { optimizer, loss = null, metrics = null } = report.training;
  const rate = isPlainObject(optimizer) && isPlainObject(optimizer.config) ? optimizer.config.learning_rate : undefined;
  return [
    `Optimizer: ${shortForm(optimizer)}${rate === undefined ? '' : `, learning rate ${shortForm(rate)}`}`,
    ...stateText,
    `Loss: ${shortForm(loss)}${metrics === null ? '' : `; metrics: ${shortForm(metrics)}`}`,
  ];
}

function textOf(file: string, size: number, report: FileReport, withWeights: boolean): string[] {
  const { title, weights, problems } = report;
  const rows = layerRows(report);
  const header = ['layer', 'class', 'output', 'parameters', 'dtype'];
  const total = count(weights, 'weight');
  return [
    `${file}: ${report.format}, ${grouped(size)} bytes`,
    ...Object.entries(report.about).map(([name, value]) => `${name}: ${value}`),
    title === null ? 'Weights alone, no architecture' : `Model: ${title.className} "${title.name}", ${rows.length} layers`,
    `Parameters: ${grouped(total)}${total > 0 ? ` (${dtypesOf(weights)})` : ''}, in ${weights.filter(({ role }) => role === 'weight').length} weights`,
    ...training(report),
    ...(rows.length === 0 ? [] : ['', ...table([header, ...rows.map((row) =>
      [row.name, row.class, row.output, row.parameters === null ? '?' : grouped(row.parameters), row.dtype ?? ''])])]),
    ...(title === null || withWeights ? ['', ...table(weights.map(({ name, shape, dtype, role }) =>
      [name, showShape(shape), dtype, role === 'weight' ? '' : role]))] : []),
    ...(title === null ? [] : ['', problems.length === 0 ? 'All of it is supported.' : 'Not supported:']),
    ...problems.map((problem) => `  ${problem}`),
  ];
}

/** Prints what a file has. */
export async function run([file]: readonly string[], given: Given): Promise<number> {
  await importModules(given);
  const report = await inspectFile(file!, loadOptions(given));
  const { size } = await stat(file!);
  if (given.json === true) {
    const { built: _built, model: _model, layers: _layers, ...rest } = report;
    console.log(JSON.stringify({ file, size, ...rest, parameters: count(report.weights, 'weight'), layers: layerRows(report) }, null, 2));
  } else console.log(textOf(file!, size, report, given.weights === true).join('\n'));
  return 0;
}
