// The loss and the metrics that `compile` was given, matched with a model's outputs on the first batch.
import { show, didYouMean } from '../core/errors.js';
import type { Tensor } from '../core/tensor.js';
import { flatten, isPlainObject } from '../core/tree.js';
import type { Variable } from '../core/variable.js';
import * as losses from '../losses/index.js';
import * as metrics from '../metrics/index.js';
import * as ops from '../ops/index.js';

/** Names that pick the binary, sparse or categorical loss by the shapes of targets and outputs. */
export type LossShorthand = 'crossentropy' | 'ce';
/** Names that pick the binary, sparse or categorical metric by the shapes of targets and outputs. */
export type MetricShorthand = 'accuracy' | 'acc' | 'crossentropy' | 'ce';
type LossChoice = losses.LossLike | LossShorthand;
type MetricChoice = metrics.MetricLike | MetricShorthand;

/** A loss for each output: one for all, or an array or object that mirrors the outputs. */
export type LossSpec = LossChoice | readonly (LossChoice | null)[] | { readonly [output: string]: LossChoice | null };
/** Metrics: a list for the only output, or lists by output. */
export type MetricsSpec = readonly (MetricChoice | null | readonly MetricChoice[])[] | { readonly [output: string]: MetricChoice | readonly MetricChoice[] | null };
/** A weight for each loss. */
export type LossWeights = number | readonly number[] | { readonly [output: string]: number };

/** An output's values, targets and weights. */
interface OutputData {
  readonly yTrue: Tensor;
  readonly yPred: Tensor;
  readonly sampleWeight: Tensor | null;
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** Names of the outputs: the keys of an object, else those the model gives, else null. */
function namesOf(yPred: unknown, given: readonly string[] | null, count: number): (string | null)[] {
  if (isPlainObject(yPred) && Object.keys(yPred).length === count) return Object.keys(yPred);
  return given?.length === count ? [...given] : Array.from({ length: count }, () => null);
}

/** One entry of a spec for each output. */
function perOutput<T>(what: string, spec: unknown, names: readonly (string | null)[]): (T | null)[] {
  if (isPlainObject(spec)) {
    const known = names.filter((name) => name !== null);
    for (const key of Object.keys(spec)) {
      if (!known.includes(key)) throw new Error(`compile: ${what} names an output '${key}' that the model does not have${didYouMean(key, known)} (outputs: ${known.join(', ')})`);
    }
    return names.map((name) => (spec[name!] ?? null) as T | null);
  }
  if (isList(spec)) {
    if (spec.length !== names.length) throw new Error(`compile: ${what} has ${spec.length} entries, expected one for each of ${names.length} outputs`);
    return [...spec] as (T | null)[];
  }
  return names.map(() => (spec ?? null) as T | null);
}

/** Whether targets and outputs are those of binary or of sparse categorical classification: what `'accuracy'` picks by. */
function classification({ yTrue, yPred }: OutputData): 'binary' | 'sparse' | 'categorical' {
  if (yPred.shape.at(-1) === 1) return 'binary';
  return yTrue.ndim < yPred.ndim || (yTrue.shape.at(-1) === 1 && (yPred.shape.at(-1) ?? 0) > 1) ? 'sparse' : 'categorical';
}

const CROSSENTROPIES = { binary: 'binary_crossentropy', sparse: 'sparse_categorical_crossentropy', categorical: 'categorical_crossentropy' } as const;

function resolveLoss(identifier: LossChoice, data: OutputData): losses.Loss {
  const shorthand = identifier === 'crossentropy' || identifier === 'ce';
  const found = losses.get(shorthand ? CROSSENTROPIES[classification(data)] : identifier);
  if (found instanceof losses.Loss) return found;
  const name = typeof identifier === 'string' ? identifier : (found as { name?: string }).name;
  return new losses.LossFunctionWrapper(found as never, { name: name === '' ? 'loss' : (name ?? 'loss') });
}

function resolveMetric(identifier: MetricChoice, data: OutputData): metrics.Metric {
  const kind = classification(data);
  if (identifier === 'accuracy' || identifier === 'acc') {
    const Class = { binary: metrics.BinaryAccuracy, sparse: metrics.SparseCategoricalAccuracy, categorical: metrics.CategoricalAccuracy }[kind];
    return new Class({ name: identifier });
  }
  if (identifier === 'crossentropy' || identifier === 'ce') {
    const Class = { binary: metrics.BinaryCrossentropy, sparse: metrics.SparseCategoricalCrossentropy, categorical: metrics.CategoricalCrossentropy }[kind];
    return new Class({ name: identifier });
  }
  const found = metrics.get(identifier);
  if (found instanceof metrics.Metric) {
    if (typeof identifier === 'string') found.name = identifier;
    return found;
  }
  const name = typeof identifier === 'string' ? identifier : ((found as { name?: string }).name ?? 'metric');
  return new metrics.MeanMetricWrapper(found as never, { name });
}

/** Tensors of every output, in order; the targets and weights may be one for all or mirror the outputs. */
function pair(y: unknown, yPred: unknown, sampleWeight: unknown, names: readonly (string | null)[], used: readonly boolean[]): (OutputData | null)[] {
  const outputs = flatten<Tensor>(yPred).leaves;
  const list = (value: unknown, what: string): (Tensor | null)[] => {
    if (value === null || value === undefined) return outputs.map(() => null);
    if (isPlainObject(value) && names.every((name) => name !== null)) return names.map((name) => (value[name] as Tensor | undefined) ?? null);
    const leaves = flatten<Tensor>(value).leaves;
    if (leaves.length === outputs.length) return leaves;
    const wanted = used.filter(Boolean).length;
    if (leaves.length === wanted) {
      let next = 0;
      return used.map((flag) => (flag ? leaves[next++]! : null));
    }
    if (leaves.length === 1 && what === 'sampleWeight') return outputs.map(() => leaves[0]!);
    throw new Error(`the model has ${outputs.length} outputs, but ${what} has ${leaves.length} arrays`);
  };
  const targets = list(y, 'y');
  const weights = list(sampleWeight, 'sampleWeight');
  return outputs.map((output, i) => (targets[i] === null ? null : { yTrue: targets[i]!, yPred: output, sampleWeight: weights[i]! }));
}

/** The losses of `compile`, added up. With several of them each has a `Mean` metric of its own. */
export class CompileLoss {
  private resolved: { readonly loss: losses.Loss; readonly output: number; readonly weight: number | null; readonly tracker: metrics.Mean | null }[] | null = null;
  private names: (string | null)[] = [];
  private used: boolean[] = [];

