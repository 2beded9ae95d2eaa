// All metrics.
export { AUC } from './auc.js';
export * from './counts.js';
export * from './f-score.js';
export * from './iou.js';
export * from './means.js';
export { Metric } from './metric.js';
export { Mean, MeanMetricWrapper, Sum } from './reduction.js';
export * from './regression.js';
export { PrecisionAtRecall, RecallAtPrecision, SensitivityAtSpecificity, SpecificityAtSensitivity } from './trade-offs.js';
