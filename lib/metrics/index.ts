// `keras.metrics`.
export * from './classes.js';
export * from './functions.js';
export * from '../losses/other-names.js';
export * from './lookup.js';
export type {
  AddMetricWeightOptions,
  AddVariableOptions,
  MetricOptions,
  UpdateArguments,
  UpdateOptions,
  ValuesArguments,
} from './metric.js';
export type { MetricFunction, MetricFunctionOptions } from './reduction.js';
