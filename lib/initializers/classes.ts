// All initializers.
export * from './constant.js';
export { Initializer } from './initializer.js';
export { STFT } from './stft.js';
export {
  GlorotNormal, GlorotUniform, HeNormal, HeUniform, LecunNormal, LecunUniform, Orthogonal, RandomNormal, RandomUniform, TruncatedNormal,
  VarianceScaling,
} from './random.js';
