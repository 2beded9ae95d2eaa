// `keras.activations`.
export * from './functions.js';
export { hardSilu as hardSwish, silu as swish } from './functions.js';
export * from './lookup.js';
