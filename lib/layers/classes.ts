// All layers.
export { Activation, type ActivationOptions } from './activations/activation.js';
export { ELU, type ELUOptions } from './activations/elu.js';
export { LeakyReLU, type LeakyReLUOptions } from './activations/leaky-relu.js';
export { PReLU, type PReLUOptions } from './activations/prelu.js';
export { ReLU, type ReLUOptions } from './activations/relu.js';
export { Softmax, type SoftmaxLayerOptions } from './activations/softmax.js';
export { Dense, type DenseOptions } from './core/dense.js';
export { Identity, type IdentityOptions } from './core/identity.js';
export { InputLayer, type InputLayerOptions } from './core/input-layer.js';
export { Rescaling, type RescalingOptions } from './preprocessing/rescaling.js';
export { ActivityRegularization, type ActivityRegularizationOptions } from './regularization/activity-regularization.js';
export { AlphaDropout, type AlphaDropoutOptions } from './regularization/alpha-dropout.js';
export { Dropout, type DropoutOptions } from './regularization/dropout.js';
export { GaussianDropout, type GaussianDropoutOptions } from './regularization/gaussian-dropout.js';
export { GaussianNoise, type GaussianNoiseOptions } from './regularization/gaussian-noise.js';
export {
  SpatialDropout1D, type SpatialDropout1DOptions, SpatialDropout2D, SpatialDropout3D, type SpatialDropoutOptions,
} from './regularization/spatial-dropout.js';
export { Flatten, type FlattenOptions } from './reshaping/flatten.js';
export { Permute, type PermuteOptions } from './reshaping/permute.js';
export { RepeatVector, type RepeatVectorOptions } from './reshaping/repeat-vector.js';
export { Reshape, type ReshapeOptions } from './reshaping/reshape.js';
