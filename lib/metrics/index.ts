// `keras.metrics`.
export * from './classes.js';
export * from './functions.js';
export {
  klDivergence as KLD, klDivergence as kld, klDivergence as kullbackLeiblerDivergence, logCosh as logcosh,
  meanAbsoluteError as MAE, meanAbsoluteError as mae, meanAbsolutePercentageError as MAPE, meanAbsolutePercentageError as mape,
  meanSquaredError as MSE, meanSquaredError as mse, meanSquaredLogarithmicError as MSLE, meanSquaredLogarithmicError as msle,
} from './functions.js';
export * from './lookup.js';
export type { AddMetricWeightOptions, AddVariableOptions, MetricOptions, UpdateOptions } from './metric.js';
export type { MetricFunction, MetricFunctionOptions } from './reduction.js';
