// `keras.layers`.
export * from './classes.js';
export { Input, type InputOptions } from './core/input-layer.js';
export type { DataFormat } from './data-format.js';
export { InputSpec, type InputSpecOptions } from './input-spec.js';
export { type AddWeightOptions, type CallOptions, Layer } from './layer.js';
export * from './lookup.js';
export type { LayerOptions } from './options.js';