  constructor(private readonly spec: LossSpec, private readonly weights: LossWeights | null, private readonly outputNames: readonly string[] | null) {}

  /** Means of the single losses, when there is more than one. */
  get metrics(): metrics.Metric[] {
    return (this.resolved ?? []).flatMap(({ tracker }) => (tracker === null ? [] : [tracker]));
  }

  private build(y: unknown, yPred: unknown): void {
    const outputs = flatten<Tensor>(yPred).leaves;
    this.names = namesOf(yPred, this.outputNames, outputs.length);
    const single = outputs.length === 1 && isList(this.spec) && this.spec.length > 1;
    const specs = single ? [this.spec as never] : perOutput<LossChoice>('loss', this.spec, this.names);
    this.used = specs.map((spec) => spec !== null);
    const weights = perOutput<number>('lossWeights', this.weights, this.names);
    const data = pair(y, yPred, null, this.names, this.used);
    const pairs = specs.flatMap((spec, i) => (spec === null || data[i] === null ? [] : (single ? (this.spec as readonly LossChoice[]) : [spec]).map((one) => ({ spec: one, i }))));
    this.resolved = pairs.map(({ spec, i }) => {
      const loss = resolveLoss(spec, data[i]!);
      const tracker = pairs.length > 1 ? new metrics.Mean({ name: `${this.names[i] ?? loss.name}_loss` }) : null;
      return { loss, output: i, weight: weights[i] ?? null, tracker };
    });
  }

