// `keras.models`.
import './lookup.js';
export { type CallFunction, type CloneFunction, cloneModel, type CloneModelOptions, modelFromJson, type ModelFromJsonOptions } from './cloning.js';
export { Model, type CompileOptions, type EvaluateOptions, type FitOptions, type ModelOptions, type OnBatchOptions, type PredictOptions, type StepData } from './model.js';
export type { LayerFilter, QuantizeModelOptions } from './quantize.js';
export { Sequential, type SequentialLayer, type SequentialOptions } from './sequential.js';
export type { SummaryOptions } from './summary.js';
