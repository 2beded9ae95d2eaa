// `keras.models`.
import './functional.js';
export { Model, type CompileOptions, type EvaluateOptions, type FitOptions, type ModelOptions, type OnBatchOptions, type PredictOptions, type StepData } from './model.js';
export { Sequential, type SequentialLayer, type SequentialOptions } from './sequential.js';
export type { SummaryOptions } from './summary.js';
