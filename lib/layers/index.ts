// `keras.layers`.
export * from './classes.js';
export { Input, type InputOptions } from './core/input-layer.js';
export type { DataFormat } from './data-format.js';
export { InputSpec, type InputSpecOptions } from './input-spec.js';
export { type AddWeightOptions, type CallOptions, Layer } from './layer.js';
export * from './lookup.js';
export type { Adaptable, EnableLoraOptions } from './lora.js';
export type { VariableStore } from './layer-state.js';
export { add } from './merging/add.js';
export { average } from './merging/average.js';
export { concatenate } from './merging/concatenate.js';
export { dot } from './merging/dot.js';
export { maximum } from './merging/maximum.js';
export { type MergeFunction, type MergeInputs } from './merging/merge.js';
export { minimum } from './merging/minimum.js';
export { multiply } from './merging/multiply.js';
export { subtract } from './merging/subtract.js';
export type { LayerOptions } from './options.js';
