// `keras.ops`.
import './assign.js';
import './methods.js';

export { customGradient, jvp } from './autodiff.js';
export * from './activation.js';
export { associativeScan, cond, foriLoop, map, scan, switchOf as switch, vectorize, vectorizedMap, whileLoop } from './control.js';
export * from './core.js';
export * from './creation.js';
export * from './crossentropy.js';
export * from './cumulative.js';
export * from './diagonal.js';
export * from './elementwise.js';
export * from './indexing.js';
export * from './logic.js';
export * from './normalization.js';
export * from './pooling.js';
export * from './order.js';
export * from './products.js';
export * from './reduce.js';
export * from './segments.js';
export * from './sets.js';
export * from './shape.js';
export * from './split.js';
export * from './transcendental.js';
export * from './windows.js';
export * as image from './image/index.js';
export * from './vectors.js';
