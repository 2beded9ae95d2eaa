// `keras.losses`.
export * from './classes.js';
export * from './functions.js';
export {
  klDivergence as KLD, klDivergence as kld, klDivergence as kullbackLeiblerDivergence, logCosh as logcosh,
  meanAbsoluteError as MAE, meanAbsoluteError as mae, meanAbsolutePercentageError as MAPE, meanAbsolutePercentageError as mape,
  meanSquaredError as MSE, meanSquaredError as mse, meanSquaredLogarithmicError as MSLE, meanSquaredLogarithmicError as msle,
} from './functions.js';
export type { LossFunction, LossFunctionOptions } from './loss-function-wrapper.js';
export type { LossCallOptions, LossInput, LossOptions } from './loss.js';
export * from './lookup.js';
export type { Reduction } from './reduction.js';
