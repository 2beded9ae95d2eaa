// The public surface: re-exports, nothing else.
export * as activations from './activations/index.js';
export * as applications from './applications/index.js';
export * as backend from './backend/index.js';
export * as callbacks from './callbacks/index.js';
export * as config from './config/index.js';
export * as constraints from './constraints/index.js';
export * as data from './data/index.js';
export * as datasets from './datasets/index.js';
export * as distillation from './distillation/index.js';
export * as dtypePolicies from './dtype-policies/index.js';
export * as initializers from './initializers/index.js';
export * as layers from './layers/index.js';
export * as losses from './losses/index.js';
export * as metrics from './metrics/index.js';
export * as mixedPrecision from './mixed-precision/index.js';
export * as models from './models/index.js';
export * as ops from './ops/index.js';
export * as optimizers from './optimizers/index.js';
export * as preprocessing from './preprocessing/index.js';
export * as quantizers from './quantizers/index.js';
export * as random from './random/index.js';
export * as regularizers from './regularizers/index.js';
export * as saving from './saving/index.js';
export * as tree from './tree/index.js';
export * as utils from './utils/index.js';
export { SymbolicFunction as Function } from './symbolic/function.js';
export { jit } from './core/jit.js';
export { KerasTensor } from './symbolic/keras-tensor.js';
export { Operation } from './symbolic/operation.js';
export { Tensor } from './core/tensor.js';
export { Variable } from './core/variable.js';
export { DTypePolicy, FloatDTypePolicy } from './config/dtype-policy.js';
export {
  device,
  nameScope,
  NameScope,
  type NameScopeOptions,
  StatelessScope,
  type StatelessScopeOptions,
  SymbolicScope,
} from './config/scopes.js';
export { version } from './config/version.js';
export { grad, GradientTape, jacobian, jvp, valueAndGrad, vjp } from './ops/autodiff.js';
export { remat } from './ops/control.js';
export { Initializer } from './initializers/initializer.js';
export { RematScope, type RematScopeOptions } from './layers/base/remat-scope.js';
export { Loss } from './losses/loss.js';
export { Metric } from './metrics/metric.js';
export { Optimizer } from './optimizers/optimizer.js';
export { Quantizer } from './quantizers/quantizer.js';
export { Regularizer } from './regularizers/regularizer.js';
export { Input } from './layers/core/input-layer.js';
export { InputSpec } from './layers/base/input-spec.js';
export { Layer } from './layers/base/layer.js';
export { Model } from './models/typed-model.js';
export { Sequential } from './models/sequential.js';
