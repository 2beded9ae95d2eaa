// `keras.ops.linalg`.
export * from './factorizations.js';
export * from './norm.js';
export * from './systems.js';
export { det } from './determinants.js';
export { jvp } from '../autodiff.js';
