// The loss and the metrics that `compile` was given, matched with a model's outputs on the first batch.
import { explain, show } from '../base/errors.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { flatten, isPlainObject } from '../base/tree.js';
import * as losses from '../losses/index.js';
import * as metrics from '../metrics/index.js';
import * as ops from '../ops/index.js';
import { lossNameOf, type Output, outputsOf, perOutput, valuesFor } from './outputs.js';

/** Names that pick the binary, sparse or categorical loss by the shapes of targets and outputs. */
export type LossShorthand = 'crossentropy' | 'ce';
/** Names that pick the binary, sparse or categorical metric by the shapes of targets and outputs. */
export type MetricShorthand = 'accuracy' | 'acc' | 'crossentropy' | 'ce';
type LossChoice = losses.LossLike | LossShorthand;
type MetricChoice = metrics.MetricLike | MetricShorthand;

/** A loss for each output: one for all, or an array or object that mirrors the outputs. */
export type LossSpec = LossChoice | readonly (LossSpec | null)[] | { readonly [output: string]: LossSpec | null };
/** Metrics: a list for the only output, or lists by output. */
export type MetricsSpec = readonly (MetricChoice | null | MetricsSpec)[] | { readonly [output: string]: MetricChoice | MetricsSpec | null };
/** A weight for each loss. */
export type LossWeights = number | readonly (LossWeights | null)[] | { readonly [output: string]: LossWeights | null };

/** An output's values, targets and weights. */
interface OutputData {
  readonly yTrue: Tensor;
  readonly yPred: Tensor;
  readonly sampleWeight: Tensor | null;
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** Whether targets and outputs are those of binary or of sparse categorical classification: what `'accuracy'` picks by. */
function classification({ yTrue, yPred }: OutputData): 'binary' | 'sparse' | 'categorical' {
  if (yPred.shape.at(-1) === 1) return 'binary';
  return yTrue.ndim < yPred.ndim || (yTrue.shape.at(-1) === 1 && (yPred.shape.at(-1) ?? 0) > 1) ? 'sparse' : 'categorical';
}

const CROSSENTROPIES = {
  binary: 'binary_crossentropy',
  sparse: 'sparse_categorical_crossentropy',
  categorical: 'categorical_crossentropy',
} as const;

/** What a loss or metric that is a function is called: by its name, or as Keras calls those without one. */
const functionName = ({ name }: { readonly name: string }): string => (name === '' ? 'lambda' : name);

function resolveLoss(identifier: LossChoice, data: OutputData): losses.Loss {
  const shorthand = identifier === 'crossentropy' || identifier === 'ce';
  const found = losses.get(shorthand ? CROSSENTROPIES[classification(data)] : identifier);
  if (found instanceof losses.Loss) return found;
  return new losses.LossFunctionWrapper(found as never, { name: typeof identifier === 'string' ? identifier : functionName(found) });
}

function resolveMetric(identifier: MetricChoice, data: OutputData): metrics.Metric {
  const kind = classification(data);
  if (identifier === 'accuracy' || identifier === 'acc') {
    const Class = { binary: metrics.BinaryAccuracy, sparse: metrics.SparseCategoricalAccuracy, categorical: metrics.CategoricalAccuracy }[
      kind
    ];
    return new Class({ name: identifier });
  }
  if (identifier === 'crossentropy' || identifier === 'ce') {
    const Class = {
      binary: metrics.BinaryCrossentropy,
      sparse: metrics.SparseCategoricalCrossentropy,
      categorical: metrics.CategoricalCrossentropy,
    }[kind];
    return new Class({ name: identifier });
  }
  const found = metrics.get(identifier);
  if (found instanceof metrics.Metric) {
    if (typeof identifier === 'string') found.name = identifier;
    return found;
  }
  return new metrics.MeanMetricWrapper(found as never, { name: typeof identifier === 'string' ? identifier : functionName(found) });
}

/** Tensors of every output, in order; null for one without targets. */
function pair(
  y: unknown,
  yPred: unknown,
  sampleWeight: unknown,
  outputs: readonly Output[],
  used: readonly boolean[],
): (OutputData | null)[] {
  const predicted = flatten<Tensor>(yPred).leaves;
  const targets = valuesFor('y', y, yPred, outputs, used);
  const weights = valuesFor('sampleWeight', sampleWeight, yPred, outputs, used);
  return predicted.map((output, i) => (targets[i] === null ? null : { yTrue: targets[i]!, yPred: output, sampleWeight: weights[i]! }));
}

/** Where an error happened: in which loss or metric, of which output, on what. */
function locationOf(
  what: string,
  outputs: readonly Output[],
  output: number,
  { yTrue, yPred, sampleWeight }: OutputData,
  weighted: boolean,
): string {
  const { name } = outputs[output]!;
  const of = outputs.length > 1 ? ` of the output ${name === null ? `number ${output}` : show(name)}` : '';
  const weights = weighted && sampleWeight !== null ? ` and sampleWeight of shape ${showShape(sampleWeight.shape)}` : '';
  return `in the ${what}${of}, called on y of shape ${showShape(yTrue.shape)} and outputs of shape ${showShape(yPred.shape)}${weights}`;
}

/** True for what is a loss or metric by itself, rather than structure around some. */
const isChoice = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'function' || (isPlainObject(value) && 'class_name' in value);
/** True for losses that all see one output. */
const isChoiceList = (value: unknown): boolean =>
  isChoice(value) || (isList(value) && value.every((item) => item === null || isChoice(item)));

interface OutputLoss {
  readonly loss: losses.Loss;
  readonly output: number;
  readonly weight: number | null;
  /** Mean of the loss, where there are several. */
  readonly tracker: metrics.Mean | null;
}

/** The losses of `compile`, added up. With several of them each has a `Mean` metric of its own. */
export class CompileLoss {
  private resolved: OutputLoss[] | null = null;
  private outputs: Output[] = [];
  private used: boolean[] = [];

