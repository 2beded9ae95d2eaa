// The other names that Keras has for loss functions, among losses and among metrics.
export {
  klDivergence as KLD, klDivergence as kld, klDivergence as kullbackLeiblerDivergence, logCosh as logcosh,
  meanAbsoluteError as MAE, meanAbsoluteError as mae, meanAbsolutePercentageError as MAPE, meanAbsolutePercentageError as mape,
  meanSquaredError as MSE, meanSquaredError as mse, meanSquaredLogarithmicError as MSLE, meanSquaredLogarithmicError as msle,
} from './functions.js';
