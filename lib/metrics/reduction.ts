// Metrics that add values up: sums, means, and means of a function of targets and predictions.
import { byPosition } from '../base/keywords.js';
import type { AnyClass } from '../base/class.js';
import { noteChange } from '../config/changes.js';
import { configured, type Config } from '../config/configurable.js';
import { camelKeys, snakeCase } from '../base/names.js';
import { Family } from '../config/family.js';
import type { Schema } from '../config/fields.js';
import type { SerializedObject } from '../config/registration.js';
import { toTensor, type TensorLike } from '../core/convert.js';
import type { DType } from '../base/dtype.js';
import { checkOptions, show } from '../base/errors.js';
import { Tensor } from '../core/tensor.js';
import * as losses from '../losses/index.js';
import { callWithConfig } from '../losses/loss-function-wrapper.js';
import { getMask } from '../losses/mask.js';
import { applyMask, squeezeOrExpandToSameRank } from '../losses/reduction.js';
import * as ops from '../ops/index.js';
import * as functions from './functions.js';
import { Metric, type MetricOptions, type UpdateArguments, type UpdateOptions, type ValuesArguments } from './metric.js';

type ReduceAxes = (x: Tensor, options: { axis: number[] }) => Tensor;
const axesFrom = (first: number, x: Tensor): number[] => Array.from({ length: Math.max(0, x.ndim - first) }, (_, i) => first + i);

/** One value for each sample, times its weight, and the weights; entries that the values' mask leaves out weigh 0. */
function samplewise(
  values: TensorLike,
  sampleWeight: TensorLike | null,
  reduce: ReduceAxes,
  dtype: DType,
  where: string,
): [Tensor, Tensor | null] {
  const given = toTensor(values, null, where);
  let x = toTensor(given, dtype);
  let weights = sampleWeight === null ? null : toTensor(sampleWeight, dtype, `${where}: sampleWeight`);
  if (weights !== null) {
    weights = applyMask(weights, getMask(given), dtype, 'sum')!;
    [x, weights] = squeezeOrExpandToSameRank(x, weights);
    const rank = weights.ndim;
    if (x.ndim > rank) x = reduce(x, { axis: axesFrom(rank, x) });
    weights = ops.broadcastTo(weights, x.shape);
    x = ops.multiply(x, weights);
    if (rank > 1) weights = reduce(weights, { axis: axesFrom(1, weights) });
  }
  return [x.ndim > 1 ? reduce(x, { axis: axesFrom(1, x) }) : x, weights];
}

const updateOptions = (where: string, options: UpdateOptions): TensorLike | null => {
  checkOptions(where, options, ['sampleWeight']);
  return options.sampleWeight ?? null;
};

/** The (weighted) sum of all values: `metric.updateState(values, { sampleWeight })`. */
export class Sum extends configured(Metric, 'Sum', {}) {
  readonly total = this.addVariable([], 'zeros', { dtype: this.dtype, name: 'total' });

  /** @internal */
  static override readonly parameters = ['values'];
  override updateState(...args: ValuesArguments): void;
  override updateState(values: TensorLike, options: UpdateOptions = {}): void {
    const [x] = samplewise(values, updateOptions(this.name, options), ops.sum, this.dtype, this.name);
    this.total.assign(ops.add(this.total, ops.sum(x)));
  }
  override result(): Tensor {
    return ops.cast(this.total, this.dtype);
  }
}

/** Base of the metrics that are a (weighted) mean: a total and a count. */
export class Average extends Metric {
  readonly total = this.addVariable([], 'zeros', { dtype: this.dtype, name: 'total' });
  readonly count = this.addVariable([], 'zeros', { dtype: this.dtype, name: 'count' });

  /** Adds values, with their weights. */
  protected addValues(values: TensorLike, sampleWeight: TensorLike | null): void {
    const [x, weights] = samplewise(values, sampleWeight, ops.mean, this.dtype, this.name);
    const samples = weights === null ? toTensor(x.shape[0] ?? 1, this.dtype) : ops.sum(weights);
    this.total.assign(ops.add(this.total, ops.sum(x)));
    this.count.assign(ops.add(this.count, ops.cast(samples, this.dtype)));
  }
  override result(): Tensor {
    return ops.divideNoNan(this.total, this.count);
  }
}

/**
 * The (weighted) mean of all values: `metric.updateState(values, { sampleWeight })`. Each sample counts once, with the mean of its values.
 */
