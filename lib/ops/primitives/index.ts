// All primitives. The universal tests enumerate what is exported here.
export { broadcastTo, sum, sumTo } from './broadcast.js';
export * from './control.js';
export * from './decompositions.js';
export * from './ctc.js';
export * from './convolution.js';
export * from './elementwise.js';
export { gammainc } from './gamma.js';
export * from './gather.js';
export * from './linalg.js';
export * from './matmul.js';
export * from './pool.js';
export * from './order.js';
export * from './random.js';
export * from './reduce.js';
export * from './cumulative.js';
export * from './shape.js';
export * from './windows.js';
export * from './resample.js';
