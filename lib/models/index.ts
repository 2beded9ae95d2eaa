// `keras.models`.
import './lookup.js';
export {
  type CallFunction,
  type CloneFunction,
  cloneModel,
  type CloneModelOptions,
  modelFromJson,
  type ModelFromJsonOptions,
} from './cloning.js';
export { Model, type ModelConstructor } from './typed-model.js';
export type { CompileOptions, EvaluateOptions, FitOptions, ModelOptions, OnBatchOptions, PredictOptions, StepData } from './model.js';
export type { LayerFilter, QuantizeModelOptions } from './quantize.js';
export { Sequential, type SequentialLayer, type SequentialOptions } from './sequential.js';
export type { SummaryOptions } from './summary.js';
export { loadModel, saveModel } from '../saving/models.js';