export class Mean extends configured(Average, 'Mean', {}) {
  /** @internal */
  static override readonly parameters = ['values'];
  override updateState(...args: ValuesArguments): void;
  override updateState(values: TensorLike, options: UpdateOptions = {}): void {
    this.addValues(values, updateOptions(this.name, options));
  }
}

/** Base of the metrics that are the mean of a function of targets and predictions: `metric.updateState(yTrue, yPred, { sampleWeight })`. */
export class MeanOfFunction extends Average {
  static override readonly direction: 'up' | 'down' | null = 'down'; // most are errors
  /** @internal The function, where it is the class's; it gets the options of the class. */
  static readonly fn: MetricFunction | null = null;

  /** @internal The options are those of the function. */
  override optionChanging(): void {
    noteChange();
  }

  override updateState(...args: UpdateArguments): void;
  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    const sampleWeight = updateOptions(this.name, options);
    const weights = sampleWeight === null ? null : toTensor(sampleWeight, this.dtype, `${this.name}: sampleWeight`);
    const mask = yPred instanceof Tensor ? getMask(yPred) : null;
    this.addValues(this.compute(yTrue, yPred), applyMask(weights, mask, this.dtype, 'sum'));
  }

  /** The metric of each sample. */
  compute(yTrue: TensorLike, yPred: TensorLike): TensorLike {
    return callWithConfig(this, 'a metric', yTrue, yPred);
  }
}

/** The base of a metric that is the mean of `fn`, with the options of `schema`. */
export function functionMetric<const S extends Schema = Record<never, never>>(className: string, fn: MetricFunction, schema: S = {} as S) {
  return Object.assign(configured<typeof MeanOfFunction, S>(MeanOfFunction, className, schema), { fn });
}

/** A function from targets and predictions to the metric of each sample. Further arguments are options of its own. */
export type MetricFunction = losses.LossFunction;
/** Options of `MeanMetricWrapper`: those of a metric, and those of its function. */
export interface MetricFunctionOptions extends MetricOptions {
  [option: string]: unknown;
}

/** The functions of Keras's metrics and losses by name. */
const metricFunctions = new Family<MetricFunction>({ kind: 'a metric function', module: 'keras.metrics', base: null, members: functions });

/** The mean of a function of your own: `new MeanMetricWrapper(fn, { name, dtype, ...options of fn })`. The function may be a loss. */
export class MeanMetricWrapper extends MeanOfFunction {
  static readonly className: string = 'MeanMetricWrapper';
  readonly fn: MetricFunction | losses.Loss;
  private readonly fnOptions: Record<string, unknown>;

  constructor(fn: MetricFunction | losses.Loss, options?: MetricFunctionOptions);
  constructor(named: { fn: MetricFunction | losses.Loss } & MetricFunctionOptions);
  constructor(...args: unknown[]) {
    const [fn, { name, dtype, ...fnOptions } = {}] = byPosition('MeanMetricWrapper', args, ['fn']) as [
      MetricFunction | losses.Loss,
      MetricFunctionOptions?,
    ];
    if (typeof fn !== 'function') throw new TypeError(`MeanMetricWrapper: expected a function, received ${show(fn)}`);
    super({ name, dtype });
    this.fn = fn;
    this.fnOptions = fnOptions;
  }

  /** A loss is better when it is smaller; of other functions nothing is known. */
  override get direction(): 'down' | null {
    return this.fn instanceof losses.Loss || Object.values(losses).includes(this.fn as never) ? 'down' : null;
  }

  override compute(yTrue: TensorLike, yPred: TensorLike): TensorLike {
    return Object.keys(this.fnOptions).length === 0 ? this.fn(yTrue, yPred) : this.fn(yTrue, yPred, this.fnOptions);
  }

  override getConfig(): Config {
    const fn = this.fn instanceof losses.Loss ? losses.serialize(this.fn) : metricFunctions.serialize(this.fn);
    const options = Object.entries(this.fnOptions).map(([key, value]) => [snakeCase(key), value]);
    return { ...super.getConfig(), fn, ...Object.fromEntries(options) as Config };
  }
  static override fromConfig<T>(this: AnyClass<T>, { fn, ...config }: Config): T {
    const serialized = fn as SerializedObject;
    const isLoss = typeof serialized.config === 'object';
    return new (this as unknown as new (fn: unknown, options: object) => T)(
      isLoss ? losses.deserialize(serialized) : metricFunctions.get(serialized),
      camelKeys(config),
    );
  }
}
