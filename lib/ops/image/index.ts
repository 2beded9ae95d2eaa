// `keras.ops.image`.
export * from './patches.js';