  constructor(
    private readonly spec: LossSpec,
    private readonly weights: LossWeights | null,
    private readonly outputNames: readonly string[] | null,
  ) {
    const ok = weights === null || typeof weights === 'number' || isList(weights) || isPlainObject(weights);
    if (!ok)
      throw new TypeError(
        `compile: lossWeights must be a number, or an array or object of numbers for the outputs, received ${show(weights)}`,
      );
  }

  /** Means of the single losses, when there is more than one. */
  get metrics(): metrics.Metric[] {
    return (this.resolved ?? []).flatMap(({ tracker }) => (tracker === null ? [] : [tracker]));
  }

  /** The losses of each output: several for an only output. */
  private choices(yPred: unknown): (LossChoice[] | null)[] {
    const { spec, outputs } = this;
    if (outputs.length === 1 && isList(spec) && spec.every((item) => item === null || isChoice(item)))
      return [spec.filter((item) => item !== null) as LossChoice[]];
    return perOutput<LossChoice>('loss', spec, yPred, outputs, isChoice).map((choice) => (choice === null ? null : [choice]));
  }

  private build(y: unknown, yPred: unknown): void {
    this.outputs = outputsOf(yPred, this.outputNames);
    const choices = this.choices(yPred);
    this.used = choices.map((list) => list !== null);
    const weights = this.weightsOf(choices, yPred);
    const data = pair(y, yPred, null, this.outputs, this.used);
    const pairs = choices.flatMap((list, output) =>
      (list ?? []).map((choice, i) => ({ choice, output, weight: weights[output]![i] ?? null })),
    );
    this.resolved = pairs.map(({ choice, output, weight }) => {
      if (data[output] === null)
        throw new Error(`y has no targets for the output ${this.outputs[output]!.name ?? output}, which has a loss`);
      const loss = resolveLoss(choice, data[output]!);
      const tracker = pairs.length > 1 ? new metrics.Mean({ name: `${lossNameOf(this.outputs[output]!, loss.name)}_loss` }) : null;
      return { loss, output, weight, tracker };
    });
  }

  /** A weight for each loss of each output. */
  private weightsOf(choices: readonly (readonly unknown[] | null)[], yPred: unknown): (number | null)[][] {
    const { weights, outputs } = this;
    if (outputs.length === 1 && isList(weights) && weights.length === (choices[0]?.length ?? 0)) return [[...weights] as (number | null)[]];
    return perOutput<number>('lossWeights', weights, yPred, outputs).map((weight, i) => (choices[i] ?? []).map(() => weight));
  }

