// `keras.random`.
export {
  beta, binomial, categorical, type CategoricalOptions, gamma,
} from './distributions.js';
export {
  dropout, type DropoutOptions, type FloatDrawOptions, normal, type NormalOptions, randint, type RandintOptions, type SeedOptions, shuffle,
  type ShuffleOptions, truncatedNormal, uniform, type UniformOptions,
} from './functions.js';
export { type Seed, SeedGenerator, type SeedGeneratorOptions } from './seed-generator.js';