  /** The weighted sum of the losses. */
  compute(y: unknown, yPred: unknown, sampleWeight: unknown): Tensor | null {
    if (this.resolved === null) this.build(y, yPred);
    const data = pair(y, yPred, sampleWeight, this.names, this.used);
    let total: Tensor | null = null;
    for (const { loss, output, weight, tracker } of this.resolved!) {
      const { yTrue, yPred: predicted, sampleWeight: weights } = data[output]!;
      const value = loss(yTrue, predicted, { sampleWeight: weights });
      tracker?.updateState(value, { sampleWeight: ops.shape(predicted)[0]! });
      const weighted = weight === null ? value : ops.multiply(value, weight);
      total = total === null ? weighted : ops.add(total, weighted);
    }
    return total;
  }
}

interface OutputMetrics {
  readonly metrics: metrics.Metric[];
  readonly output: number;
  readonly weighted: boolean;
}

/** The metrics of `compile`. */
export class CompileMetrics {
  private groups: OutputMetrics[] | null = null;
  private names: (string | null)[] = [];

  constructor(private readonly spec: MetricsSpec | null, private readonly weightedSpec: MetricsSpec | null, private readonly outputNames: readonly string[] | null) {
    for (const [name, value] of [['metrics', spec], ['weightedMetrics', weightedSpec]] as const) {
      if (value !== null && !isList(value) && !isPlainObject(value)) throw new TypeError(`compile: ${name} must be an array or an object, received ${show(value)}`);
    }
  }

  /** All metrics, in Keras's order. Empty before the first batch. */
  get metrics(): metrics.Metric[] {
    return (this.groups ?? []).flatMap((group) => group.metrics);
  }

  /** Their variables. */
  get variables(): Variable[] {
    return this.metrics.flatMap((metric) => metric.variables);
  }

  private build(y: unknown, yPred: unknown): void {
    const count = flatten(yPred).leaves.length;
    this.names = namesOf(yPred, this.outputNames, count);
    const data = pair(y, yPred, null, this.names, this.names.map(() => true));
    const resolveSet = (spec: MetricsSpec | null, weighted: boolean): OutputMetrics[] => {
      if (spec === null || (isList(spec) && spec.length === 0)) return [];
      const lists: (unknown)[] = count === 1 ? [flatten(spec, (v) => v instanceof metrics.Metric).leaves] : perOutput<unknown>(weighted ? 'weightedMetrics' : 'metrics', spec, this.names);
      return lists.flatMap((list, output) => {
        const items = (isList(list) ? list : [list]).filter((item) => item !== null) as MetricChoice[];
        return items.length === 0 || data[output] === null ? [] : [{ metrics: items.map((item) => resolveMetric(item, data[output]!)), output, weighted }];
      });
    };
    this.groups = [...resolveSet(this.spec, false), ...resolveSet(this.weightedSpec, true)];
  }

  /** Takes a batch into account. */
  updateState(y: unknown, yPred: unknown, sampleWeight: unknown): void {
    if (this.groups === null) this.build(y, yPred);
    const data = pair(y, yPred, sampleWeight, this.names, this.names.map(() => true));
    for (const { metrics: list, output, weighted } of this.groups!) {
      const { yTrue, yPred: predicted, sampleWeight: weights } = data[output]!;
      for (const metric of list) metric.updateState(yTrue, predicted, { sampleWeight: weighted ? weights : null });
    }
  }

  /** Results by log key: the metric's name, after the output's where there are several; repeated names get a number or `weighted_`. */
  result(): Record<string, unknown> {
    const results: Record<string, unknown> = {};
    const seen = new Map<string, number>();
    for (const { metrics: list, output, weighted } of this.groups ?? []) {
      const prefix = this.names.length > 1 && this.names[output] ? `${this.names[output]}_` : '';
      for (const metric of list) {
        let key = `${prefix}${metric.name}`;
        if (weighted && seen.has(key)) key = `${prefix}weighted_${metric.name}`;
        const count = seen.get(key) ?? 0;
        seen.set(key, count + 1);
        results[count === 0 ? key : `${key}_${count}`] = metric.result();
      }
    }
    return results;
  }
}