  /** The weighted sum of the losses. */
  compute(y: unknown, yPred: unknown, sampleWeight: unknown): Tensor | null {
    if (this.resolved === null) this.build(y, yPred);
    const data = pair(y, yPred, sampleWeight, this.outputs, this.used);
    let total: Tensor | null = null;
    for (const { loss, output, weight, tracker } of this.resolved!) {
      const { yTrue, yPred: predicted, sampleWeight: weights } = data[output]!;
      const value = explain(
        () => locationOf(`loss ${loss.name}`, this.outputs, output, data[output]!, true),
        () => loss(yTrue, predicted, { sampleWeight: weights }),
      );
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
  private outputs: Output[] = [];

  constructor(
    private readonly spec: MetricsSpec | null,
    private readonly weightedSpec: MetricsSpec | null,
    private readonly outputNames: readonly string[] | null,
  ) {
    for (const [name, value] of [
      ['metrics', spec],
      ['weightedMetrics', weightedSpec],
    ] as const) {
      if (value !== null && !isList(value) && !isPlainObject(value))
        throw new TypeError(`compile: ${name} must be an array or an object, received ${show(value)}`);
    }
  }

  /** All metrics, in Keras's order. Empty before the first batch. */
  get metrics(): metrics.Metric[] {
    return (this.groups ?? []).flatMap((group) => group.metrics);
  }

  /** Those that were given as objects, before the first batch matches them with outputs. */
  get given(): metrics.Metric[] {
    return this.groups === null ? flatten([this.spec, this.weightedSpec]).leaves.filter((leaf) => leaf instanceof metrics.Metric) : [];
  }

  private build(y: unknown, yPred: unknown): void {
    this.outputs = outputsOf(yPred, this.outputNames);
    const data = pair(
      y,
      yPred,
      null,
      this.outputs,
      this.outputs.map(() => true),
    );
    const resolveSet = (spec: MetricsSpec | null, weighted: boolean): OutputMetrics[] => {
      if (spec === null || (isList(spec) && spec.length === 0)) return [];
      const what = weighted ? 'weightedMetrics' : 'metrics';
      const lists =
        this.outputs.length === 1
          ? [flatten(spec, isChoice).leaves]
          : perOutput<unknown>(what, spec, yPred, this.outputs, this.isEntry(spec));
      return lists.flatMap((list, output) => {
        const items = (isList(list) ? list : [list]).filter((item) => item !== null) as MetricChoice[];
        return items.length === 0 || data[output] === null
          ? []
          : [{ metrics: items.map((item) => resolveMetric(item, data[output]!)), output, weighted }];
      });
    };
    this.groups = [...resolveSet(this.spec, false), ...resolveSet(this.weightedSpec, true)];
  }

  /** What stands for one output inside of a spec: a metric, or a list of them; the spec itself is never one. */
  private isEntry(spec: MetricsSpec): (value: unknown) => boolean {
    return (value) => value !== spec && isChoiceList(value);
  }

  /** Takes a batch into account. */
  updateState(y: unknown, yPred: unknown, sampleWeight: unknown): void {
    if (this.groups === null) this.build(y, yPred);
    const data = pair(
      y,
      yPred,
      sampleWeight,
      this.outputs,
      this.outputs.map(() => true),
    );
    for (const { metrics: list, output, weighted } of this.groups!) {
      if (data[output] === null) continue; // no targets for it
      const { yTrue, yPred: predicted, sampleWeight: weights } = data[output]!;
      for (const metric of list) {
        explain(
          () => locationOf(`metric ${metric.name}`, this.outputs, output, data[output]!, weighted),
          () => metric.updateState(yTrue, predicted, { sampleWeight: weighted ? weights : null }),
        );
      }
    }
  }

  /** Results by log key: the metric's name, after the output's where there are several; repeated names get a number or `weighted_`. */
  result(): Record<string, unknown> {
    const results: Record<string, unknown> = {};
    const seen = new Map<string, number>();
    for (const { metrics: list, output, weighted } of this.groups ?? []) {
      const { name } = this.outputs[output]!;
      const prefix = this.outputs.length > 1 && name !== null ? `${name}_` : '';
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
