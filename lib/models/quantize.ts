// Quantizing the layers of a model, and the table of those that are.
import type { QuantizationMode } from '../config/dtype-policy.js';
import { printMessage } from '../config/logging.js';
import { dtypeBytes } from '../base/dtype.js';
import { checkOptions, show } from '../base/errors.js';
import { fixed } from '../base/format.js';
import { InputLayer } from '../layers/core/input-layer.js';
import type { Layer } from '../layers/base/layer.js';
import {
  checkFloat16,
  NotQuantizableError,
  type QuantizeOptions,
  readQuantizeOptions,
  resolveConfig,
  withMode,
} from '../layers/quantization/modes.js';
import { QuantizationReport } from '../quantizers/report.js';
import { GraphModel } from './graph-model.js';

/** Which layers are meant: those whose name fits a regular expression, or one of several, or those that a function says. */
export type LayerFilter = string | RegExp | readonly (string | RegExp)[] | ((layer: Layer) => boolean);

/** Options of `Model.quantize`. */
export interface QuantizeModelOptions extends QuantizeOptions {
  /** The layers to quantize. Default null: all that can be. */
  filters?: LayerFilter | null;
  /** Whether the report is printed. Default true. */
  verbose?: boolean | number;
}

/** The layers in a model, in the order in which Keras walks through them. */
function* layersWithin(model: Layer): Iterable<Layer> {
  const seen = new Set<Layer>();
  const waiting = [...model.sublayers];
  for (let layer = waiting.shift(); layer !== undefined; layer = waiting.shift()) {
    if (seen.has(layer)) continue;
    seen.add(layer);
    yield layer;
    waiting.unshift(...layer.sublayers.reverse());
  }
}

/** Whether the filters mean a layer. @throws for what is no filter. */
function isMeant(layer: Layer, filters: LayerFilter | null): boolean {
  if (filters === null) return true;
  if (typeof filters === 'function') return filters(layer);
  return [filters].flat().some((filter) => new RegExp(filter).test(layer.name));
}
function checkFilters(where: string, filters: unknown): void {
  const isPattern = (value: unknown): boolean => typeof value === 'string' || value instanceof RegExp;
  if (filters === null || typeof filters === 'function' || isPattern(filters) || (Array.isArray(filters) && filters.every(isPattern)))
    return;
  throw new TypeError(
    `${where}: filters must be a regular expression, an array of them, or a function of a layer, received ${show(filters)}`,
  );
}

/** Quantizes one layer, and notes the outcome. */
function quantizeLayer(layer: Layer, report: QuantizationReport, filters: LayerFilter | null, options: QuantizeOptions): void {
  const path = layer.path ?? layer.name;
  if (!isMeant(layer, filters)) return report.addSkipped(path, QuantizationReport.SKIP_FILTERED);
  if (layer.isQuantized) return report.addSkipped(path, QuantizationReport.SKIP_ALREADY_QUANTIZED);
  try {
    layer.quantize(options);
    report.addQuantized(path, layer.quantizationMode!, layer.dtypePolicy.name);
  } catch (error) {
    if (!(error instanceof NotQuantizableError)) throw error;
    report.addSkipped(path, QuantizationReport.SKIP_NO_SUPPORT);
  }
}

/** Does what `Model.quantize` says. */
export function quantizeModel(
  model: Layer,
  mode: QuantizationMode | QuantizeModelOptions | null,
  given: QuantizeModelOptions,
): QuantizationReport {
  const where = `${model.name}: quantize`;
  const all = withMode(where, mode, given);
  checkOptions(where, all, ['mode', 'typeCheck', 'config', 'filters', 'verbose']);
  const { filters = null, verbose = true, ...rest } = all;
  checkFilters(where, filters);
  const options = readQuantizeOptions(where, rest, {});
  const wanted = resolveConfig(where, options.mode, options.config);
  if (!model.built) throw new Error(`${where}: the model is not built yet; call it on data, or call build(inputShape) first`);
  checkFloat16(where, wanted.mode, model.computeDtype);
  const report = new QuantizationReport({ mode: wanted.mode });
  for (const layer of layersWithin(model)) {
    if (layer instanceof GraphModel || layer instanceof InputLayer) continue;
    quantizeLayer(layer, report, filters, { mode: wanted.mode, config: wanted.config, typeCheck: options.typeCheck });
  }
  const warning = report.summaryWarning();
  if (warning !== null) process.emitWarning(warning);
  if (verbose !== false && verbose !== 0) printMessage(`${report.render()}\n`);
  return report;
}

/** Modes that keep two weights in a byte. */
const HALF_BYTES = ['int4', 'gptq', 'awq'];

/** Does what `Model.quantizationSummary` says. */
export function quantizationSummary(model: Layer, options: { verbose?: boolean | number }): string {
  checkOptions(`${model.name}: quantizationSummary`, options, ['verbose']);
  const { verbose = true } = options;
  const rows = [...layersWithin(model)]
    .filter((layer) => layer.sublayers.length === 0 && layer.quantizationMode !== null && layer.weights.length > 0)
    .map((layer) => {
      const largest = layer.weights.reduce((most, weight) => (weight.size > most.size ? weight : most));
      const parameters = largest.size * (HALF_BYTES.includes(layer.quantizationMode!) ? 2 : 1);
      return {
        path: layer.path ?? layer.name,
        policy: layer.dtypePolicy.name,
        dtype: largest.dtype,
        bytes: largest.size * dtypeBytes(largest.dtype),
        parameters,
      };
    });
  const total = (of: (row: (typeof rows)[number]) => number): number => rows.reduce((sum, row) => sum + of(row), 0);
  const [bytes, parameters] = [total((row) => row.bytes), total((row) => row.parameters)];
  const text = [
    `Quantization summary for '${model.name}'`,
    '='.repeat(65),
    ...(rows.length === 0
      ? ['No quantized layers found.']
      : [
          ...rows.flatMap((row) => [
            `Layer: ${row.path}`,
            `  dtype policy : ${row.policy}`,
            `  weight store : ${row.dtype} (${row.bytes} bytes)`,
          ]),
          '-'.repeat(65),
          `Quantized layers : ${rows.length}`,
          `Quantized params : ${parameters}`,
          `Weight storage   : ${bytes} bytes quantized vs ${parameters * 4} bytes float32 ` +
            `(${fixed(bytes === 0 ? 0 : (parameters * 4) / bytes, 2)}x smaller)`,
        ]),
  ].join('\n');
  if (verbose !== false && verbose !== 0) printMessage(`${text}\n`);
  return text;
}
