// `keras.mixedPrecision`.
export {
  DTypePolicy,
  DTypePolicy as Policy,
  dtypePolicy,
  dtypePolicy as globalPolicy,
  setDtypePolicy,
  setDtypePolicy as setGlobalPolicy,
} from '../config/dtype-policy.js';
export { LossScaleOptimizer, type LossScaleOptimizerOptions } from '../optimizers/index.js';
