// All metrics.
export * from './means.js';
export { Metric } from './metric.js';
export { Mean, MeanMetricWrapper, Sum } from './reduction.js';
export * from './regression.js';
