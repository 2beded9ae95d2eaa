// Metrics by name and in configs.
import { Family, type DeserializeOptions, type SnakeCase } from '../config/family.js';
import type { RegisteredName, SerializedObject } from '../config/registration.js';
import { SHORT_NAMES, type ShortName } from '../losses/short-names.js';
import * as classes from './classes.js';
import { Metric } from './metric.js';
import type { MetricFunction } from './reduction.js';

/** Those that are made with more than options: they have no name that stands for an instance. */
type Demanding =
  | 'MeanMetricWrapper' | 'IoU' | 'MeanIoU' | 'OneHotIoU' | 'OneHotMeanIoU'
  | 'SensitivityAtSpecificity' | 'SpecificityAtSensitivity' | 'PrecisionAtRecall' | 'RecallAtPrecision';
type ClassName = Exclude<keyof typeof classes, 'Metric' | Demanding>;
/** Names of the metrics: of the classes, and in snake_case. */
export type MetricName =
  | ClassName
  | SnakeCase<Uncapitalize<Exclude<ClassName, 'AUC' | 'BinaryIoU' | 'KLDivergence'>>>
  | 'auc'
  | 'binary_io_u'
  | 'kl_divergence'
  | ShortName;
/** What stands for a metric: its name, an instance, a class, a config, or a function of targets and predictions. */
export type MetricLike = MetricName | RegisteredName | Metric | (new () => Metric) | MetricFunction | SerializedObject;

const family = new Family<Metric | MetricFunction>({
  kind: 'a metric',
  module: 'keras.metrics',
  base: Metric,
  members: classes,
  aliases: SHORT_NAMES,
});

/**
 * The metric of a name, a config, a class, an instance or a function; null stays null. A name gives a new instance.
 * @throws a TypeError with the nearest name when nothing has that name.
 */
export function get(identifier: MetricLike | (string & {})): Metric | MetricFunction;
export function get(identifier: MetricLike | (string & {}) | null | undefined): Metric | MetricFunction | null;
export function get(identifier: MetricLike | (string & {}) | null | undefined): Metric | MetricFunction | null {
  return family.get(identifier);
}
/** The config of a metric, or of a function. */
export const serialize = (metric: Metric | MetricFunction): SerializedObject => family.serialize(metric);
/** The metric, or the function, that `serialize` gave this for. */
export const deserialize = (config: SerializedObject | string, options: DeserializeOptions = {}): Metric | MetricFunction =>
  family.deserialize(config, options);
