// `keras.ops`. Keras lists its functions by theme a second time; `ops.nn` and `ops.numpy` have all of them here.
import './assign.js';
import './methods.js';

export * from './functions.js';
export * as image from './image/index.js';
export * as linalg from './linalg/index.js';
export * as nn from './functions.js';
export * as numpy from './functions.js';
