// `keras.losses`.
export * from './classes.js';
export * from './functions.js';
export * from './other-names.js';
export type { LossFunction, LossFunctionOptions } from './loss-function-wrapper.js';
export type { LossCallOptions, LossInput, LossOptions } from './loss.js';
export * from './lookup.js';
export type { Reduction } from './reduction.js';
