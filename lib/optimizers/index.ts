// `keras.optimizers`.
export * from './classes.js';
export * from './lookup.js';
export { type OptimizerChoice, OptimizerMap } from './multi-optimizer.js';
export { type LearningRate, Optimizer, type OptimizerOptions } from './optimizer.js';
export * as schedules from './schedules/index.js';
