// `keras.quantizers`.
export * from './abs-max.js';
export * from './fake-quant.js';
export {
  computeFloat8AmaxHistory,
  computeFloat8Scale,
  type Float8DType,
  type Float8ScaleOptions,
  quantizeAndDequantize,
} from './float8.js';
export * from './lookup.js';
export * from './packing.js';
export * from './quantization-config.js';
export * from './quantizer.js';
export * from './report.js';
